import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nsec3Hash, sha1 } from "../../src/crypto/sha1.ts";
import { ascii, concat, hex, toHex, wireName } from "./vector.ts";

const reference = (data: Uint8Array): Uint8Array => Uint8Array.from(createHash("sha1").update(data).digest());

/** RFC 5155 §5, read literally. */
function referenceNsec3(name: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array {
  let hash = reference(concat(name, salt));
  for (let i = 0; i < iterations; i++) hash = reference(concat(hash, salt));
  return hash;
}

describe("SHA-1", () => {
  test("RFC 3174 §7.3: the printed digests", () => {
    expect(toHex(sha1(ascii("abc")))).toBe("a9993e364706816aba3e25717850c26c9cd0d89d");
    expect(toHex(sha1(ascii("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")))).toBe(
      "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
    );
    expect(toHex(sha1(ascii("a".repeat(1_000_000))))).toBe("34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    expect(toHex(sha1(ascii("01234567".repeat(80))))).toBe("dea356a2cddd90c7a7ecedc5ebb563934f460452");
  });

  test("agrees with node:crypto for every length up to ten blocks, where padding has all its shapes", () => {
    for (let length = 0; length <= 640; length++) {
      const data = Uint8Array.from({ length }, (_, i) => (i * 167 + length * 31) & 255);
      expect(sha1(data), `length ${length}`).toEqual(reference(data));
    }
  });

  test("agrees with node:crypto on random octets", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (data) => {
        expect(sha1(data)).toEqual(reference(data));
      }),
    );
  });

  test("gives each caller an array of its own", () => {
    const first = sha1(ascii("abc"));
    const kept = toHex(first);
    sha1(ascii("abd"));
    expect(toHex(first)).toBe(kept);
  });
});

describe("NSEC3 hash", () => {
  test.each([
    ["example.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"],
    ["a.example.", "35mthgpgcu1qg68fab165klnsnk3dpvl"],
    ["ai.example.", "gjeqe526plbf1g8mklp59enfd789njgi"],
    ["ns1.example.", "2t7b4g4vsa5smi47k61mv5bv1a22bojr"],
    ["ns2.example.", "q04jkcevqvmu85r014c7dkba38o0ji5r"],
    ["w.example.", "k8udemvp1j2f7eg6jebps17vp3n8i58h"],
    ["*.w.example.", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"],
    ["x.w.example.", "b4um86eghhds6nea196smvmlo4ors995"],
    ["y.w.example.", "ji6neoaepv8b5o6k4ev33abha8ht9fgc"],
    ["x.y.w.example.", "2vptu5timamqttgl4luu9kg21e0aor3s"],
    ["xx.example.", "t644ebqk9bibcna874givr6joj62mlhv"],
    ["2t7b4g4vsa5smi47k61mv5bv1a22bojr.example.", "kohar7mbb8dc2ce8a9qvl8hon4k53uhi"],
  ])("RFC 5155 appendix A: %s", (name, expected) => {
    expect(base32hex(nsec3Hash(wireName(name), hex("aabbccdd"), 12))).toBe(expected);
  });

  test("agrees with the definition for every length of name and salt that DNS allows, one block or many", () => {
    for (let length = 0; length <= 255; length++) {
      const name = Uint8Array.from({ length }, (_, i) => (i * 13 + length) & 255);
      const salt = Uint8Array.from({ length: 255 - length }, (_, i) => (i * 7 + length) & 255);
      const short = salt.subarray(0, length % 36);
      expect(nsec3Hash(name, salt, 1), `${length} octets, long salt`).toEqual(referenceNsec3(name, salt, 1));
      expect(nsec3Hash(name, short, 2), `${length} octets, short salt`).toEqual(referenceNsec3(name, short, 2));
    }
  });

  test("agrees with the definition on random names, salts and iterations", () => {
    const octets = fc.uint8Array({ maxLength: 255 });
    fc.assert(
      fc.property(octets, octets, fc.nat(40), (name, salt, iterations) => {
        expect(nsec3Hash(name, salt, iterations)).toEqual(referenceNsec3(name, salt, iterations));
      }),
    );
  });
});

/** RFC 4648 §7, for the 160 bits of a hash. */
function base32hex(octets: Uint8Array): string {
  return BigInt(`0x${toHex(octets)}`)
    .toString(32)
    .padStart(32, "0");
}
