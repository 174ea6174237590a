/**
 * One RRset against one zone's keys: the checklist of RFC 4035 §5.3.1, then candidate keys, then cryptography within the
 * budget. Any one good signature is enough; what its siblings are like does not matter (RFC 6840 §5.4, §5.11).
 */
import type { UnixSeconds } from "../env/env.ts";
import { countedLabels, signedData } from "../rrset/canonical.ts";
import type { RRset } from "../rrset/rrset.ts";
import type { Name } from "../wire/name.ts";
import type { Rrsig } from "../wire/rdata.ts";
import { isMetaType, TYPE, typeToText } from "../wire/registry.ts";
import type { Judge } from "./judge.ts";
import { dateText, type Failure, type FailureCode, failure, type Proof, type ProofPart } from "./proof.ts";
import type { WorkBudget } from "./work.ts";
import type { KeyFault, KeyRing, ZoneKey } from "./zone-keys.ts";
import type { SecureZone } from "./zone-trust.ts";

export type Verified =
  | {
      readonly kind: "verified";
      readonly part: ProofPart;
      /** The closest encloser whose wildcard was expanded: a denial of a closer match is needed (RFC 4035 §5.3.4). */
      readonly wildcard: Name | null;
      /** Seconds: the least of TTL, original TTL and time to expiration. RFC 4035 §5.3.3. */
      readonly ttl: number;
      /** The earliest expiration of this signature and of the zone's chain. */
      readonly validUntil: UnixSeconds;
    }
  | { readonly kind: "failed"; readonly failure: Failure };

export function verifyRRset(rrset: RRset, zone: SecureZone, by: Judge): Verified {
  const found = findSignature(rrset, zone.name, zone.ring, by);
  if (found.kind === "failed") return found;
  const { signature, key } = found;
  const { labels } = signature;
  return {
    kind: "verified",
    part: { rrset, signature, key: key.dnskey, zone: zone.proof },
    wildcard: labels < countedLabels(rrset.name) ? rrset.name.ancestor(labels) : null,
    ttl: lifetime(rrset, signature, by),
    validUntil: Math.min(endOf(signature, by), zone.validUntil),
  };
}

/** The proof of a statement that rests on `parts`, all of `zone`. */
export function proofFrom(zone: SecureZone, parts: readonly ProofPart[], by: Judge): Proof {
  let validUntil = zone.validUntil;
  for (const part of parts) validUntil = Math.min(validUntil, endOf(part.signature, by));
  return { parts, validUntil };
}

export type SignatureSearch =
  | { readonly kind: "found"; readonly signature: Rrsig; readonly key: ZoneKey }
  | { readonly kind: "failed"; readonly failure: Failure };

/** A signature over `rrset` that one of `ring` made. Zone judging calls it with the keys that a DS or an anchor names. */
export function findSignature(rrset: RRset, zone: Name, ring: KeyRing, by: Judge): SignatureSearch {
  const before = failures.get(rrset);
  if (before !== undefined && before.work === by.work && before.ring === ring) return before.search;
  const search = searchSignature(rrset, zone, ring, by);
  if (search.kind === "failed") failures.set(rrset, { work: by.work, ring, search });
  return search;
}

interface FailedBefore {
  readonly work: WorkBudget;
  readonly ring: KeyRing;
  readonly search: Extract<SignatureSearch, { kind: "failed" }>;
}

/** Keys by which a signature was tried in vain, for one question. */
const failedPairs = new WeakMap<Rrsig, { readonly work: WorkBudget; readonly keys: Set<ZoneKey> }>();

/** What failed for a question fails again for the same question, and costs it nothing more. */
const failures = new WeakMap<RRset, FailedBefore>();

