import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Reader, WireError } from "../../src/wire/cursor.ts";
import { Name } from "../../src/wire/name.ts";
import {
  canonicalRdata,
  decodeRdata,
  encodeRdata,
  rdataFromText,
  rdataToText,
  readRdata,
} from "../../src/wire/rdata.ts";
import { rows } from "../../src/wire/rdata-table.ts";
import { TYPE, typeToText } from "../../src/wire/registry.ts";
import { expectWireError, hex, octets } from "./octets.ts";
import { samples } from "./samples.ts";

const read = (type: number, rdata: Uint8Array): Uint8Array => readRdata(type, new Reader(rdata), rdata.length);

test("there is a sample of every type in the table", () => {
  const missing = Object.keys(rows).filter((type) => !samples.some((sample) => sample.type === Number(type)));
  expect(missing.map((type) => typeToText(Number(type)))).toEqual([]);
});

describe.each(samples.map((sample) => ({ ...sample, what: `${typeToText(sample.type)} ${sample.text}` })))(
  "$what",
  ({ type, text, wire, open }) => {
    const rdata = octets(wire);

    test("from text to octets and back", () => {
      expect(hex(rdataFromText(type, text))).toBe(hex(rdata));
      expect(rdataToText(type, rdata)).toBe(text);
    });

    test("from octets to a value and back", () => {
      expect(hex(read(type, rdata))).toBe(hex(rdata));
      expect(hex(encodeRdata(type, decodeRdata(type, rdata)))).toBe(hex(rdata));
    });

    test("the form of RFC 3597 §5 says the same", () => {
      expect(hex(rdataFromText(type, `\\# ${rdata.length} ${hex(rdata)}`))).toBe(hex(rdata));
    });

    test("cut off at any octet it is malformed, unless it may end there", () => {
      for (let length = 0; length < rdata.length; length++) {
        let result: Uint8Array | null = null;
        try {
          result = read(type, rdata.subarray(0, length));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
        if (open === "nothing") {
          // Bitmaps may end behind any of their windows, a salt or hash may not.
          const windows = type === TYPE.NSEC || type === TYPE.NSEC3 || type === TYPE.CSYNC;
          if (!windows && type !== TYPE.CAA) expect({ length, result }).toEqual({ length, result: null });
        }
        // What is accepted can be decoded, printed and put into canonical form: nothing throws later.
        if (result !== null) {
          decodeRdata(type, result);
          canonicalRdata(type, result);
          expect(hex(rdataFromText(type, rdataToText(type, result)))).toBe(hex(result));
        }
      }
    });

    test("one octet too many is malformed, unless the last field takes it", () => {
      if (open !== "nothing") return;
      if (type === TYPE.CAA) return; // its value is the rest
      expectWireError(() => read(type, Uint8Array.from([...rdata, 0])));
    });

    test("an RDLENGTH beyond the message is malformed", () => {
      expectWireError(() => readRdata(type, new Reader(rdata), rdata.length + 1), /RDLENGTH/);
    });

    test("other octets give RDATA that stays as it is, or a WireError", () => {
      const changes = fc.array(fc.tuple(fc.nat(rdata.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
      fc.assert(
        fc.property(changes, (changed) => {
          const mutated = rdata.slice();
          for (const [at, octet] of changed) mutated[at] = octet;
          let result: Uint8Array;
          try {
            result = read(type, mutated);
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
            return;
          }
          decodeRdata(type, result);
          const canonical = canonicalRdata(type, result);
          expect(canonicalRdata(type, canonical)).toBe(canonical);
          const printed = rdataToText(type, result);
          // A6, LOC and bitmaps have octets that mean nothing; all others survive their text.
          if (![TYPE.A6, TYPE.NXT, TYPE.NSEC, TYPE.NSEC3, TYPE.CSYNC, TYPE.LOC].includes(type as 38))
            expect(hex(rdataFromText(type, printed))).toBe(hex(result));
        }),
        { numRuns: 60 },
      );
    });
  },
);

describe("names in RDATA", () => {
  /** example.com at octet 12, RDATA of one label and a pointer there. */
  const message = Uint8Array.from([...new Uint8Array(12), ...Name.parse("Example.COM").wire]);
  const withPointer = (before: string, behind = ""): Reader =>
    new Reader(
      Uint8Array.from([...message, ...octets(before), ...octets("03 777777 c00c"), ...octets(behind)]),
      message.length,
    );

  test.each([
    [TYPE.NS, "", ""],
    [TYPE.MX, "000a", ""],
    [TYPE.SOA, "00", "0000000100000002000000030000000400000005"],
    [TYPE.MINFO, "00", ""],
    [TYPE.SRV, "000000000019", ""],
    [TYPE.NAPTR, "00000000000000", ""],
    [TYPE.DNAME, "", ""],
    [TYPE.KX, "0001", ""],
    [TYPE.RP, "00", ""],
    [TYPE.AFSDB, "0001", ""],
    [TYPE.RT, "0001", ""],
    [TYPE.PX, "000100", ""],
    [TYPE.NXT, "", "40"],
    [TYPE.SIG, "0001 08 02 00000001 00000002 00000003 0004", "ff"],
  ])("type %i: compressed ones are written out (RFC 3597 §4)", (type, before, behind) => {
    const reader = withPointer(before, behind);
    const rdata = readRdata(type, reader, reader.remaining);
    expect(hex(rdata)).toBe(`${hex(octets(before))}${hex(Name.parse("www.Example.COM").wire)}${behind}`);
    expect(reader.remaining).toBe(0);
  });

  test.each([
    [TYPE.RRSIG, "0001 08 02 00000001 00000002 00000003 0004", "ff"],
    [TYPE.NSEC, "", "000140"],
    [TYPE.SVCB, "0001", ""],
    [TYPE.HTTPS, "0001", ""],
    [TYPE.LP, "0001", ""],
    [TYPE.A6, "80", ""],
  ])("type %i: compressed ones are malformed", (type, before, behind) => {
    const reader = withPointer(before, behind);
    expectWireError(() => readRdata(type, reader, reader.remaining), /none is allowed/);
  });

  test("octets of unknown types are left alone, pointers or not", () => {
    const reader = withPointer("000a");
    expect(hex(readRdata(65280, reader, reader.remaining))).toBe("000a03777777c00c");
  });

  test("a name may not run over the end of its RDATA into the next record", () => {
    const reader = withPointer("", "00");
    expectWireError(() => readRdata(TYPE.NS, reader, 5), /cut off/);
    const behind = new Reader(octets("01 61 00"));
    expectWireError(() => readRdata(TYPE.NS, behind, 2), /runs past/);
  });
});

describe("canonical form (RFC 4034 §6.2, RFC 6840 §5.1)", () => {
  test.each([
    [TYPE.NS, "A.B.", "a.b."],
    [TYPE.SOA, "A. B. 1 2 3 4 5", "a. b. 1 2 3 4 5"],
    [TYPE.MX, "10 MAIL.", "10 mail."],
    [TYPE.SRV, "1 2 16705 HOST.", "1 2 16705 host."], // port 0x4141 is no letter
    [TYPE.DNAME, "X.", "x."],
    [TYPE.KX, "1 X.", "1 x."],
    [
      TYPE.RRSIG,
      "A 8 2 1 20260301000000 20260301000000 1 ZONE. QUJD",
      "A 8 2 1 20260301000000 20260301000000 1 zone. QUJD",
    ],
    [
      TYPE.SIG,
      "A 8 2 1 20260301000000 20260301000000 1 ZONE. QUJD",
      "A 8 2 1 20260301000000 20260301000000 1 zone. QUJD",
    ],
    [TYPE.NAPTR, '1 2 "U" "S" "R" X.', '1 2 "U" "S" "R" x.'],
    [TYPE.PX, "1 X. Y.", "1 x. y."],
    [TYPE.NXT, "X. A MX", "x. A MX"],
    [TYPE.A6, "64 ::4142:4344:4546:4748 X.", "64 ::4142:4344:4546:4748 x."],
  ])("type %i: %s becomes %s", (type, text, canonical) => {
    expect(rdataToText(type, canonicalRdata(type, rdataFromText(type, text)))).toBe(canonical);
  });

  test.each([
    [TYPE.NSEC, "NEXT. A"],
    [TYPE.HINFO, '"CPU" "OS"'],
    [TYPE.TXT, '"ABC"'],
    [TYPE.SVCB, "1 TARGET."],
    [TYPE.LP, "1 TARGET."],
    [TYPE.CAA, '0 ISSUE "CA"'],
    [TYPE.DNSKEY, "257 3 8 QUJD"],
    [65280, "\\# 3 414243"],
  ])("type %i: %s stays", (type, text) => {
    const rdata = rdataFromText(type, text);
    expect(canonicalRdata(type, rdata)).toBe(rdata);
  });

  test("what is canonical already is the same array, and letters outside names make no copy", () => {
    for (const [type, text] of [
      [TYPE.NS, "a.b."],
      [TYPE.NAPTR, '1 2 "U" "" "" a.'],
    ] as const) {
      const rdata = rdataFromText(type, text);
      expect(canonicalRdata(type, rdata)).toBe(rdata);
    }
  });

  test("the RDATA itself is not changed", () => {
    const rdata = rdataFromText(TYPE.MX, "1 MAIL.");
    canonicalRdata(TYPE.MX, rdata);
    expect(rdataToText(TYPE.MX, rdata)).toBe("1 MAIL.");
  });
});

describe("what attackers send (ATTACKS A-47)", () => {
  const nsec3 = (hash: string, bitmap = ""): Uint8Array => octets(`01 00 0000 00 ${hash} ${bitmap}`);
  const nsec = (bitmap: string): Uint8Array => octets(`00 ${bitmap}`);

  test.each([
    [
      "an RRSIG without signature",
      TYPE.RRSIG,
      octets("0001 08 02 00000001 00000002 00000003 0004 00"),
      /1 octets needed/,
    ],
    ["an NSEC3 hash of no octets", TYPE.NSEC3, nsec3("00"), /empty hash/],
    ["an NSEC3 hash of 255 octets that are not there", TYPE.NSEC3, nsec3("ff 00"), /255 octets needed/],
    ["a bitmap window without octets", TYPE.NSEC, nsec("00 00"), /window of 0/],
    ["a bitmap window of 33 octets", TYPE.NSEC, nsec(`00 21 ${"01".repeat(33)}`), /window of 33/],
    ["bitmap windows in wrong order", TYPE.NSEC, nsec("01 01 40 00 01 40"), /window 0 after 1/],
    ["a bitmap window twice", TYPE.NSEC3, nsec3("01 aa", "00 01 40 00 01 40"), /window 0 after 0/],
    ["a bitmap window that is cut off", TYPE.CSYNC, octets("00000001 0000 00 04 40"), /octets needed/],
    ["a DNSKEY of three octets", TYPE.DNSKEY, octets("0101 03"), /octets needed/],
    ["a TXT without strings", TYPE.TXT, octets(""), /octets needed/],
    ["a CAA with an empty tag", TYPE.CAA, octets("00 00 61"), /empty tag/],
    ["an A6 with a prefix of 129 bits", TYPE.A6, octets("81 00"), /129 bits/],
    ["an A of five octets", TYPE.A, octets("0102030405"), /too many/],
    ["an AAAA of four octets", TYPE.AAAA, octets("01020304"), /octets needed/],
  ])("%s is malformed", (_what, type, rdata, why) => {
    expectWireError(() => read(type, rdata), why);
  });

  test("an NSEC3 hash may have 255 octets, a bitmap window 32", () => {
    expect(decodeRdata(TYPE.NSEC3, nsec3(`ff ${"ab".repeat(255)}`)).nextHashed.length).toBe(255);
    const types = decodeRdata(
      TYPE.NSEC,
      read(TYPE.NSEC, nsec(`00 20 ${"00".repeat(31)} 01 ff 20 ${"00".repeat(31)} 01`)),
    ).types;
    expect([...types]).toEqual([255, 65535]);
  });

  test("names that are long once they are written out do not make RDATA longer than 65535 octets", () => {
    const long = Name.parse(`${"x".repeat(63)}.`.repeat(3));
    const start = 12 + long.wire.length;
    const length = 65535;
    const sig = new Uint8Array(start + length).fill(1);
    sig.set(long.wire, 12);
    sig.set(octets("c00c"), start + 18);
    expectWireError(() => readRdata(TYPE.SIG, new Reader(sig, start), length), /65\d{3} octets once/);
  });
});

describe("values", () => {
  test("are typed by the table", () => {
    const { next, types } = decodeRdata(TYPE.NSEC, rdataFromText(TYPE.NSEC, "a.example. A RRSIG NSEC"));
    expect(next.toString()).toBe("a.example.");
    expect(types.has(TYPE.RRSIG) && !types.has(TYPE.NS)).toBe(true);
    const soa = decodeRdata(TYPE.SOA, rdataFromText(TYPE.SOA, "a. b. 4294967295 1h 15m 1w 3600"));
    expect(soa).toMatchObject({ serial: 4294967295, refresh: 3600, retry: 900, expire: 604800, minimum: 3600 });
    expect(decodeRdata(65280, octets("0102"))).toEqual({ octets: octets("0102") });
  });

  test.each([
    ["an address of the other family", () => encodeRdata(TYPE.A, { address: "::1" })],
    ["what is no address", () => encodeRdata(TYPE.AAAA, { address: "localhost" })],
    ["a preference above 65535", () => encodeRdata(TYPE.MX, { preference: 65536, exchange: Name.root })],
    ["a negative number", () => encodeRdata(TYPE.MX, { preference: -1, exchange: Name.root })],
    ["half a number", () => encodeRdata(TYPE.MX, { preference: 0.5, exchange: Name.root })],
    ["no strings", () => encodeRdata(TYPE.TXT, { strings: [] })],
    ["a string of 256 octets", () => encodeRdata(TYPE.TXT, { strings: [new Uint8Array(256)] })],
    ["an empty tag", () => encodeRdata(TYPE.CAA, { flags: 0, tag: new Uint8Array(0), value: new Uint8Array(0) })],
    ["an EUI-48 of five octets", () => encodeRdata(TYPE.EUI48, { address: new Uint8Array(5) })],
    ["an NXT with a high type", () => encodeRdata(TYPE.NXT, { next: Name.root, types: new Set([128]) })],
    [
      "an A6 prefix without name",
      () => encodeRdata(TYPE.A6, { suffix: { prefixLength: 64, address: "::", prefix: null } }),
    ],
  ])("%s: refused, not written as something else", (_what, encode) => {
    expect(encode).toThrow(RangeError);
  });

  test("an RRSIG is written as it was read, octet by octet", () => {
    const rdata = rdataFromText(TYPE.RRSIG, "A 13 2 3600 20380119031408 19700101000000 65535 ExAmPlE. /////w==");
    expect(hex(encodeRdata(TYPE.RRSIG, decodeRdata(TYPE.RRSIG, rdata)))).toBe(hex(rdata));
  });

  test("sets of types survive their bitmap", () => {
    const types = fc.uniqueArray(fc.nat(65535), { maxLength: 40 });
    fc.assert(
      fc.property(types, (numbers) => {
        const rdata = encodeRdata(TYPE.NSEC, { next: Name.root, types: new Set(numbers) });
        expect(hex(read(TYPE.NSEC, rdata))).toBe(hex(rdata));
        expect([...decodeRdata(TYPE.NSEC, rdata).types]).toEqual([...numbers].sort((a, b) => a - b));
      }),
    );
  });
});

test("a bitmap of all types is read where it stands, and is a set like any other", () => {
  const windows = Array.from({ length: 256 }, (_, window) => [window, 32, ...new Array(32).fill(0xaa)]).flat();
  const rdata = Uint8Array.of(0, ...windows);
  const { types } = decodeRdata(TYPE.NSEC, rdata);
  const expected = Array.from({ length: 32768 }, (_, i) => 2 * i);
  expect([...types]).toEqual(expected);
  expect(types.size).toBe(32768);
  expect([0, 1, 2, 3, 255, 256, 65534, 65535].map((type) => types.has(type))).toEqual(
    [0, 1, 2, 3, 255, 256, 65534, 65535].map((type) => type % 2 === 0),
  );
  expect(encodeRdata(TYPE.NSEC, { next: Name.root, types })).toEqual(rdata);
  const short = decodeRdata(
    TYPE.NSEC,
    Uint8Array.of(0, 0, 1, 0x40, 1, 32, ...new Array(32).fill(1), 255, 32, ...new Array(32).fill(1)),
  );
  expect([1, 8, 255, 256 + 7, 65535].map((type) => short.types.has(type))).toEqual([true, false, false, true, true]);
});
