/**
 * What a response means for a question put to a zone's servers: classify first, then act.
 * RFC 1034 §5.3.3, RFC 2308 §2; bailiwick RFC 5452 §6, RFC 9471.
 */
import type { Random } from "../env/env.ts";
import type { ResolutionEvent } from "../env/events.ts";
import type { Conclusive } from "../rrset/findings.ts";
import { groupRRsets, isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import { addressFromRdata } from "../wire/address.ts";
import type { Message, Question, ResourceRecord } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { CLASS, RCODE, type RRType, rcodeToText, TYPE } from "../wire/registry.ts";
import type { Delegation, NameServer } from "./delegation.ts";

export type Useless =
  /** An rcode that settles nothing: SERVFAIL, REFUSED, NOTIMP… */
  | { readonly kind: "rcode"; readonly rcode: number }
  /** Points upward or sideways, or is not authoritative and has nothing. RFC 1912 §2.8. */
  | { readonly kind: "lame" }
  /** A recursive server's answer where an authoritative one was asked: a last resort. */
  | { readonly kind: "recursive"; readonly response: Conclusive }
  /** NOERROR and nothing in it: perhaps "no data", perhaps a server that lost its zone. A last resort as well. */
  | { readonly kind: "empty"; readonly response: Conclusive }
  | { readonly kind: "unusable"; readonly why: string };

export type Classified =
  | Conclusive
  | { readonly kind: "referral"; readonly to: Delegation }
  | { readonly kind: "useless"; readonly why: Useless };

export interface ClassifyLimits {
  readonly nsPerDelegation: number;
  readonly addressesPerNs: number;
  readonly recordsPerRRset: number;
  readonly anyRRsets: number;
  /** Chooses among more servers than are used, so that nobody can say which; without it the first ones are. */
  readonly random?: Random;
}

/** A section holds no more records than this many of the largest RRsets. */
const RRSETS_OF_MOST = 4;

const lame: Classified = { kind: "useless", why: { kind: "lame" } };
const unusable = (why: string): Classified => ({ kind: "useless", why: { kind: "unusable", why } });

export function uselessText(why: Useless): string {
  switch (why.kind) {
    case "rcode":
      return rcodeToText(why.rcode);
    case "lame":
      return "lame";
    case "recursive":
      return "not authoritative";
    case "empty":
      return "empty";
    case "unusable":
      return why.why;
  }
}

export function classifyResponse(
  message: Message,
  asked: Question,
  zone: Delegation,
  limits: ClassifyLimits,
  emit: (event: ResolutionEvent) => void,
): Classified {
  // Before anything is made of them: thousands of owners cost milliseconds (ATTACKS ).
  const most = RRSETS_OF_MOST * limits.recordsPerRRset;
  if (message.answer.length > most || message.authority.length > 2 * most)
    return unusable(`an RRset may have ${limits.recordsPerRRset} records, and a section of this message has thousands`);
  const answer = sectionWithin(message, "answer", zone, emit);
  const authority = sectionWithin(message, "authority", zone, emit);
  if (answer.some((rrset) => rrset.data.length > limits.recordsPerRRset)) {
    return unusable(`an RRset of more than ${limits.recordsPerRRset} records`);
  }
  // Data beside an error rcode means nothing, but for the DNAME of YXDOMAIN (RFC 6672 §2.2).
  const overlong = message.rcode === RCODE.YXDOMAIN && answer.some((rrset) => rrset.type === TYPE.DNAME);
  if (message.rcode !== RCODE.NOERROR && message.rcode !== RCODE.NXDOMAIN && !overlong) {
    return { kind: "useless", why: { kind: "rcode", rcode: message.rcode } };
  }
  const found = findAnswer(asked, answer, authority, limits);
  if (found !== null) {
    const delegated = delegationInAnswer(found, message, zone, limits);
    if (delegated !== null) return delegated;
    return unlessRecursive(found, message, zone);
  }
  if (overlong) return unusable("YXDOMAIN without a DNAME for the name");
  // The chain in the answer section may lead elsewhere; what is left is about the question itself.
  return withoutAnswer(message, asked, zone, authority, limits);
}

/**
 * The same message read as a response to an alias's target, so that a chain inside one zone costs one question. Null if
 * it says nothing about the target.
 */
export function classifyContinuation(
  message: Message,
  target: Question,
  zone: Delegation,
  limits: ClassifyLimits,
): Conclusive | null {
  if (!target.name.isWithin(zone.zone)) return null;
  const quiet = (): void => {};
  const answer = sectionWithin(message, "answer", zone, quiet);
  const authority = sectionWithin(message, "authority", zone, quiet);
  const found = findAnswer(target, answer, authority, limits);
  if (found !== null) return found;
  const soa = soaFor(target.name, authority);
  if (soa === null && !authority.some((rrset) => isDenialType(rrset.type))) return null;
  return { kind: message.rcode === RCODE.NXDOMAIN ? "name error" : "no data", question: target, soa, authority };
}

/**
 * A section's records of class IN within the zone, as RRsets. Everything else is somebody else's business (RFC 5452 §6).
 * RRSIGs count wherever in the message they stand: what they prove does not depend on it.
 */
function sectionWithin(
  message: Message,
  section: "answer" | "authority",
  zone: Delegation,
  emit: (event: ResolutionEvent) => void,
): readonly RRset[] {
  const kept: ResourceRecord[] = [];
  for (const record of message[section]) {
    if (record.class === CLASS.IN && record.name.isWithin(zone.zone)) kept.push(record);
    else emit({ kind: "refused", what: "record", name: record.name, why: `not within ${zone.zone}` });
  }
  const { rrsets, strays } = groupRRsets(kept, signaturesOutside(message, section));
  return strays.length === 0 ? rrsets : [...rrsets, ...strays];
}

function signaturesOutside(message: Message, section: "answer" | "authority"): readonly ResourceRecord[] {
  const found: ResourceRecord[] = [];
  for (const other of ["answer", "authority", "additional"] as const) {
    if (other === section) continue;
    for (const record of message[other]) if (record.type === TYPE.RRSIG) found.push(record);
  }
  return found;
}

function findAnswer(
  asked: Question,
  answer: readonly RRset[],
  authority: readonly RRset[],
  limits: ClassifyLimits,
): Conclusive | null {
  if (asked.type === TYPE.ANY) {
    const all = answer.filter((rrset) => rrset.name.equals(asked.name));
    const [first, ...rest] = all.slice(0, limits.anyRRsets);
    if (first !== undefined) return { kind: "answer", question: asked, rrsets: [first, ...rest], authority };
  }
  const dname = answer.find((rrset) => rrset.type === TYPE.DNAME && asked.name.isStrictlyWithin(rrset.name)) ?? null;
  const exact = answer.find((rrset) => rrset.type === asked.type && rrset.name.equals(asked.name));
  // A CNAME that a server made from a DNAME is no data of its own, even to a question for it. RFC 6672 §3.1.
  const made = dname !== null && exact?.type === TYPE.CNAME && exact.signatures.length === 0;
  if (exact !== undefined && !made) return { kind: "answer", question: asked, rrsets: [exact], authority };
  const signatures =
    asked.type === TYPE.RRSIG
      ? answer.filter((rrset) => rrset.name.equals(asked.name) && rrset.signatures.length > 0)
      : [];
  const [signed, ...others] = signatures;
  if (signed !== undefined) return { kind: "answer", question: asked, rrsets: [signed, ...others], authority };

  const cname = answer.find((rrset) => rrset.type === TYPE.CNAME && rrset.name.equals(asked.name)) ?? null;
  if (dname !== null && isOfType(dname, TYPE.DNAME)) {
    const target = asked.name.replaceSuffix(dname.name, rdataOf(dname)[0]!.target);
    return { kind: "alias", question: asked, alias: dname, target, received: cname, authority };
  }
  if (cname !== null && isOfType(cname, TYPE.CNAME) && asked.type !== TYPE.ANY) {
    // RFC 2181 §10.1: a name has one canonical name; several CNAMEs are an error, the first is as good as any.
    return {
      kind: "alias",
      question: asked,
      alias: cname,
      target: rdataOf(cname)[0]!.target,
      received: null,
      authority,
    };
  }
  return null;
}

/** A parent that answers an NS question for its child with the child's NS, not authoritative, means a referral. */
function delegationInAnswer(
  found: Conclusive,
  message: Message,
  zone: Delegation,
  limits: ClassifyLimits,
): Classified | null {
  if (found.kind !== "answer" || message.aa || zone.mode === "recursive") return null;
  const [ns] = found.rrsets;
  if (ns.type !== TYPE.NS || !ns.name.isStrictlyWithin(zone.zone)) return null;
  return referral(ns, message, zone, found.authority, limits);
}

function unlessRecursive(found: Conclusive, message: Message, zone: Delegation): Classified {
  if (zone.mode === "authoritative" && !message.aa && message.ra) {
    return { kind: "useless", why: { kind: "recursive", response: found } };
  }
  return found;
}

function withoutAnswer(
  message: Message,
  asked: Question,
  zone: Delegation,
  authority: readonly RRset[],
  limits: ClassifyLimits,
): Classified {
  const soa = soaFor(asked.name, authority);
  if (message.rcode === RCODE.NXDOMAIN) {
    return unlessRecursive({ kind: "name error", question: asked, soa, authority }, message, zone);
  }
  const noData: Conclusive = { kind: "no data", question: asked, soa, authority };
  const denied = authority.some((rrset) => isDenialType(rrset.type));
  if (soa !== null || zone.mode === "recursive") return unlessRecursive(noData, message, zone);
  const ns = authority.filter((rrset) => rrset.type === TYPE.NS);
  const below = ns.find((rrset) => rrset.name.isStrictlyWithin(zone.zone) && asked.name.isWithin(rrset.name));
  if (below !== undefined) {
    // The parent answers for DS; a server that refers to the child for it does not know DNSSEC. RFC 4035 §3.1.4.1.
    // Yet the referral may hold what was asked for.
    if (asked.type === TYPE.DS && below.name.equals(asked.name)) return dsInReferral(asked, authority) ?? lame;
    return referral(below, message, zone, authority, limits);
  }
  // A referral to the very zone that was asked comes from a server of its parent, and what stands beside it denies the DS,
  // not what was asked for (ATTACKS A-61: glue that points to the parent's own server).
  const toItself = !message.aa && ns.some((rrset) => rrset.name.equals(zone.zone));
  if (denied && !toItself) return unlessRecursive(noData, message, zone);
  // Something else at the name, and nothing beside it: there is no data of this type. RFC 2308 §2.2 type 3.
  if (message.answer.some((record) => record.name.equals(asked.name))) return unlessRecursive(noData, message, zone);
  if (message.authority.some((record) => record.type === TYPE.NS)) return message.aa && ns.length > 0 ? noData : lame;
  // Nothing at all: an authoritative server may mean "no data" (RFC 2308 §2.2 type 3), another one nothing.
  return message.aa ? { kind: "useless", why: { kind: "empty", response: noData } } : lame;
}

function dsInReferral(asked: Question, authority: readonly RRset[]): Conclusive | null {
  const ds = authority.find((rrset) => rrset.type === TYPE.DS && rrset.name.equals(asked.name));
  if (ds !== undefined) return { kind: "answer", question: asked, rrsets: [ds], authority: [] };
  const denied = authority.some((rrset) => isDenialType(rrset.type));
  return denied ? { kind: "no data", question: asked, soa: null, authority } : null;
}

function soaFor(name: Name, authority: readonly RRset[]): RRset<typeof TYPE.SOA> | null {
  for (const rrset of authority) if (isOfType(rrset, TYPE.SOA) && name.isWithin(rrset.name)) return rrset;
  return null;
}

function referral(
  ns: RRset,
  message: Message,
  zone: Delegation,
  authority: readonly RRset[],
  limits: ClassifyLimits,
): Classified {
  if (!isOfType(ns, TYPE.NS)) return lame;
  const child = ns.name;
  const glue = glueOf(message, zone);
  const servers: NameServer[] = [];
  for (const { target } of someOf(rdataOf(ns), limits.nsPerDelegation, limits.random)) {
    servers.push({ name: target, addresses: (glue.get(target.key) ?? []).slice(0, limits.addressesPerNs) });
  }
  const ds = authority.find((rrset) => rrset.type === TYPE.DS && rrset.name.equals(child));
  const to: Delegation = {
    zone: child,
    parent: zone.zone,
    ds: ds !== undefined && isOfType(ds, TYPE.DS) ? ds : null,
    evidence: authority.filter((rrset) => isDenialType(rrset.type)),
    servers,
    mode: "authoritative",
    ttl: ns.ttl,
    port: zone.port,
  };
  return { kind: "referral", to };
}

/** `count` of them at most, each set of them as likely as any other (NRDelegation, CVE-2022-3204). */
function someOf<T>(all: readonly T[], count: number, random: Random | undefined): readonly T[] {
  if (all.length <= count || random === undefined) return all.slice(0, count);
  const left = [...all];
  for (let i = 0; i < count; i++) {
    const at = i + random.integer(left.length - i);
    [left[i], left[at]] = [left[at]!, left[i]!];
  }
  return left.slice(0, count);
}

const isDenialType = (type: RRType): boolean => type === TYPE.NSEC || type === TYPE.NSEC3;

/**
 * Addresses in the additional section that lie within the zone that refers: below the cut or a sibling. What lies outside
 * is resolved instead, so that nobody can plant addresses of foreign hosts. RFC 9471 §2; CVE-2025-11411.
 */
function glueOf(message: Message, zone: Delegation): ReadonlyMap<string, readonly string[]> {
  const glue = new Map<string, string[]>();
  for (const record of message.additional) {
    if ((record.type !== TYPE.A && record.type !== TYPE.AAAA) || record.class !== CLASS.IN) continue;
    if (!record.name.isWithin(zone.zone)) continue;
    const address = addressFromRdata(record.type, record.rdata);
    const known = glue.get(record.name.key);
    if (known === undefined) glue.set(record.name.key, [address]);
    else if (!known.includes(address)) known.push(address);
  }
  return glue;
}