function searchSignature(rrset: RRset, zone: Name, ring: KeyRing, by: Judge): SignatureSearch {
  const unsound = whyUnverifiable(rrset, zone);
  if (unsound !== null) return { kind: "failed", failure: unsound };
  const search = new Search(rrset, zone, by);
  for (const signature of rrset.signatures) {
    const flaw = checklist(signature, rrset, zone, by);
    if (flaw !== null) {
      search.note(flaw, signature);
      continue;
    }
    const key = keyThatVerified(signature, rrset, ring) ?? search.keyFor(signature, ring);
    if (key !== null) {
      successes.set(signature, { name: rrset.name, data: rrset.data, key });
      return { kind: "found", signature, key };
    }
    if (search.stopped) break;
  }
  return { kind: "failed", failure: search.failure() };
}

interface Success {
  readonly name: Name;
  readonly data: RRset["data"];
  readonly key: ZoneKey;
}

/**
 * Signatures that verified, so that a cached denial can be judged again and again at the cost of a look-up. Values here
 * never change, so the same signature over the same data by the same key verifies again; everything else on the checklist
 * is looked at anew.
 */
const successes = new WeakMap<Rrsig, Success>();

function keyThatVerified(signature: Rrsig, rrset: RRset, ring: KeyRing): ZoneKey | null {
  const success = successes.get(signature);
  if (success === undefined || success.data !== rrset.data || !success.name.equals(rrset.name)) return null;
  return ring.keys.includes(success.key) ? success.key : null;
}

/** What no signature could make good. */
function whyUnverifiable(rrset: RRset, zone: Name): Failure | null {
  const what = `${rrset.name} ${typeToText(rrset.type)}`;
  // RFC 4035 §2.2: RRSIGs are not signed themselves; the others are no data (ATTACKS: RRSIG over RRSIG, ANY, AXFR…).
  if (rrset.type === TYPE.RRSIG || isMetaType(rrset.type)) {
    return failure("signature malformed", rrset.name, `${what} is of a type that is never signed`);
  }
  if (!rrset.name.isWithin(zone)) {
    return failure("signature by wrong zone", rrset.name, `${what} lies outside of zone ${zone}`);
  }
  // RFC 4035 §2.4: DS RRs are the parent's; a zone that signs one at its own apex vouches for itself.
  if (rrset.type === TYPE.DS && rrset.name.labelCount === zone.labelCount) {
    return failure("signature by wrong zone", rrset.name, `${what} belongs to the parent, not to zone ${zone} itself`);
  }
  if (rrset.signatures.length === 0) return failure("signatures missing", rrset.name, `${what} has no RRSIG`);
  return null;
}

/** RFC 4035 §5.3.1, all that costs nothing; null if only the key remains to be asked. */
function checklist(signature: Rrsig, rrset: RRset, zone: Name, by: Judge): Flaw | null {
  return (
    typeFlaw(signature, rrset) ??
    signerFlaw(signature, zone) ??
    labelsFlaw(signature, rrset) ??
    algorithmFlaw(signature, by) ??
    timeFlaw(signature, by)
  );
}

function typeFlaw(signature: Rrsig, rrset: RRset): Flaw | null {
  return signature.typeCovered === rrset.type ? null : "another type";
}

function signerFlaw(signature: Rrsig, zone: Name): Flaw | null {
  return signature.signer.equals(zone) ? null : "another zone";
}

function labelsFlaw(signature: Rrsig, rrset: RRset): Flaw | null {
  if (signature.labels > countedLabels(rrset.name)) return "more labels than the owner";
  // The wildcard it stands for would lie above the zone (CVE-2026-44690 and its kin).
  if (signature.labels < signature.signer.labelCount) return "fewer labels than the signer";
  return null;
}

function algorithmFlaw(signature: Rrsig, by: Judge): Flaw | null {
  return algorithmCounts(signature.algorithm, by) ? null : "algorithm not accepted";
}

/** Can and may signatures of this DNSKEY algorithm be checked? */
export function algorithmCounts(algorithm: number, by: Judge): boolean {
  return by.policy.algorithms.has(algorithm) && by.engine.algorithms.has(algorithm);
}

