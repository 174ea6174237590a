/**
 * What NSEC and NSEC3 RRs have in common: a verified record, what its type bitmap denies, and what a set of them shows.
 * RFC 4035 §5.4, RFC 5155 §8, RFC 6840 §4.
 */
import type { RRset } from "../rrset/rrset.ts";
import type { Name } from "../wire/name.ts";
import { type RRType, TYPE, typeToText } from "../wire/registry.ts";
import type { Judge } from "./judge.ts";
import type { Denial, ProofPart } from "./proof.ts";
import type { Verified } from "./signature.ts";

/** An NSEC or NSEC3 RR whose signature was verified. */
export interface DenyingRecord {
  readonly types: ReadonlySet<RRType>;
  /** With the TTL that its signature allows. */
  readonly rrset: RRset;
  readonly part: ProofPart;
}

export type Finding =
  | {
      readonly kind: "shown";
      readonly what: Denial["kind"];
      readonly closestEncloser: Name | null;
      readonly optOut: boolean;
      /** What it rests on, and nothing else. */
      readonly records: readonly DenyingRecord[];
    }
  /** `why`: the end of the sentence "It is not proven that …, since". */
  | { readonly kind: "not shown"; readonly why: string };

export function notShown(why: string): Finding {
  return { kind: "not shown", why };
}

/** The RRset with the TTL that its signature and the chain above it allow. RFC 4035 §5.3.3. */
export function asVerified<T extends RRset>(
  rrset: T,
  { ttl, validUntil }: Extract<Verified, { kind: "verified" }>,
  by: Judge,
): T {
  const allowed = Math.max(0, Math.min(ttl, Math.floor(validUntil - by.now)));
  return allowed === rrset.ttl ? rrset : { ...rrset, ttl: allowed };
}

/** Why the bitmap of a record at `at` does not deny `type` there; null if it does. */
export function whyNotDenied(types: ReadonlySet<RRType>, type: RRType, at: Name): string | null {
  // RFC 6840 §4.2: nothing at all for ANY means that no RRset is there.
  if (type === TYPE.ANY) {
    for (const listed of types) if (!isOfDenialItself(listed)) return `${at} has ${typeToText(listed)}`;
    return null;
  }
  if (types.has(type)) return `${at} has ${typeToText(type)}`;
  // RFC 6840 §4.3: with a CNAME, the answer would have been that alias.
  if (types.has(TYPE.CNAME)) return `${at} is an alias`;
  if (type === TYPE.DS) {
    // RFC 4035 §5.2: the child's own apex cannot speak for its parent; only the root has none.
    return types.has(TYPE.SOA) && !at.isRoot ? `the record of ${at} is the child's, and DS is the parent's` : null;
  }
  // RFC 6840 §4.1: the parent's record at a delegation denies nothing there but DS.
  return isCut(types) ? `the record of ${at} is its parent's, and ${typeToText(type)} is the child's` : null;
}

/** What every NSEC or NSEC3 may list besides data. NXNAME: RFC 9824 §2. */
function isOfDenialItself(type: RRType): boolean {
  return type === TYPE.RRSIG || type === TYPE.NSEC || type === TYPE.NXNAME;
}

/** A delegation seen from its parent: "ancestor delegation" in RFC 6840 §4.1. */
export function isCut(types: ReadonlySet<RRType>): boolean {
  return types.has(TYPE.NS) && !types.has(TYPE.SOA);
}

/** Is what lies below the record's name told by others? RFC 6840 §4.1, RFC 5155 §8.3. */
export function hidesBelow(types: ReadonlySet<RRType>): boolean {
  return isCut(types) || types.has(TYPE.DNAME);
}

/**
 * Whether a record at a name that a referral claims to be delegated proves that it is so, without a DS. RFC 6840 §4.4.
 * An alias or data there is proof as well: of no delegation.
 */
export function whatCutShows(record: DenyingRecord, cut: Name): Finding {
  const { types } = record;
  if (types.has(TYPE.DS)) return notShown(`${cut} has DS`);
  if (types.has(TYPE.SOA)) return notShown(`the record of ${cut} is the child's, and DS is the parent's`);
  const what = types.has(TYPE.NS) ? "unsigned delegation" : "no delegation";
  return { kind: "shown", what, closestEncloser: null, optOut: false, records: [record] };
}
