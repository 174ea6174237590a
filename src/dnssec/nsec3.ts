/**
 * Authenticated denial with hashed names. RFC 5155 §8; limits RFC 9276 §3.2; clarified by RFC 6840 §4.
 *
 * An NSEC3 RR says: a name with the hash `owner` exists and has these types, and no name of the zone has a hash between
 * `owner` and `next`, unless the opt-out flag is set: then unsigned delegations may have.
 *
 *   matches                  the owner is the hash of the name
 *   covers                   owner < hash of the name < next; the last NSEC3 of a zone leads back to the first
 *   closest encloser         the longest existing ancestor of a name that does not exist
 *   next closer              the name one label longer than the closest encloser, on the way to the name
 *   closest encloser proof   one NSEC3 that matches the closest encloser, and one that covers the next closer
 *   opt-out                  the next closer is covered by an NSEC3 with the flag: the name may be an unsigned delegation,
 *                            so nothing that rests on this is secure (RFC 5155 §9.2)
 */
import { compareOctets } from "../rrset/canonical.ts";
import { isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import type { Question } from "../wire/message.ts";
import type { Name, NameKey } from "../wire/name.ts";
import type { Nsec3 } from "../wire/rdata.ts";
import { type RRType, TYPE } from "../wire/registry.ts";
import {
  asVerified,
  type DenyingRecord,
  type Finding,
  hidesBelow,
  isCut,
  notShown,
  whatCutShows,
  whyNotDenied,
} from "./denying.ts";
import type { Judge } from "./judge.ts";
import { type Failure, failure } from "./proof.ts";
import { verifyRRset } from "./signature.ts";
import type { SecureZone } from "./zone-trust.ts";

export interface HashSpan {
  readonly owner: Uint8Array;
  readonly next: Uint8Array;
}

interface Nsec3Record extends DenyingRecord, HashSpan {
  readonly optOut: boolean;
}

/** What a server says: its rcode. Under opt-out it decides between two answers that are insecure anyway. */
export type Claim = "no data" | "name error";

/** What the NSEC3 RRs show about a name and type. RFC 5155 §8.4 to §8.7. */
export function whatNsec3Shows(records: Nsec3Records, question: Question, claim: Claim): Finding {
  const { name, type } = question;
  const match = records.matching(name);
  if (match !== null) {
    const why = whyNotDenied(match.types, type, name);
    return why === null ? shown("no data", null, match) : notShown(why);
  }
  const enclosed = findEncloser(records, name);
  if (enclosed.kind === "not shown") return enclosed;
  return whatWildcardShows(records, enclosed, { type, claim });
}

function whatWildcardShows(
  records: Nsec3Records,
  enclosed: Enclosed,
  { type, claim }: { readonly type: RRType; readonly claim: Claim },
): Finding {
  const { name: encloser, match, cover } = enclosed;
  const wildcard = encloser.wildcard()!; // no longer than the name that it is the closest encloser of
  const wild = records.matching(wildcard);
  if (wild !== null) {
    // RFC 5155 §8.7
    const why = whyNotDenied(wild.types, type, wildcard);
    if (why !== null) return notShown(why);
    if (isCut(wild.types)) return notShown(`${wildcard} has NS, and a wildcard delegates nothing`);
    return shown("no data at a wildcard", enclosed, match, cover, wild);
  }
  // RFC 5155 §8.6 says so of DS; of other types, servers answer like this where an empty non-terminal leads to unsigned
  // delegations only. Either way the answer is insecure.
  if (claim === "no data" && cover.optOut) return shown("no data", enclosed, match, cover);
  const above = records.covering(wildcard);
  if (above === null) return notShown(`no NSEC3 RR matches or covers ${wildcard}`);
  return shown("name error", enclosed, match, cover, above);
}

/** What the NSEC3 RRs show about a name that a referral claims to be delegated without DS. RFC 5155 §8.9. */
export function whatNsec3ShowsOfCut(records: Nsec3Records, cut: Name): Finding {
  const match = records.matching(cut);
  if (match !== null) return whatCutShows(match, cut);
  const enclosed = findEncloser(records, cut);
  if (enclosed.kind === "not shown") return enclosed;
  const what = enclosed.cover.optOut ? "unsigned delegation" : "no delegation";
  return shown(what, enclosed, enclosed.match, enclosed.cover);
}

/** Is the wildcard below `source` the closest match for `name`? RFC 5155 §8.8. */
export function whetherNsec3ShowsNoCloserMatch(records: Nsec3Records, name: Name, source: Name): Finding {
  const nextCloser = name.ancestor(source.labelCount + 1);
  const cover = records.covering(nextCloser);
  if (cover === null) return notShown(`no NSEC3 RR covers ${nextCloser}`);
  return shown("no closer match", { name: source, cover }, cover);
}

interface Enclosed {
  readonly kind: "enclosed";
  readonly name: Name;
  readonly match: Nsec3Record;
  readonly cover: Nsec3Record;
}

/**
 * RFC 5155 §8.3, but from the apex down: the first ancestor that matches, while the name below it is covered, is the
 * closest encloser, and a question with a hundred random labels costs no more hashes than one with one.
 */
function findEncloser(records: Nsec3Records, name: Name): Enclosed | Extract<Finding, { kind: "not shown" }> {
  let deepest: Name | null = null;
  for (let labels = records.zone.labelCount; labels < name.labelCount; labels++) {
    const ancestor = name.ancestor(labels);
    const match = records.matching(ancestor);
    if (match === null) continue;
    if (hidesBelow(match.types)) {
      const what = isCut(match.types) ? "a delegation" : "a DNAME";
      return { kind: "not shown", why: `${name} lies below ${what}, ${ancestor}` };
    }
    deepest = ancestor;
    const cover = records.covering(name.ancestor(labels + 1));
    if (cover !== null) return { kind: "enclosed", name: ancestor, match, cover };
  }
  return deepest === null
    ? { kind: "not shown", why: `no NSEC3 RR matches ${name} or a name above it` }
    : { kind: "not shown", why: `no NSEC3 RR covers ${name.ancestor(deepest.labelCount + 1)}, below ${deepest}` };
}

/** RFC 5155 §9.2: wherever a next closer name took part, the record that covers it decides about opt-out. */
function shown(
  what: Extract<Finding, { kind: "shown" }>["what"],
  enclosed: Pick<Enclosed, "name" | "cover"> | null,
  ...records: readonly Nsec3Record[]
): Finding {
  return {
    kind: "shown",
    what,
    closestEncloser: enclosed?.name ?? null,
    optOut: enclosed?.cover.optOut ?? false,
    records: [...new Set(records)],
  };
}

type Nsec3Chain =
  | { readonly kind: "absent" }
  | { readonly kind: "usable"; readonly records: Nsec3Records }
  /** Signed, and too costly to hash for: RFC 9276 §3.2. */
  | { readonly kind: "too many iterations"; readonly iterations: number; readonly rrsets: readonly RRset[] }
  | { readonly kind: "failed"; readonly failure: Failure };

/** The NSEC3 RRs of one response that count: well-formed, of this zone, and verified, all of one chain. */
export function openNsec3(authority: readonly RRset[], zone: SecureZone, by: Judge): Nsec3Chain {
  const rrsets = authority.filter((rrset) => isOfType(rrset, TYPE.NSEC3));
  if (rrsets.length === 0) return { kind: "absent" };
  if (rrsets.length > by.policy.nsec3PerResponse) {
    const detail = `${rrsets.length} NSEC3 RRsets in one response, ${by.policy.nsec3PerResponse} are allowed`;
    return { kind: "failed", failure: failure("too much validation work", zone.name, detail) };
  }
  const records: Nsec3Record[] = [];
  const parameters = new Map<string, Nsec3>();
  let refused: Failure | null = null;
  for (const rrset of rrsets) {
    const owner = hashInOwner(rrset.name, zone.name);
    const usable = rdataOf(rrset).filter(isUsable);
    if (owner === null || usable.length === 0) {
      refused ??= failure("denial malformed", rrset.name, whyUnusable(rrset, owner, zone.name));
      continue;
    }
    const verified = verifyRRset(rrset, zone, by);
    if (verified.kind === "failed") {
      refused ??= verified.failure;
      continue;
    }
    // A hash cannot be expanded from a wildcard: the owner would be a name that nobody hashed.
    if (verified.wildcard !== null) continue;
    const kept = asVerified(rrset, verified, by);
    for (const nsec3 of usable) {
      const { nextHashed: next, flags, types } = nsec3;
      parameters.set(`${nsec3.iterations} ${nsec3.salt.join(" ")}`, nsec3);
      records.push({ owner, next, types, optOut: (flags & OPT_OUT) !== 0, rrset: kept, part: verified.part });
    }
  }
  const [chain, another] = [...parameters.values()];
  if (chain === undefined) return refused === null ? { kind: "absent" } : { kind: "failed", failure: refused };
  // RFC 5155 §8.2: all of one response have the same parameters, or it is bogus.
  if (another !== undefined) {
    const detail = `NSEC3 RRs of ${zone.name} in one response have ${parameters.size} different parameters`;
    return { kind: "failed", failure: failure("denial malformed", zone.name, detail) };
  }
  // RFC 9276 §3.2: only after the signature was verified, and before anything is hashed (CVE-2026-1519; ATTACKS A-44).
  if (chain.iterations > by.policy.nsec3Iterations) {
    return {
      kind: "too many iterations",
      iterations: chain.iterations,
      rrsets: [...new Set(records.map((record) => record.rrset))],
    };
  }
  return { kind: "usable", records: new Nsec3Records(records, chain, { zone: zone.name, refused, by }) };
}

const SHA1 = 1;
const HASH_OCTETS = 20;
const OPT_OUT = 1;

/** RFC 5155 §8.1, §8.2: with an unknown hash algorithm or unknown flags, an NSEC3 RR is ignored. */
function isUsable(nsec3: Nsec3): boolean {
  const { hashAlgorithm, flags, nextHashed } = nsec3;
  return hashAlgorithm === SHA1 && (flags & ~OPT_OUT) === 0 && nextHashed.length === HASH_OCTETS;
}

function whyUnusable(rrset: RRset, owner: Uint8Array | null, zone: Name): string {
  return owner === null
    ? `NSEC3 of ${rrset.name} does not stand at a hash directly below ${zone}`
    : `NSEC3 of ${rrset.name} has an unknown hash algorithm, unknown flags or a hash of another length`;
}

/** RFC 5155 §3: the owner is one hash below the apex, so that no child zone can speak for its parent (CVE-2026-10723). */
export function hashInOwner(owner: Name, zone: Name): Uint8Array | null {
  if (owner.labelCount !== zone.labelCount + 1 || !owner.isWithin(zone)) return null;
  return fromBase32Hex(owner.lowerCased().firstLabel);
}

/** 32 characters of 0-9 a-v: 20 octets. RFC 4648 §7. */
function fromBase32Hex(label: Uint8Array): Uint8Array | null {
  if (label.length !== 32) return null;
  const octets = new Uint8Array(HASH_OCTETS);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of label) {
    const digit = digitOf(character);
    if (digit === null) return null;
    bits = ((bits << 5) | digit) & 0xfff;
    held += 5;
    if (held >= 8) {
      held -= 8;
      octets[at++] = bits >>> held;
    }
  }
  return octets;
}

