/** Answers as dns-packet's packets: the package itself writes them, and what it wrote is read by our own codec. */
import dnsPacket, { type Packet } from "dns-packet";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/dnssec/answer.ts";
import {
  AUTHENTIC_DATA,
  type DnsPacket,
  type PacketOptions,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  toPacket,
} from "../../src/resolver/packet.ts";
import { type RRset, signatureRecords, toRecords } from "../../src/rrset/rrset.ts";
import { edeOf } from "../../src/wire/edns.ts";
import { decodeMessage, type Message, type ResourceRecord } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { rdataFromText } from "../../src/wire/rdata.ts";
import { EDE, RCODE, TYPE, typeFromText } from "../../src/wire/registry.ts";
import { answer, data, question, rrset, secure } from "../server/answers.ts";
import { smallInternet } from "./small-internet.ts";

const { resolver, clock } = smallInternet();

const ask = (name: string, type: string): Promise<Answer> => clock.run(() => resolver.resolve(name, type));

/** Through dns-packet and back. */
function written(packet: DnsPacket | null): Message {
  if (packet === null) throw new TypeError("it cannot be carried");
  return decodeMessage(Uint8Array.from(dnsPacket.encode(packet as Packet)));
}

function recordsOf(rrsets: readonly RRset[], { dnssec }: PacketOptions = {}): ResourceRecord[] {
  return rrsets.flatMap((set) => [...toRecords(set), ...(dnssec === "with" ? signatureRecords(set) : [])]);
}

const plain = (records: readonly ResourceRecord[]) =>
  records.map(({ name, type, ttl, rdata }) => `${name} ${ttl} ${type} ${Buffer.from(rdata).toString("hex")}`);

describe("an answer", () => {
  it("has the shape that dns-packet reads from the wire", async () => {
    const packet = toPacket(await ask("_25._tcp.mx.good.lab", "TLSA"));
    const decoded = dnsPacket.decode(dnsPacket.encode(packet as Packet));
    expect(decoded.flag_ad).toBe(true);
    expect(packet!.questions).toEqual(decoded.questions);
    expect(packet!.answers).toEqual(decoded.answers!.map(({ ...record }) => withoutFlush(record)));
    expect(packet!.answers[0]).toMatchObject({
      type: "TLSA",
      name: "_25._tcp.mx.good.lab",
      class: "IN",
      data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32, 0xab) },
    });
  });

  it.each([
    ["good.lab", "MX"],
    ["good.lab", "SOA"],
    ["good.lab", "TXT"],
    ["good.lab", "CAA"],
    ["good.lab", "NS"],
    ["good.lab", "DNSKEY"],
    ["good.lab", "DS"],
    ["mx.good.lab", "AAAA"],
    ["_imaps._tcp.good.lab", "SRV"],
    ["_sip.good.lab", "NAPTR"],
    ["key.good.lab", "SSHFP"],
    ["key.good.lab", "HINFO"],
    ["key.good.lab", "TYPE65280"],
    ["https.good.lab", "HTTPS"],
    ["www.good.lab", "A"],
    ["deep.wild.good.lab", "A"],
    ["nobody.good.lab", "A"],
    ["four.good.lab", "TLSA"],
    ["nobody.odd.lab", "A"],
    ["host.plain.lab", "A"],
    ["25.2.1.5.in-addr.arpa", "PTR"],
    ["good.lab", "ANY"],
  ])("%s %s keeps every octet on its way through dns-packet, proofs included", async (name, type) => {
    const given = await ask(name, type);
    const { verdict, aliases } = given;
    if (!("value" in verdict)) throw new TypeError("this should be answered");
    const links = aliases.flatMap((link) => ("value" in link.verdict ? [link.verdict.value] : []));
    for (const options of [{ dnssec: "with" }, { dnssec: "without" }] as const) {
      const message = written(toPacket(given, options));
      expect(message).toMatchObject({ qr: true, rd: true, ra: true, aa: false, rcode: given.rcode });
      expect(message.ad).toBe(given.authenticated);
      expect(message.question[0]!.name.equals(given.question.name)).toBe(true);
      expect(message.question[0]!.type).toBe(given.question.type);
      expect(message.edns?.dnssecOk).toBe(options.dnssec === "with");
      // As for a client without DO: no denial records unless they were asked for by name.
      const wanted = (set: RRset) => options.dnssec === "with" || (set.type !== TYPE.NSEC && set.type !== TYPE.NSEC3);
      const answers = [...links.map((link) => link.alias), ...verdict.value.rrsets].filter(wanted);
      const authorities = [...links.flatMap((link) => link.authority), ...verdict.value.authority].filter(wanted);
      expect(plain(message.answer)).toEqual(plain(recordsOf(answers, options)));
      expect(plain(message.authority)).toEqual(plain(recordsOf(authorities, options)));
    }
  });

  it("that is bogus is SERVFAIL without data, with the reason as EDE", async () => {
    const given = await ask("mx.bogus.lab", "A");
    const packet = toPacket(given)!;
    expect(packet.flags).toBe(RECURSION_DESIRED | RECURSION_AVAILABLE | RCODE.SERVFAIL);
    const message = written(packet);
    expect({ answer: message.answer, authority: message.authority, ad: message.ad }).toEqual({
      answer: [],
      authority: [],
      ad: false,
    });
    expect(edeOf(message.edns!)).toEqual(given.ede);
    expect(given.ede[0]!.code).toBe(EDE.RRSIGS_MISSING);
  });

  it("that is insecure has no AD", async () => {
    expect(toPacket(await ask("host.plain.lab", "A"))!.flags & AUTHENTIC_DATA).toBe(0);
    expect(toPacket(await ask("away.good.lab", "A"))!.flags & AUTHENTIC_DATA).toBe(0);
  });

  it("is a copy: who writes into it does not write into the cache", async () => {
    const given = await ask("_25._tcp.mx.good.lab", "TLSA");
    const before = plain(written(toPacket(given)).answer);
    for (const record of toPacket(given)!.answers) if (record.type === "TLSA") record.data.certificate.fill(0);
    expect(plain(written(toPacket(given)).answer)).toEqual(before);
  });

  it("uses the package's own numbers", () => {
    expect({ AUTHENTIC_DATA, RECURSION_DESIRED, RECURSION_AVAILABLE }).toEqual({
      AUTHENTIC_DATA: dnsPacket.AUTHENTIC_DATA,
      RECURSION_DESIRED: dnsPacket.RECURSION_DESIRED,
      RECURSION_AVAILABLE: dnsPacket.RECURSION_AVAILABLE,
    });
  });
});

