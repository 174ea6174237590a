/** RSA keys of DNSKEY RRs (RFC 3110 §2) and PKCS #1 v1.5 signatures by encoding and comparing (RFC 8017 §8.2.2). */
import type { RsaScheme } from "./algorithms.ts";
import type { Check } from "./assemble.ts";

export interface RsaOptions {
  /** Shortest modulus that is accepted; 1024 if not given. */
  readonly rsaMinBits?: number;
  /** Longest; 4096 if not given. A longer one is a way to make us work. */
  readonly rsaMaxBits?: number;
}

export interface RsaLimits {
  readonly minBits: number;
  readonly maxBits: number;
}

/** Both numbers big-endian, without leading zeros; views of the key field. */
export interface RsaKey {
  readonly exponent: Uint8Array;
  readonly modulus: Uint8Array;
}

/** Whole numbers only; nobody needs less than RFC 5702 §2.1 allows, and OpenSSL refuses more than 16384. */
export function rsaLimits(options: RsaOptions): RsaLimits {
  const minBits = options.rsaMinBits ?? 1024;
  const maxBits = options.rsaMaxBits ?? 4096;
  for (const [name, bits] of [["rsaMinBits", minBits] as const, ["rsaMaxBits", maxBits] as const]) {
    if (!Number.isInteger(bits) || bits < 512 || bits > 16384) {
      throw new RangeError(`${name} is ${bits}: a whole number from 512 to 16384 expected`);
    }
  }
  if (minBits > maxBits) throw new RangeError(`rsaMinBits is ${minBits}, more than rsaMaxBits, which is ${maxBits}`);
  return { minBits, maxBits };
}

/** Null where the field is malformed or the key is one we refuse; in neither case was anything raised to any power. */
export function parseRsaKey(publicKey: Uint8Array, limits: RsaLimits): RsaKey | null {
  // RFC 3110 §2: one octet of exponent length, or a zero and two octets.
  const [exponentAt, exponentLength] = publicKey[0] !== 0 ? [1, publicKey[0] ?? 0] : [3, twoOctets(publicKey, 1)];
  const modulusAt = exponentAt + exponentLength;
  if (modulusAt >= publicKey.length) return null;
  // RFC 3110 §2 prohibits leading zeros, yet such keys are in use and mean the same numbers.
  const exponent = withoutLeadingZeros(publicKey.subarray(exponentAt, modulusAt));
  const modulus = withoutLeadingZeros(publicKey.subarray(modulusAt));
  if (!isAcceptableExponent(exponent)) return null;
  const bits = bitLength(modulus);
  if (bits < limits.minBits || bits > limits.maxBits) return null;
  // The product of two odd primes is odd, and Montgomery's method, OpenSSL's, works with nothing else.
  if ((modulus.at(-1)! & 1) === 0) return null;
  return { exponent, modulus };
}

/** RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2), DigestInfo as RFC 5702 §3.1 and RFC 3110 §3 spell it. */
export function rsaCheck(key: RsaKey, scheme: RsaScheme, hash: (data: Uint8Array) => Uint8Array): Check {
  const octets = key.modulus.length;
  const n = integer(key.modulus);
  const e = integer(key.exponent);
  return (data, signature) => {
    // RFC 8017 §8.2.2 step 1: as long as the modulus, which is what a leading zero too many changes.
    if (signature.length !== octets) return false;
    const s = integer(signature);
    // RFC 8017 §5.2.2 step 1: s + n would be a second signature for the same message.
    if (s >= n) return false;
    const expected = encode(hash(data), scheme.hash, octets);
    return expected !== null && power(s, e, n) === integer(expected);
  };
}

/** Odd, from 3 to 2^32 + 1: BIND's limit too. 1 verifies anything, and a long one is a way to make us work. */
function isAcceptableExponent(exponent: Uint8Array): boolean {
  if (exponent.length === 0 || exponent.length > 5) return false;
  let value = 0;
  for (const octet of exponent) value = value * 256 + octet;
  return value >= 3 && value <= 0x100000001 && value % 2 === 1;
}

/** EMSA-PKCS1-v1_5 (RFC 8017 §9.2); null if the modulus is too short for the hash, as with 512 bits and SHA-512. */
function encode(digest: Uint8Array, hash: RsaScheme["hash"], octets: number): Uint8Array | null {
  const prefix = digestInfo[hash];
  const tail = prefix.length + digest.length;
  if (octets < tail + 11) return null;
  const encoded = new Uint8Array(octets).fill(0xff);
  encoded[0] = 0;
  encoded[1] = 1;
  encoded[octets - tail - 1] = 0;
  encoded.set(prefix, octets - tail);
  encoded.set(digest, octets - digest.length);
  return encoded;
}

/** DER of DigestInfo up to the hash itself. RFC 8017 §9.2 note 1. */
// biome-ignore format: octets read better packed
const digestInfo: Readonly<Record<RsaScheme["hash"], Uint8Array>> = {
  sha1: Uint8Array.of(0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14),
  sha256: Uint8Array.of(0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20),
  sha512: Uint8Array.of(0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40),
};

/** Squares and multiplies: at most 33 bits of exponent, and nothing secret to keep from a clock. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

const hexOf: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));

/** Big-endian. Through hexadecimal, which is how BigInt takes many octets at once. */
function integer(octets: Uint8Array): bigint {
  let hex = "0x";
  for (const octet of octets) hex += hexOf[octet];
  return BigInt(hex);
}

function twoOctets(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}

function withoutLeadingZeros(octets: Uint8Array): Uint8Array {
  let start = 0;
  while (start < octets.length && octets[start] === 0) start++;
  return octets.subarray(start);
}

function bitLength(octets: Uint8Array): number {
  return octets.length === 0 ? 0 : octets.length * 8 - (Math.clz32(octets[0]!) - 24);
}
