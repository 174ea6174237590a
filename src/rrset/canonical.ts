/** Canonical order and form, and the octets that an RRSIG signs. RFC 4034 §6 as amended by RFC 6840 §5.1, RFC 4035 §5.3.2. */
import type { Name } from "../wire/name.ts";
import { canonicalRdata, type Rrsig } from "../wire/rdata.ts";
import { CLASS } from "../wire/registry.ts";
import type { RRset } from "./rrset.ts";

/** RRSIG RDATA before the signer's name. */
const FIXED_OCTETS = 18;

/**
 * The RRSIG RDATA without its signature, then every record as it was signed. RFC 4035 §5.3.2.
 * `signature.labels` must not exceed `countedLabels(rrset.name)`: that is a check of its own (RFC 4035 §5.3.1).
 */
export function signedData(rrset: RRset, signature: Rrsig): Uint8Array {
  const records = canonicalOrder(rrset);
  const signer = signature.signer.canonicalWire;
  const owner = signedOwner(rrset.name, signature.labels);
  let length = FIXED_OCTETS + signer.length;
  for (const rdata of records) length += owner.length + 10 + rdata.length;

  const octets = new Uint8Array(length);
  const view = new DataView(octets.buffer);
  view.setUint16(0, signature.typeCovered);
  octets[2] = signature.algorithm;
  octets[3] = signature.labels;
  view.setUint32(4, signature.originalTtl);
  view.setUint32(8, signature.expiration);
  view.setUint32(12, signature.inception);
  view.setUint16(16, signature.keyTag);
  octets.set(signer, FIXED_OCTETS);
  let at = FIXED_OCTETS + signer.length;
  for (const rdata of records) {
    octets.set(owner, at);
    at += owner.length;
    view.setUint16(at, rrset.type);
    view.setUint16(at + 2, CLASS.IN);
    view.setUint32(at + 4, signature.originalTtl);
    view.setUint16(at + 8, rdata.length);
    octets.set(rdata, at + 10);
    at += 10 + rdata.length;
  }
  return octets;
}

/** Labels as the RRSIG's field counts them: neither the root nor a leading asterisk. RFC 4034 §3.1.3. */
export function countedLabels(name: Name): number {
  return name.isWildcard ? name.labelCount - 1 : name.labelCount;
}

/** The owner when it was signed, in canonical form: with fewer labels than the name has, the wildcard it came from. */
function signedOwner(name: Name, labels: number): Uint8Array {
  if (labels === countedLabels(name)) return name.canonicalWire;
  const encloser = name.ancestor(labels).canonicalWire;
  const owner = new Uint8Array(encloser.length + 2);
  owner[0] = 1;
  owner[1] = 0x2a;
  owner.set(encloser, 2);
  return owner;
}

/** One RRset is tried with several signatures, and sorting costs more than copying. */
const ordered = new WeakMap<RRset, readonly Uint8Array[]>();

/** RDATA in canonical form and order, records that differ only in the case of their names once. RFC 4034 §6.3. */
export function canonicalOrder(rrset: RRset): readonly Uint8Array[] {
  let records = ordered.get(rrset);
  if (records === undefined) {
    records = rrset.data.map((rdata) => canonicalRdata(rrset.type, rdata));
    if (records.length > 1) {
      records = [...records]
        .sort(compareOctets)
        .filter((rdata, i, all) => i === 0 || compareOctets(rdata, all[i - 1]!) !== 0);
    }
    ordered.set(rrset, records);
  }
  return records;
}

/** As unsigned octets from the left; what ends first comes first. RFC 4034 §6.3. */
export function compareOctets(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Both sides are public, so time tells nothing. */
export function equalOctets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
