import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Reader } from "../../src/wire/cursor.ts";
import { Name, parentKey, wildcardKey } from "../../src/wire/name.ts";
import { ascii, expectWireError, hex, octets } from "./octets.ts";

const name = (text: string): Name => Name.parse(text);
const read = (wire: Uint8Array, offset = 0): Name => Name.read(new Reader(wire, offset));
const header = new Uint8Array(12);
const behindHeader = (...parts: (Uint8Array | number[])[]): Uint8Array =>
  Uint8Array.from([...header, ...parts.flatMap((part) => [...part])]);

const label = fc.uint8Array({ minLength: 1, maxLength: 12 });
const anyName = fc.array(label, { maxLength: 8 }).map((labels) => Name.fromLabels(labels));

describe("presentation form (RFC 1035 §5.1)", () => {
  test.each([
    ["example.com", "example.com."],
    ["example.com.", "example.com."],
    [".", "."],
    ["", "."],
    ["a\\.b.example", "a\\.b.example."],
    ["a\\046b.example", "a\\.b.example."],
    ["\\000\\255.example", "\\000\\255.example."],
    ["sp\\032ace.example", "sp\\032ace.example."],
    ["*.example", "*.example."],
    ["\\065BC.example", "ABC.example."],
    ["back\\\\slash", "back\\\\slash."],
    ['quo\\"te\\(\\)\\;\\@\\$', 'quo\\"te\\(\\)\\;\\@\\$.'],
  ])("%s is printed as %s", (text, printed) => {
    expect(name(text).toString()).toBe(printed);
    expect(name(printed).equals(name(text))).toBe(true);
  });

  test.each([
    ["a..b", /empty label/],
    [".a", /empty label/],
    ["..", /empty label/],
    ["a\\", /unfinished escape/],
    ["a\\1", /unfinished escape/],
    ["a\\12", /unfinished escape/],
    ["a\\256", /at most \\255/],
    ["müller.example", /xn--/],
    ["a\\é", /ASCII/],
    ["x".repeat(64), /64 octets/],
    [`${"x".repeat(63)}.`.repeat(4), /257 octets/],
  ])("%s is refused", (text, why) => {
    expect(() => name(text)).toThrow(TypeError);
    expect(() => name(text)).toThrow(why);
  });

  test("every octet survives text and wire", () => {
    for (let octet = 0; octet < 256; octet++) {
      const one = Name.fromLabels([Uint8Array.of(octet), Uint8Array.of(0x78, octet)]);
      expect(name(one.toString()).wire).toEqual(one.wire);
      expect(read(one.wire).wire).toEqual(one.wire);
    }
  });

  test("dots within a label are no label separators", () => {
    expect(name("a\\.b.c").labelCount).toBe(2);
    expect(name("a\\.b.c").equals(name("a.b.c"))).toBe(false);
    expect(name("a\\.b.c").key).not.toBe(name("a.b.c").key);
  });

  test("255 octets are a name, 256 are none", () => {
    const longest = `${`${"x".repeat(63)}.`.repeat(3)}${"y".repeat(61)}`;
    expect(name(longest).wire.length).toBe(255);
    expect(() => name(`${longest}y`)).toThrow(/256 octets/);
    expect(name("a.".repeat(127)).labelCount).toBe(127);
    expect(() => name("a.".repeat(128))).toThrow(TypeError);
  });
});

