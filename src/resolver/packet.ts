/**
 * Answers in the shape of the npm package dns-packet, for programs that speak it. The package reads names as UTF-8 text
 * split at dots, so a name with a dot or with octets above 127 inside a label has no place in it: `toPacket` gives null for
 * such a name rather than another one, and RDATA that holds one goes as octets.
 */
import type { Answer } from "../dnssec/answer.ts";
import type { RRset } from "../rrset/rrset.ts";
import { edeOption } from "../wire/edns.ts";
import type { Name } from "../wire/name.ts";
import { decodeRdata, encodeRdata, type RdataOf } from "../wire/rdata.ts";
import { type RRType, TYPE, typeToText } from "../wire/registry.ts";

/** dns-packet's constants of the same names. */
export const RECURSION_DESIRED: number = 1 << 8;
export const RECURSION_AVAILABLE: number = 1 << 7;
export const AUTHENTIC_DATA: number = 1 << 5;
const DNSSEC_OK = 1 << 15;

export interface DnsPacket {
  type: "response";
  id: number;
  /** RECURSION_DESIRED, RECURSION_AVAILABLE, AUTHENTIC_DATA if all of the answer is secure, and the rcode in the low bits. */
  flags: number;
  questions: { type: string; name: string; class: "IN" }[];
  answers: PacketRecord[];
  authorities: PacketRecord[];
  additionals: PacketOpt[];
}

/** What dns-packet has under `data`, by type. */
export interface PacketData {
  A: string;
  AAAA: string;
  NS: string;
  CNAME: string;
  DNAME: string;
  PTR: string;
  TXT: Buffer[];
  MX: { preference: number; exchange: string };
  SRV: { priority: number; weight: number; port: number; target: string };
  CAA: { flags: number; tag: string; value: string; issuerCritical: boolean };
  NAPTR: {
    order: number;
    preference: number;
    flags: string;
    services: string;
    regexp: string;
    replacement: string;
  };
  HINFO: { cpu: string; os: string };
  RP: { mbox: string; txt: string };
  SOA: {
    mname: string;
    rname: string;
    serial: number;
    refresh: number;
    retry: number;
    expire: number;
    minimum: number;
  };
  TLSA: { usage: number; selector: number; matchingType: number; certificate: Buffer };
  SSHFP: { algorithm: number; hash: number; fingerprint: string };
  DS: { keyTag: number; algorithm: number; digestType: number; digest: Buffer };
  DNSKEY: { flags: number; algorithm: number; key: Buffer };
  RRSIG: {
    typeCovered: string;
    algorithm: number;
    labels: number;
    originalTTL: number;
    expiration: number;
    inception: number;
    keyTag: number;
    signersName: string;
    signature: Buffer;
  };
  NSEC: { nextDomain: string; rrtypes: string[] };
  NSEC3: {
    algorithm: number;
    flags: number;
    iterations: number;
    salt: Buffer;
    nextDomain: Buffer;
    rrtypes: string[];
  };
}

/** Types that dns-packet knows and does not take apart. */
export type OpaqueType = (typeof opaqueTypes)[number];

/** Octets: opaque types, types that dns-packet does not know, and RDATA of others that it would change. */
export type PacketRecord =
  | {
      [T in keyof PacketData]: { type: T; name: string; class: "IN"; ttl: number; data: PacketData[T] };
    }[keyof PacketData]
  | { type: OpaqueType | `UNKNOWN_${number}`; name: string; class: "IN"; ttl: number; data: Buffer };

export interface PacketOpt {
  type: "OPT";
  name: ".";
  udpPayloadSize: number;
  extendedRcode: number;
  ednsVersion: number;
  flags: number;
  flag_do: boolean;
  options: { code: number; data: Buffer }[];
}

export interface PacketOptions {
  /** "with": RRSIGs and denial records too, as for a client that sets DO. */
  readonly dnssec?: "with" | "without";
}

