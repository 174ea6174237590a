/** RRsets as the lab keeps them. */
import type { Name } from "../wire/name.ts";
import type { RRType } from "../wire/registry.ts";

/** Like an RRset of the resolver, but its signatures are RRSIG RDATA as octets, so that they can be wounded anyhow. */
export interface LabRRset {
  readonly name: Name;
  readonly type: RRType;
  readonly ttl: number;
  readonly data: readonly [Uint8Array, ...Uint8Array[]];
  readonly signatures: readonly Uint8Array[];
}
