/** All that the core may learn about the world: time, chance and the network are arguments. */
import type { EdnsOption } from "../wire/edns.ts";
import type { Message, Question } from "../wire/message.ts";
import type { ResolutionEvent } from "./events.ts";
import type { ServerAddress, Transport } from "./server-address.ts";

export type { ServerAddress, Transport } from "./server-address.ts";

/** Seconds since 1970-01-01 UTC; fractions allowed. */
export type UnixSeconds = number;

export interface Clock {
  /** Milliseconds since some start, never going back: deadlines, TTLs, round-trip times. */
  monotonicMs(): number;
  /** The calendar, which may jump: signature validity only. */
  unixSeconds(): UnixSeconds;
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** The same, but keeps no process alive: for work that nobody waits for. Where it is missing, `sleep` does. */
  doze?(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Resolves in a later turn of the event loop, after sockets and timers had theirs: for work that would hold everybody
   * up. Where it is missing, there is nobody to hold up.
   */
  turn?(): Promise<void>;
}

/** What sockets need besides a clock: a deadline at a fraction of the cost of a sleep that can be aborted. */
export interface Timer {
  /** Calls `fire` once after `ms`, unless the function returned is called before. */
  after(ms: number, fire: () => void): () => void;
  /** The same, but keeps no process alive: for tidying up. */
  background(ms: number, fire: () => void): () => void;
}

export interface Random {
  /** A uniform integer from 0 to below - 1. */
  integer(below: number): number;
  octets(count: number): Uint8Array;
}

/** One question to one server by one transport, once. Retries are the iterator's decision. */
export interface Ask {
  readonly server: ServerAddress;
  readonly transport: Transport;
  readonly question: Question;
  readonly rd: boolean;
  readonly cd: boolean;
  /** Null: no OPT record. DO is always set when there is one (RFC 4035 §4.1). */
  readonly edns: { readonly udpSize: number; readonly options: readonly EdnsOption[] } | null;
  readonly timeoutMs: number;
  /** Nobody waits for the answer, so it must not keep the process alive. */
  readonly background?: boolean;
}

export type ExchangeResult =
  | { readonly kind: "reply"; readonly message: Message; readonly octets: number; readonly rttMs: number }
  /** Nothing usable in time. `discarded`: malformed or foreign datagrams that came meanwhile. */
  | { readonly kind: "timeout"; readonly discarded: number }
  /** The system refused: ECONNREFUSED, ENETUNREACH, EMFILE… */
  | { readonly kind: "unreachable"; readonly code: string }
  /** A stream gave something that is no DNS message. */
  | { readonly kind: "garbled"; readonly why: string }
  /** A datagram from the right address and port had the wrong id: somebody may be guessing. Ask again over TCP. */
  | { readonly kind: "near miss" };

/** Resolves always; an aborted signal resolves to a timeout. */
export type Exchange = (ask: Ask, signal: AbortSignal) => Promise<ExchangeResult>;

export interface Env {
  readonly clock: Clock;
  readonly random: Random;
  readonly exchange: Exchange;
  readonly emit: (event: ResolutionEvent) => void;
}
