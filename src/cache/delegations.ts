/**
 * Delegations by zone: where to start a walk. They come from parents' referrals only and live as long as the parent said,
 * so that a zone cannot keep itself delegated (ghost domains, CVE-2026-40622).
 */
import { LRUCache } from "lru-cache";
import type { Clock } from "../env/env.ts";
import type { Delegation } from "../iterator/delegation.ts";
import type { Name, NameKey } from "../wire/name.ts";
import { dropWhere } from "./drop.ts";
import { rrsetsWeight } from "./weight.ts";

interface Entry {
  readonly delegation: Delegation;
  readonly storedMs: number;
  readonly expiresMs: number;
}

export class DelegationCache {
  readonly #clock: Clock;
  readonly #entries: LRUCache<NameKey, Entry>;
  /** Stubs and forwards, which never expire. */
  readonly #configured = new Map<NameKey, Delegation>();
  #hasConfiguredBelowRoot = false;
  #hints: Delegation | undefined;
  readonly #minTtl: number;
  readonly #maxTtl: number;

  constructor(clock: Clock, limits: { readonly maxOctets: number; readonly minTtl: number; readonly maxTtl: number }) {
    this.#clock = clock;
    this.#minTtl = limits.minTtl;
    this.#maxTtl = limits.maxTtl;
    this.#entries = new LRUCache({ maxSize: limits.maxOctets, sizeCalculation: (entry) => sizeOf(entry.delegation) });
  }

  /** Where walks begin until the root was asked itself. RFC 9609. */
  startAt(hints: Delegation): void {
    this.#hints = hints;
  }

  /** The operator's word, whatever servers say: nothing that is learned takes its place. */
  configure(delegation: Delegation): void {
    this.#configured.set(delegation.zone.key, delegation);
    if (!delegation.zone.isRoot) this.#hasConfiguredBelowRoot = true;
  }

  /** Lives no longer than the delegation above it: who lost his own cannot keep his children's. */
  remember(delegation: Delegation): void {
    const ttl = Math.max(this.#minTtl, Math.min(this.#maxTtl, delegation.ttl));
    const above = delegation.parent === null ? undefined : this.#entries.get(delegation.parent.key);
    const storedMs = this.#clock.monotonicMs();
    const ownMs = storedMs + ttl * 1000;
    const expiresMs = above === undefined || above.delegation.zone.isRoot ? ownMs : Math.min(ownMs, above.expiresMs);
    this.#entries.set(delegation.zone.key, { delegation, storedMs, expiresMs });
  }

  get(zone: Name): Delegation | undefined {
    const configured = this.#configured.get(zone.key);
    if (configured !== undefined) return configured;
    const entry = this.#entries.get(zone.key);
    if (entry !== undefined && entry.expiresMs > this.#clock.monotonicMs()) return entry.delegation;
    return zone.isRoot ? this.#hints : undefined;
  }

  /** What was learned and lives, with the milliseconds that are left of it. */
  *entries(): Iterable<readonly [delegation: Delegation, leftMs: number, storedMs: number]> {
    const nowMs = this.#clock.monotonicMs();
    for (const { delegation, expiresMs, storedMs } of [...this.#entries.values()])
      if (expiresMs > nowMs) yield [delegation, expiresMs - nowMs, storedMs];
  }

  /** The deepest delegation at or above the name. There is always one: the root's. */
  closest(name: Name): Delegation {
    for (let labels = name.labelCount; labels > 0; labels--) {
      const found = this.get(name.ancestor(labels));
      if (found !== undefined) return this.#underForward(found);
    }
    return this.get(name.ancestor(0))!;
  }

  /** What the child says of itself may end a delegation sooner than its parent said, never later. */
  shorten(zone: Name, ttl: number): void {
    const entry = this.#entries.get(zone.key);
    if (entry === undefined) return;
    const expiresMs = this.#clock.monotonicMs() + Math.max(this.#minTtl, ttl) * 1000;
    if (expiresMs < entry.expiresMs) this.#entries.set(zone.key, { ...entry, expiresMs });
  }

  /** Forgets those on the way to this name that are in the last `part` of their time: who asks ahead asks the parent, too. */
  forgetEnding(name: Name, part: number): void {
    const nowMs = this.#clock.monotonicMs();
    for (let labels = name.labelCount; labels > 0; labels--) {
      const zone = name.ancestor(labels);
      const entry = this.#entries.get(zone.key);
      if (entry !== undefined && entry.expiresMs - nowMs <= (entry.expiresMs - entry.storedMs) * part)
        this.forget(zone);
    }
  }

  forget(zone: Name): void {
    this.#entries.delete(zone.key);
  }

  /** The number of delegations dropped; what is configured stays. */
  forgetAll(at: (zone: NameKey) => boolean): number {
    return dropWhere(this.#entries, at);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whatever lies below a forward zone is forwarded, known delegations or not. */
  #underForward(found: Delegation): Delegation {
    if (!this.#hasConfiguredBelowRoot || found.mode === "recursive") return found;
    for (let labels = found.zone.labelCount; labels >= 0; labels--) {
      const above = this.#configured.get(found.zone.ancestor(labels).key);
      if (above === undefined) continue;
      return above.mode === "recursive" ? above : found;
    }
    return found;
  }
}

function sizeOf({ zone, servers, ds, evidence }: Delegation): number {
  let size = 700 + 4 * zone.wire.length + rrsetsWeight(ds === null ? evidence : [ds, ...evidence]);
  for (const { name, addresses } of servers) size += 400 + 2 * name.wire.length + addresses.length * 60;
  return size;
}
