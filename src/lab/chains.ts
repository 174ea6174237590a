/** The chains of names that do exist: NSEC (RFC 4034 §4, RFC 4035 §2.3) and NSEC3 (RFC 5155 §7.1). */
import { createHash } from "node:crypto";
import type { Name } from "../wire/name.ts";
import { type RRType, TYPE } from "../wire/registry.ts";
import { foreignName, foreignType, rdataFrom } from "./foreign.ts";
import type { LabRRset, Zone, ZoneNode } from "./zone.ts";

/** NSEC RRsets, unsigned, in order; empty non-terminals own none. */
export function nsecChain(zone: Zone): LabRRset[] {
  const owners = zone.ownNames().filter((node) => node.rrsets.size > 0);
  const ttl = zone.negativeTtl();
  return owners.map(({ name }, i) => {
    const next = owners[(i + 1) % owners.length]!.name;
    const types = [...typesAt(zone, name), TYPE.RRSIG, TYPE.NSEC];
    return { name, type: TYPE.NSEC, ttl, data: [nsecRdata(next, types)], signatures: [] };
  });
}

export function nsecRdata(next: Name, types: Iterable<RRType>): Uint8Array {
  const text = foreignName(next);
  if (text === null)
    throw new TypeError(`dns-packet cannot write ${next} into an NSEC RR: name lab hosts in plain ASCII`);
  return rdataFrom("NSEC", { nextDomain: text, rrtypes: inOrder(types) });
}

export interface Nsec3Parameters {
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly optOut: boolean;
}

/** NSEC3 RRsets, unsigned, in the order of their hashes. */
export function nsec3Chain(zone: Zone, parameters: Nsec3Parameters): LabRRset[] {
  const hashed = hashedNames(zone, parameters);
  const ttl = zone.negativeTtl();
  return hashed.map(({ hash, types }, i) => {
    const next = hashed[(i + 1) % hashed.length]!.hash;
    const rdata = nsec3Rdata({ ...parameters, next, types });
    return { name: nsec3Owner(hash, zone.apex), type: TYPE.NSEC3, ttl, data: [rdata], signatures: [] };
  });
}

export function nsec3Rdata(
  fields: Nsec3Parameters & { readonly next: Uint8Array; readonly types: Iterable<RRType> },
): Uint8Array {
  return rdataFrom("NSEC3", {
    algorithm: 1,
    flags: fields.optOut ? 1 : 0,
    iterations: fields.iterations,
    salt: Buffer.from(fields.salt),
    nextDomain: Buffer.from(fields.next),
    rrtypes: inOrder(fields.types),
  });
}

/** RFC 5155 §4.2: flags are zero even in a zone with opt-out (§4.1.2). */
export function nsec3ParamRdata({ iterations, salt }: Nsec3Parameters): Uint8Array {
  return Uint8Array.of(1, 0, iterations >>> 8, iterations & 0xff, salt.length, ...salt);
}

/** RFC 5155 §5, on node:crypto, apart from the engines that the validator uses. */
export function nsec3Hash(name: Name, salt: Uint8Array, iterations: number): Uint8Array {
  let hash: Uint8Array = name.canonicalWire;
  for (let round = 0; round <= iterations; round++) hash = createHash("sha1").update(hash).update(salt).digest();
  return hash;
}

export function nsec3Owner(hash: Uint8Array, apex: Name): Name {
  const owner = apex.child(base32Hex(hash));
  if (owner === null) throw new TypeError(`${apex} is too long for a zone with NSEC3`);
  return owner;
}

function hashedNames(zone: Zone, { iterations, salt, optOut }: Nsec3Parameters) {
  const names = zone.ownNames();
  const listed = optOut ? names.filter((node) => isListedDespiteOptOut(zone, node, names)) : names;
  return listed
    .map(({ name }) => ({ hash: nsec3Hash(name, salt, iterations), types: nsec3Types(zone, name) }))
    .sort((a, b) => Buffer.compare(a.hash, b.hash));
}

/** RFC 5155 §7.1: opt-out leaves out unsigned delegations, and empty non-terminals above nothing else. */
function isListedDespiteOptOut(zone: Zone, node: ZoneNode, names: readonly ZoneNode[]): boolean {
  if (node.name.equals(zone.apex)) return true;
  if (node.rrsets.size > 0) return !isUnsignedCut(zone, node);
  return names.some(
    (other) => other.rrsets.size > 0 && other.name.isStrictlyWithin(node.name) && !isUnsignedCut(zone, other),
  );
}

function isUnsignedCut(zone: Zone, node: ZoneNode): boolean {
  return zone.standing(node.name) === "cut" && !node.rrsets.has(TYPE.DS);
}

/** RRSIG only where something is signed: not at unsigned cuts, not at empty non-terminals. RFC 5155 §7.1. */
function nsec3Types(zone: Zone, name: Name): RRType[] {
  const types = typesAt(zone, name);
  const signed = zone.standing(name) === "cut" ? types.includes(TYPE.DS) : types.length > 0;
  return signed ? [...types, TYPE.RRSIG] : types;
}

/** At a cut the parent owns only NS and DS. RFC 4035 §2.3. */
function typesAt(zone: Zone, name: Name): RRType[] {
  const types = [...(zone.node(name)?.rrsets.keys() ?? [])];
  return zone.standing(name) === "cut" ? types.filter((type) => type === TYPE.NS || type === TYPE.DS) : types;
}

function inOrder(types: Iterable<RRType>): string[] {
  return [...new Set(types)].sort((a, b) => a - b).map(foreignType);
}

/** RFC 4648 §7 without padding, in lower case. */
export function base32Hex(octets: Uint8Array): string {
  const digits = "0123456789abcdefghijklmnopqrstuv";
  let text = "";
  let value = 0;
  let bits = 0;
  for (const octet of octets) {
    value = ((value << 8) | octet) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += digits[(value >>> bits) & 31];
    }
  }
  return bits > 0 ? text + digits[(value << (5 - bits)) & 31] : text;
}
