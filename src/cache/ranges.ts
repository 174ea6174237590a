/**
 * Ranges of zones, each from its owner to the next: in order, so that finding the one that covers something is a binary
 * search, and behind one bound, where those that were not used for the longest time go first. RFC 4034 §6.1, RFC 5155 §1.3.
 */
import { LRUCache } from "lru-cache";
import type { Conclusive } from "../rrset/findings.ts";
import { isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import type { Question } from "../wire/message.ts";
import { type Name, type NameKey, parentKey } from "../wire/name.ts";
import { type RRType, TYPE } from "../wire/registry.ts";

export interface Range {
  /** When it was last said to be in use, by the monotonic clock. */
  usedMs: number;
  readonly zone: NameKey;
  /** Strings whose order is that of the zone's chain: keys of names, or hashes. */
  readonly from: string;
  readonly to: string;
  readonly expiresMs: number;
}

export interface DenyingRange extends Range {
  readonly rrset: RRset;
}

export interface Found<R> {
  readonly range: R;
  /** What was sought is the range's owner; otherwise it lies within. */
  readonly exact: boolean;
}

type Denied = Extract<Conclusive, { readonly kind: "no data" | "name error" }>;

/** A denial put together from what is known, to be judged, and the seconds for which it may be used. */
export interface Synthesis {
  readonly zone: Name;
  readonly response: () => Denied;
  readonly ttl: number;
  /** Of a name error, which is the same for other names: what covers the name. Compared by identity only. */
  readonly cover: object | null;
}

/** Order of use finer than this costs more than it tells: making the entry's key is a quarter of finding a range. */
const USE_MS = 1000;

export class Ranges<R extends Range, Z extends { readonly ranges: R[] }> {
  readonly #zones = new Map<NameKey, Z>();
  readonly #entries: LRUCache<string, R>;

  /** `sizeOf`: octets that a range keeps alive, its share of its zone included. */
  constructor(maxOctets: number, sizeOf: (range: R) => number) {
    this.#entries = new LRUCache({
      maxSize: maxOctets,
      sizeCalculation: sizeOf,
      dispose: (range) => this.#drop(range),
    });
  }

  zone(apex: NameKey): Z | undefined {
    return this.#zones.get(apex);
  }

  /** The deepest zone with ranges that may speak for the question, at most `labelsBelow` labels above its name. */
  zoneOf({ name, type }: Question, labelsBelow: number): Z | undefined {
    if (this.#zones.size === 0) return undefined;
    let { key } = name;
    // DS is the parent's to deny. RFC 4035 §3.1.4.1.
    for (let above = 0; above <= labelsBelow; above++, key = parentKey(key)) {
      const zone = above === 0 && type === TYPE.DS ? undefined : this.#zones.get(key);
      if (zone !== undefined || key === "") return zone;
    }
    return undefined;
  }

  /** The live range whose owner is `sought` or that covers it. */
  find({ ranges }: Z, sought: string, nowMs: number): Found<R> | null {
    const at = lastNotAfter(ranges, sought);
    // Before the first owner there is only the range that wraps around, and that one begins at the last.
    const range = at < 0 ? ranges[ranges.length - 1] : ranges[at];
    if (range === undefined || range.expiresMs <= nowMs) return null;
    const exact = range.from === sought;
    if (!exact && !covers(range, sought)) return null;
    if (nowMs - range.usedMs >= USE_MS) {
      range.usedMs = nowMs;
      this.#entries.get(entryKey(range));
    }
    return { range, exact };
  }

  insert(zone: Z, range: R): void {
    this.#entries.delete(entryKey(range));
    zone.ranges.splice(lastNotAfter(zone.ranges, range.from) + 1, 0, range);
    this.#zones.set(range.zone, zone); // dropping its last range has taken it out
    this.#entries.set(entryKey(range), range);
  }

  /** The number dropped. */
  forget(chosen: (range: R) => boolean): number {
    const dropped = [...this.#entries.values()].filter(chosen);
    for (const range of dropped) this.#entries.delete(entryKey(range));
    return dropped.length;
  }

  forgetZone(zone: Z): void {
    for (const range of [...zone.ranges]) this.#entries.delete(entryKey(range));
  }

  clear(): void {
    this.#entries.clear();
    this.#zones.clear();
  }

  #drop(range: R): void {
    const zone = this.#zones.get(range.zone);
    if (zone === undefined) return;
    const at = lastNotAfter(zone.ranges, range.from);
    if (zone.ranges[at] === range) zone.ranges.splice(at, 1);
    if (zone.ranges.length === 0) this.#zones.delete(range.zone);
  }
}

function covers({ from, to }: Range, sought: string): boolean {
  return to <= from ? sought > from || sought < to : sought > from && sought < to;
}

/** The index of the last range whose owner is not after `sought`; -1 if all are. */
function lastNotAfter(ranges: readonly Range[], sought: string): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.from <= sought) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const entryKey = (range: Range): string => `${range.zone}\u0000\u0000${range.from}`;

/** What ranges of a zone and its SOA deny together, for as long as the first of them lasts. `cover`: of a name error. */
export function synthesis(
  { name, soa }: { readonly name: Name; readonly soa: KnownSoa },
  denied: Pick<Denied, "kind" | "question">,
  by: { readonly ranges: readonly DenyingRange[]; readonly cover: Range | null; readonly nowMs: number },
): Synthesis {
  let { expiresMs } = soa;
  for (const range of by.ranges) expiresMs = Math.min(expiresMs, range.expiresMs);
  return {
    zone: name,
    response: () => {
      const rrsets = new Set<RRset>([soa.rrset, ...by.ranges.map(({ rrset }) => rrset)]);
      return { ...denied, soa: soa.rrset, authority: [...rrsets] };
    },
    ttl: Math.floor((expiresMs - by.nowMs) / 1000),
    cover: by.cover,
  };
}

export interface KnownSoa {
  readonly rrset: RRset<typeof TYPE.SOA>;
  readonly expiresMs: number;
}

/** A zone whose SOA is known: without it nothing tells how long a denial lasts. */
export function isSpokenFor<Z extends { readonly soa: KnownSoa | null }>(
  zone: Z,
  nowMs: number,
): zone is Z & { readonly soa: KnownSoa } {
  return zone.soa !== null && zone.soa.expiresMs > nowMs;
}

/** Does the bitmap of what stands at a name deny a type there? With a CNAME, the answer is that alias. */
export function lacks(
  { rrset }: { readonly rrset: RRset<typeof TYPE.NSEC | typeof TYPE.NSEC3> },
  type: RRType,
): boolean {
  const { types } = rdataOf(rrset)[0]!;
  return !types.has(type) && !types.has(TYPE.CNAME);
}

/** RFC 9077 §3: a denial lasts no longer than the SOA says. In seconds. */
export function denialTtl({ rrset }: KnownSoa): number {
  return Math.min(rrset.ttl, rdataOf(rrset)[0]!.minimum);
}

/** The SOA of `zone` among what came with a denial; null if it is not there. */
export function soaIn(authority: readonly RRset[], zone: Name, nowMs: number): KnownSoa | null {
  for (const rrset of authority) {
    if (!isOfType(rrset, TYPE.SOA) || !rrset.name.equals(zone)) continue;
    return { rrset, expiresMs: nowMs + denialTtl({ rrset, expiresMs: 0 }) * 1000 };
  }
  return null;
}
