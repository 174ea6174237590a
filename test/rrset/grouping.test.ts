import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { groupRRsets, isOfType, rdataOf, signatureRecords, toRecords } from "../../src/rrset/rrset.ts";
import type { ResourceRecord } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { rdataToText } from "../../src/wire/rdata.ts";
import { TYPE, typeToText } from "../../src/wire/registry.ts";
import { parseZone, recordToText } from "../../src/wire/zonefile.ts";

const rrsig = (covered: string, tag = 1): string =>
  `RRSIG ${covered} 13 2 300 20260310000000 20260301000000 ${tag} example.com. AQID`;
const group = (zone: string) => groupRRsets(parseZone(zone, { defaultTtl: 300 }));
const shown = (zone: string) =>
  group(zone).rrsets.map(
    (rrset) => `${rrset.name} ${typeToText(rrset.type)} ${rrset.data.length}+${rrset.signatures.length}`,
  );

describe("a section as RRsets (RFC 2181 §5)", () => {
  test("by owner and type, in order of first appearance, however they are mixed", () => {
    expect(
      shown(`
b.example. A 192.0.2.1
a.example. A 192.0.2.2
b.example. AAAA 2001:db8::1
B.EXAMPLE. A 192.0.2.3
a.example. A 192.0.2.4
b.example. A 192.0.2.5`),
    ).toEqual(["b.example. A 3+0", "a.example. A 2+0", "b.example. AAAA 1+0"]);
  });

  test("other classes do not count", () => {
    const { rrsets, strays } = group(`a. CH A 192.0.2.1\na. A 192.0.2.2\na. CH ${rrsig("A")}`);
    expect(rrsets).toMatchObject([{ data: { length: 1 }, signatures: [] }]);
    expect(strays).toEqual([]);
  });

  test("the lowest TTL is that of all (§5.2)", () => {
    expect(group("a. 300 A 192.0.2.1\na. 20 A 192.0.2.2\na. 4000 A 192.0.2.3").rrsets[0]!.ttl).toBe(20);
    expect(group("a. 300 A 192.0.2.1\na. 20 A 192.0.2.1").rrsets[0]!.ttl).toBe(20);
  });

  test("a record that is there already is left out, also if only the letters of its names differ", () => {
    expect(shown("a. A 192.0.2.1\na. A 192.0.2.1\na. A 192.0.2.1")).toEqual(["a. A 1+0"]);
    expect(shown("a. MX 1 Mail.example.\na. MX 1 mail.EXAMPLE.\na. MX 2 mail.example.")).toEqual(["a. MX 2+0"]);
    const [first] = group("a. MX 1 Mail.example.\na. MX 1 mail.EXAMPLE.").rrsets;
    expect(rdataToText(TYPE.MX, first!.data[0])).toBe("1 Mail.example.");
    // Letters in texts and in NSEC names matter.
    expect(shown('a. TXT "x"\na. TXT "X"\nb. NSEC x. A\nb. NSEC X. A')).toEqual(["a. TXT 2+0", "b. NSEC 2+0"]);
  });

  test("ten thousand records take no time (ATTACKS A-93)", () => {
    const name = Name.parse("a.example");
    const at = (i: number): ResourceRecord => ({
      name,
      type: TYPE.A,
      class: 1,
      ttl: 1,
      rdata: Uint8Array.of(10, 0, i >> 8, i & 255),
    });
    const records = Array.from({ length: 20_000 }, (_, i) => at(i % 10_000));
    const started = performance.now();
    expect(groupRRsets(records).rrsets.map(({ data }) => data.length)).toEqual([10_000]);
    expect(performance.now() - started).toBeLessThan(500);
  });

  test("nothing gives nothing", () => {
    expect(groupRRsets([])).toEqual({ rrsets: [], strays: [] });
  });
});

