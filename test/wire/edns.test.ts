import { describe, expect, test } from "vitest";
import { Reader } from "../../src/wire/cursor.ts";
import { cookieOf, cookieOption, decodeOpt, edeOf, edeOption, keepaliveOption, optionOf } from "../../src/wire/edns.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/message.ts";
import { OPTION } from "../../src/wire/registry.ts";
import { edns, message } from "./messages.ts";
import { ascii, expectWireError, hex, octets, raw, u16 } from "./octets.ts";

/** An OPT record: owner, type 41, size, upper rcode bits, version, flags, options. */
function opt(
  options: Iterable<number> = [],
  parts: { owner?: number[]; size?: number; rcode?: number; version?: number; flags?: number } = {},
): number[] {
  const { owner = [0], size = 1232, rcode = 0, version = 0, flags = 0 } = parts;
  const rdata = [...options];
  return [...owner, 0, 41, ...u16(size), rcode, version, ...u16(flags), ...u16(rdata.length), ...rdata];
}

const option = (code: number, data: Iterable<number> = []): number[] => [
  ...u16(code),
  ...u16([...data].length),
  ...data,
];
const received = (...parts: number[][]) => decodeMessage(raw([0, 0, 0, parts.length], ...parts));

describe("the OPT record (RFC 6891 §6.1)", () => {
  test("its fields", () => {
    const decoded = received(opt(option(3), { size: 4096, rcode: 1, flags: 0x8000 }));
    expect(decoded.rcode).toBe(16);
    expect(decoded.additional).toEqual([]);
    expect(decoded.edns).toEqual({
      version: 0,
      udpSize: 4096,
      dnssecOk: true,
      compactOk: false,
      options: [{ code: 3, data: new Uint8Array(0) }],
    });
    expect(received(opt([], { flags: 0x4000 })).edns).toMatchObject({ dnssecOk: false, compactOk: true });
  });

  test.each([
    [0, 512],
    [511, 512],
    [512, 512],
    [65535, 65535],
  ])("a payload of %i reads as %i (R-6891-1)", (size, read) => {
    expect(received(opt([], { size })).edns?.udpSize).toBe(read);
  });

  test("two of them are malformed", () => {
    expectWireError(() => received(opt(), opt()), /two OPT/);
  });

  test("one with an owner is malformed, also if a pointer hides it", () => {
    expectWireError(() => received(opt([], { owner: [1, 0x61, 0] })), /with a name/);
    const question = octets("01 61 00 0001 0001");
    expectWireError(() => decodeMessage(raw([1, 0, 0, 1], question, opt([], { owner: [0xc0, 12] }))), /with a name/);
  });

  test.each([1, 2])("one in section %i is malformed", (section) => {
    const counts: [number, number, number, number] = [0, 0, 0, 0];
    counts[section] = 1;
    expectWireError(() => decodeMessage(raw(counts, opt())), /outside the additional/);
  });

  test("one behind other additional records is found", () => {
    const a = octets("01 61 00 0001 0001 00000000 0004 c0000201");
    const decoded = decodeMessage(raw([0, 0, 0, 3], a, opt(), a));
    expect(decoded.additional.length).toBe(2);
    expect(decoded.edns).not.toBeNull();
  });

  test.each([
    ["half a code", [0]],
    ["no length", [0, 10]],
    ["a length beyond the end", [0, 10, 0, 2, 1]],
    ["a second option cut off", [...option(3), 0]],
  ])("options with %s are malformed", (_what, options) => {
    expectWireError(() => received(opt(options)));
  });

  test("an RDLENGTH beyond the message is malformed", () => {
    const record = opt();
    record[record.length - 1] = 1;
    expectWireError(() => received(record), /RDLENGTH/);
  });

  test("another version's options are not looked at, so that it can be answered BADVERS", () => {
    expect(received(opt([1, 2, 3], { version: 1 })).edns).toMatchObject({ version: 1, options: [] });
  });

  test("16 000 options: 32 are kept, in no time (CVE-2026-41292)", () => {
    const options = Array.from({ length: 16_000 }, (_, i) => option(i & 0xffff)).flat();
    const started = performance.now();
    const kept = received(opt(options)).edns!.options;
    expect(kept.map(({ code }) => code)).toEqual(Array.from({ length: 32 }, (_, i) => i));
    expect(performance.now() - started).toBeLessThan(200);
  });

  test("what is written is read again, with all twelve bits of the rcode", () => {
    const options = [
      edeOption({ code: 6, text: "bogus" }),
      cookieOption({ client: ascii("12345678"), server: null }),
      { code: OPTION.PADDING, data: new Uint8Array(3) },
    ];
    const sent = message({ rcode: 0xabc, edns: { ...edns, compactOk: true, options } });
    const decoded = decodeMessage(encodeMessage(sent));
    expect(decoded.rcode).toBe(0xabc);
    expect(decoded.edns).toEqual(sent.edns);
  });

  test("an OPT record by itself", () => {
    expect(decodeOpt(1232, 0x01_00_8000, new Reader(new Uint8Array(0)))).toMatchObject({
      rcodeHigh: 1,
      edns: { dnssecOk: true },
    });
  });
});

