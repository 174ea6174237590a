/**
 * A clock that advances only when nothing else can run, and dice that fall the same way every time: with them a
 * resolution replays exactly, and a scripted hour costs milliseconds. For tests, ours and those of users.
 */
import type { Clock, Random, Timer, UnixSeconds } from "./env.ts";

export interface VirtualClock extends Clock, Timer {
  /**
   * Lets `ms` pass, waking every sleeper on the way in order; resolves when all of them have run. If nobody is due in
   * that time it takes effect at once, so it need not be awaited between two steps of a test.
   */
  advance(ms: number): Promise<void>;
  /** Sets the calendar, as an administrator or NTP may: monotonic time does not notice. */
  setUnixSeconds(value: UnixSeconds): void;
  /**
   * Runs `work` and gives its result. Fails with a sentence, instead of hanging, once nobody sleeps and nothing is left to
   * run, yet the work has not settled. Real input and output do not count as something left to run.
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export interface VirtualClockOptions {
  readonly unixSeconds: UnixSeconds;
  readonly startMs?: number;
  /** "stands": the date of signature checks is frozen while monotonic time moves, as in .rpl scenarios. */
  readonly calendar?: "moves" | "stands";
}

interface Sleeper {
  readonly at: number;
  readonly order: number;
  fire: (() => void) | null;
}

interface Run {
  readonly fail: (error: Error) => void;
}

/** Turns of the event loop spent on other people's immediates before time moves all the same. */
const PATIENCE = 1000;
/** Turns without anything to do before a run counts as stuck. */
const STUCK_AFTER = 10;

/** Immediates that virtual clocks themselves have queued; they are not work to wait for. */
let ownImmediates = 0;

export function virtualClock(options: VirtualClockOptions): VirtualClock {
  const calendarMoves = (options.calendar ?? "moves") === "moves";
  const sleepers: Sleeper[] = [];
  const runs = new Set<Run>();
  let now = options.startMs ?? 0;
  let epoch = options.unixSeconds - (calendarMoves ? now / 1000 : 0);
  let created = 0;
  let scheduled = false;
  let patience = PATIENCE;
  let idleTurns = 0;

  const unixSeconds = (): UnixSeconds => epoch + (calendarMoves ? now / 1000 : 0);

  function after(ms: number, fire: () => void): () => void {
    if (Number.isNaN(ms)) throw new RangeError("a sleep of NaN milliseconds was asked for");
    const sleeper: Sleeper = { at: now + Math.max(0, ms), order: created++, fire };
    push(sleepers, sleeper);
    schedule();
    return () => {
      sleeper.fire = null;
    };
  }

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const cancel = after(ms, wake);
      signal?.addEventListener("abort", wake);
    });
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    ownImmediates += 1;
    setImmediate(turn);
  }

  /** All microtasks have run when an immediate does. One sleeper a turn, so that what it wakes runs before the next. */
  function turn(): void {
    ownImmediates -= 1;
    scheduled = false;
    if (foreignImmediates() > 0 && patience-- > 0) {
      schedule();
      return;
    }
    patience = PATIENCE;
    const next = pop(sleepers);
    if (next !== null) {
      idleTurns = 0;
      now = Math.max(now, next.at);
      next.fire?.();
      schedule();
    } else if (runs.size > 0) {
      idleTurns += 1;
      if (idleTurns <= STUCK_AFTER) schedule();
      else giveUp();
    }
  }

  function giveUp(): void {
    const error = new Error(
      `at ${now} ms of virtual time nobody sleeps and nothing is left to run, yet the work has not settled: ` +
        "it waits for something that never comes",
    );
    for (const run of runs) run.fail(error);
  }

  return {
    monotonicMs: () => now,
    unixSeconds,
    sleep,
    after,
    background: after,
    advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`the clock cannot advance by ${ms} ms: time does not go back`);
      const first = peek(sleepers);
      if (first !== null && first.at <= now + ms) return sleep(ms);
      now += ms;
      return Promise.resolve();
    },
    setUnixSeconds(value) {
      epoch = value - (calendarMoves ? now / 1000 : 0);
    },
    run(work) {
      return new Promise((resolve, reject) => {
        const run: Run = {
          fail(error) {
            runs.delete(run);
            reject(error);
          },
        };
        runs.add(run);
        idleTurns = 0;
        schedule();
        // Inside an async function, so that work which throws before its first await ends the run as well.
        (async () => work())().then(
          (value) => {
            runs.delete(run);
            resolve(value);
          },
          (error: unknown) => {
            runs.delete(run);
            reject(error);
          },
        );
      });
    },
  };
}

/** The same sequence for the same seed, everywhere: xoshiro128**, seeded by splitmix32. For tests, never for ids. */
export function seededRandom(seed: number): Random {
  let mix = seed >>> 0;
  const state = Uint32Array.from({ length: 4 }, () => {
    mix = (mix + 0x9e3779b9) >>> 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  });

  function word(): number {
    const second = state[1]!;
    state[2]! ^= state[0]!;
    state[3]! ^= second;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= second << 9;
    state[3] = rotate(state[3]!, 11);
    return Math.imul(rotate(Math.imul(second, 5), 7), 9) >>> 0;
  }

  return {
    integer(below) {
      if (!Number.isInteger(below) || below < 1 || below > 2 ** 32) {
        throw new RangeError(`a random integer below ${below} was asked for: 1 to 2^32 allowed`);
      }
      const fair = 2 ** 32 - (2 ** 32 % below);
      for (;;) {
        const value = word();
        if (value < fair) return value % below;
      }
    },
    octets: (count) => Uint8Array.from({ length: count }, () => word() >>> 24),
  };
}

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

function foreignImmediates(): number {
  // Not on every runtime; without it one turn of the loop has to do.
  const active = process.getActiveResourcesInfo?.() ?? [];
  let immediates = 0;
  for (const resource of active) if (resource === "Immediate") immediates += 1;
  return Math.max(0, immediates - ownImmediates);
}

const isBefore = (a: Sleeper, b: Sleeper): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** A binary heap, earliest first. */
function push(heap: Sleeper[], sleeper: Sleeper): void {
  let at = heap.length;
  heap.push(sleeper);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(sleeper, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = sleeper;
}

/** The earliest sleeper that nobody has cancelled; cancelled ones before it are gone afterwards. */
function peek(heap: Sleeper[]): Sleeper | null {
  while (heap.length > 0 && heap[0]!.fire === null) removeFirst(heap);
  return heap[0] ?? null;
}

function pop(heap: Sleeper[]): Sleeper | null {
  const first = peek(heap);
  if (first !== null) removeFirst(heap);
  return first;
}

function removeFirst(heap: Sleeper[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
}
