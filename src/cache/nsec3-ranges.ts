/**
 * Proven NSEC3 RRs by zone in the order of their hashes, so that a question they deny need not be asked. RFC 8198 §5; TTLs
 * RFC 9077.
 *
 * A hash is what such a zone costs its validators, so it is spent sparingly: only zones hashed once, as RFC 9276 §3.1 has
 * it, with a salt that fits the same block, and names few labels below the apex. Whoever sends names of 120 labels buys no
 * more than eight hashes with each (CVE-2026-42923). Nothing is concluded here: what is found goes through the validator.
 */
import { LRUCache } from "lru-cache";
import type { HashOnce } from "../dnssec/gap.ts";
import { hashInOwner } from "../dnssec/nsec3.ts";
import type { Clock } from "../env/env.ts";
import { isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import type { Question } from "../wire/message.ts";
import type { Name, NameKey } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import type { Synthesis } from "./nsec-ranges.ts";
import { rrsetsWeight } from "./weight.ts";

type Nsec3RRset = RRset<typeof TYPE.NSEC3>;

interface Range {
  readonly zone: NameKey;
  /** Hashes as strings of 20 octets, whose order is that of the octets. */
  readonly owner: string;
  readonly next: string;
  readonly optOut: boolean;
  readonly rrset: Nsec3RRset;
  readonly expiresMs: number;
}

interface ZoneRanges {
  readonly name: Name;
  readonly salt: Uint8Array;
  /** In the order of their owners. */
  readonly ranges: Range[];
  soa: { readonly rrset: RRset<typeof TYPE.SOA>; readonly expiresMs: number } | null;
  /** Of the apex and of the wildcard below it, which nearly every denial needs. */
  readonly apexHash: string;
  readonly wildcardHash: string | null;
}

/** Salt of 8 octets and a hash of 20 are one block of SHA-1, and so are most names. */
const SALT_OCTETS = 8;
/** Below the apex: with the wildcard and the validator's own no more than eight hashes each. */
const LABELS_BELOW = 4;

export class Nsec3Ranges {
  readonly #clock: Clock;
  readonly #hash: HashOnce;
  readonly #zones = new Map<NameKey, ZoneRanges>();
  readonly #entries: LRUCache<string, Range>;

  constructor(clock: Clock, { maxOctets, hash }: { readonly maxOctets: number; readonly hash: HashOnce }) {
    this.#clock = clock;
    this.#hash = hash;
    this.#entries = new LRUCache({
      maxSize: maxOctets,
      sizeCalculation: sizeOf,
      dispose: (range) => this.#drop(range),
    });
  }

  /** `authority`: NSEC3 RRsets of one zone, and its SOA; all proven. */
  remember(zone: Name, authority: readonly RRset[]): void {
    const nowMs = this.#clock.monotonicMs();
    const soa = authority.find((rrset) => isOfType(rrset, TYPE.SOA) && rrset.name.equals(zone));
    for (const rrset of authority) {
      if (!isOfType(rrset, TYPE.NSEC3) || rrset.data.length > 1) continue;
      const { iterations, salt, flags, nextHashed } = rdataOf(rrset)[0]!;
      const owner = hashInOwner(rrset.name, zone);
      if (owner === null || iterations !== 0 || salt.length > SALT_OCTETS) continue;
      const known = this.#zoneFor(zone, salt);
      if (soa !== undefined && isOfType(soa, TYPE.SOA)) {
        known.soa = { rrset: soa, expiresMs: nowMs + Math.min(soa.ttl, rdataOf(soa)[0]!.minimum) * 1000 };
      }
      if (known.soa === null) continue;
      // RFC 9077 §3: a denial lasts no longer than the SOA says.
      const soaTtl = Math.min(known.soa.rrset.ttl, rdataOf(known.soa.rrset)[0]!.minimum);
      const ttl = Math.min(rrset.ttl, soaTtl);
      if (ttl <= 0) continue;
      this.#insert(known, {
        zone: zone.key,
        owner: textOf(owner),
        next: textOf(nextHashed),
        optOut: (flags & 1) !== 0,
        rrset,
        expiresMs: nowMs + ttl * 1000,
      });
    }
  }

  /** Null if the known ranges do not deny this question. */
  deny(question: Question): Synthesis | null {
    // DS is the parent's to deny. RFC 4035 §3.1.4.1.
    const from = question.name.labelCount - (question.type === TYPE.DS ? 1 : 0);
    for (let labels = from; labels >= Math.max(0, question.name.labelCount - LABELS_BELOW); labels--) {
      const zone = this.#zones.get(question.name.ancestor(labels).key);
      if (zone !== undefined) return this.#denyIn(zone, question);
    }
    return null;
  }

  /** All of the zones at or above the name, and of zones that `at` chooses: which of them speak of it, only hashes tell. */
  forgetAll(name: Name, at: (zone: NameKey) => boolean): number {
    const above = new Set<NameKey>();
    for (let labels = name.labelCount; labels >= 0; labels--) above.add(name.ancestor(labels).key);
    const chosen = [...this.#entries.values()].filter((range) => above.has(range.zone) || at(range.zone));
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
    const { name } = question;
    const own = this.#at(zone, this.#hashOf(zone, name), nowMs);
    if (own === null) return null;
    if (own.exact) return lacks(own.range, question) ? synthesis(zone, "no data", question, [own.range], nowMs) : null;
    // From the apex down, as the validator goes (RFC 5155 §8.3).
    let match = this.#at(zone, zone.apexHash, nowMs);
    for (let labels = zone.name.labelCount; match?.exact; labels++) {
      const nextCloser = labels + 1 === name.labelCount ? own : this.#find(zone, name.ancestor(labels + 1), nowMs);
      if (nextCloser === null) return null;
      if (nextCloser.exact) {
        match = nextCloser;
        continue;
      }
      // RFC 8198 §5.4: what opts out denies no name.
      if (nextCloser.range.optOut) return null;
      return this.#denyBelow(zone, question, {
        encloser: name.ancestor(labels),
        match: match.range,
        nextCloser: nextCloser.range,
        nowMs,
      });
    }
    return null;
  }

  #denyBelow(zone: ZoneRanges, question: Question, proof: EncloserProof): Synthesis | null {
    const { encloser, match, nextCloser, nowMs } = proof;
    const wildcard = encloser.wildcard();
    if (wildcard === null) return null;
    const hash = encloser.labelCount === zone.name.labelCount ? zone.wildcardHash : this.#hashOf(zone, wildcard);
    const source = hash === null ? null : this.#at(zone, hash, nowMs);
    if (source === null) return null;
    const ranges = [match, nextCloser, source.range];
    if (!source.exact) return synthesis(zone, "name error", question, ranges, nowMs);
    return lacks(source.range, question) ? synthesis(zone, "no data", question, ranges, nowMs) : null;
  }

  #find(zone: ZoneRanges, name: Name, nowMs: number): Found | null {
    return this.#at(zone, this.#hashOf(zone, name), nowMs);
  }

  /** The live range whose owner is the hash or that covers it. */
  #at({ ranges }: ZoneRanges, hash: string, nowMs: number): Found | null {
    const at = lastNotAfter(ranges, hash);
    // Before the first owner there is only the range that wraps around, and that one begins at the last.
    const range = at < 0 ? ranges[ranges.length - 1] : ranges[at];
    if (range === undefined || range.expiresMs <= nowMs) return null;
    if (range.owner === hash) return { range, exact: true };
    const covers =
      range.next <= range.owner ? hash > range.owner || hash < range.next : hash > range.owner && hash < range.next;
    if (!covers) return null;
    this.#entries.get(entryKey(range));
    return { range, exact: false };
  }

  #hashOf(zone: ZoneRanges, name: Name): string {
    return textOf(this.#hash(name, zone.salt));
  }

  /** With another salt the chain is another, and what was known of the last one can deny nothing beside it. */
  #zoneFor(zone: Name, salt: Uint8Array): ZoneRanges {
    const known = this.#zones.get(zone.key);
    if (known !== undefined && textOf(known.salt) === textOf(salt)) return known;
    if (known !== undefined) for (const range of [...known.ranges]) this.#entries.delete(entryKey(range));
    const wildcard = zone.wildcard();
    const hashed = (name: Name): string => textOf(this.#hash(name, salt));
    return {
      name: zone,
      salt,
      ranges: [],
      soa: null,
      apexHash: hashed(zone),
      wildcardHash: wildcard === null ? null : hashed(wildcard),
    };
  }

  #insert(zone: ZoneRanges, range: Range): void {
    this.#entries.delete(entryKey(range));
    zone.ranges.splice(lastNotAfter(zone.ranges, range.owner) + 1, 0, range);
    this.#zones.set(range.zone, zone); // dropping its last range has taken it out
    this.#entries.set(entryKey(range), range);
  }

  #drop(range: Range): void {
    const zone = this.#zones.get(range.zone);
    if (zone === undefined) return;
    const at = lastNotAfter(zone.ranges, range.owner);
    if (zone.ranges[at] === range) zone.ranges.splice(at, 1);
    if (zone.ranges.length === 0) this.#zones.delete(range.zone);
  }
}

