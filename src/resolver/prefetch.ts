/**
 * What is asked again in the last tenth of its TTL is refreshed in the background, so that popular names are always in
 * the cache. Each refresh has a budget of its own, counts against no client's question, and keeps no process alive.
 */
import { LRUCache } from "lru-cache";
import type { Clock, Env } from "../env/env.ts";
import type { Question } from "../wire/message.ts";

/** When an entry was stored and when it ends, on the monotonic clock. */
export interface Lifetime {
  readonly storedMs: number;
  readonly expiresMs: number;
}

/** Of the TTL, as Unbound has it. */
export const LAST_PART = 0.1;
/** Entries whose refresh was tried; it is tried once for each. */
const REMEMBERED = 10_000;

export class Prefetcher {
  readonly #clock: Clock;
  readonly #atOnce: number;
  readonly #lifetime: (question: Question) => Lifetime | null;
  readonly #refresh: (question: Question) => Promise<unknown>;
  readonly #running = new Set<string>();
  readonly #tried = new LRUCache<string, number>({ max: REMEMBERED });

  constructor(parts: {
    readonly clock: Clock;
    /** Refreshes at the same time; what comes beyond is left to expire. */
    readonly atOnce: number;
    readonly lifetime: (question: Question) => Lifetime | null;
    /** Must not reject. */
    readonly refresh: (question: Question) => Promise<unknown>;
  }) {
    this.#clock = parts.clock;
    this.#atOnce = parts.atOnce;
    this.#lifetime = parts.lifetime;
    this.#refresh = parts.refresh;
  }

  /** For each question that memory answered. True while it is being refreshed. */
  consider(question: Question): boolean {
    const key = String.fromCharCode(question.type) + question.name.key;
    if (this.#running.has(key)) return true;
    const lifetime = this.#lifetime(question);
    if (lifetime === null || !this.#isDue(lifetime)) return false;
    if (this.#tried.get(key) === lifetime.expiresMs || this.#running.size >= this.#atOnce) return false;
    this.#tried.set(key, lifetime.expiresMs);
    this.#running.add(key);
    void this.#refresh(question).then(() => this.#running.delete(key));
    return true;
  }

  #isDue({ storedMs, expiresMs }: Lifetime): boolean {
    const nowMs = this.#clock.monotonicMs();
    return nowMs < expiresMs && expiresMs - nowMs <= (expiresMs - storedMs) * LAST_PART;
  }
}

/** The same world, for work that nobody waits for. */
export function backgroundEnv(env: Env): Env {
  const { clock, exchange } = env;
  return {
    ...env,
    clock: {
      monotonicMs: () => clock.monotonicMs(),
      unixSeconds: () => clock.unixSeconds(),
      sleep: (ms, signal) => clock.doze?.(ms, signal) ?? clock.sleep(ms, signal),
    },
    exchange: (ask, signal) => exchange({ ...ask, background: true }, signal),
  };
}
