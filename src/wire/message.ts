/** DNS messages. RFC 1035 §4, EDNS RFC 6891. */
import { Reader, WireError, Writer } from "./cursor.ts";
import { decodeOpt, type Edns, encodeOpt, optSize } from "./edns.ts";
import { Name } from "./name.ts";
import { hasCompressibleNames, rdataParts, readRdata } from "./rdata.ts";
import { RCODE, type RRClass, type RRType, TYPE } from "./registry.ts";

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
const MAX_MESSAGE = 65535;
/** A record is written before it is known whether it fits: its owner, its fixed fields and its RDATA may go beyond. */
const MAX_WRITTEN = 2 * MAX_MESSAGE + 512;
const MAX_TTL = 2 ** 31 - 1;
/** Names that enter the compression table; of later ones only repetitions are sought, at one look each (CVE-2024-8508). */
const MAX_COMPRESSED_NAMES = 120;
const MAX_POINTER = 0x3fff;
/** The least octets of a question (root name, type, class) and of a record. */
const LEAST_QUESTION = 5;
const LEAST_RECORD = 11;

/** Null if there are less than twelve octets. */
export function peekHeader(octets: Uint8Array): Header | null {
  if (octets.length < HEADER_OCTETS) return null;
  const flags = word(octets, 2);
  return {
    id: word(octets, 0),
    qr: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 15,
    aa: (flags & 0x0400) !== 0,
    tc: (flags & 0x0200) !== 0,
    rd: (flags & 0x0100) !== 0,
    ra: (flags & 0x0080) !== 0,
    ad: (flags & 0x0020) !== 0,
    cd: (flags & 0x0010) !== 0,
    rcode: flags & 15,
    counts: [word(octets, 4), word(octets, 6), word(octets, 8), word(octets, 10)],
  };
}

const word = (octets: Uint8Array, at: number): number => (octets[at]! << 8) | octets[at + 1]!;

/** A whole message; octets behind it are ignored. Nothing in the result points into `octets`. Throws WireError. */
export function decodeMessage(octets: Uint8Array): Message {
  if (octets.length < HEADER_OCTETS) throw new WireError(`${octets.length} octets are no header`, 0);
  const flags = word(octets, 2);
  const questions = word(octets, 4);
  const answers = word(octets, 6);
  const authorities = word(octets, 8);
  const additionals = word(octets, 10);
  const least = questions * LEAST_QUESTION + (answers + authorities + additionals) * LEAST_RECORD;
  const reader = readerOf(octets);
  if (least > reader.remaining) reader.fail(`counts promise at least ${least} octets, ${reader.remaining} left`);
  const question: Question[] = [];
  for (let i = 0; i < questions; i++) question.push(readQuestion(reader));
  const opt: Opt = { edns: null, rcodeHigh: 0 };
  const owners: Owners = { name: question[0]?.name ?? null, pointer: 0xc000 | HEADER_OCTETS };
  const answer = readSection(reader, answers, owners, null);
  const authority = readSection(reader, authorities, owners, null);
  const additional = readSection(reader, additionals, owners, opt);
  return {
    id: word(octets, 0),
    qr: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 15,
    aa: (flags & 0x0400) !== 0,
    tc: (flags & 0x0200) !== 0,
    rd: (flags & 0x0100) !== 0,
    ra: (flags & 0x0080) !== 0,
    ad: (flags & 0x0020) !== 0,
    cd: (flags & 0x0010) !== 0,
    rcode: (opt.rcodeHigh << 4) | (flags & 15),
    question,
    answer,
    authority,
    additional,
    edns: opt.edns,
  };
}

/** Messages up to this are copied once, and long RDATA are views of the copy; larger ones must not be kept alive by a few. */
const MAX_COPIED = 4096;

