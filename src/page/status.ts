/** What the dashboard shows, and who tells it: plain values, so that they can come from another process. */
import type { UnixSeconds } from "../env/env.ts";
import type { Picture } from "../picture/picture.ts";

export interface StatusSource {
  status(): Promise<Status>;
  /**
   * One question, resolved and drawn. It costs what a client's question costs; the page bounds how many run at a time.
   * TypeError for a name or type that is none, with a message for people.
   */
  ask(name: string, type: string, signal: AbortSignal): Promise<Asked>;
}

export interface Status {
  readonly version: string;
  readonly now: UnixSeconds;
  /** When the daemon started. */
  readonly since: UnixSeconds;
  /** Processes that answer. */
  readonly workers: number;
  readonly listening: readonly string[];
  readonly counts: Counts;
  /** Null where nobody counts them. */
  readonly memory: { readonly residentOctets: number | null; readonly cachedAnswers: number | null };
}

export type Outcome = "secure" | "insecure" | "bogus" | "indeterminate";

/** What one process has counted since it started. `mergeCounts` adds up those of several. */
export interface Counts {
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Of these, answered without asking anybody. */
  readonly fromCache: number;
  readonly latency: Histogram;
  readonly history: History;
  readonly upstream: {
    readonly asked: number;
    readonly silent: number;
    /** Those asked most, or lately. */
    readonly servers: readonly UpstreamServer[];
  };
  /** The newest first. */
  readonly failures: readonly FailedAnswer[];
}

/** `counts` has one number more than `boundsMs`: the last is for all above. */
export interface Histogram {
  readonly boundsMs: readonly number[];
  readonly counts: readonly number[];
  /** All that was counted, added up. */
  readonly sumMs: number;
}

/** Answers in slots of time, the oldest first; the last slot is not over yet. */
export interface History {
  readonly slotSeconds: number;
  /** The number of the last slot: its start divided by `slotSeconds`. */
  readonly lastSlot: number;
  readonly answered: readonly number[];
  /** Bogus and indeterminate ones among these. */
  readonly failed: readonly number[];
}

export interface UpstreamServer {
  /** `192.0.2.53:53`. */
  readonly server: string;
  readonly asked: number;
  readonly silent: number;
  /** Smoothed; null if it never replied. */
  readonly rttMs: number | null;
}

export interface FailedAnswer {
  readonly at: UnixSeconds;
  readonly name: string;
  readonly type: string;
  readonly status: "bogus" | "indeterminate";
  readonly code: string;
  readonly detail: string;
  /** How often the same was answered in a row. */
  readonly times: number;
}

export interface Asked {
  readonly picture: Picture;
  /** Records in the form of zone files; empty for bogus answers. */
  readonly records: readonly string[];
  readonly elapsedMs: number;
}
