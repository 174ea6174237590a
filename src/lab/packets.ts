/**
 * Messages of the lab's name servers, read and written by dns-packet. Two things it cannot carry: a name with a dot or
 * an octet above 127 inside a label, and a class it has no word for. A question's name that it would change is read with
 * our own `Name.read`; a reply with such an owner name is written with our own `encodeMessage`, whole. RDATA that it would
 * change goes through it as octets (foreign.ts). It never compresses, so our decompression is tested elsewhere.
 */
import * as dnsPacket from "dns-packet";
import { Reader, WireError } from "../wire/cursor.ts";
import type { EdnsOption } from "../wire/edns.ts";
import { encodeMessage, type Question, type ResourceRecord } from "../wire/message.ts";
import { Name } from "../wire/name.ts";
import { CLASS, TYPE } from "../wire/registry.ts";
import { foreignData, foreignName, foreignNameOctets, plain } from "./foreign.ts";
import type { LabRRset } from "./zone.ts";

export interface LabEdns {
  readonly version: number;
  readonly udpSize: number;
  readonly dnssecOk: boolean;
  readonly options: readonly EdnsOption[];
}

export interface LabQuery {
  readonly id: number;
  readonly opcode: number;
  readonly rd: boolean;
  readonly cd: boolean;
  readonly question: Question;
  readonly edns: LabEdns | null;
}

export interface LabReply {
  readonly id: number;
  readonly opcode: number;
  /** All twelve bits. */
  readonly rcode: number;
  readonly aa: boolean;
  readonly tc: boolean;
  readonly rd: boolean;
  readonly cd: boolean;
  /** Null where the question could not be read. */
  readonly question: Question | null;
  readonly answer: readonly LabRRset[];
  readonly authority: readonly LabRRset[];
  readonly additional: readonly LabRRset[];
  readonly edns: LabEdns | null;
  /** Without DO neither signatures nor DS nor denials are sent, unless they were asked for. RFC 4035 §3.1. */
  readonly dnssec: boolean;
}

