/** Events and answers, folded into the counts that the dashboard shows. All of it is bounded. */
import { LRUCache } from "lru-cache";
import type { Answer } from "../dnssec/answer.ts";
import type { Clock } from "../env/env.ts";
import type { ResolutionEvent } from "../env/events.ts";
import { serverAddressText } from "../server/addresses.ts";
import type { Question } from "../wire/message.ts";
import { typeToText } from "../wire/registry.ts";
import type { Counts, FailedAnswer, Histogram, History, Outcome, UpstreamServer } from "./status.ts";

/** A cached answer takes microseconds, a walk some tens of milliseconds, and after 4.5 s nobody waits. */
const boundsMs = [0.1, 0.3, 1, 3, 10, 20, 50, 100, 200, 500, 1000, 2000, 4500] as const;
const SLOT_SECONDS = 5;
/** Ten minutes. */
const SLOTS = 120;
const SERVERS = 2000;
const SHOWN_SERVERS = 40;
const FAILURES = 50;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface Fold {
  readonly hear: (event: ResolutionEvent) => void;
  /** `fromCache`: nobody had to be asked. */
  readonly answered: (answer: Answer, took: { readonly ms: number; readonly fromCache: boolean }) => void;
  /** Answers that no `Answer` was made for: a cached reply was sent again. */
  readonly repeated: (outcome: Outcome, ms: number) => void;
  readonly counts: () => Counts;
}

export function createFold(clock: Pick<Clock, "unixSeconds">): Fold {
  return new Folding(clock);
}

class Folding implements Fold {
  readonly #clock: Pick<Clock, "unixSeconds">;
  readonly #outcomes: Record<Outcome, number> = { secure: 0, insecure: 0, bogus: 0, indeterminate: 0 };
  #fromCache = 0;
  readonly #latency = new Array<number>(boundsMs.length + 1).fill(0);
  #latencySumMs = 0;
  #lastSlot: number;
  #answered = new Array<number>(SLOTS).fill(0);
  #failed = new Array<number>(SLOTS).fill(0);
  #asked = 0;
  #silent = 0;
  readonly #servers = new LRUCache<string, Mutable<UpstreamServer>>({ max: SERVERS });
  readonly #failures: FailedAnswer[] = [];

  constructor(clock: Pick<Clock, "unixSeconds">) {
    this.#clock = clock;
    this.#lastSlot = this.#slot();
  }

  readonly hear = (event: ResolutionEvent): void => {
    switch (event.kind) {
      case "asked":
        this.#asked += 1;
        this.#server(serverAddressText(event.server)).asked += 1;
        return;
      case "no reply":
        this.#silent += 1;
        this.#server(serverAddressText(event.server)).silent += 1;
        return;
      case "replied": {
        const server = this.#server(serverAddressText(event.server));
        server.rttMs = server.rttMs === null ? event.rttMs : server.rttMs * 0.8 + event.rttMs * 0.2;
        return;
      }
      case "cut":
      case "zone":
      case "judged":
      case "alias":
      case "refused":
      case "cached":
      case "limit":
      case "anchor probed":
      case "anchor key":
      case "anchor lost":
      case "anchor state":
        return;
    }
  };

  readonly answered = (
    answer: Answer,
    { ms, fromCache }: { readonly ms: number; readonly fromCache: boolean },
  ): void => {
    const { verdict, question } = answer;
    this.#count(verdict.status, ms);
    if (fromCache) this.#fromCache += 1;
    if (verdict.status === "bogus" || verdict.status === "indeterminate") {
      const { code, detail } = verdict.failure;
      this.#fail(question, { status: verdict.status, code, detail });
    }
  };

  readonly repeated = (outcome: Outcome, ms: number): void => {
    this.#count(outcome, ms);
    this.#fromCache += 1;
  };

