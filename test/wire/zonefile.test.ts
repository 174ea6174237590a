import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Name } from "../../src/wire/name.ts";
import { rdataFromText, rdataToText } from "../../src/wire/rdata.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { TextError } from "../../src/wire/text.ts";
import { timeFromText, timeToText } from "../../src/wire/time.ts";
import { parseZone, recordToText, ZoneFileError, type ZoneFileOptions } from "../../src/wire/zonefile.ts";
import { hex } from "./octets.ts";

const lines = (text: string, options: ZoneFileOptions = {}): string[] => parseZone(text, options).map(recordToText);
const origin = Name.parse("example.com");

describe("a zone file (RFC 1035 §5)", () => {
  test("origin, default TTL, relative names, owners and TTLs that repeat, parentheses, comments", () => {
    const text = `
$ORIGIN example.com.   ; what relative names are below
$TTL 1h
@  IN SOA ns hostmaster ( ; a record may take
     2026030100 ; several
     1d 2h ; lines
     4w 300 )
   NS ns
   600 NS ns.other.test.
ns IN 60 A 192.0.2.1
   60 IN AAAA 2001:db8::1
$ORIGIN sub
@  TXT "a; b" (c "d e")
w\\.w A 192.0.2.2
`;
    expect(lines(text)).toEqual([
      "example.com. 3600 IN SOA ns.example.com. hostmaster.example.com. 2026030100 86400 7200 2419200 300",
      "example.com. 3600 IN NS ns.example.com.",
      "example.com. 600 IN NS ns.other.test.",
      "ns.example.com. 60 IN A 192.0.2.1",
      "ns.example.com. 60 IN AAAA 2001:db8::1",
      'sub.example.com. 3600 IN TXT "a; b" "c" "d e"',
      "w\\.w.sub.example.com. 3600 IN A 192.0.2.2",
    ]);
  });

  test("an escaped dot at the end does not make a name absolute", () => {
    expect(lines("a\\. CNAME b\\\\.\nc\\\\. CNAME d\\.", { origin })).toEqual([
      "a\\..example.com. 3600 IN CNAME b\\\\.",
      "c\\\\. 3600 IN CNAME d\\..example.com.",
    ]);
  });

  test("without an origin every name is absolute", () => {
    expect(lines("www.example A 192.0.2.1")).toEqual(["www.example. 3600 IN A 192.0.2.1"]);
    expect(lines("@ NS a")).toEqual([". 3600 IN NS a."]);
  });

  test("without $TTL the last TTL counts, else that of the caller", () => {
    expect(lines("a 60 A 192.0.2.1\nb A 192.0.2.2")).toEqual(["a. 60 IN A 192.0.2.1", "b. 60 IN A 192.0.2.2"]);
    expect(lines("a A 192.0.2.1", { defaultTtl: 5 })).toEqual(["a. 5 IN A 192.0.2.1"]);
    // RFC 2308 §4: $TTL, not the TTL of the record before.
    expect(lines("$TTL 300\na 60 A 192.0.2.1\nb A 192.0.2.2")[1]).toBe("b. 300 IN A 192.0.2.2");
  });

  test.each(["1 IN", "IN 1", "1", "1 in", "1 CLASS1", "1s"])("TTL and class as %j", (between) => {
    expect(lines(`a ${between} A 192.0.2.1`)).toEqual(["a. 1 IN A 192.0.2.1"]);
  });

  test("other classes, types without a row, and any type in the form of RFC 3597 §5", () => {
    expect(
      lines(
        "a CH TXT x\na CLASS32 TYPE731 \\# 6 abcd ( ef 01 23 45 )\na A \\# 4 c0000201\na TYPE1 192.0.2.1\na TYPE65280 \\# 0",
      ),
    ).toEqual([
      'a. 3600 CH TXT "x"',
      "a. 3600 CLASS32 TYPE731 \\# 6 ABCDEF012345",
      "a. 3600 IN A 192.0.2.1",
      "a. 3600 IN A 192.0.2.1",
      "a. 3600 IN TYPE65280 \\# 0",
    ]);
  });

  test("carriage returns, tabs, blank lines and lines of comments do not matter", () => {
    expect(lines("; head\r\n\r\na\tA\t192.0.2.1\r\n  \r\n\t; note\r\n\tA\t192.0.2.2 ; end\r\n")).toEqual([
      "a. 3600 IN A 192.0.2.1",
      "a. 3600 IN A 192.0.2.2",
    ]);
  });

  test("quotes keep blanks, semicolons and parentheses; escapes say any octet", () => {
    const [record] = parseZone('a TXT "a (b) ; c \\" \\\\ \\009" plain\\;word "" \\#');
    expect(rdataToText(TYPE.TXT, record!.rdata)).toBe('"a (b) ; c \\" \\\\ \\009" "plain;word" "" "#"');
  });

  test("the caller hears on which line each record began", () => {
    const heard: [string, number][] = [];
    parseZone("\na A 192.0.2.1\nb SOA a b (\n1 2 3\n4 5 )\nc A 192.0.2.2", {
      onRecord: (record, line) => heard.push([record.name.toString(), line]),
    });
    expect(heard).toEqual([
      ["a.", 2],
      ["b.", 3],
      ["c.", 6],
    ]);
  });

  test("what is printed is read again", () => {
    const octet = fc.uint8Array({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        fc.array(octet, { maxLength: 4 }),
        fc.array(octet, { minLength: 1, maxLength: 4 }),
        (owner, strings) => {
          const rdata = Uint8Array.from(strings.flatMap((each) => [each.length, ...each]));
          const record = { name: Name.fromLabels(owner), type: TYPE.TXT, class: 1, ttl: 1, rdata };
          const [again] = parseZone(recordToText(record), { origin });
          expect(again!.name.wire).toEqual(record.name.wire);
          expect(hex(again!.rdata)).toBe(hex(rdata));
        },
      ),
    );
  });
});

