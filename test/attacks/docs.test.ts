/** docs/attacks.md cannot go stale: its rows, tests, options and defaults are checked against what there is. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type NumberRow, optionTable, type SwitchRow } from "../../src/resolver/options.ts";
import { serverLimits } from "../../src/server/limits.ts";

const here = new URL("./", import.meta.url);
const page = readFileSync(new URL("../../docs/attacks.md", import.meta.url), "utf8");

interface Row {
  readonly row: string;
  readonly options: readonly (readonly [name: string, value: string])[];
  readonly files: readonly string[];
}

const rows: readonly Row[] = page
  .split("\n")
  .filter((line) => /^\| A-\d+ \|/.test(line))
  .map((line) => {
    const [, row, , , options, files] = line.split("|").map((cell) => cell.trim());
    return {
      row: row!,
      options: [...options!.matchAll(/`([A-Za-z0-9]+)` = ([a-z0-9]+)/g)].map(
        (found) => [found[1]!, found[2]!] as const,
      ),
      files: files!.split(", "),
    };
  });

const tests = new Map(
  readdirSync(here)
    .filter((file) => file.endsWith(".test.ts") && file !== "docs.test.ts")
    .map((file) => [file.slice(0, -".test.ts".length), numbersIn(readFileSync(new URL(file, here), "utf8"))]),
);

/** In code, not in comments. */
function numbersIn(source: string): ReadonlySet<string> {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  return new Set(code.match(/\bA-\d{2,3}\b/g) ?? []);
}

function range(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `A-${String(from + i).padStart(2, "0")}`);
}

const numbers = [...range(1, 16), ...range(20, 47), ...range(50, 67), ...range(70, 81), ...range(90, 105)];

describe("docs/attacks.md", () => {
  test("has each row of the map once", () => {
    expect(rows.map(({ row }) => row)).toEqual(numbers);
  });

  test.each(rows)("$row: each of its test files plays it", ({ row, files }) => {
    for (const file of files) expect(tests.get(file)?.has(row), `${row} in test/attacks/${file}.test.ts`).toBe(true);
  });

  test.each(rows)("$row: its options have these defaults", ({ options }) => {
    for (const [name, value] of options) expect(defaultOf(name), name).toBe(value);
  });

  test("every row that a test plays is in it", () => {
    const played = new Set([...tests.values()].flatMap((found) => [...found]));
    expect([...played].filter((row) => !numbers.includes(row))).toEqual([]);
    expect(numbers.filter((row) => !played.has(row))).toEqual([]);
  });
});

function defaultOf(name: string): string | null {
  const options: Readonly<Record<string, NumberRow | SwitchRow>> = optionTable;
  const limits: Readonly<Record<string, { readonly value: number }>> = serverLimits;
  const value = options[name]?.value ?? limits[name]?.value;
  return value === undefined ? null : typeof value === "boolean" ? (value ? "on" : "off") : `${value}`;
}
