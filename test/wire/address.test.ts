import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addressFromRdata,
  addressToOctets,
  isPrivateAddress,
  octetsToAddress,
  parseServerAddress,
} from "../../src/wire/address.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { hex, octets } from "./octets.ts";

describe("text form (RFC 5952)", () => {
  test.each([
    ["192.0.2.1", "c0000201", "192.0.2.1"],
    ["::", "00".repeat(16), "::"],
    ["::1", `${"00".repeat(15)}01`, "::1"],
    ["1::", `0001${"00".repeat(14)}`, "1::"],
    ["2001:DB8::0001", "20010db8000000000000000000000001", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"], // §4.2.2: one group is not shortened
    ["2001:0:0:1:0:0:0:1", "20010000000000010000000000000001", "2001:0:0:1::1"], // §4.2.3: the longest run
    ["2001:db8:0:0:1:0:0:1", "20010db8000000000001000000000001", "2001:db8::1:0:0:1"], // §4.2.3: the first of equals
    ["1:2:3:4:5:6:7::", "00010002000300040005000600070000", "1:2:3:4:5:6:7:0"],
    ["::ffff:192.0.2.1", "00000000000000000000ffffc0000201", "::ffff:192.0.2.1"], // §5
    ["64:ff9b::192.0.2.1", "0064ff9b0000000000000000c0000201", "64:ff9b::c000:201"],
  ])("%s", (text, wire, printed) => {
    expect(hex(addressToOctets(text)!)).toBe(wire);
    expect(octetsToAddress(octets(wire))).toBe(printed);
  });

  test.each([
    "",
    "localhost",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4 ",
    "0x1.2.3.4",
    "1..2.3",
    "127.1",
    "١.2.3.4",
    ":",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "12345::",
    "g::",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "::1.2.3",
    "::1.2.3.4:5",
    "1.2.3.4::",
    "fe80::1%eth0",
    "::ffff:1.2.3.256",
    "1:2:3:4:5:6:7::8",
    "[::1]",
  ])("%j is no address", (text) => {
    expect(addressToOctets(text)).toBeNull();
  });

  test("agrees with the system on what an address is", () => {
    const texts = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(..."0123456789abcf:.:".split("")), maxLength: 24 }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(addressToOctets(text)?.length ?? null).toBe(isIPv4(text) ? 4 : isIPv6(text) ? 16 : null);
      }),
      { numRuns: 3000 },
    );
  });

  test("octets survive their text", () => {
    const groups = fc.array(fc.constantFrom(0, 0, 1, 0xffff, 0x0a00), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(groups, (each) => {
        const address = Uint8Array.from(each.flatMap((group) => [group >> 8, group & 255]));
        expect(addressToOctets(octetsToAddress(address))).toEqual(address);
      }),
    );
  });

  test("only A and AAAA hold one", () => {
    expect(addressFromRdata(TYPE.A, octets("c0000201"))).toBe("192.0.2.1");
    expect(addressFromRdata(TYPE.AAAA, new Uint8Array(16))).toBe("::");
    expect(() => addressFromRdata(TYPE.TXT, octets("c0000201"))).toThrow(TypeError);
    expect(() => octetsToAddress(new Uint8Array(5))).toThrow(TypeError);
  });
});

describe("addresses to which no question goes", () => {
  test.each([
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.53",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::10.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b:1::1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::7f00:1",
    "100::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:c0a8:101::",
    "3fff::1",
    "3fff:fff::1",
    "5f00::1",
    "fc00::1",
    "fdff::1",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
  ])("%s", (address) => {
    expect(isPrivateAddress(address)).toBe(true);
    expect(isPrivateAddress(addressToOctets(address)!)).toBe(true);
  });

  test.each([
    "1.0.0.1",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.1.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "192.0.3.1",
    "192.167.1.1",
    "192.169.1.1",
    "198.17.255.255",
    "198.20.0.1",
    "198.41.0.4",
    "203.0.112.1",
    "203.0.114.1",
    "223.255.255.255",
    "2001:503:ba3e::2:30",
    "2001:db7::1",
    "2001:db9::1",
    "2001:2:1::1",
    "2002:c629:4::1",
    "64:ff9b::198.41.0.4",
    "::ffff:198.41.0.4",
    "3ffe::1",
    "3fff:1000::1",
    "2a00::1",
    "fbff::1",
  ])("not %s", (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  });

  test("what is no address is private too", () => {
    for (const address of ["", "localhost", new Uint8Array(0), new Uint8Array(5).fill(9)])
      expect(isPrivateAddress(address)).toBe(true);
  });
});

describe("server addresses", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1", 53],
    ["192.0.2.1:5353", "192.0.2.1", 5353],
    ["192.0.2.1@5353", "192.0.2.1", 5353],
    ["::1", "::1", 53],
    ["[::1]", "::1", 53],
    ["[::1]:5353", "::1", 5353],
    ["2001:DB8:0::1@5353", "2001:db8::1", 5353],
    ["192.0.2.1:65535", "192.0.2.1", 65535],
  ])("%s", (text, address, port) => {
    expect(parseServerAddress(text, 53)).toEqual({ address, port });
  });

  test.each([
    "",
    "localhost",
    "192.0.2.1:",
    "192.0.2.1:65536",
    "192.0.2.1:-1",
    "192.0.2.1:1.5",
    "::1:",
    "[::1",
    "[::1]:",
    "[::1]x",
    "@53",
    "a@53",
    "192.0.2.1@53@53",
    "192.0.2.1:99999999999",
  ])("%j is none", (text) => {
    expect(parseServerAddress(text, 53)).toBeNull();
  });
});
