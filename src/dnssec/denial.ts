/**
 * Proofs that something is not there, from either family of records: RFC 4035 §5.4 with NSEC, RFC 5155 §8 with NSEC3.
 *
 * What counts is what signed records show, never the rcode, which nobody signs. Records that fail verification, that
 * belong to another zone, or that have no part in the proof count as if they were not there.
 */
import type { Cut } from "../rrset/findings.ts";
import type { RRset } from "../rrset/rrset.ts";
import type { Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { type RRType, TYPE, typeToText } from "../wire/registry.ts";
import { accountOf } from "./accounting.ts";
import { type Finding, notShown } from "./denying.ts";
import type { Judge } from "./judge.ts";
import { NsecRecords, whatNsecShows, whatNsecShowsOfCut, whetherNsecShowsNoCloserMatch } from "./nsec.ts";
import {
  type Claim,
  type Nsec3Records,
  openNsec3,
  whatNsec3Shows,
  whatNsec3ShowsOfCut,
  whetherNsec3ShowsNoCloserMatch,
} from "./nsec3.ts";
import { type Denial, type Failure, failure } from "./proof.ts";
import { proofFrom } from "./signature.ts";
import { type Insecure, mintInsecure, mintSecure, type Secure, type WhyInsecure } from "./verdict.ts";
import type { SecureZone } from "./zone-trust.ts";

export type { Claim } from "./nsec3.ts";

type DenialVerdict =
  | { readonly kind: "proven"; readonly denial: Secure<Denial> }
  /** Opt-out, or NSEC3 RRs that are too costly to check. `records` are verified; `as` is what the answer comes to. */
  | {
      readonly kind: "insecure";
      readonly why: WhyInsecure;
      readonly as: Claim;
      readonly records: readonly RRset[];
    }
  | { readonly kind: "failed"; readonly failure: Failure };

/** That `question` has no answer, because of its type or because of its name. */
export function proveDenial(
  question: Question,
  claim: Claim,
  { authority, zone, by }: { readonly authority: readonly RRset[]; readonly zone: SecureZone; readonly by: Judge },
): DenialVerdict {
  const { name, type } = question;
  const subject: Subject = { name, type, what: `${name} has no ${typeToText(type)}` };
  const outside = whyOutside(question, zone.name);
  if (outside !== null) return { kind: "failed", failure: unproven(subject, zone, outside) };
  const search = searchDenial(authority, { zone, by }, subject, {
    nsec: (records) => whatNsecShows(records, question),
    nsec3: (records) => whatNsec3Shows(records, question, claim),
  });
  if (search.kind !== "proven") return search.kind === "failed" ? search : { ...search, as: claim };
  const { denial } = search;
  if (!denial.value.optOut) return { kind: "proven", denial };
  const as = denial.value.kind === "name error" ? "name error" : "no data";
  return { kind: "insecure", why: { kind: "opt-out", cut: name, denial }, as, records: denial.value.records };
}

/**
 * What the parent's records say of a delegation without DS: that it is so ("unsigned delegation"; possibly so, under
 * opt-out), or that there is no delegation at all. RFC 4035 §5.2, RFC 5155 §8.9, RFC 6840 §4.4.
 */
export function proveNoDs(
  parent: SecureZone,
  cut: Cut,
  by: Judge,
): Secure<Denial> | Insecure<readonly RRset[]> | Failure {
  const { zone: name, evidence } = cut;
  const subject: Subject = { name, type: TYPE.DS, what: `${name} is delegated without DS` };
  // RFC 4035 §5.2: only the parent speaks of DS (ATTACKS ).
  if (!name.isStrictlyWithin(parent.name)) return unproven(subject, parent, `${name} is not below ${parent.name}`);
  const search = searchDenial(evidence, { zone: parent, by }, subject, {
    nsec: (records) => whatNsecShowsOfCut(records, name),
    nsec3: (records) => whatNsec3ShowsOfCut(records, name),
  });
  switch (search.kind) {
    case "proven":
      return search.denial;
    case "insecure":
      return mintInsecure(search.records, search.why);
    case "failed":
      return search.failure;
  }
}

/** That no name closer to `name` exists than `source`, whose wildcard was expanded. RFC 4035 §5.3.4, RFC 5155 §8.8. */
export function proveNoCloserMatch(
  name: Name,
  source: Name,
  { authority, zone, by }: { readonly authority: readonly RRset[]; readonly zone: SecureZone; readonly by: Judge },
): Exclude<DenialVerdict, { kind: "insecure" }> | Omit<Extract<DenialVerdict, { kind: "insecure" }>, "as"> {
  const subject: Subject = {
    name,
    type: null,
    what: `*.${source.isRoot ? "" : source} is the closest match for ${name}`,
  };
  const search = searchDenial(authority, { zone, by }, subject, {
    nsec: (records) => whetherNsecShowsNoCloserMatch(records, name, source),
    nsec3: (records) => whetherNsec3ShowsNoCloserMatch(records, name, source),
  });
  if (search.kind !== "proven" || !search.denial.value.optOut) return search;
  const { denial } = search;
  return { kind: "insecure", why: { kind: "opt-out", cut: name, denial }, records: denial.value.records };
}

/** Whom the zone may not speak about: names outside, and the DS of its own apex. */
function whyOutside({ name, type }: Question, zone: Name): string | null {
  if (!name.isWithin(zone)) return `${name} is not within ${zone}`;
  // RFC 4035 §5.2; the root has no parent.
  if (type === TYPE.DS && name.equals(zone) && !zone.isRoot) return `DS of ${name} is its parent's, not its own`;
  return null;
}

interface Subject {
  readonly name: Name;
  /** Null: a wildcard's expansion, not a denial by itself. */
  readonly type: RRType | null;
  /** What is to be proven, for sentences. */
  readonly what: string;
}

interface Context {
  readonly zone: SecureZone;
  readonly by: Judge;
}

interface Ways {
  readonly nsec: (records: NsecRecords) => Finding;
  readonly nsec3: (records: Nsec3Records) => Finding;
}

type Search =
  | { readonly kind: "proven"; readonly denial: Secure<Denial> }
  | { readonly kind: "insecure"; readonly why: WhyInsecure; readonly records: readonly RRset[] }
  | { readonly kind: "failed"; readonly failure: Failure };

/** NSEC first, for it costs no hashes; a zone on its way from one family to the other may send both. */
function searchDenial(authority: readonly RRset[], context: Context, subject: Subject, ways: Ways): Search {
  const { zone, by } = context;
  const nsec = new NsecRecords(authority, zone, by);
  const fromNsec = nsec.present ? ways.nsec(nsec) : notShown("there is no NSEC RR");
  if (fromNsec.kind === "shown") return { kind: "proven", denial: denialFrom(fromNsec, "NSEC", subject, context) };
  const chain = openNsec3(authority, zone, by);
  switch (chain.kind) {
    case "usable": {
      const fromNsec3 = ways.nsec3(chain.records);
      if (fromNsec3.kind === "shown") {
        return { kind: "proven", denial: denialFrom(fromNsec3, "NSEC3", subject, context) };
      }
      if (chain.records.spent) return { kind: "failed", failure: outOfHashes(subject) };
      const ofRecord = nsec.malformed ?? nsec.failure ?? chain.records.refused;
      return { kind: "failed", failure: ofRecord ?? unproven(subject, zone, fromNsec3.why) };
    }
    case "too many iterations": {
      const { iterations } = chain;
      const account = accountOf(zone.proof);
      const why: WhyInsecure = { kind: "too many iterations", cut: zone.name, iterations, account };
      return { kind: "insecure", why, records: chain.rrsets };
    }
    case "failed":
      return { kind: "failed", failure: nsec.malformed ?? nsec.failure ?? chain.failure };
    case "absent":
      if (!nsec.present) return { kind: "failed", failure: missing(subject, zone) };
      return { kind: "failed", failure: nsec.malformed ?? nsec.failure ?? unproven(subject, zone, fromNsec.why) };
  }
}

function denialFrom(
  finding: Extract<Finding, { kind: "shown" }>,
  family: Denial["family"],
  { name, type }: Subject,
  { zone, by }: Context,
): Secure<Denial> {
  const denial: Denial = {
    kind: finding.what,
    name,
    type,
    zone: zone.name,
    family,
    closestEncloser: finding.closestEncloser,
    optOut: finding.optOut,
    records: [...new Set(finding.records.map((record) => record.rrset))],
  };
  const parts = [...new Set(finding.records.map((record) => record.part))];
  return mintSecure(denial, proofFrom(zone, parts, by));
}

function missing({ name, type, what }: Subject, zone: SecureZone): Failure {
  const code = type === null ? "wildcard without proof" : "denial missing";
  return failure(code, name, `No NSEC or NSEC3 RR of ${zone.name} came to prove that ${what}`);
}

function unproven({ name, type, what }: Subject, zone: SecureZone, why: string): Failure {
  const code = type === null ? "wildcard without proof" : "denial does not prove it";
  return failure(code, name, `It is not proven by ${zone.name} that ${what}: ${why}`);
}

function outOfHashes({ name, what }: Subject): Failure {
  const detail = `The question's budget for NSEC3 hashes is spent, before it was proven that ${what}`;
  return failure("too much validation work", name, detail);
}