  readonly counts = (): Counts => {
    this.#advance();
    return {
      outcomes: { ...this.#outcomes },
      fromCache: this.#fromCache,
      latency: { boundsMs, counts: [...this.#latency], sumMs: this.#latencySumMs },
      history: {
        slotSeconds: SLOT_SECONDS,
        lastSlot: this.#lastSlot,
        answered: [...this.#answered],
        failed: [...this.#failed],
      },
      upstream: { asked: this.#asked, silent: this.#silent, servers: busiest([...this.#servers.values()]) },
      failures: [...this.#failures],
    };
  };

  #count(outcome: Outcome, ms: number): void {
    this.#outcomes[outcome] += 1;
    const above = boundsMs.findIndex((bound) => ms <= bound);
    this.#latency[above < 0 ? boundsMs.length : above]! += 1;
    this.#latencySumMs += ms;
    this.#advance();
    this.#answered[SLOTS - 1]! += 1;
    if (outcome === "bogus" || outcome === "indeterminate") this.#failed[SLOTS - 1]! += 1;
  }

  #fail(question: Question, what: Pick<FailedAnswer, "status" | "code" | "detail">): void {
    const failed = { name: question.name.toString(), type: typeToText(question.type), ...what };
    const at = this.#clock.unixSeconds();
    const known = this.#failures.findIndex(
      ({ name, type, code }) => name === failed.name && type === failed.type && code === failed.code,
    );
    const times = known < 0 ? 1 : this.#failures.splice(known, 1)[0]!.times + 1;
    this.#failures.unshift({ at, ...failed, times });
    this.#failures.length = Math.min(this.#failures.length, FAILURES);
  }

  #server(server: string): Mutable<UpstreamServer> {
    const known = this.#servers.get(server);
    if (known !== undefined) return known;
    const fresh = { server, asked: 0, silent: 0, rttMs: null };
    this.#servers.set(server, fresh);
    return fresh;
  }

  #slot(): number {
    return Math.floor(this.#clock.unixSeconds() / SLOT_SECONDS);
  }

  /** Slots that have passed since; the calendar may jump back, and then time stands still. */
  #advance(): void {
    const passed = Math.min(SLOTS, this.#slot() - this.#lastSlot);
    if (passed <= 0) return;
    const zeros = new Array<number>(passed).fill(0);
    this.#answered = [...this.#answered.slice(passed), ...zeros];
    this.#failed = [...this.#failed.slice(passed), ...zeros];
    this.#lastSlot = this.#slot();
  }
}

function busiest(servers: readonly UpstreamServer[]): readonly UpstreamServer[] {
  return [...servers]
    .sort((a, b) => b.asked - a.asked)
    .slice(0, SHOWN_SERVERS)
    .map((server) => ({ ...server }));
}

/** The counts of several processes as one. */
export function mergeCounts(all: readonly Counts[]): Counts {
  const sum = (count: (one: Counts) => number): number => all.reduce((total, one) => total + count(one), 0);
  return {
    outcomes: {
      secure: sum((one) => one.outcomes.secure),
      insecure: sum((one) => one.outcomes.insecure),
      bogus: sum((one) => one.outcomes.bogus),
      indeterminate: sum((one) => one.outcomes.indeterminate),
    },
    fromCache: sum((one) => one.fromCache),
    latency: {
      boundsMs,
      counts: Array.from({ length: boundsMs.length + 1 }, (_, i) => sum((one) => one.latency.counts[i] ?? 0)),
      sumMs: sum((one) => one.latency.sumMs),
    },
    history: mergeHistories(all.map((one) => one.history)),
    upstream: {
      asked: sum((one) => one.upstream.asked),
      silent: sum((one) => one.upstream.silent),
      servers: mergeServers(all.flatMap((one) => one.upstream.servers)),
    },
    failures: all
      .flatMap((one) => one.failures)
      .sort((a, b) => b.at - a.at)
      .slice(0, FAILURES),
  };
}

function mergeHistories(all: readonly History[]): History {
  const lastSlot = Math.max(0, ...all.map((one) => one.lastSlot));
  const added = (values: (one: History) => readonly number[]): number[] =>
    Array.from({ length: SLOTS }, (_, i) =>
      all.reduce((total, one) => total + (values(one)[i + (lastSlot - one.lastSlot)] ?? 0), 0),
    );
  return {
    slotSeconds: SLOT_SECONDS,
    lastSlot,
    answered: added((one) => one.answered),
    failed: added((one) => one.failed),
  };
}

function mergeServers(all: readonly UpstreamServer[]): readonly UpstreamServer[] {
  const merged = new Map<string, UpstreamServer>();
  for (const one of all) {
    const known = merged.get(one.server);
    merged.set(one.server, known === undefined ? one : joined(known, one));
  }
  return busiest([...merged.values()]);
}

/** Round-trip times weigh as much as questions were asked. */
function joined(a: UpstreamServer, b: UpstreamServer): UpstreamServer {
  const asked = a.asked + b.asked;
  const rttMs =
    a.rttMs === null || b.rttMs === null || asked === 0
      ? (a.rttMs ?? b.rttMs)
      : (a.rttMs * a.asked + b.rttMs * b.asked) / asked;
  return { server: a.server, asked, silent: a.silent + b.silent, rttMs };
}

/** The time within which this share of answers came, 0 < share <= 1: the upper bound of its class; null if there is none. */
export function quantile({ boundsMs: bounds, counts }: Histogram, share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  for (const [i, count] of counts.entries()) {
    seen += count;
    if (seen >= total * share) return bounds[i] ?? null;
  }
  return null;
}
