/** Octets for the tests of wire: from hexadecimal, to it, and messages put together by hand. */
import { expect } from "vitest";
import { WireError } from "../../src/wire/cursor.ts";

export const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

/** Hexadecimal with blanks anywhere. */
export const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/\s+/g, ""), "hex"));

export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

export const u16 = (value: number): number[] => [value >>> 8, value & 255];

/** A header and whatever follows: `counts` are those of the four sections. */
export function raw(
  counts: readonly [number, number, number, number],
  ...parts: readonly Iterable<number>[]
): Uint8Array {
  const body = parts.flatMap((part) => [...part]);
  return Uint8Array.from([0x12, 0x34, 0x84, 0x00, ...counts.flatMap(u16), ...body]);
}

/** Owner as given, class IN, TTL 300, RDLENGTH of the RDATA. */
export function rawRecord(owner: Iterable<number>, type: number, rdata: Iterable<number>): number[] {
  const content = [...rdata];
  return [...owner, ...u16(type), 0, 1, 0, 0, 1, 44, ...u16(content.length), ...content];
}

/** Fails unless `decode` throws a WireError whose message matches; anything else that is thrown is a bug. */
export function expectWireError(decode: () => unknown, reason?: RegExp): void {
  let thrown: unknown = null;
  try {
    decode();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(WireError);
  if (reason !== undefined) expect((thrown as WireError).message).toMatch(reason);
}
