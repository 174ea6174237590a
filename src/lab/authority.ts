/** What a zone's name server answers. RFC 1034 §4.3.2, RFC 4035 §3.1, RFC 4592 §3.3.1, RFC 5155 §7.2, RFC 6672 §3.2. */
import { Reader } from "../wire/cursor.ts";
import type { Question } from "../wire/message.ts";
import { Name } from "../wire/name.ts";
import { RCODE, type RRType, TYPE } from "../wire/registry.ts";
import { denialOf } from "./denial.ts";
import type { LabRRset, Zone, ZoneNode } from "./zone.ts";

export interface LabAnswer {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answer: readonly LabRRset[];
  readonly authority: readonly LabRRset[];
  readonly additional: readonly LabRRset[];
}

/** "minimal": one RRset for QTYPE ANY. RFC 8482 §4.1. */
export type AnyStyle = "full" | "minimal";

/** Aliases followed inside the zone before the server leaves the rest to the resolver. */
const MAX_ALIASES = 16;

interface Draft {
  rcode: number;
  authoritative: boolean;
  readonly answer: LabRRset[];
  readonly authority: LabRRset[];
  readonly additional: LabRRset[];
}

/** Denials are put in whatever the client asked: the server leaves out what a client without DO must not get. */
export function answerFromZone(zone: Zone, question: Question, anyStyle: AnyStyle = "full"): LabAnswer {
  const draft: Draft = { rcode: RCODE.NOERROR, authoritative: true, answer: [], authority: [], additional: [] };
  let name: Name | null = question.name;
  const seen = new Set<string>();
  for (let links = 0; name !== null && links <= MAX_ALIASES && !seen.has(name.key); links++) {
    seen.add(name.key);
    if (
      links > 0 &&
      !(name.isWithin(zone.apex) && zone.standing(name) !== "occluded" && !leadsAway(zone, name, question.type))
    )
      break;
    name = step(zone, name, { type: question.type, anyStyle, draft });
  }
  addAddresses(zone, draft);
  return draft;
}

interface Asked {
  readonly type: RRType;
  readonly anyStyle: AnyStyle;
  readonly draft: Draft;
}

/** Adds what the zone says about one name; an alias's target, or null when all is said. */
function step(zone: Zone, name: Name, asked: Asked): Name | null {
  const { draft, type } = asked;
  const { apex } = zone;
  for (let labels = apex.labelCount; labels <= name.labelCount; labels++) {
    const ancestor = name.ancestor(labels);
    const node = zone.node(ancestor);
    if (node === undefined) return belowEncloser(zone, name, name.ancestor(labels - 1), asked);
    const atName = labels === name.labelCount;
    // RFC 4035 §3.1.4.1: the DS of a delegation is the parent's data.
    if (labels > apex.labelCount && node.rrsets.has(TYPE.NS) && !(atName && type === TYPE.DS)) {
      refer(zone, node, draft);
      return null;
    }
    const dname = node.rrsets.get(TYPE.DNAME);
    if (!atName && dname !== undefined) return redirect(name, dname, draft);
    if (atName) return atNode(zone, node, asked);
  }
  throw new TypeError(`${name} is not within ${apex}`);
}

function atNode(zone: Zone, node: ZoneNode, asked: Asked): Name | null {
  const { draft } = asked;
  const found = matching(zone, node, asked);
  if (found.length > 0) {
    draft.answer.push(...found);
    return null;
  }
  const alias = aliasFor(node, asked.type);
  if (alias !== null) {
    draft.answer.push(alias);
    return nameIn(alias.data[0]);
  }
  draft.authority.push(...negativeSoa(zone), ...denialOf(zone, "no data", node.name));
  return null;
}

/** The name does not exist: a wildcard below its closest encloser may speak for it. RFC 4592 §3.3.1. */
function belowEncloser(zone: Zone, name: Name, encloser: Name, asked: Asked): Name | null {
  const { draft } = asked;
  const wildcardName = encloser.wildcard();
  const wildcard = wildcardName === null ? undefined : zone.node(wildcardName);
  if (wildcard === undefined) {
    draft.rcode = RCODE.NXDOMAIN;
    draft.authority.push(...negativeSoa(zone), ...denialOf(zone, "name error", name));
    return null;
  }
  const expanded = (rrset: LabRRset): LabRRset => ({ ...rrset, name });
  const found = matching(zone, wildcard, asked).filter((rrset) => rrset.type !== TYPE.NSEC);
  const alias = found.length > 0 ? null : aliasFor(wildcard, asked.type);
  if (found.length > 0 || alias !== null) {
    draft.answer.push(...(alias === null ? found : [alias]).map(expanded));
    draft.authority.push(...denialOf(zone, "wildcard answer", name));
    return alias === null ? null : nameIn(alias.data[0]);
  }
  draft.authority.push(...negativeSoa(zone), ...denialOf(zone, "wildcard no data", name));
  return null;
}

