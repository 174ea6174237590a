/** The reader of `.rpl` files: both dialects, and faults that name file and line. */
import { existsSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { toHex } from "./octets.ts";
import { parseScenario, readScenario } from "./parse.ts";
import { recordFromLine } from "./records.ts";

const corpora = new URL("../../../shared/rpl/", import.meta.url).pathname;

const testbound = `; a story
server:
  val-override-date: "20070916134226"   # a comment
  trust-anchor: "example. DS 1 8 2 aabb ; no comment"
stub-zone: name: "." stub-addr: 193.0.14.129
CONFIG_END
SCENARIO_BEGIN one question
RANGE_BEGIN 0 100 ; all the time
  ADDRESS 1.2.3.4
ENTRY_BEGIN
MATCH opcode qname
MATCH qtype ede=6
ADJUST copy_id
REPLY QR AA NXDOMAIN DO
SECTION QUESTION
www.example. IN A
SECTION AUTHORITY
example. 60 IN SOA a. b. 1 2 3 4 5 ;{a note}
ENTRY_END
RANGE_END
RANGE_END
STEP 1 QUERY
ENTRY_BEGIN
REPLY RD
SECTION QUESTION
www.example. A
ENTRY_END
STEP 2 TIME_PASSES ELAPSE 0.5
STEP 3 TIMEOUT
STEP 4 ASSIGN t0 = \${time}
STEP 10 CHECK_ANSWER
ENTRY_BEGIN
MATCH all
REPLY QR RD RA SERVFAIL
SECTION QUESTION
www.example. IN A
ENTRY_END
SCENARIO_END
whatever follows does not matter
`;

describe("a testbound file", () => {
  const scenario = parseScenario("story.rpl", testbound);
  test("has clauses, and values that may hold semicolons", () => {
    expect(scenario.dialect).toBe("testbound");
    expect(
      scenario.config.clauses.map((clause) => [clause.name, clause.options.map((o) => [o.name, o.values])]),
    ).toEqual([
      [
        "server",
        [
          ["val-override-date", ["20070916134226"]],
          ["trust-anchor", ["example. DS 1 8 2 aabb ; no comment"]],
        ],
      ],
      [
        "stub-zone",
        [
          ["name", ["."]],
          ["stub-addr", ["193.0.14.129"]],
        ],
      ],
    ]);
  });
  test("has ranges with templates, whose MATCH lines add up", () => {
    const [range] = scenario.ranges;
    expect(range).toMatchObject({ first: 0, last: 100, addresses: ["1.2.3.4"] });
    const entry = range!.entries[0]!;
    expect([...entry.match.words]).toEqual(["opcode", "qname", "qtype"]);
    expect(entry.match.ede).toBe(6);
    expect(entry).toMatchObject({ rcode: 3, edns: { dnssecOk: true } });
    expect(entry.authority[0]).toMatchObject({ ttl: 60, type: 6 });
  });
  test("has steps in order", () => {
    expect(scenario.steps.map((step) => [step.number, step.kind])).toEqual([
      [1, "query"],
      [2, "time passes"],
      [3, "timeout"],
      [4, "assign"],
      [10, "check answer"],
    ]);
  });
});

test("a Deckard file has plain keys and raw packets", () => {
  const scenario = parseScenario(
    "d.rpl",
    "; server:\n\tdo-ip6: no\n\tstub-addr: 193.0.14.129 # K\nCONFIG_END\nSCENARIO_BEGIN x\nSTEP 10 QUERY\nENTRY_BEGIN\nRAW\n00ff\nENTRY_END\nSCENARIO_END\n",
  );
  expect(scenario.dialect).toBe("deckard");
  expect(scenario.config.clauses[0]!.options.map((o) => [o.name, o.values[0]])).toEqual([
    ["do-ip6", "no"],
    ["stub-addr", "193.0.14.129"],
  ]);
  expect(scenario.steps[0]).toMatchObject({ kind: "query", entry: { octets: Uint8Array.of(0, 255) } });
});

test.each([
  ["a MATCH word nobody knows", "MATCH opcode", "MATCH opcod", 'story.rpl:11: MATCH has no word "opcod"'],
  [
    "a type nobody knows",
    "www.example. IN A\nSECTION AUTH",
    "www.example. IN AB\nSECTION AUTH",
    'story.rpl:16: "AB" is no RR type',
  ],
  ["a step that goes back", "STEP 10 CHECK", "STEP 3 CHECK", "step 3 after step 4"],
  ["a file that ends early", "SCENARIO_END\n", "", "is neither a range nor a step"],
  ["an address that is none", "1.2.3.4", "1.2.3.400", 'story.rpl:9: "1.2.3.400" is no address'],
  ["RDATA with a field too few", "1 2 3 4 5", "1 2 3 4", "story.rpl:18: a time is missing"],
])("%s is named with its line", (_, part, instead, message) => {
  expect(testbound).toContain(part);
  expect(() => parseScenario("story.rpl", testbound.replace(part, instead))).toThrow(message);
});

test.each([
  ["a. 60 A 1.2.3.4", "01020304"],
  ["a. IN 60 AAAA ::ffff:1.2.3.4", "00000000000000000000ffff01020304"],
  ["a. A \\# 3 01 0203", "010203"],
  ['a. TXT "a b" c\\;d', "0361206203633b64"],
  ["a. NSEC b. A RRSIG TYPE257", "016200 0006 400000000002 0101 40"],
  ["a. NSEC3 1 1 12 aabb 00000000000000000000000000000000 A", `0101000c02aabb14${"00".repeat(20)}000140`],
  ["a. NSEC3PARAM 1 0 0 -", "0100000000"],
  [
    "a. RRSIG A DSA 2 3600 20070926134150 20070829134150 2854 a. AAAA",
    "00010302 00000e10 46fa619e 46d5779e 0b26 016100 000000",
  ],
  ["a. HTTPS 1 . port=443 alpn=h2", "000100 0001 0003 026832 0003 0002 01bb"],
  ["a. SOA b. c. 1 2 3 4 1h 9", "016200 016300 00000001 00000002 00000003 00000004 00000e10"],
])("%s becomes octets", (line, octets) => {
  expect(toHex(recordFromLine(line, 1).rdata)).toBe(octets.replaceAll(" ", ""));
});

describe.skipIf(!existsSync(corpora))("the corpora in ../shared/rpl", () => {
  const files = ["unbound", "deckard"].flatMap((corpus) =>
    existsSync(corpora + corpus)
      ? readdirSync(corpora + corpus)
          .filter((name) => /\.c?rpl$/.test(name))
          .map((name) => `${corpus}/${name}`)
      : [],
  );
  test("are found", () => expect(files.length).toBeGreaterThan(300));
  test.each(files)("%s is read", (file) => {
    const scenario = readScenario(corpora + file);
    expect(scenario.dialect).toBe(file.startsWith("unbound") ? "testbound" : "deckard");
    expect(scenario.steps.length).toBeGreaterThan(0);
  });
});
