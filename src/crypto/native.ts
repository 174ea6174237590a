/**
 * Signatures by node:crypto. What the host's OpenSSL refuses (Ed448 where it is BoringSSL, SHA-1 under a strict policy)
 * falls to code of ours: an algorithm that silently became unsupported would be a downgrade.
 */
import { createHash, createPublicKey, type KeyObject, type VerifyKeyObjectInput, verify } from "node:crypto";
import { type EcdsaScheme, type EddsaScheme, type RsaScheme, type Scheme, schemeOf } from "./algorithms.ts";
import { assemble, type Check, hashWith } from "./assemble.ts";
import { hasSoundR, isSoundPoint } from "./edwards.ts";
import type { CryptoEngine } from "./engine.ts";
import { probeOf } from "./probes.ts";
import { parseRsaKey, type RsaKey, type RsaLimits, type RsaOptions, rsaCheck, rsaLimits } from "./rsa.ts";

export interface NativeOptions extends RsaOptions {
  /**
   * Takes over the curves that the host refuses. Without it keys on such a curve do not import, so what they signed is
   * bogus, not insecure. `hostEngine` gives one if and only if the host needs it.
   */
  readonly portable?: CryptoEngine;
}

export function nativeEngine(options: NativeOptions = {}): CryptoEngine {
  return nativeEngineOn(nodeCrypto, options);
}

/** What is used of node:crypto; a test may put a stricter host in its place. */
export interface Host {
  readonly createHash: typeof createHash;
  readonly createPublicKey: typeof createPublicKey;
  readonly verify: (
    hash: string | null,
    data: Uint8Array,
    key: KeyObject | VerifyKeyObjectInput,
    signature: Uint8Array,
  ) => boolean;
}

export const nodeCrypto: Host = { createHash, createPublicKey, verify };

export function nativeEngineOn(host: Host, options: NativeOptions): CryptoEngine {
  const limits = rsaLimits(options);
  const accepted = new Map<number, boolean>();

  const isAccepted = (algorithm: number): boolean => {
    let answer = accepted.get(algorithm);
    if (answer === undefined) {
      answer = hostAccepts(host, algorithm);
      accepted.set(algorithm, answer);
    }
    return answer;
  };

  const hash = (name: string, data: Uint8Array): Uint8Array => octetsOf(host.createHash(name).update(data).digest());

  return assemble({
    name: "native",
    hash,
    checkFor(algorithm, publicKey) {
      const scheme = schemeOf(algorithm);
      if (scheme === null) return null;
      if (isAccepted(algorithm)) return checkOn(host, scheme, { publicKey, limits });
      if (scheme.kind === "rsa") {
        const key = parseRsaKey(publicKey, limits);
        return key === null ? null : rsaCheck(key, scheme, (data) => hashWith({ hash }, scheme.hash, data));
      }
      return checkOfOther(options.portable, algorithm, publicKey);
    },
  });
}

/** Found out by doing: an OpenSSL that lists an algorithm may refuse to use it. */
export function hostAccepts(host: Host, algorithm: number): boolean {
  const scheme = schemeOf(algorithm);
  const probe = probeOf(algorithm);
  if (scheme === null || probe === null) return false;
  try {
    const check = checkOn(host, scheme, { publicKey: probe.publicKey, limits: { minBits: 1024, maxBits: 1024 } });
    return check?.(probe.data, probe.signature) ?? false;
  } catch {
    return false;
  }
}

interface KeyField {
  readonly publicKey: Uint8Array;
  readonly limits: RsaLimits;
}

function checkOn(host: Host, scheme: Scheme, { publicKey, limits }: KeyField): Check | null {
  switch (scheme.kind) {
    case "rsa": {
      const key = parseRsaKey(publicKey, limits);
      return key === null ? null : rsaOn(host, scheme, key);
    }
    case "ecdsa":
      return publicKey.length === scheme.keyOctets ? ecdsaOn(host, scheme, publicKey) : null;
    case "eddsa":
      return publicKey.length === scheme.keyOctets && isSoundPoint(scheme.curve, publicKey)
        ? eddsaOn(host, scheme, publicKey)
        : null;
  }
}

// Which form a key is imported in was measured (µs, JWK against SPKI; Node 20.20.2, November 2026): RSA-2048 3:105,
// P-256 64:105, P-384 468:106, Ed25519 6:75, Ed448 5:76. JWK checks a point by multiplying it with the order as well.

function rsaOn(host: Host, scheme: RsaScheme, key: RsaKey): Check {
  const jwk = { kty: "RSA", n: base64url(key.modulus), e: base64url(key.exponent) };
  const imported = host.createPublicKey({ key: jwk, format: "jwk" });
  const octets = key.modulus.length;
  return (data, signature) => signature.length === octets && host.verify(scheme.hash, data, imported, signature);
}

/** RFC 6605 §4: keys are x and y, signatures r and s; OpenSSL itself refuses 0, n and above, and points off the curve. */
function ecdsaOn(host: Host, scheme: EcdsaScheme, publicKey: Uint8Array): Check {
  const half = scheme.keyOctets / 2;
  const imported =
    scheme.curve === "P-256"
      ? host.createPublicKey({
          key: {
            kty: "EC",
            crv: scheme.curve,
            x: base64url(publicKey.subarray(0, half)),
            y: base64url(publicKey.subarray(half)),
          },
          format: "jwk",
        })
      : host.createPublicKey({ key: Buffer.concat([p384Spki, publicKey]), format: "der", type: "spki" });
  const key: VerifyKeyObjectInput = { key: imported, dsaEncoding: "ieee-p1363" };
  const octets = scheme.signatureOctets;
  return (data, signature) => signature.length === octets && host.verify(scheme.hash, data, key, signature);
}

/** SubjectPublicKeyInfo of P-384 up to x and y of an uncompressed point. RFC 5480 §2. */
const p384Spki = Buffer.from("3076301006072a8648ce3d020106052b8104002203620004", "hex");

/** RFC 8080 §3, §4. */
function eddsaOn(host: Host, scheme: EddsaScheme, publicKey: Uint8Array): Check {
  const jwk = { kty: "OKP", crv: scheme.curve, x: base64url(publicKey) };
  const imported = host.createPublicKey({ key: jwk, format: "jwk" });
  const octets = scheme.signatureOctets;
  return (data, signature) =>
    signature.length === octets && hasSoundR(scheme.curve, signature) && host.verify(null, data, imported, signature);
}

function checkOfOther(engine: CryptoEngine | undefined, algorithm: number, publicKey: Uint8Array): Check | null {
  const key = engine?.importKey(algorithm, publicKey) ?? null;
  if (engine === undefined || key === null) return null;
  return (data, signature) => engine.verify(key, data, signature);
}

function base64url(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString("base64url");
}

/** A plain array, so that nobody meets Buffer's own slice. */
function octetsOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