/** RRsets of a node that answer the question itself. NSEC and RRSIG stand beside the zone's data, not in it. */
function matching(zone: Zone, node: ZoneNode, { type, anyStyle }: Asked): LabRRset[] {
  const nsec = zone.denials.find((rrset) => rrset.type === TYPE.NSEC && rrset.name.equals(node.name));
  const all = nsec === undefined ? [...node.rrsets.values()] : [...node.rrsets.values(), nsec];
  if (type === TYPE.ANY) return anyStyle === "full" ? all : all.slice(0, 1);
  if (type === TYPE.RRSIG) {
    const [first, ...rest] = all.flatMap((rrset) => rrset.signatures);
    if (first === undefined) return [];
    return [{ name: node.name, type, ttl: all[0]!.ttl, data: [first, ...rest], signatures: [] }];
  }
  const exact = all.find((rrset) => rrset.type === type);
  return exact === undefined ? [] : [exact];
}

function aliasFor(node: ZoneNode, type: RRType): LabRRset | null {
  const cname = node.rrsets.get(TYPE.CNAME);
  return cname === undefined || type === TYPE.CNAME || type === TYPE.ANY ? null : cname;
}

/** RFC 6672 §3.1: the DNAME and a CNAME made from it, which nobody signs. */
function redirect(name: Name, dname: LabRRset, draft: Draft): Name | null {
  draft.answer.push(dname);
  const target = name.replaceSuffix(dname.name, nameIn(dname.data[0]));
  if (target === null) {
    draft.rcode = RCODE.YXDOMAIN;
    return null;
  }
  draft.answer.push({ name, type: TYPE.CNAME, ttl: dname.ttl, data: [target.wire], signatures: [] });
  return target;
}

/** RFC 4035 §3.1.4: the DS or the proof that there is none comes with the referral. */
function refer(zone: Zone, cut: ZoneNode, draft: Draft): void {
  const ns = cut.rrsets.get(TYPE.NS)!;
  const ds = cut.rrsets.get(TYPE.DS);
  draft.authoritative = false;
  draft.authority.push(ns, ...(ds === undefined ? denialOf(zone, "no data", cut.name) : [ds]));
}

/** After an alias the server says no more than it knows: a target below a cut is the resolver's to look up. */
function leadsAway(zone: Zone, name: Name, type: RRType): boolean {
  return zone.standing(name) === "cut" && type !== TYPE.DS;
}

/** Glue, and addresses of MX, NS and SRV targets that the zone happens to have. RFC 1034 §4.3.2 step 6. */
function addAddresses(zone: Zone, draft: Draft): void {
  for (const rrset of [...draft.answer, ...draft.authority]) {
    for (const target of rrset.data.flatMap((rdata) => targetOf(rrset.type, rdata))) {
      const rrsets = zone.node(target)?.rrsets;
      for (const type of [TYPE.A, TYPE.AAAA]) {
        const address = rrsets?.get(type);
        if (address !== undefined && !draft.additional.includes(address) && !draft.answer.includes(address))
          draft.additional.push(address);
      }
    }
  }
}

function targetOf(type: RRType, rdata: Uint8Array): Name[] {
  switch (type) {
    case TYPE.NS:
      return [nameIn(rdata)];
    case TYPE.MX:
      return [nameIn(rdata, 2)];
    case TYPE.SRV:
      return [nameIn(rdata, 6)];
    default:
      return [];
  }
}

/** RFC 2308 §3: the SOA's TTL in a denial is bounded by its own last field. */
function negativeSoa(zone: Zone): LabRRset[] {
  const soa = zone.get(zone.apex, TYPE.SOA);
  return soa === undefined ? [] : [{ ...soa, ttl: zone.negativeTtl() }];
}

function nameIn(rdata: Uint8Array, offset = 0): Name {
  return Name.readUncompressed(new Reader(rdata, offset));
}
