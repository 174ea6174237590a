import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { engines, native, portable } from "./engines.ts";
import { concat, dnskey, hex, keyTagOf, wireName } from "./vector.ts";

/** The key of RFC 4034 §5.4 and RFC 4509 §2.3. */
const key = dnskey(
  256,
  5,
  `AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCV
  dFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==`,
);
const signed = concat(wireName("dskey.example.com."), key);

describe.each(engines)("DS digests on the $name engine", (engine) => {
  test("RFC 4034 §5.4: SHA-1", () => {
    expect(keyTagOf(key)).toBe(60485);
    expect(engine.digest(1, signed)).toEqual(hex("2BB183AF5F22588179A53B0A98631FAD1A292118"));
  });

  test("RFC 4509 §2.3: SHA-256", () => {
    const expected = hex("D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A");
    expect(engine.digest(2, signed)).toEqual(expected);
  });

  test("GOST, SM3 and numbers that nobody assigned have none", () => {
    for (const type of [0, 3, 5, 6, 7, 128, 255, 256, -1, Number.NaN]) expect(engine.digest(type, signed)).toBeNull();
  });

  test("a digest is a plain array, so that slicing copies", () => {
    const digest = engine.digest(2, signed)!;
    expect(Object.getPrototypeOf(digest)).toBe(Uint8Array.prototype);
  });
});

test("both engines compute the same digests and NSEC3 hashes", () => {
  const octets = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(octets, octets, fc.nat(5), (data, salt, iterations) => {
      for (const type of [1, 2, 4]) expect(portable.digest(type, data)).toEqual(native.digest(type, data));
      expect(portable.nsec3Hash(data, salt, iterations)).toEqual(native.nsec3Hash(data, salt, iterations));
    }),
  );
});
