/** The npm package dns-packet as an oracle: what it writes we read, what we write it reads. */
import dnsPacket from "dns-packet";
import { describe, expect, test } from "vitest";
import { decodeMessage, encodeMessage } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { rdataFromText } from "../../src/wire/rdata.ts";
import { TYPE, typeToText } from "../../src/wire/registry.ts";
import { edns, message, record } from "./messages.ts";
import { hex } from "./octets.ts";

const hash = Buffer.from("174eb2409fe28bcb4887a1836f957f0a8425e27b", "hex");
const octets = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]);

/** dns-packet's shape of the data, and the same record as text. */
const pairs: readonly (readonly [type: number, data: unknown, text: string])[] = [
  [TYPE.A, "192.0.2.1", "192.0.2.1"],
  [TYPE.AAAA, "2001:db8::1", "2001:db8::1"],
  [TYPE.NS, "ns.example.com", "ns.example.com."],
  [TYPE.CNAME, "www.other.test", "www.other.test."],
  [TYPE.DNAME, "other.test", "other.test."],
  [TYPE.PTR, "mail.example.com", "mail.example.com."],
  [TYPE.MX, { preference: 10, exchange: "mail.example.com" }, "10 mail.example.com."],
  [TYPE.TXT, [Buffer.from("v=spf1 -all"), Buffer.from([0, 255])], '"v=spf1 -all" "\\000\\255"'],
  [TYPE.HINFO, { cpu: "RFC8482", os: "" }, '"RFC8482" ""'],
  [TYPE.RP, { mbox: "a.example.com", txt: "b.example.com" }, "a.example.com. b.example.com."],
  [TYPE.SRV, { priority: 1, weight: 2, port: 25, target: "mail.example.com" }, "1 2 25 mail.example.com."],
  [
    TYPE.NAPTR,
    { order: 1, preference: 2, flags: "u", services: "E2U+sip", regexp: "!a!b!", replacement: "." },
    '1 2 "u" "E2U+sip" "!a!b!" .',
  ],
  [TYPE.CAA, { flags: 128, tag: "issue", value: "ca.test", issuerCritical: true }, '128 issue "ca.test"'],
  [
    TYPE.SOA,
    {
      mname: "ns.example.com",
      rname: "root.example.com",
      serial: 4294967295,
      refresh: 1,
      retry: 2,
      expire: 3,
      minimum: 4,
    },
    "ns.example.com. root.example.com. 4294967295 1 2 3 4",
  ],
  [TYPE.DS, { keyTag: 65535, algorithm: 13, digestType: 2, digest: octets }, "65535 13 2 0102030405060708"],
  [TYPE.DNSKEY, { flags: 257, algorithm: 13, key: octets }, "257 3 13 AQIDBAUGBwg="],
  [TYPE.TLSA, { usage: 3, selector: 1, matchingType: 1, certificate: octets }, "3 1 1 0102030405060708"],
  [TYPE.SSHFP, { algorithm: 4, hash: 1, fingerprint: hash.toString("hex") }, `4 1 ${hash.toString("hex")}`],
  [
    TYPE.RRSIG,
    {
      typeCovered: "TLSA",
      algorithm: 13,
      labels: 3,
      originalTTL: 300,
      expiration: 4294967295,
      inception: 1,
      keyTag: 9,
      signersName: "Example.com",
      signature: octets,
    },
    "TLSA 13 3 300 4294967295 1 9 Example.com. AQIDBAUGBwg=",
  ],
  [
    TYPE.NSEC,
    { nextDomain: "b.example.com", rrtypes: ["A", "RRSIG", "NSEC", "CAA"] },
    "b.example.com. A RRSIG NSEC CAA",
  ],
  [
    TYPE.NSEC3,
    {
      algorithm: 1,
      flags: 1,
      iterations: 12,
      salt: Buffer.from("aabb", "hex"),
      nextDomain: hash,
      rrtypes: ["NS", "DS", "RRSIG"],
    },
    "1 1 12 AABB 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS DS RRSIG",
  ],
];

