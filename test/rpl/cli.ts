/** `npm run rpl -- PATH...`: scenarios from files and folders, a line for each, and what it comes to. */
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { readScenario } from "./parse.ts";
import { type Result, runScenario } from "./run.ts";
import { ScenarioError } from "./scenario.ts";
import type { Algorithms } from "./subject.ts";

const usage = `Usage: npm run rpl -- [--retired | --production] [--json FILE] [--explain FILE] [PATH...]

Replays .rpl scenarios (Unbound testbound and Deckard). A PATH is a file or a folder.
  --retired     a test-only algorithm table that also verifies DSA and SHA-1 (default)
  --production  the product's own algorithm table
  --json FILE   writes the results for programs
  --explain FILE  prints the whole exchange of this scenario`;

interface Arguments {
  readonly paths: readonly string[];
  readonly explain: readonly string[];
  readonly json: string | null;
  readonly algorithms: Algorithms;
}

/** The exit status: 0 when nothing failed, 1 when something did, 2 when the command cannot be understood. */
export async function main(words: readonly string[]): Promise<number> {
  const args = readArguments(words);
  if (typeof args === "string") {
    process.stderr.write(`${args}\n${usage}\n`);
    return 2;
  }
  const results: Result[] = [];
  let unreadable = 0;
  for (const file of filesIn([...args.paths, ...args.explain])) {
    const result = await resultOf(file, args.algorithms);
    if (typeof result === "string") {
      unreadable += 1;
      print(`FAIL ${file}: ${result}`);
      continue;
    }
    results.push(result);
    if (args.explain.includes(file)) print(explanation(result));
    print(lineFor(result));
  }
  const count = (outcome: Result["outcome"]): number => results.filter((result) => result.outcome === outcome).length;
  const failed = count("fail") + unreadable;
  print(`${count("pass")} passed, ${failed} failed, ${count("skip")} skipped`);
  if (args.json !== null) writeFileSync(args.json, `${JSON.stringify(results.map(plain), null, 1)}\n`);
  return failed > 0 ? 1 : 0;
}

function readArguments(words: readonly string[]): Arguments | string {
  const paths: string[] = [];
  const explain: string[] = [];
  let json: string | null = null;
  let algorithms: Algorithms = "test";
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const value = words[i + 1];
    if (word === "--retired") algorithms = "test";
    else if (word === "--production") algorithms = "production";
    else if (word === "--json" || word === "--explain") {
      if (value === undefined) return `${word} needs a file`;
      if (word === "--json") json = value;
      else explain.push(value);
      i += 1;
    } else if (word.startsWith("-")) return `there is no option ${word}`;
    else paths.push(word);
  }
  return paths.length + explain.length === 0 ? "no scenario is named" : { paths, explain, json, algorithms };
}

function filesIn(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (!statSync(path).isDirectory()) return [path];
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    const inside = entries.filter((entry) => entry.isDirectory() || /\.c?rpl$/.test(entry.name));
    return filesIn(inside.map((entry) => join(path, entry.name)));
  });
}

async function resultOf(file: string, algorithms: Algorithms): Promise<Result | string> {
  try {
    return await runScenario(readScenario(file), { algorithms });
  } catch (error) {
    if (error instanceof ScenarioError || error instanceof RangeError || error instanceof TypeError)
      return error.message;
    throw error;
  }
}

function lineFor(result: Result): string {
  const name = basename(result.file);
  switch (result.outcome) {
    case "pass":
      return result.deviation === null
        ? `pass ${name}`
        : `pass ${name} (named deviation: ${result.deviation.permittedBy})`;
    case "skip":
      return `skip ${name}: ${[...new Set(result.missing.map((missing) => `${missing.feature} (${missing.option}, line ${missing.line})`))].join(", ")} is not offered`;
    case "fail":
      return [
        `FAIL ${name}: ${result.title}`,
        ...result.failures.map(
          ({ step, line, differences }) => `     step ${step} (line ${line}): ${differences.join("; ")}`,
        ),
      ].join("\n");
  }
}

function explanation(result: Result): string {
  return result.runs
    .flatMap((run) => [
      `== ${result.file}, names ${run.minimise ? "shortened" : "in full"}`,
      ...run.story,
      ...run.notes.map((note) => `note: ${note}`),
      ...run.unscripted.map((question) => `unscripted: ${question}`),
    ])
    .join("\n");
}

function plain(result: Result) {
  const { file, title, outcome, failures, deviation, notes, missing, runs } = result;
  const unscripted = [...new Set(runs.flatMap((run) => run.unscripted))];
  return {
    file,
    title,
    outcome,
    failures,
    deviation,
    notes,
    missing,
    unscripted,
    upstream: runs.map((run) => run.transcript.length),
  };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
