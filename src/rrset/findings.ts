/** What a walk can find: the words that the walker and the judge share. They hold claims, nothing proven. */
import type { Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import type { TYPE } from "../wire/registry.ts";
import type { RRset } from "./rrset.ts";

/** A response that ends the walk for its question. All RRsets passed the bailiwick rules of the zone that was asked. */
export type Conclusive =
  | {
      readonly kind: "answer";
      readonly question: Question;
      /** One RRset; several only for QTYPE ANY. */
      readonly rrsets: readonly [RRset, ...RRset[]];
      readonly authority: readonly RRset[];
    }
  | {
      readonly kind: "alias";
      readonly question: Question;
      /** CNAME at the question's name, or DNAME above it. */
      readonly alias: RRset;
      /** Derived from `alias`; null if a DNAME makes a name longer than 255 octets (YXDOMAIN, RFC 6672 §2.2). */
      readonly target: Name | null;
      /** The CNAME that the server synthesised beside a DNAME, to be compared with ours (RFC 6672 §5.3.1). */
      readonly received: RRset | null;
      readonly authority: readonly RRset[];
    }
  | {
      readonly kind: "no data" | "name error";
      readonly question: Question;
      readonly soa: RRset<typeof TYPE.SOA> | null;
      readonly authority: readonly RRset[];
    };

/** A delegation seen from the parent's side. */
export interface Cut {
  /** The child zone's apex. */
  readonly zone: Name;
  readonly ds: RRset<typeof TYPE.DS> | null;
  /** When `ds` is null: the NSEC or NSEC3 RRsets said to prove that there is none. */
  readonly evidence: readonly RRset[];
}
