import { createHash } from "node:crypto";
import { ed448 } from "@noble/curves/ed448.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { describe, expect, test } from "vitest";
import { isSoundPoint } from "../../src/crypto/edwards.ts";
import { engines, judge } from "./engines.ts";
import { rfc8080 } from "./rfc-vectors.ts";
import { ascii, concat, integerOf, littleEndian } from "./vector.ts";

const integer = (octets: Uint8Array): bigint => integerOf(Uint8Array.from(octets).reverse());
const data = ascii("whatever a zone may say");

/** Points by noble, hashes by OpenSSL: enough to sign as no signer would. */
const ed25519World = {
  algorithm: 15,
  curve: "Ed25519",
  vector: rfc8080[0]!,
  octets: 32,
  torsion: 8n,
  Point: ed25519.Point,
  challenge: (r: Uint8Array, key: Uint8Array) =>
    integer(createHash("sha512").update(r).update(key).update(data).digest()) % ed25519.Point.Fn.ORDER,
} as const;
const ed448World = {
  algorithm: 16,
  curve: "Ed448",
  vector: rfc8080[2]!,
  octets: 57,
  torsion: 4n,
  Point: ed448.Point,
  challenge: (r: Uint8Array, key: Uint8Array) =>
    integer(
      createHash("shake256", { outputLength: 114 }).update("SigEd448\0\0").update(r).update(key).update(data).digest(),
    ) % ed448.Point.Fn.ORDER,
} as const;
type World = typeof ed25519World | typeof ed448World;
type Point = InstanceType<World["Point"]>;

/** A point whose multiples are all those of small order: what is left of a random point times the group's order. */
function torsionOf({ Point, octets, torsion }: World): Point {
  for (let y = 2n; ; y++) {
    try {
      const point = Point.fromBytes(littleEndian(y, octets));
      const left = point.multiplyUnsafe(Point.Fn.ORDER - 1n).add(point);
      if (!left.multiplyUnsafe(torsion / 2n).is0()) return left;
    } catch {
      // no point has this y
    }
  }
}

const secret = 0x1234567890abcdefn;
const nonce = 0xfedcba0987654321n;

/** r and s for any key and any R, such that s = r + k a. */
function forge(world: World, key: Uint8Array, r: Uint8Array, { a = secret, nonceOfR = nonce } = {}): Uint8Array {
  const s = (nonceOfR + world.challenge(r, key) * a) % world.Point.Fn.ORDER;
  return concat(r, littleEndian(s, world.octets));
}

const cases = engines.flatMap((engine) =>
  [ed25519World, ed448World].map((world) => ({ world, engine, on: engine.name, ...world })),
);

describe.each(cases)("$curve signatures on the $on engine", ({ world, engine, octets, Point, algorithm, vector }) => {
  const base = Point.BASE;
  const key = base.multiply(secret).toBytes();
  const r = base.multiply(nonce).toBytes();
  const verdict = (publicKey: Uint8Array, signature: Uint8Array) =>
    judge(engine, { algorithm, publicKey, data, signature });

  test("one made by hand is good", () => {
    expect(verdict(key, forge(world, key, r))).toBe("good");
  });

  test("the sign of x is part of the key, and stays in the packet that the key was read from", () => {
    const [even, odd] = [key, base.multiply(Point.Fn.ORDER - secret).toBytes()].sort((a, b) => a.at(-1)! - b.at(-1)!);
    expect(odd!.at(-1)! & 0x80).toBe(0x80);
    const packet = Buffer.from(odd!);
    const signature = forge(world, odd!, r, { a: odd === key ? secret : Point.Fn.ORDER - secret });
    expect(verdict(packet, signature)).toBe("good");
    expect(Uint8Array.from(packet)).toEqual(odd);
    expect(verdict(even!, signature)).toBe("wrong");
  });

  test("s + L is not a second signature, nor is anything else that is not below L", () => {
    const good = forge(world, key, r);
    const s = integer(good.subarray(octets));
    const order = Point.Fn.ORDER;
    for (const other of [s + order, order, order + 1n, 2n ** BigInt(8 * octets) - 1n]) {
      expect(verdict(key, concat(r, littleEndian(other, octets)))).toBe("wrong");
    }
    expect(verdict(key, concat(r, littleEndian(0n, octets)))).toBe("wrong");
  });

  test("every other length is wrong, as signature and as key", () => {
    const { signature, publicKey } = vector;
    for (const bad of [
      signature.subarray(1),
      signature.subarray(0, -1),
      concat(signature, Uint8Array.of(0)),
      new Uint8Array(0),
    ]) {
      expect(judge(engine, { ...vector, signature: bad })).toBe("wrong");
    }
    for (const bad of [
      publicKey.subarray(1),
      publicKey.subarray(0, -1),
      concat(publicKey, Uint8Array.of(0)),
      new Uint8Array(0),
    ]) {
      expect(judge(engine, { ...vector, publicKey: bad })).toBe("no key");
    }
  });

  test("a y that no point of the curve has is R and key of nothing", () => {
    let found = 0;
    for (let y = 2n; found < 4; y++) {
      const octetsOfY = littleEndian(y, octets);
      try {
        Point.fromBytes(octetsOfY);
      } catch {
        found++;
        expect(verdict(octetsOfY, forge(world, octetsOfY, r))).not.toBe("good");
        expect(verdict(key, forge(world, key, octetsOfY))).toBe("wrong");
      }
    }
  });
});

