/** How far the chain of trust reaches: the trust of each zone, imported keys included, for as long as its proof holds. */
import type { ZoneTrust } from "../dnssec/zone.ts";
import type { Clock, UnixSeconds } from "../env/env.ts";
import type { Name, NameKey } from "../wire/name.ts";
import { dropWhere } from "./drop.ts";
import { WeighedCache } from "./weighed.ts";
import { brokenBelow, chainOf, failureWeight, reasonOf, type Shared } from "./weight.ts";

interface Entry {
  readonly trust: ZoneTrust;
  readonly storedMs: number;
  readonly expiresMs: number;
  /** The calendar may jump ahead of the monotonic clock. */
  readonly validUntil: UnixSeconds;
}

export class ZoneCache {
  readonly #clock: Clock;
  readonly #entries: WeighedCache<Entry>;

  constructor(clock: Clock, maxOctets: number) {
    this.#clock = clock;
    this.#entries = new WeighedCache({
      maxOctets,
      entryOctets: maxOctets,
      own: ({ trust }) => ownWeight(trust),
      shared: ({ trust }) => sharedWith(trust),
    });
  }

  get(name: Name): ZoneTrust | undefined {
    const entry = this.#entries.get(name.key);
    if (entry === undefined) return undefined;
    if (entry.expiresMs <= this.#clock.monotonicMs() || entry.validUntil <= this.#clock.unixSeconds()) return undefined;
    return entry.trust;
  }

  /** What lives, with the milliseconds that are left of it. */
  *entries(): Iterable<readonly [trust: ZoneTrust, leftMs: number, storedMs: number]> {
    const nowMs = this.#clock.monotonicMs();
    for (const [, { trust, expiresMs, storedMs }] of this.#entries.entries())
      if (expiresMs > nowMs) yield [trust, expiresMs - nowMs, storedMs];
  }

  /** Seconds since this trust was established; 0 if it is not known. */
  age(name: Name): number {
    const entry = this.#entries.get(name.key);
    return entry === undefined ? 0 : (this.#clock.monotonicMs() - entry.storedMs) / 1000;
  }

  /** `ttl` in seconds. `name` lies in the zone of `trust`, usually at its apex. */
  remember(name: Name, trust: ZoneTrust, ttl: number): void {
    const nowMs = this.#clock.monotonicMs();
    const validUntil = trust.status === "secure" ? trust.validUntil : Number.POSITIVE_INFINITY;
    this.#entries.set(name.key, { trust, storedMs: nowMs, expiresMs: nowMs + ttl * 1000, validUntil });
  }

  forget(name: Name): void {
    this.#entries.delete(name.key);
  }

  /** The number of zones dropped. */
  forgetAll(at: (zone: NameKey) => boolean): number {
    return dropWhere(this.#entries, (key) => at(key as NameKey));
  }

  get size(): number {
    return this.#entries.size;
  }

  clear(): void {
    this.#entries.clear();
  }
}

/** Keys that verified something are imported as well. */
function ownWeight(trust: ZoneTrust): number {
  switch (trust.status) {
    case "secure":
      return 1000 + 400 * trust.ring.keys.length;
    case "insecure":
      return 1000;
    case "bogus":
    case "indeterminate":
      return 1000 + failureWeight(trust.failure);
  }
}

function sharedWith(trust: ZoneTrust): readonly Shared[] {
  switch (trust.status) {
    case "secure":
      return [chainOf(trust.proof)];
    case "insecure":
      return reasonOf(trust.why);
    case "bogus":
    case "indeterminate":
      return brokenBelow(trust.failure);
  }
}