/** Null: the question's name, or an owner name in the answer, cannot be written in this form. */
export function toPacket(answer: Answer, { dnssec = "without" }: PacketOptions = {}): DnsPacket | null {
  const { question, verdict, aliases, authenticated, rcode, ede } = answer;
  const answers: RRset[] = [];
  const authorities: RRset[] = [];
  if ("value" in verdict) {
    for (const link of aliases) {
      if (!("value" in link.verdict)) continue;
      answers.push(link.verdict.value.alias);
      authorities.push(...link.verdict.value.authority);
    }
    answers.push(...verdict.value.rrsets);
    authorities.push(...verdict.value.authority);
  }
  const name = packetName(question.name);
  const sections = [answers, authorities].map((rrsets) => recordsOf(rrsets, { dnssec, asked: question.type }));
  const [answered, authority] = sections;
  if (name === null || !answered || !authority) return null;
  return {
    type: "response",
    id: 0,
    flags: RECURSION_DESIRED | RECURSION_AVAILABLE | (authenticated ? AUTHENTIC_DATA : 0) | rcode,
    questions: [{ type: packetType(question.type), name, class: "IN" }],
    answers: answered,
    authorities: authority,
    additionals: [
      {
        type: "OPT",
        name: ".",
        udpPayloadSize: 1232,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: dnssec === "with" ? DNSSEC_OK : 0,
        flag_do: dnssec === "with",
        options: ede.map((error) => ({ code: edeOption(error).code, data: buffer(edeOption(error).data) })),
      },
    ],
  };
}

interface View {
  readonly dnssec: "with" | "without";
  readonly asked: RRType;
}

function recordsOf(rrsets: readonly RRset[], { dnssec, asked }: View): PacketRecord[] | null {
  const records: PacketRecord[] = [];
  for (const rrset of rrsets) {
    if (dnssec === "without" && isAuthenticating(rrset.type) && rrset.type !== asked) continue;
    const name = packetName(rrset.name);
    if (name === null) return null;
    const common = { name, class: "IN" as const, ttl: rrset.ttl };
    for (const rdata of rrset.data) records.push({ ...common, ...packetData(rrset.type, rdata) } as PacketRecord);
    if (dnssec === "without") continue;
    for (const signature of rrset.signatures)
      records.push({ ...common, ...packetData(TYPE.RRSIG, encodeRdata(TYPE.RRSIG, signature)) } as PacketRecord);
  }
  return records;
}

function isAuthenticating(type: RRType): boolean {
  return type === TYPE.NSEC || type === TYPE.NSEC3 || type === TYPE.RRSIG;
}

function packetData(type: RRType, rdata: Uint8Array): { readonly type: string; readonly data: unknown } {
  const row = rows.get(type);
  if (row === undefined) return { type: packetType(type), data: buffer(rdata) };
  const data = row.from(decodeRdata(type, rdata) as never);
  return data === null ? { type: `UNKNOWN_${type}`, data: buffer(rdata) } : { type: row.mnemonic, data };
}

interface Row {
  readonly mnemonic: keyof PacketData;
  /** Null if dns-packet would write other octets. */
  readonly from: (rdata: never) => unknown;
}

function row<T extends keyof typeof TYPE & keyof PacketData>(
  mnemonic: T,
  from: (rdata: RdataOf<(typeof TYPE)[T]>) => PacketData[T] | null,
): readonly [RRType, Row] {
  return [TYPE[mnemonic], { mnemonic, from: from as Row["from"] }];
}

/** Fields of a record; null if one of them is. */
function whole<T extends object>(fields: { [K in keyof T]: T[K] | null }): T | null {
  return Object.values(fields).includes(null) ? null : (fields as T);
}

