/** Reads a `.rpl` file of either dialect. FORMAT.md §1 to §4. Every error names file and line. */
import { readFileSync } from "node:fs";
import { Name } from "../../src/wire/name.ts";
import { Lines } from "./lines.ts";
import { addressOctets } from "./octets.ts";
import { parseConfig } from "./parse-config.ts";
import { entryAfterBegin, parseEntry } from "./parse-entry.ts";
import { questionFromLine } from "./records.ts";
import type { Entry, Range, Scenario, Step, TimeStep } from "./scenario.ts";

export function readScenario(file: string): Scenario {
  // latin-1: one file holds octets that are no UTF-8
  return parseScenario(file, readFileSync(file, "latin1"));
}

/** Throws ScenarioError. */
export function parseScenario(file: string, text: string): Scenario {
  const lines = new Lines(file, text);
  const { config, dialect } = parseConfig(lines);
  const opening = lines.meaningful("SCENARIO_BEGIN");
  if (!opening.startsWith("SCENARIO_BEGIN")) lines.fail(`SCENARIO_BEGIN expected, not "${opening}"`);
  const title = opening.slice("SCENARIO_BEGIN".length).trim();
  const ranges: Range[] = [];
  const steps: Step[] = [];
  for (;;) {
    const line = lines.meaningful("SCENARIO_END");
    if (line.startsWith("SCENARIO_END")) break;
    if (line.startsWith("RANGE_BEGIN")) ranges.push(parseRange(line, lines));
    else if (line.startsWith("STEP")) {
      const step = lines.here(() => parseStep(line, lines));
      const before = steps.at(-1);
      if (before !== undefined && step.number <= before.number)
        lines.fail(`step ${step.number} after step ${before.number}: numbers must rise`);
      steps.push(step);
    } else if (!line.startsWith("RANGE_END")) lines.fail(`"${line}" is neither a range nor a step`);
  }
  return { file, title, dialect, config, ranges, steps };
}

function parseRange(opening: string, lines: Lines): Range {
  const { line } = lines;
  const numbers = /^RANGE_BEGIN\s+(\d+)\s+(\d+)/.exec(opening);
  if (numbers === null) lines.fail(`"${opening}" names no first and last step`);
  const addresses: string[] = [];
  const entries: Entry[] = [];
  for (;;) {
    const text = lines.meaningful("RANGE_END");
    if (text.startsWith("RANGE_END")) break;
    if (text.startsWith("ADDRESS")) addresses.push(lines.here(() => addressIn(text.split(/\s+/)[1] ?? "")));
    else if (text.startsWith("ENTRY_BEGIN")) entries.push(entryAfterBegin(lines));
    else lines.fail(`"${text}" does not belong into a range`);
  }
  return { first: Number(numbers[1]), last: Number(numbers[2]), addresses, entries, line };
}

/** The port, if one is written, does not matter: a mock listens on all. */
function addressIn(text: string): string {
  const address = text.replace(/@\d+$/, "");
  if (addressOctets(address) === null) throw new RangeError(`"${text}" is no address`);
  return address;
}

function parseStep(text: string, lines: Lines): Step {
  const { line } = lines;
  const [, digits, kind = "", ...args] = text.split(/\s+/);
  if (digits === undefined || !/^\d+$/.test(digits)) throw new RangeError(`"${text}" has no step number`);
  const at = { number: Number(digits), line };
  const comment = args.findIndex((word) => word.startsWith(";"));
  const words = comment < 0 ? args : args.slice(0, comment);
  switch (kind) {
    case "QUERY":
      return {
        ...at,
        kind: "query",
        client: words[0] === "ADDRESS" ? addressIn(words[1] ?? "") : "127.0.0.1",
        entry: parseEntry(lines),
      };
    case "CHECK_ANSWER":
    case "ANSWER":
      return { ...at, kind: "check answer", entry: parseEntry(lines) };
    case "CHECK_OUT_QUERY":
      return {
        ...at,
        kind: "check out query",
        server: words[0] === "ADDRESS" ? addressIn(words[1] ?? "") : null,
        entry: parseEntry(lines),
      };
    case "REPLY":
      return { ...at, kind: "reply", entry: parseEntry(lines) };
    case "TIMEOUT":
      return { ...at, kind: "timeout" };
    case "ERROR":
      return { ...at, kind: "error" };
    case "NOTHING":
      return { ...at, kind: "nothing" };
    case "TRAFFIC":
      return { ...at, kind: "traffic" };
    case "TIME_PASSES":
      return { ...at, kind: "time passes", by: timeStep(words) };
    case "ASSIGN":
      return { ...at, kind: "assign", ...assignment(words.join(" ")) };
    case "CHECK_AUTOTRUST":
      return { ...at, kind: "check autotrust", id: words[0] ?? "", lines: fileBody(lines) };
    case "CHECK_TEMPFILE":
      return { ...at, kind: "check tempfile", id: words[0] ?? "", lines: fileBody(lines) };
    case "INFRA_RTT":
      return {
        ...at,
        kind: "infra rtt",
        server: addressIn(words[0] ?? ""),
        zone: Name.parse(words[1] ?? ""),
        rttMs: Number(words[2]),
      };
    case "FLUSH_MESSAGE":
      return { ...at, kind: "flush message", question: questionFromLine(words.join(" ")) };
    case "EXPIRE_MESSAGE":
      return { ...at, kind: "expire message", question: questionFromLine(words.join(" ")) };
    default:
      throw new RangeError(`there is no step "${kind}"`);
  }
}

function timeStep(words: readonly string[]): TimeStep {
  const rest = words.slice(1).join(" ");
  if (words[0] === "ELAPSE" && /^\d+(\.\d+)?$/.test(rest)) return { kind: "elapse", seconds: Number(rest) };
  if (words[0] === "EVAL" && rest !== "") return { kind: "eval", macro: rest };
  throw new RangeError(`TIME_PASSES ${words.join(" ")}: ELAPSE seconds or EVAL macro expected`);
}

function assignment(text: string): { variable: string; macro: string } {
  const [, variable, macro] = /^(\w+)\s*=\s*(.+)$/.exec(text) ?? [];
  if (variable === undefined || macro === undefined) throw new RangeError(`"${text}" assigns nothing`);
  return { variable, macro };
}

function fileBody(lines: Lines): string[] {
  const opening = lines.raw("FILE_BEGIN").trim();
  if (!opening.startsWith("FILE_BEGIN")) lines.fail(`FILE_BEGIN expected, not "${opening}"`);
  return lines.until("FILE_END");
}
