/**
 * The time of a scenario: it stands still until a step moves it, or until somebody waits for an answer that only a timer
 * can bring. Two calendars, since testbound checks signatures against a constant date. FORMAT.md §6.1.
 */
import type { Clock, UnixSeconds } from "../../src/env/env.ts";

export interface ScriptClock extends Clock {
  /** Lets everything run that needs no time. */
  settle(): Promise<void>;
  /** Lets `ms` pass; sleepers wake in order, and what each of them starts runs before the next. */
  advance(ms: number): Promise<void>;
  /** Lets `ms` pass at one stroke, as testbound does: whoever was due meanwhile wakes once, at the end. */
  leap(ms: number): Promise<void>;
  /** Milliseconds until the next sleeper is due; null if nobody sleeps. */
  untilNext(): number | null;
  /** Anything that happened outside promises: `settle` waits until nothing more does. */
  stir(): void;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export interface ScriptClockOptions {
  readonly unixSeconds: UnixSeconds;
  readonly calendar: "moves" | "stands";
  /** Where monotonic time begins; 0 by default. */
  readonly startMs?: number;
}

/** Turns of the event loop without a stir before all is taken to be quiet. */
const QUIET_TURNS = 3;

export function scriptClock(options: ScriptClockOptions): ScriptClock {
  const sleepers: Sleeper[] = [];
  let now = options.startMs ?? 0;
  let stirred = 0;

  const sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    stirred += 1;
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        stirred += 1;
        signal?.removeEventListener("abort", wake);
        const at = sleepers.indexOf(sleeper);
        if (at >= 0) sleepers.splice(at, 1);
        resolve();
      };
      const sleeper: Sleeper = { at: now + Math.max(0, ms), wake };
      // behind those that are due at the same time
      const later = sleepers.findIndex((other) => other.at > sleeper.at);
      sleepers.splice(later < 0 ? sleepers.length : later, 0, sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });
  };

  const settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      const before = stirred;
      await new Promise(setImmediate);
      if (stirred !== before) quiet = 0;
    }
  };

  return {
    monotonicMs: () => now,
    unixSeconds: () => options.unixSeconds + (options.calendar === "moves" ? now / 1000 : 0),
    sleep,
    settle,
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const next = sleepers[0];
        if (next === undefined || next.at > end) break;
        now = Math.max(now, next.at);
        next.wake();
        await settle();
      }
      now = end;
      await settle();
    },
    async leap(ms) {
      await settle();
      now += ms;
      const due = sleepers.filter((sleeper) => sleeper.at <= now);
      for (const sleeper of due) {
        sleeper.wake();
        await settle();
      }
      await settle();
    },
    untilNext: () => (sleepers[0] === undefined ? null : Math.max(0, sleepers[0].at - now)),
    stir() {
      stirred += 1;
    },
  };
}
