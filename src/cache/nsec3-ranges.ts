/**
 * Proven NSEC3 RRs by zone in the order of their hashes, so that a question they deny need not be asked. RFC 8198 §5; TTLs
 * RFC 9077.
 *
 * A hash is what such a zone costs its validators, so it is spent sparingly: only zones hashed once, as RFC 9276 §3.1 has
 * it, with a salt that fits the same block, and names few labels below the apex. Whoever sends names of 120 labels buys no
 * more than eight hashes with each (CVE-2026-42923). Nothing is concluded here: what is found goes through the validator.
 */
import type { HashOnce } from "../dnssec/gap.ts";
import { hashInOwner } from "../dnssec/nsec3.ts";
import type { Clock } from "../env/env.ts";
import { isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import type { Question } from "../wire/message.ts";
import type { Name, NameKey } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import {
  type DenyingRange,
  denialTtl,
  type Found,
  isSpokenFor,
  type KnownSoa,
  lacks,
  Ranges,
  type Synthesis,
  soaIn,
  synthesis,
} from "./ranges.ts";
import { rrsetsWeight } from "./weight.ts";

/** From hash to hash, as strings of 20 octets. */
interface Nsec3Range extends DenyingRange {
  readonly optOut: boolean;
  readonly rrset: RRset<typeof TYPE.NSEC3>;
}

interface ZoneRanges {
  readonly name: Name;
  readonly salt: Uint8Array;
  /** In the order of their owners. */
  readonly ranges: Nsec3Range[];
  soa: KnownSoa | null;
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
  readonly #ranges: Ranges<Nsec3Range, ZoneRanges>;

  constructor(clock: Clock, { maxOctets, hash }: { readonly maxOctets: number; readonly hash: HashOnce }) {
    this.#clock = clock;
    this.#hash = hash;
    this.#ranges = new Ranges(maxOctets, sizeOf);
  }

  /** `authority`: NSEC3 RRsets of one zone, and its SOA; all proven. */
  remember(zone: Name, authority: readonly RRset[]): void {
    const nowMs = this.#clock.monotonicMs();
    const soa = soaIn(authority, zone, nowMs);
    for (const rrset of authority) {
      if (!isOfType(rrset, TYPE.NSEC3) || rrset.data.length > 1) continue;
      const { iterations, salt, flags, nextHashed } = rdataOf(rrset)[0]!;
      const owner = hashInOwner(rrset.name, zone);
      if (owner === null || iterations !== 0 || salt.length > SALT_OCTETS) continue;
      const known = this.#zoneFor(zone, salt);
      known.soa = soa ?? known.soa;
      if (known.soa === null) continue;
      const ttl = Math.min(rrset.ttl, denialTtl(known.soa));
      if (ttl <= 0) continue;
      this.#ranges.insert(known, {
        zone: zone.key,
        from: textOf(owner),
        to: textOf(nextHashed),
        optOut: (flags & 1) !== 0,
        rrset,
        expiresMs: nowMs + ttl * 1000,
        usedMs: nowMs,
      });
    }
  }

  /** Null if the known ranges do not deny this question. */
  deny(question: Question): Synthesis | null {
    const zone = this.#ranges.zoneOf(question, LABELS_BELOW);
    return zone === undefined ? null : this.#denyIn(zone, question);
  }

  /** All of the zones at or above the name, and of zones that `at` chooses: which of them speak of it, only hashes tell. */
  forgetAll(name: Name, at: (zone: NameKey) => boolean): number {
    const above = new Set<NameKey>();
    for (let labels = name.labelCount; labels >= 0; labels--) above.add(name.ancestor(labels).key);
    return this.#ranges.forget((range) => above.has(range.zone) || at(range.zone));
  }

  clear(): void {
    this.#ranges.clear();
  }

  #denyIn(zone: ZoneRanges, question: Question): Synthesis | null {
    const nowMs = this.#clock.monotonicMs();
    if (!isSpokenFor(zone, nowMs)) return null;
    const { name } = question;
    const own = this.#ranges.find(zone, this.#hashOf(zone, name), nowMs);
    if (own === null) return null;
    if (own.exact) return lacks(own.range, question.type) ? denied(zone, question, [own.range], nowMs) : null;
    // From the apex down, as the validator goes (RFC 5155 §8.3).
    let match = this.#ranges.find(zone, zone.apexHash, nowMs);
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

  #denyBelow(zone: SpokenZone, question: Question, proof: EncloserProof): Synthesis | null {
    const { encloser, match, nextCloser, nowMs } = proof;
    const wildcard = encloser.wildcard();
    if (wildcard === null) return null;
    const hash = encloser.labelCount === zone.name.labelCount ? zone.wildcardHash : this.#hashOf(zone, wildcard);
    const source = hash === null ? null : this.#ranges.find(zone, hash, nowMs);
    if (source === null) return null;
    const ranges = [match, nextCloser, source.range];
    if (source.exact) return lacks(source.range, question.type) ? denied(zone, question, ranges, nowMs) : null;
    return synthesis(zone, { kind: "name error", question }, { ranges, cover: nextCloser, nowMs });
  }

  #find(zone: ZoneRanges, name: Name, nowMs: number): Found<Nsec3Range> | null {
    return this.#ranges.find(zone, this.#hashOf(zone, name), nowMs);
  }

  #hashOf(zone: ZoneRanges, name: Name): string {
    return textOf(this.#hash(name, zone.salt));
  }

  /** With another salt the chain is another, and what was known of the last one can deny nothing beside it. */
  #zoneFor(zone: Name, salt: Uint8Array): ZoneRanges {
    const known = this.#ranges.zone(zone.key);
    if (known !== undefined && textOf(known.salt) === textOf(salt)) return known;
    if (known !== undefined) this.#ranges.forgetZone(known);
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
}

interface EncloserProof {
  readonly encloser: Name;
  readonly match: Nsec3Range;
  readonly nextCloser: Nsec3Range;
  readonly nowMs: number;
}

type SpokenZone = ZoneRanges & { readonly soa: KnownSoa };

function denied(zone: SpokenZone, question: Question, ranges: readonly Nsec3Range[], nowMs: number): Synthesis {
  return synthesis(zone, { kind: "no data", question }, { ranges, cover: null, nowMs });
}

const textOf = (octets: Uint8Array): string => String.fromCharCode(...octets);

function sizeOf({ rrset }: Nsec3Range): number {
  return 1800 + rrset.name.wire.length * 6 + rrsetsWeight([rrset]);
}
