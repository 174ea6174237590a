/** Questions that failed, so that they are not asked again at once. RFC 9520. */
import { LRUCache } from "lru-cache";
import type { Link } from "../cache/answers.ts";
import type { Bogus, Indeterminate } from "../dnssec/verdict.ts";
import type { Clock } from "../env/env.ts";
import type { Question } from "../wire/message.ts";
import { EDE } from "../wire/registry.ts";
import type { Settings } from "./options.ts";

interface Entry {
  readonly verdict: Bogus | Indeterminate;
  readonly untilMs: number;
  readonly ttl: number;
}

/** What an entry has besides its words and names. */
const ENTRY_OCTETS = 700;

export class FailureMemory {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #entries: LRUCache<string, Entry>;

  constructor(clock: Clock, settings: Settings, maxOctets: number) {
    this.#clock = clock;
    this.#settings = settings;
    this.#entries = new LRUCache({
      maxSize: maxOctets,
      sizeCalculation: ({ verdict: { failure } }, key) =>
        ENTRY_OCTETS + 2 * (failure.detail.length + key.length) + 2 * failure.at.wire.length,
    });
  }

  /**
   * Bogus for `bogusTtl`; other failures for `failureTtl`, doubling while they repeat (RFC 9520 §3.2). Where stale data
   * stands in, so does bogus: what is served meanwhile should be refreshed as soon as that is possible (RFC 8767 §5).
   */
  remember(question: Question, verdict: Bogus | Indeterminate, standIn: "none" | "stale data" = "none"): void {
    if (verdict.status === "indeterminate" && verdict.failure.code === "aborted") return; // says nothing of the name
    const { bogusTtl, failureTtl, maxFailureTtl } = this.#settings;
    const now = this.#clock.monotonicMs();
    const before = this.#entries.get(keyOf(question));
    const repeated = before !== undefined && now - before.untilMs < before.ttl * 1000;
    const settled = verdict.status === "bogus" && standIn === "none";
    const ttl = settled ? bogusTtl : repeated ? Math.min(maxFailureTtl, before.ttl * 2) : failureTtl;
    this.#entries.set(keyOf(question), { verdict, ttl, untilMs: now + ttl * 1000 });
  }

  /** The failure as it was, marked as remembered (EDE 13). */
  recall(question: Question): Extract<Link, { kind: "end" }> | null {
    const entry = this.#entries.get(keyOf(question));
    if (entry === undefined || entry.untilMs <= this.#clock.monotonicMs()) return null;
    return { kind: "end", verdict: entry.verdict, notes: [{ code: EDE.CACHED_ERROR, text: "" }] };
  }

  forget(question: Question): void {
    this.#entries.delete(keyOf(question));
  }

  clear(): void {
    this.#entries.clear();
  }
}

const keyOf = (question: Question): string => String.fromCharCode(question.type) + question.name.key;
