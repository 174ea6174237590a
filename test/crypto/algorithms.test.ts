import { describe, expect, test } from "vitest";
import {
  algorithms,
  algorithmToText,
  defaultAlgorithms,
  schemeOf,
  sha1Algorithms,
  supportedAlgorithms,
} from "../../src/crypto/algorithms.ts";
import { digestToText, digestTypes, supportedDigests } from "../../src/crypto/digests.ts";
import { probeOf } from "../../src/crypto/probes.ts";
import { engines } from "./engines.ts";

describe("the table of algorithms", () => {
  test("validates 8, 10, 13, 14, 15 and 16, on request 5 and 7, and nothing else", () => {
    expect([...defaultAlgorithms]).toEqual([8, 10, 13, 14, 15, 16]);
    expect([...sha1Algorithms]).toEqual([5, 7]);
    expect([...supportedAlgorithms].sort((a, b) => a - b)).toEqual([5, 7, 8, 10, 13, 14, 15, 16]);
  });

  test("an algorithm is supported exactly if its row has a scheme, and then both engines have it", () => {
    for (let algorithm = 0; algorithm <= 255; algorithm++) {
      const supported = schemeOf(algorithm) !== null;
      expect(supportedAlgorithms.has(algorithm), `${algorithm}`).toBe(supported);
      for (const engine of engines) expect(engine.algorithms.has(algorithm), engine.name).toBe(supported);
      expect(probeOf(algorithm) !== null, `probe of ${algorithm}`).toBe(supported);
    }
  });

  test("names what it only recognises", () => {
    expect([1, 3, 6, 12, 17, 23, 252, 253, 254].map(algorithmToText)).toEqual([
      "RSAMD5",
      "DSA",
      "DSA-NSEC3-SHA1",
      "ECC-GOST",
      "SM2SM3",
      "ECC-GOST12",
      "INDIRECT",
      "PRIVATEDNS",
      "PRIVATEOID",
    ]);
  });

  test("no two have one mnemonic", () => {
    expect(new Set([...algorithms.values()].map((row) => row.mnemonic)).size).toBe(algorithms.size);
  });
});

describe("the table of digests", () => {
  test("computes 1, 2 and 4, and knows the names of the others", () => {
    expect([...supportedDigests]).toEqual([1, 2, 4]);
    expect([1, 2, 3, 4, 5, 6, 77].map(digestToText)).toEqual([
      "SHA-1",
      "SHA-256",
      "GOST R 34.11-94",
      "SHA-384",
      "GOST R 34.11-2012",
      "SM3",
      "77",
    ]);
  });

  test.each(engines)("the $name engine has the digests of the table, each as long as its row says", (engine) => {
    for (let type = 0; type <= 255; type++) {
      const digest = engine.digest(type, Uint8Array.of(1, 2, 3));
      expect(engine.digests.has(type)).toBe(digest !== null);
      if (digest !== null) expect(digest.length).toBe(digestTypes.get(type)?.octets);
    }
  });
});
