/** DNS messages. RFC 1035 §4, EDNS RFC 6891. */
import { Reader, WireError, Writer } from "./cursor.ts";
import { decodeOpt, type Edns, encodeOpt, optSize } from "./edns.ts";
import { Name, type NameKey } from "./name.ts";
import { hasCompressibleNames, rdataParts, readRdata } from "./rdata.ts";
import { type RRClass, type RRType, TYPE } from "./registry.ts";

export interface Question {
  readonly name: Name;
  readonly type: RRType;
  readonly class: RRClass;
}

export interface ResourceRecord {
  readonly name: Name;
  readonly type: RRType;
  readonly class: RRClass;
  /** Seconds, 0 to 2^31-1: a TTL with the top bit set is read as 2^31-1, to be capped by the cache (RFC 8767 §4). */
  readonly ttl: number;
  /** Uncompressed and well-formed for its type; letters as they came. */
  readonly rdata: Uint8Array;
}

/** The header's flags by their names in the RFCs. */
export interface Flags {
  readonly qr: boolean;
  readonly aa: boolean;
  readonly tc: boolean;
  readonly rd: boolean;
  readonly ra: boolean;
  readonly ad: boolean;
  readonly cd: boolean;
}

export interface Message extends Flags {
  readonly id: number;
  readonly opcode: number;
  /** All twelve bits: the header's four and EDNS's eight. */
  readonly rcode: number;
  readonly question: readonly Question[];
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  /** Without the OPT record. */
  readonly additional: readonly ResourceRecord[];
  readonly edns: Edns | null;
}

/** The header's twelve octets, nothing else looked at. */
export interface Header extends Flags {
  readonly id: number;
  readonly opcode: number;
  readonly rcode: number;
  readonly counts: readonly [question: number, answer: number, authority: number, additional: number];
}

export const HEADER_OCTETS = 12;
const MAX_TTL = 2 ** 31 - 1;
/** Names that enter the compression table, misses included; later ones are written as they are (CVE-2024-8508). */
const MAX_COMPRESSED_NAMES = 120;
const MAX_POINTER = 0x3fff;
/** The least octets of a question (root name, type, class) and of a record. */
const LEAST_QUESTION = 5;
const LEAST_RECORD = 11;

/** Null if there are less than twelve octets. */
export function peekHeader(octets: Uint8Array): Header | null {
  if (octets.length < HEADER_OCTETS) return null;
  const word = (at: number): number => (octets[at]! << 8) | octets[at + 1]!;
  const flags = word(2);
  return {
    id: word(0),
    qr: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 15,
    aa: (flags & 0x0400) !== 0,
    tc: (flags & 0x0200) !== 0,
    rd: (flags & 0x0100) !== 0,
    ra: (flags & 0x0080) !== 0,
    ad: (flags & 0x0020) !== 0,
    cd: (flags & 0x0010) !== 0,
    rcode: flags & 15,
    counts: [word(4), word(6), word(8), word(10)],
  };
}

/** A whole message; octets behind it are ignored. Nothing in the result points into `octets`. Throws WireError. */
export function decodeMessage(octets: Uint8Array): Message {
  const header = peekHeader(octets);
  if (header === null) throw new WireError(`${octets.length} octets are no header`, 0);
  const { counts, rcode: rcodeLow, ...flags } = header;
  const [questions, answers, authorities, additionals] = counts;
  const least = questions * LEAST_QUESTION + (answers + authorities + additionals) * LEAST_RECORD;
  const reader = new Reader(octets, HEADER_OCTETS);
  if (least > reader.remaining) reader.fail(`counts promise at least ${least} octets, ${reader.remaining} left`);
  const question: Question[] = [];
  for (let i = 0; i < questions; i++) question.push(readQuestion(reader));
  const opt: Opt = { edns: null, rcodeHigh: 0 };
  const answer = readSection(reader, answers, null);
  const authority = readSection(reader, authorities, null);
  const additional = readSection(reader, additionals, opt);
  return { ...flags, rcode: (opt.rcodeHigh << 4) | rcodeLow, question, answer, authority, additional, edns: opt.edns };
}

export function readQuestion(reader: Reader): Question {
  return { name: Name.read(reader), type: reader.u16(), class: reader.u16() };
}

interface Opt {
  edns: Edns | null;
  rcodeHigh: number;
}

/** `opt` is null where no OPT record may stand. RFC 6891 §6.1.1. */
function readSection(reader: Reader, count: number, opt: Opt | null): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  let previous: Name | null = null;
  let previousAt = -1;
  for (let i = 0; i < count; i++) {
    const start = reader.offset;
    // Records of one RRset usually point to the same place: the name need not be read, nor its key be made, again.
    const pointer: number = start + 1 < reader.end ? (reader.octets[start]! << 8) | reader.octets[start + 1]! : -1;
    let name: Name;
    if (previous !== null && pointer === previousAt) {
      name = previous;
      reader.offset += 2;
    } else {
      name = Name.read(reader);
      previous = name;
      previousAt = pointer >= 0xc000 ? pointer : start <= MAX_POINTER ? 0xc000 | start : -1;
    }
    const type = reader.u16();
    const rrClass = reader.u16();
    const ttl = reader.u32();
    const length = reader.u16();
    if (type === TYPE.OPT) {
      if (opt === null || opt.edns !== null)
        reader.fail(opt === null ? "OPT record outside the additional section" : "two OPT records");
      if (!name.isRoot) reader.fail("OPT record with a name");
      if (length > reader.remaining) reader.fail(`RDLENGTH ${length}, ${reader.remaining} octets left`);
      Object.assign(opt, decodeOpt(rrClass, ttl, new Reader(reader.octets, reader.offset, reader.offset + length)));
      reader.offset += length;
      continue;
    }
    records.push({ name, type, class: rrClass, ttl: Math.min(ttl, MAX_TTL), rdata: readRdata(type, reader, length) });
  }
  return records;
}

