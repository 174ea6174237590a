/** So many at once and the rest in line: bounds sockets, connections, questions in flight. */

/**
 * "By turns": every second slot goes to whoever came last. Under a flood those at the head of the line have often waited
 * too long to be of use, and newcomers must not wait behind all of them (ATTACKS A-81).
 */
export type Fairness = "first come" | "by turns";

export class Slots {
  #free: number;
  #closed = false;
  /** In order of arrival; a Set, so that leaving the line costs nothing. */
  readonly #line = new Set<Settle>();
  readonly #fairness: Fairness;
  /** Those in line, and some who have left it; the newest is at the end. */
  #stack: Settle[] = [];
  #newestNext = false;

  constructor(total: number, fairness: Fairness = "first come") {
    this.#free = total;
    this.#fairness = fairness;
  }

  get waiting(): number {
    return this.#line.size;
  }

  get free(): number {
    return this.#free;
  }

  /** True: one slot is yours, give it back. */
  tryTake(): boolean {
    if (this.#closed || this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  /** False if `signal` aborted, or everything was closed, before a slot became free. */
  take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted || this.#closed) return Promise.resolve(false);
    if (this.tryTake()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const leave = (): void => settle(false);
      const settle = (got: boolean): void => {
        this.#line.delete(settle);
        signal.removeEventListener("abort", leave);
        resolve(got);
      };
      this.#line.add(settle);
      if (this.#fairness === "by turns") this.#stack.push(settle);
      signal.addEventListener("abort", leave);
    });
  }

  give(): void {
    const next = this.#next();
    if (next === undefined) this.#free += 1;
    else next(true); // from hand to hand: it is never free in between, so nobody can jump the line
  }

  #next(): Settle | undefined {
    const [oldest] = this.#line;
    if (this.#fairness === "first come") return oldest;
    this.#newestNext = !this.#newestNext;
    if (this.#newestNext) return oldest;
    if (this.#stack.length > 2 * this.#line.size + 64) this.#stack = [...this.#line];
    for (let newest = this.#stack.pop(); newest !== undefined; newest = this.#stack.pop())
      if (this.#line.has(newest)) return newest;
    return oldest;
  }

  close(): void {
    this.#closed = true;
    for (const settle of this.#line) settle(false);
  }
}

type Settle = (got: boolean) => void;
