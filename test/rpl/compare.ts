/**
 * Does an answer fit what a scenario expects? THE place of what an independent resolver may do differently, each rule with
 * its reason. FORMAT.md §5.2.
 */
import type { Message, ResourceRecord } from "../../src/wire/message.ts";
import { OPTION, RCODE, type RRType, rcodeToText, TYPE, typeToText } from "../../src/wire/registry.ts";
import { toHex } from "./octets.ts";
import type { Dialect, Entry, TemplateRecord } from "./scenario.ts";
import { edeCodes, type PlainRecord, recordKey, recordText, typeCovered } from "./show.ts";

export interface Expectation {
  readonly dialect: Dialect;
  /** The client's query. */
  readonly query: Entry;
  readonly expected: Entry;
}

export interface Comparison {
  /** One readable sentence for each difference that matters; empty: it fits. */
  readonly differences: readonly string[];
  /** What differs and is tolerated, with the rule. */
  readonly notes: readonly string[];
  /** Denial records that are expected and not there: no fault if the answer proves itself without them. */
  readonly fewerDenials: readonly string[];
}

export function compareAnswer({ dialect, query, expected }: Expectation, actual: Message): Comparison {
  const differences: string[] = [];
  const notes: string[] = [];
  const fewerDenials: string[] = [];
  const checks = checksOf(expected, dialect);
  const dnssecOk = query.edns?.dnssecOk === true;
  const failed = expected.rcode === RCODE.SERVFAIL;

  if (!actual.qr) differences.push("QR is not set");
  if (checks.rcode) differences.push(...rcodeDifference(expected, actual));
  if (checks.flags) {
    differences.push(...flagDifferences(expected, actual, query));
    differences.push(...edeDifferences(expected, actual, notes));
  }
  if (checks.flags) differences.push(...optionDifferences(expected, actual));
  if (checks.question) differences.push(...questionDifferences(expected, actual));
  // A failure has no data to compare; some resolvers list what they found before it failed.
  if (failed || actual.rcode === RCODE.SERVFAIL) return { differences, notes, fewerDenials };
  if (checks.answer) differences.push(...answerDifferences(expected, actual, { dnssecOk, query, dialect }));
  if (checks.authority) differences.push(...authorityDifferences(expected, actual, { dnssecOk, fewerDenials }));
  if (checks.ttl) differences.push(...ttlDifferences(expected, actual));
  return { differences, notes, fewerDenials };
}

interface Checks {
  readonly rcode: boolean;
  readonly flags: boolean;
  readonly question: boolean;
  readonly answer: boolean;
  readonly authority: boolean;
  readonly ttl: boolean;
}

function checksOf(expected: Entry, dialect: Dialect): Checks {
  const { words, ede } = expected.match;
  const named = (...some: readonly string[]): boolean => some.some((word) => words.has(word));
  const all = named("all", "all_noedns");
  // An entry without MATCH fits everything (FORMAT.md §2.1); if it states an answer's header, its rcode is meant (§5.2).
  const stated = words.size === 0 && ede === null && expected.flags.has("QR");
  return {
    rcode: all || stated || named("rcode"),
    flags: all || named("flags"),
    question: all || named("question", "qname", "qtype"),
    answer: all || named("answer"),
    // Deckard's `all` includes it; NS and addresses are left out there as everywhere
    authority: all || named("authority"),
    ttl: dialect === "testbound" && named("ttl"),
  };
}

/** BADCOOKIE (23) is written as its low four bits, YXRRSET. FORMAT.md §2. */
function rcodeDifference(expected: Entry, actual: Message): string[] {
  const same =
    actual.rcode === expected.rcode || (expected.rcode === RCODE.YXRRSET && (actual.rcode & 15) === expected.rcode);
  return same ? [] : [`rcode ${rcodeToText(actual.rcode)}, expected ${rcodeToText(expected.rcode)}`];
}

function flagDifferences(expected: Entry, actual: Message, query: Entry): string[] {
  const differences: string[] = [];
  const compare = (flag: "AD" | "CD", is: boolean): void => {
    if (is !== expected.flags.has(flag))
      differences.push(`${flag} is ${is ? "set" : "clear"}, expected ${is ? "clear" : "set"}`);
  };
  // AA, TC and RA tell of Unbound's local zones, of packet sizes and of its access rules: they are not compared.
  if (!query.flags.has("CD")) compare("AD", actual.ad);
  compare("CD", actual.cd);
  return differences;
}

/** Codes are advisory (RFC 8914 §3: "not required to match"); but a bogus answer without any reason is a fault. */
function edeDifferences(expected: Entry, actual: Message, notes: string[]): string[] {
  const { ede } = expected.match;
  if (ede === null) return [];
  const codes = edeCodes(actual);
  if (codes.length === 0)
    return expected.rcode === RCODE.SERVFAIL && actual.rcode === RCODE.SERVFAIL && actual.edns !== null
      ? [`SERVFAIL without an extended error, expected ${ede === "any" ? "one" : `EDE ${ede}`}`]
      : [];
  if (ede !== "any" && !codes.includes(ede)) notes.push(`EDE ${codes.join(", ")} instead of ${ede} (advisory)`);
  return [];
}

