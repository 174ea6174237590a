/**
 * Proven NSEC RRs by zone in canonical order, so that a question they deny need not be asked. RFC 8198 §5; TTLs RFC 9077.
 *
 * Key order is DNSSEC order, so finding the range that covers a name is a binary search. Nothing is concluded here: what is
 * found goes through the validator again like any response.
 */
import type { Clock } from "../env/env.ts";
import { isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import type { Question } from "../wire/message.ts";
import { type Name, type NameKey, sharedLength, wildcardKey } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import {
  type DenyingRange,
  denialTtl,
  isSpokenFor,
  type KnownSoa,
  lacks,
  Ranges,
  type Synthesis,
  soaIn,
  synthesis,
} from "./ranges.ts";
import { rrsetsWeight } from "./weight.ts";

interface NsecRange extends DenyingRange {
  readonly owner: Name;
  readonly next: Name;
  readonly rrset: RRset<typeof TYPE.NSEC>;
}

interface ZoneRanges {
  readonly name: Name;
  /** In the order of their owners' keys. */
  readonly ranges: NsecRange[];
  soa: KnownSoa | null;
}

export class NsecRanges {
  readonly #clock: Clock;
  readonly #ranges: Ranges<NsecRange, ZoneRanges>;

  constructor(clock: Clock, maxOctets: number) {
    this.#clock = clock;
    this.#ranges = new Ranges(maxOctets, sizeOf);
  }

  /** `authority`: NSEC RRsets of one zone, and its SOA if it is there; all proven. */
  remember(zone: Name, authority: readonly RRset[]): void {
    const nowMs = this.#clock.monotonicMs();
    const known: ZoneRanges = this.#ranges.zone(zone.key) ?? { name: zone, ranges: [], soa: null };
    known.soa = soaIn(authority, zone, nowMs) ?? known.soa;
    const soaTtl = known.soa === null ? Number.POSITIVE_INFINITY : denialTtl(known.soa);
    for (const rrset of authority) {
      if (!isOfType(rrset, TYPE.NSEC) || !rrset.name.isWithin(zone)) continue;
      const { next } = rdataOf(rrset)[0]!;
      const ttl = Math.min(rrset.ttl, soaTtl);
      if (!next.isWithin(zone) || ttl <= 0) continue;
      const { name: owner } = rrset;
      const expiresMs = nowMs + ttl * 1000;
      const span = { zone: zone.key, from: owner.key, to: next.key, owner, next };
      this.#ranges.insert(known, { ...span, rrset, expiresMs, usedMs: nowMs });
    }
  }

  /** Null if the known ranges do not deny this question. */
  deny(question: Question): Synthesis | null {
    const zone = this.#ranges.zoneOf(question, question.name.labelCount);
    return zone === undefined ? null : this.#denyIn(zone, question);
  }

  /** Ranges whose owner or zone `at` chooses, and those that cover `name`; the number dropped. */
  forgetAll(name: Name, at: (owner: NameKey) => boolean): number {
    const nowMs = this.#clock.monotonicMs();
    const covering = new Set<NsecRange>();
    for (let labels = name.labelCount; labels >= 0; labels--) {
      const zone = this.#ranges.zone(name.ancestor(labels).key);
      const found = zone === undefined ? null : this.#ranges.find(zone, name.key, nowMs);
      if (found !== null) covering.add(found.range);
    }
    return this.#ranges.forget((range) => at(range.owner.key) || at(range.zone) || covering.has(range));
  }

  clear(): void {
    this.#ranges.clear();
  }

  #denyIn(zone: ZoneRanges, question: Question): Synthesis | null {
    const nowMs = this.#clock.monotonicMs();
    if (!isSpokenFor(zone, nowMs)) return null;
    const { name } = question;
    const found = this.#ranges.find(zone, name.key, nowMs);
    if (found === null) return null;
    const { range, exact } = found;
    const noData = (...ranges: NsecRange[]): Synthesis =>
      synthesis(zone, { kind: "no data", question }, { ranges, cover: null, nowMs });
    if (exact) return lacks(range, question.type) ? noData(range) : null;
    if (range.next.isStrictlyWithin(name)) return noData(range); // empty non-terminal
    const length = Math.max(sharedLength(name.key, range.owner.key), sharedLength(name.key, range.next.key));
    const encloser = name.key.slice(0, length) as NameKey;
    const source = this.#ranges.find(zone, wildcardKey(encloser), nowMs);
    if (source === null) return null;
    if (source.exact) return lacks(source.range, question.type) ? noData(range, source.range) : null; // the wildcard has it: ask
    return synthesis(zone, { kind: "name error", question }, { ranges: [range, source.range], cover: range, nowMs });
  }
}

/** With the zone's own entry and its SOA, though most ranges share them. */
function sizeOf({ owner, rrset }: NsecRange): number {
  return 1800 + owner.wire.length * 6 + rrsetsWeight([rrset]);
}
