/** What the operator trusts without proof. RFC 4035 §5. */
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

/** A text of trust anchors that cannot be believed as it stands. */
export class AnchorError extends Error {
  override readonly name = "AnchorError";
  readonly source: string;
  /** From 1; null if it concerns the text as a whole. */
  readonly line: number | null;
  readonly reason: string;

  constructor(source: string, line: number | null, reason: string) {
    super(line === null ? `${source}: ${reason}` : `${source}, line ${line}: ${reason}`);
    this.source = source;
    this.line = line;
    this.reason = reason;
  }
}