/** RFC 4034 §3.1.5: times are 32-bit serial numbers, so differences are compared, not values. */
function timeFlaw(signature: Rrsig, by: Judge): Flaw | null {
  const now = Math.floor(by.now);
  if (serial(signature.expiration - signature.inception) < 0) return "expires before inception";
  if (serial(now - signature.expiration) > by.policy.expirationSkew) return "expired";
  if (serial(signature.inception - now) > by.policy.inceptionSkew) return "not yet valid";
  return null;
}

/** RFC 1982: the difference of two 32-bit serial numbers, -2^31 to 2^31 - 1. */
const serial = (difference: number): number => difference | 0;

/** When a signature stops counting; an operator who allows expired ones for a while means it. */
export function endOf(signature: Rrsig, by: Judge): UnixSeconds {
  return absolute(signature.expiration, by) + by.policy.expirationSkew;
}

/** The moment that a serial time means: the one closest to now. */
function absolute(time: number, by: Judge): UnixSeconds {
  const now = Math.floor(by.now);
  return now + serial(time - now);
}

/** RFC 4035 §5.3.3. `rrset.ttl` is the least of the TTLs in which records and RRSIGs came. */
export function lifetime(rrset: RRset, signature: Rrsig, by: Judge): number {
  return Math.max(0, Math.floor(Math.min(rrset.ttl, signature.originalTtl, endOf(signature, by) - by.now)));
}

/** One RRset's search: counts what it costs and remembers the most telling flaw. */
class Search {
  readonly #rrset: RRset;
  readonly #zone: Name;
  readonly #by: Judge;
  #pairs = 0;
  #worst: { readonly flaw: Flaw; readonly signature: Rrsig } | null = null;
  #untried: string | null = null;
  stopped = false;

  constructor(rrset: RRset, zone: Name, by: Judge) {
    this.#rrset = rrset;
    this.#zone = zone;
    this.#by = by;
  }

  note(flaw: Flaw, signature: Rrsig): void {
    if (this.#worst === null || telling.indexOf(flaw) > telling.indexOf(this.#worst.flaw)) {
      this.#worst = { flaw, signature };
    }
  }

