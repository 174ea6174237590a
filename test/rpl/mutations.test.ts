/** Can the runner fail? Passing scenarios, each wounded in one place, must not pass any more. */
import { describe, expect, test } from "vitest";
import { TYPE } from "../../src/wire/registry.ts";
import { corpora, corporaPresent, manifestOf } from "./corpora.ts";
import { parseScenario, readScenario } from "./parse.ts";
import { runScenario } from "./run.ts";
import type { Entry, Scenario, Step, TemplateRecord } from "./scenario.ts";

type Check = Step & { readonly kind: "check answer" };

/** Null: this scenario has no place for it. */
type Mutation = (scenario: Scenario) => Scenario | null;

const isFullCheck = (step: Step): step is Check => step.kind === "check answer" && step.entry.match.words.has("all");

function withStep(scenario: Scenario, old: Step, instead: Step | null): Scenario {
  return {
    ...scenario,
    steps: scenario.steps.flatMap((step) => (step !== old ? [step] : instead === null ? [] : [instead])),
  };
}

function inCheck(
  scenario: Scenario,
  fits: (check: Check) => boolean,
  change: (entry: Entry) => Entry,
): Scenario | null {
  const check = scenario.steps.filter(isFullCheck).find(fits);
  return check === undefined ? null : withStep(scenario, check, { ...check, entry: change(check.entry) });
}

/** The query that a check is about: the last one before it. */
function queryBefore(scenario: Scenario, check: Check): (Step & { readonly kind: "query" }) | undefined {
  return scenario.steps.findLast(
    (step): step is Step & { readonly kind: "query" } => step.kind === "query" && step.number < check.number,
  );
}

const flipped = (record: TemplateRecord, at: number): TemplateRecord => {
  const rdata = record.rdata.slice();
  const place = at < 0 ? rdata.length + at : at;
  rdata[place] = rdata[place]! ^ 1;
  return { ...record, rdata };
};

const without = <T>(set: ReadonlySet<T>, item: T): Set<T> => new Set([...set].filter((other) => other !== item));

const mutations: Readonly<Record<string, Mutation>> = {
  "AD expected where it is not given, or the other way round": (scenario) =>
    inCheck(
      scenario,
      (check) => check.entry.rcode !== 2 && !queryBefore(scenario, check)!.entry.flags.has("CD"),
      (entry) => ({
        ...entry,
        flags: entry.flags.has("AD") ? without(entry.flags, "AD") : new Set([...entry.flags, "AD"]),
      }),
    ),
  "another rcode": (scenario) =>
    inCheck(
      scenario,
      () => true,
      (entry) => ({ ...entry, rcode: entry.rcode === 3 ? 0 : 3 }),
    ),
  "a record with one bit changed": (scenario) =>
    inCheck(
      scenario,
      (check) => check.entry.answer.some((record) => record.type === TYPE.A),
      (entry) => ({
        ...entry,
        answer: entry.answer.map((record) => (record.type === TYPE.A ? flipped(record, 3) : record)),
      }),
    ),
  "a record less": (scenario) =>
    inCheck(
      scenario,
      (check) => check.entry.answer.some((record) => record.type === TYPE.A),
      (entry) => ({
        ...entry,
        answer: entry.answer.filter((record) => record.type !== TYPE.A),
      }),
    ),
  "the query left out": (scenario) => {
    const check = scenario.steps.find(isFullCheck);
    const query = check && queryBefore(scenario, check);
    return query === undefined ? null : withStep(scenario, query, null);
  },
  "every signature of the world broken in one bit": (scenario) => {
    if (!scenario.steps.some((step) => isFullCheck(step) && step.entry.flags.has("AD"))) return null;
    const broken = (records: readonly TemplateRecord[]): TemplateRecord[] =>
      records.map((record) => (record.type === TYPE.RRSIG ? flipped(record, -1) : record));
    const entryWith = (entry: Entry): Entry => ({
      ...entry,
      answer: broken(entry.answer),
      authority: broken(entry.authority),
      additional: broken(entry.additional),
    });
    return {
      ...scenario,
      ranges: scenario.ranges.map((range) => ({ ...range, entries: range.entries.map(entryWith) })),
    };
  },
};

const outcomeOf = async (scenario: Scenario) => (await runScenario(scenario, { algorithms: "test" })).outcome;

describe.skipIf(!corporaPresent)("a scenario of ../shared/rpl that passes", () => {
  const core = corpora.flatMap((corpus) => manifestOf(corpus).filter((entry) => entry.class === "core"));
  // every fourth keeps the suite short, and they come in families
  const sample = core.filter((_, i) => i % 4 === 0).map(({ path, file }) => ({ file, path }));
  test.each(sample)("$file fails with each wound", async ({ path }) => {
    const scenario = readScenario(path);
    const { failures } = await runScenario(scenario, { algorithms: "test" });
    if (failures.length > 0) return; // conformance.test.ts says so, or it is a named deviation
    for (const [name, mutate] of Object.entries(mutations)) {
      const wounded = mutate(scenario);
      if (wounded !== null) expect(await outcomeOf(wounded), name).toBe("fail");
    }
  });
  test("there are places for every kind of wound", () => {
    const scenarios = sample.map(({ path }) => readScenario(path));
    for (const [name, mutate] of Object.entries(mutations))
      expect(scenarios.filter((scenario) => mutate(scenario) !== null).length, name).toBeGreaterThan(5);
  });
});

describe("a scenario of our own", () => {
  const own = parseScenario(
    "own.rpl",
    `stub-zone: name: "." stub-addr: 192.0.2.53
qname-minimisation: no
CONFIG_END
SCENARIO_BEGIN one answer from the root
RANGE_BEGIN 0 100
ADDRESS 192.0.2.53
ENTRY_BEGIN
MATCH opcode qname qtype
REPLY QR AA
SECTION QUESTION
. NS
SECTION ANSWER
. NS k.root-servers.net.
SECTION ADDITIONAL
k.root-servers.net. A 192.0.2.53
ENTRY_END
ENTRY_BEGIN
MATCH opcode qname qtype
REPLY QR AA
SECTION QUESTION
www.example. A
SECTION ANSWER
www.example. A 192.0.2.1
ENTRY_END
RANGE_END
STEP 1 QUERY
ENTRY_BEGIN
REPLY RD
SECTION QUESTION
www.example. A
ENTRY_END
STEP 2 CHECK_ANSWER
ENTRY_BEGIN
MATCH all
REPLY QR RD RA
SECTION QUESTION
www.example. A
SECTION ANSWER
www.example. A 192.0.2.1
ENTRY_END
SCENARIO_END
`,
  );
  test("passes", async () => expect(await outcomeOf(own)).toBe("pass"));
  test.each(Object.entries(mutations).filter(([, mutate]) => mutate(own) !== null))(
    "fails with: %s",
    async (_, mutate) => {
      expect(await outcomeOf(mutate(own)!)).toBe("fail");
    },
  );
});
