/**
 * What a mock server says to a question that its script lacks. THE place of this tolerance, with its reason: a scenario
 * scripts the questions of the resolver it was written for, and another one asks others (priming, DS and DNSKEY in
 * another order, addresses of sibling servers, shortened names). Silence would cost it time and SERVFAIL would make it
 * avoid the server, so what the script shows of the world is given in another form. Nothing is invented that could make
 * a wrong expectation pass: no signature, no denial, no address that is not in the file. FORMAT.md §6.3.
 */
import type { Ask } from "../../src/env/env.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, RCODE, type RRType, TYPE } from "../../src/wire/registry.ts";
import { addressKey, addressOctets, Octets, toHex } from "./octets.ts";
import type { Entry, HeaderFlag, TemplateRecord } from "./scenario.ts";

export interface Roots {
  readonly name: Name;
  readonly addresses: readonly string[];
}

export interface Surroundings {
  readonly roots: Roots;
  /** Live templates of the server that is asked. */
  readonly own: readonly Entry[];
  /** Live templates of all servers. */
  readonly all: readonly Entry[];
}

export interface Improvised {
  /** For the report: which rule spoke. */
  readonly rule: string;
  readonly rcode: number;
  readonly flags: ReadonlySet<HeaderFlag>;
  readonly answer: readonly TemplateRecord[];
  readonly authority: readonly TemplateRecord[];
  readonly additional: readonly TemplateRecord[];
}

type Rule = (ask: Ask, around: Surroundings) => Partial<Improvised> | null;

/** The first rule that has something to say. */
export function improvise(ask: Ask, around: Surroundings): Improvised {
  for (const [name, rule] of rules) {
    const said = rule(ask, around);
    if (said !== null) return { ...silence, ...said, rule: name };
  }
  return { ...silence, rule: "unscripted", rcode: RCODE.SERVFAIL };
}

const authoritative: ReadonlySet<HeaderFlag> = new Set(["QR", "AA"]);
const silence: Improvised = {
  rule: "",
  rcode: RCODE.NOERROR,
  flags: new Set<HeaderFlag>(["QR"]),
  answer: [],
  authority: [],
  additional: [],
};

const rules: readonly (readonly [string, Rule])[] = [
  ["the root's own servers", priming],
  ["a referral of this server", referral],
  ["NS RRs of this server as a referral", nsAsReferral],
  ["a signed RRset of this server", signedRRset],
  ["a DNAME of this server", dnameAbove],
  ["an address in this file", knownAddress],
  ["no data, with this server's SOA", noDataWithSoa],
];

function priming({ question, server }: Ask, { roots }: Surroundings): Partial<Improvised> | null {
  if (question.type !== TYPE.NS || !question.name.isRoot) return null;
  const asked = addressKey(server.address);
  if (!roots.addresses.some((address) => addressKey(address) === asked)) return null;
  const additional = roots.addresses.map((address) => addressRecord(roots.name, address));
  const ns = record(Name.root, TYPE.NS, new Octets().name(roots.name).finish());
  return { flags: authoritative, answer: [ns], additional };
}

/** The deepest referral that leads towards the name; the DS of the child's apex is the parent's own data. */
function referral({ question, server }: Ask, { own }: Surroundings): Partial<Improvised> | null {
  let best: Entry | null = null;
  let labels = -1;
  for (const entry of own) {
    if (entry.answer.length > 0 || entry.flags.has("AA") || entry.rcode !== RCODE.NOERROR) continue;
    const cut = entry.authority.find((rr) => rr.type === TYPE.NS && rr.class === CLASS.IN)?.name;
    if (cut === undefined || !question.name.isWithin(cut) || cut.labelCount <= labels) continue;
    if ((question.type === TYPE.DS && question.name.equals(cut)) || leadsTo(server.address, entry)) continue;
    best = entry;
    labels = cut.labelCount;
  }
  return best === null ? null : { authority: best.authority, additional: best.additional };
}

