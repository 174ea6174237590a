/**
 * The lab's codec is the npm package dns-packet, so that rootwalk meets octets that its own codec did not write. Here are
 * the package's parts that its type declarations leave out, and what it cannot carry.
 */
import * as dnsPacket from "dns-packet";
import type { Name } from "../wire/name.ts";
import { type RRType, TYPE, typeToText } from "../wire/registry.ts";

interface RdataCodec {
  /** RDLENGTH and RDATA. */
  encode(data: unknown): Buffer;
  decode(octets: Buffer): unknown;
}

const rdataCodecs = dnsPacket as unknown as {
  readonly record: (type: string) => RdataCodec;
  readonly name: { encode(text: string): Buffer };
};

/** The types whose RDATA dns-packet takes apart; all others pass through it as octets. */
// biome-ignore format: a table reads better packed
const structured: ReadonlySet<RRType> = new Set([
  TYPE.A, TYPE.PTR, TYPE.CNAME, TYPE.DNAME, TYPE.TXT, TYPE.NULL, TYPE.AAAA, TYPE.SRV, TYPE.HINFO, TYPE.CAA, TYPE.NS,
  TYPE.SOA, TYPE.MX, TYPE.DNSKEY, TYPE.RRSIG, TYPE.RP, TYPE.NSEC, TYPE.NSEC3, TYPE.SSHFP, TYPE.DS, TYPE.NAPTR, TYPE.TLSA,
]);

/** RDATA made by dns-packet from its own shapes: `rdataFrom("DS", { keyTag, … })`. */
export function rdataFrom(type: string, data: unknown): Uint8Array {
  return plain(rdataCodecs.record(type).encode(data).subarray(2));
}

/** A type as dns-packet writes it in bitmaps and in RRSIGs: its own mnemonic, or UNKNOWN_n. */
export function foreignType(type: RRType): string {
  return structured.has(type) || known.has(type) ? typeToText(type) : `UNKNOWN_${type}`;
}

/** Mnemonics that dns-packet knows besides the types it takes apart. */
const known: ReadonlySet<RRType> = new Set([TYPE.NSEC3PARAM, TYPE.CDS, TYPE.CDNSKEY, TYPE.ANY]);

export interface ForeignData {
  readonly type: string;
  readonly data: unknown;
}

const translated = new WeakMap<Uint8Array, ForeignData>();

/** One record's data for `encode`: in dns-packet's shape if that gives the same octets, else the octets themselves. */
export function foreignData(type: RRType, rdata: Uint8Array): ForeignData {
  let data = translated.get(rdata);
  if (data === undefined) {
    data = translate(type, rdata);
    translated.set(rdata, data);
  }
  return data;
}

function translate(type: RRType, rdata: Uint8Array): ForeignData {
  if (structured.has(type)) {
    const text = typeToText(type);
    const codec = rdataCodecs.record(text);
    const octets = Buffer.alloc(rdata.length + 2);
    octets.writeUInt16BE(rdata.length);
    octets.set(rdata, 2);
    try {
      const data = codec.decode(octets);
      if (Buffer.compare(codec.encode(data), octets) === 0) return { type: text, data };
    } catch {
      // Wounded on purpose, or names and strings that dns-packet would change: as octets, then.
    }
  }
  return { type: `UNKNOWN_${type}`, data: Buffer.from(rdata) };
}

/** dns-packet's text for a name; null if it would change it: it splits labels at dots and takes octets for UTF-8. */
export function foreignName(name: Name): string | null {
  let text = "";
  for (const label of name.labels()) {
    for (const octet of label) {
      if (octet === 0x2e || octet > 0x7f) return null;
      text += String.fromCharCode(octet);
    }
    text += ".";
  }
  if (text === "") return ".";
  // dns-packet trims dots at line ends, and a label may hold a line end.
  return /[\r\n]/.test(text) ? null : text.slice(0, -1);
}

/** A name's octets as dns-packet writes them. */
export function foreignNameOctets(text: string): Uint8Array {
  return plain(rdataCodecs.name.encode(text));
}

/** A copy that is no Buffer: `slice` of a Buffer is a view, and whoever takes it for a copy writes into what he read. */
export function plain(octets: Buffer): Uint8Array {
  return Uint8Array.from(octets);
}
