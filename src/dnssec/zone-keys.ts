/** A zone's DNSKEYs: which may verify, found by tag and algorithm. RFC 4034 §2.1, RFC 5011 §7, RFC 4035 §5.3.1. */
import type { CryptoEngine, VerifyKey } from "../crypto/engine.ts";
import { type RRset, rdataOf } from "../rrset/rrset.ts";
import { keyTag } from "../wire/key-tag.ts";
import type { Dnskey } from "../wire/rdata.ts";
import type { TYPE } from "../wire/registry.ts";

export const FLAG = { ZONE: 0x0100, REVOKE: 0x0080, SEP: 0x0001 } as const;

/** Why a DNSKEY may not verify anything. The SEP flag is no matter: RFC 4034 §2.1.1. */
export type KeyFault = "no zone key" | "wrong protocol" | "revoked";

export class ZoneKey {
  readonly dnskey: Dnskey;
  /** As it came: what DS digests are computed over. */
  readonly rdata: Uint8Array;
  readonly tag: number;
  readonly fault: KeyFault | null;
  #importedBy: CryptoEngine | null = null;
  #imported: VerifyKey | null = null;

  private constructor(dnskey: Dnskey, rdata: Uint8Array, fault: KeyFault | null) {
    this.dnskey = dnskey;
    this.rdata = rdata;
    this.tag = keyTag(rdata);
    this.fault = fault;
  }

  static of(dnskey: Dnskey, rdata: Uint8Array): ZoneKey {
    return new ZoneKey(dnskey, rdata, faultOf(dnskey));
  }

  /** RFC 5011 §2.1: a revoked key still verifies the signature by which it revokes itself. Good for nothing else. */
  static forItsRevocation(revoked: ZoneKey): ZoneKey {
    return new ZoneKey(revoked.dnskey, revoked.rdata, null);
  }

  get usable(): boolean {
    return this.fault === null;
  }

  /** Was it imported before, and in vain? Then trying it again costs nothing and counts nothing. */
  isKnownMalformed(engine: CryptoEngine): boolean {
    return this.#importedBy === engine && this.#imported === null;
  }

  /**
   * The key as the engine wants it, null if malformed or of a size that is refused. Imported at first need, since a
   * DNSKEY RRset may hold hundreds (CVE-2023-50387) and importing costs more than verifying; then kept.
   */
  imported(engine: CryptoEngine): VerifyKey | null {
    if (this.#importedBy !== engine) {
      this.#imported = engine.importKey(this.dnskey.algorithm, this.dnskey.publicKey);
      this.#importedBy = engine;
    }
    return this.#imported;
  }
}

function faultOf(dnskey: Dnskey): KeyFault | null {
  // RFC 4034 §2.1.1: without the flag, the key must not be used to verify RRSIGs that cover RRsets.
  if ((dnskey.flags & FLAG.ZONE) === 0) return "no zone key";
  // RFC 4034 §2.1.2: any other value is invalid during signature verification.
  if (dnskey.protocol !== 3) return "wrong protocol";
  // RFC 5011 §2.1: a revoked key is good for nothing but the self-signature that revokes it.
  if ((dnskey.flags & FLAG.REVOKE) !== 0) return "revoked";
  return null;
}

/** Keys by tag and algorithm, so that no judgement ever tries all pairs (KeyTrap, HashTrap). */
export class KeyRing {
  readonly keys: readonly ZoneKey[];
  readonly #byHint: ReadonlyMap<number, readonly ZoneKey[]>;

  constructor(keys: readonly ZoneKey[]) {
    this.keys = keys;
    const byHint = new Map<number, ZoneKey[]>();
    for (const key of keys) {
      const hint = hintOf(key.tag, key.dnskey.algorithm);
      const sharing = byHint.get(hint);
      if (sharing === undefined) byHint.set(hint, [key]);
      else sharing.push(key);
    }
    this.#byHint = byHint;
  }

  static of(dnskey: RRset<typeof TYPE.DNSKEY>): KeyRing {
    return new KeyRing(rdataOf(dnskey).map((key, i) => ZoneKey.of(key, dnskey.data[i]!)));
  }

  /** In the order in which they came, unusable ones included. */
  find(tag: number, algorithm: number): readonly ZoneKey[] {
    return this.#byHint.get(hintOf(tag, algorithm)) ?? [];
  }
}

const hintOf = (tag: number, algorithm: number): number => tag * 256 + algorithm;
