/** The adapter for RFC 5011 state files can fail: every fact that a scenario states about a key counts. */
import { describe, expect, test } from "vitest";
import { stateFromText, stateToText } from "../../src/dnssec/rollover-state.ts";
import { Name } from "../../src/wire/name.ts";
import { AutotrustStore } from "./autotrust.ts";
import { scriptClock } from "./clock.ts";
import { corporaPresent, manifestOf } from "./corpora.ts";
import { readScenario } from "./parse.ts";
import { runScenario } from "./run.ts";
import type { Scenario, Step } from "./scenario.ts";

const START = 1_258_962_400;
const key = (octet: number) => Buffer.alloc(32, octet).toString("base64");
const line = (octet: number, state: string, more: { flags?: number; count?: number; at?: number } = {}): string =>
  `example.com. 10800 IN DNSKEY ${more.flags ?? 257} 3 15 ${key(octet)} ;{id = 1} ;;state=${state} ;;count=${more.count ?? 0} ;;lastchange=${more.at ?? START} ;;Mon Nov 23 07:46:40 2009`;
const zone = Name.parse("example.com.");

const initial = [
  "; a state file",
  ";;id: example.com. 1",
  line(1, "2 [  VALID  ]"),
  line(2, "1 [ ADDPEND ]", { count: 3 }),
];
const store = () => {
  const clock = scriptClock({ unixSeconds: 0, calendar: "moves", startMs: (START + 1000) * 1000 });
  return new AutotrustStore([{ id: "example.com", lines: initial, line: 1 }], clock);
};

describe("a state that nobody touched", () => {
  test("is what the file says", () => {
    expect(store().differences("example.com", initial)).toEqual([]);
    expect(store().differences("example.com.", [...initial].reverse())).toEqual([]);
  });

  test.each<[string, (lines: string[]) => string[]]>([
    ["another state", (lines) => lines.map((text) => text.replace("state=2", "state=3"))],
    ["another count of a pending key", (lines) => lines.map((text) => text.replace("count=3", "count=4"))],
    ["another time", (lines) => lines.map((text) => text.replace(`lastchange=${START}`, `lastchange=${START + 1}`))],
    ["another flag", (lines) => lines.map((text) => text.replace("257 3", "385 3"))],
    ["another key", (lines) => lines.map((text) => text.replace(key(1), key(9)))],
    ["a key less", (lines) => lines.slice(0, -1)],
    ["a key more", (lines) => [...lines, line(3, "2 [  VALID  ]")]],
  ])("differs from %s", (_what, spoil) => {
    expect(store().differences("example.com", spoil([...initial]))).not.toEqual([]);
  });

  test("is loaded by the product, and is none for other zones", () => {
    const { keys } = stateFromText(store().load(zone)!, "test");
    expect(keys.map(({ state, since }) => [state, since])).toEqual([
      ["valid", START],
      ["addpend", START],
    ]);
    expect(store().load(Name.root)).toBeNull();
    expect(store().differences("example.net", initial)).toEqual(["there is no trust anchor of example.net."]);
  });
});

test("what the product stores is what counts from then on, each sighting once", () => {
  const kept = store();
  const before = stateFromText(kept.load(zone)!, "test");
  const seenAt = (at: number) => stateToText({ ...before, last: { at, originalTtl: 60, validUntil: at + 60 } });
  kept.store(zone, seenAt(START + 500));
  kept.store(zone, seenAt(START + 500));
  const expected = initial.map((text) => text.replace("count=3", "count=4"));
  expect(kept.differences("example.com", expected)).toEqual([]);
  expect(kept.differences("example.com", initial)).not.toEqual([]);
});

describe.skipIf(!corporaPresent)("a scenario of the corpus, spoilt", () => {
  const path = manifestOf("unbound").find(({ file }) => file === "autotrust_rollalgo.rpl")?.path ?? "";
  const spoilt = (change: (step: Step) => Step): Scenario => {
    const scenario = readScenario(path);
    return { ...scenario, steps: scenario.steps.map(change) };
  };
  const rewritten = (from: RegExp, to: string) => (step: Step) =>
    step.kind === "check autotrust" ? { ...step, lines: step.lines.map((text) => text.replace(from, to)) } : step;

  test.each<[string, (step: Step) => Step]>([
    ["another state", rewritten(/state=2 .*VALID/, "state=3 [ MISSING")],
    ["another count", rewritten(/count=2/, "count=1")],
    ["another time", rewritten(/lastchange=\$\{\$t4\}/, "lastchange=1")],
    ["a revocation that is none", rewritten(/DNSKEY\s+385/, "DNSKEY 257")],
    [
      "a probe that comes too early",
      (step) =>
        step.kind === "assign" && step.macro.includes("timeout")
          ? { ...step, macro: step.macro.replace("4800", "5401").replace("5400", "9999") }
          : step,
    ],
  ])("fails for %s", async (_what, change) => {
    expect((await runScenario(readScenario(path), { algorithms: "test" })).outcome).toBe("pass");
    expect((await runScenario(spoilt(change), { algorithms: "test" })).outcome).toBe("fail");
  });
});