  /** The key that made `signature`: a tag is a hint only, so several may have to be tried. RFC 4034 Appendix B. */
  keyFor(signature: Rrsig, ring: KeyRing): ZoneKey | null {
    const matching = ring.find(signature.keyTag, signature.algorithm);
    const usable = matching.filter((key) => key.usable);
    if (usable.length === 0) {
      this.note(matching[0]?.fault ?? "no key", signature);
      return null;
    }
    const { policy } = this.#by;
    if (usable.length > policy.keysPerTag) {
      this.#untried = `${usable.length} keys share tag ${signature.keyTag} and algorithm ${signature.algorithm}, ${policy.keysPerTag} were tried`;
    }
    let data: Uint8Array | null = null;
    for (const key of usable.slice(0, policy.keysPerTag)) {
      const { engine, work } = this.#by;
      if (key.isKnownMalformed(engine)) {
        this.note("key malformed", signature);
        continue;
      }
      if (this.#hasFailed(signature, key)) {
        if (!this.#hasRoom()) return null;
        this.#pairs += 1;
        this.note("wrong", signature);
        continue;
      }
      if (!this.#mayTry()) return null;
      const imported = key.imported(engine);
      if (imported !== null) {
        data ??= signedData(this.#rrset, signature);
        if (engine.verify(imported, data, signature.signature)) return key;
      }
      // A key that fails before cryptography is a failed check as well (CVE-2025-8677).
      work.take("failedSignatures");
      if (imported !== null) this.#remember(signature, key);
      this.note(imported === null ? "key malformed" : "wrong", signature);
    }
    return null;
  }

  /** A signature covers one name's data; a replay elsewhere is another value. */
  #hasFailed(signature: Rrsig, key: ZoneKey): boolean {
    const failed = failedPairs.get(signature);
    return failed?.work === this.#by.work && failed.keys.has(key);
  }

  #remember(signature: Rrsig, key: ZoneKey): void {
    const failed = failedPairs.get(signature);
    if (failed?.work === this.#by.work) failed.keys.add(key);
    else failedPairs.set(signature, { work: this.#by.work, keys: new Set([key]) });
  }

  #hasRoom(): boolean {
    if (this.#pairs < this.#by.policy.signaturesPerRRset) return true;
    this.#untried = `${this.#pairs} pairs of key and signature were tried, more remain`;
    this.stopped = true;
    return false;
  }

  #mayTry(): boolean {
    const { work } = this.#by;
    if (!this.#hasRoom()) return false;
    if (!work.has("failedSignatures") || !work.take("signatures")) {
      this.#untried = `the question's budget for ${work.has("failedSignatures") ? "" : "failed "}signature checks is spent`;
      this.stopped = true;
      return false;
    }
    this.#pairs += 1;
    return true;
  }

  failure(): Failure {
    const { name, type } = this.#rrset;
    // Not all was tried, so nobody knows whether a good signature is there: the limit is the reason, whatever came before.
    if (this.#untried !== null) {
      const detail = `No good RRSIG of ${name} ${typeToText(type)} was found within limits: ${this.#untried}`;
      return failure("too much validation work", name, detail);
    }
    const { flaw, signature } = this.#worst!; // each signature was noted, or the search stopped
    const row = flaws[flaw];
    const subject = `RRSIG of ${name} ${typeToText(type)} by key ${signature.keyTag}`;
    return failure(row.code, name, `${subject} ${row.text(signature, this.#zone, this.#by)}`);
  }
}

interface FlawRow {
  readonly code: FailureCode;
  /** What follows "RRSIG of example.com. A by key 123". */
  readonly text: (signature: Rrsig, zone: Name, by: Judge) => string;
}

/**
 * What can be wrong with a signature, the least telling first: the further a signature came on the way to being
 * accepted, the more its flaw says about the zone. So one that is expired hides one by an unknown key, and one that is
 * wrong in its cryptography hides both.
 */
const flaws = {
  "another type": { code: "signature malformed", text: (s) => `covers ${typeToText(s.typeCovered)}` },
  "another zone": { code: "signature by wrong zone", text: (s, zone) => `is by zone ${s.signer}, not by ${zone}` },
  "more labels than the owner": {
    code: "signature labels wrong",
    text: (s) => `counts ${s.labels} labels, more than the name has`,
  },
  "fewer labels than the signer": {
    code: "signature labels wrong",
    text: (s) => `counts ${s.labels} labels, fewer than its signer ${s.signer}`,
  },
  // RFC 6840 §5.2: to a validator without the algorithm such an RRSIG is as good as absent.
  "algorithm not accepted": {
    code: "signatures missing",
    text: (s) => `is of algorithm ${s.algorithm}, which does not count, and no other RRSIG came`,
  },
  "no key": {
    code: "no key for signature",
    text: (s, zone) => `of algorithm ${s.algorithm} has no key in the DNSKEY RRset of ${zone}`,
  },
  "wrong protocol": { code: "no key for signature", text: () => "is by a DNSKEY whose protocol is not 3" },
  revoked: { code: "no key for signature", text: () => "is by a revoked DNSKEY" },
  "no zone key": { code: "no zone key", text: () => "is by a DNSKEY without the zone key flag" },
  "expires before inception": {
    code: "signature expires before inception",
    text: (s, _zone, by) =>
      `expires on ${dateText(absolute(s.expiration, by))}, before its inception on ${dateText(absolute(s.inception, by))}`,
  },
  "not yet valid": {
    code: "signature not yet valid",
    text: (s, _zone, by) => `is not valid before ${dateText(absolute(s.inception, by))}`,
  },
  expired: {
    code: "signature expired",
    text: (s, _zone, by) => `expired on ${dateText(absolute(s.expiration, by))}`,
  },
  "key malformed": {
    code: "key malformed",
    text: (s) => `is by a DNSKEY that is malformed for algorithm ${s.algorithm}, or of a size that is refused`,
  },
  wrong: { code: "signature wrong", text: () => "does not verify" },
} satisfies Record<string, FlawRow> & Record<KeyFault, FlawRow>;

type Flaw = keyof typeof flaws;

const telling = Object.keys(flaws) as Flaw[];