function digitOf(character: number): number | null {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  if (character >= 0x61 && character <= 0x76) return character - 0x61 + 10;
  return null;
}

/** The NSEC3 RRs of one response, and the hashes that were needed of it: each computed once. */
export class Nsec3Records {
  readonly zone: Name;
  /** Why the first one that did not count did not. */
  readonly refused: Failure | null;
  /** The question's budget for hashes ran out, so that what was not found may be there. */
  spent = false;
  readonly #records: readonly Nsec3Record[];
  readonly #chain: Nsec3;
  readonly #by: Judge;
  readonly #hashes = new Map<NameKey, Uint8Array>();

  constructor(
    records: readonly Nsec3Record[],
    chain: Nsec3,
    { zone, refused, by }: { readonly zone: Name; readonly refused: Failure | null; readonly by: Judge },
  ) {
    this.#records = records;
    this.#chain = chain;
    this.zone = zone;
    this.refused = refused;
    this.#by = by;
  }

  matching(name: Name): Nsec3Record | null {
    const hash = this.#hash(name);
    if (hash === null) return null;
    return this.#records.find(({ owner }) => compareOctets(owner, hash) === 0) ?? null;
  }

  /** A name that is matched exists, whatever seems to cover it: an opt-out span must not hide it (ATTACKS A-35). */
  covering(name: Name): Nsec3Record | null {
    const hash = this.#hash(name);
    if (hash === null || this.matching(name) !== null) return null;
    return this.#records.find((record) => covers(record, hash)) ?? null;
  }

  #hash(name: Name): Uint8Array | null {
    const known = this.#hashes.get(name.key);
    if (known !== undefined) return known;
    const { iterations, salt } = this.#chain;
    if (!this.#by.work.take("hashes", costOf(iterations, salt.length))) {
      this.spent = true;
      return null;
    }
    const hash = this.#by.engine.nsec3Hash(name.canonicalWire, salt, iterations);
    this.#hashes.set(name.key, hash);
    return hash;
  }
}

/** SHA-1 blocks: a long salt costs as much as iterations do (CVE-2023-50868). */
function costOf(iterations: number, saltOctets: number): number {
  return (iterations + 1) * Math.ceil((HASH_OCTETS + saltOctets) / 64);
}

/** Strictly between the two hashes; the last NSEC3 of a zone leads back to the first. */
export function covers({ owner, next }: HashSpan, hash: Uint8Array): boolean {
  const above = compareOctets(owner, hash) < 0;
  const below = compareOctets(hash, next) < 0;
  return compareOctets(owner, next) < 0 ? above && below : above || below;
}
