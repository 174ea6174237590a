/** Signatures as RFCs print them, turned into the octets that were signed (RFC 4034 §3.1.8.1) without any code under test. */

export interface Vector {
  readonly title: string;
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Signed {
  readonly title: string;
  readonly algorithm: number;
  /** The DNSKEY's key field in base64, blanks allowed. */
  readonly key: string;
  readonly owner: string;
  readonly type: number;
  readonly ttl: number;
  /** RDATA of each record, already canonical and in canonical order. */
  readonly rdata: readonly Uint8Array[];
  readonly labels: number;
  /** As in the RRSIG's text: 14 digits, or seconds since 1970. */
  readonly expiration: string;
  readonly inception: string;
  readonly tag: number;
  readonly signer: string;
  readonly signature: string;
}

export function vectorOf(signed: Signed): Vector {
  const rrsig = concat(
    u16(signed.type),
    Uint8Array.of(signed.algorithm, signed.labels),
    u32(signed.ttl),
    u32(seconds(signed.expiration)),
    u32(seconds(signed.inception)),
    u16(signed.tag),
    wireName(signed.signer),
  );
  const records = signed.rdata.map((rdata) =>
    concat(wireName(signed.owner), u16(signed.type), u16(1), u32(signed.ttl), u16(rdata.length), rdata),
  );
  return {
    title: signed.title,
    algorithm: signed.algorithm,
    publicKey: base64(signed.key),
    data: concat(rrsig, ...records),
    signature: base64(signed.signature),
  };
}

export function wireName(text: string): Uint8Array {
  const labels = text.toLowerCase().split(".").filter(Boolean);
  return concat(...labels.map((label) => concat(Uint8Array.of(label.length), ascii(label))), Uint8Array.of(0));
}

export function mx(preference: number, exchange: string): Uint8Array {
  return concat(u16(preference), wireName(exchange));
}

export function dnskey(flags: number, algorithm: number, key: string): Uint8Array {
  return concat(u16(flags), Uint8Array.of(3, algorithm), base64(key));
}

/** RFC 4034 appendix B, straight from its text. */
export function keyTagOf(rdata: Uint8Array): number {
  const sum = rdata.reduce((total, octet, i) => total + (i % 2 === 0 ? octet * 256 : octet), 0);
  return (sum + (sum >>> 16)) & 0xffff;
}

export function base64(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "base64"));
}

export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "hex"));
}

export function toHex(octets: Uint8Array): string {
  return Buffer.from(octets).toString("hex");
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value);
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** `length` octets, big-endian. */
export function bigEndian(value: bigint, length: number): Uint8Array {
  return hex(value.toString(16).padStart(length * 2, "0"));
}

export function littleEndian(value: bigint, length: number): Uint8Array {
  return bigEndian(value, length).reverse();
}

export function integerOf(octets: Uint8Array): bigint {
  return BigInt(`0x0${toHex(octets)}`);
}

export function flipped(octets: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(octets);
  const at = (bit >> 3) % copy.length;
  copy[at]! ^= 1 << (bit & 7);
  return copy;
}

function seconds(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined) return Number(text);
  const [year, month, day, hour, minute, second] = parts;
  return Date.UTC(year!, month! - 1, day, hour, minute, second) / 1000;
}
