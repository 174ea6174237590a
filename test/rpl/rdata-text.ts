/**
 * RDATA from presentation form, for templates. Deliberately not the product's codec: what the product decodes here was
 * written by another hand. RFC 1035 §5.1, RFC 4034, RFC 5155 §3.3, RFC 9460 §2.1; anything else by RFC 3597 §5.
 */
import { Name } from "../../src/wire/name.ts";
import { type RRType, TYPE, typeFromText } from "../../src/wire/registry.ts";
import { addressOctets, fromBase32Hex, fromHex, Octets } from "./octets.ts";
import type { Token } from "./tokens.ts";

/** Throws RangeError or TypeError with the reason; the caller knows file and line. */
export function rdataFromTokens(type: RRType, tokens: readonly Token[]): Uint8Array {
  if (tokens[0]?.text === "\\#" && !tokens[0].quoted) return opaque(tokens.slice(1));
  const row = rows.get(type);
  if (row === undefined) throw new RangeError(`no text form is known for type ${type}: write \\# length hex`);
  const out = new Octets();
  // words left over are no fault: testbound drops them, and one file (nsid_bogus) has a SOA with a number too many
  row(new Fields(tokens), out);
  return out.finish();
}

/** The length is not compared with the type's: a wrong one is sometimes the point. */
function opaque(tokens: readonly Token[]): Uint8Array {
  const octets = fromHex(
    tokens
      .slice(1)
      .map((token) => token.text)
      .join(""),
  );
  if (Number(tokens[0]?.text) !== octets.length)
    throw new RangeError(`\\# says ${tokens[0]?.text} octets, ${octets.length} follow`);
  return octets;
}

class Fields {
  readonly #tokens: readonly Token[];
  #at = 0;
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }
  get more(): boolean {
    return this.#at < this.#tokens.length;
  }
  next(what: string): Token {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new RangeError(`${what} is missing`);
    return token;
  }
  rest(): readonly Token[] {
    const rest = this.#tokens.slice(this.#at);
    this.#at = this.#tokens.length;
    return rest;
  }
}

type Row = (fields: Fields, out: Octets) => void;

const integer = (text: string, max: number): number => {
  if (!/^\d+$/.test(text) || Number(text) > max) throw new RangeError(`"${text}" is no number from 0 to ${max}`);
  return Number(text);
};
const u8: Row = (f, out) => out.u8(integer(f.next("a number").text, 255));
const u16: Row = (f, out) => out.u16(integer(f.next("a number").text, 65535));
const u32: Row = (f, out) => out.u32(integer(f.next("a number").text, 0xffffffff));
const seconds: Row = (f, out) => out.u32(ttlFromText(f.next("a time").text));
const name: Row = (f, out) => out.name(Name.parse(f.next("a name").text));
const string: Row = (f, out) => out.counted(textOctets(f.next("a string").text));
const base64: Row = (f, out) => out.bytes(Buffer.from(joined(f), "base64"));
const hex: Row = (f, out) => out.bytes(fromHex(joined(f)));
const joined = (f: Fields): string =>
  f
    .rest()
    .map((token) => token.text)
    .join("");
const typeNumber: Row = (f, out) => out.u16(typeOf(f.next("a type").text));
const algorithm: Row = (f, out) => {
  const { text } = f.next("an algorithm");
  out.u8(algorithmNumbers.get(text.toUpperCase()) ?? integer(text, 255));
};
const strings: Row = (f, out) => {
  do string(f, out);
  while (f.more);
};
const salt: Row = (f, out) => {
  const { text } = f.next("a salt");
  out.counted(text === "-" ? new Uint8Array() : fromHex(text));
};
const hashed: Row = (f, out) => out.counted(fromBase32Hex(f.next("a hash").text));
const bitmap: Row = (f, out) => out.bytes(typeBitmap(f.rest().map((token) => typeOf(token.text))));
/** RFC 4034 §3.2: 14 digits, or Unix seconds. */
const date: Row = (f, out) => out.u32(dateFromText(f.next("a date").text) % 0x100000000);
const address =
  (length: 4 | 16): Row =>
  (f, out) => {
    const { text } = f.next("an address");
    const octets = addressOctets(text);
    if (octets?.length !== length) throw new RangeError(`"${text}" is no IPv${length === 4 ? 4 : 6} address`);
    out.bytes(octets);
  };
const all =
  (...parts: readonly Row[]): Row =>
  (f, out) => {
    for (const part of parts) part(f, out);
  };

const algorithmNumbers: ReadonlyMap<string, number> = new Map([
  ["RSAMD5", 1],
  ["DSA", 3],
  ["RSASHA1", 5],
  ["DSA-NSEC3-SHA1", 6],
  ["NSEC3DSA", 6],
  ["RSASHA1-NSEC3-SHA1", 7],
  ["NSEC3RSASHA1", 7],
  ["RSASHA256", 8],
  ["RSASHA512", 10],
  ["ECC-GOST", 12],
  ["ECDSAP256SHA256", 13],
  ["ECDSAP384SHA384", 14],
  ["ED25519", 15],
  ["ED448", 16],
]);

const soa = all(name, name, u32, seconds, seconds, seconds, seconds);
const rrsig = all(typeNumber, algorithm, u8, seconds, date, date, u16, name, base64);
const dnskey = all(u16, u8, algorithm, base64);
const ds = all(u16, algorithm, u8, hex);
const svcb = all(u16, name, (f, out) => serviceParameters(f.rest(), out));

