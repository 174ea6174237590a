/**
 * A zone made by chance, what is true in it, and every record that a thief could have copied from it, from its parent and
 * from its child: the material of forged proofs. Truth is read from the zone's nodes, never from its NSEC RRs.
 */

import type { Judge } from "../../src/dnssec/judge.ts";
import { anchorZone, type SecureZone } from "../../src/dnssec/zone.ts";
import { nsec3Chain, nsecChain } from "../../src/lab/chains.ts";
import { type LabRRset, Zone } from "../../src/lab/zone.ts";
import { countedLabels } from "../../src/rrset/canonical.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import { keyTag } from "../../src/wire/key-tag.ts";
import { Name } from "../../src/wire/name.ts";
import { type Dnskey, decodeRdata, type Rrsig } from "../../src/wire/rdata.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { GOOD } from "./unsafe-engine.ts";

export const NOW = 1_790_000_000;
export const APEX = Name.parse("z.p");
const PARENT = Name.parse("p");
const CHILD = Name.parse("c.z.p");

export interface Node {
  readonly name: Name;
  readonly types: readonly number[];
}

export type Denials =
  | { readonly kind: "nsec" }
  | { readonly kind: "nsec3"; readonly optOut: boolean; readonly iterations: number };

export interface Model {
  readonly zone: Zone;
  readonly denials: Denials;
  /** Everything signed by anybody, as it stands in its zone. */
  readonly loot: readonly RRset[];
}

const key = Uint8Array.of(1, 1, 3, 13, ...new Uint8Array(64).fill(9));
const tag = keyTag(key);

/** Signed so that the unsafe engine believes it; a replay keeps the signature and changes the owner. */
export function signed(rrset: LabRRset, signer: Name): RRset {
  const signature: Rrsig = {
    typeCovered: rrset.type,
    algorithm: 13,
    labels: countedLabels(rrset.name),
    originalTtl: rrset.ttl,
    expiration: NOW + 86400,
    inception: NOW - 86400,
    keyTag: tag,
    signer,
    signature: GOOD,
  };
  return { name: rrset.name, type: rrset.type, ttl: rrset.ttl, data: rrset.data, signatures: [signature] };
}

export function modelOf(nodes: readonly Node[], denials: Denials): Model {
  const zone = zoneOf(APEX, nodes);
  const parent = zoneOf(PARENT, [
    { name: APEX, types: [TYPE.NS, TYPE.DS] },
    { name: Name.parse("a.p"), types: [TYPE.A] },
  ]);
  const child = zoneOf(CHILD, [{ name: Name.parse("a.c.z.p"), types: [TYPE.A] }]);
  const loot = [zone, parent, child].flatMap((from) => lootOf(from, denials));
  return { zone, denials, loot };
}

function zoneOf(apex: Name, nodes: readonly Node[]): Zone {
  const zone = new Zone(apex);
  const soa = Uint8Array.of(...apex.wire, ...apex.wire, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0);
  zone.add({ name: apex, type: TYPE.SOA, ttl: 3600, rdata: soa });
  zone.add({ name: apex, type: TYPE.NS, ttl: 3600, rdata: apex.wire });
  for (const { name, types } of nodes)
    for (const type of types) zone.add({ name, type, ttl: 3600, rdata: rdataFor(name, type) });
  return zone;
}

/** The data tells its owner, so that a test sees whose data it was given. */
function rdataFor(name: Name, type: number): Uint8Array {
  switch (type) {
    case TYPE.A: {
      const sum = [...name.wire].reduce((total, octet, i) => (total * 31 + octet + i) & 0xffffff, 7);
      return Uint8Array.of(10, sum >> 16, (sum >> 8) & 255, sum & 255);
    }
    case TYPE.TXT:
      return Uint8Array.of(Math.min(255, name.wire.length), ...name.wire.subarray(0, 255));
    case TYPE.DS:
      return Uint8Array.of(tag >> 8, tag & 255, 13, 2, ...new Uint8Array(32).fill(3));
    default:
      return Name.parse("elsewhere").wire;
  }
}

function lootOf(zone: Zone, denials: Denials): RRset[] {
  const { apex } = zone;
  const style = {
    iterations: denials.kind === "nsec3" ? denials.iterations : 0,
    salt: Uint8Array.of(5),
    optOut: denials.kind === "nsec3" && denials.optOut,
  };
  const chain = denials.kind === "nsec" ? nsecChain(zone) : nsec3Chain(zone, style);
  const own: LabRRset[] = [];
  for (const { name, rrsets } of zone.nodes.values()) {
    const standing = zone.standing(name);
    for (const rrset of rrsets.values())
      if (standing === "authoritative" || (standing === "cut" && rrset.type === TYPE.DS)) own.push(rrset);
  }
  return [...own, ...chain].map((rrset) => signed(rrset, apex));
}

export function trustedZone(by: Judge): SecureZone {
  const dnskey: LabRRset = { name: APEX, type: TYPE.DNSKEY, ttl: 3600, data: [key], signatures: [] };
  const keys = signed(dnskey, APEX) as RRset<typeof TYPE.DNSKEY>;
  const anchor = { zone: APEX, ds: [], keys: [decodeRdata(TYPE.DNSKEY, key) as Dnskey], source: "the fuzzer" };
  const trust = anchorZone(anchor, keys, by);
  if (trust.status !== "secure") throw new Error(`the fuzzer's zone is ${trust.status}`);
  return trust;
}

// Truth.

export interface Truth {
  readonly kind: "answer" | "alias" | "no data" | "name error" | "not ours";
  readonly rrset: LabRRset | null;
}

/** What the zone itself would say, by RFC 1034 §4.3.2 and RFC 4592. */
export function truthOf({ zone }: Model, name: Name, type: number): Truth {
  const said = (kind: Truth["kind"], rrset: LabRRset | null = null): Truth => ({ kind, rrset });
  if (!name.isWithin(APEX)) return said("not ours");
  if (zone.standing(name) === "occluded") return said("not ours");
  for (let labels = APEX.labelCount + 1; labels < name.labelCount; labels++) {
    const above = zone.node(name.ancestor(labels));
    if (above === undefined) break;
    if (above.rrsets.has(TYPE.NS) || above.rrsets.has(TYPE.DNAME)) return said("not ours");
  }
  if (zone.node(APEX)!.rrsets.has(TYPE.DNAME) && !name.equals(APEX)) return said("not ours");
  const exact = zone.node(name);
  if (exact !== undefined) {
    if (type === TYPE.DS && name.equals(APEX)) return said("not ours");
    if (zone.standing(name) === "cut" && type !== TYPE.DS) return said("not ours");
    return atNode(exact.rrsets, type, said);
  }
  const source = zone.closestEncloser(name).wildcard();
  const wild = source === null ? undefined : zone.node(source);
  return wild === undefined ? said("name error") : atNode(wild.rrsets, type, said);
}

function atNode(
  rrsets: ReadonlyMap<number, LabRRset>,
  type: number,
  said: (kind: Truth["kind"], rrset?: LabRRset | null) => Truth,
): Truth {
  const found = rrsets.get(type);
  if (found !== undefined) return said("answer", found);
  const alias = rrsets.get(TYPE.CNAME);
  return alias === undefined ? said("no data") : said("alias", alias);
}
