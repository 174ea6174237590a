import { BlockList, isIPv4 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAccess, loopbackRules } from "../../src/server/access.ts";
import { parsePrefix, serverAddressFrom, serverAddressText, withoutWildcards } from "../../src/server/addresses.ts";
import { addressToOctets, octetsToAddress } from "../../src/wire/address.ts";

describe("who may ask", () => {
  it("loopback may, everybody else is refused, unless told otherwise", () => {
    const access = createAccess();
    for (const address of ["127.0.0.1", "127.255.3.4", "::1"]) expect(access.decide(address)).toBe("allow");
    for (const address of ["128.0.0.1", "192.0.2.1", "10.0.0.1", "::2", "fe80::1%eth0", ""]) {
      expect(access.decide(address)).toBe("refuse");
    }
  });

  it("the first rule that holds the client decides", () => {
    const access = createAccess({
      rules: [
        { prefix: parsePrefix("192.0.2.128/25"), decision: "drop" },
        { prefix: parsePrefix("192.0.2.0/24"), decision: "allow" },
        { prefix: parsePrefix("2001:db8::/32"), decision: "allow" },
        ...loopbackRules,
      ],
      otherwise: "drop",
    });
    expect(access.decide("192.0.2.127")).toBe("allow");
    expect(access.decide("192.0.2.128")).toBe("drop");
    expect(access.decide("2001:db8:ffff::1")).toBe("allow");
    expect(access.decide("2001:db9::1")).toBe("drop");
    expect(access.decide("::1")).toBe("allow");
    expect(access.decide("127.0.0.1")).toBe("allow"); // a second time, from memory
    expect(access.decide("127.0.0.1")).toBe("allow");
  });

  it("one client may have so many questions waiting, and all together so many", () => {
    const access = createAccess({ waitingPerClient: 2, waitingInAll: 3 });
    expect(access.enter("a")).toBe(true);
    expect(access.enter("a")).toBe(true);
    expect(access.enter("a")).toBe(false);
    expect(access.enter("b")).toBe(true);
    expect(access.enter("b")).toBe(false);
    access.leave("a");
    expect(access.enter("b")).toBe(true);
    access.leave("a");
    access.leave("b");
    access.leave("b");
    expect(() => access.leave("a")).toThrow(RangeError);
  });
});

describe("addresses as people write them", () => {
  it.each([
    ["127.0.0.1:5300", "127.0.0.1", 5300],
    ["127.0.0.1", "127.0.0.1", 53],
    ["[::1]:5300", "::1", 5300],
    ["[::1]", "::1", 53],
    ["::1", "::1", 53],
    ["0.0.0.0:0", "0.0.0.0", 0],
  ])("%s", (text, address, port) => {
    expect(serverAddressFrom(text, 53)).toEqual({ address, port });
  });

  it.each([
    "",
    "localhost:53",
    "127.0.0.1:",
    "127.0.0.1:65536",
    "127.0.0.1:x",
    "[::1",
    "[::1]:",
    "::1:",
    "300.1.1.1:53",
  ])("not %j", (text) => {
    expect(() => serverAddressFrom(text, 53)).toThrow(TypeError);
  });

  it.each(["", "x", "192.0.2.0/33", "2001:db8::/129", "192.0.2.0/", "192.0.2.0/-1", "192.0.2/24", "/8"])(
    "%j is no prefix",
    (text) => {
      expect(() => parsePrefix(text)).toThrow(TypeError);
    },
  );

  it("an IPv4 prefix holds no IPv6 address and the reverse", () => {
    expect(parsePrefix("0.0.0.0/0").has("::1")).toBe(false);
    expect(parsePrefix("::/0").has("127.0.0.1")).toBe(false);
    expect(parsePrefix("fe80::/10").has("fe80::1%lo")).toBe(true);
    expect(parsePrefix("::/0").has("nonsense")).toBe(false);
  });

  it("a prefix holds what node:net's BlockList finds in it", () => {
    const address = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.constantFrom(
        "127.0.0.1",
        "128.0.0.0",
        "::",
        "::1",
        "::2",
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "8000::",
        "ffff::",
      ),
    );
    const bitsOf = (text: string): 32 | 128 => (isIPv4(text) ? 32 : 128);
    const families = { 32: "ipv4", 128: "ipv6" } as const;
    const prefix = address.chain((text) => fc.tuple(fc.constant(text), fc.nat({ max: bitsOf(text) })));
    fc.assert(
      fc.property(prefix, address, fc.nat({ max: 128 }), ([text, length], random, flipped) => {
        const bits = bitsOf(text);
        const list = new BlockList();
        list.addSubnet(text, length, families[bits]);
        const { has } = parsePrefix(`${text}/${length}`);
        // One that shares all but a bit, and any other.
        const near = addressToOctets(text)!;
        if (flipped < bits) near[flipped >> 3]! ^= 0x80 >> (flipped & 7);
        for (const candidate of [text, octetsToAddress(near), random]) {
          // It would find 127.0.0.1 in ::/0, as a mapped address.
          const isThere = bitsOf(candidate) === bits && list.check(candidate, families[bits]);
          expect(has(candidate)).toBe(isThere);
        }
      }),
    );
  });

  it("are shown as they are written", () => {
    for (const text of ["127.0.0.1:53", "[::1]:5300"]) expect(serverAddressText(serverAddressFrom(text, 1))).toBe(text);
  });

  it("a wildcard becomes the addresses of its family, link-local ones left out", () => {
    const local = ["127.0.0.1", "192.0.2.7", "::1", "fe80::1", "2001:db8::7"];
    const listed = withoutWildcards(
      [
        { address: "0.0.0.0", port: 53 },
        { address: "::", port: 54 },
        { address: "127.0.0.9", port: 55 },
      ],
      local,
    );
    expect(listed.map(serverAddressText)).toEqual([
      "127.0.0.1:53",
      "192.0.2.7:53",
      "[::1]:54",
      "[2001:db8::7]:54",
      "127.0.0.9:55",
    ]);
  });
});
