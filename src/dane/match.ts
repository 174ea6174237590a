/** Does what a server showed match what its domain's DNS says? RFC 6698 §2.1, RFC 7671 §4, §5. */
import type { KeyObject, X509Certificate } from "node:crypto";
import { Secure } from "../dnssec/verdict.ts";
import type { UnixSeconds } from "../env/env.ts";
import type { RRset } from "../rrset/rrset.ts";
import type { Name } from "../wire/name.ts";
import type { TYPE } from "../wire/registry.ts";
import { certificateFromDer, currencyOf, keyOf, publicKeyFromDer, subjectText } from "./certificate.ts";
import { type Code, type Told, told } from "./codes.ts";
import { whyUnfit } from "./constraints.ts";
import { hostText } from "./host-names.ts";
import { type Path, pathsToAnchor, type Trust } from "./path.ts";
import { checkPolicy, type DanePolicy, isNamedBy, recordText, sortRecords, type UsableRecord } from "./records.ts";

export interface Matching {
  /** For usages 0, 1 and 2: the certificate must show one of these. */
  readonly names: readonly Name[];
  readonly now: UnixSeconds;
  readonly policy: DanePolicy;
  /** What public PKIX says of the server, for usages 0 and 1; default: nothing good. */
  readonly pkix?: PkixResult;
}

export type PkixResult =
  /** The certificate was validated, up to this CA of this machine's list. Names need not have been checked. */
  { readonly kind: "valid"; readonly anchor: X509Certificate } | { readonly kind: "invalid"; readonly reason: string };

export type DaneMatch = Verified | Refused;

export interface Verified {
  readonly kind: "verified";
  readonly record: UsableRecord;
  /** Where on the path the record matched; 0 is the server's own certificate. */
  readonly depth: number;
  /** From the server's certificate to the one that matched. */
  readonly path: readonly X509Certificate[];
  /** The name that was found in the certificate; null for usage 3, which asks for none. */
  readonly name: string | null;
  readonly reason: string;
}

/** Not this server, not now. */
export interface Refused extends Told {
  readonly kind: "refused";
}

/**
 * `chain`: what the server sent, its own certificate first, the others in any order. The records must be secure: nothing
 * else compiles.
 */
export function matchCertificate(
  tlsa: Secure<RRset<typeof TYPE.TLSA>>,
  chain: readonly X509Certificate[],
  by: Matching,
): DaneMatch {
  if (!Secure.is(tlsa))
    throw new TypeError(
      "TLSA records that are not secure, or that another copy of rootwalk made so, prove nothing here",
    );
  const { usable } = sortRecords(tlsa.value, checkPolicy(by.policy));
  const [leaf, ...others] = chain;
  if (leaf === undefined) return refused("no certificate", "the server showed no certificate");
  if (usable.length === 0) return refused("no record matches", `no TLSA record of ${tlsa.value.name} is usable`);
  const failures: Refused[] = [];
  for (const attempt of [matchDaneEe, matchDaneTa, matchPkixEe, matchPkixTa]) {
    const outcome = attempt({ leaf, others, records: usable }, by);
    if (outcome?.kind === "verified") return outcome;
    if (outcome !== null) failures.push(outcome);
  }
  return failures[0] ?? refused("no record matches", noMatch(tlsa.value.name, leaf, usable));
}

interface Shown {
  readonly leaf: X509Certificate;
  readonly others: readonly X509Certificate[];
  readonly records: readonly UsableRecord[];
}

/** RFC 7671 §5.1: the key or certificate is the server's, whatever else the certificate says: names and dates do not matter. */
function matchDaneEe({ leaf, records }: Shown): Verified | null {
  const record = records.find((candidate) => candidate.usage === 3 && isNamedBy(leaf, candidate));
  return record === undefined ? null : verified(record, { path: [leaf], depth: 0, name: null });
}

