/**
 * Cryptography is synchronous, and one question may cost sixty signatures: done in one go, it would hold up everybody else
 * (KeyTrap, AnyTrap, chains of aliases). So what judging has cost is added up over all questions, and when it comes to
 * some milliseconds, sockets and timers have their turn first. With a clock that knows no turns nothing changes.
 */
import type { Clock } from "../env/env.ts";

/** One P-384 signature takes 0.6 ms and one judgement is bounded by 8 failures: with that, no stall comes near 20 ms. */
const TURN_MS = 2;

export class Turns {
  readonly #clock: Clock;
  #spentMs = 0;
  /** Who waits for a turn with room, in order; those before `#next` had theirs. */
  #waiting: (() => void)[] = [];
  #next = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `work` as soon as this turn has room for it and whoever came before is done; rejects with what it throws. */
  async take<T>(work: () => T): Promise<T> {
    const crowded = this.#spentMs >= TURN_MS || this.#waiting.length > 0;
    if (!crowded || this.#clock.turn === undefined) return this.#run(work);
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(this.#run(work));
        } catch (error) {
          reject(error);
        }
      });
      if (this.#waiting.length === 1) void this.#serve();
    });
  }

  /** Each is woken once: ten thousand that wait must not be asked every turn whether they still do. */
  async #serve(): Promise<void> {
    while (this.#next < this.#waiting.length) {
      await this.#clock.turn!();
      this.#spentMs = 0;
      while (this.#next < this.#waiting.length && this.#spentMs < TURN_MS) this.#waiting[this.#next++]!();
    }
    this.#waiting = [];
    this.#next = 0;
  }

  #run<T>(work: () => T): T {
    const startMs = this.#clock.monotonicMs();
    try {
      return work();
    } finally {
      this.#spentMs += this.#clock.monotonicMs() - startMs;
    }
  }
}