describe("what dns-packet cannot carry", () => {
  it("a dot inside a label of an owner name: null, not another name", async () => {
    expect(toPacket(await ask("a\\.b.odd.lab", "A"))).toBe(null);
    expect(toPacket(await ask("dot.odd.lab", "A"))).toBe(null);
  });

  it("a dot inside a label in RDATA: the RDATA's octets", async () => {
    const packet = toPacket(await ask("mail.odd.lab", "MX"))!;
    expect(packet.answers[0]).toMatchObject({ type: "UNKNOWN_15", data: expect.any(Buffer) });
    expect(written(packet).answer[0]!.type).toBe(TYPE.MX);
  });

  // What the package would change without a word, found by trying.
  it.each([
    ["MX", "10 \\195\\188.lab."],
    ["SOA", "ns.lab. a\\.b.lab. 1 2 3 4 5"],
    ["SOA", "ns.lab. \\.b.lab. 1 2 3 4 5"],
    ["SOA", "ns.lab. a\\\\.lab. 1 2 3 4 5"],
    ["RP", "a\\.b\\.c.lab. ."],
    ["CAA", '1 issue "ca"'],
    ["CAA", '0 issue "\\255"'],
    ["HINFO", '"\\255" ""'],
    ["NAPTR", '1 2 "\\200" "" "" .'],
    ["DNSKEY", "256 4 13 AAAA"],
    ["SSHFP", "1 1 00"],
    ["SSHFP", "1 9 00"],
    ["TXT", '"\\255\\000" ""'],
    ["NSEC", "\\000.lab. A NS TYPE65280"],
    ["NSEC3", "1 1 0 - 01230123 A TYPE1234"],
    ["RRSIG", "TYPE65280 13 1 1 1 1 1 \\255.lab. AAAA"],
    ["CERT", "1 2 3 AAAA"],
    ["LOC", "\\# 16 00121212800000008000000080000000"],
  ])("%s %s keeps its octets all the same", (mnemonic, text) => {
    const type = typeFromText(mnemonic)!;
    const rdata = rdataFromText(type, text);
    const set = rrset("x.lab.", type, 300, [...rdata]);
    const message = written(toPacket(answer(question("x.lab.", type), secure(data("x.lab.", [set])))));
    expect(plain(message.answer)).toEqual(plain(toRecords(set)));
  });

  it("any name is written as it is, or not at all", () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 10 });
    const tame = fc.stringMatching(/^[-a-z0-9_\\. ]{1,8}$/).map((text) => Uint8Array.from(Buffer.from(text)));
    const name = fc.array(fc.oneof(label, tame, tame, tame), { maxLength: 4 }).map((labels) => Name.fromLabels(labels));
    let carried = 0;
    fc.assert(
      fc.property(name, name, (owner, other) => {
        const soa = [...other.wire, ...other.wire, ...new Array<number>(20).fill(0)];
        const set = { ...rrset("x.", TYPE.SOA, 1, soa), name: owner };
        const packet = toPacket(answer({ name: owner, type: TYPE.SOA, class: 1 }, secure(data("x.", [set]))));
        if (packet === null) return;
        carried += 1;
        const message = written(packet);
        expect(plain(message.answer)).toEqual(plain(toRecords(set)));
        expect(Buffer.from(message.question[0]!.name.wire)).toEqual(Buffer.from(owner.wire));
      }),
      { numRuns: 1500 },
    );
    expect(carried).toBeGreaterThan(200);
  });
});

function withoutFlush<T extends object>(record: T): Omit<T, "flush"> {
  const { flush: _, ...rest } = record as T & { flush?: boolean };
  return rest;
}
