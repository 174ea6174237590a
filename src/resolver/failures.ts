/** Questions that failed, so that they are not asked again at once. RFC 9520. */
import type { Link } from "../cache/answers.ts";
import { WeighedCache } from "../cache/weighed.ts";
import { brokenBelow, failureWeight } from "../cache/weight.ts";
import type { Bogus, Indeterminate } from "../dnssec/verdict.ts";
import type { Clock } from "../env/env.ts";
import type { Question } from "../wire/message.ts";
import type { Name, NameKey } from "../wire/name.ts";
import { EDE, type RRType } from "../wire/registry.ts";
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
  readonly #entries: WeighedCache<Entry>;

  constructor(clock: Clock, settings: Settings, maxOctets: number) {
    this.#clock = clock;
    this.#settings = settings;
    this.#entries = new WeighedCache({
      maxOctets,
      entryOctets: maxOctets,
      own: ({ verdict }) => ENTRY_OCTETS + failureWeight(verdict.failure),
      shared: ({ verdict }) => brokenBelow(verdict.failure),
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

  forgetAll(at: (name: NameKey) => boolean): number {
    const keys = [...this.#entries.keys()].filter((key) => at(key.slice(1) as NameKey));
    for (const key of keys) this.#entries.delete(key);
    return keys.length;
  }

  /** For people: what failed at this name and is not tried again yet. */
  *at(
    name: Name,
  ): Iterable<{ readonly type: RRType; readonly verdict: Bogus | Indeterminate; readonly untilMs: number }> {
    for (const [key, { verdict, untilMs }] of this.#entries.entries())
      if (key.slice(1) === name.key) yield { type: key.charCodeAt(0), verdict, untilMs };
  }

  get size(): number {
    return this.#entries.size;
  }
}

const keyOf = (question: Question): string => String.fromCharCode(question.type) + question.name.key;
