/** Type bitmaps of NSEC, NSEC3 and CSYNC. RFC 4034 §4.1.2. */
import type { Reader, Writer } from "./cursor.ts";
import type { RRType } from "./registry.ts";

/** Larger ones are read where they stand: as a set, 8 KiB of them would take two megabytes and some milliseconds. */
const SPREAD_OCTETS = 64;

/** Windows strictly ascending, 1 to 32 octets each; anything else is a WireError. */
export function readBitmap(reader: Reader): ReadonlySet<RRType> {
  const { offset } = reader;
  skipBitmap(reader);
  const bits = new Bitmap(reader.octets.subarray(offset, reader.offset));
  return reader.offset - offset > SPREAD_OCTETS ? bits : new Set(bits);
}

/** The types of a bitmap that is well-formed. */
class Bitmap implements ReadonlySet<RRType> {
  readonly #windows: Uint8Array;

  constructor(windows: Uint8Array) {
    this.#windows = windows;
  }

  has(type: RRType): boolean {
    const windows = this.#windows;
    for (let at = 0; at < windows.length; at += 2 + windows[at + 1]!) {
      if (windows[at] !== type >> 8) continue;
      const octet = (type & 0xff) >> 3;
      return octet < windows[at + 1]! && (windows[at + 2 + octet]! & (0x80 >> (type & 7))) !== 0;
    }
    return false;
  }

  get size(): number {
    let size = 0;
    for (const _ of this) size += 1;
    return size;
  }

  /** In ascending order. */
  *values(): SetIterator<RRType> {
    const windows = this.#windows;
    for (let at = 0; at < windows.length; at += 2 + windows[at + 1]!) {
      for (let i = 0; i < windows[at + 1]!; i++) {
        const octet = windows[at + 2 + i]!;
        for (let bit = 0; bit < 8; bit++) if (octet & (0x80 >> bit)) yield windows[at]! * 256 + i * 8 + bit;
      }
    }
  }

  keys(): SetIterator<RRType> {
    return this.values();
  }

  *entries(): SetIterator<[RRType, RRType]> {
    for (const type of this) yield [type, type];
  }

  [Symbol.iterator](): SetIterator<RRType> {
    return this.values();
  }

  forEach(visit: (type: RRType, same: RRType, set: ReadonlySet<RRType>) => void): void {
    for (const type of this) visit(type, type, this);
  }
}

/** The same checks, and nothing made of it. */
export function skipBitmap(reader: Reader): void {
  let previous = -1;
  while (reader.remaining > 0) {
    const window = reader.u8();
    if (window <= previous) reader.fail(`bitmap window ${window} after ${previous}`);
    previous = window;
    const length = reader.u8();
    if (length < 1 || length > 32) reader.fail(`bitmap window of ${length} octets`);
    reader.skip(length);
  }
}

export function writeBitmap(writer: Writer, types: ReadonlySet<RRType>): void {
  const windows = new Map<number, Uint8Array>();
  for (const type of [...types].sort((a, b) => a - b)) {
    const bits = windows.get(type >> 8) ?? new Uint8Array(32);
    bits[(type & 0xff) >> 3]! |= 0x80 >> (type & 7);
    windows.set(type >> 8, bits);
  }
  for (const [window, bits] of windows) {
    let length = 32;
    while (bits[length - 1] === 0) length -= 1;
    writer.u8(window);
    writer.u8(length);
    writer.bytes(bits.subarray(0, length));
  }
}
