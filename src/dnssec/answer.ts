/** What the resolver gives out and the cache keeps. */

import type { UnixSeconds } from "../env/env.ts";
import type { RRset } from "../rrset/rrset.ts";
import type { ExtendedError } from "../wire/edns.ts";
import type { Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import type { Verdict } from "./verdict.ts";

/** What one question came to, at the end of its aliases. */
export interface AnswerData {
  readonly kind: "answer" | "no data" | "name error";
  /** The owner of the data or of the denial: the question's name, or the last alias target. */
  readonly name: Name;
  /** One RRset for an answer (several for QTYPE ANY), none otherwise. */
  readonly rrsets: readonly RRset[];
  /** SOA and denial records: what a validating client needs beside the data. */
  readonly authority: readonly RRset[];
  /** The response rcode: NOERROR or NXDOMAIN (YXDOMAIN for an overlong DNAME). */
  readonly rcode: number;
}

/** One CNAME or DNAME step, with its own verdict: RFC 7672 decides on each link. */
export interface AliasLink {
  readonly from: Name;
  readonly to: Name;
  /** The CNAME or DNAME RRset, and the denial that a wildcard needs. */
  readonly verdict: Verdict<AliasData>;
}

export interface AliasData {
  readonly alias: RRset;
  readonly target: Name | null;
  readonly authority: readonly RRset[];
}

export interface Answer {
  readonly question: Question;
  /** The AD flag: every link and the data are secure. */
  readonly authenticated: boolean;
  /** The least trusted of all links and of the data decides. */
  readonly verdict: Verdict<AnswerData>;
  /** In order; empty if the question's name is no alias. */
  readonly aliases: readonly AliasLink[];
  /** NOERROR, NXDOMAIN, YXDOMAIN, or SERVFAIL for bogus and indeterminate. */
  readonly rcode: number;
  readonly ede: readonly ExtendedError[];
  /** Seconds for which the answer may be used from the moment it was given out; bounded by the proof. */
  readonly ttl: number;
  /** When the weakest signature expires, for secure answers. */
  readonly validUntil: UnixSeconds | null;
}
