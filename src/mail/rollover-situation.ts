/** A rollover as it stands: which records speak of what is served, and of what is planned. RFC 7671 §5, §8. */
import type { X509Certificate } from "node:crypto";
import { certificateFromDer, publicKeyFromDer, publicKeyInfoOf } from "../dane/certificate.ts";
import { pathsToAnchor } from "../dane/path.ts";
import { type DanePolicy, isNamedBy, sortRecords, type UsableRecord } from "../dane/records.ts";
import type { UnixSeconds } from "../env/env.ts";
import type { RRset } from "../rrset/rrset.ts";
import type { TYPE } from "../wire/registry.ts";
import type { KeyMaterial } from "./key-material.ts";
import type { Served } from "./live.ts";
import { isSame, makeRecord, type RecordPlan } from "./tlsa-make.ts";

export interface RolloverInput {
  /** Null: it is proven that there is nothing. */
  readonly published: RRset<typeof TYPE.TLSA> | null;
  /** How long caches keep what is published, or that nothing is; seconds. */
  readonly ttl: number;
  /** Since when what is published has been so on every name server; null: nobody knows. */
  readonly since: UnixSeconds | null;
  /** At least one chain. */
  readonly served: readonly Served[];
  /** What is to be served; one for each kind of key. */
  readonly next: readonly KeyMaterial[];
  readonly policy: DanePolicy;
  readonly now: UnixSeconds;
  readonly warnExpirySeconds: number;
}

/** All that the steps and the findings are decided from. */
export interface Situation extends RolloverInput {
  readonly usable: readonly UsableRecord[];
  /** Those of which a stronger digest makes nothing. */
  readonly outranked: readonly UsableRecord[];
  /** Chains that some client refuses now. */
  readonly broken: readonly Served[];
  /** Chains that show what is planned. */
  readonly already: readonly Served[];
  /** Chains that what is planned will replace. */
  readonly old: readonly Served[];
  /** Planned, and without a record that fits. */
  readonly uncovered: readonly KeyMaterial[];
  /** Records to be added, for every combination of numbers that is published. RFC 7671 §8. */
  readonly missing: readonly UsableRecord[];
  /** From when on every cache knows what is published; null if that is not known. */
  readonly knownFrom: UnixSeconds | null;
}

export function situationOf(input: RolloverInput): Situation {
  const { published, served, next, policy, since, ttl } = input;
  const { usable, outranked } = published === null ? { usable: [], outranked: [] } : sortRecords(published, policy);
  // Where nothing counts, nobody is refused.
  const isRefused = usable.length > 0;
  const broken = served.filter(({ chain }) => isRefused && !usable.some((record) => fitsChain(record, chain)));
  const already = served.filter(({ chain }) => next.some((material) => isShown(material, chain)));
  const kinds = new Set(next.map(kindOfMaterial));
  const old = served.filter((one) => !already.includes(one) && kinds.has(kindOfChain(one.chain)));
  const uncovered = next.filter((material) => !usable.some((record) => fits(record, material)));
  const missing = next.flatMap((material) => missingFor(material, [...usable, ...outranked]));
  const knownFrom = since === null ? null : since + 2 * ttl;
  return { ...input, usable, outranked, broken, already, old, uncovered, missing, knownFrom };
}

/** One record for each combination of numbers that is published and does not speak of `material` yet; else 3 1 1. */
function missingFor(material: KeyMaterial, published: readonly UsableRecord[]): readonly UsableRecord[] {
  const plans: RecordPlan[] = [];
  for (const { usage, selector, matchingType } of published) {
    const isKnown = plans.some(
      (plan) => plan.usage === usage && plan.selector === selector && plan.matchingType === matchingType,
    );
    if (!isKnown) plans.push({ usage, selector, matchingType });
  }
  const wanted = plans.length > 0 ? plans : [{ usage: 3, selector: 1, matchingType: 1 } as const];
  const made = wanted.flatMap((plan) => {
    const isThere = published.some(
      (record) =>
        record.usage === plan.usage &&
        record.selector === plan.selector &&
        record.matchingType === plan.matchingType &&
        fits(record, material),
    );
    // Of a bare key nobody knows the issuer or the certificate.
    if (isThere || (material.certificate === null && (plan.usage === 2 || plan.usage === 0))) return [];
    if ((plan.usage === 2 || plan.usage === 0) && material.issuers.length === 0) return [];
    const record = makeRecord(plan, material);
    return record.kind === "made" ? [record.record] : [];
  });
  if (made.length > 0 || published.some((record) => fits(record, material))) return made;
  const record = makeRecord({ usage: 3, selector: 1, matchingType: 1 }, material);
  return record.kind === "made" ? [record.record] : [];
}

