/**
 * What a scenario must come to with the product's own algorithm table: where only retired algorithms sign, secure and bogus
 * both become insecure, and nothing becomes SERVFAIL because an algorithm is unknown. FORMAT.md §8; `retired_crypto` in the
 * manifests says for each file what Unbound came to without them.
 */
import type { Message } from "../../src/wire/message.ts";
import { RCODE, rcodeToText } from "../../src/wire/registry.ts";
import type { Result, Run } from "./run.ts";
import type { Scenario, Step } from "./scenario.ts";

export interface RetiredCrypto {
  readonly algorithms: readonly number[];
  readonly without_sha1_dsa?: "changes" | "unchanged";
  readonly kind?: string;
  readonly first_change?: { readonly step: number };
}

/** What contradicts the manifest or the rule above; empty: as it should be. */
export function productionFaults(scenario: Scenario, result: Result, retired: RetiredCrypto | undefined): string[] {
  if (result.outcome === "skip") return [];
  if (retired === undefined || retired.algorithms.length === 0)
    return result.outcome === "fail" ? failuresOf(result) : [];
  return result.runs.flatMap((run) => {
    const faults = checksOf(scenario)
      .filter((step) => !ranOutOfScript(scenario, step, run))
      .flatMap((step) => harm(step, run.answers.get(step.number)));
    const changes = retired.without_sha1_dsa === "changes";
    return [...faults, ...(changes ? firstChange(scenario, retired, run.answers) : [])];
  });
}

type Check = Step & { readonly kind: "check answer" };

function checksOf(scenario: Scenario): Check[] {
  return scenario.steps.filter((step): step is Check => step.kind === "check answer");
}

/** Without secure denials to draw on, more must be asked than the file scripts: then the SERVFAIL is the world's. */
function ranOutOfScript(scenario: Scenario, step: Check, run: Run): boolean {
  const before = checksOf(scenario).findLast((other) => other.number < step.number)?.number ?? -1;
  return run.transcript.some(
    ({ by, stepClock }) => by.endsWith("unscripted") && stepClock > before && stepClock <= step.number,
  );
}

/** RFC 4035 §5.2, RFC 6840 §5.2: a zone whose algorithms are all unknown is as if it were not signed. */
function harm(step: Check, answer: Message | undefined): string[] {
  if (answer === undefined || !step.entry.match.words.has("all")) return [];
  const faults: string[] = [];
  if (answer.rcode === RCODE.SERVFAIL && step.entry.rcode !== RCODE.SERVFAIL)
    faults.push(
      `step ${step.number}: SERVFAIL where validation with retired algorithms gives ${rcodeToText(step.entry.rcode)}`,
    );
  if (answer.ad && !step.entry.flags.has("AD") && !step.entry.flags.has("CD"))
    faults.push(`step ${step.number}: AD appears`);
  return faults;
}

function firstChange(scenario: Scenario, retired: RetiredCrypto, answers: ReadonlyMap<number, Message>): string[] {
  const step = retired.first_change?.step ?? 0;
  const answer = answers.get(step);
  const expected = checksOf(scenario).find((check) => check.number === step)?.entry;
  if (answer === undefined || expected === undefined) return [];
  const must = (holds: boolean, what: string): string[] =>
    holds ? [] : [`step ${step}: ${what} expected, ${rcodeToText(answer.rcode)}${answer.ad ? " with AD" : ""} came`];
  switch (retired.kind) {
    case "secure -> insecure (AD cleared)":
      return must(!answer.ad && answer.rcode === expected.rcode, `insecure ${rcodeToText(expected.rcode)}`);
    case "SERVFAIL (bogus) -> insecure NOERROR":
      return must(!answer.ad && answer.rcode === RCODE.NOERROR, "insecure NOERROR");
    case "SERVFAIL (bogus) -> insecure NXDOMAIN":
      return must(!answer.ad && answer.rcode === RCODE.NXDOMAIN, "insecure NXDOMAIN");
    // RFC 5011 states, and what the manifest calls "other": only the rule above
    default:
      return [];
  }
}

function failuresOf(result: Result): string[] {
  return result.failures.map(({ step, differences }) => `step ${step}: ${differences.join("; ")}`);
}
