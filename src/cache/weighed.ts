/** The least recently used goes when all together weigh too much, what they share counted once. */
import { LRUCache } from "lru-cache";
import type { Shared } from "./weight.ts";

export interface Weighing<V> {
  readonly maxOctets: number;
  /** Larger ones are not kept. */
  readonly entryOctets: number;
  /** An entry's own octets. */
  readonly own: (value: V) => number;
  readonly shared: (value: V) => readonly Shared[];
}

export class WeighedCache<V extends object> {
  readonly #maxOctets: number;
  readonly #shared: Weighing<V>["shared"];
  readonly #entries: LRUCache<string, V>;
  readonly #held = new Map<object, { holders: number; readonly octets: number }>();
  #sharedOctets = 0;

  constructor({ maxOctets, entryOctets, own, shared }: Weighing<V>) {
    this.#maxOctets = maxOctets;
    this.#shared = shared;
    this.#entries = new LRUCache({
      maxSize: maxOctets,
      maxEntrySize: Math.min(entryOctets, maxOctets),
      sizeCalculation: (value, key) => Math.ceil(own(value)) + 2 * key.length,
      dispose: (value) => this.#release(this.#shared(value)),
    });
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    if (this.#entries.peek(key) === value) return;
    // Held before it is set, so that what it shares with the one it replaces is not weighed anew.
    const shared = this.#shared(value);
    this.#hold(shared);
    this.#entries.set(key, value);
    if (this.#entries.peek(key) !== value) this.#release(shared);
    while (this.octets > this.#maxOctets && this.#entries.size > 0) this.#entries.pop();
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  keys(): Iterable<string> {
    return this.#entries.keys();
  }

  /** The last used first; none becomes younger by it. */
  entries(): readonly (readonly [key: string, value: V])[] {
    return [...this.#entries.entries()];
  }

  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }

  get octets(): number {
    return this.#entries.calculatedSize + this.#sharedOctets;
  }

  #hold(parts: readonly Shared[]): void {
    for (const { value, weigh, below } of parts) {
      const held = this.#held.get(value);
      if (held !== undefined) {
        held.holders += 1;
        continue;
      }
      const octets = weigh();
      this.#held.set(value, { holders: 1, octets });
      this.#sharedOctets += octets;
      this.#hold(below());
    }
  }

  #release(parts: readonly Shared[]): void {
    for (const { value, below } of parts) {
      const held = this.#held.get(value)!;
      held.holders -= 1;
      if (held.holders > 0) continue;
      this.#held.delete(value);
      this.#sharedOctets -= held.octets;
      this.#release(below());
    }
  }
}
