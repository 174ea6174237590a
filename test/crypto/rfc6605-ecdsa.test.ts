import { describe, expect, test } from "vitest";
import { engines, judge } from "./engines.ts";
import { rfc6605, rfc6605Keys } from "./rfc-vectors.ts";
import { concat, dnskey, flipped, hex, keyTagOf, wireName } from "./vector.ts";

describe.each(engines)("RFC 6605 §6 on the $name engine", (engine) => {
  test.each(rfc6605)("$title: the example verifies", (vector) => {
    expect(judge(engine, vector)).toBe("good");
  });

  test.each(rfc6605)("$title: another address under the same signature is wrong", (vector) => {
    const data = flipped(vector.data, vector.data.length * 8 - 1);
    expect(judge(engine, { ...vector, data })).toBe("wrong");
  });

  test.each([
    [13, rfc6605Keys.p256, 55648, 2, "b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17"],
    [
      14,
      rfc6605Keys.p384,
      10771,
      4,
      "72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405c3008a946df983d6",
    ],
  ])("algorithm %i: the DS of the example names its key", (algorithm, key, tag, type, digest) => {
    const rdata = dnskey(257, algorithm, key);
    expect(keyTagOf(rdata)).toBe(tag);
    expect(engine.digest(type, concat(wireName("example.net."), rdata))).toEqual(hex(digest));
  });
});