describe.each(cases)("small order and odd spellings, $curve on the $on engine", ({ world, engine, Point, ...row }) => {
  const { octets, algorithm, torsion } = row;
  const verdict = (publicKey: Uint8Array, signature: Uint8Array) =>
    judge(engine, { algorithm, publicKey, data, signature });
  const generator = torsionOf(world);
  const small = Array.from({ length: Number(torsion) }, (_, i) => generator.multiplyUnsafe(BigInt(i)));
  const p = Point.Fp.ORDER;
  const withSign = (point: Uint8Array): Uint8Array => {
    const copy = Uint8Array.from(point);
    copy[octets - 1]! |= 0x80;
    return copy;
  };

  test("there are as many points of small order as the cofactor says, and none of them is a key", () => {
    const spelt = small.map((point) => point.toBytes());
    expect(new Set(spelt.map(String)).size).toBe(Number(torsion));
    for (const key of spelt) {
      expect(isSoundPoint(row.curve, key)).toBe(false);
      expect(verdict(key, forge(world, key, Point.BASE.multiply(nonce).toBytes(), { a: 0n }))).toBe("no key");
    }
  });

  test("no key has a y of p or more, or a sign where x is zero", () => {
    const one = littleEndian(1n, octets);
    const minusOne = littleEndian(p - 1n, octets);
    const notReduced = [0n, 1n, 2n, 3n, 4n, 5n, 18n].map((y) => littleEndian(p + y, octets));
    const r = Point.BASE.multiply(nonce).toBytes();
    for (const key of [withSign(one), withSign(minusOne), ...notReduced, ...notReduced.map(withSign)]) {
      expect(verdict(key, forge(world, key, r, { a: 0n }))).toBe("no key");
    }
    const everyBit = new Uint8Array(octets).fill(0xff);
    expect(verdict(everyBit, forge(world, everyBit, r))).toBe("no key");
  });

  test("R spelt with a y of p or more, or with a sign where x is zero, is wrong", () => {
    const key = Point.BASE.multiply(secret).toBytes();
    for (const r of [
      littleEndian(p + 1n, octets),
      withSign(littleEndian(1n, octets)),
      withSign(littleEndian(p - 1n, octets)),
    ]) {
      expect(verdict(key, forge(world, key, r, { nonceOfR: 0n }))).toBe("wrong");
    }
  });
});

// What RFC 8032 leaves open and OpenSSL decides: who moves to another library learns it here.
describe.each(engines)("crafted with a part of small order, on the $name engine", (engine) => {
  const verdicts = (world: World) => {
    const { algorithm, Point } = world;
    const generator = torsionOf(world) as InstanceType<typeof Point>;
    const key = Point.BASE.multiply(secret);
    const r = Point.BASE.multiply(nonce);
    return Array.from({ length: Number(world.torsion) }, (_, i) => {
      const part = generator.multiplyUnsafe(BigInt(i)) as never;
      const sign = (key: Uint8Array, r: Uint8Array, nonceOfR = nonce) =>
        judge(engine, { algorithm, publicKey: key, data, signature: forge(world, key, r, { nonceOfR }) });
      return {
        inR: sign(key.toBytes(), (r as Point & typeof key).add(part).toBytes()),
        asR: sign(key.toBytes(), (part as Point).toBytes(), 0n),
      };
    });
  };

  test("Ed25519: R must be right without the cofactor, and not of small order", () => {
    const [clean, ...crafted] = verdicts(ed25519World);
    expect(clean).toEqual({ inR: "good", asR: "wrong" });
    for (const verdict of crafted) expect(verdict).toEqual({ inR: "wrong", asR: "wrong" });
  });

  test("Ed448: R need only be right with the cofactor, yet may not be of small order", () => {
    for (const verdict of verdicts(ed448World)) expect(verdict).toEqual({ inR: "good", asR: "wrong" });
  });
});
