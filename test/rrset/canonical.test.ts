import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalOrder, compareOctets, countedLabels, signedData } from "../../src/rrset/canonical.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import { Name } from "../../src/wire/name.ts";
import type { Rrsig } from "../../src/wire/rdata.ts";
import { TYPE } from "../../src/wire/registry.ts";

const name = (text: string) => Name.parse(text);
const hex = (octets: Uint8Array) => Buffer.from(octets).toString("hex");
const ascii = (text: string) => Buffer.from(text, "latin1");

function rrset(owner: string, type: number, data: readonly Uint8Array[], ttl = 300): RRset {
  return { name: name(owner), type, ttl, data: data as [Uint8Array, ...Uint8Array[]], signatures: [] };
}

function rrsig(fields: Partial<Rrsig>): Rrsig {
  return {
    typeCovered: TYPE.A,
    algorithm: 13,
    labels: 3,
    originalTtl: 3600,
    expiration: 0x69a37f80,
    inception: 0x69a22e00,
    keyTag: 0x1234,
    signer: name("example.com"),
    signature: ascii("not part of what is signed"),
    ...fields,
  };
}

const wire = (text: string) => hex(name(text).wire);
const mx = (preference: number, exchange: string) =>
  Uint8Array.of(preference >>> 8, preference & 255, ...name(exchange).wire);

describe("signed data (RFC 4035 §5.3.2)", () => {
  test("is the RRSIG's fields, its signer, and each record with owner, type, class, original TTL and length", () => {
    const data = signedData(rrset("www.example.com", TYPE.A, [Uint8Array.of(192, 0, 2, 1)]), rrsig({}));
    expect(hex(data)).toBe(
      [
        "0001",
        "0d",
        "03",
        "00000e10",
        "69a37f80",
        "69a22e00",
        "1234",
        wire("example.com"),
        wire("www.example.com"),
        "0001",
        "0001",
        "00000e10", // not the 300 s left
        "0004",
        "c0000201",
      ].join(""),
    );
  });

  test("lowers owner and signer, and names inside RDATA where RFC 4034 §6.2 says so", () => {
    const signature = rrsig({ typeCovered: TYPE.MX, labels: 2, signer: name("EXAMPLE.com") });
    const upper = signedData(rrset("Example.COM", TYPE.MX, [mx(10, "MX.Example.com")]), signature);
    const lower = signedData(
      rrset("example.com", TYPE.MX, [mx(10, "mx.example.com")]),
      rrsig({ typeCovered: TYPE.MX, labels: 2 }),
    );
    expect(hex(upper)).toBe(hex(lower));
  });

  test("keeps the case of an NSEC's next name (RFC 6840 §5.1) and of unknown types (RFC 3597 §7)", () => {
    const nsec = Uint8Array.of(...name("Next.Example.com").wire, 0, 1, 0x40);
    expect(canonicalOrder(rrset("example.com", TYPE.NSEC, [nsec]))[0]).toEqual(nsec);
    const unknown = Uint8Array.of(...name("Next.Example.com").wire);
    expect(canonicalOrder(rrset("example.com", 65280, [unknown]))[0]).toEqual(unknown);
  });

  test("rebuilds the wildcard that an owner with more labels came from", () => {
    const records = [Uint8Array.of(192, 0, 2, 1)];
    const asSigned = signedData(rrset("*.example.com", TYPE.A, records), rrsig({ labels: 2 }));
    for (const owner of ["www.example.com", "a.b.c.example.com", "*.sub.example.com"]) {
      expect(hex(signedData(rrset(owner, TYPE.A, records), rrsig({ labels: 2 })))).toBe(hex(asSigned));
    }
    expect(hex(asSigned)).toContain(`012a${wire("example.com")}`);
  });

  test("takes a question for the literal wildcard as it stands: its asterisk is not counted", () => {
    expect(countedLabels(name("*.example.com"))).toBe(2);
    expect(countedLabels(name("www.example.com"))).toBe(3);
    expect(countedLabels(name("*"))).toBe(0);
    expect(countedLabels(name("."))).toBe(0);
    expect(countedLabels(name("a.*.example.com"))).toBe(4);
  });

  test("can be the root's own, and a wildcard of the root", () => {
    const root = signedData(
      rrset(".", TYPE.NS, [name("a.root.example").wire]),
      rrsig({ typeCovered: TYPE.NS, labels: 0, signer: Name.root }),
    );
    expect(hex(root.subarray(18, 20))).toBe("0000"); // signer ".", owner "."
    const wild = signedData(rrset("com", TYPE.A, [Uint8Array.of(1, 2, 3, 4)]), rrsig({ labels: 0, signer: Name.root }));
    expect(hex(wild.subarray(18, 22))).toBe("00012a00"); // signer ".", owner "*."
  });
});

describe("canonical order of RDATA (RFC 4034 §6.3)", () => {
  test("is by unsigned octets from the left, the shorter first where one begins the other", () => {
    const sorted = [[0x00], [0x00, 0x00], [0x01], [0x7f], [0x7f, 0xff], [0x80], [0xff]].map((o) => Uint8Array.from(o));
    const shuffled = [4, 0, 6, 2, 5, 1, 3].map((i) => sorted[i]!);
    expect(canonicalOrder(rrset("example.com", 65280, shuffled))).toEqual(sorted);
  });

  test("counts once what differs only in the case of its names", () => {
    const records = canonicalOrder(
      rrset("example.com", TYPE.MX, [mx(10, "MX.example.com"), mx(5, "b.example.com"), mx(10, "mx.example.com")]),
    );
    expect(records.map(hex)).toEqual([hex(mx(5, "b.example.com")), hex(mx(10, "mx.example.com"))]);
  });

  test("does not disturb the RRset", () => {
    const data = [Uint8Array.of(2), Uint8Array.of(1)];
    const set = rrset("example.com", 65280, data);
    canonicalOrder(set);
    expect(set.data).toEqual([Uint8Array.of(2), Uint8Array.of(1)]);
  });

  test("compareOctets is an order, and the one Buffer has", () => {
    const octets = fc.uint8Array({ maxLength: 6 });
    fc.assert(
      fc.property(octets, octets, (a, b) => {
        expect(Math.sign(compareOctets(a, b))).toBe(Buffer.compare(a, b));
      }),
    );
  });

  test("what is signed does not depend on the order in which records came", () => {
    const records = fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 8,
      selector: hex,
    });
    fc.assert(
      fc.property(records, (data) => {
        const there = signedData(rrset("x.example.com", 65280, data), rrsig({}));
        const back = signedData(rrset("x.example.com", 65280, [...data].reverse()), rrsig({}));
        expect(hex(there)).toBe(hex(back));
      }),
    );
  });
});
