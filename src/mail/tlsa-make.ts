/** TLSA records from certificates and keys, and the forms in which zones take them. RFC 6698 §2.1, RFC 7671 §5, RFC 3597 §5. */
import { createHash, type X509Certificate } from "node:crypto";
import { currencyOf, publicKeyInfoOf, subjectText } from "../dane/certificate.ts";
import { hostText } from "../dane/host-names.ts";
import { recordText, type UsableRecord } from "../dane/records.ts";
import type { UnixSeconds } from "../env/env.ts";
import type { Name } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import { hex } from "../wire/text.ts";
import type { KeyMaterial } from "./key-material.ts";

export interface RecordPlan {
  readonly usage: 0 | 1 | 2 | 3;
  readonly selector: 0 | 1;
  readonly matchingType: 0 | 1 | 2;
}

export type Made = { readonly kind: "made"; readonly record: UsableRecord; readonly about: string } | NotMade;

export interface NotMade {
  readonly kind: "not made";
  readonly why: string;
}

/** Usages 3 and 1 speak of the server's certificate; 2 and 0 of the last issuer in the file, or of its only certificate. */
export function makeRecord({ usage, selector, matchingType }: RecordPlan, material: KeyMaterial): Made {
  const { certificate, issuers, source } = material;
  const subject = usage === 3 || usage === 1 ? certificate : (issuers.at(-1) ?? certificate);
  if (selector === 0 && subject === null)
    return { kind: "not made", why: `${source} holds a ${material.what}: selector 0 needs the certificate` };
  const selected = selector === 0 ? subject!.raw : keyInfo(subject, material);
  if (selected === null)
    return { kind: "not made", why: `${source}: the certificate is not formed as RFC 5280 wants it` };
  const data = matchingType === 0 ? Uint8Array.from(selected) : digest(matchingType, selected);
  const about = subject === null ? `the ${material.what} in ${source}` : `${subjectText(subject)} in ${source}`;
  return { kind: "made", record: { usage, selector, matchingType, data }, about };
}

function keyInfo(subject: X509Certificate | null, { publicKeyInfo }: KeyMaterial): Uint8Array | null {
  return subject === null ? publicKeyInfo : publicKeyInfoOf(subject);
}

function digest(matchingType: 1 | 2, octets: Uint8Array): Uint8Array {
  return Uint8Array.from(
    createHash(matchingType === 1 ? "sha256" : "sha512")
      .update(octets)
      .digest(),
  );
}

export interface Meant {
  readonly names: readonly Name[];
  readonly port: number;
  readonly now: UnixSeconds;
}

/** What speaks against publishing this record, as sentences. */
export function doubtsAbout(plan: RecordPlan, material: KeyMaterial, { names, port, now }: Meant): readonly string[] {
  const { usage, selector, matchingType } = plan;
  const { certificate, issuers, source } = material;
  const doubts: string[] = [];
  if (usage <= 1 && port === 25)
    doubts.push(`usage ${usage} does not count between mail servers: use 3 1 1 or 2 1 1 (RFC 7672 §3.1.3)`);
  if (matchingType === 0)
    doubts.push("matching type 0 puts everything into DNS: answers grow, and some servers leave such records out");
  if (selector === 0 && (usage === 3 || usage === 1))
    doubts.push(
      "selector 0 changes with every renewal of the certificate; 3 1 1 stays as long as the key (RFC 7671 §5.1)",
    );
  if (certificate === null) {
    if (usage !== 3)
      doubts.push(`${source} holds a ${material.what} without a certificate: whose it is cannot be checked`);
    return doubts;
  }
  if (usage === 2 || usage === 0) {
    const anchor = issuers.at(-1) ?? certificate;
    if (!anchor.ca) doubts.push(`${subjectText(anchor)} is no CA: usage ${usage} matches issuers only (RFC 7671 §5.2)`);
    if (usage === 2 && matchingType !== 0)
      doubts.push(`the server must send ${subjectText(anchor)} in its chain, even if it is a root (RFC 7671 §5.2.2)`);
  }
  if (usage === 3) return doubts;
  const currency = currencyOf(certificate, now);
  if (currency.kind !== "current") doubts.push(`${subjectText(certificate)} ${currency.text}`);
  const missing = names.filter((name) => !showsName(certificate, name));
  // The only certificate in the file may be the CA's.
  if (issuers.length > 0 || !certificate.ca)
    for (const name of missing)
      doubts.push(`${subjectText(certificate)} does not show the name ${name}, which usage ${usage} asks for`);
  return doubts;
}

