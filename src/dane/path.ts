/**
 * From a server's certificate up to one that a TLSA record names, by what the server sent and nothing else: no store of
 * this machine completes the way, and certificates that are not on it do not count. RFC 7671 §5.2, RFC 5280 §6.1.
 */
import type { KeyObject, X509Certificate } from "node:crypto";
import { keyOf } from "./certificate.ts";

export interface Path {
  /** From the leaf upward; each was signed by the key of the next. */
  readonly certificates: readonly X509Certificate[];
  /** Signed the last of `certificates`; null where a certificate among them is the trust anchor, namely the last. */
  readonly bareKey: KeyObject | null;
}

export interface Trust {
  /** Is this certificate, which is not the leaf, a trust anchor? */
  readonly isAnchor: (certificate: X509Certificate) => boolean;
  /** Keys without a certificate that are trust anchors: TLSA 2 1 0. RFC 7671 §5.2.3. */
  readonly bareKeys: readonly KeyObject[];
}

/** A server chooses what it sends: the work that this makes us do is bounded. */
const limits = {
  /** Real ones have 2 to 4. */
  certificates: 10,
  /** Certificates considered, of all that were sent. */
  pool: 32,
  /** Signatures checked, in all. */
  signatures: 64,
} as const;

/** Every path to a trust anchor, the shortest of a direction first; only names and signatures are checked here. */
export function* pathsToAnchor(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  trust: Trust,
): Generator<Path> {
  const pool = others.slice(0, limits.pool);
  let signatures: number = limits.signatures;
  const signed = (by: KeyObject | null, certificate: X509Certificate): boolean => {
    if (by === null || signatures <= 0) return false;
    signatures -= 1;
    return certificate.verify(by);
  };

  function* upFrom(certificates: readonly X509Certificate[]): Generator<Path> {
    const top = certificates.at(-1)!;
    if (certificates.length > 1 && trust.isAnchor(top)) yield { certificates, bareKey: null };
    if (certificates.length >= limits.certificates) return;
    for (const bareKey of trust.bareKeys) if (signed(bareKey, top)) yield { certificates, bareKey };
    // Its own issuer: nothing can be above it.
    if (top.checkIssued(top) && signed(keyOf(top), top)) return;
    for (const issuer of pool) {
      if (!top.checkIssued(issuer) || certificates.some((below) => below.raw.equals(issuer.raw))) continue;
      if (signed(keyOf(issuer), top)) yield* upFrom([...certificates, issuer]);
    }
  }

  yield* upFrom([leaf]);
}
