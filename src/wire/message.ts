/** DNS messages. RFC 1035 §4, EDNS RFC 6891. */
import type { Edns } from "./edns.ts";
import type { Name } from "./name.ts";
import type { RRClass, RRType } from "./registry.ts";

export interface Question {
  readonly name: Name;
  readonly type: RRType;
  readonly class: RRClass;
}

export interface ResourceRecord {
  readonly name: Name;
  readonly type: RRType;
  readonly class: RRClass;
  /** Seconds, 0 to 2^31-1: a TTL with the top bit set is read as 2^31-1, to be capped by the cache (RFC 8767 §4). */
  readonly ttl: number;
  /** Uncompressed and well-formed for its type; letters as they came. */
  readonly rdata: Uint8Array;
}

/** The header's flags by their names in the RFCs. */
export interface Flags {
  readonly qr: boolean;
  readonly aa: boolean;
  readonly tc: boolean;
  readonly rd: boolean;
  readonly ra: boolean;
  readonly ad: boolean;
  readonly cd: boolean;
}

export interface Message extends Flags {
  readonly id: number;
  readonly opcode: number;
  /** All twelve bits: the header's four and EDNS's eight. */
  readonly rcode: number;
  readonly question: readonly Question[];
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  /** Without the OPT record. */
  readonly additional: readonly ResourceRecord[];
  readonly edns: Edns | null;
}
