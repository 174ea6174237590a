/** The harness on itself: a world of a few lines, and a "resolver" that only relays, so that nothing but the runner is tested. */
import { describe, expect, test } from "vitest";
import type { Ask, ExchangeResult } from "../../src/env/env.ts";
import { Reader } from "../../src/wire/cursor.ts";
import { Name } from "../../src/wire/name.ts";
import { RCODE } from "../../src/wire/registry.ts";
import { buildMessage, type Parts } from "./build.ts";
import { parseScenario } from "./parse.ts";
import { runScenario } from "./run.ts";
import type { HeaderFlag, TemplateRecord } from "./scenario.ts";
import type { MakeSubject } from "./subject.ts";

/** Asks 1.2.3.4 whatever it is asked, tries twice, and passes the answer on. */
const relay: MakeSubject = ({ world, clock }) => ({
  faults: [],
  close: async () => {},
  async respond(request) {
    const reader = new Reader(request, 12);
    const question = { name: Name.read(reader), type: reader.u16(), class: reader.u16() };
    const ask: Ask = {
      server: { address: "1.2.3.4", port: 53 },
      transport: "udp",
      question,
      rd: false,
      cd: false,
      edns: null,
      timeoutMs: 1000,
    };
    let result: ExchangeResult = { kind: "timeout", discarded: 0 };
    for (let tries = 0; tries < 2 && result.kind !== "reply"; tries++)
      result = await world.exchange(ask, new AbortController().signal);
    const flags = new Set<HeaderFlag>(["QR", "RD", "RA"]);
    const parts: Parts = {
      id: 0,
      opcode: 0,
      rcode: result.kind === "reply" ? result.message.rcode : RCODE.SERVFAIL,
      flags,
      question: [question],
      answer: [],
      authority: [],
      additional: [],
      edns: null,
    };
    if (result.kind !== "reply") return buildMessage(parts);
    const age = Math.floor(clock.monotonicMs() / 1000);
    const aged = (record: Omit<TemplateRecord, "line">): TemplateRecord => ({
      ...record,
      ttl: record.ttl - age,
      line: 0,
    });
    const { message } = result;
    return buildMessage({ ...parts, answer: message.answer.map(aged), authority: message.authority.map(aged) });
  },
});

const testboundHead = 'stub-zone: name: "." stub-addr: 1.2.3.4\nqname-minimisation: no\nCONFIG_END\nSCENARIO_BEGIN t\n';
const deckardHead = "stub-addr: 1.2.3.4\nquery-minimization: off\nCONFIG_END\nSCENARIO_BEGIN t\n";

const template = (address: string, match = "opcode qname qtype"): string =>
  `ENTRY_BEGIN\nMATCH ${match}\nADJUST copy_id copy_query\nREPLY QR AA\nSECTION QUESTION\nwww.x. A\nSECTION ANSWER\nwww.x. 100 A ${address}\nENTRY_END\n`;
const range = (first: number, last: number, ...entries: string[]): string =>
  `RANGE_BEGIN ${first} ${last}\nADDRESS 1.2.3.4\n${entries.join("")}RANGE_END\n`;
const query = (step: number, name = "www.x."): string =>
  `STEP ${step} QUERY\nENTRY_BEGIN\nREPLY RD\nSECTION QUESTION\n${name} A\nENTRY_END\n`;
const check = (
  step: number,
  address: string | null,
  options: { match?: string; ttl?: number; header?: string } = {},
): string =>
  `STEP ${step} CHECK_ANSWER\nENTRY_BEGIN\nMATCH ${options.match ?? "all"}\nREPLY QR RD RA ${options.header ?? ""}\nSECTION QUESTION\nwww.x. A\nSECTION ANSWER\n${
    address === null ? "" : `www.x. ${options.ttl ?? 100} A ${address}\n`
  }ENTRY_END\n`;

async function run(head: string, ...parts: readonly string[]) {
  const result = await runScenario(parseScenario("t.rpl", `${head}${parts.join("")}SCENARIO_END\n`), {
    algorithms: "production",
    makeSubject: relay,
  });
  return {
    outcome: result.outcome,
    differences: result.failures.flatMap((failure) => failure.differences),
    notes: result.notes,
  };
}
const testbound = (...parts: readonly string[]) => run(testboundHead, ...parts);
const deckard = (...parts: readonly string[]) => run(deckardHead, ...parts);
const passes = { outcome: "pass", differences: [], notes: [] };

