import { describe, expect, test } from "vitest";
import { engines, enginesWith, judge } from "./engines.ts";
import { rfc4035, rfc4035Ksk, rfc4035Zsk, rfc5155, rfc5155Ksk, rfc5155Zsk } from "./rfc-vectors.ts";
import { dnskey, flipped, keyTagOf } from "./vector.ts";

describe.each(engines)("RFC 4035 appendix A (RSASHA1, exponent 3) on the $name engine", (engine) => {
  test.each(rfc4035)("$title verifies", (vector) => {
    expect(judge(engine, vector)).toBe("good");
  });

  test.each(rfc4035)("$title with one bit changed is wrong", (vector) => {
    expect(judge(engine, { ...vector, data: flipped(vector.data, 400) })).toBe("wrong");
  });
});

describe.each(enginesWith({ rsaMinBits: 512 }))(
  "RFC 5155 appendix A (RSASHA1-NSEC3-SHA1) on the $name engine",
  (engine) => {
    test.each(rfc5155)("$title verifies", (vector) => {
      expect(judge(engine, vector)).toBe("good");
    });
  },
);

test("the keys are those of the RFCs: their tags are the printed ones", () => {
  expect(keyTagOf(dnskey(256, 5, rfc4035Zsk))).toBe(38519);
  expect(keyTagOf(dnskey(257, 5, rfc4035Ksk))).toBe(9465);
  expect(keyTagOf(dnskey(256, 7, rfc5155Zsk))).toBe(40430);
  expect(keyTagOf(dnskey(257, 7, rfc5155Ksk))).toBe(12708);
});
