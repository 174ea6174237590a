/** Type bitmaps of NSEC, NSEC3 and CSYNC. RFC 4034 §4.1.2. */
import type { Reader, Writer } from "./cursor.ts";
import type { RRType } from "./registry.ts";

/** Windows strictly ascending, 1 to 32 octets each; anything else is a WireError. */
export function readBitmap(reader: Reader): ReadonlySet<RRType> {
  const types = new Set<RRType>();
  let previous = -1;
  while (reader.remaining > 0) {
    const window = reader.u8();
    if (window <= previous) reader.fail(`bitmap window ${window} after ${previous}`);
    previous = window;
    const length = reader.u8();
    if (length < 1 || length > 32) reader.fail(`bitmap window of ${length} octets`);
    const bits = reader.take(length);
    for (let i = 0; i < length; i++) {
      const octet = bits[i]!;
      for (let bit = 0; bit < 8; bit++) if (octet & (0x80 >> bit)) types.add(window * 256 + i * 8 + bit);
    }
  }
  return types;
}

/** The same checks, without the set. */
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
