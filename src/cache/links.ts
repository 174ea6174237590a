/** Links, and what the cache notes beside them. */
import type { AliasData, AnswerData } from "../dnssec/answer.ts";
import type { Insecure, Secure, Verdict } from "../dnssec/verdict.ts";
import type { UnixSeconds } from "../env/env.ts";
import type { ExtendedError } from "../wire/edns.ts";

/** One step of an answer. An alias that cannot be believed is an end. */
export type Link =
  | { readonly kind: "end"; readonly verdict: Verdict<AnswerData>; readonly notes: readonly ExtendedError[] }
  | { readonly kind: "alias"; readonly verdict: Secure<AliasData> | Insecure<AliasData> };

export interface StoredLink {
  readonly link: Link;
  readonly storedMs: number;
  readonly expiresMs: number;
  /** When the signatures behind it expire by the calendar, which may jump. */
  readonly validUntil: UnixSeconds;
}
