/** Which part of the question the rest of a message leans on. RFC 1035 §4.1.4. */
import { Reader } from "./cursor.ts";
import { HEADER_OCTETS } from "./message.ts";
import { Name } from "./name.ts";
import { hasCompressibleNames } from "./rdata.ts";
import { TYPE } from "./registry.ts";

/**
 * The lowest octet that a name behind the question points to; where the question ends, if none points into it. What lies
 * before is the question's alone. Of RDATA with compressed names only SOA is looked into: with any other, all may be leant
 * on. Throws WireError.
 */
export function lowestPointer(message: Uint8Array): number {
  const reader = new Reader(message, 4);
  const questions = reader.u16();
  const records = reader.u16() + reader.u16() + reader.u16();
  reader.offset = HEADER_OCTETS;
  for (let i = 0; i < questions; i++) {
    Name.read(reader);
    reader.u32();
  }
  let lowest = reader.offset;
  const see = (): void => {
    lowest = Math.min(lowest, pointerOf(reader) ?? lowest);
  };
  for (let i = 0; i < records; i++) {
    see();
    const type = reader.u16();
    reader.skip(6);
    const end = reader.u16() + reader.offset;
    if (type === TYPE.SOA) {
      see();
      see();
    } else if (hasCompressibleNames(type)) return HEADER_OCTETS;
    reader.offset = end;
  }
  return lowest;
}

/** Passes over a name; where its pointer leads, null if it has none. */
function pointerOf(reader: Reader): number | null {
  for (;;) {
    const length = reader.u8();
    if (length >= 0xc0) return ((length & 0x3f) << 8) | reader.u8();
    if (length === 0) return null;
    reader.skip(length);
  }
}
