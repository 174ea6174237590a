/** A growing octet string for messages and RDATA built by hand: no checks, since a scenario may want nonsense. */
import type { Name } from "../../src/wire/name.ts";

export class Octets {
  readonly #values: number[] = [];

  get length(): number {
    return this.#values.length;
  }

  u8(value: number): this {
    this.#values.push(value & 0xff);
    return this;
  }

  u16(value: number): this {
    return this.u8(value >>> 8).u8(value);
  }

  u32(value: number): this {
    return this.u16(Math.floor(value / 0x10000)).u16(value % 0x10000);
  }

  bytes(value: Iterable<number>): this {
    for (const octet of value) this.#values.push(octet);
    return this;
  }

  /** Uncompressed. */
  name(name: Name): this {
    return this.bytes(name.wire);
  }

  /** One length octet, then the octets. */
  counted(value: Uint8Array): this {
    if (value.length > 255) throw new RangeError(`${value.length} octets after one length octet: 255 at most`);
    return this.u8(value.length).bytes(value);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#values);
  }
}

export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw new RangeError(`"${text.slice(0, 40)}" is not hex`);
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

export function toHex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("hex");
}

/** RFC 4648 §7, case-insensitive, without padding. */
export function fromBase32Hex(text: string): Uint8Array {
  const out: number[] = [];
  let bits = 0;
  let held = 0;
  for (const char of text.toUpperCase()) {
    const value = "0123456789ABCDEFGHIJKLMNOPQRSTUV".indexOf(char);
    if (value < 0) throw new RangeError(`"${text}" is not base32hex`);
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out.push((held >> bits) & 0xff);
    }
  }
  return Uint8Array.from(out);
}

export function toBase32Hex(octets: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const octet of octets) {
    held = ((held << 8) | octet) & 0x1fff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += "0123456789abcdefghijklmnopqrstuv"[(held >> bits) & 31];
    }
  }
  if (bits > 0) text += "0123456789abcdefghijklmnopqrstuv"[(held << (5 - bits)) & 31];
  return text;
}

/** Dotted or RFC 4291 text to 4 or 16 octets; null if it is neither. */
export function addressOctets(text: string): Uint8Array | null {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (v4 !== null) {
    const octets = v4.slice(1).map(Number);
    return octets.every((octet) => octet <= 255) ? Uint8Array.from(octets) : null;
  }
  if (!text.includes(":")) return null;
  let source = text;
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(source);
  if (embedded !== null) {
    const tail = addressOctets(embedded[2]!);
    if (tail === null) return null;
    source = `${embedded[1]}${toHex(tail.subarray(0, 2))}:${toHex(tail.subarray(2))}`;
  }
  const halves = source.split("::");
  if (halves.length > 2) return null;
  const groups = (part: string | undefined): string[] => (part === undefined || part === "" ? [] : part.split(":"));
  const left = groups(halves[0]);
  const right = groups(halves[1]);
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const all = [...left, ...Array.from({ length: missing }, () => "0"), ...right];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  return Uint8Array.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]));
}

/** Two texts of one address give one key. */
export function addressKey(text: string): string {
  const octets = addressOctets(text);
  if (octets === null) throw new TypeError(`"${text}" is no IP address`);
  return toHex(octets);
}
