import * as dnsPacket from "dns-packet";
import { describe, expect, it } from "vitest";
import { buildWorld, type WorldDescription } from "../../src/lab/world.ts";
import { LAB_NOW, world } from "../../src/lab/wounds.ts";
import { decodeMessage } from "../../src/wire/message.ts";
import { OPTION, RCODE } from "../../src/wire/registry.ts";
import { addressOf, ask, octetsFrom, query, rrsets, texts } from "./ask.ts";

const lab = world();
const server = "ns.good.lab";
const www = ["www.good.lab", "A"] as const;
const big = ["big.good.lab", "TXT"] as const;

describe("EDNS at a lab server", () => {
  it("is answered with EDNS and the client's DO, and with nothing if there was none", () => {
    expect(ask(lab, server, www).edns).toMatchObject({ version: 0, udpSize: 1232, dnssecOk: true, options: [] });
    expect(ask(lab, server, www, { edns: { dnssecOk: false } }).edns).toMatchObject({ dnssecOk: false });
    expect(ask(lab, server, www, { edns: null }).edns).toBeNull();
  });

  it("of version 1 gets BADVERS and version 0", () => {
    const reply = ask(lab, server, www, { edns: { version: 1 } });
    expect(reply).toMatchObject({ rcode: RCODE.BADVERS, answer: [], edns: { version: 0 } });
  });

  it("with a client cookie gets it back with the server's own, the same every time", () => {
    const data = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const [first, second] = [1, 2].map(
      () => ask(lab, server, www, { edns: { options: [{ code: OPTION.COOKIE, data }] } }).edns!.options,
    );
    expect(first).toEqual(second);
    expect(first![0]!.data.length).toBe(16);
    expect([...first![0]!.data.subarray(0, 8)]).toEqual([...data]);
  });
});

describe("size", () => {
  it("beyond the client's or 1232 octets gives TC and nothing else; TCP has it all", () => {
    const udp = ask(lab, server, big, { edns: { udpSize: 4096 } });
    expect(udp).toMatchObject({ tc: true, rcode: RCODE.NOERROR, answer: [], authority: [] });
    expect(udp.edns).not.toBeNull();
    const tcp = ask(lab, server, big, { transport: "tcp" });
    expect(tcp.tc).toBe(false);
    expect(rrsets(tcp.answer)).toEqual(["big.good.lab. TXT"]);
  });

  it("without EDNS is 512 octets, and so is less than that", () => {
    const medium: WorldDescription = { zones: [{ apex: ".", signing: null, records: `m TXT ${'"x" '.repeat(300)}` }] };
    const small = buildWorld(medium, LAB_NOW);
    expect(ask(small, "ns", ["m", "TXT"], { edns: null }).tc).toBe(true);
    expect(ask(small, "ns", ["m", "TXT"], { edns: { udpSize: 100 } }).tc).toBe(true);
    expect(ask(small, "ns", ["m", "TXT"], { edns: { udpSize: 700 } }).tc).toBe(false);
  });

  it("sheds addresses that nobody needs before it sheds the answer", () => {
    const hosts = Array.from({ length: 30 }, (_, i) => `@ MX ${i} m${i}\nm${i} A 192.0.2.${i}`).join("\n");
    const mail = buildWorld({ zones: [{ apex: ".", signing: null, records: hosts }] }, LAB_NOW);
    const reply = ask(mail, "ns", [".", "MX"], { edns: { udpSize: 700 } });
    expect(reply).toMatchObject({ tc: false, additional: [] });
    expect(reply.answer).toHaveLength(30);
  });
});

