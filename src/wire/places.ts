/** Where the records of a message stand in its octets. RFC 1035 §4.1. For messages of our own: names are passed over, unchecked. */
import { Reader } from "./cursor.ts";
import { type RRType, TYPE } from "./registry.ts";

export interface Place {
  readonly type: RRType;
  /** Where the pointer in its owner leads; Infinity if it has none. */
  readonly pointer: number;
  readonly ttlAt: number;
  readonly rdataAt: number;
}

/** Of all its records, and where the first one begins. Throws WireError. */
export function placesIn(message: Uint8Array): { readonly start: number; readonly records: readonly Place[] } {
  const reader = new Reader(message, 4);
  const questions = reader.u16();
  const count = reader.u16() + reader.u16() + reader.u16();
  for (let i = 0; i < questions; i++) {
    passName(reader);
    reader.u32();
  }
  const start = reader.offset;
  const records: Place[] = [];
  for (let i = 0; i < count; i++) {
    const pointer = passName(reader);
    const type = reader.u16();
    reader.u16();
    const ttlAt = reader.offset;
    reader.u32();
    const length = reader.u16();
    records.push({ type, pointer, ttlAt, rdataAt: reader.offset });
    reader.skip(length);
  }
  return { start, records };
}

/** Leaves the reader behind a name; where its pointer leads, Infinity if it has none. Throws WireError. */
export function passName(reader: Reader): number {
  for (;;) {
    const length = reader.u8();
    if (length >= 0xc0) return ((length & 0x3f) << 8) | reader.u8();
    if (length === 0) return Number.POSITIVE_INFINITY;
    reader.skip(length);
  }
}

/** Where TTLs stand, so that they can be changed: none in OPT, whose field of that place is another (RFC 6891 §6.1.3). Throws WireError. */
export function ttlOffsets(message: Uint8Array): readonly number[] {
  const { records } = placesIn(message);
  return records.filter(({ type }) => type !== TYPE.OPT).map(({ ttlAt }) => ttlAt);
}