const rows: ReadonlyMap<RRType, Row> = new Map([
  row("A", ({ address }) => address),
  row("AAAA", ({ address }) => address),
  row("NS", ({ target }) => packetName(target)),
  row("CNAME", ({ target }) => packetName(target)),
  row("DNAME", ({ target }) => packetName(target)),
  row("PTR", ({ target }) => packetName(target)),
  row("TXT", ({ strings }) => strings.map(buffer)),
  row("MX", ({ preference, exchange }) => whole({ preference, exchange: packetName(exchange) })),
  row("SRV", ({ priority, weight, port, target }) => whole({ priority, weight, port, target: packetName(target) })),
  row("CAA", ({ flags, tag, value }) =>
    // With issuerCritical set dns-packet writes 128 for all of the flags.
    flags === 0 || flags === 128
      ? whole({ flags, tag: utf8(tag), value: utf8(value), issuerCritical: flags === 128 })
      : null,
  ),
  row("NAPTR", ({ order, preference, flags, services, regexp, replacement }) =>
    whole({
      order,
      preference,
      flags: utf8(flags),
      services: utf8(services),
      regexp: utf8(regexp),
      replacement: packetName(replacement),
    }),
  ),
  row("HINFO", ({ cpu, os }) => whole({ cpu: utf8(cpu), os: utf8(os) })),
  row("RP", ({ mailbox, text }) => whole({ mbox: mailName(mailbox), txt: packetName(text) })),
  row("SOA", ({ mname, rname, serial, refresh, retry, expire, minimum }) =>
    whole({ mname: packetName(mname), rname: mailName(rname), serial, refresh, retry, expire, minimum }),
  ),
  row("TLSA", ({ usage, selector, matchingType, data }) => ({
    usage,
    selector,
    matchingType,
    certificate: buffer(data),
  })),
  row("SSHFP", ({ algorithm, fingerprintType, fingerprint }) =>
    fingerprint.length === (fingerprintType === 1 ? 20 : fingerprintType === 2 ? 32 : -1)
      ? { algorithm, hash: fingerprintType, fingerprint: buffer(fingerprint).toString("hex") }
      : null,
  ),
  row("DS", ({ keyTag, algorithm, digestType, digest }) => ({ keyTag, algorithm, digestType, digest: buffer(digest) })),
  row("DNSKEY", ({ flags, protocol, algorithm, publicKey }) =>
    protocol === 3 ? { flags, algorithm, key: buffer(publicKey) } : null,
  ),
  row("RRSIG", ({ typeCovered, originalTtl, signer, signature, algorithm, labels, expiration, inception, keyTag }) =>
    whole({
      typeCovered: packetType(typeCovered),
      algorithm,
      labels,
      originalTTL: originalTtl,
      expiration,
      inception,
      keyTag,
      signersName: packetName(signer),
      signature: buffer(signature),
    }),
  ),
  row("NSEC", ({ next, types }) => whole({ nextDomain: packetName(next), rrtypes: [...types].map(packetType) })),
  row("NSEC3", ({ hashAlgorithm, flags, iterations, salt, nextHashed, types }) => ({
    algorithm: hashAlgorithm,
    flags,
    iterations,
    salt: buffer(salt),
    nextDomain: buffer(nextHashed),
    rrtypes: [...types].map(packetType),
  })),
]);

/** Types by a word that dns-packet knows, others as UNKNOWN_n, which it writes too. */
function packetType(type: RRType): string {
  return rows.has(type) || opaque.has(type) || type === TYPE.ANY ? typeToText(type) : `UNKNOWN_${type}`;
}

// biome-ignore format: a table reads better packed
const opaqueTypes = [
  "AFSDB", "APL", "CDNSKEY", "CDS", "CERT", "DHCID", "DLV", "HIP", "IPSECKEY", "KEY", "KX", "LOC", "NSEC3PARAM", "NULL",
  "SIG", "SPF",
] as const;
const opaque: ReadonlySet<RRType> = new Set(opaqueTypes.map((mnemonic) => TYPE[mnemonic]));

/** Without escapes and without the final dot; null if dns-packet would write another name. */
function packetName(name: Name): string | null {
  if (name.isRoot) return ".";
  const labels: string[] = [];
  for (const label of name.labels()) {
    const text = plainLabel(label);
    if (text === null || text.includes(".")) return null;
    labels.push(text);
  }
  return labels.join(".");
}

/** SOA's mailbox: dots in its first label are escaped. RFC 1035 §8. */
function mailName(name: Name): string | null {
  const [mailbox, ...domain] = name.labels().map(plainLabel);
  if (mailbox === undefined) return ".";
  const labels = [mailbox, ...domain];
  if (labels.some((label) => label === null || label.endsWith("\\") || label.startsWith("."))) return null;
  if (domain.some((label) => label?.includes("."))) return null;
  return [mailbox!.replaceAll(".", "\\."), ...domain].join(".");
}

/** dns-packet takes octets for UTF-8, and trims dots at line ends. */
function plainLabel(label: Uint8Array): string | null {
  return label.every((octet) => octet < 0x80 && octet !== 0x0a && octet !== 0x0d)
    ? String.fromCharCode(...label)
    : null;
}

function utf8(octets: Uint8Array): string | null {
  const text = buffer(octets).toString("utf8");
  return buffer(octets).equals(Buffer.from(text, "utf8")) ? text : null;
}

/** A copy: what callers do to a packet must not reach the cache. */
function buffer(octets: Uint8Array): Buffer {
  return Buffer.from(octets);
}