interface Found {
  readonly range: Range;
  readonly exact: boolean;
}

interface EncloserProof {
  readonly encloser: Name;
  readonly match: Range;
  readonly nextCloser: Range;
  readonly nowMs: number;
}

function lacks({ rrset }: Range, { type }: Question): boolean {
  const { types } = rdataOf(rrset)[0]!;
  return !types.has(type) && !types.has(TYPE.CNAME);
}

function synthesis(
  zone: ZoneRanges,
  kind: "no data" | "name error",
  question: Question,
  ranges: readonly Range[],
  nowMs: number,
): Synthesis {
  const soa = zone.soa!;
  let expiresMs = soa.expiresMs;
  const rrsets = new Set<RRset>([soa.rrset]);
  for (const range of ranges) {
    expiresMs = Math.min(expiresMs, range.expiresMs);
    rrsets.add(range.rrset);
  }
  return {
    zone: zone.name,
    response: { kind, question, soa: soa.rrset, authority: [...rrsets] },
    ttl: Math.floor((expiresMs - nowMs) / 1000),
    // The match comes first, then what covers the next closer name.
    cover: kind === "name error" ? ranges[1]! : null,
  };
}

/** The index of the last range whose owner is not after `hash`; -1 if all are. */
function lastNotAfter(ranges: readonly Range[], hash: string): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.owner <= hash) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const textOf = (octets: Uint8Array): string => String.fromCharCode(...octets);
const entryKey = (range: Range): string => `${range.zone}\u0000\u0000${range.owner}`;

function sizeOf({ rrset }: Range): number {
  return 1800 + rrset.name.wire.length * 6 + rrsetsWeight([rrset]);
}
