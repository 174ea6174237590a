/** ENTRY_BEGIN to ENTRY_END. FORMAT.md §2. */
import { Reader } from "../../src/wire/cursor.ts";
import { Name } from "../../src/wire/name.ts";
import { OPCODE, RCODE } from "../../src/wire/registry.ts";
import type { Lines } from "./lines.ts";
import { fromHex } from "./octets.ts";
import { questionFromLine, recordFromLine } from "./records.ts";
import type { Entry, HeaderFlag, Match, TemplateQuestion, TemplateRecord } from "./scenario.ts";

const headerFlags: ReadonlySet<string> = new Set<HeaderFlag>(["QR", "AA", "TC", "RD", "RA", "AD", "CD"]);

const matchWords: ReadonlySet<string> = new Set([
  ...["opcode", "qname", "qtype", "qcase", "question", "subdomain", "rcode", "flags", "answer", "authority"],
  ...["additional", "all", "all_noedns", "ttl", "do", "co", "noedns", "ednsdata", "client_cookie", "server_cookie"],
  ...["udp", "tcp", "edns", "nsid"],
]);

const adjustWords: ReadonlySet<string> = new Set([
  ...["copy_id", "copy_query", "raw_id", "do_not_answer", "copy_ednsdata_assume_clientsubnet", "increment_ecs_scope"],
]);

const rcodes: Readonly<Record<string, number>> = { ...RCODE, NOTIMPL: RCODE.NOTIMP };

/** The entry whose ENTRY_BEGIN comes next. */
export function parseEntry(lines: Lines): Entry {
  const opening = lines.meaningful("ENTRY_BEGIN");
  if (!opening.startsWith("ENTRY_BEGIN")) lines.fail(`ENTRY_BEGIN expected, not "${opening}"`);
  return entryAfterBegin(lines);
}

export function entryAfterBegin(lines: Lines): Entry {
  const draft = new Draft(lines.line);
  for (;;) {
    const line = lines.meaningful("ENTRY_END");
    if (line.startsWith("ENTRY_END")) return draft.finish();
    lines.here(() => readLine(line, draft, lines));
  }
}

class Draft {
  readonly line: number;
  readonly words = new Set<string>();
  ede: Match["ede"] = null;
  serial: number | null = null;
  readonly adjust = new Set<string>();
  headerGiven = false;
  opcode: number = OPCODE.QUERY;
  rcode: number = RCODE.NOERROR;
  readonly flags = new Set<HeaderFlag>();
  dnssecOk = false;
  compactOk = false;
  options: Uint8Array | null = null;
  section: "question" | "answer" | "authority" | "additional" = "question";
  readonly question: TemplateQuestion[] = [];
  readonly records = {
    answer: [] as TemplateRecord[],
    authority: [] as TemplateRecord[],
    additional: [] as TemplateRecord[],
  };
  octets: Uint8Array | null = null;
  mandatory = false;

  constructor(line: number) {
    this.line = line;
  }

  finish(): Entry {
    const { line, adjust, headerGiven, opcode, rcode, flags, question, octets, mandatory } = this;
    const { dnssecOk, compactOk } = this;
    const withEdns = dnssecOk || compactOk || this.options !== null;
    return {
      line,
      match: { words: this.words, ede: this.ede, serial: this.serial },
      adjust,
      headerGiven,
      opcode,
      rcode,
      flags,
      edns: withEdns ? { dnssecOk, compactOk, options: this.options ?? new Uint8Array() } : null,
      question: octets === null || question.length > 0 ? question : questionOf(octets),
      ...this.records,
      octets,
      mandatory,
    };
  }
}

function readLine(line: string, draft: Draft, lines: Lines): void {
  const [keyword = "", ...rest] = line.split(/\s+/);
  const words = wordsBeforeComment(rest);
  switch (keyword) {
    case "MATCH":
      for (const word of words) readMatch(word.toLowerCase(), draft);
      return;
    case "ADJUST":
      for (const word of words) readAdjust(word.toLowerCase(), draft);
      return;
    case "REPLY":
    case "FLAGS":
      draft.headerGiven = true;
      for (const word of words) readHeader(word.toUpperCase(), draft);
      return;
    case "SECTION":
      draft.section = sectionNamed(words[0] ?? "");
      return;
    case "HEX_EDNSDATA_BEGIN":
      draft.options = fromHex(hexOf(lines.until("HEX_EDNSDATA_END")));
      return;
    case "HEX_ANSWER_BEGIN":
      draft.octets = fromHex(hexOf(lines.until("HEX_ANSWER_END")));
      return;
    case "RAW":
      draft.octets = fromHex(lines.meaningful("the octets of RAW"));
      return;
    case "MANDATORY":
      draft.mandatory = true;
      return;
    case "EXTRA_PACKET":
    case "TSIG":
      throw new RangeError(`${keyword} is for zone transfers, which a resolver does not ask for`);
    default:
      if (draft.section === "question") draft.question.push(questionFromLine(line));
      else draft.records[draft.section].push(recordFromLine(line, lines.line));
  }
}

function readMatch(word: string, draft: Draft): void {
  const [key = "", value] = word.split("=");
  if (key === "ede") draft.ede = value === "any" ? "any" : numberIn(word, value);
  else if (key === "serial") draft.serial = numberIn(word, value);
  else if (matchWords.has(word)) draft.words.add(word);
  else throw new RangeError(`MATCH has no word "${word}"`);
}

function readAdjust(word: string, draft: Draft): void {
  if (adjustWords.has(word)) draft.adjust.add(word);
  // real delays are another program's affair: time here is scripted
  else if (!/^(packet_)?sleep=\d+$/.test(word)) throw new RangeError(`ADJUST has no word "${word}"`);
}

function readHeader(word: string, draft: Draft): void {
  if (headerFlags.has(word)) draft.flags.add(word as HeaderFlag);
  else if (word === "DO") draft.dnssecOk = true;
  else if (word === "CO") draft.compactOk = true;
  else if (Object.hasOwn(OPCODE, word)) draft.opcode = OPCODE[word as keyof typeof OPCODE];
  else if (Object.hasOwn(rcodes, word)) draft.rcode = rcodes[word]!;
  else throw new RangeError(`REPLY has no word "${word}"`);
}

function sectionNamed(word: string): Draft["section"] {
  switch (word.toUpperCase()) {
    case "QUESTION":
      return "question";
    case "ANSWER":
      return "answer";
    case "AUTHORITY":
      return "authority";
    case "ADDITIONAL":
      return "additional";
    default:
      throw new RangeError(`there is no section "${word}"`);
  }
}

function numberIn(word: string, value: string | undefined): number {
  if (value === undefined || !/^\d+$/.test(value)) throw new RangeError(`"${word}" needs a number`);
  return Number(value);
}

function wordsBeforeComment(words: readonly string[]): string[] {
  const end = words.findIndex((word) => word.startsWith(";") || word.startsWith("#"));
  return (end < 0 ? words : words.slice(0, end)).filter((word) => word !== "");
}

function hexOf(lines: readonly string[]): string {
  return lines.map((line) => line.replace(/[;#].*$/, "").replace(/\s+/g, "")).join("");
}

/** The question that stands in given octets, to match by; none if it cannot be read. */
function questionOf(octets: Uint8Array): TemplateQuestion[] {
  try {
    const reader = new Reader(octets, 12);
    return octets.length > 16 && octets[5] === 1
      ? [{ name: Name.read(reader), type: reader.u16(), class: reader.u16() }]
      : [];
  } catch {
    return [];
  }
}
