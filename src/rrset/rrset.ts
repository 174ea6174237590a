/** RRsets, the unit of everything above the wire. RFC 2181 §5. */
import type { ResourceRecord } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { canonicalRdata, decodeRdata, encodeRdata, type RdataOf, type Rrsig } from "../wire/rdata.ts";
import { CLASS, type RRType, TYPE } from "../wire/registry.ts";

/** Records of one owner, type and class IN. `T` is a literal type number where one is required: RRset<typeof TYPE.DS>. */
export interface RRset<T extends RRType = RRType> {
  readonly name: Name;
  readonly type: T;
  /** Seconds; the lowest of the records (RFC 2181 §5.2) and of their signatures (RFC 4035 §5.3.3). */
  readonly ttl: number;
  /** Uncompressed RDATA of each record, never empty, no duplicates. Decode with `rdataOf`. */
  readonly data: readonly [Uint8Array, ...Uint8Array[]];
  /** RRSIGs from the same section that cover this owner and type. */
  readonly signatures: readonly Rrsig[];
}

export function isOfType<T extends RRType>(rrset: RRset, type: T): rrset is RRset<T> {
  return rrset.type === type;
}

const decoded = new WeakMap<readonly Uint8Array[], readonly unknown[]>();

/** The values of an RRset's RDATA, in its order; decoded once. */
export function rdataOf<T extends RRType>(rrset: RRset<T>): readonly RdataOf<T>[] {
  let values = decoded.get(rrset.data);
  if (values === undefined) {
    values = rrset.data.map((octets) => decodeRdata(rrset.type, octets));
    decoded.set(rrset.data, values);
  }
  return values as readonly RdataOf<T>[];
}

/** RRSIGs kept for one RRset, so that a thousand of them cost nothing (ATTACKS: expired RRSIG flood, CVE-2023-50387). */
const SIGNATURES_KEPT = 8;

export interface Grouped {
  /** In order of first appearance. */
  readonly rrsets: readonly RRset[];
  /** RRSIGs that cover nothing in the section: an RRset of type RRSIG for each owner. */
  readonly strays: readonly RRset[];
}

interface Draft {
  readonly name: Name;
  readonly type: RRType;
  ttl: number;
  readonly data: Uint8Array[];
  readonly signatures: Rrsig[];
  /** Identities of the signatures and, from the second record on, of the data. */
  readonly signed: string[];
  seen: Set<string> | null;
}

/**
 * A section's records of class IN as RRsets with their RRSIGs, wherever in the section these stand. `signatures`: RRSIGs
 * from elsewhere that may belong here.
 */
export function groupRRsets(records: readonly ResourceRecord[], signatures: readonly ResourceRecord[] = []): Grouped {
  const drafts = new Map<string, Draft>();
  for (const record of records) {
    if (record.class !== CLASS.IN || record.type === TYPE.RRSIG) continue;
    addTo(drafts, record);
  }
  const strays = new Map<string, Draft>();
  for (const record of records) {
    if (record.class === CLASS.IN && record.type === TYPE.RRSIG && !attach(drafts, record)) addTo(strays, record);
  }
  for (const record of signatures) {
    if (record.class === CLASS.IN && record.type === TYPE.RRSIG) attach(drafts, record);
  }
  return { rrsets: [...drafts.values()].map(finished), strays: [...strays.values()].map(finished) };
}

/** Is there an RRset that this RRSIG covers? Then it is kept there, unless it is there already or one too many. */
function attach(drafts: Map<string, Draft>, record: ResourceRecord): boolean {
  const covered = (record.rdata[0]! << 8) | record.rdata[1]!;
  const draft = drafts.get(keyOf(record.name, covered));
  if (draft === undefined) return false;
  if (draft.signatures.length === SIGNATURES_KEPT) return true;
  // The same RRSIG many times must not push the others out.
  const id = identity(TYPE.RRSIG, record.rdata);
  if (draft.signed.includes(id)) return true;
  draft.signed.push(id);
  draft.signatures.push(decodeRdata(TYPE.RRSIG, record.rdata));
  draft.ttl = Math.min(draft.ttl, record.ttl); // RFC 4035 §5.3.3: the TTL of the RRSIG bounds it as well
  return true;
}

/** The RRset's records, without its signatures. */
export function toRecords(rrset: RRset, ttl = rrset.ttl): ResourceRecord[] {
  return rrset.data.map((rdata) => ({ name: rrset.name, type: rrset.type, class: CLASS.IN, ttl, rdata }));
}

export function signatureRecords(rrset: RRset, ttl = rrset.ttl): ResourceRecord[] {
  return rrset.signatures.map((signature) => ({
    name: rrset.name,
    type: TYPE.RRSIG,
    class: CLASS.IN,
    ttl,
    rdata: encodeRdata(TYPE.RRSIG, signature),
  }));
}

const keyOf = (name: Name, type: RRType): string => String.fromCharCode(type) + name.key;

function addTo(drafts: Map<string, Draft>, record: ResourceRecord): void {
  const key = keyOf(record.name, record.type);
  const draft = drafts.get(key);
  if (draft === undefined) {
    drafts.set(key, {
      name: record.name,
      type: record.type,
      ttl: record.ttl,
      data: [record.rdata],
      signatures: [],
      signed: [],
      seen: null,
    });
    return;
  }
  draft.ttl = Math.min(draft.ttl, record.ttl);
  draft.seen ??= new Set([identity(draft.type, draft.data[0]!)]);
  const id = identity(record.type, record.rdata);
  if (draft.seen.has(id)) return;
  draft.seen.add(id);
  draft.data.push(record.rdata);
}

function identity(type: RRType, rdata: Uint8Array): string {
  const canonical = canonicalRdata(type, rdata);
  return Buffer.from(canonical.buffer, canonical.byteOffset, canonical.length).toString("latin1");
}

function finished({ name, type, ttl, data, signatures }: Draft): RRset {
  // An array that has grown has room for 17; the copy of it for what there is.
  return { name, type, ttl, data: data as [Uint8Array, ...Uint8Array[]], signatures: signatures.slice() };
}