function readerOf(octets: Uint8Array): Reader {
  if (octets.length > MAX_COPIED) {
    const reader = new Reader(octets, HEADER_OCTETS);
    reader.names = new Map();
    return reader;
  }
  return new Reader(new Uint8Array(octets), HEADER_OCTETS, octets.length, true);
}

function readQuestion(reader: Reader): Question {
  return { name: Name.read(reader), type: reader.u16(), class: reader.u16() };
}

interface Opt {
  edns: Edns | null;
  rcodeHigh: number;
}

/**
 * The last owner, and the pointer that would repeat it: most records have the question's name or that of the record
 * before, so it need not be read, nor its key be made, again.
 */
interface Owners {
  name: Name | null;
  pointer: number;
}

/** `opt` is null where no OPT record may stand. RFC 6891 §6.1.1. */
function readSection(reader: Reader, count: number, owners: Owners, opt: Opt | null): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  for (let i = 0; i < count; i++) {
    const name = readOwner(reader, owners);
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

function readOwner(reader: Reader, owners: Owners): Name {
  const start = reader.offset;
  const first = start + 1 < reader.end ? word(reader.octets, start) : 0;
  if (first === owners.pointer && owners.name !== null) {
    reader.offset = start + 2;
    return owners.name;
  }
  const name = Name.read(reader);
  owners.name = name;
  owners.pointer = first >= 0xc000 ? first : start <= MAX_POINTER ? 0xc000 | start : -1;
  return name;
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
 * records silently, others with TC set (RFC 2181 §9). The question and the OPT record always stay, and if these two alone
 * are larger, so is the message.
 */
export function encodeMessage(
  message: Message,
  { maxSize = MAX_MESSAGE }: { readonly maxSize?: number } = {},
): Uint8Array {
  const writer = new Writer(MAX_WRITTEN, Math.min(maxSize, 1232));
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
  const room = Math.min(maxSize, MAX_MESSAGE) - (message.edns === null ? 0 : optSize(message.edns));
  const sections = [message.answer, message.authority, message.additional] as const;
  for (const [i, records] of sections.entries()) {
    const written = writeSection(writer, names, records, room);
    writer.patchU16(6 + 2 * i, written);
    if (written === records.length) continue;
    if (i < 2) writer.patchU16(2, flagWord(message) | 0x0200);
    break;
  }
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
    headerRcode(message)
  );
}

/** RFC 6891 §6.1.3: rcodes above 15 need an OPT record; the four lower bits alone would say something else. */
function headerRcode({ rcode, edns }: Message): number {
  return rcode > 15 && edns === null ? RCODE.SERVFAIL : rcode & 15;
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
        writer.offset = start; // and nothing more with names is written, so that no pointer leads behind it
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

/**
 * Compression: each name's suffixes are remembered by where they stand. RFC 1035 §4.1.4. Letters count, so that every
 * name is read back as it was written.
 */
class NameWriter {
  readonly #writer: Writer;
  readonly #offsets = new Map<string, number>();
  #entered = 0;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  write(name: Name): void {
    const { wire } = name;
    const writer = this.#writer;
    const text = textOf(wire);
    const depth = this.#entered < MAX_COMPRESSED_NAMES ? wire.length - 1 : 1;
    const start = writer.offset;
    let entered = false;
    for (let at = 0; at < depth; at += wire[at]! + 1) {
      const suffix = at === 0 ? text : text.slice(at);
      const known = this.#offsets.get(suffix);
      if (known !== undefined) {
        if (entered) this.#entered += 1;
        if (at > 0) writer.bytes(wire.subarray(0, at));
        writer.u16(0xc000 | known);
        return;
      }
      if (depth > 1 && start + at <= MAX_POINTER) {
        this.#offsets.set(suffix, start + at);
        entered = true;
      }
    }
    if (entered) this.#entered += 1;
    writer.bytes(wire);
  }
}

const textOf = (wire: Uint8Array): string => Buffer.from(wire.buffer, wire.byteOffset, wire.length).toString("latin1");
