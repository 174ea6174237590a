/**
 * What is believed of a zone: its keys, proven from a trust anchor, or why it lies outside all anchors. RFC 4035 §5.2.
 *
 * Like `Secure` and `Insecure`, both classes can be made only by the functions at the end of this file, which only
 * dnssec/ may import.
 */
import type { UnixSeconds } from "../env/env.ts";
import type { Name } from "../wire/name.ts";
import type { ZoneProof } from "./proof.ts";
import type { Bogus, Indeterminate, WhyInsecure } from "./verdict.ts";
import type { KeyRing, ZoneKey } from "./zone-keys.ts";

export type ZoneTrust = SecureZone | InsecureZone | Bogus | Indeterminate;

const mint: unique symbol = Symbol("mint");

interface SecureZoneParts {
  readonly name: Name;
  readonly ring: KeyRing;
  readonly proof: ZoneProof;
  readonly validUntil: UnixSeconds;
  readonly ttl: number;
}

/** A zone whose DNSKEY RRset was proven. */
export class SecureZone {
  readonly status = "secure";
  readonly name: Name;
  /** Its keys by tag and algorithm. */
  readonly ring: KeyRing;
  readonly proof: ZoneProof;
  /** The earliest expiration in the chain from the anchor. */
  readonly validUntil: UnixSeconds;
  /** Seconds for which it may be kept, counted from the judgement: the lesser lifetime of DS and DNSKEY. */
  readonly ttl: number;
  readonly #minted = true;

  private constructor(token: typeof mint, parts: SecureZoneParts) {
    if (token !== mint) throw new TypeError("a SecureZone comes from validation only");
    this.name = parts.name;
    this.ring = parts.ring;
    this.proof = parts.proof;
    this.validUntil = parts.validUntil;
    this.ttl = parts.ttl;
  }

  get keys(): readonly ZoneKey[] {
    return this.ring.keys;
  }

  static is(value: unknown): value is SecureZone {
    return typeof value === "object" && value !== null && #minted in value;
  }
}

/** A zone, or all of the tree from `name` down, in which nothing can be proven; `why` is the evidence. */
export class InsecureZone {
  readonly status = "insecure";
  readonly name: Name;
  readonly why: WhyInsecure;
  readonly #minted = true;

  private constructor(token: typeof mint, name: Name, why: WhyInsecure) {
    if (token !== mint) throw new TypeError("an InsecureZone comes from validation only");
    this.name = name;
    this.why = why;
  }

  static is(value: unknown): value is InsecureZone {
    return typeof value === "object" && value !== null && #minted in value;
  }
}

/** Only for dnssec/. */
export function mintSecureZone(parts: SecureZoneParts): SecureZone {
  return new (SecureZone as unknown as new (token: typeof mint, parts: SecureZoneParts) => SecureZone)(mint, parts);
}

/** Only for dnssec/. */
export function mintInsecureZone(name: Name, why: WhyInsecure): InsecureZone {
  return new (InsecureZone as unknown as new (token: typeof mint, name: Name, why: WhyInsecure) => InsecureZone)(
    mint,
    name,
    why,
  );
}