const rows: ReadonlyMap<RRType, Row> = new Map<RRType, Row>([
  [TYPE.A, address(4)],
  [TYPE.AAAA, address(16)],
  ...[TYPE.NS, TYPE.MD, TYPE.MF, TYPE.CNAME, TYPE.MB, TYPE.MG, TYPE.MR, TYPE.PTR, TYPE.DNAME].map(
    (type): [RRType, Row] => [type, name],
  ),
  [TYPE.SOA, soa],
  [TYPE.HINFO, all(string, string)],
  [TYPE.MINFO, all(name, name)],
  [TYPE.RP, all(name, name)],
  ...[TYPE.MX, TYPE.AFSDB, TYPE.RT, TYPE.KX].map((type): [RRType, Row] => [type, all(u16, name)]),
  [TYPE.PX, all(u16, name, name)],
  [TYPE.TXT, strings],
  [TYPE.SPF, strings],
  [TYPE.SRV, all(u16, u16, u16, name)],
  [TYPE.NAPTR, all(u16, u16, string, string, string, name)],
  [TYPE.CERT, all(u16, u16, algorithm, base64)],
  [TYPE.DS, ds],
  [TYPE.CDS, ds],
  [TYPE.DLV, ds],
  [TYPE.SSHFP, all(u8, u8, hex)],
  [TYPE.RRSIG, rrsig],
  [TYPE.NSEC, all(name, bitmap)],
  [TYPE.DNSKEY, dnskey],
  [TYPE.CDNSKEY, dnskey],
  [TYPE.NSEC3, all(u8, u8, u16, salt, hashed, bitmap)],
  [TYPE.NSEC3PARAM, all(u8, u8, u16, salt)],
  [TYPE.TLSA, all(u8, u8, u8, hex)],
  [TYPE.SMIMEA, all(u8, u8, u8, hex)],
  [TYPE.SVCB, svcb],
  [TYPE.HTTPS, svcb],
  [TYPE.CAA, all(u8, string, (f, out) => out.bytes(textOctets(f.next("a value").text)))],
  [TYPE.URI, all(u16, u16, (f, out) => out.bytes(textOctets(f.next("a target").text)))],
]);

function typeOf(text: string): RRType {
  const type = typeFromText(text);
  if (type === null) throw new RangeError(`"${text}" is no RR type`);
  return type;
}

/** RFC 1035 §5.1 escapes in a character string. */
export function textOctets(text: string): Uint8Array {
  const octets: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== "\\") octets.push(text.charCodeAt(i) & 0xff);
    else if (/^\d{3}$/.test(text.slice(i + 1, i + 4))) {
      octets.push(Number(text.slice(i + 1, i + 4)));
      i += 3;
    } else octets.push(text.charCodeAt(++i));
  }
  return Uint8Array.from(octets);
}

/** "3600", "1h30m", "2w". */
export function ttlFromText(text: string): number {
  if (/^\d+$/.test(text)) return integer(text, 0xffffffff);
  if (!/^(\d+[smhdw])+$/i.test(text)) throw new RangeError(`"${text}" is no time to live`);
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
  let total = 0;
  for (const [, count, unit] of text.toLowerCase().matchAll(/(\d+)([smhdw])/g)) total += Number(count) * units[unit!]!;
  return total;
}

/** YYYYMMDDHHMMSS in UTC, otherwise Unix seconds. */
export function dateFromText(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (parts === null) return integer(text, 0xffffffff);
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}

/** RFC 4034 §4.1.2. */
function typeBitmap(types: readonly RRType[]): Uint8Array {
  const out = new Octets();
  const windows = new Map<number, number[]>();
  for (const type of [...new Set(types)].sort((a, b) => a - b)) {
    const octets = windows.get(type >> 8) ?? [];
    windows.set(type >> 8, octets);
    const at = (type & 0xff) >> 3;
    while (octets.length <= at) octets.push(0);
    octets[at]! |= 0x80 >> (type & 7);
  }
  for (const [window, octets] of windows) out.u8(window).counted(Uint8Array.from(octets));
  return out.finish();
}

const serviceKeys: readonly string[] = ["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint"];

/** RFC 9460 §2.1: key=value, in the wire by rising key number. */
function serviceParameters(tokens: readonly Token[], out: Octets): void {
  const parameters = tokens.map(({ text }) => {
    const [, keyName = "", value = ""] = /^([^=]+)=?"?(.*?)"?$/s.exec(text) ?? [];
    return { key: serviceKey(keyName), value };
  });
  for (const { key, value } of parameters.sort((a, b) => a.key - b.key)) {
    const octets = serviceValue(key, value);
    out.u16(key).u16(octets.length).bytes(octets);
  }
}

function serviceKey(text: string): number {
  const known = serviceKeys.indexOf(text);
  return known >= 0 ? known : integer(text.replace(/^key/, ""), 65535);
}

function serviceValue(key: number, value: string): Uint8Array {
  const out = new Octets();
  const items = value === "" ? [] : value.split(",");
  switch (serviceKeys[key]) {
    case "mandatory":
      for (const item of items) out.u16(serviceKey(item));
      break;
    case "alpn":
      for (const item of items) out.counted(textOctets(item));
      break;
    case "port":
      out.u16(integer(value, 65535));
      break;
    case "ipv4hint":
    case "ipv6hint":
      for (const item of items) out.bytes(addressOctets(item) ?? []);
      break;
    case "ech":
      out.bytes(Buffer.from(value, "base64"));
      break;
    case "no-default-alpn":
      break;
    default:
      out.bytes(textOctets(value));
  }
  return out.finish();
}
