import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Reader } from "../../src/wire/cursor.ts";
import { decodeRdata, rdataFromText, rdataToText, readRdata } from "../../src/wire/rdata.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { serviceParams } from "../../src/wire/svcb.ts";
import { TextError } from "../../src/wire/text.ts";
import { hex, octets } from "./octets.ts";

const foo = "03666f6f 076578616d706c65 03636f6d 00"; // foo.example.com.

describe("RFC 9460 Appendix D.2", () => {
  test.each([
    ["0 foo.example.com.", `0000 ${foo}`],
    ["1 .", "0001 00"],
    ["16 foo.example.com. port=53", `0010 ${foo} 0003 0002 0035`],
    ["1 foo.example.com. key667=hello", `0001 ${foo} 029b 0005 68656c6c6f`],
    ['1 foo.example.com. key667="hello\\210qoo"', `0001 ${foo} 029b 0009 68656c6c6fd2716f6f`],
    [
      "1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1",
      `0001 ${foo} 0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001`,
    ],
    [
      "1 foo.example.com. ipv6hint=2001:db8:122:344::192.0.2.33",
      `0001 ${foo} 0006 0010 20010db80122034400000000c0000221`,
    ],
    [
      "16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1",
      "0010 03666f6f 076578616d706c65 036f7267 00 0000 0004 0001 0004 0001 0009 02 6832 05 68332d3139 0004 0004 c0000201",
    ],
    [
      '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
      "0010 03666f6f 076578616d706c65 036f7267 00 0001 000c 08 665c6f6f2c626172 02 6832",
    ],
    [
      "16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2",
      "0010 03666f6f 076578616d706c65 036f7267 00 0001 000c 08 665c6f6f2c626172 02 6832",
    ],
  ])("%s", (text, wire) => {
    const rdata = octets(wire);
    expect(hex(rdataFromText(TYPE.SVCB, text))).toBe(hex(rdata));
    expect(hex(rdataFromText(TYPE.SVCB, rdataToText(TYPE.SVCB, rdata)))).toBe(hex(rdata));
    expect(serviceParams(decodeRdata(TYPE.SVCB, rdata).params)).not.toBeNull();
  });

  test.each([
    ["a key twice", "key123=abc key123=def"],
    ["mandatory without value", "mandatory"],
    ["alpn without value", "alpn"],
    ["port without value", "port"],
    ["ipv4hint without value", "ipv4hint"],
    ["ipv6hint without value", "ipv6hint"],
    ["no-default-alpn with a value", "no-default-alpn=abc"],
    ["a mandatory key that is missing", "mandatory=key123"],
    ["mandatory among the mandatory", "mandatory=mandatory"],
    ["a mandatory key twice", "mandatory=key123,key123 key123=abc"],
    ["a key that is none", "alpm=h2"],
    ["the reserved key", "key65535=a"],
    ["a port above 65535", "port=65536"],
    ["an IPv6 address as an IPv4 one", "ipv4hint=2001:db8::1"],
    ["an IPv4 address as an IPv6 one", "ipv6hint=192.0.2.1"],
    ["an empty item", "alpn=h2,,h3"],
    ["an item of 256 octets", `alpn=${"x".repeat(256)}`],
    ["ech that is not base64", "ech=!!!!"],
  ])("%s is refused", (_what, params) => {
    expect(() => rdataFromText(TYPE.SVCB, `1 foo.example.com. ${params}`)).toThrow(TextError);
  });
});

describe("malformed parameters (R-9460-1)", () => {
  test.each([
    ["keys in wrong order", "0003 0002 0035 0001 0003 026832"],
    ["a key twice", "0003 0002 0035 0003 0002 0035"],
    ["a length beyond the end", "0003 0004 0035"],
    ["half a key", "00"],
    ["no length", "0003 00"],
    ["a port of one octet", "0003 0001 35"],
    ["an alpn list cut off", "0001 0002 0568"],
    ["an empty alpn", "0001 0001 00"],
    ["five octets of IPv4", "0004 0005 c000020101"],
    ["no IPv6", "0006 0000"],
    ["no-default-alpn with a value", "0002 0001 00"],
    ["mandatory naming what is missing", "0000 0002 0003"],
    ["mandatory in wrong order", "0000 0004 0003 0001 0001 0003 026832 0003 0002 0035"],
    ["mandatory naming itself", "0000 0002 0000"],
    ["half a mandatory key", "0000 0001 00"],
  ])("%s: passed on as they are, but no parameters", (_what, wire) => {
    const rdata = octets(`0001 00 ${wire}`);
    expect(readRdata(TYPE.HTTPS, new Reader(rdata), rdata.length)).toEqual(rdata);
    expect(serviceParams(decodeRdata(TYPE.HTTPS, rdata).params)).toBeNull();
    expect(rdataToText(TYPE.HTTPS, rdata)).toBe(`\\# ${rdata.length} ${hex(rdata).toUpperCase()}`);
  });

  test("any octets either are parameters that survive their text, or are none", () => {
    const params = fc.array(fc.tuple(fc.nat(9), fc.uint8Array({ maxLength: 8 })), { maxLength: 4 });
    fc.assert(
      fc.property(params, (each) => {
        const wire = each.sort(([a], [b]) => a - b).flatMap(([key, value]) => [0, key, 0, value.length, ...value]);
        const rdata = Uint8Array.from([0, 1, 0, ...wire]);
        const text = rdataToText(TYPE.SVCB, rdata);
        expect(text.startsWith("\\#")).toBe(serviceParams(Uint8Array.from(wire)) === null);
        expect(hex(rdataFromText(TYPE.SVCB, text))).toBe(hex(rdata));
      }),
      { numRuns: 500 },
    );
  });
});
