import { createPrivateKey, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { engines, judge } from "./engines.ts";
import { rfc8080 } from "./rfc-vectors.ts";
import { base64, concat, dnskey, flipped, hex, keyTagOf, wireName } from "./vector.ts";

const pkcs8 = { 15: hex("302e020100300506032b657004220420"), 16: hex("3047020100300506032b6571043b0439") } as const;

describe("RFC 8080 §6, the signatures", () => {
  test.each(rfc8080)("$title: the private key printed beside it makes the signature of erratum 4935", (vector) => {
    const prefix = pkcs8[vector.algorithm as 15 | 16];
    const der = Buffer.concat([prefix, base64(vector.privateKey)]);
    const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    expect(Uint8Array.from(sign(null, vector.data, key))).toEqual(vector.signature);
  });
});

describe.each(engines)("RFC 8080 §6 on the $name engine", (engine) => {
  test.each(rfc8080)("$title: the example verifies, with the signature of erratum 4935", (vector) => {
    expect(judge(engine, vector)).toBe("good");
  });

  test.each(rfc8080)(
    "$title: the signature that the RFC printed first does not, it was made for three labels",
    (vector) => {
      const misprinted = { ...vector, signature: base64(vector.misprint) };
      expect(judge(engine, misprinted)).toBe("wrong");
      const threeLabels = Uint8Array.from(vector.data);
      threeLabels[3] = 3;
      expect(judge(engine, { ...misprinted, data: threeLabels })).toBe("good");
    },
  );

  test.each(rfc8080)("$title: another MX under the same signature is wrong", (vector) => {
    const data = flipped(vector.data, vector.data.length * 8 - 64);
    expect(judge(engine, { ...vector, data })).toBe("wrong");
  });

  test.each([
    [0, "3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b"],
    [1, "401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c"],
    [2, "6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7"],
    [3, "645ff078b3568f5852b70cb60e8e696cc77b75bfaaffc118cf79cbda1ba28af4"],
  ])("example %i: its DS names its key", (i, digest) => {
    const { algorithm, key, tag } = rfc8080[i]!;
    const rdata = dnskey(257, algorithm, key);
    expect(keyTagOf(rdata)).toBe(tag);
    expect(engine.digest(2, concat(wireName("example.com."), rdata))).toEqual(hex(digest));
  });
});