function nsAsReferral({ question, server }: Ask, { own }: Surroundings): Partial<Improvised> | null {
  if (question.type !== TYPE.A && question.type !== TYPE.AAAA) return null;
  for (const entry of own) {
    const [wanted] = entry.question;
    if (wanted?.type !== TYPE.NS || wanted.name.isRoot || entry.flags.has("AA")) continue;
    if (!question.name.isWithin(wanted.name) || leadsTo(server.address, entry)) continue;
    const authority = entry.answer.filter((rr) => rr.type === TYPE.NS);
    if (authority.length > 0) return { authority, additional: entry.additional };
  }
  return null;
}

/** A server that the NS set itself names has the zone, and refers nobody to itself. */
function leadsTo(address: string, entry: Entry): boolean {
  const octets = toHex(addressOctets(address)!);
  return entry.additional.some((rr) => (rr.type === TYPE.A || rr.type === TYPE.AAAA) && toHex(rr.rdata) === octets);
}

function signedRRset({ question }: Ask, { own }: Surroundings): Partial<Improvised> | null {
  for (const entry of own) {
    const here = [...entry.answer, ...entry.authority, ...entry.additional].filter((rr) =>
      rr.name.equals(question.name),
    );
    const rrset = here.filter((rr) => rr.type === question.type);
    const signatures = here.filter((rr) => covers(rr, question.type));
    if (rrset.length > 0 && signatures.length > 0) return { flags: authoritative, answer: [...rrset, ...signatures] };
  }
  return null;
}

/** Whoever has a DNAME redirects every name below it. */
function dnameAbove({ question }: Ask, { own }: Surroundings): Partial<Improvised> | null {
  for (const entry of own) {
    const dname = entry.answer.find((rr) => rr.type === TYPE.DNAME && question.name.isStrictlyWithin(rr.name));
    if (dname === undefined) continue;
    const signatures = entry.answer.filter((rr) => rr.name.equals(dname.name) && covers(rr, TYPE.DNAME));
    return { flags: authoritative, answer: [dname, ...signatures] };
  }
  return null;
}

function knownAddress({ question }: Ask, { all }: Surroundings): Partial<Improvised> | null {
  const { type, name } = question;
  if (type !== TYPE.A && type !== TYPE.AAAA) return null;
  const found = new Map<RRType, readonly TemplateRecord[]>();
  for (const entry of all) {
    const here = [...entry.answer, ...entry.additional].filter((rr) => rr.name.equals(name));
    for (const family of [TYPE.A, TYPE.AAAA]) {
      const rrset = here.filter((rr) => rr.type === family);
      if (rrset.length > 0 && !found.has(family)) found.set(family, rrset);
    }
  }
  const wanted = found.get(type);
  if (wanted !== undefined) return { flags: authoritative, answer: wanted };
  return found.size === 0 ? null : { flags: authoritative, authority: [inventedSoa(name.parent() ?? name)] };
}

function noDataWithSoa({ question }: Ask, { own }: Surroundings): Partial<Improvised> | null {
  const plain: readonly RRType[] = [TYPE.A, TYPE.AAAA, TYPE.NS, TYPE.MX, TYPE.TXT];
  if (!plain.includes(question.type)) return null;
  for (const entry of own) {
    const soa = [...entry.answer, ...entry.authority].find(
      (rr) => rr.type === TYPE.SOA && question.name.isWithin(rr.name),
    );
    if (soa !== undefined) return { flags: authoritative, authority: [soa] };
  }
  return null;
}

/** Type covered is the first field of an RRSIG. RFC 4034 §3.1. */
function covers(rr: TemplateRecord, type: RRType): boolean {
  return rr.type === TYPE.RRSIG && ((rr.rdata[0]! << 8) | rr.rdata[1]!) === type;
}

function record(name: Name, type: RRType, rdata: Uint8Array): TemplateRecord {
  return { name, type, class: CLASS.IN, ttl: 3600, rdata, line: 0 };
}

function addressRecord(name: Name, address: string): TemplateRecord {
  const octets = addressOctets(address)!;
  return record(name, octets.length === 4 ? TYPE.A : TYPE.AAAA, octets);
}

function inventedSoa(zone: Name): TemplateRecord {
  const out = new Octets().name(zone).name(zone);
  for (const value of [1, 3600, 900, 604800, 3600]) out.u32(value);
  return record(zone, TYPE.SOA, out.finish());
}
