/**
 * Which Edwards points may be keys, or the R of a signature: rules for octets that both engines apply, since OpenSSL and
 * noble differ exactly here (Node 20.20.2, Node 24.21.0, noble 2.4.0, November 2026). RFC 8032 §5.1.3, §5.2.3, §5.1.7, §5.2.7.
 *
 * - A y that is not reduced has another spelling (RFC 8032 §5.1.3 step 1: decoding fails). OpenSSL takes it for Ed25519.
 * - A key of small order verifies one signature for every message (Ed25519: 8 points, Ed448: 4). OpenSSL takes all of
 *   Ed25519's and two of Ed448's.
 * - A signature whose R is of small order is refused on Node 24; on Node 20 by Ed448 alone, and there only if x is zero;
 *   noble takes it. No signer makes one.
 */
import type { EddsaScheme } from "./algorithms.ts";

type Curve = EddsaScheme["curve"];

/** Is this a reduced y that belongs to no point of small order? Whether it is on the curve, decoding it tells. */
export function isSoundPoint(curve: Curve, point: Uint8Array): boolean {
  const y = yOf(point);
  return (
    compareLittleEndian(y, prime[curve]) < 0 && !smallOrder[curve].some((bad) => compareLittleEndian(y, bad) === 0)
  );
}

/** R is the first half of a signature. */
export function hasSoundR(curve: Curve, signature: Uint8Array): boolean {
  return isSoundPoint(curve, signature.subarray(0, signature.length / 2));
}

/** The highest bit is the sign of x. A copy, and not by slice(), which a Buffer answers with a view. */
function yOf(point: Uint8Array): Uint8Array {
  const y = new Uint8Array(point);
  y[y.length - 1]! &= 0x7f;
  return y;
}

function compareLittleEndian(a: Uint8Array, b: Uint8Array): number {
  for (let i = a.length - 1; i >= 0; i--) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** 2^255 - 19 and 2^448 - 2^224 - 1. */
const prime: Readonly<Record<Curve, Uint8Array>> = {
  Ed25519: octets(32, (i) => (i === 0 ? 0xed : i === 31 ? 0x7f : 0xff)),
  Ed448: octets(57, (i) => (i === 28 ? 0xfe : i === 56 ? 0 : 0xff)),
};
const zero = perCurve((length) => octets(length, () => 0));
const one = perCurve((length) => octets(length, (i) => (i === 0 ? 1 : 0)));
/** Both primes are odd, so nothing is borrowed. */
const minusOne = {
  Ed25519: prime.Ed25519.map((octet, i) => (i === 0 ? octet - 1 : octet)),
  Ed448: prime.Ed448.map((octet, i) => (i === 0 ? octet - 1 : octet)),
};

/** The y of every point of small order; each belongs to a point and its negative. */
const smallOrder: Readonly<Record<Curve, readonly Uint8Array[]>> = {
  Ed25519: [
    one.Ed25519, // order 1
    minusOne.Ed25519, // order 2
    zero.Ed25519, // order 4
    fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), // order 8
    fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), // order 8
  ],
  Ed448: [one.Ed448, minusOne.Ed448, zero.Ed448],
};

function perCurve(make: (length: number) => Uint8Array): Readonly<Record<Curve, Uint8Array>> {
  return { Ed25519: make(32), Ed448: make(57) };
}

function octets(length: number, at: (i: number) => number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => at(i));
}

function fromHex(hex: string): Uint8Array {
  return octets(hex.length / 2, (i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}
