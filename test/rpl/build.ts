/** Messages as octets, from entries: built by hand and without compression, so that faults of a template reach our decoder. */
import type { Question } from "../../src/wire/message.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { Octets } from "./octets.ts";
import type { Entry, HeaderFlag, TemplateEdns, TemplateQuestion, TemplateRecord } from "./scenario.ts";

export interface Parts {
  readonly id: number;
  readonly opcode: number;
  readonly rcode: number;
  readonly flags: ReadonlySet<HeaderFlag>;
  readonly question: readonly TemplateQuestion[];
  readonly answer: readonly TemplateRecord[];
  readonly authority: readonly TemplateRecord[];
  readonly additional: readonly TemplateRecord[];
  readonly edns: (TemplateEdns & { readonly udpSize: number }) | null;
}

const flagBits: Readonly<Record<HeaderFlag, number>> = {
  QR: 0x8000,
  AA: 0x0400,
  TC: 0x0200,
  RD: 0x0100,
  RA: 0x0080,
  AD: 0x0020,
  CD: 0x0010,
};
const DNSSEC_OK = 0x8000;
const COMPACT_OK = 0x4000;

export function buildMessage(parts: Parts): Uint8Array {
  const { question, answer, authority, additional, edns } = parts;
  let word = (parts.opcode << 11) | (parts.rcode & 15);
  for (const flag of parts.flags) word |= flagBits[flag];
  const out = new Octets().u16(parts.id).u16(word);
  out.u16(question.length).u16(answer.length).u16(authority.length);
  out.u16(additional.length + (edns === null ? 0 : 1));
  for (const { name, type, class: rrClass } of question) out.name(name).u16(type).u16(rrClass);
  for (const record of [...answer, ...authority, ...additional]) {
    out.name(record.name).u16(record.type).u16(record.class).u32(record.ttl);
    out.u16(record.rdata.length).bytes(record.rdata);
  }
  if (edns !== null) {
    const flags = (edns.dnssecOk ? DNSSEC_OK : 0) | (edns.compactOk ? COMPACT_OK : 0);
    out
      .u8(0)
      .u16(TYPE.OPT)
      .u16(edns.udpSize)
      .u8(parts.rcode >> 4)
      .u8(0)
      .u16(flags);
    out.u16(edns.options.length).bytes(edns.options);
  }
  return out.finish();
}

/** What a client sends. testbound: OPT only if written, 1232 octets; Deckard: always, 4096. FORMAT.md §2. */
export function clientQuery(entry: Entry, dialect: "testbound" | "deckard"): Uint8Array {
  if (entry.octets !== null) return entry.octets;
  const edns =
    entry.edns ?? (dialect === "deckard" ? { dnssecOk: false, compactOk: false, options: new Uint8Array() } : null);
  return buildMessage({
    id: 0,
    opcode: entry.opcode,
    rcode: entry.rcode,
    flags: entry.flags,
    question: entry.question,
    answer: entry.answer,
    authority: entry.authority,
    additional: entry.additional,
    edns: edns === null ? null : { ...edns, udpSize: dialect === "deckard" ? 4096 : 1232 },
  });
}

/** How an upstream question travels: needed to compare an answer with it, as the real network code does. */
export function upstreamQuery(question: Question, id: number): Uint8Array {
  return new Octets()
    .u16(id)
    .u16(0)
    .u16(1)
    .u16(0)
    .u16(0)
    .u16(0)
    .name(question.name)
    .u16(question.type)
    .u16(question.class)
    .finish();
}
