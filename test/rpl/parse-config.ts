/** The part before CONFIG_END, in both dialects. FORMAT.md §1. */
import type { Lines } from "./lines.ts";
import type { Clause, Config, ConfigOption, Dialect, TextFile } from "./scenario.ts";

const clauseOpeners: ReadonlySet<string> = new Set([
  ...["server", "stub-zone", "forward-zone", "auth-zone", "rpz", "view", "cachedb", "remote-control", "dynlib"],
]);

/** Keys of Deckard; the second half cannot be options of unbound.conf at the top level. */
const deckardKeys: ReadonlySet<string> = new Set([
  ...[
    "trust-anchor",
    "domain-insecure",
    "val-override-date",
    "do-not-query-localhost",
    "harden-glue",
    "do-ip4",
    "do-ip6",
  ],
  ...["stub-addr", "stub-name", "forward-addr", "val-override-timestamp", "query-minimization", "force-ipv6"],
  ...["features", "feature-list"],
]);

interface Numbered {
  readonly text: string;
  readonly line: number;
}

export function parseConfig(lines: Lines): { config: Config; dialect: Dialect } {
  const plain: Numbered[] = [];
  const autotrust: TextFile[] = [];
  const temporary: TextFile[] = [];
  for (;;) {
    const text = lines.raw("CONFIG_END").trim();
    const { line } = lines;
    if (text.startsWith("CONFIG_END")) break;
    const id = text.split(/\s+/)[1] ?? "";
    if (text.startsWith("AUTOTRUST_FILE")) autotrust.push({ id, lines: lines.until("AUTOTRUST_END"), line });
    else if (text.startsWith("TEMPFILE_CONTENTS")) temporary.push({ id, lines: lines.until("TEMPFILE_END"), line });
    else if (!text.startsWith("COMMANDLINE")) plain.push({ text, line });
  }
  const dialect = dialectOf(plain);
  const clauses = dialect === "testbound" ? unboundClauses(plain, lines) : [deckardClause(plain, lines)];
  return { config: { clauses, autotrust, temporary }, dialect };
}

/** Deckard has no clauses, and only it names a root server outside one. */
function dialectOf(plain: readonly Numbered[]): Dialect {
  const words = plain.flatMap(({ text }) => wordsOf(text).map((word) => word.text));
  if (words.some((word) => word.endsWith(":") && clauseOpeners.has(word.slice(0, -1)))) return "testbound";
  const own = ["stub-addr:", "forward-addr:", "query-minimization:", "val-override-timestamp:", "features:"];
  return words.some((word) => own.includes(word)) ? "deckard" : "testbound";
}

function unboundClauses(plain: readonly Numbered[], lines: Lines): Clause[] {
  const clauses: { name: string; options: ConfigOption[]; line: number }[] = [{ name: "server", options: [], line: 1 }];
  let values: string[] | null = null;
  for (const { text, line } of plain) {
    for (const word of wordsOf(text)) {
      const isKey = !word.quoted && /^[a-z][a-z0-9-]*:$/i.test(word.text);
      if (!isKey) {
        if (values === null) lines.fail(`line ${line}: "${word.text}" belongs to no option`);
        values.push(word.text);
      } else if (clauseOpeners.has(word.text.slice(0, -1))) {
        clauses.push({ name: word.text.slice(0, -1), options: [], line });
        values = null;
      } else {
        values = [];
        clauses.at(-1)!.options.push({ name: word.text.slice(0, -1), values, line });
      }
    }
  }
  return clauses.filter((clause) => clause.options.length > 0 || clause.name !== "server");
}

function deckardClause(plain: readonly Numbered[], lines: Lines): Clause {
  const options: ConfigOption[] = [];
  for (const { text, line } of plain) {
    const bare = text.replace(/#.*$/, "").trim();
    if (bare === "" || bare.startsWith(";")) continue;
    const [, name = "", rest = ""] = /^([a-z0-9-]+)\s*:\s*(.*)$/i.exec(bare) ?? [];
    if (!deckardKeys.has(name)) lines.fail(`line ${line}: "${bare}" is no setting of Deckard`);
    options.push({ name, values: [rest.replace(/^(["'])(.*)\1$/, "$2").trim()], line });
  }
  return { name: "deckard", options, line: 1 };
}

/** Words of a line of unbound.conf; `;` begins a comment only at its start, `#` everywhere outside quotes. */
function wordsOf(text: string): { text: string; quoted: boolean }[] {
  if (text.startsWith(";")) return [];
  const words: { text: string; quoted: boolean }[] = [];
  for (const [, double, single, bare] of text.matchAll(/"([^"]*)"|'([^']*)'|(#.*$|[^\s"'#]+)/g)) {
    if (bare?.startsWith("#")) break;
    words.push(bare === undefined ? { text: double ?? single ?? "", quoted: true } : { text: bare, quoted: false });
  }
  return words;
}
