/** The OPT pseudo-record and its options. RFC 6891; EDE RFC 8914; cookies RFC 7873; CO RFC 9824 §5.1. */
import type { Reader, Writer } from "./cursor.ts";
import { OPTION, TYPE } from "./registry.ts";

export interface EdnsOption {
  readonly code: number;
  readonly data: Uint8Array;
}

export interface Edns {
  readonly version: number;
  /** The sender's largest UDP payload; below 512 reads as 512. */
  readonly udpSize: number;
  readonly dnssecOk: boolean;
  /** Compact answers OK. RFC 9824 §5.1. */
  readonly compactOk: boolean;
  readonly options: readonly EdnsOption[];
}

export interface ExtendedError {
  readonly code: number;
  /** UTF-8 in the wire; printable, short, no attacker-controlled octets beyond a printable name. */
  readonly text: string;
}

export interface Cookie {
  readonly client: Uint8Array;
  readonly server: Uint8Array | null;
}

/** More options than this are not looked at (CVE-2026-41292). */
const MAX_OPTIONS = 32;
/** Octets of text in an extended error, sent or received: with a long question it still fits into 512 octets. */
const MAX_EDE_TEXT = 200;

const FLAG_DO = 0x8000;
const FLAG_CO = 0x4000;

/** An OPT record as it stands in a message. `ttl` holds the upper rcode bits, the version and the flags. RFC 6891 §6.1.3. */
export function decodeOpt(
  udpSize: number,
  ttl: number,
  rdata: Reader,
): { readonly edns: Edns; readonly rcodeHigh: number } {
  const version = (ttl >>> 16) & 0xff;
  const options: EdnsOption[] = [];
  // RFC 6891 §6.1.3: what another version's RDATA looks like is unknown, and the answer is BADVERS, not FORMERR.
  while (version === 0 && rdata.remaining > 0) {
    const code = rdata.u16();
    const data = rdata.take(rdata.u16());
    if (options.length < MAX_OPTIONS) options.push({ code, data: data.slice() });
  }
  const flags = ttl & 0xffff;
  const edns: Edns = {
    version,
    udpSize: Math.max(512, udpSize),
    dnssecOk: (flags & FLAG_DO) !== 0,
    compactOk: (flags & FLAG_CO) !== 0,
    options,
  };
  return { edns, rcodeHigh: ttl >>> 24 };
}

export function encodeOpt(writer: Writer, edns: Edns, rcode: number): void {
  writer.u8(0);
  writer.u16(TYPE.OPT);
  writer.u16(edns.udpSize);
  writer.u8(rcode >> 4);
  writer.u8(edns.version);
  writer.u16((edns.dnssecOk ? FLAG_DO : 0) | (edns.compactOk ? FLAG_CO : 0));
  const lengthAt = writer.offset;
  writer.u16(0);
  for (const option of edns.options) {
    writer.u16(option.code);
    writer.u16(option.data.length);
    writer.bytes(option.data);
  }
  writer.patchU16(lengthAt, writer.offset - lengthAt - 2);
}

/** Octets that `encodeOpt` will take. */
export function optSize(edns: Edns): number {
  return edns.options.reduce((size, option) => size + 4 + option.data.length, 11);
}

export function optionOf(edns: Edns, code: number): Uint8Array | null {
  return edns.options.find((option) => option.code === code)?.data ?? null;
}

/** All extended errors; malformed ones are left out. Texts are cut and made printable: they come from anybody. */
export function edeOf(edns: Edns): ExtendedError[] {
  const errors: ExtendedError[] = [];
  for (const { code, data } of edns.options) {
    if (code !== OPTION.EDE || data.length < 2) continue;
    const text = new TextDecoder()
      .decode(data.subarray(2, 2 + MAX_EDE_TEXT))
      .replace(/\0+$/, "")
      .replace(/\p{C}/gu, "?");
    errors.push({ code: (data[0]! << 8) | data[1]!, text });
  }
  return errors;
}

export function edeOption(error: ExtendedError): EdnsOption {
  const text = new Uint8Array(MAX_EDE_TEXT);
  const { written } = new TextEncoder().encodeInto(error.text, text); // whole characters only
  const data = new Uint8Array(2 + written);
  data[0] = error.code >> 8;
  data[1] = error.code;
  data.set(text.subarray(0, written), 2);
  return { code: OPTION.EDE, data };
}

/** The first COOKIE option, if it is well-formed: 8 octets, or 8 and 8 to 32. RFC 7873 §4. */
export function cookieOf(edns: Edns): Cookie | null {
  const data = optionOf(edns, OPTION.COOKIE);
  return data === null ? null : cookieFrom(data);
}

/** The data of a COOKIE option. */
export function cookieFrom(data: Uint8Array): Cookie | null {
  if (data.length === 8) return { client: data, server: null };
  return data.length >= 16 && data.length <= 40 ? { client: data.subarray(0, 8), server: data.subarray(8) } : null;
}

export function cookieOption(cookie: Cookie): EdnsOption {
  const data = new Uint8Array(8 + (cookie.server?.length ?? 0));
  data.set(cookie.client);
  if (cookie.server !== null) data.set(cookie.server, 8);
  return { code: OPTION.COOKIE, data };
}

/** Idle time of the connection in units of 100 ms. RFC 7828 §3.1. */
export function keepaliveOption(units: number): EdnsOption {
  return { code: OPTION.KEEPALIVE, data: Uint8Array.from([units >> 8, units & 0xff]) };
}