describe("a testbound world", () => {
  test("answers at the step that comes next", async () => {
    const early = range(0, 9, template("192.0.2.1"));
    const late = range(10, 19, template("192.0.2.2"));
    expect(await testbound(early, late, query(9), check(10, "192.0.2.2"))).toEqual(passes);
  });
  test("tries the range written last first, and falls through to the one before", async () => {
    const other = template("192.0.2.3").replaceAll("www.x.", "ftp.x.");
    expect(
      await testbound(
        range(0, 99, template("192.0.2.1")),
        range(0, 99, template("192.0.2.2")),
        query(1),
        check(2, "192.0.2.2"),
      ),
    ).toEqual(passes);
    expect(
      await testbound(range(0, 99, template("192.0.2.1")), range(0, 99, other), query(1), check(2, "192.0.2.1")),
    ).toEqual(passes);
  });
  test("has questions wait for a REPLY step that is yet to come, and fail at TIMEOUT steps", async () => {
    const reply = template("192.0.2.7").replace("ENTRY_BEGIN", "STEP 4 REPLY\nENTRY_BEGIN");
    expect(await testbound(query(1), "STEP 3 TIME_PASSES ELAPSE 0.5\n", reply, check(5, "192.0.2.7"))).toEqual(passes);
    expect(
      await testbound(query(1), "STEP 2 TIMEOUT\nSTEP 3 TIMEOUT\n", check(5, null, { header: "SERVFAIL" })),
    ).toEqual(passes);
    expect(await testbound(query(1), "STEP 2 ERROR\n", check(5, null, { header: "SERVFAIL" }))).toEqual(passes);
  });
  test("gives each REPLY once", async () => {
    const reply = template("192.0.2.7").replace("ENTRY_BEGIN", "STEP 4 REPLY\nENTRY_BEGIN");
    const again = await testbound(query(1), reply, check(5, "192.0.2.7"), query(6), check(7, "192.0.2.7"));
    expect(again.differences).toContain("rcode SERVFAIL, expected NOERROR");
  });
  test("drops a template whose RDATA no decoder accepts", async () => {
    const broken = template("\\# 3 010203");
    expect((await testbound(range(0, 9, broken), query(1), check(2, null, { header: "SERVFAIL" }))).outcome).toBe(
      "pass",
    );
  });
  test("compares TTLs when asked to, and forgives one second", async () => {
    const story = (ttl: number) =>
      testbound(
        range(0, 99, template("192.0.2.1")),
        "STEP 1 TIME_PASSES ELAPSE 30\n",
        query(2),
        check(3, "192.0.2.1", { match: "all ttl", ttl }),
      );
    expect(await story(70)).toEqual(passes);
    expect(await story(71)).toEqual(passes);
    expect((await story(72)).differences[0]).toMatch(/^TTL 70 of www\.x\./);
  });
});

describe("a Deckard world", () => {
  test("stays at the step of the question", async () => {
    const early = range(0, 9, template("192.0.2.1"));
    const late = range(10, 19, template("192.0.2.2"));
    expect(await deckard(early, late, query(9), check(10, "192.0.2.1"))).toEqual(passes);
  });
  test("uses the first live range only", async () => {
    const other = template("192.0.2.3").replaceAll("www.x.", "ftp.x.");
    const both = [range(0, 99, template("192.0.2.1")), range(0, 99, template("192.0.2.2"))];
    expect(await deckard(...both, query(1), check(2, "192.0.2.1"))).toEqual(passes);
    const first = await deckard(
      range(0, 99, other),
      range(0, 99, template("192.0.2.9")),
      query(1),
      check(2, "192.0.2.3"),
    );
    expect(first.outcome).toBe("fail");
  });
  test("fails when a MANDATORY template was not needed", async () => {
    const idle = template("192.0.2.3").replaceAll("www.x.", "ftp.x.").replace("MATCH", "MANDATORY\nMATCH");
    const result = await deckard(range(0, 99, template("192.0.2.1"), idle), query(1), check(2, "192.0.2.1"));
    expect(result.differences[0]).toContain("MANDATORY");
  });
});

describe("a failing scenario", () => {
  const world = range(0, 99, template("192.0.2.1"));
  test.each([
    ["another address", [query(1), check(2, "192.0.2.2")], "answer lacks www.x. 100 A 192.0.2.2"],
    ["a record too many", [query(1), check(2, null)], "answer has www.x. 100 A 192.0.2.1, which is not expected"],
    ["another rcode", [query(1), check(2, null, { header: "NXDOMAIN" })], "rcode NOERROR, expected NXDOMAIN"],
    ["another flag", [query(1), check(2, "192.0.2.1", { header: "AD" })], "AD is clear, expected set"],
    ["a question that is missing", [check(2, "192.0.2.1")], "no question is open to be answered"],
    ["an answer to something else", [query(1, "ftp.x."), check(2, null)], "question ftp.x. A, expected www.x. A"],
  ])("says what differs: %s", async (_, steps, difference) => {
    const result = await testbound(world, ...steps);
    expect(result.outcome).toBe("fail");
    expect(result.differences).toContain(difference);
  });
  test("does not skip over an option that nobody has explained", async () => {
    await expect(
      run('server: make-coffee: yes\nstub-zone: name: "." stub-addr: 1.2.3.4\nCONFIG_END\nSCENARIO_BEGIN t\n', world),
    ).rejects.toThrow("nobody has said what make-coffee means here");
  });
});
