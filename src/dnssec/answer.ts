/** What the resolver gives out and the cache keeps. */

import type { UnixSeconds } from "../env/env.ts";
import { isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import type { ExtendedError } from "../wire/edns.ts";
import type { Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { EDE, RCODE, TYPE } from "../wire/registry.ts";
import { dateText, type Proof } from "./proof.ts";
import { mintInsecure, mintSecure, type Verdict, type WhyInsecure } from "./verdict.ts";

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
  /** Absent: as fresh as its TTL says. "refreshing": about to be replaced. "stale": past its TTL (RFC 8767). */
  readonly freshness?: "refreshing" | "stale";
}

interface Joining {
  readonly question: Question;
  /** In order. After one that cannot be believed, nothing counts. */
  readonly links: readonly AliasLink[];
  /** What stands at the end of them. */
  readonly last: Verdict<AnswerData>;
  /** What else a client should know: that this is a remembered failure, for one. */
  readonly notes: readonly ExtendedError[];
  readonly freshness?: "refreshing" | "stale";
}

/** The least trusted of all links and of the data decides. */
export function joinAnswer({ question, links, last, notes, freshness }: Joining): Answer {
  const broken = links.findIndex(({ verdict }) => !("value" in verdict));
  const aliases = broken < 0 ? links : links.slice(0, broken + 1);
  const chain = aliases.map((link) => link.verdict);
  const verdict = joinVerdicts(chain, last);
  const answer: Answer = {
    question,
    authenticated: verdict.status === "secure",
    verdict,
    aliases,
    rcode: "value" in verdict ? verdict.value.rcode : RCODE.SERVFAIL,
    ede: toTell(chain, verdict, notes),
    ttl: "value" in verdict ? ttlOf(aliases, verdict.value) : 0,
    validUntil: verdict.status === "secure" ? verdict.proof.validUntil : null,
  };
  return freshness === undefined ? answer : { ...answer, freshness };
}

/** Bogus before indeterminate before insecure before secure; of equals, the first that a reader meets. */
function joinVerdicts(chain: readonly Verdict<AliasData>[], last: Verdict<AnswerData>): Verdict<AnswerData> {
  if (chain.length === 0) return last;
  let why: WhyInsecure | null = null;
  const proofs: Proof[] = [];
  let unknown: Verdict<never> | null = null;
  for (const verdict of [...chain, last]) {
    switch (verdict.status) {
      case "bogus":
        return verdict;
      case "indeterminate":
        unknown ??= verdict;
        break;
      case "insecure":
        why ??= verdict.why;
        break;
      case "secure":
        proofs.push(verdict.proof);
        break;
    }
  }
  if (unknown !== null || !("value" in last)) return unknown ?? last;
  if (why !== null) return mintInsecure(last.value, why);
  return mintSecure(last.value, joinProofs(proofs));
}

function joinProofs(proofs: readonly Proof[]): Proof {
  return {
    parts: [...new Set(proofs.flatMap((proof) => proof.parts))],
    validUntil: Math.min(...proofs.map((proof) => proof.validUntil)),
  };
}

/** The least of everything that the answer is made of. */
function ttlOf(aliases: readonly AliasLink[], data: AnswerData): number {
  const ttls: number[] = [];
  for (const { verdict } of aliases) {
    if (!("value" in verdict)) continue;
    ttls.push(verdict.value.alias.ttl, ...verdict.value.authority.map((rrset) => rrset.ttl));
  }
  // RFC 6672 §2.2: YXDOMAIN follows from the DNAME, and lasts as long as it does.
  if (data.kind === "answer")
    ttls.push(...data.rrsets.map((rrset) => rrset.ttl), ...data.authority.map((rrset) => rrset.ttl));
  else if (data.rcode !== RCODE.YXDOMAIN) ttls.push(negativeTtl(data.authority) ?? 0);
  return ttls.length === 0 ? 0 : Math.min(...ttls);
}

/**
 * Seconds for which a denial may be kept: the lesser of SOA TTL and MINIMUM (RFC 2308 §5), and no longer than the records
 * that prove it. Null without a SOA: such a denial should not be kept.
 */
export function negativeTtl(authority: readonly RRset[]): number | null {
  let ttl: number | null = null;
  for (const rrset of authority) {
    if (!isOfType(rrset, TYPE.SOA)) continue;
    ttl = Math.min(rrset.ttl, rdataOf(rrset)[0]!.minimum);
    break;
  }
  if (ttl === null) return null;
  for (const rrset of authority) ttl = Math.min(ttl, rrset.ttl);
  return ttl;
}

/** What to tell beside a verdict; nothing where a zone is simply unsigned. RFC 8914 §4. */
function extendedErrors(verdict: Verdict<unknown>): readonly ExtendedError[] {
  switch (verdict.status) {
    case "secure":
      return [];
    case "insecure": {
      const code = codeOf(verdict.why);
      return code === null ? [] : [{ code, text: explainVerdict(verdict) }];
    }
    case "bogus":
    case "indeterminate":
      return [{ code: verdict.failure.ede, text: verdict.failure.detail }];
  }
}

function codeOf(why: WhyInsecure): number | null {
  switch (why.kind) {
    case "unsupported algorithm":
    case "unsupported anchor":
      return EDE.UNSUPPORTED_DNSKEY_ALGORITHM;
    case "unsupported digest":
      return EDE.UNSUPPORTED_DS_DIGEST;
    case "too many iterations":
      return EDE.UNSUPPORTED_NSEC3_ITERATIONS;
    case "negative trust anchor":
      return EDE.NEGATIVE_TRUST_ANCHOR;
    case "unsigned delegation":
    case "opt-out":
    case "no trust anchor":
    case "unsigned type":
    case "local":
      return null;
  }
}

function toTell(
  chain: readonly Verdict<AliasData>[],
  verdict: Verdict<AnswerData>,
  notes: readonly ExtendedError[],
): readonly ExtendedError[] {
  if (chain.length === 0 && verdict.status === "secure" && notes.length <= 1) return notes;
  return distinct([...[...chain, verdict].flatMap(extendedErrors), ...notes]);
}

function distinct(errors: readonly ExtendedError[]): readonly ExtendedError[] {
  return errors.filter(({ code, text }, i) => errors.findIndex((e) => e.code === code && e.text === text) === i);
}

/** One line for queries and traces. */
export function explainVerdict(verdict: Verdict<unknown>): string {
  switch (verdict.status) {
    case "secure":
      return `secure until ${dateText(verdict.proof.validUntil)}`;
    case "insecure":
      return `insecure: ${whyText(verdict.why)}`;
    case "bogus":
      return `bogus: ${verdict.failure.detail}`;
    case "indeterminate":
      return `indeterminate: ${verdict.failure.detail}`;
  }
}

function whyText(why: WhyInsecure): string {
  const { cut } = why;
  switch (why.kind) {
    case "unsigned delegation":
      return `${cut} is delegated without DS`;
    case "opt-out":
      return `${cut} lies in an NSEC3 opt-out span of ${why.denial.value.zone}`;
    case "unsupported algorithm":
      return `no DS of ${cut} names a supported algorithm`;
    case "unsupported digest":
      return `no DS of ${cut} has a supported digest`;
    case "unsupported anchor":
      return `the trust anchor of ${cut} names no supported algorithm`;
    case "too many iterations":
      return `NSEC3 of ${cut} has ${why.iterations} iterations`;
    case "negative trust anchor":
      return `negative trust anchor at ${cut}`;
    case "no trust anchor":
      return `no trust anchor at or above ${cut}`;
    case "unsigned type":
      return `RRSIGs of ${cut} are not signed themselves`;
    case "local":
      return `${cut} is answered locally`;
  }
}
