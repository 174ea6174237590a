/** Presentation form of zones, hints and anchors. RFC 1035 §5, RFC 2308 §4 ($TTL), RFC 3597 §5. No $INCLUDE, no $GENERATE. */
import type { ResourceRecord } from "./message.ts";
import { Name } from "./name.ts";
import { rdataFromText, rdataToText } from "./rdata.ts";
import { CLASS, classFromText, classToText, typeFromText, typeToText } from "./registry.ts";
import { nameFromText, TextError, type Token, Tokens, tokensOf, ttlFromText } from "./text.ts";

export class ZoneFileError extends Error {
  override readonly name = "ZoneFileError";
  readonly source: string;
  readonly line: number;
  readonly reason: string;

  constructor(source: string, line: number, reason: string) {
    super(`${source}:${line}: ${reason}`);
    this.source = source;
    this.line = line;
    this.reason = reason;
  }
}

export interface ZoneFileOptions {
  readonly origin?: Name;
  /** Seconds, for records before any $TTL and without a TTL of their own. */
  readonly defaultTtl?: number;
  /** For error messages: the file's name. */
  readonly source?: string;
  /** Hears of each record on which line it began, for those who judge more than its form. */
  readonly onRecord?: (record: ResourceRecord, line: number) => void;
}

interface Entry {
  readonly line: number;
  readonly tokens: readonly Token[];
  /** The line began with white space: the owner is the previous one's. */
  readonly indented: boolean;
}

/** All records, in order. Throws ZoneFileError that names source, line and reason. */
export function parseZone(text: string, options: ZoneFileOptions = {}): ResourceRecord[] {
  const source = options.source ?? "zone";
  const records: ResourceRecord[] = [];
  let origin = options.origin ?? Name.root;
  let ttl = options.defaultTtl ?? null;
  let owner: Name | null = null;
  for (const entry of entriesOf(text, source)) {
    try {
      const directive = entry.indented ? "" : entry.tokens[0]!.text.toUpperCase();
      if (directive === "$ORIGIN") origin = nameFromText(entry.tokens[1]?.text ?? "", origin);
      else if (directive === "$TTL")
        ttl = ttlFromText(entry.tokens[1]?.text ?? "") ?? refuse(`"${entry.tokens[1]?.text ?? ""}" is no TTL`);
      else if (directive.startsWith("$")) refuse(`${directive} is not supported`);
      else {
        const record: ResourceRecord = parseRecord(entry, { origin, owner, ttl: ttl ?? records.at(-1)?.ttl ?? 3600 });
        owner = record.name;
        records.push(record);
        options.onRecord?.(record, entry.line);
      }
    } catch (error) {
      if (error instanceof TextError) throw new ZoneFileError(source, entry.line, error.message);
      throw error;
    }
  }
  return records;
}

/** One line of a zone file, names absolute. */
export function recordToText(record: ResourceRecord): string {
  return `${record.name} ${record.ttl} ${classToText(record.class)} ${typeToText(record.type)} ${rdataToText(record.type, record.rdata)}`;
}

function parseRecord(
  entry: Entry,
  given: { readonly origin: Name; readonly owner: Name | null; readonly ttl: number },
): ResourceRecord {
  let at = 0;
  let name = given.owner;
  if (!entry.indented) name = nameFromText(entry.tokens[at++]!.text, given.origin);
  if (name === null) refuse("the first record has no owner");
  let { ttl } = given;
  let rrClass: number = CLASS.IN;
  // TTL and class, in either order, both optional.
  for (let i = 0; i < 2; i++) {
    const text = entry.tokens[at]?.text ?? "";
    const number = /^\d/.test(text) ? ttlFromText(text) : null;
    const named = classFromText(text);
    if (number !== null) ttl = number;
    else if (named !== null && text.toUpperCase() !== "ANY") rrClass = named;
    else break;
    at += 1;
  }
  const typeText = entry.tokens[at]?.text ?? refuse("the type is missing");
  const type = typeFromText(typeText) ?? refuse(`"${typeText}" is no RR type`);
  const rdata = rdataFromText(type, new Tokens(entry.tokens.slice(at + 1), given.origin));
  return { name, type, class: rrClass, ttl: Math.min(ttl, 2 ** 31 - 1), rdata };
}

function refuse(reason: string): never {
  throw new TextError(reason);
}

/** Lines joined by parentheses, comments taken away, quotes kept together. */
function* entriesOf(text: string, source: string): Iterable<Entry> {
  let tokens: Token[] = [];
  let start = 1;
  let indented = false;
  let depth = 0;
  let line = 0;
  for (const content of text.split(/\r?\n/)) {
    line += 1;
    if (depth === 0) {
      start = line;
      indented = /^[ \t]/.test(content);
    }
    try {
      for (const token of tokensOf(content)) {
        if (token === "(") depth += 1;
        else if (token === ")") depth -= 1;
        else tokens.push(token);
        if (depth < 0) refuse("a closing parenthesis too many");
      }
    } catch (error) {
      if (error instanceof TextError) throw new ZoneFileError(source, line, error.message);
      throw error;
    }
    if (depth > 0) continue;
    if (tokens.length > 0) yield { line: start, tokens, indented };
    tokens = [];
  }
  if (depth > 0) throw new ZoneFileError(source, start, "a parenthesis is never closed");
}
