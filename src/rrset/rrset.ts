/** RRsets, the unit of everything above the wire. RFC 2181 §5. */
import type { ResourceRecord } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import type { Rrsig } from "../wire/rdata.ts";
import type { RRType } from "../wire/registry.ts";

/** Records of one owner, type and class IN. `T` is a literal type number where one is required: RRset<typeof TYPE.DS>. */
export interface RRset<T extends RRType = RRType> {
  readonly name: Name;
  readonly type: T;
  /** Seconds; the lowest of the records (RFC 2181 §5.2). */
  readonly ttl: number;
  /** Uncompressed RDATA of each record, never empty, no duplicates. Decode with `rdataOf`. */
  readonly data: readonly [Uint8Array, ...Uint8Array[]];
  /** RRSIGs from the same section that cover this owner and type. */
  readonly signatures: readonly Rrsig[];
}

export function isOfType<T extends RRType>(rrset: RRset, type: T): rrset is RRset<T> {
  return rrset.type === type;
}

export type { ResourceRecord };
