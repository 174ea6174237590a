/** What the validator asks of cryptography: synchronous, so that replays are exact and a cold answer costs no thread hops. */

/** A public key in an engine's own form; keep it, for importing one of P-256 costs as much as verifying with it (65 µs). */
export interface VerifyKey {
  readonly algorithm: number;
}

/** Engines differ in speed alone: the same key, data and signature get the same verdict from each. */
export interface CryptoEngine {
  readonly name: string;
  /** DNSKEY algorithm numbers whose signatures this engine can check. */
  readonly algorithms: ReadonlySet<number>;
  /** DS digest types it can compute. */
  readonly digests: ReadonlySet<number>;
  /**
   * Null: unsupported, malformed or of a size we refuse. Never throws, keeps no reference. `publicKey`: the DNSKEY's key
   * field. An Edwards key that is on no curve may import all the same, and then verifies nothing.
   */
  importKey(algorithm: number, publicKey: Uint8Array): VerifyKey | null;
  /** Never throws; a malformed signature is simply wrong. `signature`: as in the RRSIG. `key`: from whichever engine. */
  verify(key: VerifyKey, data: Uint8Array, signature: Uint8Array): boolean;
  /** Null for a digest type not in `digests`. */
  digest(type: number, data: Uint8Array): Uint8Array | null;
  /** RFC 5155 §5 with SHA-1: `name` in canonical wire form; `iterations` additional rounds. 20 octets. */
  nsec3Hash(name: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array;
}
