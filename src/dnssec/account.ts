/**
 * Chains of trust as they are told to people: names, tags and dates, and never data, so that an account of what failed
 * gives nothing to misuse. Bounded, for failures are kept by the thousand.
 */
import type { UnixSeconds } from "../env/env.ts";
import type { Name } from "../wire/name.ts";
import type { RRType } from "../wire/registry.ts";

export interface KeyAccount {
  readonly tag: number;
  readonly algorithm: number;
  readonly flags: number;
}

export interface DsAccount {
  readonly keyTag: number;
  readonly algorithm: number;
  readonly digestType: number;
}

export interface SignatureAccount {
  readonly keyTag: number;
  readonly algorithm: number;
  readonly signer: Name;
  readonly inception: UnixSeconds;
  readonly expiration: UnixSeconds;
}

/** A zone whose keys were proven, and what leads to it. */
export interface ZoneAccount {
  readonly zone: Name;
  /** Null where an anchor begins the chain. */
  readonly parent: ZoneAccount | null;
  /** What names the keys: an anchor's tags, or the DS RRs, which the parent signed. */
  readonly entry:
    | { readonly kind: "anchor"; readonly source: string; readonly keyTags: readonly number[] }
    | { readonly kind: "ds"; readonly ds: readonly DsAccount[]; readonly signature: SignatureAccount };
  /** The keys that matter come first. */
  readonly keys: readonly KeyAccount[];
  /** Keys and DS RRs that were left out of the lists above. */
  readonly unlisted: number;
  /** Over the DNSKEY RRset. */
  readonly signature: SignatureAccount;
}

/** Where a chain of trust breaks: the last zone that was proven, and the link below it that was not. */
export interface Break {
  /**
   * "delegation": DS, or the proof that there is none. "keys": the DNSKEY RRset that anchor or DS point to. "response":
   * what the zone said to the question.
   */
  readonly link: "delegation" | "keys" | "response";
  /** Whose DS, keys or response these are. */
  readonly zone: Name;
  /** Null: nothing was proven, not even the keys of an anchor's zone. */
  readonly above: ZoneAccount | null;
  /** What names the keys of `zone`, where these fail: its proven DS RRs, or an anchor's, which nobody signs. */
  readonly ds: { readonly records: readonly DsAccount[]; readonly signature: SignatureAccount | null } | null;
  /** What came and does not count; null if nothing did, or nobody knows. */
  readonly shown: ShownRRset | null;
}

export interface ShownRRset {
  readonly name: Name;
  readonly type: RRType;
  readonly signatures: readonly SignatureAccount[];
  /** Of a DNSKEY RRset. */
  readonly keys: readonly KeyAccount[];
}
