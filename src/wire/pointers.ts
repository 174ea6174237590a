/** Which part of the question the rest of a message leans on. RFC 1035 §4.1.4. */
import { Reader } from "./cursor.ts";
import { HEADER_OCTETS } from "./message.ts";
import { passName, placesIn } from "./places.ts";
import { hasCompressibleNames } from "./rdata.ts";
import { TYPE } from "./registry.ts";

/**
 * The lowest octet that a name behind the question points to; where the question ends, if none points into it. What lies
 * before is the question's alone. Of RDATA with compressed names only SOA is looked into: with any other, all may be leant
 * on. Throws WireError.
 */
export function lowestPointer(message: Uint8Array): number {
  const { start, records } = placesIn(message);
  let lowest = start;
  for (const { type, pointer, rdataAt } of records) {
    lowest = Math.min(lowest, pointer);
    if (type === TYPE.SOA) {
      const reader = new Reader(message, rdataAt);
      lowest = Math.min(lowest, passName(reader), passName(reader));
    } else if (hasCompressibleNames(type)) return HEADER_OCTETS;
  }
  return lowest;
}
