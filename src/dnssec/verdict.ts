/**
 * What may be believed. RFC 4033 §5, RFC 4035 §4.3.
 *
 * `Secure` and `Insecure` can be made only by the functions at the end of this file, which only dnssec/ may import
 * (test/architecture.test.ts): a look-alike object does not compile, a forced `new` throws. Both carry what they rest on.
 */
import type { RRset } from "../rrset/rrset.ts";
import type { Name } from "../wire/name.ts";
import type { TYPE } from "../wire/registry.ts";
import type { ZoneAccount } from "./account.ts";
import type { Denial, Failure, Proof } from "./proof.ts";

export type Verdict<T> = Secure<T> | Insecure<T> | Bogus | Indeterminate;

const mint: unique symbol = Symbol("mint");

/** Proven from a trust anchor. Holds until `proof.validUntil`. */
export class Secure<out T> {
  readonly status = "secure";
  readonly value: T;
  readonly proof: Proof;
  readonly #minted = true;

  private constructor(token: typeof mint, value: T, proof: Proof) {
    if (token !== mint) throw new TypeError("a Secure value comes from validation only");
    this.value = value;
    this.proof = proof;
    Object.freeze(this);
  }

  static is(value: unknown): value is Secure<unknown> {
    return typeof value === "object" && value !== null && #minted in value;
  }
}

/** Proven to lie outside what the trust anchors cover; `why` is the proof. */
export class Insecure<out T> {
  readonly status = "insecure";
  readonly value: T;
  readonly why: WhyInsecure;
  readonly #minted = true;

  private constructor(token: typeof mint, value: T, why: WhyInsecure) {
    if (token !== mint) throw new TypeError("an Insecure value comes from validation only");
    this.value = value;
    this.why = why;
    Object.freeze(this);
  }

  static is(value: unknown): value is Insecure<unknown> {
    return typeof value === "object" && value !== null && #minted in value;
  }
}

// Nobody puts another value into a proven one, or another test into its class.
for (const proven of [Secure, Insecure]) {
  Object.freeze(proven);
  Object.freeze(proven.prototype);
}

/**
 * The same verdict, or TypeError for a look-alike: a copy (structuredClone, JSON), an object of the same shape, or a verdict
 * of another copy of this package. Whoever takes verdicts from outside calls this before believing `status`.
 */
export function genuine<V extends Verdict<unknown>>(verdict: V): V {
  const { status } = verdict;
  if (status === "secure" ? Secure.is(verdict) : status === "insecure" ? Insecure.is(verdict) : true) return verdict;
  throw new TypeError(`a verdict that says "${status}" was made by no validation here, or by another copy of rootwalk`);
}

/** Data came and failed validation: forged, stripped, expired or broken. There is no value to misuse. */
export interface Bogus {
  readonly status: "bogus";
  readonly failure: Failure;
}

/** It could not be found out: nobody answered, or a limit ended the work. Never to be treated as insecure. */
export interface Indeterminate {
  readonly status: "indeterminate";
  readonly failure: Failure;
}

export type WhyInsecure =
  /** A signed denial of the DS at a delegation. RFC 4035 §5.2. */
  | { readonly kind: "unsigned delegation"; readonly cut: Name; readonly denial: Secure<Denial> }
  /** The delegation, or the name denied, lies in an NSEC3 opt-out span. RFC 5155 §6, §9.2. */
  | { readonly kind: "opt-out"; readonly cut: Name; readonly denial: Secure<Denial> }
  /** Every DS names an algorithm or digest that we do not have. RFC 4035 §5.2, RFC 6840 §5.2. */
  | {
      readonly kind: "unsupported algorithm" | "unsupported digest";
      readonly cut: Name;
      readonly ds: Secure<RRset<typeof TYPE.DS>>;
    }
  /** A trust anchor of an algorithm that we do not have. */
  | { readonly kind: "unsupported anchor"; readonly cut: Name }
  /** A denial of signed NSEC3 RRs with too many iterations; only this answer, not its zone. RFC 9276 §3.2. */
  | {
      readonly kind: "too many iterations";
      readonly cut: Name;
      readonly iterations: number;
      /** The zone, whose keys are proven. */
      readonly account?: ZoneAccount;
    }
  /** RFC 7646. */
  | { readonly kind: "negative trust anchor"; readonly cut: Name }
  /** No trust anchor at or above the name: the operator's choice. */
  | { readonly kind: "no trust anchor"; readonly cut: Name }
  /** RRSIGs are not signed themselves, so nothing proves that these are all. RFC 4035 §2.2. */
  | { readonly kind: "unsigned type"; readonly cut: Name }
  /** Made here and not in the DNS: localhost, invalid, private reverse zones. RFC 6761, RFC 6303. */
  | { readonly kind: "local"; readonly cut: Name };

export function bogus(failure: Failure): Bogus {
  return { status: "bogus", failure };
}

export function indeterminate(failure: Failure): Indeterminate {
  return { status: "indeterminate", failure };
}

/** Only for dnssec/. */
export function mintSecure<T>(value: T, proof: Proof): Secure<T> {
  return new (Secure as unknown as new (token: typeof mint, value: T, proof: Proof) => Secure<T>)(mint, value, proof);
}

/** Only for dnssec/. */
export function mintInsecure<T>(value: T, why: WhyInsecure): Insecure<T> {
  return new (Insecure as unknown as new (token: typeof mint, value: T, why: WhyInsecure) => Insecure<T>)(
    mint,
    value,
    why,
  );
}