describe("wire form (RFC 1035 §3.1, §4.1.4)", () => {
  test("letters stay as they came, and the reader stands behind the name", () => {
    const reader = new Reader(octets("01 41 03 62 43 64 00 ff"));
    expect(Name.read(reader).toString()).toBe("A.bCd.");
    expect(reader.offset).toBe(7);
  });

  test("a pointer leads to a name that came before, and the reader goes on behind the pointer", () => {
    const message = behindHeader(name("example.com").wire, octets("03 777777 c00c ff"));
    const reader = new Reader(message, 25);
    expect(Name.read(reader).toString()).toBe("www.example.com.");
    expect(reader.offset).toBe(31);
  });

  test.each([
    ["into the header", behindHeader(octets("c00b")), 12, /header/],
    ["to itself", behindHeader(octets("c00c")), 12, /backward/],
    ["forward", behindHeader(octets("c00e 00")), 12, /backward/],
    ["to a label that runs into the pointer again", behindHeader(octets("01 61 c00c")), 14, /runs past/],
    ["cut in half", behindHeader(octets("c0")), 12, /cut off/],
    ["to where the name itself began", behindHeader(octets("01 61 c00c")), 12, /runs past|backward/],
  ])("a pointer %s is refused", (_what, message, at, why) => {
    expectWireError(() => read(message, at), why);
  });

  test.each(["40", "7f", "80", "bf"])("label type 0x%s is refused", (first) => {
    expectWireError(() => read(octets(`${first} 00 00 00`)), /label type/);
    expectWireError(() => Name.readUncompressed(new Reader(octets(`${first} 00 00 00`))), /label type/);
  });

  test.each(["", "01", "01 61", "3f 61 62", "01 61 01"])("octets %s end too early", (wire) => {
    expectWireError(() => read(octets(wire)), /runs past/);
    expectWireError(() => Name.readUncompressed(new Reader(octets(wire))), /runs past/);
  });

  test("what lies behind the reader's end does not count", () => {
    expectWireError(() => Name.read(new Reader(octets("01 61 00"), 0, 2)), /runs past/);
  });

  test("64 pointers in a row are followed, 65 are not", () => {
    const chain = (pointers: number): Uint8Array => {
      const parts = [...header, 0];
      for (let i = 0, to = 12; i < pointers; i++) {
        const at = parts.length;
        parts.push(0xc0 | (to >> 8), to & 255);
        to = at;
      }
      return Uint8Array.from(parts);
    };
    const ofLength = (pointers: number): Name => read(chain(pointers), 13 + 2 * (pointers - 1));
    expect(ofLength(64).isRoot).toBe(true);
    expectWireError(() => ofLength(65), /64 compression pointers/);
  });

  test("a name that only pointers make too long is refused", () => {
    const first = name(`${"x".repeat(63)}.`.repeat(3)).wire; // 193 octets
    const fits = behindHeader(first, [61], new Uint8Array(61).fill(0x79), octets("c00c"));
    expect(read(fits, 12 + first.length).wire.length).toBe(255);
    const tooLong = behindHeader(first, [62], new Uint8Array(62).fill(0x79), octets("c00c"));
    expectWireError(() => read(tooLong, 12 + first.length), /longer than 255/);
  });

  test("where pointers are not allowed there is none", () => {
    const message = behindHeader(octets("01 61 00 01 62 c00c"));
    expect(read(message, 15).toString()).toBe("b.a.");
    expectWireError(() => Name.readUncompressed(new Reader(message, 15)), /none is allowed/);
    const reader = new Reader(message, 12);
    expect(Name.readUncompressed(reader).toString()).toBe("a.");
    expect(reader.offset).toBe(15);
  });

  test("256 octets are refused without pointers as well", () => {
    const labels = Uint8Array.from([...Array<number[]>(126).fill([1, 0x61]).flat(), 2, 0x61, 0x61, 0]);
    expectWireError(() => read(labels), /longer than 255/);
    expectWireError(() => Name.readUncompressed(new Reader(labels)), /longer than 255/);
  });

  test("a name keeps no hold on the message", () => {
    const message = Buffer.from(behindHeader(name("example.com").wire));
    const kept = read(message, 12);
    message.fill(0xff);
    expect(kept.toString()).toBe("example.com.");
    expect(kept.wire.constructor).toBe(Uint8Array);
  });

  test("random octets give a name or a WireError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(40), (wire, at) => {
        try {
          const found = read(wire, Math.min(at, wire.length));
          expect(found.wire.length).toBeLessThanOrEqual(255);
          expect(Name.fromLabels(found.labels()).wire).toEqual(found.wire);
        } catch (error) {
          expectWireError(() => {
            throw error;
          });
        }
      }),
    );
  });
});

describe("order and identity (RFC 4034 §6.1)", () => {
  test("the example of RFC 4034 §6.1 is in order", () => {
    const ordered = [
      "example",
      "a.example",
      "yljkjljk.a.example",
      "Z.a.example",
      "zABC.a.EXAMPLE",
      "z.example",
      "\\001.z.example",
      "*.z.example",
      "\\200.z.example",
    ].map(name);
    const sorted = [...ordered].reverse().sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    expect(sorted.map(String)).toEqual(ordered.map(String));
  });

  /** RFC 4034 §6.1 word by word: labels from the right, as lower-cased unsigned octets, what is missing first. */
  function compare(a: Name, b: Name): number {
    const [left, right] = [a, b].map((each) => each.lowerCased().labels().reverse()) as [Uint8Array[], Uint8Array[]];
    for (let i = 0; i < Math.min(left.length, right.length); i++) {
      const difference = Buffer.compare(left[i]!, right[i]!);
      if (difference !== 0) return difference;
    }
    return Math.sign(left.length - right.length);
  }

  test("keys are ordered as the RFC orders names", () => {
    const close = fc.array(fc.uint8Array({ minLength: 1, maxLength: 2 }), { maxLength: 3 }).map(Name.fromLabels);
    fc.assert(
      fc.property(close, close, (a, b) => {
        expect(a.key < b.key ? -1 : a.key > b.key ? 1 : 0).toBe(compare(a, b));
        expect(a.equals(b)).toBe(compare(a, b) === 0);
      }),
      { numRuns: 1000 },
    );
  });

  test("octet 255 has a key that is in order too", () => {
    const [a, b, c] = ["\\254.example", "\\255.example", "\\255a.example"].map(name) as [Name, Name, Name];
    expect([c, b, a].map((each) => each.key).sort()).toEqual([a, b, c].map((each) => each.key));
    expect(name("A\\255B.c").key).toBe(name("a\\255b.C").key);
  });

  test("only A to Z have two cases", () => {
    expect(name("\\192.example").equals(name("\\224.example"))).toBe(false);
    expect(name("[.example").equals(name("{.example"))).toBe(false);
    expect(name("ExAmPlE").equals(name("eXaMpLe"))).toBe(true);
    expect(hex(name("ExAmPlE").canonicalWire)).toBe("076578616d706c6500");
  });
});

