/**
 * Single flight: whoever asks for what is being looked up already waits for the same work. A cycle of waiting (name
 * servers whose addresses depend on each other, TsuNAME) is seen before it begins. Work nobody waits for is aborted.
 */
import { Ending } from "../env/abort.ts";

export class Flight {
  readonly key: string;
  /** What this flight is waiting for right now. */
  readonly waitsFor = new Set<Flight>();
  readonly controller = new Ending();
  waiters = 0;
  done = false;

  constructor(key: string) {
    this.key = key;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }
}

interface Running {
  readonly flight: Flight;
  readonly result: Promise<unknown>;
}

export type Joined<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "cycle" | "crowded" | "aborted" };

export class Flights {
  readonly #running = new Map<string, Running>();
  readonly #maxWaiters: number;

  constructor(maxWaiters: number) {
    this.#maxWaiters = maxWaiters;
  }

  /**
   * The result of `start`, begun now or by somebody before. `start` must not reject. `by`: the flight that waits.
   * `signal`: the caller's patience; the work itself goes on while anybody else waits.
   */
  async join<T>(
    key: string,
    by: Flight | null,
    signal: AbortSignal,
    start: (flight: Flight) => Promise<T>,
  ): Promise<Joined<T>> {
    if (signal.aborted) return { kind: "aborted" };
    let running = this.#running.get(key);
    if (running?.flight.signal.aborted) running = undefined; // abandoned, but not yet gone
    if (running === undefined) running = this.#start(key, start);
    const { flight, result } = running;
    if (by !== null && (flight === by || reaches(flight, by))) return { kind: "cycle" };
    if (flight.waiters >= this.#maxWaiters) return { kind: "crowded" };
    by?.waitsFor.add(flight);
    flight.waiters += 1;
    try {
      const outcome = await untilAborted(result as Promise<T>, signal);
      return outcome === aborted ? { kind: "aborted" } : { kind: "done", value: outcome as T };
    } finally {
      by?.waitsFor.delete(flight);
      flight.waiters -= 1;
      if (flight.waiters === 0 && !flight.done) flight.controller.abort();
    }
  }

  abortAll(): void {
    for (const { flight } of this.#running.values()) flight.controller.abort();
  }

  /** Resolves when nothing runs any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled([...this.#running.values()].map(({ result }) => result));
  }

  #start<T>(key: string, start: (flight: Flight) => Promise<T>): Running {
    const flight = new Flight(key);
    const result = start(flight).finally(() => {
      flight.done = true;
      if (this.#running.get(key)?.flight === flight) this.#running.delete(key);
    });
    const running = { flight, result };
    this.#running.set(key, running);
    return running;
  }
}

/** Does `from` wait for `to`, directly or through others? */
function reaches(from: Flight, to: Flight): boolean {
  const seen = new Set<Flight>();
  const open = [from];
  for (let flight = open.pop(); flight !== undefined; flight = open.pop()) {
    if (flight === to) return true;
    if (seen.has(flight)) continue;
    seen.add(flight);
    open.push(...flight.waitsFor);
  }
  return false;
}

const aborted: unique symbol = Symbol("aborted");

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | typeof aborted> {
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(aborted);
    signal.addEventListener("abort", stop, { once: true });
    const over = (): void => signal.removeEventListener("abort", stop);
    work.then(
      (value) => {
        over();
        resolve(value);
      },
      (error: unknown) => {
        over();
        reject(error);
      },
    );
  });
}
