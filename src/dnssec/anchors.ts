/** Trust anchors. RFC 4035 §5, RFC 7958 / RFC 9718 for IANA's file. */
import type { Name } from "../wire/name.ts";
import type { Dnskey, Ds } from "../wire/rdata.ts";

/** DS and DNSKEY RRs of one zone in which the operator trusts; any one valid path suffices. */
export interface TrustAnchor {
  readonly zone: Name;
  readonly ds: readonly Ds[];
  readonly keys: readonly Dnskey[];
  /** Where it was read: a file's name, "built in"… */
  readonly source: string;
}
