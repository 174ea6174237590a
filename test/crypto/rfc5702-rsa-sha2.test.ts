import { describe, expect, test } from "vitest";
import { engines, enginesWith, judge } from "./engines.ts";
import { rfc5702Sha256, rfc5702Sha512 } from "./rfc-vectors.ts";
import { flipped } from "./vector.ts";

describe.each(engines)("RFC 5702 §6 on the $name engine", (engine) => {
  test("§6.2: the RSASHA512 example verifies", () => {
    expect(judge(engine, rfc5702Sha512)).toBe("good");
  });

  test("§6.2: with one bit of the address changed it is wrong", () => {
    const data = flipped(rfc5702Sha512.data, rfc5702Sha512.data.length * 8 - 1);
    expect(judge(engine, { ...rfc5702Sha512, data })).toBe("wrong");
  });

  test("§6.2: the same signature under RSASHA256 is wrong", () => {
    expect(judge(engine, { ...rfc5702Sha512, algorithm: 8 })).toBe("wrong");
  });

  test("§6.1: the RSASHA256 example has a key of 512 bits, which is no key for us", () => {
    expect(judge(engine, rfc5702Sha256)).toBe("no key");
  });
});

describe.each(enginesWith({ rsaMinBits: 512 }))("RFC 5702 §6 on the $name engine, 512 bits allowed", (engine) => {
  test("§6.1: the RSASHA256 example verifies", () => {
    expect(judge(engine, rfc5702Sha256)).toBe("good");
  });

  test("§2.2: 512 bits do not hold a SHA-512, so nothing verifies", () => {
    expect(judge(engine, { ...rfc5702Sha256, algorithm: 10 })).toBe("wrong");
  });
});
