/**
 * Signatures without node:crypto: noble's curves and hashes, our RSA. Slower, and the same verdicts. Importing this file
 * loads noble (some 50 ms), so nothing imports it but `load.ts`, when it is needed.
 */
import { ed448 } from "@noble/curves/ed448.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384 } from "@noble/curves/nist.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { type EcdsaScheme, type EddsaScheme, schemeOf } from "./algorithms.ts";
import { assemble, type Check, hashWith } from "./assemble.ts";
import { hasSoundR, isSoundPoint } from "./edwards.ts";
import type { CryptoEngine } from "./engine.ts";
import { parseRsaKey, type RsaOptions, rsaCheck, rsaLimits } from "./rsa.ts";

const hashes = { sha256, sha384, sha512 };

export function portableEngine(options: RsaOptions = {}): CryptoEngine {
  const limits = rsaLimits(options);
  const hash = (name: keyof typeof hashes, data: Uint8Array): Uint8Array => hashes[name](data);
  return assemble({
    name: "portable",
    hash,
    checkFor(algorithm, publicKey) {
      const scheme = schemeOf(algorithm);
      if (scheme === null) return null;
      if (scheme.kind === "rsa") {
        const key = parseRsaKey(publicKey, limits);
        return key === null ? null : rsaCheck(key, scheme, (data) => hashWith({ hash }, scheme.hash, data));
      }
      if (publicKey.length !== scheme.keyOctets) return null;
      if (scheme.kind === "ecdsa") return ecdsaCheck(scheme, publicKey);
      if (!isSoundPoint(scheme.curve, publicKey)) return null;
      return scheme.curve === "Ed25519" ? ed25519Check(publicKey) : ed448Check(scheme, publicKey);
    },
  });
}

/** RFC 6605 §4. DNSSEC signers do not make s small, hence `lowS: false`. */
function ecdsaCheck(scheme: EcdsaScheme, publicKey: Uint8Array): Check {
  const curve = scheme.curve === "P-256" ? p256 : p384;
  const point = new Uint8Array(publicKey.length + 1);
  point[0] = 4;
  point.set(publicKey, 1);
  curve.Point.fromBytes(point); // throws for a point that is not on the curve
  return (data, signature) =>
    signature.length === scheme.signatureOctets && curve.verify(signature, data, point, { lowS: false });
}

/**
 * RFC 8032 §5.1.7 leaves open whether the equation is multiplied by the cofactor. noble does it, OpenSSL does not and
 * compares R as octets: so do we, or a crafted signature would be secure on one engine and bogus on the other.
 */
function ed25519Check(publicKey: Uint8Array): Check {
  const { Point } = ed25519;
  const order = Point.Fn.ORDER;
  const a = Point.fromBytes(publicKey); // throws for what is no point
  return (data, signature) => {
    if (signature.length !== 64 || !hasSoundR("Ed25519", signature)) return false;
    const r = signature.subarray(0, 32);
    const s = littleEndian(signature.subarray(32));
    // RFC 8032 §5.1.7 step 1: s + L would be a second signature for the same message.
    if (s >= order) return false;
    const k = littleEndian(sha512.create().update(r).update(publicKey).update(data).digest()) % order;
    const expected = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k)).toBytes();
    return expected.every((octet, i) => octet === r[i]);
  };
}

/** RFC 8032 §5.2.7. OpenSSL's equation for Ed448 is noble's, with the cofactor. */
function ed448Check(scheme: EddsaScheme, publicKey: Uint8Array): Check {
  ed448.Point.fromBytes(publicKey); // throws for what is no point
  return (data, signature) =>
    signature.length === scheme.signatureOctets &&
    hasSoundR("Ed448", signature) &&
    ed448.verify(signature, data, publicKey, { zip215: false });
}

const hexOf: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));

function littleEndian(octets: Uint8Array): bigint {
  let hex = "";
  for (const octet of octets) hex = `${hexOf[octet]}${hex}`;
  return BigInt(`0x${hex}`);
}
