/** Where to ask next: a zone cut with its servers. Hints for walking; never an answer to anybody. */
import type { Cut } from "../rrset/findings.ts";
import type { Name } from "../wire/name.ts";

export interface NameServer {
  readonly name: Name;
  /** Glue or hints; empty if the name must be resolved. */
  readonly addresses: readonly string[];
  /** Where it differs from the delegation's. */
  readonly port?: number;
}

export interface Delegation extends Cut {
  /** The zone whose servers told; null for hints and configured servers. */
  readonly parent: Name | null;
  readonly servers: readonly NameServer[];
  /** "recursive": forwarders, asked with RD=1, whose answers need no AA and are never referrals. */
  readonly mode: "authoritative" | "recursive";
  /** Seconds, from the parent's NS RRset: a child cannot prolong it (ghost domains, CVE-2026-40622). */
  readonly ttl: number;
  /** Port of all its servers; other than 53 only in labs and by configuration. */
  readonly port: number;
  /** Where to begin anew if none of these servers helps: forwarders that are only to be tried first. */
  readonly otherwise?: Delegation;
}