function showsName(certificate: X509Certificate, name: Name): boolean {
  const text = hostText(name);
  return text !== null && certificate.checkHost(text) !== undefined;
}

export const recordForms = ["rfc", "generic", "zone", "nsupdate", "tinydns", "data"] as const;

export type RecordForm = (typeof recordForms)[number];

export interface Placed {
  readonly owner: Name;
  readonly ttl: number;
  readonly record: UsableRecord;
}

function rdataOfRecord({ usage, selector, matchingType, data }: UsableRecord): Uint8Array {
  return Uint8Array.from([usage, selector, matchingType, ...data]);
}

export function recordsAs(form: RecordForm, placed: readonly Placed[]): readonly string[] {
  const lines = placed.map((one) => recordAs(form, one));
  return form === "nsupdate" ? [...lines, "send"] : lines;
}

function recordAs(form: RecordForm, { owner, ttl, record }: Placed): string {
  const rdata = rdataOfRecord(record);
  switch (form) {
    case "rfc":
      return `${owner} IN TLSA ${dataText(record)}`;
    case "zone":
      return `${owner} ${ttl} IN TLSA ${dataText(record)}`;
    case "generic":
      return `${owner} IN TYPE${TYPE.TLSA} \\# ${rdata.length} ${hex(rdata).toLowerCase()}`;
    case "nsupdate":
      return `update add ${owner} ${ttl} IN TLSA ${dataText(record)}`;
    case "tinydns": {
      const octal = [...rdata].map((octet) => `\\${octet.toString(8).padStart(3, "0")}`).join("");
      return `:${`${owner}`.slice(0, -1)}:${TYPE.TLSA}:${octal}:${ttl}`;
    }
    case "data":
      return dataText(record);
  }
}

/** "3 1 1 8cb3…", whole, in small letters as most tools write it. */
export function dataText({
  usage,
  selector,
  matchingType,
  data,
}: Omit<UsableRecord, "usage"> & { usage: number }): string {
  return `${usage} ${selector} ${matchingType} ${hex(data).toLowerCase()}`;
}

export type Published =
  | { readonly kind: "all"; readonly reason: string }
  | { readonly kind: "missing"; readonly reason: string };

/** Do all `wanted` stand among `published`? Others may stand there too: the next key's, or another kind's. */
export function comparePublished(
  wanted: readonly UsableRecord[],
  published: readonly (Omit<UsableRecord, "usage" | "selector" | "matchingType"> & {
    readonly usage: number;
    readonly selector: number;
    readonly matchingType: number;
  })[],
): Published {
  const missing = wanted.filter((record) => !published.some((other) => isSame(record, other)));
  const others = published.filter((record) => !wanted.some((other) => isSame(record, other)));
  const beside =
    others.length === 0 ? "" : `; beside them ${others.map((one) => recordText(one as UsableRecord)).join(", ")}`;
  return missing.length === 0
    ? { kind: "all", reason: `published${beside}` }
    : { kind: "missing", reason: `not published: ${missing.map((one) => recordText(one)).join(", ")}${beside}` };
}

export function isSame(
  a: { readonly usage: number; readonly selector: number; readonly matchingType: number; readonly data: Uint8Array },
  b: typeof a,
): boolean {
  return (
    a.usage === b.usage &&
    a.selector === b.selector &&
    a.matchingType === b.matchingType &&
    Buffer.compare(a.data, b.data) === 0
  );
}
