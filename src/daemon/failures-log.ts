/** Bogus and indeterminate answers as lines of the log: the reason and the extended error, never the data. */
import { LRUCache } from "lru-cache";
import type { Answer } from "../dnssec/answer.ts";
import type { Clock } from "../env/env.ts";
import { typeToText } from "../wire/registry.ts";
import type { Log } from "./log.ts";

/** The same failure of the same question is told once in this time. */
const TOLD_AGAIN_AFTER_MS = 60_000;
const REMEMBERED = 1000;

export function failuresLog(log: Log, clock: Clock): (answer: Answer) => void {
  const told = new LRUCache<string, number>({ max: REMEMBERED });
  return ({ verdict, question, ede }) => {
    if (verdict.status !== "bogus" && verdict.status !== "indeterminate") return;
    const { code, detail } = verdict.failure;
    if (code === "aborted") return; // the client left: nobody was told anything
    const key = `${question.type} ${question.name.key} ${code}`;
    const nowMs = clock.monotonicMs();
    const before = told.get(key);
    if (before !== undefined && nowMs - before < TOLD_AGAIN_AFTER_MS) return;
    told.set(key, nowMs);
    const name = `${question.name}`;
    const type = typeToText(question.type);
    log.info(`${name} ${type} is ${verdict.status}: ${detail}`, {
      event: "failed answer",
      name,
      type,
      status: verdict.status,
      code,
      ede: ede[0]?.code ?? null,
    });
  };
}