describe("signatures", () => {
  test("belong to the owner and type they cover, before or behind it", () => {
    expect(
      shown(
        `a. ${rrsig("A")}\na. A 192.0.2.1\na. AAAA ::1\na. ${rrsig("AAAA")}\na. ${rrsig("A", 2)}\nA. ${rrsig("AAAA", 3)}`,
      ),
    ).toEqual(["a. A 1+2", "a. AAAA 1+2"]);
  });

  test("that cover nothing are strays, an RRset of RRSIG for each owner", () => {
    const { rrsets, strays } = group(`a. A 192.0.2.1\na. ${rrsig("AAAA")}\na. ${rrsig("MX")}\nb. ${rrsig("A")}`);
    expect(rrsets).toMatchObject([{ type: TYPE.A, signatures: [] }]);
    expect(strays.map(({ name, type, data }) => [`${name}`, type, data.length])).toEqual([
      ["a.", TYPE.RRSIG, 2],
      ["b.", TYPE.RRSIG, 1],
    ]);
  });

  test("cannot cover RRSIGs", () => {
    expect(group(`a. ${rrsig("RRSIG")}\na. ${rrsig("RRSIG", 2)}`)).toMatchObject({
      rrsets: [],
      strays: [{ data: { length: 2 }, signatures: [] }],
    });
  });

  test("eight of a thousand are kept (ATTACKS A-07)", () => {
    const flood = Array.from({ length: 1000 }, (_, i) => `a. ${rrsig("A", i)}`).join("\n");
    const records = parseZone(`a. A 192.0.2.1\n${flood}`);
    const started = performance.now();
    const [a] = groupRRsets(records).rrsets;
    expect(performance.now() - started).toBeLessThan(250);
    expect(a!.signatures.map(({ keyTag }) => keyTag)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("the same one a thousand times leaves room for another", () => {
    const flood = `a. ${rrsig("A", 1)}\n`.repeat(1000);
    expect(
      group(`a. A 192.0.2.1\n${flood}a. ${rrsig("A", 2)}`).rrsets[0]!.signatures.map(({ keyTag }) => keyTag),
    ).toEqual([1, 2]);
  });

  test("from elsewhere they join, once, and are no strays", () => {
    const records = parseZone(`a. 300 A 192.0.2.1\na. 300 ${rrsig("A", 1)}`);
    const elsewhere = parseZone(
      `a. 300 ${rrsig("A", 1)}\na. 60 ${rrsig("A", 2)}\na. ${rrsig("MX", 3)}\na. CH ${rrsig("A", 4)}\na. 1 A 192.0.2.9`,
    );
    const { rrsets, strays } = groupRRsets(records, elsewhere);
    expect(rrsets).toMatchObject([{ ttl: 60, data: { length: 1 }, signatures: [{ keyTag: 1 }, { keyTag: 2 }] }]);
    expect(strays).toEqual([]);
  });
});

describe("values and records", () => {
  test("values are decoded once, in the order of the data", () => {
    const [mx] = group("a. MX 20 b.\na. MX 10 c.").rrsets;
    if (mx === undefined || !isOfType(mx, TYPE.MX)) throw new Error("no MX RRset");
    expect(rdataOf(mx).map(({ preference, exchange }) => `${preference} ${exchange}`)).toEqual(["20 b.", "10 c."]);
    expect(rdataOf(mx)).toBe(rdataOf(mx));
    expect(isOfType(mx, TYPE.A as number)).toBe(false);
  });

  test("records and signatures come back octet by octet, with another TTL if wanted", () => {
    const zone = `a. 300 IN MX 20 B.Example.\na. 300 IN MX 10 c.\na. 300 IN ${rrsig("MX")}`;
    const [mx] = group(zone).rrsets;
    expect([...toRecords(mx!), ...signatureRecords(mx!)].map(recordToText).join("\n")).toBe(zone);
    expect(toRecords(mx!, 7).map(({ ttl }) => ttl)).toEqual([7, 7]);
    expect(signatureRecords(mx!, 7).map(({ ttl }) => ttl)).toEqual([7]);
  });

  test("grouping what was grouped changes nothing, and loses nothing but repetitions", () => {
    const owners = fc.constantFrom("a.", "A.", "b.a.");
    const texts = fc.constantFrom(
      "A 192.0.2.1",
      "A 192.0.2.2",
      "MX 1 x.",
      "MX 1 X.",
      "TXT x",
      rrsig("A"),
      rrsig("MX"),
      rrsig("A", 2),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(owners, texts), { maxLength: 20 }), (lines) => {
        const once = group(lines.map(([owner, text]) => `${owner} ${text}`).join("\n"));
        const records = [...once.rrsets, ...once.strays].flatMap((rrset) => [
          ...toRecords(rrset),
          ...signatureRecords(rrset),
        ]);
        const print = (rrsets: typeof once.rrsets) =>
          rrsets.map((rrset) => [...toRecords(rrset), ...signatureRecords(rrset)].map(recordToText));
        const twice = groupRRsets(records);
        expect([print(twice.rrsets), print(twice.strays)]).toEqual([print(once.rrsets), print(once.strays)]);
        expect(new Set(lines.map(([owner, text]) => `${owner} ${text}`.toLowerCase())).size).toBe(records.length);
      }),
    );
  });
});
