import { expect, test } from "vitest";
import { keyTag } from "../../src/wire/key-tag.ts";
import { rdataFromText } from "../../src/wire/rdata.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { octets } from "./octets.ts";

test("the keys of RFC 4034 §5.4 and of the root have their tags", () => {
  const dskey =
    "256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==";
  expect(keyTag(rdataFromText(TYPE.DNSKEY, dskey))).toBe(60485);
  const root =
    "257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU=";
  expect(keyTag(rdataFromText(TYPE.DNSKEY, root))).toBe(20326);
});

test("algorithm 1 takes it from the modulus (RFC 4034 Appendix B.1)", () => {
  expect(keyTag(octets("0100 03 01 0011223344556677"))).toBe(0x5566);
});

test("the sum's carry is added once, and short RDATA do not throw", () => {
  expect(keyTag(new Uint8Array(70_000).fill(0xff))).toBeGreaterThanOrEqual(0);
  expect(keyTag(octets("ffff 0001"))).toBe((0xffff + 1 + ((0xffff + 1) >>> 16)) & 0xffff);
  expect(keyTag(new Uint8Array(0))).toBe(0);
  expect(keyTag(octets("0101 03 01"))).toBe(0x0101 + 0x0301);
});
