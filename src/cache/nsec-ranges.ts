/**
 * Proven NSEC RRs by zone in canonical order, so that a question they deny need not be asked. RFC 8198 §5; TTLs RFC 9077.
 *
 * Key order is DNSSEC order, so finding the range that covers a name is a binary search. Nothing is concluded here: what is
 * found goes through the validator again like any response.
 */
import { LRUCache } from "lru-cache";
import type { Clock } from "../env/env.ts";
import type { Conclusive } from "../rrset/findings.ts";
import { isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import type { Question } from "../wire/message.ts";
import type { Name, NameKey } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import { rrsetsWeight } from "./weight.ts";

type NsecRRset = RRset<typeof TYPE.NSEC>;

interface Range {
  readonly zone: NameKey;
  readonly owner: Name;
  readonly next: Name;
  readonly nsec: NsecRRset;
  readonly expiresMs: number;
}

interface ZoneRanges {
  readonly name: Name;
  /** In the order of their owners' keys. */
  readonly ranges: Range[];
  soa: { readonly rrset: RRset<typeof TYPE.SOA>; readonly expiresMs: number } | null;
}

/** A denial put together from what is known, to be judged, and the seconds for which it may be used. */
export interface Synthesis {
  readonly zone: Name;
  readonly response: Extract<Conclusive, { readonly kind: "no data" | "name error" }>;
  readonly ttl: number;
  /** Of a name error, which is the same for other names: what covers the name. Compared by identity only. */
  readonly cover: object | null;
}

export class NsecRanges {
  readonly #clock: Clock;
  readonly #zones = new Map<NameKey, ZoneRanges>();
  readonly #entries: LRUCache<string, Range>;

  constructor(clock: Clock, maxOctets: number) {
    this.#clock = clock;
    this.#entries = new LRUCache({
      maxSize: maxOctets,
      sizeCalculation: sizeOf,
      dispose: (range) => this.#drop(range),
    });
  }

  /** `authority`: NSEC RRsets of one zone, and its SOA if it is there; all proven. */
  remember(zone: Name, authority: readonly RRset[]): void {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#zones.get(zone.key) ?? { name: zone, ranges: [], soa: null };
    const soa = authority.find((rrset) => isOfType(rrset, TYPE.SOA) && rrset.name.equals(zone));
    if (soa !== undefined && isOfType(soa, TYPE.SOA)) {
      known.soa = { rrset: soa, expiresMs: nowMs + Math.min(soa.ttl, rdataOf(soa)[0]!.minimum) * 1000 };
    }
    // RFC 9077 §3: an NSEC RR denies for no longer than the SOA says.
    const soaTtl =
      known.soa === null
        ? Number.POSITIVE_INFINITY
        : Math.min(known.soa.rrset.ttl, rdataOf(known.soa.rrset)[0]!.minimum);
    for (const rrset of authority) {
      if (!isOfType(rrset, TYPE.NSEC) || !rrset.name.isWithin(zone)) continue;
      const next = rdataOf(rrset)[0]!.next;
      if (!next.isWithin(zone)) continue;
      const ttl = Math.min(rrset.ttl, soaTtl);
      if (ttl > 0)
        this.#insert(known, {
          zone: zone.key,
          owner: rrset.name,
          next,
          nsec: rrset,
          expiresMs: nowMs + ttl * 1000,
        });
    }
  }

  /** Null if the known ranges do not deny this question. */
  deny(question: Question): Synthesis | null {
    // DS is the parent's to deny. RFC 4035 §3.1.4.1.
    const from = question.name.labelCount - (question.type === TYPE.DS ? 1 : 0);
    for (let labels = from; labels >= 0; labels--) {
      const zone = this.#zones.get(question.name.ancestor(labels).key);
      if (zone !== undefined) return this.#denyIn(zone, question);
    }
    return null;
  }

  /** Ranges whose owner or zone `at` chooses, and those that cover `name`; the number dropped. */
  forgetAll(name: Name, at: (owner: NameKey) => boolean): number {
    const nowMs = this.#clock.monotonicMs();
    const covering = new Set<Range>();
    for (let labels = name.labelCount; labels >= 0; labels--) {
      const zone = this.#zones.get(name.ancestor(labels).key);
      const range = zone === undefined ? null : this.#at(zone, name, nowMs);
      if (range !== null) covering.add(range);
    }
    const chosen = [...this.#entries.values()].filter(
      (range) => at(range.owner.key) || at(range.zone) || covering.has(range),
    );
    for (const range of chosen) this.#entries.delete(entryKey(range));
    return chosen.length;
  }

  clear(): void {
    this.#entries.clear();
    this.#zones.clear();
  }

  #denyIn(zone: ZoneRanges, question: Question): Synthesis | null {
    const nowMs = this.#clock.monotonicMs();
    if (zone.soa === null || zone.soa.expiresMs <= nowMs) return null;
    const { name, type } = question;
    const range = this.#at(zone, name, nowMs);
    if (range === null) return null;
    if (range.owner.equals(name)) {
      const types = rdataOf(range.nsec)[0]!.types;
      if (types.has(type) || types.has(TYPE.CNAME)) return null;
      return this.#synthesis(zone, "no data", question, [range], nowMs);
    }
    if (range.next.isStrictlyWithin(name)) return this.#synthesis(zone, "no data", question, [range], nowMs); // empty non-terminal
    const encloser = deeper(name.commonAncestor(range.owner), name.commonAncestor(range.next));
    const wildcard = encloser.wildcard();
    const source = wildcard === null ? null : this.#at(zone, wildcard, nowMs);
    if (source === null || wildcard === null) return null;
    if (!source.owner.equals(wildcard)) return this.#synthesis(zone, "name error", question, [range, source], nowMs);
    const types = rdataOf(source.nsec)[0]!.types;
    if (types.has(type) || types.has(TYPE.CNAME)) return null; // the wildcard has it: ask
    return this.#synthesis(zone, "no data", question, [range, source], nowMs);
  }

  /** The live range whose owner is the name or that covers it. */
  #at(zone: ZoneRanges, name: Name, nowMs: number): Range | null {
    const { ranges } = zone;
    const at = lastNotAfter(ranges, name.key);
    // Before the first owner there is only the range that wraps around, and that one begins at the last.
    const range = at < 0 ? ranges[ranges.length - 1] : ranges[at];
    if (range === undefined || range.expiresMs <= nowMs) return null;
    this.#entries.get(entryKey(range));
    if (range.owner.equals(name)) return range;
    const wraps = range.next.key <= range.owner.key;
    const covers = wraps
      ? name.key > range.owner.key || name.key < range.next.key
      : name.key > range.owner.key && name.key < range.next.key;
    return covers ? range : null;
  }

  #synthesis(
    zone: ZoneRanges,
    kind: "no data" | "name error",
    question: Question,
    ranges: readonly Range[],
    nowMs: number,
  ): Synthesis {
    const soa = zone.soa!;
    const expiresMs = ranges.reduce((earliest, range) => Math.min(earliest, range.expiresMs), soa.expiresMs);
    const nsecs = new Set(ranges.map((range) => range.nsec));
    return {
      zone: zone.name,
      response: { kind, question, soa: soa.rrset, authority: [soa.rrset, ...nsecs] },
      ttl: Math.floor((expiresMs - nowMs) / 1000),
      cover: kind === "name error" ? ranges[0]! : null,
    };
  }

  #insert(zone: ZoneRanges, range: Range): void {
    this.#entries.delete(entryKey(range));
    const at = lastNotAfter(zone.ranges, range.owner.key) + 1;
    zone.ranges.splice(at, 0, range);
    this.#zones.set(range.zone, zone); // dropping its last range has taken it out
    this.#entries.set(entryKey(range), range);
  }

  #drop(range: Range): void {
    const zone = this.#zones.get(range.zone);
    if (zone === undefined) return;
    const at = lastNotAfter(zone.ranges, range.owner.key);
    if (zone.ranges[at] === range) zone.ranges.splice(at, 1);
    if (zone.ranges.length === 0) this.#zones.delete(range.zone);
  }
}

/** The index of the last range whose owner's key is not after `key`; -1 if all are. */
function lastNotAfter(ranges: readonly Range[], key: NameKey): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.owner.key <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const deeper = (a: Name, b: Name): Name => (a.labelCount >= b.labelCount ? a : b);
const entryKey = (range: Range): string => `${range.zone}\u0000\u0000${range.owner.key}`;

/** With the zone's own entry and its SOA, though most ranges share them. */
function sizeOf({ owner, nsec }: Range): number {
  return 1800 + owner.wire.length * 6 + rrsetsWeight([nsec]);
}
