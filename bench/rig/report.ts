/**
 * Writes docs/benchmarks.md and its charts from bench/results, so that no number stands in a text of its own, and prints one
 * table of ratios. Run as a program.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { chart } from "./chart.ts";
import type { Figure } from "./record.ts";
import { targetRows } from "./targets.ts";
import { sections } from "./texts.ts";

interface Comparison {
  readonly question: string;
  readonly contenders: readonly {
    readonly name: string;
    readonly medianUs: number;
    readonly minUs: number;
    readonly maxUs: number;
    readonly ratio: number;
  }[];
}

interface Result {
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly date: string;
  readonly versions?: Readonly<Record<string, string>>;
  readonly figures?: readonly Figure[];
  readonly comparisons?: readonly Comparison[];
  /** Of attacks, or of losses. */
  readonly rows?: readonly AttackRow[] | readonly LossRow[];
}

interface LossRow {
  readonly mode: string;
  readonly most: number;
  readonly half: number;
  readonly seconds: number;
  readonly sent: number;
  readonly lost: number;
}

interface AttackRow {
  readonly row: string;
  readonly loopMs: number;
  readonly loopMostMs: number;
  readonly peers: Readonly<
    Record<string, { readonly stallMs: number; readonly answerMs: number; readonly said: string }>
  >;
}

const results = new Map<string, Result>(
  readdirSync("bench/results")
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => [file.slice(0, -5), JSON.parse(readFileSync(`bench/results/${file}`, "utf8")) as Result]),
);
const figures = [...results.values()].flatMap((result) => result.figures ?? []);

mkdirSync("docs/benchmarks", { recursive: true });
const lines: string[] = [];
for (const section of sections) {
  lines.push(`## ${section.title}`, "", section.text, "");
  for (const name of section.benches) {
    const result = results.get(name);
    if (result === undefined) {
      lines.push(`\`${name}\` has not been run.`, "");
      continue;
    }
    lines.push(`\`${name}\`, ${machineOf(result)}.`, "");
    if (result.figures !== undefined) lines.push(...figuresOf(result.figures, section.charts));
    if (result.rows !== undefined) lines.push(...rowsOf(result.rows));
    for (const comparison of result.comparisons ?? []) lines.push(...comparisonOf(comparison));
  }
}

const head = `# Benchmarks

This page and its charts are written by the benches from [bench/results](../bench/results). Numbers of one run may be compared
with each other; what lasts is the ratio. Everybody takes turns in one run; figures are medians, with the lowest and the
highest in brackets, and × means the ratio to unbound: above 1 is better than unbound, whether more or less is better.

To repeat it, on Linux: \`node bench/install.mjs\` installs what rootwalk is measured against, by package name;
\`npm run bench\` runs everything, in some 35 minutes, and writes this page, \`npm run bench -- cold-waits\` one bench, and
\`npm run bench -- cold-waits unbound rootwalk\` one bench with these peers. Name servers, resolvers and the one who asks run in a
network namespace of their own; the newest Node and Bun are npm packages, fetched into node_modules/.cache. A peer that is
not there has no row, and a line of the run says so. The latest run was one \`npm run bench\` on a machine without other work.

## Targets

${table(["figure", "who", "measured", "target", "reached"], targetRows(figures))}

`;
writeFileSync("docs/benchmarks.md", `${head}${lines.join("\n").trimEnd()}\n`);
printRatios();

function machineOf({ node, cpu, cores, date, versions }: Result): string {
  const others = Object.entries(versions ?? {}).map(([name, version]) => `${name} ${version}`);
  return [`${date}, ${cpu}, ${cores} cores, Node ${node.replace("v", "")}`, ...others].join("; ");
}

function figuresOf(all: readonly Figure[], charts: readonly string[]): string[] {
  const peers = [...new Set(all.flatMap(({ rows }) => rows.map(({ peer }) => peer)))];
  const rows = all.map(({ what, unit, rows: own }) => [
    `${what} (${unit})`,
    ...peers.map((name) => {
      const row = own.find(({ peer }) => peer === name);
      if (row === undefined) return "";
      const ratio = row.ratio === null || name === "unbound" ? "" : `, ${row.ratio} ×`;
      return `${row.median} (${row.min}–${row.max})${ratio}`;
    }),
  ]);
  const shown = all.filter(({ what }) => charts.includes(what));
  const pictures = shown.map((figure) => {
    const file = `${figure.what
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "")}.svg`;
    writeFileSync(`docs/benchmarks/${file}`, chart(figure));
    return `![${figure.what}, ${figure.unit}](benchmarks/${file})`;
  });
  return [...pictures.flatMap((picture) => [picture, ""]), table(["", ...peers], rows), ""];
}

function rowsOf(rows: readonly AttackRow[] | readonly LossRow[]): string[] {
  const losses = rows.flatMap((row) => ("mode" in row ? [row] : []));
  if (losses.length === 0) return attacksOf(rows as readonly AttackRow[]);
  const cells = losses.map(({ mode, most, half, seconds, sent, lost }) =>
    [mode, most, half, Math.round(sent / seconds), seconds, sent, lost].map((cell) => `${cell}`),
  );
  return [
    table(["over", "most a second", "half of it", "in truth asked a second", "seconds", "sent", "lost"], cells),
    "",
  ];
}

function attacksOf(rows: readonly AttackRow[]): string[] {
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))];
  const cells = rows.map(({ row, loopMs, loopMostMs, peers: by }) => [
    row,
    `${loopMs}, most ${loopMostMs}`,
    ...peers.map((name) => {
      const found = by[name];
      return found === undefined
        ? ""
        : `${found.stallMs} (${found.answerMs})${found.said === "no answer" ? " no answer" : ""}`;
    }),
  ]);
  return [table(["attack", "rootwalk's event loop", ...peers], cells), ""];
}

function comparisonOf({ question, contenders }: Comparison): string[] {
  const rows = contenders.map(({ name, medianUs, minUs, maxUs, ratio }) => [
    name,
    `${medianUs} (${minUs}–${maxUs})`,
    `${ratio} ×`,
  ]);
  return [table([question, "µs", "ratio"], rows), ""];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

function printRatios(): void {
  console.log("\nRatios to unbound: above 1 is better\n");
  for (const { what, rows } of figures) {
    const ratios = rows
      .filter(({ peer }) => peer !== "unbound")
      .map(({ peer, ratio, median }) => `${peer} ${ratio ?? `(${median})`}`);
    console.log(`${what.padEnd(62)} ${ratios.join("  ")}`);
  }
}