describe("extended errors (RFC 8914)", () => {
  const of = (data: Uint8Array) => edeOf({ ...edns, options: [{ code: OPTION.EDE, data }] });

  test("all of them, in order", () => {
    const errors = [
      { code: 6, text: "" },
      { code: 22, text: "no answer from 192.0.2.1" },
      { code: 65535, text: "é€" },
    ];
    expect(edeOf({ ...edns, options: errors.map(edeOption) })).toEqual(errors);
    expect(hex(edeOption({ code: 258, text: "a" }).data)).toBe("010261");
  });

  test("what is shorter than a code is left out", () => {
    expect(of(new Uint8Array(1))).toEqual([]);
    expect(of(octets("0006"))).toEqual([{ code: 6, text: "" }]);
  });

  test("texts from outside cannot steer a terminal, end early or go on forever", () => {
    expect(of(Uint8Array.from([0, 6, ...ascii("\u001b[2Jred\n\u0007\u0000\u0000")]))).toEqual([
      { code: 6, text: "?[2Jred??" },
    ]);
    expect(of(Uint8Array.from([0, 6, ...new TextEncoder().encode("a\u202eb")]))[0]!.text).toBe("a?b");
    expect(of(Uint8Array.from([0, 6, 0xff, 0xfe, 0x61]))[0]!.text).toMatch(/a$/);
    expect(of(new Uint8Array(60_000).fill(0x61))[0]!.text.length).toBe(200);
  });

  test("texts of ours are cut between characters, at 200 octets", () => {
    expect(edeOption({ code: 1, text: "a".repeat(500) }).data.length).toBe(202);
    const { data } = edeOption({ code: 1, text: "€".repeat(500) });
    expect(data.length).toBe(2 + 198);
    expect(new TextDecoder("utf-8", { fatal: true }).decode(data.subarray(2))).toBe("€".repeat(66));
  });
});

describe("cookies (RFC 7873 §4)", () => {
  const of = (length: number) =>
    cookieOf({ ...edns, options: [{ code: OPTION.COOKIE, data: new Uint8Array(length).fill(7) }] });

  test.each([0, 7, 9, 15, 41, 100])("%i octets are no cookie", (length) => {
    expect(of(length)).toBeNull();
  });

  test.each([
    [8, null],
    [16, 8],
    [40, 32],
  ])("of %i octets %j are the server's", (length, server) => {
    expect(of(length)?.client.length).toBe(8);
    expect(of(length)?.server?.length ?? null).toBe(server);
  });

  test("the first counts, none is none", () => {
    const [first, second] = [ascii("11111111"), ascii("22222222")].map((client) =>
      cookieOption({ client, server: ascii("server77") }),
    );
    expect(cookieOf({ ...edns, options: [first!, second!] })).toEqual({
      client: ascii("11111111"),
      server: ascii("server77"),
    });
    expect(cookieOf(edns)).toBeNull();
    expect(optionOf(edns, OPTION.COOKIE)).toBeNull();
  });
});

test("keepalive counts in tenths of a second (RFC 7828 §3.1)", () => {
  expect(hex(keepaliveOption(300).data)).toBe("012c");
});