/** RFC 7671 §5.2: a CA of the domain's choice, which must have signed the way down to the server. */
function matchDaneTa({ leaf, others, records }: Shown, by: Matching): DaneMatch | null {
  const anchors = records.filter(({ usage }) => usage === 2);
  if (anchors.length === 0) return null;
  // RFC 7671 §5.2.2, §5.2.3: only a record that holds the whole anchor spares the server sending it.
  const held = anchors.filter(({ matchingType }) => matchingType === 0);
  const heldCertificates = held.flatMap(({ selector, data }) =>
    selector === 0 ? (certificateFromDer(data) ?? []) : [],
  );
  const trust: Trust = {
    isAnchor: (certificate) => anchors.some((record) => isNamedBy(certificate, record)),
    bareKeys: held.flatMap((record) => bareKeyIn(record, others)),
  };
  let failure: Refused | null = null;
  for (const path of pathsToAnchor(leaf, [...heldCertificates, ...others], trust)) {
    const checked = checkPath(path, by);
    if (checked.kind === "refused") {
      failure ??= checked;
      continue;
    }
    const top = path.certificates.at(-1)!;
    const { bareKey, certificates } = path;
    const isRecord =
      bareKey === null
        ? (record: UsableRecord) => isNamedBy(top, record)
        : ({ selector, data }: UsableRecord) => selector === 1 && publicKeyFromDer(data)?.equals(bareKey) === true;
    const record = (bareKey === null ? anchors : held).find(isRecord)!;
    const depth = bareKey === null ? certificates.length - 1 : certificates.length;
    return verified(record, { path: certificates, depth, name: checked.name });
  }
  return failure ?? whyNoPath(leaf, others, anchors);
}

/** Not where the anchor was sent after all: then what its certificate says (its dates, its constraints) counts. */
function bareKeyIn(record: UsableRecord, others: readonly X509Certificate[]): readonly KeyObject[] {
  if (record.selector !== 1 || others.some((certificate) => isNamedBy(certificate, record))) return [];
  const key = publicKeyFromDer(record.data);
  return key === null ? [] : [key];
}

/** RFC 7671 §5.3 */
function matchPkixEe(shown: Shown, by: Matching): DaneMatch | null {
  const record = shown.records.find((candidate) => candidate.usage === 1 && isNamedBy(shown.leaf, candidate));
  if (record === undefined) return null;
  const pkix = publicPaths(shown, by);
  if (pkix.kind === "refused") return pkix;
  return verified(record, { path: [shown.leaf], depth: 0, name: pkix.paths[0]!.name });
}

/** RFC 7671 §5.4 */
function matchPkixTa(shown: Shown, by: Matching): DaneMatch | null {
  const anchors = shown.records.filter(({ usage }) => usage === 0);
  if (anchors.length === 0) return null;
  const pkix = publicPaths(shown, by);
  if (pkix.kind === "refused") return pkix;
  for (const { certificates, pastRoot, name } of pkix.paths) {
    for (const [depth, certificate] of certificates.entries()) {
      const record = depth === 0 ? undefined : anchors.find((candidate) => isNamedBy(certificate, candidate));
      if (record !== undefined) return verified(record, { path: certificates.slice(0, depth + 1), depth, name });
    }
    const ofKey = anchors.find((record) => record.selector === 1 && pastRoot !== null && isNamedBy(pastRoot, record));
    if (ofKey !== undefined) return verified(ofKey, { path: certificates, depth: certificates.length, name });
  }
  return null;
}

interface PublicPaths {
  readonly kind: "public";
  /** At least one. */
  readonly paths: readonly {
    readonly certificates: readonly X509Certificate[];
    /** Above them: its key is trusted, and nothing else of it. */
    readonly pastRoot: X509Certificate | null;
    readonly name: string;
  }[];
}