describe("family", () => {
  test("within is by labels, not by letters", () => {
    expect(name("www.example.com").isWithin(name("EXAMPLE.com"))).toBe(true);
    expect(name("example.com").isWithin(name("example.com"))).toBe(true);
    expect(name("example.com").isStrictlyWithin(name("example.com"))).toBe(false);
    expect(name("notexample.com").isWithin(name("example.com"))).toBe(false);
    expect(name("example.com.evil").isWithin(name("example.com"))).toBe(false);
    expect(name("com").isWithin(name("example.com"))).toBe(false);
    expect(name("com").isWithin(Name.root)).toBe(true);
    // A label that contains the octets of two labels is still one label.
    expect(name("x\\007example.com").isWithin(name("example.com"))).toBe(false);
  });

  test("ancestors go up to the root and no further", () => {
    const www = name("a.b.example");
    expect([3, 2, 1, 0].map((labels) => www.ancestor(labels).toString())).toEqual([
      "a.b.example.",
      "b.example.",
      "example.",
      ".",
    ]);
    expect(www.parent()?.toString()).toBe("b.example.");
    expect(Name.root.parent()).toBeNull();
    expect(() => www.ancestor(4)).toThrow(RangeError);
    expect(() => www.ancestor(-1)).toThrow(RangeError);
  });

  test("a child that is too long is none, a bad label is a mistake", () => {
    const long = name(`${`${"x".repeat(63)}.`.repeat(3)}${"y".repeat(59)}`); // 253 octets
    expect(long.child("z")?.wire.length).toBe(255);
    expect(long.child("zz")).toBeNull();
    expect(long.child("z")?.wildcard()).toBeNull();
    expect(() => long.child("")).toThrow(TypeError);
    expect(() => Name.root.child("x".repeat(64))).toThrow(TypeError);
    expect(() => Name.root.child("ü")).toThrow(TypeError);
    expect(name("example").wildcard()?.isWildcard).toBe(true);
    expect(name("x*.example").isWildcard).toBe(false);
    expect(name("*a.example").isWildcard).toBe(false);
  });

  test("the common ancestor is the longest", () => {
    expect(name("a.b.example").commonAncestor(name("c.B.example")).toString()).toBe("b.example.");
    expect(name("a.example").commonAncestor(name("b.test")).isRoot).toBe(true);
    expect(name("example").commonAncestor(name("a.example")).toString()).toBe("example.");
  });

  test("the common ancestor is the deepest that both are within", () => {
    fc.assert(
      fc.property(anyName, anyName, anyName, (x, y, shared) => {
        const a = x.replaceSuffix(Name.root, shared) ?? x;
        const b = y.replaceSuffix(Name.root, shared) ?? y;
        let labels = Math.min(a.labelCount, b.labelCount);
        while (!a.ancestor(labels).equals(b.ancestor(labels))) labels -= 1;
        expect(a.commonAncestor(b).equals(a.ancestor(labels))).toBe(true);
        expect(a.parent()?.key ?? "").toBe(parentKey(a.key));
        const wildcard = a.wildcard();
        if (wildcard !== null) expect(wildcard.key).toBe(wildcardKey(a.key));
      }),
    );
  });

  test("DNAME substitution of RFC 6672 §2.2", () => {
    const substituted = (from: string, owner: string, target: string) =>
      name(from).replaceSuffix(name(owner), name(target))?.toString() ?? null;
    expect(substituted("a.x.example.com", "example.com", "example.net")).toBe("a.x.example.net.");
    expect(substituted("foo.example.com", "example.com", ".")).toBe("foo.");
    const long = `${"x".repeat(63)}.`.repeat(3);
    expect(substituted(`${"y".repeat(63)}.short`, "short", long)).toBeNull();
    expect(substituted(`${"y".repeat(60)}.short`, "short", long)).toBe(`${"y".repeat(60)}.${long}`);
  });

  test("laws that hold for all names", () => {
    fc.assert(
      fc.property(anyName, anyName, (a, b) => {
        expect(name(a.toString()).wire).toEqual(a.wire);
        expect(a.isWithin(b)).toBe(b.labelCount <= a.labelCount && a.ancestor(b.labelCount).equals(b));
        const common = a.commonAncestor(b);
        expect(a.isWithin(common) && b.isWithin(common)).toBe(true);
        expect(a.lowerCased().key).toBe(a.key);
        expect(a.child(ascii("x"))?.parent()?.equals(a) ?? true).toBe(true);
      }),
    );
  });
});