/** Null: the octets hold no single question that anybody could answer. */
export function decodeQuery(octets: Uint8Array): LabQuery | null {
  const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  let packet: Decoded;
  try {
    packet = dnsPacket.decode(buffer) as unknown as Decoded;
  } catch {
    return null;
  }
  if (packet.flag_qr || packet.questions.length !== 1) return null;
  try {
    const opt = packet.additionals.find((record) => record.type === "OPT");
    return {
      id: packet.id,
      opcode: (buffer.readUInt16BE(2) >>> 11) & 15,
      rd: packet.flag_rd,
      cd: packet.flag_cd,
      question: questionFrom(buffer, packet.questions[0]!.name),
      edns: opt === undefined ? null : ednsFrom(opt),
    };
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** Octets of a reply, as long as it comes: the server truncates. */
export function encodeReply(reply: LabReply): Uint8Array {
  const question = reply.question === null ? [] : [reply.question];
  const sections = [reply.answer, reply.authority, reply.additional].map((rrsets) => recordsOf(rrsets, reply));
  const names = [...question.map((asked) => asked.name), ...sections.flat().map((record) => record.name)];
  const carried =
    names.every((name) => foreignName(name) !== null) && question.every((asked) => carriedClasses.has(asked.class));
  return carried ? encodeForeign(reply, sections) : encodeOwn(reply, sections);
}

interface Decoded {
  readonly id: number;
  readonly flag_qr: boolean;
  readonly flag_rd: boolean;
  readonly flag_cd: boolean;
  readonly questions: readonly { readonly name: string }[];
  readonly additionals: readonly DecodedOpt[];
}

interface DecodedOpt {
  readonly type: string;
  readonly udpPayloadSize: number;
  readonly ednsVersion: number;
  readonly flag_do: boolean;
  readonly options: readonly { readonly code: number; readonly data: Buffer }[];
}

/** Type and class stand behind the name; dns-packet has words for a few of them only. */
function questionFrom(octets: Buffer, text: string): Question {
  const written = foreignNameOctets(text);
  const reader = new Reader(plain(octets), 12);
  if (octets.subarray(12, 12 + written.length).equals(written)) {
    reader.offset = 12 + written.length;
    return { name: Name.readUncompressed(new Reader(written)), type: reader.u16(), class: reader.u16() };
  }
  return { name: Name.read(reader), type: reader.u16(), class: reader.u16() };
}

function ednsFrom(opt: DecodedOpt): LabEdns {
  return {
    version: opt.ednsVersion,
    udpSize: opt.udpPayloadSize,
    dnssecOk: opt.flag_do,
    options: opt.options.map(({ code, data }) => ({ code, data })),
  };
}

const classWords: ReadonlyMap<number, string> = new Map([
  [CLASS.IN, "IN"],
  [CLASS.CH, "CH"],
  [CLASS.HS, "HS"],
  [CLASS.ANY, "ANY"],
]);
const carriedClasses: ReadonlySet<number> = new Set(classWords.keys());

function recordsOf(rrsets: readonly LabRRset[], { dnssec, question }: LabReply): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  for (const { name, type, ttl, data, signatures } of rrsets) {
    const isProof = type === TYPE.NSEC || type === TYPE.NSEC3 || type === TYPE.DS;
    if (isProof && !dnssec && question?.type !== type && question?.type !== TYPE.ANY) continue;
    for (const rdata of data) records.push({ name, type, class: CLASS.IN, ttl, rdata });
    if (!dnssec) continue;
    for (const rdata of signatures) records.push({ name, type: TYPE.RRSIG, class: CLASS.IN, ttl, rdata });
  }
  return records;
}

function encodeForeign(reply: LabReply, [answer, authority, additional]: readonly ResourceRecord[][]): Uint8Array {
  const packet = {
    type: "response",
    id: reply.id,
    flags: flagsOf(reply),
    questions: reply.question === null ? [] : [foreignQuestion(reply.question)],
    answers: answer!.map(foreignRecord),
    authorities: authority!.map(foreignRecord),
    additionals: [...additional!.map(foreignRecord), ...foreignOpt(reply)],
  };
  return plain(dnsPacket.encode(packet as dnsPacket.Packet));
}

function flagsOf({ opcode, rcode, aa, tc, rd, cd }: LabReply): number {
  let flags = (opcode << 11) | (rcode & 15);
  if (aa) flags |= dnsPacket.AUTHORITATIVE_ANSWER;
  if (tc) flags |= dnsPacket.TRUNCATED_RESPONSE;
  if (rd) flags |= dnsPacket.RECURSION_DESIRED;
  if (cd) flags |= dnsPacket.CHECKING_DISABLED;
  return flags;
}

function foreignQuestion({ name, type, class: klass }: Question) {
  return { name: foreignName(name)!, type: `UNKNOWN_${type}`, class: classWords.get(klass)! };
}

function foreignRecord({ name, type, ttl, rdata }: ResourceRecord) {
  return { name: foreignName(name)!, ttl, class: "IN", ...foreignData(type, rdata) };
}

function foreignOpt({ edns, rcode }: LabReply) {
  if (edns === null) return [];
  return [
    {
      type: "OPT",
      name: ".",
      udpPayloadSize: edns.udpSize,
      extendedRcode: rcode >>> 4,
      ednsVersion: edns.version,
      flags: edns.dnssecOk ? dnsPacket.DNSSEC_OK : 0,
      options: edns.options.map(({ code, data }) => ({ code, data: Buffer.from(data) })),
    },
  ];
}

function encodeOwn(reply: LabReply, [answer, authority, additional]: readonly ResourceRecord[][]): Uint8Array {
  const { id, opcode, rcode, aa, tc, rd, cd, question } = reply;
  return encodeMessage({
    id,
    opcode,
    rcode,
    qr: true,
    aa,
    tc,
    rd,
    ra: false,
    ad: false,
    cd,
    question: question === null ? [] : [question],
    answer: answer!,
    authority: authority!,
    additional: additional!,
    edns: reply.edns === null ? null : { ...reply.edns, compactOk: false },
  });
}
