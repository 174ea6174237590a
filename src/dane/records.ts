/** Which TLSA records of an RRset count. RFC 6698 §2.1; for SMTP RFC 7672 §3.1; digest agility RFC 7671 §9. */
import { createHash, type X509Certificate } from "node:crypto";
import { type RRset, rdataOf } from "../rrset/rrset.ts";
import type { Tlsa } from "../wire/rdata.ts";
import type { TYPE } from "../wire/registry.ts";
import { hex } from "../wire/text.ts";
import { certificateFromDer, partsOf, publicKeyFromDer } from "./certificate.ts";

export interface DanePolicy {
  /** Certificate usages that the protocol allows. */
  readonly usages: readonly (0 | 1 | 2 | 3)[];
  /** Matching types of digests that count, the strongest first. */
  readonly digests: readonly (1 | 2)[];
  /** "strongest": of one usage and selector only the strongest digest present counts, beside full data. RFC 7671 §9. */
  readonly agility: "strongest" | "all";
}

/** RFC 7672 §3.1.3: PKIX-TA(0) and PKIX-EE(1) are unusable between mail servers, which share no list of CAs. */
export const smtpPolicy: DanePolicy = { usages: [2, 3], digests: [2, 1], agility: "strongest" };

export const anyUsagePolicy: DanePolicy = { usages: [0, 1, 2, 3], digests: [2, 1], agility: "strongest" };

/** A TLSA record that can be matched: its numbers are known, its data has the right form. */
export interface UsableRecord {
  readonly usage: 0 | 1 | 2 | 3;
  readonly selector: 0 | 1;
  readonly matchingType: 0 | 1 | 2;
  readonly data: Uint8Array;
}

export interface UnusableRecord {
  readonly record: Tlsa;
  /** What is wrong, as a sentence's part. */
  readonly why: string;
}

export interface SortedRecords {
  readonly usable: readonly UsableRecord[];
  readonly unusable: readonly UnusableRecord[];
  /** Usable as such, but a stronger digest stands beside them. */
  readonly outranked: readonly UsableRecord[];
}

export function sortRecords(tlsa: RRset<typeof TYPE.TLSA>, policy: DanePolicy): SortedRecords {
  const known: UsableRecord[] = [];
  const unusable: UnusableRecord[] = [];
  for (const record of rdataOf(tlsa)) {
    const why = whyUnusable(record, policy);
    if (why === null) known.push(record as UsableRecord);
    else unusable.push({ record, why });
  }
  const usable = policy.agility === "all" ? known : known.filter((record) => !isOutranked(record, known, policy));
  return { usable, unusable, outranked: known.filter((record) => !usable.includes(record)) };
}

/** Does the record speak of this certificate? RFC 6698 §2.1. */
export function isNamedBy(certificate: X509Certificate, { selector, matchingType, data }: UsableRecord): boolean {
  const selected = selector === 0 ? certificate.raw : partsOf(certificate)?.publicKeyInfo;
  if (selected === undefined) return false;
  const digest = digests.get(matchingType);
  return (
    Buffer.compare(digest === undefined ? selected : createHash(digest.hash).update(selected).digest(), data) === 0
  );
}

/** Octets of digests by matching type. */
const digests: ReadonlyMap<number, { readonly hash: "sha256" | "sha512"; readonly octets: number }> = new Map([
  [1, { hash: "sha256", octets: 32 }],
  [2, { hash: "sha512", octets: 64 }],
]);

const usageNames = ["PKIX-TA", "PKIX-EE", "DANE-TA", "DANE-EE"] as const;

/** "3 1 1 8cb3f6f5b8a1d0c9…", for sentences. */
export function recordText({ usage, selector, matchingType, data }: Tlsa | UsableRecord): string {
  const text = hex(data).toLowerCase();
  return `${usage} ${selector} ${matchingType} ${text.length > 16 ? `${text.slice(0, 16)}…` : text}`;
}

/** Throws RangeError for a policy that names what does not exist, or nothing. */
export function checkPolicy(policy: DanePolicy): DanePolicy {
  const { usages, digests: order } = policy;
  if (usages.length === 0 || usages.some((usage) => usageNames[usage] === undefined))
    throw new RangeError(`DANE usages are ${usages.join(", ") || "none"}: some of 0, 1, 2, 3 expected`);
  if (order.length === 0 || order.some((type) => !digests.has(type)))
    throw new RangeError(`DANE digests are ${order.join(", ") || "none"}: 1 (SHA-256), 2 (SHA-512) or both expected`);
  return policy;
}

function whyUnusable({ usage, selector, matchingType, data }: Tlsa, policy: DanePolicy): string | null {
  const name = usageNames[usage];
  if (name === undefined) return `certificate usage ${usage} is not defined`;
  if (!(policy.usages as readonly number[]).includes(usage)) return `usage ${name}(${usage}) does not count here`;
  if (selector !== 0 && selector !== 1) return `selector ${selector} is not defined`;
  if (matchingType === 0) return whyNoFullData(selector, data);
  const digest = digests.get(matchingType);
  if (digest === undefined) return `matching type ${matchingType} is not defined`;
  if (!(policy.digests as readonly number[]).includes(matchingType))
    return `matching type ${matchingType} does not count here`;
  if (data.length !== digest.octets)
    return `matching type ${matchingType} has ${digest.octets} octets of data, this one has ${data.length}`;
  return null;
}

function whyNoFullData(selector: 0 | 1, data: Uint8Array): string | null {
  if (selector === 0) return certificateFromDer(data) === null ? "its data is no certificate" : null;
  return publicKeyFromDer(data) === null ? "its data is no public key that we know" : null;
}

/** RFC 7671 §9: full data always counts; of digests only the strongest of the same usage and selector. */
function isOutranked(record: UsableRecord, among: readonly UsableRecord[], { digests: order }: DanePolicy): boolean {
  if (record.matchingType === 0) return false;
  const rank = order.indexOf(record.matchingType);
  return among.some(
    ({ usage, selector, matchingType }) =>
      usage === record.usage &&
      selector === record.selector &&
      matchingType !== 0 &&
      order.indexOf(matchingType) < rank,
  );
}