/** A query as we send it. `edns` null: no OPT record; DO is set otherwise. */
export function encodeQuery(query: {
  readonly id: number;
  readonly question: Question;
  readonly rd: boolean;
  readonly cd: boolean;
  readonly edns: { readonly udpSize: number; readonly options: Edns["options"] } | null;
}): Uint8Array {
  const { id, question, rd, cd, edns } = query;
  const writer = new Writer(65535, 128);
  writer.u16(id);
  writer.u16((rd ? 0x0100 : 0) | (cd ? 0x0010 : 0));
  writer.u16(1);
  writer.u32(0);
  writer.u16(edns === null ? 0 : 1);
  writer.bytes(question.name.wire);
  writer.u16(question.type);
  writer.u16(question.class);
  if (edns !== null) encodeOpt(writer, { version: 0, dnssecOk: true, compactOk: false, ...edns }, 0);
  return writer.finish();
}

/**
 * A message of at most `maxSize` octets. What does not fit is left out by whole RRsets with their signatures: additional
 * records silently, others with TC set (RFC 2181 §9). The question and the OPT record always stay.
 */
export function encodeMessage(message: Message, { maxSize = 65535 }: { readonly maxSize?: number } = {}): Uint8Array {
  const writer = new Writer(65535, Math.min(maxSize, 1232));
  const names = new NameWriter(writer);
  writer.u16(message.id);
  writer.u16(flagWord(message));
  writer.u16(message.question.length);
  writer.u32(0);
  writer.u16(0);
  for (const question of message.question) {
    names.write(question.name);
    writer.u16(question.type);
    writer.u16(question.class);
  }
  const room = maxSize - (message.edns === null ? 0 : optSize(message.edns));
  const sections = [message.answer, message.authority, message.additional] as const;
  let truncated = false;
  for (const [i, records] of sections.entries()) {
    if (truncated) break;
    const written = writeSection(writer, names, records, room);
    writer.patchU16(6 + 2 * i, written);
    truncated = written < records.length && i < 2;
    if (written < records.length) break;
  }
  if (truncated) writer.patchU16(2, flagWord(message) | 0x0200);
  if (message.edns !== null) {
    encodeOpt(writer, message.edns, message.rcode);
    writer.patchU16(10, ((writer.octets[10]! << 8) | writer.octets[11]!) + 1);
  }
  return writer.finish();
}

function flagWord(message: Message): number {
  const bit = (flag: boolean, value: number): number => (flag ? value : 0);
  return (
    bit(message.qr, 0x8000) |
    ((message.opcode & 15) << 11) |
    bit(message.aa, 0x0400) |
    bit(message.tc, 0x0200) |
    bit(message.rd, 0x0100) |
    bit(message.ra, 0x0080) |
    bit(message.ad, 0x0020) |
    bit(message.cd, 0x0010) |
    (message.rcode & 15)
  );
}

/** Records written; whole RRsets only, an RRset and the RRSIGs right behind it counting as one. */
function writeSection(writer: Writer, names: NameWriter, records: readonly ResourceRecord[], room: number): number {
  let written = 0;
  while (written < records.length) {
    const start = writer.offset;
    let end = written;
    do {
      writeRecord(writer, names, records[end]!);
      if (writer.offset > room) {
        writer.offset = start;
        names.forgetFrom(start);
        return written;
      }
      end += 1;
    } while (end < records.length && belongTogether(records[written]!, records[end]!));
    written = end;
  }
  return written;
}

function belongTogether(first: ResourceRecord, next: ResourceRecord): boolean {
  if (!first.name.equals(next.name)) return false;
  if (next.type === first.type) return true;
  return next.type === TYPE.RRSIG && ((next.rdata[0]! << 8) | next.rdata[1]!) === first.type;
}

function writeRecord(writer: Writer, names: NameWriter, record: ResourceRecord): void {
  names.write(record.name);
  writer.u16(record.type);
  writer.u16(record.class);
  writer.u32(record.ttl);
  const lengthAt = writer.offset;
  writer.u16(0);
  if (hasCompressibleNames(record.type)) {
    rdataParts(
      record.type,
      record.rdata,
      (name) => names.write(name),
      (octets) => writer.bytes(octets),
    );
  } else {
    writer.bytes(record.rdata);
  }
  writer.patchU16(lengthAt, writer.offset - lengthAt - 2);
}

/** Compression: each name's suffixes are remembered by where they stand. RFC 1035 §4.1.4. */
class NameWriter {
  readonly #writer: Writer;
  readonly #offsets = new Map<NameKey, number>();
  #names = 0;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  write(name: Name): void {
    const writer = this.#writer;
    if (this.#names >= MAX_COMPRESSED_NAMES) {
      writer.bytes(name.wire);
      return;
    }
    this.#names += 1;
    let suffix = name;
    let at = 0;
    while (suffix.labelCount > 0) {
      const known = this.#offsets.get(suffix.key);
      if (known !== undefined) {
        writer.bytes(name.wire.subarray(0, at));
        writer.u16(0xc000 | known);
        return;
      }
      if (writer.offset + at <= MAX_POINTER) this.#offsets.set(suffix.key, writer.offset + at);
      at += name.wire[at]! + 1;
      suffix = suffix.parent()!;
    }
    writer.bytes(name.wire);
  }

  /** What stood there was taken back. */
  forgetFrom(offset: number): void {
    for (const [key, at] of this.#offsets) if (at >= offset) this.#offsets.delete(key);
  }
}
