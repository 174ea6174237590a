/** What is remembered about each server address: round-trip times, failures, EDNS, cookies, lameness. RFC 6298, RFC 9520. */
import { LRUCache } from "lru-cache";
import type { Clock, ServerAddress } from "../env/env.ts";
import type { InfraView, ServerHealth } from "../iterator/servers.ts";
import type { Name } from "../wire/name.ts";

const ENTRIES = 20_000;
/** Knowledge older than this is forgotten: routes and servers change. Unbound's infra TTL. */
const KEPT_MS = 900_000;
const DOWN_AFTER = 3;
const DOWN_FIRST_MS = 5_000;
const DOWN_MOST_MS = 300_000;

interface Entry {
  rtt: { smoothed: number; deviation: number } | null;
  failures: number;
  /** Times that it was given a pause, since it last answered. */
  pauses: number;
  downUntil: number;
  inFlight: number;
  ednsBroken: boolean;
  cookie: { client: Uint8Array; server: Uint8Array | null } | null;
}

export class InfraCache implements InfraView {
  readonly #clock: Clock;
  readonly #entries: LRUCache<string, Entry>;
  /** Servers with zones that they do not serve, though the delegation says so: in all, for addresses cost an attacker nothing. */
  readonly #lame: LRUCache<string, true>;

  constructor(clock: Clock) {
    this.#clock = clock;
    const kept = {
      // A bound by `max` would set aside room for all of them at the start, which takes 4 ms.
      maxSize: ENTRIES,
      sizeCalculation: () => 1,
      ttl: KEPT_MS,
      ttlResolution: 0,
      perf: { now: () => clock.monotonicMs() + 1 },
    };
    this.#entries = new LRUCache(kept);
    this.#lame = new LRUCache(kept);
  }

  health(server: ServerAddress): ServerHealth | undefined {
    return this.#entries.get(keyOf(server));
  }

  isLame(server: ServerAddress, zone: Name): boolean {
    return this.#lame.has(lameKey(server, zone));
  }

  began(server: ServerAddress): void {
    this.#entry(server).inFlight += 1;
  }

  ended(server: ServerAddress): void {
    const entry = this.#entry(server);
    entry.inFlight = Math.max(0, entry.inFlight - 1); // it may have been forgotten in between
  }

  /** RFC 6298 §2.2-2.3. */
  answered(server: ServerAddress, rttMs: number): void {
    const entry = this.#entry(server);
    entry.failures = 0;
    entry.pauses = 0;
    entry.downUntil = 0;
    if (entry.rtt === null) entry.rtt = { smoothed: rttMs, deviation: rttMs / 2 };
    else {
      entry.rtt.deviation += (Math.abs(entry.rtt.smoothed - rttMs) - entry.rtt.deviation) / 4;
      entry.rtt.smoothed += (rttMs - entry.rtt.smoothed) / 8;
    }
  }

  failed(server: ServerAddress): void {
    const entry = this.#entry(server);
    entry.failures += 1;
    // Failures of questions that were in flight together count as one: the pause doubles when a later try fails.
    if (entry.failures >= DOWN_AFTER && entry.downUntil <= this.#clock.monotonicMs()) {
      entry.pauses += 1;
      const pause = Math.min(DOWN_MOST_MS, DOWN_FIRST_MS * 2 ** (entry.pauses - 1));
      entry.downUntil = this.#clock.monotonicMs() + pause;
    }
  }

  lame(server: ServerAddress, zone: Name): void {
    this.#lame.set(lameKey(server, zone), true);
  }

  ednsBroken(server: ServerAddress): void {
    this.#entry(server).ednsBroken = true;
  }

  cookie(server: ServerAddress, client: Uint8Array, fromServer: Uint8Array | null): void {
    this.#entry(server).cookie = { client, server: fromServer };
  }

  #entry(server: ServerAddress): Entry {
    const key = keyOf(server);
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = {
      rtt: null,
      failures: 0,
      pauses: 0,
      downUntil: 0,
      inFlight: 0,
      ednsBroken: false,
      cookie: null,
    };
    this.#entries.set(key, entry);
    return entry;
  }
}

const lameKey = (server: ServerAddress, zone: Name): string => `${keyOf(server)} ${zone.key}`;
const keyOf = (server: ServerAddress): string => `${server.address}@${server.port}`;
