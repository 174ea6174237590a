import { describe, expect, test } from "vitest";
import { engines, judge } from "./engines.ts";
import { rfc6605 } from "./rfc-vectors.ts";
import { bigEndian, concat, hex, integerOf } from "./vector.ts";

/** The curves of FIPS 186-5 as far as these tests calculate. */
const curves = [
  {
    vector: rfc6605[0]!,
    half: 32,
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  {
    vector: rfc6605[1]!,
    half: 48,
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
] as const;

const cases = engines.flatMap((engine) =>
  curves.map((curve) => ({ ...curve, engine, of: curve.vector.title, on: engine.name })),
);

describe.each(cases)("signatures of $of on the $on engine", ({ engine, vector, half, n }) => {
  const r = integerOf(vector.signature.subarray(0, half));
  const s = integerOf(vector.signature.subarray(half));
  const withRS = (r: bigint, s: bigint) =>
    judge(engine, { ...vector, signature: concat(bigEndian(r, half), bigEndian(s, half)) });

  test("both s and n - s are good: DNSSEC does not ask for the small one", () => {
    expect(withRS(r, s)).toBe("good");
    expect(withRS(r, n - s)).toBe("good");
  });

  test("r and s of zero, of n, above n and as large as fits are wrong", () => {
    const largest = (1n << BigInt(half * 8)) - 1n;
    for (const bad of [0n, n, n + 1n, largest]) {
      expect(withRS(bad, s)).toBe("wrong");
      expect(withRS(r, bad)).toBe("wrong");
      expect(withRS(bad, bad)).toBe("wrong");
    }
    // The same numbers modulo n, and the same ones negated.
    if (r + n <= largest) expect(withRS(r + n, s)).toBe("wrong");
    if (s + n <= largest) expect(withRS(r, s + n)).toBe("wrong");
    expect(withRS(n - r, s)).toBe("wrong");
    expect(withRS(s, r)).toBe("wrong");
  });

  test("the psychic signature of r = s = 1, and its neighbours, are wrong", () => {
    for (const [r, s] of [
      [1n, 1n],
      [1n, 0n],
      [0n, 1n],
      [n - 1n, 1n],
      [1n, n - 1n],
    ] as const)
      expect(withRS(r, s)).toBe("wrong");
  });

  test("ASN.1 is not how RFC 6605 §4 writes signatures, whatever its length", () => {
    const integer = (octets: Uint8Array): Uint8Array => {
      const body = (octets[0]! & 0x80) === 0 ? octets : concat(Uint8Array.of(0), octets);
      return concat(Uint8Array.of(2, body.length), body);
    };
    const sequence = (body: Uint8Array): Uint8Array => concat(Uint8Array.of(0x30, body.length), body);
    const der = sequence(concat(integer(vector.signature.subarray(0, half)), integer(vector.signature.subarray(half))));
    expect(judge(engine, { ...vector, signature: der })).toBe("wrong");
    // One that is as long as r and s are together, with an integer cut short.
    const lookalike = concat(der.subarray(0, half * 2 - 6), Uint8Array.of(2, 1, 1, 2, 1, 1));
    expect(lookalike.length).toBe(half * 2);
    expect(judge(engine, { ...vector, signature: lookalike })).toBe("wrong");
  });

  test("every other length is wrong", () => {
    const { signature } = vector;
    for (const length of [0, 1, half, half * 2 - 1]) {
      expect(judge(engine, { ...vector, signature: signature.subarray(0, length) })).toBe("wrong");
    }
    expect(judge(engine, { ...vector, signature: concat(signature, Uint8Array.of(0)) })).toBe("wrong");
    expect(judge(engine, { ...vector, signature: concat(Uint8Array.of(0), signature) })).toBe("wrong");
    expect(judge(engine, { ...vector, signature: concat(signature, signature) })).toBe("wrong");
  });
});

describe.each(cases)("keys of $of on the $on engine", ({ engine, vector, half, p }) => {
  const { publicKey } = vector;
  const x = publicKey.subarray(0, half);
  const y = publicKey.subarray(half);
  const withKey = (publicKey: Uint8Array) => judge(engine, { ...vector, publicKey });

  test("a point off the curve is no key", () => {
    expect(withKey(concat(x, bigEndian(integerOf(y) ^ 1n, half)))).toBe("no key");
    expect(withKey(concat(y, x))).toBe("no key");
    expect(withKey(new Uint8Array(half * 2))).toBe("no key");
    expect(withKey(new Uint8Array(half * 2).fill(0xff))).toBe("no key");
    expect(withKey(concat(x, new Uint8Array(half)))).toBe("no key");
  });

  test("a coordinate that is not reduced is no other spelling of the point", () => {
    const largest = (1n << BigInt(half * 8)) - 1n;
    for (const [xPlus, yPlus] of [
      [p, 0n],
      [0n, p],
    ] as const) {
      const spelt = [integerOf(x) + xPlus, integerOf(y) + yPlus] as const;
      if (spelt[0] > largest || spelt[1] > largest) continue;
      expect(withKey(concat(bigEndian(spelt[0], half), bigEndian(spelt[1], half)))).toBe("no key");
    }
    expect(withKey(concat(bigEndian(p, half), y))).toBe("no key");
  });

  test("the point with the other sign is a key, of somebody else", () => {
    expect(withKey(concat(x, bigEndian(p - integerOf(y), half)))).toBe("wrong");
  });

  test("RFC 6605 §4 has neither the compressed form nor the octet 4 in front", () => {
    expect(withKey(concat(Uint8Array.of(4), publicKey))).toBe("no key");
    expect(withKey(concat(Uint8Array.of(2 + (y.at(-1)! & 1)), x))).toBe("no key");
    expect(withKey(concat(Uint8Array.of(4), publicKey.subarray(0, half * 2 - 1)))).toBe("no key");
  });

  test("every other length is no key", () => {
    for (const length of [0, 1, half, half * 2 - 1]) expect(withKey(publicKey.subarray(0, length))).toBe("no key");
    expect(withKey(concat(publicKey, Uint8Array.of(0)))).toBe("no key");
    expect(withKey(concat(Uint8Array.of(0), publicKey))).toBe("no key");
    expect(withKey(concat(publicKey, publicKey))).toBe("no key");
  });
});

test.each(engines)("a key of one curve is none of the other on the $name engine", (engine) => {
  expect(judge(engine, { ...rfc6605[0]!, algorithm: 14 })).toBe("no key");
  expect(judge(engine, { ...rfc6605[1]!, algorithm: 13 })).toBe("no key");
  expect(judge(engine, { ...rfc6605[0]!, publicKey: hex("") })).toBe("no key");
});
