/**
 * `local-data` is an answer of Unbound's own making. Ours come from the DNS, so each such record becomes a zone of its own on
 * a mock server: the scenarios that use it are about something else.
 */
import { OPCODE, RCODE } from "../../src/wire/registry.ts";
import { recordFromLine } from "./records.ts";
import type { Entry, Scenario, TemplateRecord } from "./scenario.ts";

/** TEST-NET-1; no scenario has a server there. */
export const LOCAL_SERVER = "192.0.2.250";

export function localRecords(scenario: Scenario): readonly TemplateRecord[] {
  return scenario.config.clauses
    .flatMap((clause) => clause.options)
    .filter((option) => option.name === "local-data")
    .map((option) => recordFromLine(option.values.join(" "), option.line));
}

/** The scenario with a server that has its local data. */
export function withLocalData(scenario: Scenario): Scenario {
  const entries = localRecords(scenario).map(templateFor);
  if (entries.length === 0) return scenario;
  const range = { first: 0, last: Number.MAX_SAFE_INTEGER, addresses: [LOCAL_SERVER], entries, line: entries[0]!.line };
  return { ...scenario, ranges: [...scenario.ranges, range] };
}

function templateFor(record: TemplateRecord): Entry {
  const { name, type, class: rrClass, line } = record;
  return {
    line,
    match: { words: new Set(["qname", "qtype"]), ede: null, serial: null },
    adjust: new Set(["copy_id"]),
    headerGiven: true,
    opcode: OPCODE.QUERY,
    rcode: RCODE.NOERROR,
    flags: new Set(["QR", "AA"]),
    edns: null,
    question: [{ name, type, class: rrClass }],
    answer: [record],
    authority: [],
    additional: [],
    octets: null,
    mandatory: false,
  };
}