/** Fit paths to the CA that PKIX led to. What was validated is one of them; Node does not say which. */
function publicPaths({ leaf, others }: Shown, by: Matching): Refused | PublicPaths {
  const { pkix } = by;
  if (pkix?.kind !== "valid") {
    const why = pkix === undefined ? "nobody has checked that" : pkix.reason;
    return refused("certificate not trusted", `the record asks for a certificate by a public CA: ${why}`);
  }
  const trust: Trust = {
    isAnchor: (certificate) => certificate.raw.equals(pkix.anchor.raw),
    bareKeys: keyOfPastRoot(pkix.anchor, by.now),
  };
  const paths: PublicPaths["paths"][number][] = [];
  let failure: Refused | null = null;
  for (const path of pathsToAnchor(leaf, [pkix.anchor, ...others], trust)) {
    const checked = checkPath(path, by);
    if (checked.kind === "refused") {
      failure ??= checked;
      continue;
    }
    const pastRoot = path.bareKey === null ? null : pkix.anchor;
    paths.push({ certificates: path.certificates, pastRoot, name: checked.name });
  }
  if (paths.length > 0) return { kind: "public", paths };
  return (
    failure ?? refused("certificate not trusted", `${subjectText(leaf)} does not lead to ${subjectText(pkix.anchor)}`)
  );
}

/**
 * Node links what was sent first: an old root there hides the CA's current one, of the same key, that PKIX was valid by.
 * Then the key counts, and not the dates of what nobody trusted.
 */
function keyOfPastRoot(anchor: X509Certificate, now: UnixSeconds): readonly KeyObject[] {
  const isPast = anchor.checkIssued(anchor) && currencyOf(anchor, now).kind === "expired";
  const key = isPast ? keyOf(anchor) : null;
  return key === null ? [] : [key];
}

/** Names and dates and what the certificates say about each other; signatures have been checked on the way. */
function checkPath(path: Path, { names, now }: Matching): Refused | { readonly kind: "fit"; readonly name: string } {
  const leaf = path.certificates[0]!;
  for (const certificate of path.certificates) {
    const currency = currencyOf(certificate, now);
    if (currency.kind === "current") continue;
    const code = currency.kind === "expired" ? "certificate expired" : "certificate not trusted";
    return refused(code, `${subjectText(certificate)} ${currency.text}`);
  }
  const unfit = whyUnfit(path);
  if (unfit !== null) return refused("certificate not trusted", unfit);
  const name = nameIn(leaf, names);
  return name === null ? refused("name mismatch", noName(leaf, names)) : { kind: "fit", name };
}

/**
 * RFC 7671 §5.2.1, RFC 6125 §6.4: DNS-IDs, the common name only where there are none; a wildcard is a whole leftmost label
 * and stands for one. OpenSSL compares, which also keeps wildcards out of top-level domains.
 */
function nameIn(leaf: X509Certificate, names: readonly Name[]): string | null {
  for (const name of names) {
    const text = hostText(name);
    const shown = text === null ? undefined : leaf.checkHost(text, nameRules);
    if (shown !== undefined) return shown;
  }
  return null;
}

const nameRules = {
  subject: "default",
  wildcards: true,
  partialWildcards: false,
  multiLabelWildcards: false,
  singleLabelSubdomains: false,
} as const;

function noName(leaf: X509Certificate, names: readonly Name[]): string {
  const shown = leaf.subjectAltName ?? subjectText(leaf);
  return `the certificate is for ${shown}, and ${names.join(" or ")} was looked for`;
}

function whyNoPath(leaf: X509Certificate, others: readonly X509Certificate[], anchors: readonly UsableRecord[]) {
  const sent = others.find((certificate) => anchors.some((record) => isNamedBy(certificate, record)));
  if (sent === undefined) return null;
  const reason = `${subjectText(sent)} has a TLSA record, but ${subjectText(leaf)} does not lead to it`;
  return refused("certificate not trusted", reason);
}

function noMatch(owner: Name, leaf: X509Certificate, records: readonly UsableRecord[]): string {
  return `${subjectText(leaf)} and its issuers match none of ${owner} TLSA: ${records.map(recordText).join("; ")}`;
}

function verified(record: UsableRecord, found: Pick<Verified, "path" | "depth" | "name">): Verified {
  const named = found.name === null ? "" : `, shows the name ${found.name}`;
  return {
    kind: "verified",
    record,
    ...found,
    reason: `TLSA ${recordText(record)} matches at depth ${found.depth}${named}`,
  };
}

function refused(code: Code, reason: string): Refused {
  return { kind: "refused", ...told(code, reason) };
}
