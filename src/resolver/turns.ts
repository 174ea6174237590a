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
  #next: Promise<void> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `work`, which must not throw, as soon as this turn has room for it. */
  async take<T>(work: () => T): Promise<T> {
    while (this.#spentMs >= TURN_MS && this.#clock.turn !== undefined) {
      this.#next ??= this.#clock.turn().then(() => {
        this.#spentMs = 0;
        this.#next = null;
      });
      await this.#next;
    }
    const startMs = this.#clock.monotonicMs();
    const result = work();
    this.#spentMs += this.#clock.monotonicMs() - startMs;
    return result;
  }
}
