/**
 * What ends work that nobody needs any longer. AbortController does the same, but in Node its signal is an EventTarget, and a
 * question makes many: these took a tenth of what a cold answer cost, their garbage not counted (measured 2026-11, Node 20).
 */
import { setMaxListeners } from "node:events";
import type { Env } from "./env.ts";

type Listener = Parameters<AbortSignal["addEventListener"]>[1];

/** An AbortController and its signal in one, for as many listeners as there may be. For the core only: see `withGenuineSignals`. */
export class Ending implements AbortSignal {
  aborted = false;
  onabort: AbortSignal["onabort"] = null;
  readonly #listeners = new Listeners();
  #leave: (() => void) | null = null;

  /** One that ends with `outer` at the latest, and is no longer heard of there once it has ended. */
  static with(outer: AbortSignal): Ending {
    const ending = new Ending();
    const stop = (): void => ending.abort();
    if (outer.aborted) stop();
    else {
      outer.addEventListener("abort", stop);
      ending.#leave = () => outer.removeEventListener("abort", stop);
    }
    return ending;
  }

  get signal(): Ending {
    return this;
  }

  get reason(): unknown {
    return this.aborted ? OVER : undefined;
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    this.#leave?.();
    this.#listeners.tellAll();
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  /** Listeners of "abort" only, there is no other event; each is told once at most, whatever its options. */
  addEventListener(_type: "abort", listener: Listener, _options?: unknown): void {
    if (!this.aborted) this.#listeners.add(listener as () => void);
  }

  removeEventListener(_type: "abort", listener: Listener, _options?: unknown): void {
    this.#listeners.delete(listener as () => void);
  }

  dispatchEvent(): boolean {
    throw new TypeError("an ending has no events but its own");
  }
}

/** In the order in which they came. Most signals have one or two: a Set is made for the second. */
class Listeners {
  #only: (() => void) | null = null;
  #all: Set<() => void> | null = null;

  add(listener: () => void): void {
    if (this.#all !== null) this.#all.add(listener);
    else if (this.#only === null) this.#only = listener;
    else if (this.#only !== listener) this.#all = new Set([this.#only, listener]);
  }

  delete(listener: () => void): void {
    if (this.#all !== null) this.#all.delete(listener);
    else if (this.#only === listener) this.#only = null;
  }

  /** One that is taken out by another before its turn is not told. */
  tellAll(): void {
    if (this.#all !== null) for (const listener of this.#all) listener();
    else this.#only?.();
    this.#only = null;
    this.#all = null;
  }
}

/** The same world for a core that ends things with an `Ending`: what is not ours is given signals of the platform. */
export function withGenuineSignals({ clock, exchange, ...rest }: Env): Env {
  const { doze, turn } = clock;
  return {
    ...rest,
    exchange: (ask, signal) => exchange(ask, genuine(signal)),
    clock: {
      monotonicMs: () => clock.monotonicMs(),
      unixSeconds: () => clock.unixSeconds(),
      sleep: (ms, signal) => clock.sleep(ms, signal && genuine(signal)),
      ...(doze === undefined ? {} : { doze: (ms, signal) => doze.call(clock, ms, signal && genuine(signal)) }),
      ...(turn === undefined ? {} : { turn: () => turn.call(clock) }),
    },
  };
}

const known = new WeakMap<AbortSignal, AbortSignal>();

/** A signal of the platform that aborts with this one; for the same one always the same. */
function genuine(signal: AbortSignal): AbortSignal {
  if (!(signal instanceof Ending)) return signal;
  const before = known.get(signal);
  if (before !== undefined) return before;
  const controller = manyListeners();
  known.set(signal, controller.signal);
  const abort = (): void => controller.abort(OVER);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort);
  return controller.signal;
}

/** The platform's, where others look at the signal: Node warns at the eleventh listener, and one question fans out. */
export function manyListeners(): AbortController {
  const controller = new AbortController();
  expectMany(controller.signal);
  return controller;
}

/** A caller's one signal for twenty questions is no leak: what listens leaves with each answer. */
export function expectMany(signal: AbortSignal): void {
  if (!(signal instanceof Ending)) setMaxListeners(0, signal);
}

/**
 * The reason to abort with. Without one Node makes a DOMException with a stack trace each time: a tenth of what a cold
 * answer costs besides its signatures (measured 2026-11, Node 20). Nobody reads it.
 */
export const OVER = "no longer needed";