describe("what is no question for this server", () => {
  it("is refused: other zones, other classes, transfers", () => {
    for (const reply of [
      ask(lab, server, ["www.other.lab", "A"]),
      ask(lab, server, www, { class: 3 }),
      ask(lab, server, ["good.lab", "AXFR"]),
    ])
      expect(reply).toMatchObject({ rcode: RCODE.REFUSED, aa: false, answer: [] });
  });

  it("is NOTIMP with another opcode, in which the reply repeats it", () => {
    expect(ask(lab, server, www, { opcode: 4 })).toMatchObject({ rcode: RCODE.NOTIMP, opcode: 4, qr: true });
  });

  it("is FORMERR if it cannot be read, and nothing if it is no query at all", () => {
    const good = query(...www);
    const at = addressOf(lab, server);
    const cut = lab.answer(good.subarray(0, 20), at, "udp")!;
    expect(decodeMessage(cut)).toMatchObject({ id: 4711, qr: true, rcode: RCODE.FORMERR, question: [] });
    const response = good.slice();
    response[2]! |= 0x80;
    expect(lab.answer(response, at, "udp")).toBeNull();
    expect(lab.answer(good.subarray(0, 11), at, "udp")).toBeNull();
    const two = good.slice();
    two[5] = 2;
    expect(decodeMessage(lab.answer(two, at, "udp")!).rcode).toBe(RCODE.FORMERR);
  });

  it("is silence at an address where nobody lives", () => {
    expect(lab.answer(query(...www), "127.53.9.9", "udp")).toBeNull();
  });
});

describe("the codec of the lab's servers", () => {
  it("is dns-packet: its decoder reads what our own reads", () => {
    const octets = octetsFrom(lab, server, ["_25._tcp.mx.good.lab", "TLSA"])!;
    const theirs = dnsPacket.decode(Buffer.from(octets)) as unknown as {
      answers: { type: string; data: { usage: number; certificate: Buffer } }[];
    };
    const ours = decodeMessage(octets);
    expect(theirs.answers.map(({ type }) => type)).toEqual(["TLSA", "RRSIG"]);
    expect(theirs.answers[0]!.data.usage).toBe(3);
    expect(texts(ours.answer, "TLSA")[0]!.toLowerCase()).toContain(theirs.answers[0]!.data.certificate.toString("hex"));
  });

  const odd = buildWorld(
    {
      zones: [
        {
          apex: ".",
          signing: null,
          records: `
            a\\.b.odd     A          192.0.2.1
            a.b.odd       A          192.0.2.2
            \\200\\255.odd  A          192.0.2.3
            www.odd       TYPE65280  \\# 3 010203
            svc.odd       HTTPS      1 . alpn=h2
            alias.odd     CNAME      x\\.y.odd.
            x\\.y.odd      A          192.0.2.4
          `,
        },
      ],
    },
    LAB_NOW,
  );

  it("does not mix up the label a.b with the labels a and b", () => {
    expect(texts(ask(odd, "ns", ["a\\.b.odd", "A"]).answer, "A")).toEqual(["192.0.2.1"]);
    expect(texts(ask(odd, "ns", ["a.b.odd", "A"]).answer, "A")).toEqual(["192.0.2.2"]);
  });

  it("carries octets that are no UTF-8, in questions and in owners", () => {
    const reply = ask(odd, "ns", ["\\200\\255.odd", "A"]);
    expect(texts(reply.answer, "A")).toEqual(["192.0.2.3"]);
    expect(`${reply.answer[0]!.name}`).toBe("\\200\\255.odd.");
  });

  it("carries types that dns-packet has no word for, and names in RDATA that it would change", () => {
    expect([...ask(odd, "ns", ["www.odd", "TYPE65280"]).answer[0]!.rdata]).toEqual([1, 2, 3]);
    expect(rrsets(ask(odd, "ns", ["svc.odd", "HTTPS"]).answer)).toEqual(["svc.odd. HTTPS"]);
    expect(rrsets(ask(odd, "ns", ["alias.odd", "A"]).answer)).toEqual(["alias.odd. CNAME", "x\\.y.odd. A"]);
  });

  it("gives replies that are no Buffers, whose slices would be views", () => {
    expect(Buffer.isBuffer(octetsFrom(lab, server, www))).toBe(false);
  });
});
