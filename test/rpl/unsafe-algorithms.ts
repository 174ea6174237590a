/**
 * For tests only, never in the product: an engine that also really verifies what was retired, so that scenarios signed with
 * DSA keep their meaning. DSA RFC 2536, RFC 5155 §2 for algorithm 6; RSAMD5 RFC 3110 by its ancestor RFC 2537.
 */
import { createHash, createPublicKey, type KeyObject, verify as verifySignature } from "node:crypto";
import type { CryptoEngine, VerifyKey } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";

/** What counts besides the product's own algorithms in the test table. */
export const unsafeExtraAlgorithms: readonly number[] = [1, 3, 5, 6, 7];

const DSA: ReadonlySet<number> = new Set([3, 6]);
const RSA_MD5 = 1;
const SHA1_DIGEST = 1;
/** RSA and DSA keys of the scenarios have 512 bits. */
const RSA_MIN_BITS = 512;

interface RetiredKey extends VerifyKey {
  readonly retired: KeyObject;
}

export function unsafeTestEngine(inner: CryptoEngine = nativeEngine({ rsaMinBits: RSA_MIN_BITS })): CryptoEngine {
  return {
    name: `unsafe test engine over ${inner.name}`,
    algorithms: new Set([...inner.algorithms, ...unsafeExtraAlgorithms]),
    digests: new Set([...inner.digests, SHA1_DIGEST]),
    importKey(algorithm, publicKey) {
      if (DSA.has(algorithm)) return retired(algorithm, dsaKey(publicKey));
      if (algorithm === RSA_MD5) return retired(algorithm, rsaKey(publicKey));
      return inner.importKey(algorithm, publicKey);
    },
    verify(key, data, signature) {
      return isRetired(key) ? verifyRetired(key, data, signature) : inner.verify(key, data, signature);
    },
    digest: (type, data) =>
      type === SHA1_DIGEST ? new Uint8Array(createHash("sha1").update(data).digest()) : inner.digest(type, data),
    nsec3Hash: (name, salt, iterations) => inner.nsec3Hash(name, salt, iterations),
  };
}

function isRetired(key: VerifyKey): key is RetiredKey {
  return "retired" in key;
}

function retired(algorithm: number, key: KeyObject | null): RetiredKey | null {
  return key === null ? null : { algorithm, retired: key };
}

function verifyRetired(key: RetiredKey, data: Uint8Array, signature: Uint8Array): boolean {
  try {
    if (key.algorithm === RSA_MD5) return verifySignature("md5", data, key.retired, signature);
    // RFC 2536 §3: T, R, S of 20 octets each; most scenarios were signed by a tool that wrote ASN.1 instead
    return signature.length === 41
      ? verifySignature("sha1", data, { key: key.retired, dsaEncoding: "ieee-p1363" }, signature.subarray(1))
      : verifySignature("sha1", data, { key: key.retired, dsaEncoding: "der" }, signature);
  } catch {
    return false;
  }
}

/** RFC 2536 §2: T, Q, then P, G and Y of 64 + 8T octets each. */
function dsaKey(field: Uint8Array): KeyObject | null {
  const t = field[0];
  if (t === undefined || t > 8) return null;
  const length = 64 + 8 * t;
  if (field.length !== 21 + 3 * length) return null;
  const q = field.subarray(1, 21);
  const [p, g, y] = [0, 1, 2].map((i) => field.subarray(21 + i * length, 21 + (i + 1) * length));
  const parameters = sequence(integer(p!), integer(q), integer(g!));
  return imported(sequence(sequence(DSA_OID, parameters), bitString(integer(y!))));
}

/** RFC 3110 §2: the exponent's length, the exponent, the modulus. */
function rsaKey(field: Uint8Array): KeyObject | null {
  const long = field[0] === 0;
  const length = long ? (field[1]! << 8) | field[2]! : field[0]!;
  const start = long ? 3 : 1;
  if (!(length > 0) || field.length <= start + length) return null;
  const key = sequence(integer(field.subarray(start + length)), integer(field.subarray(start, start + length)));
  return imported(sequence(sequence(RSA_OID, Uint8Array.of(5, 0)), bitString(key)));
}

function imported(spki: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch {
    return null;
  }
}

// DER, as much as a public key needs. X.690 §8.
/** 1.2.840.10040.4.1 */
const DSA_OID = Uint8Array.of(6, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1);
/** 1.2.840.113549.1.1.1 */
const RSA_OID = Uint8Array.of(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1);

function tagged(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Uint8Array.of(tag, ...head, ...content);
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return tagged(0x30, Uint8Array.from(parts.flatMap((part) => [...part])));
}

function integer(octets: Uint8Array): Uint8Array {
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start += 1;
  const bare = octets.subarray(start);
  return tagged(2, bare[0]! & 0x80 ? Uint8Array.of(0, ...bare) : bare);
}

function bitString(content: Uint8Array): Uint8Array {
  return tagged(3, Uint8Array.of(0, ...content));
}
