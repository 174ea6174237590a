/** Which DS RRs count, and which keys they name. RFC 4035 §5.2, RFC 6840 §5.2, SHA-1 RFC 4509 §3. */
import { equalOctets } from "../rrset/canonical.ts";
import type { Name } from "../wire/name.ts";
import type { Ds } from "../wire/rdata.ts";
import type { Judge } from "./judge.ts";
import { type Failure, failure } from "./proof.ts";
import { algorithmCounts } from "./signature.ts";
import type { KeyFault, KeyRing, ZoneKey } from "./zone-keys.ts";

const SHA1 = 1;

export type DsChoice =
  | { readonly kind: "usable"; readonly ds: readonly Ds[] }
  /** Not one names what we have: the zone is insecure, and this is why. */
  | { readonly kind: "unsupported algorithm" | "unsupported digest" };

export function chooseDs(all: readonly Ds[], by: Judge): DsChoice {
  const signable = all.filter((ds) => algorithmCounts(ds.algorithm, by));
  if (signable.length === 0) return { kind: "unsupported algorithm" };
  const { policy, engine } = by;
  const usable = signable.filter((ds) => policy.digests.has(ds.digestType) && engine.digests.has(ds.digestType));
  if (usable.length === 0) return { kind: "unsupported digest" };
  // RFC 4509 §3: SHA-1 is ignored beside a stronger digest, even where only SHA-1 would match.
  const strong = usable.filter((ds) => ds.digestType !== SHA1);
  return { kind: "usable", ds: strong.length > 0 ? strong : usable };
}

export type DsMatch =
  | { readonly kind: "matched"; readonly keys: readonly ZoneKey[] }
  | { readonly kind: "failed"; readonly failure: Failure };

/** The keys of `ring` that `ds` names and that may verify. Tries only pairs that share tag and algorithm (HashTrap). */
export function matchDs(ds: readonly Ds[], zone: Name, ring: KeyRing, by: Judge): DsMatch {
  const { policy, engine, work } = by;
  // A colliding tag costs one digest more; nobody honest has more collisions than DS RRs.
  let digestsLeft = 2 * policy.dsPerZone;
  let untried = ds.length > policy.dsPerZone;
  const matched = new Set<ZoneKey>();
  let mismatch: Ds | null = null;
  let fault: { readonly kind: KeyFault; readonly ds: Ds } | null = null;
  for (const one of ds.slice(0, policy.dsPerZone)) {
    const candidates = ring.find(one.keyTag, one.algorithm);
    if (candidates.length > policy.keysPerTag) untried = true;
    for (const key of candidates.slice(0, policy.keysPerTag)) {
      if (key.fault !== null) {
        fault ??= { kind: key.fault, ds: one };
        continue;
      }
      if (digestsLeft === 0 || !work.take("digests")) {
        untried = true;
        break;
      }
      digestsLeft -= 1;
      const digest = engine.digest(one.digestType, digestInput(zone, key.rdata));
      if (digest !== null && equalOctets(digest, one.digest)) matched.add(key);
      else mismatch ??= one;
    }
  }
  if (matched.size > 0) return { kind: "matched", keys: [...matched] };
  return { kind: "failed", failure: whyUnmatched(ds, zone, { untried, fault, mismatch }) };
}

interface Unmatched {
  readonly untried: boolean;
  readonly fault: { readonly kind: KeyFault; readonly ds: Ds } | null;
  readonly mismatch: Ds | null;
}

function whyUnmatched(ds: readonly Ds[], zone: Name, found: Unmatched): Failure {
  if (found.untried) {
    const detail = `None of the ${ds.length} DS RRs of ${zone} matched a DNSKEY within limits, and not all were tried`;
    return failure("too much validation work", zone, detail);
  }
  if (found.fault !== null) {
    const { keyTag } = found.fault.ds;
    switch (found.fault.kind) {
      case "no zone key":
        return failure("no zone key", zone, `DS of ${zone} names key ${keyTag}, which lacks the zone key flag`);
      case "wrong protocol":
        return failure("no key for DS", zone, `DS of ${zone} names key ${keyTag}, whose protocol is not 3`);
      case "revoked":
        return failure("no key for DS", zone, `DS of ${zone} names key ${keyTag}, which is revoked`);
    }
  }
  if (found.mismatch !== null) {
    const { keyTag, digestType } = found.mismatch;
    const detail = `DS of ${zone} for key ${keyTag} has another digest (type ${digestType}) than the DNSKEY with this tag`;
    return failure("no key for DS", zone, detail);
  }
  const tags = ds.map((one) => `${one.keyTag} of algorithm ${one.algorithm}`).join(", ");
  return failure("no key for DS", zone, `DNSKEY RRset of ${zone} holds no key that a DS names (${tags})`);
}

/** RFC 4034 §5.1.4: the owner's canonical name, then the DNSKEY's RDATA. */
export function digestInput(zone: Name, dnskey: Uint8Array): Uint8Array {
  const owner = zone.canonicalWire;
  const input = new Uint8Array(owner.length + dnskey.length);
  input.set(owner);
  input.set(dnskey, owner.length);
  return input;
}
