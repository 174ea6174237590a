/** Everybody is asked the same; what differs is explained or listed. */
import { askServer } from "./client.ts";
import { differingAspects, type Outcome, outcome } from "./compare.ts";
import { type Difference, type Explanation, explain } from "./differences.ts";
import { digLine, type Question } from "./questions.ts";
import { inParallel } from "./run-tool.ts";
import type { Validator } from "./validators.ts";

export interface Comparison {
  readonly explained: ReadonlyMap<Explanation, readonly Difference[]>;
  /** By kind, in words. */
  readonly unexplained: ReadonlyMap<string, readonly Difference[]>;
  /** What rootwalk said: how much of each kind the questions were. */
  readonly counts: Readonly<Record<"secure" | "NXDOMAIN" | "SERVFAIL" | "by TCP" | "over 2 s", number>>;
}

const AT_ONCE = 8;

export async function compareAll(
  asked: readonly Question[],
  rootwalk: Validator,
  peers: readonly Validator[],
  tell: (line: string) => void,
): Promise<Comparison> {
  const explained = new Map<Explanation, Difference[]>();
  const unexplained = new Map<string, Difference[]>();
  const counts = { secure: 0, NXDOMAIN: 0, SERVFAIL: 0, "by TCP": 0, "over 2 s": 0 };
  let done = 0;
  await inParallel(asked, AT_ONCE, async (question) => {
    const started = performance.now();
    const [reply, ...replies] = await Promise.all([
      askServer(rootwalk, question).then((it) => {
        if (performance.now() - started > 2000) counts["over 2 s"]++;
        return it;
      }),
      ...peers.map((peer) => askServer(peer, question)),
    ]);
    const ours = outcome(reply);
    if (ours?.ad) counts.secure++;
    if (ours?.rcode === "NXDOMAIN" || ours?.rcode === "SERVFAIL") counts[ours.rcode]++;
    if (reply?.transport === "tcp") counts["by TCP"]++;
    replies.map(outcome).forEach((theirs, i) => {
      const aspects = differingAspects(ours, theirs);
      if (aspects.length === 0) return;
      const difference: Difference = { question, aspects, peer: peers[i]!.name, ours, theirs };
      const explanation = explain(difference);
      if (explanation !== null) append(explained, explanation, difference);
      else append(unexplained, kindOf(difference), difference);
    });
    if (++done % 500 === 0) tell(`${done} of ${asked.length} questions asked`);
  });
  return { explained, unexplained, counts };
}

function append<K>(map: Map<K, Difference[]>, key: K, difference: Difference): void {
  const found = map.get(key);
  if (found === undefined) map.set(key, [difference]);
  else found.push(difference);
}

function kindOf({ aspects, peer, ours, theirs, question }: Difference): string {
  const show = (it: Outcome | null): string => (it === null ? "silence" : `${it.rcode}${it.ad ? " with AD" : ""}`);
  const zone = question.zone.wound ?? (question.zone.signing === null ? "unsigned" : "sound");
  const cd = question.checkingDisabled ? ", CD" : "";
  return `${aspects.join(", ")} (${zone}${cd}): rootwalk says ${show(ours)}, ${peer} ${show(theirs)}`;
}

/** Each kind of difference with its first examples. */
export function printComparison(
  { explained, unexplained, counts }: Comparison,
  rootwalk: Validator,
  peers: readonly Validator[],
): void {
  console.log(
    `  ${Object.entries(counts)
      .map(([what, count]) => `${count} ${what}`)
      .join(", ")}`,
  );
  for (const [{ id, rfc, why }, found] of explained)
    console.log(`  explained ${found.length} times: ${id} (${rfc}). ${why}`);
  for (const [kind, found] of unexplained) {
    console.log(`\n  NOT EXPLAINED ${found.length} times: ${kind}`);
    for (const difference of found.slice(0, 3)) printExample(difference, rootwalk, peers);
  }
}

function printExample(
  { question, peer, ours, theirs }: Difference,
  rootwalk: Validator,
  peers: readonly Validator[],
): void {
  const port = peers.find(({ name }) => name === peer)?.port;
  console.log(`    ${digLine(question, rootwalk.port)}   # ${peer}: -p ${port}`);
  const only = (here: Outcome | null, there: Outcome | null): string[] =>
    (here?.answer ?? []).filter((line) => !there?.answer.includes(line)).map((line) => line.slice(0, 150));
  for (const line of only(ours, theirs)) console.log(`      only rootwalk: ${line}`);
  for (const line of only(theirs, ours)) console.log(`      only ${peer}: ${line}`);
}
