/** Verdicts in words, and the chain that a proof is, for people. */
import type { Answer } from "../dnssec/answer.ts";
import { dateText, type Proof, type ZoneProof } from "../dnssec/proof.ts";
import type { Insecure, Verdict, WhyInsecure } from "../dnssec/verdict.ts";
import { edeText, typeToText } from "../wire/registry.ts";

/** Why the status is what it is, as one sentence. */
export function reasonOf(verdict: Verdict<unknown>): string {
  switch (verdict.status) {
    case "secure":
      return `every part is signed, from a trust anchor down; the first signature expires on ${dateText(verdict.proof.validUntil)}`;
    case "insecure":
      return whyInsecure(verdict.why);
    case "bogus":
    case "indeterminate":
      return verdict.failure.detail;
  }
}

export function whyInsecure(why: WhyInsecure): string {
  switch (why.kind) {
    case "unsigned delegation":
      return `${why.cut} is delegated without a DS, and signed ${why.denial.value.family} records of ${why.denial.value.zone} prove it`;
    case "opt-out":
      return `${why.cut} lies in an NSEC3 opt-out span of ${why.denial.value.zone}: it may be delegated without a signature`;
    case "unsupported algorithm":
      return `every DS of ${why.cut} names a signing algorithm that is not supported here`;
    case "unsupported digest":
      return `every DS of ${why.cut} has a digest type that is not supported here`;
    case "unsupported anchor":
      return `the trust anchor of ${why.cut} has an algorithm that is not supported here`;
    case "too many iterations":
      return `the denial from ${why.cut} uses ${why.iterations} NSEC3 iterations, too many to be checked (RFC 9276)`;
    case "negative trust anchor":
      return `the operator switched validation off at ${why.cut} (negative trust anchor)`;
    case "no trust anchor":
      return `there is no trust anchor at or above ${why.cut}`;
    case "unsigned type":
      return `RRSIGs are not signed themselves, so those of ${why.cut} cannot be proven (RFC 4035 §2.2)`;
    case "local":
      return `${why.cut} is answered here and never asked for in the DNS (RFC 6761, RFC 6303)`;
  }
}

/** What a status means to somebody who sees it for the first time. */
export function statusInWords(answer: Answer): string {
  const { verdict } = answer;
  switch (verdict.status) {
    case "secure":
      return verdict.value.kind === "answer" ? "secure" : "secure denial";
    case "insecure":
      return "insecure: DNSSEC does not vouch for this, and it is known why";
    case "bogus":
      return "bogus: data came, and validation failed";
    case "indeterminate":
      return "indeterminate: it could not be found out";
  }
}

export function outcomeInWords(answer: Answer): string {
  const { verdict, question } = answer;
  if (verdict.status !== "secure" && verdict.status !== "insecure") return "no data is shown";
  const { kind, name } = verdict.value;
  switch (kind) {
    case "answer": {
      const count = verdict.value.rrsets.reduce((sum, rrset) => sum + rrset.data.length, 0);
      return `${count} ${count === 1 ? "record" : "records"}`;
    }
    case "no data":
      return `${name} exists and has no ${typeToText(question.type)}`;
    case "name error":
      return `${name} does not exist`;
  }
}

export function edeInWords(code: number, text: string): string {
  return `EDE ${code} (${edeText(code)})${text === "" ? "" : `: ${text}`}`;
}

/** One zone of the chain, from the anchor down. */
export interface ChainStep {
  readonly zone: string;
  /** What leads into the zone: the anchor's source, or the key tags of its DS records and who signed them. */
  readonly trustedBy: { readonly anchor: string } | { readonly ds: readonly number[]; readonly signedBy: number };
  /** The key that signed the zone's DNSKEY RRset. */
  readonly dnskeySignedBy: number;
  /** What in this zone was verified for the answer. */
  readonly signed: readonly { readonly name: string; readonly type: string; readonly key: number }[];
}

/** The proof's zones, each once, parents before children. */
export function chainOf(proof: Proof): readonly ChainStep[] {
  const zones = new Map<string, ZoneProof>();
  for (const part of proof.parts) addZone(part.zone, zones);
  return [...zones.values()].map((zone) => ({
    zone: zone.zone.toString(),
    trustedBy:
      "anchor" in zone
        ? { anchor: zone.anchor.source }
        : { ds: dsTags(zone.ds.rrset.data), signedBy: zone.ds.signature.keyTag },
    dnskeySignedBy: zone.dnskey.signature.keyTag,
    signed: proof.parts
      .filter((part) => part.zone.zone.equals(zone.zone))
      .map(({ rrset, signature }) => ({
        name: rrset.name.toString(),
        type: typeToText(rrset.type),
        key: signature.keyTag,
      })),
  }));
}

function addZone(zone: ZoneProof, zones: Map<string, ZoneProof>): void {
  const { key } = zone.zone;
  if (zones.has(key)) return;
  if ("parent" in zone) addZone(zone.parent, zones);
  zones.set(key, zone);
}

/** A DS begins with its key tag. RFC 4034 §5.1. */
function dsTags(data: readonly Uint8Array[]): readonly number[] {
  return [...new Set(data.map((ds) => (ds[0]! << 8) | ds[1]!))];
}

/** What proves an insecure status, where something signed does. */
export function proofOf(verdict: Verdict<unknown>): Proof | null {
  switch (verdict.status) {
    case "secure":
      return verdict.proof;
    case "insecure":
      return proofOfInsecure(verdict);
    case "bogus":
    case "indeterminate":
      return null;
  }
}

function proofOfInsecure({ why }: Insecure<unknown>): Proof | null {
  switch (why.kind) {
    case "unsigned delegation":
    case "opt-out":
      return why.denial.proof;
    case "unsupported algorithm":
    case "unsupported digest":
      return why.ds.proof;
    case "unsupported anchor":
    case "too many iterations":
    case "negative trust anchor":
    case "no trust anchor":
    case "unsigned type":
    case "local":
      return null;
  }
}

export function chainStepText(step: ChainStep): string {
  const trust =
    "anchor" in step.trustedBy
      ? `trust anchor (${step.trustedBy.anchor})`
      : `DS ${step.trustedBy.ds.join(", ")} signed by key ${step.trustedBy.signedBy} of its parent`;
  const signed = step.signed.map(({ name, type, key }) => `${name} ${type} by key ${key}`);
  return `${trust}; DNSKEY by key ${step.dnskeySignedBy}${signed.length === 0 ? "" : `; ${signed.join(", ")}`}`;
}
