/** What a running daemon can be asked, by `rootwalk ctl` and from the primary process to its workers: plain values. */
import type { TrustAnchor } from "../dnssec/trust-anchor.ts";
import type { Counts } from "../page/status.ts";
import type { Remembered } from "../resolver/api.ts";
import type { LogLevel } from "./log.ts";
import type { Tallied } from "./tally.ts";

export type Command =
  | { readonly do: "status" }
  | { readonly do: "lookup"; readonly name: string; readonly type: string | null }
  | { readonly do: "flush"; readonly name: string; readonly scope: "name" | "below" }
  | { readonly do: "log-level"; readonly level: LogLevel }
  | { readonly do: "reload" };

/** Of one process that answers. */
export interface WorkerStatus {
  readonly worker: number;
  readonly pid: number;
  readonly listening: string;
  readonly counts: Counts;
  readonly tallied: Tallied;
  /** TCP connections of clients, TLS and HTTPS among them. */
  readonly connections: number;
  readonly sizes: {
    readonly answers: number;
    readonly answerOctets: number;
    readonly delegations: number;
    readonly zones: number;
    readonly failures: number;
  };
  readonly residentOctets: number;
  readonly heapOctets: number;
  readonly eventLoopDelayMs: number;
  /** Seconds since `. NS` was last answered, proven; null: not yet. */
  readonly rootSecureSecondsAgo: number | null;
  readonly logLevel: LogLevel;
}

export type Told =
  | { readonly do: "status"; readonly status: WorkerStatus }
  | { readonly do: "lookup"; readonly found: readonly Remembered[] }
  | { readonly do: "flush"; readonly dropped: number }
  | { readonly do: "log-level" }
  /** What changed, one sentence each. */
  | { readonly do: "reload"; readonly changes: readonly string[] }
  /** A sentence that says what is wrong; nothing was done. */
  | { readonly do: "refused"; readonly why: string };

/** Asks every process that answers. Never rejects. */
export type AskAll = (command: Command) => Promise<readonly Told[]>;

/** A trust anchor between processes; structured clones know no classes. */
export interface PlainAnchor extends Omit<TrustAnchor, "zone"> {
  readonly zone: string;
}