/** Does a client that has this record take this chain for the right one? Names and dates are another matter. */
export function fitsChain(record: UsableRecord, chain: readonly X509Certificate[]): boolean {
  const [leaf, ...others] = chain;
  if (leaf === undefined) return false;
  if (record.usage === 3 || record.usage === 1) return isNamedBy(leaf, record);
  const held = record.matchingType !== 0 ? null : record.selector === 0 ? certificateFromDer(record.data) : null;
  const key = record.matchingType === 0 && record.selector === 1 ? publicKeyFromDer(record.data) : null;
  const trust = {
    isAnchor: (certificate: X509Certificate) => isNamedBy(certificate, record),
    bareKeys: key === null ? [] : [key],
  };
  const pool = held === null ? others : [held, ...others];
  return pathsToAnchor(leaf, pool, trust).next().done !== true;
}

/** The same for what is planned; of a bare key only its own record can be known. */
export function fits(record: UsableRecord, material: KeyMaterial): boolean {
  const { certificate, issuers } = material;
  if (certificate !== null) return fitsChain(record, [certificate, ...issuers]);
  if (record.selector !== 1 || record.usage === 2 || record.usage === 0) return false;
  const own = makeRecord({ usage: record.usage, selector: 1, matchingType: record.matchingType }, material);
  return own.kind === "made" && Buffer.compare(own.record.data, record.data) === 0;
}

/** Is it served? Of a bare key: a certificate for it. */
export function isShown({ certificate, publicKeyInfo }: KeyMaterial, [leaf]: readonly X509Certificate[]): boolean {
  if (leaf === undefined) return false;
  if (certificate !== null) return certificate.raw.equals(leaf.raw);
  const info = publicKeyInfoOf(leaf);
  return info !== null && Buffer.compare(info, publicKeyInfo) === 0;
}

/** "rsa", "ec": a server shows one certificate for each. */
export function kindOfMaterial({ publicKeyInfo }: KeyMaterial): string {
  return publicKeyFromDer(publicKeyInfo)?.asymmetricKeyType ?? "unknown";
}

function kindOfChain([leaf]: readonly X509Certificate[]): string {
  const info = leaf === undefined ? null : publicKeyInfoOf(leaf);
  return info === null ? "unknown" : (publicKeyFromDer(info)?.asymmetricKeyType ?? "unknown");
}

/** Records that speak neither of what is planned nor of anything served. */
export function removable({ usable, outranked, served, next }: Situation): readonly UsableRecord[] {
  return [...usable, ...outranked].filter(
    (record) =>
      !next.some((material) => fits(record, material)) && !served.some(({ chain }) => fitsChain(record, chain)),
  );
}

/** 3 1 1 of each chain that is refused now. */
export function recordsOfBroken({ broken }: Pick<Situation, "broken">): readonly UsableRecord[] {
  const made = broken.flatMap(({ address, chain: [certificate] }): UsableRecord[] => {
    const publicKeyInfo = certificate === undefined ? null : publicKeyInfoOf(certificate);
    if (certificate === undefined || publicKeyInfo === null) return [];
    const material = { source: address, what: "certificate", certificate, publicKeyInfo, issuers: [] } as const;
    const record = makeRecord({ usage: 3, selector: 1, matchingType: 1 }, material);
    return record.kind === "made" ? [record.record] : [];
  });
  return made.filter((record, i) => made.findIndex((other) => isSame(record, other)) === i);
}