describe("what is wrong is named with source and line", () => {
  const fails = (text: string): ZoneFileError => {
    try {
      parseZone(text, { source: "zones/test", origin });
    } catch (error) {
      expect(error).toBeInstanceOf(ZoneFileError);
      return error as ZoneFileError;
    }
    throw new Error(`${text} was accepted`);
  };

  test.each([
    ["an owner that is missing", " A 192.0.2.1", 1, /no owner/],
    ["a type that is missing", "a 60 IN", 1, /type is missing/],
    ["a type that is none", "a IN NOPE x", 1, /"NOPE" is no RR type/],
    ["an address that is none", "\n\na A 192.0.2", 3, /"192.0.2" is no IPv4 address/],
    ["RDATA that end early", "a MX 10", 1, /a name is missing/],
    ["RDATA that go on", "a A 192.0.2.1 192.0.2.2", 1, /too much for A/],
    ["a number that is too large", "a MX 65536 b", 1, /65536/],
    ["a name that is too long", `a CNAME ${"x".repeat(64)}`, 1, /64 octets/],
    ["a relative name that the origin makes too long", `a CNAME ${`${"x".repeat(60)}.`.repeat(4)}x`, 1, /octets/],
    ["a parenthesis never closed", "a A 192.0.2.1\nb SOA (\na b\n", 2, /never closed/],
    ["a closing parenthesis too many", "a A 192.0.2.1 )", 1, /too many/],
    ["a quote never closed", 'a TXT "x', 1, /quote is never closed/],
    ["a quote closed by an escape", 'a TXT "x\\"', 1, /quote is never closed/],
    ["a backslash at the end", "a TXT x\\", 1, /escape/],
    ["an escape above 255", "a TXT \\256", 1, /escape/],
    ["an escape of two digits", "a TXT \\12x", 1, /escape/],
    ["a character outside ASCII", 'a TXT "é"', 1, /outside ASCII/],
    ["an owner outside ASCII", "müller A 192.0.2.1", 1, /xn--/],
    ["$INCLUDE", "$INCLUDE other", 1, /\$INCLUDE is not supported/],
    ["$GENERATE", "$GENERATE 1-2 a A 192.0.2.$", 1, /\$GENERATE is not supported/],
    ["a $TTL that is none", "$TTL soon", 1, /no TTL/],
    ["generic RDATA of another length", "a A \\# 4 c00002", 1, /3 octets/],
    ["generic RDATA that are no hexadecimal", "a A \\# 4 c000020g", 1, /no octets/],
    ["generic RDATA that the type does not allow", "a A \\# 3 c00002", 1, /A: /],
    ["a type of which only the generic form is known", "a TYPE731 x", 1, /length hex/],
    ["base64 that is none", "a DNSKEY 257 3 8 A*", 1, /not base64/],
    ["hexadecimal that is none", "a DS 1 2 3 abc", 1, /not hexadecimal/],
    ["base32hex that is none", "a NSEC3 1 0 0 - w A", 1, /base32hex/],
    ["a time that is none", "a RRSIG A 8 2 1 20260230000000 20260101000000 1 a AAAA", 1, /no time/],
    ["RDATA of more than 65535 octets", `a TXT ${`"${"x".repeat(250)}" `.repeat(300)}`, 1, /65535/],
  ])("%s", (_what, text, line, why) => {
    const error = fails(text);
    expect(error).toMatchObject({ source: "zones/test", line });
    expect(error.reason).toMatch(why);
    expect(error.message).toBe(`zones/test:${line}: ${error.reason}`);
  });

  test("no text makes anything but a ZoneFileError", () => {
    const words = fc.constantFrom(
      "a",
      "@",
      "IN",
      "A",
      "TXT",
      "SOA",
      "MX",
      "SVCB",
      "LOC",
      "RRSIG",
      "1",
      "1h",
      '"',
      "\\",
      "(",
      ")",
      ";",
      "\n",
      " ",
      "\\#",
      "$TTL",
      "$ORIGIN",
      "=",
      "alpn=",
      "192.0.2.1",
      "é",
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 14 }), fc.constantFrom("", " "), (chosen, between) => {
        try {
          parseZone(chosen.join(between), { origin });
        } catch (error) {
          expect(error).toBeInstanceOf(ZoneFileError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("a megabyte of anything is read in no time", () => {
    for (const text of [
      "\\".repeat(1e6),
      "(".repeat(1e6),
      '"'.repeat(1e6),
      "a".repeat(1e6),
      `a TXT ${'""'.repeat(1e5)}`,
    ]) {
      const started = performance.now();
      expect(() => parseZone(text)).toThrow(ZoneFileError);
      expect(performance.now() - started).toBeLessThan(1000);
    }
  });
});

describe("RDATA by itself", () => {
  test("may have comments and parentheses, and names below an origin", () => {
    expect(rdataToText(TYPE.SOA, rdataFromText(TYPE.SOA, "@ b ( 1 2 ; serial\n 3 4 5 )", origin))).toBe(
      "example.com. b.example.com. 1 2 3 4 5",
    );
  });

  test("a quoted \\# is a string, not the generic form", () => {
    expect(rdataToText(TYPE.TXT, rdataFromText(TYPE.TXT, '"\\#" 1'))).toBe('"#" "1"');
  });

  test.each([
    [TYPE.A, ""],
    [TYPE.TXT, '"x'],
    [TYPE.A, "\\#"],
    [TYPE.A, "\\# x"],
    [TYPE.LOC, "91 N 0 E 0"],
    [TYPE.LOC, "90 0 0.001 N 0 E 0"],
    [TYPE.LOC, "0 E 0 N 0"],
    [TYPE.LOC, "1 2 3 4 N 0 E 0"],
    [TYPE.LOC, "1.5 N 0 E 0"],
    [TYPE.LOC, "0 N 0 E 42849672.96m"],
    [TYPE.LOC, "0 N 0 E -100000.01m"],
    [TYPE.LOC, "0 N 0 E 0 -1m"],
    [TYPE.EUI48, "00-00-5e-00-53"],
    [TYPE.NID, "1 0014:4fff:ff20:ee645"],
    [TYPE.A6, "129 ::"],
    [TYPE.A6, "64 ::1"],
    [TYPE.NXT, "a. TYPE128"],
  ])("type %i: %j is refused", (type, text) => {
    expect(() => rdataFromText(type, text)).toThrow(TextError);
  });
});

describe("times (RFC 4034 §3.2)", () => {
  test.each([
    [0, "19700101000000"],
    [951_782_400, "20000229000000"],
    [4_107_542_399, "21000228235959"],
    [4_107_542_400, "21000301000000"],
    [2_147_483_648, "20380119031408"],
    [4_294_967_295, "21060207062815"],
  ])("%i is %s", (seconds, text) => {
    expect(timeToText(seconds)).toBe(text);
    expect(timeFromText(text)).toBe(seconds);
    expect(timeFromText(String(seconds))).toBe(seconds);
  });

  test("agrees with the host's calendar", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), (seconds) => {
        expect(timeToText(seconds)).toBe(new Date(seconds * 1000).toISOString().replace(/[-:T]|\..*$/g, ""));
      }),
    );
  });

  test("later ones go round, for the field is a serial number", () => {
    expect(timeFromText("21060207062816")).toBe(0);
  });

  test.each([
    "20260229000000",
    "20261301000000",
    "20260001000000",
    "20260100000000",
    "20260132000000",
    "20260101240000",
    "20260101006000",
    "20260101000060",
    "19691231235959",
    "2026010100000",
    "4294967296",
    "",
    "-1",
    "1e3",
  ])("%j is none", (text) => {
    expect(timeFromText(text)).toBeNull();
  });
});
