/** Records and messages as lines for people, and as keys by which records are compared. Independent of the product's codec. */
import { Reader } from "../../src/wire/cursor.ts";
import type { Message, Question } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, edeText, type RRClass, type RRType, rcodeToText, TYPE, typeToText } from "../../src/wire/registry.ts";
import { toBase32Hex, toHex } from "./octets.ts";

export interface PlainRecord {
  readonly name: Name;
  readonly type: RRType;
  readonly class: RRClass;
  readonly ttl: number;
  readonly rdata: Uint8Array;
}

/** Octets before the names in the RDATA, and how many names. RFC 4034 §6.2. */
const namesIn: ReadonlyMap<RRType, readonly [number, number]> = new Map<RRType, readonly [number, number]>([
  ...[TYPE.NS, TYPE.MD, TYPE.MF, TYPE.CNAME, TYPE.MB, TYPE.MG, TYPE.MR, TYPE.PTR, TYPE.DNAME, TYPE.NSEC].map(
    (type): [RRType, readonly [number, number]] => [type, [0, 1]],
  ),
  ...[TYPE.SOA, TYPE.MINFO, TYPE.RP].map((type): [RRType, readonly [number, number]] => [type, [0, 2]]),
  ...[TYPE.MX, TYPE.AFSDB, TYPE.RT, TYPE.KX].map((type): [RRType, readonly [number, number]] => [type, [2, 1]]),
  [TYPE.PX, [2, 2]],
  [TYPE.SRV, [6, 1]],
  [TYPE.RRSIG, [18, 1]],
]);

/** Owner, type and RDATA with names in lower case; equal keys are equal records. */
export function recordKey(record: PlainRecord): string {
  return `${record.name.key} ${record.class} ${record.type} ${toHex(canonicalRdata(record.type, record.rdata))}`;
}

function canonicalRdata(type: RRType, rdata: Uint8Array): Uint8Array {
  const where = namesIn.get(type);
  if (where === undefined) return rdata;
  try {
    const reader = new Reader(rdata, where[0]);
    for (let i = 0; i < where[1]; i++) Name.readUncompressed(reader);
    const lower = rdata.slice();
    for (let at = where[0]; at < reader.offset; at++) if (lower[at]! >= 0x41 && lower[at]! <= 0x5a) lower[at]! += 32;
    return lower;
  } catch {
    return rdata;
  }
}

export function typeCovered(rdata: Uint8Array): RRType {
  return (rdata[0]! << 8) | rdata[1]!;
}

export function recordText(record: PlainRecord): string {
  const { name, type, ttl, rdata } = record;
  const rrClass = record.class === CLASS.IN ? "" : ` CLASS${record.class}`;
  return `${name} ${ttl}${rrClass} ${typeToText(type)} ${rdataText(type, rdata)}`;
}

function rdataText(type: RRType, rdata: Uint8Array): string {
  try {
    return readable(type, new Reader(rdata)) ?? `\\# ${rdata.length} ${shortHex(rdata)}`;
  } catch {
    return `\\# ${rdata.length} ${shortHex(rdata)} (malformed)`;
  }
}

function readable(type: RRType, reader: Reader): string | null {
  switch (type) {
    case TYPE.A:
      return [...reader.take(4)].join(".");
    case TYPE.NS:
    case TYPE.CNAME:
    case TYPE.DNAME:
    case TYPE.PTR:
      return Name.readUncompressed(reader).toString();
    case TYPE.MX:
      return `${reader.u16()} ${Name.readUncompressed(reader)}`;
    case TYPE.SOA:
      return `${Name.readUncompressed(reader)} ${Name.readUncompressed(reader)} ${[0, 0, 0, 0, 0].map(() => reader.u32()).join(" ")}`;
    case TYPE.NSEC:
      return `${Name.readUncompressed(reader)} ${bitmapText(reader)}`;
    case TYPE.NSEC3: {
      const fields = `${reader.u8()} ${reader.u8()} ${reader.u16()} ${toHex(reader.take(reader.u8())) || "-"}`;
      return `${fields} ${toBase32Hex(reader.take(reader.u8()))} ${bitmapText(reader)}`;
    }
    case TYPE.DS:
      return `${reader.u16()} ${reader.u8()} ${reader.u8()} ${shortHex(reader.rest())}`;
    case TYPE.DNSKEY:
      return `${reader.u16()} ${reader.u8()} ${reader.u8()} ${shortHex(reader.rest())}`;
    case TYPE.RRSIG: {
      const start = `${typeToText(reader.u16())} ${reader.u8()} ${reader.u8()} ${reader.u32()}`;
      const dates = `${dateText(reader.u32())} ${dateText(reader.u32())} ${reader.u16()}`;
      return `${start} ${dates} ${Name.readUncompressed(reader)} ${shortHex(reader.rest())}`;
    }
    default:
      return null;
  }
}

function bitmapText(reader: Reader): string {
  const types: string[] = [];
  while (reader.remaining > 0) {
    const window = reader.u8();
    [...reader.take(reader.u8())].forEach((octet, at) => {
      for (let bit = 0; bit < 8; bit++) if (octet & (0x80 >> bit)) types.push(typeToText(window * 256 + at * 8 + bit));
    });
  }
  return types.join(" ");
}

const dateText = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(/[-:T]|\..*$/g, "");

function shortHex(octets: Uint8Array): string {
  const hex = toHex(octets);
  return hex.length <= 40 ? hex : `${hex.slice(0, 32)}…${hex.slice(-4)}`;
}

export function questionText(question: Question): string {
  return `${question.name} ${typeToText(question.type)}`;
}

export function flagsText(message: Message): string {
  const names = (["qr", "aa", "tc", "rd", "ra", "ad", "cd"] as const).filter((flag) => message[flag]);
  return [...names, ...(message.edns?.dnssecOk ? ["do"] : [])].join(" ");
}

/** Info codes of the extended errors. RFC 8914 §2. */
export function edeCodes(message: Message): number[] {
  return (message.edns?.options ?? [])
    .filter((option) => option.code === 15 && option.data.length >= 2)
    .map((option) => (option.data[0]! << 8) | option.data[1]!);
}

export function messageLines(message: Message): string[] {
  const ede = (message.edns?.options ?? [])
    .filter((option) => option.code === 15 && option.data.length >= 2)
    .map((option) => {
      const code = (option.data[0]! << 8) | option.data[1]!;
      return `  EDE ${code} ${edeText(code)}: ${Buffer.from(option.data.subarray(2)).toString("utf8")}`;
    });
  const sections = (["answer", "authority", "additional"] as const).flatMap((section) =>
    message[section].map((record) => `  ${section.slice(0, 4)} ${recordText(record)}`),
  );
  return [
    `${rcodeToText(message.rcode)} ${flagsText(message)} ${message.question.map(questionText).join(", ")}`,
    ...ede,
    ...sections,
  ];
}
