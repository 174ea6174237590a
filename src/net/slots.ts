/** So many at once and the rest in line, first come first served: bounds sockets, connections, questions in flight. */

export class Slots {
  #free: number;
  #closed = false;
  /** In order of arrival; a Set, so that leaving the line costs nothing. */
  readonly #line = new Set<(got: boolean) => void>();

  constructor(total: number) {
    this.#free = total;
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
      signal.addEventListener("abort", leave);
    });
  }

  give(): void {
    const [next] = this.#line;
    if (next === undefined) this.#free += 1;
    else next(true); // from hand to hand: it is never free in between, so nobody can jump the line
  }

  close(): void {
    this.#closed = true;
    for (const settle of this.#line) settle(false);
  }
}