/** What TypeScript's view of dns-packet lacks. */
type Foreign = dnsPacket.Packet & { readonly answers: dnsPacket.Answer[] };
const encodeForeign = (packet: object): Buffer => dnsPacket.encode(packet as dnsPacket.Packet);
const decodeForeign = (wire: Uint8Array): Foreign => dnsPacket.decode(Buffer.from(wire)) as Foreign;

describe.each(pairs.map(([type, data, text]) => ({ type, data, text, mnemonic: typeToText(type) })))(
  "$mnemonic",
  ({ type, data, text, mnemonic }) => {
    test("written by dns-packet, compressed or not, read by us", () => {
      const wire = encodeForeign({
        type: "response",
        id: 7,
        questions: [{ type: mnemonic, name: "www.Example.com" }],
        answers: [{ type: mnemonic, name: "www.Example.com", ttl: 300, data }],
      });
      const decoded = decodeMessage(wire);
      expect(decoded.question[0]!.name.toString()).toBe("www.Example.com.");
      expect(decoded.answer.map(({ type: got }) => got)).toEqual([type]);
      expect(hex(decoded.answer[0]!.rdata)).toBe(hex(rdataFromText(type, text)));
    });

    test("written by us, read by dns-packet", () => {
      const answer = [record("www.Example.com", type, text), record("www.Example.com", type, text)];
      const decoded = decodeForeign(encodeMessage(message({ answer })));
      expect(decoded.answers.map(({ name }) => name)).toEqual(["www.Example.com", "www.Example.com"]);
      // dns-packet's own octets for what it read are the ones that we would write without compression.
      const again = decodeMessage(encodeForeign({ ...decoded, additionals: [] }));
      for (const each of again.answer) expect(hex(each.rdata)).toBe(hex(rdataFromText(type, text)));
    });
  },
);

describe("messages", () => {
  test("flags, rcode and EDNS as dns-packet writes them", () => {
    const decoded = decodeMessage(
      encodeForeign({
        type: "response",
        id: 4711,
        flags: dnsPacket.RECURSION_DESIRED | dnsPacket.AUTHENTIC_DATA | dnsPacket.AUTHORITATIVE_ANSWER | 3,
        questions: [{ type: "A", name: "a.test" }],
        additionals: [
          {
            type: "OPT",
            name: ".",
            udpPayloadSize: 1400,
            flags: dnsPacket.DNSSEC_OK,
            extendedRcode: 1,
            options: [{ code: "PADDING", length: 4 }],
          },
        ],
      }),
    );
    expect(decoded).toMatchObject({
      id: 4711,
      qr: true,
      rd: true,
      ad: true,
      aa: true,
      ra: false,
      cd: false,
      tc: false,
      rcode: 19,
    });
    expect(decoded.edns).toEqual({ ...edns, udpSize: 1400, options: [{ code: 12, data: new Uint8Array(4) }] });
  });

  test("flags, rcode and EDNS as dns-packet reads them", () => {
    const options = [{ code: 10, data: Uint8Array.from(octets) }];
    const decoded = decodeForeign(
      encodeMessage(message({ ad: true, cd: true, rcode: 0x13, edns: { ...edns, options } })),
    ) as unknown as Record<string, unknown>;
    expect(decoded).toMatchObject({
      id: 0x1234,
      type: "response",
      rcode: "NXDOMAIN",
      flag_ad: true,
      flag_cd: true,
      flag_tc: false,
      flag_rd: true,
    });
    expect(decoded["additionals"]).toMatchObject([
      { type: "OPT", udpPayloadSize: 1232, extendedRcode: 1, flag_do: true, options: [{ code: 10 }] },
    ]);
  });

  test("names that dns-packet merges are told apart by us", () => {
    expect(Name.parse("a\\.b.test").equals(Name.parse("a.b.test"))).toBe(false);
    const wire = encodeMessage(message({ question: [{ name: Name.parse("a\\.b.test"), type: 1, class: 1 }] }));
    expect(decodeForeign(wire).questions?.[0]?.name).toBe("a.b.test");
    expect(decodeMessage(wire).question[0]!.name.labelCount).toBe(2);
  });
});
