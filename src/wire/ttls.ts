/** Where the TTLs of a message stand, so that they can be changed in its octets. RFC 1035 §4.1.3. */
import { Reader } from "./cursor.ts";
import { Name } from "./name.ts";
import { TYPE } from "./registry.ts";

/** Of all records but OPT, whose field of that place is none (RFC 6891 §6.1.3). Throws WireError. */
export function ttlOffsets(message: Uint8Array): readonly number[] {
  const reader = new Reader(message, 4);
  const questions = reader.u16();
  const records = reader.u16() + reader.u16() + reader.u16();
  for (let i = 0; i < questions; i++) {
    Name.read(reader);
    reader.u32();
  }
  const offsets: number[] = [];
  for (let i = 0; i < records; i++) {
    Name.read(reader);
    const type = reader.u16();
    reader.u16();
    if (type !== TYPE.OPT) offsets.push(reader.offset);
    reader.u32();
    reader.take(reader.u16());
  }
  return offsets;
}
