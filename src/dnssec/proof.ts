/** What a verdict rests on: the chain itself, and for failures one sentence that says what broke and where. */
import type { UnixSeconds } from "../env/env.ts";
import type { RRset } from "../rrset/rrset.ts";
import type { Name } from "../wire/name.ts";
import type { Dnskey, Rrsig } from "../wire/rdata.ts";
import { EDE, type RRType } from "../wire/registry.ts";
import type { Break } from "./account.ts";
import type { TrustAnchor } from "./trust-anchor.ts";

export interface Proof {
  /** One part for each RRset that the statement needs; alias links and denial records included. */
  readonly parts: readonly ProofPart[];
  /** The earliest expiration in the chain. */
  readonly validUntil: UnixSeconds;
}

export interface ProofPart extends SignedBy {
  readonly zone: ZoneProof;
}

/** An RRset, the signature that verified, and the key that made it. */
export interface SignedBy {
  readonly rrset: RRset;
  readonly signature: Rrsig;
  readonly key: Dnskey;
}

/** The chain from a trust anchor to a zone's keys. */
export type ZoneProof =
  | { readonly zone: Name; readonly anchor: TrustAnchor; readonly dnskey: SignedBy }
  | { readonly zone: Name; readonly parent: ZoneProof; readonly ds: SignedBy; readonly dnskey: SignedBy };

/** What a set of NSEC or NSEC3 records was shown to prove. */
export interface Denial {
  readonly kind:
    | "name error"
    | "no data"
    | "no data at a wildcard"
    /** A compact NSEC with NXNAME: the name does not exist (RFC 9824 §3.1). */
    | "compact name error"
    /** There is a delegation here, and it has no DS. */
    | "unsigned delegation"
    /** No DS, and no delegation either: the name lies inside the zone, or does not exist. */
    | "no delegation"
    /** No closer match for a wildcard expansion. RFC 4035 §5.3.4, RFC 5155 §8.8. */
    | "no closer match";
  readonly name: Name;
  readonly type: RRType | null;
  readonly zone: Name;
  readonly family: "NSEC" | "NSEC3";
  /** The longest existing ancestor that the records show, where the kind needs one. */
  readonly closestEncloser: Name | null;
  /** An NSEC3 span with the opt-out flag took part. RFC 5155 §6. */
  readonly optOut: boolean;
  readonly records: readonly RRset[];
}

/** Reasons for bogus and indeterminate, each with its primary extended DNS error (RFC 8914). */
const failureCodes = {
  "signature expired": EDE.SIGNATURE_EXPIRED,
  "signature not yet valid": EDE.SIGNATURE_NOT_YET_VALID,
  "signature expires before inception": EDE.SIGNATURE_EXPIRED_BEFORE_VALID,
  "signature wrong": EDE.DNSSEC_BOGUS,
  "signature malformed": EDE.DNSSEC_BOGUS,
  "signature by wrong zone": EDE.DNSSEC_BOGUS,
  "signature labels wrong": EDE.DNSSEC_BOGUS,
  "signatures missing": EDE.RRSIGS_MISSING,
  "no key for signature": EDE.DNSKEY_MISSING,
  "no zone key": EDE.NO_ZONE_KEY_BIT,
  "key malformed": EDE.DNSKEY_MISSING,
  "no key for DS": EDE.DNSKEY_MISSING,
  "DNSKEY missing": EDE.DNSKEY_MISSING,
  "denial missing": EDE.NSEC_MISSING,
  "denial does not prove it": EDE.NSEC_MISSING,
  "denial malformed": EDE.DNSSEC_BOGUS,
  "wildcard without proof": EDE.NSEC_MISSING,
  "alias wrong": EDE.DNSSEC_BOGUS,
  "too much validation work": EDE.DNSSEC_BOGUS,
  sentinel: EDE.OTHER,
  "anchor does not match": EDE.DNSKEY_MISSING,
  "anchor revoked": EDE.DNSKEY_MISSING,
  // indeterminate:
  "no reachable authority": EDE.NO_REACHABLE_AUTHORITY,
  "too many aliases": EDE.OTHER,
  "too many queries": EDE.OTHER,
  "too much data": EDE.INVALID_DATA,
  "too late": EDE.NO_REACHABLE_AUTHORITY,
  aborted: EDE.OTHER,
  loop: EDE.OTHER,
  "not allowed": EDE.INVALID_QUERY_TYPE,
  "private address": EDE.BLOCKED,
} as const;

export type FailureCode = keyof typeof failureCodes;

export interface Failure {
  readonly code: FailureCode;
  /** The owner name, zone or delegation where it broke. */
  readonly at: Name;
  /** A sentence with names and numbers: "RRSIG of example.com. DS by key 20326 expired on 2026-03-01 00:00:00 UTC". */
  readonly detail: string;
  readonly ede: number;
  /** Where in the chain of trust, as far as that is known. */
  readonly broken?: Break;
}

export function failure(code: FailureCode, at: Name, detail: string): Failure {
  return { code, at, detail, ede: failureCodes[code] };
}

/** "2026-03-01 00:00:00 UTC", for sentences. */
export function dateText(at: UnixSeconds): string {
  return `${new Date(at * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