/** NSID and cookies, where the file states them or asks for a server cookie. Each must be there once. */
function optionDifferences(expected: Entry, actual: Message): string[] {
  const differences: string[] = [];
  const got = (code: number): Uint8Array[] =>
    (actual.edns?.options ?? []).filter((option) => option.code === code).map((option) => option.data);
  for (const { code, data } of optionsIn(expected.edns?.options ?? new Uint8Array())) {
    if (code !== OPTION.NSID && code !== OPTION.COOKIE) continue;
    const found = got(code).map(toHex);
    if (found.length !== 1 || found[0] !== toHex(data))
      differences.push(`EDNS option ${code} is [${found.join(", ")}], expected ${toHex(data)} once`);
  }
  if (expected.match.words.has("server_cookie") && !got(OPTION.COOKIE).some((data) => data.length >= 16))
    differences.push("no server cookie came");
  return differences;
}

function optionsIn(octets: Uint8Array): { readonly code: number; readonly data: Uint8Array }[] {
  const options: { readonly code: number; readonly data: Uint8Array }[] = [];
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  for (let at = 0; at + 4 <= octets.length; ) {
    const end = at + 4 + view.getUint16(at + 2);
    options.push({ code: view.getUint16(at), data: octets.subarray(at + 4, end) });
    at = end;
  }
  return options;
}

function questionDifferences(expected: Entry, actual: Message): string[] {
  const [wanted] = expected.question;
  const [got] = actual.question;
  if (wanted === undefined) return [];
  if (got?.name.equals(wanted.name) && got.type === wanted.type) return [];
  return [
    `question ${got === undefined ? "missing" : `${got.name} ${typeToText(got.type)}`}, expected ${wanted.name} ${typeToText(wanted.type)}`,
  ];
}

interface AnswerContext {
  readonly dnssecOk: boolean;
  readonly query: Entry;
  readonly dialect: Dialect;
}

/** As sets. Signatures only for those who asked for them with DO. */
function answerDifferences(expected: Entry, actual: Message, { dnssecOk, query }: AnswerContext): string[] {
  const wanted = query.question[0]?.type;
  const relevant = (record: PlainRecord): boolean => dnssecOk || record.type !== TYPE.RRSIG || wanted === TYPE.RRSIG;
  const missing = difference(expected.answer.filter(relevant), actual.answer);
  const surplus = difference(actual.answer.filter(relevant), expected.answer);
  return [
    ...missing.map((record) => `answer lacks ${recordText(record)}`),
    ...surplus.map((record) => `answer has ${recordText(record)}, which is not expected`),
  ];
}

interface AuthorityContext {
  readonly dnssecOk: boolean;
  readonly fewerDenials: string[];
}

/**
 * NS and addresses reflect somebody's cache and are not compared. SOA, NSEC and NSEC3 with their signatures must be there
 * for clients with DO. Another correct proof may need more denial records, or fewer: then the answer must prove itself.
 */
function authorityDifferences(
  expected: Entry,
  actual: Message,
  { dnssecOk, fewerDenials }: AuthorityContext,
): string[] {
  const counts = (record: PlainRecord): boolean => {
    const type = record.type === TYPE.RRSIG ? typeCovered(record.rdata) : record.type;
    if (!dnssecOk) return record.type === TYPE.SOA;
    return type === TYPE.SOA || isDenial(type);
  };
  const lacking = difference(expected.authority.filter(counts), actual.authority);
  const differences: string[] = [];
  for (const record of lacking) {
    const type = record.type === TYPE.RRSIG ? typeCovered(record.rdata) : record.type;
    (isDenial(type) ? fewerDenials : differences).push(`authority lacks ${recordText(record)}`);
  }
  return differences;
}

function isDenial(type: RRType): boolean {
  return type === TYPE.NSEC || type === TYPE.NSEC3;
}

/** One second less is rounding. Additional and NS are not compared. A CNAME made from a DNAME has what TTL it likes. */
function ttlDifferences(expected: Entry, actual: Message): string[] {
  const differences: string[] = [];
  const dnameThere = expected.answer.some((record) => record.type === TYPE.DNAME);
  const compare = (wanted: readonly TemplateRecord[], got: readonly ResourceRecord[]): void => {
    for (const record of wanted) {
      if (record.type === TYPE.RRSIG || (record.type === TYPE.CNAME && dnameThere)) continue;
      const same = got.find((other) => recordKey(other) === recordKey(record));
      if (same !== undefined && same.ttl !== record.ttl && same.ttl !== record.ttl - 1)
        differences.push(`TTL ${same.ttl} of ${recordText(record)}, expected ${record.ttl}`);
    }
  };
  compare(expected.answer, actual.answer);
  compare(
    expected.authority.filter((record) => record.type === TYPE.SOA),
    actual.authority,
  );
  return differences;
}

/** Records of `these` that `those` lack; a record that stands twice counts once. */
function difference<T extends PlainRecord>(these: readonly T[], those: readonly PlainRecord[]): T[] {
  const keys = new Set(those.map(recordKey));
  return these.filter((record) => !keys.has(recordKey(record)));
}
