/**
 * Times contenders against each other: in turns, several rounds, so that whatever else the machine does hits all of
 * them. Numbers of one run may be compared, numbers of two runs may not; what lasts is the ratio.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";

/** One operation. If it gives a promise, that is awaited. */
export type Contender = () => unknown;

export interface Comparison {
  readonly question: string;
  /** The first one is what the others are compared with. */
  readonly contenders: readonly Timing[];
}

export interface Timing {
  readonly name: string;
  /** Microseconds per operation: the median round, the fastest and the slowest. */
  readonly medianUs: number;
  readonly minUs: number;
  readonly maxUs: number;
  /** Median of the first contender divided by this one's: 2 is twice as fast. */
  readonly ratio: number;
}

export interface Rounds {
  readonly rounds?: number;
  /** How long one contender runs in one round. */
  readonly sliceMs?: number;
}

export async function compare(
  question: string,
  contenders: Readonly<Record<string, Contender>>,
  { rounds = 9, sliceMs = 40 }: Rounds = {},
): Promise<Comparison> {
  const entries = Object.entries(contenders);
  const times: number[][] = entries.map(() => []);
  const operations: number[] = [];
  for (const [, contender] of entries) operations.push(await operationsIn(contender, sliceMs));
  for (let round = 0; round < rounds; round++) {
    for (const [i, [, contender]] of entries.entries()) times[i]!.push(await microseconds(contender, operations[i]!));
  }
  const sorted = times.map((of) => of.sort((a, b) => a - b));
  const median = (i: number): number => sorted[i]![rounds >> 1]!;
  const comparison: Comparison = {
    question,
    contenders: entries.map(([name], i) => ({
      name,
      medianUs: rounded(median(i)),
      minUs: rounded(sorted[i]![0]!),
      maxUs: rounded(sorted[i]!.at(-1)!),
      ratio: rounded(median(0) / median(i)),
    })),
  };
  print(comparison);
  return comparison;
}

/** Keeps a run in bench/results/<name>.json. */
export function keep(name: string, comparisons: readonly Comparison[]): void {
  keepResult(name, { comparisons });
}

/** The same for results of another shape. */
export function keepResult(name: string, result: object): void {
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length };
  const date = new Date().toISOString().slice(0, 10);
  mkdirSync("bench/results", { recursive: true });
  writeFileSync(`bench/results/${name}.json`, `${JSON.stringify({ ...machine, date, ...result }, null, 2)}\n`);
  console.log(`\n${name}: Node ${machine.node}, ${machine.cpu}, ${machine.cores} cores, ${date}\n`);
}

/** Finds out how many make a slice; warms up on the way. */
async function operationsIn(contender: Contender, sliceMs: number): Promise<number> {
  for (let count = 1; ; count *= 2) {
    const total = (await microseconds(contender, count)) * count;
    if (total >= sliceMs * 500) return Math.max(1, Math.round((count * sliceMs * 1000) / total));
  }
}

/** Per operation. */
async function microseconds(contender: Contender, count: number): Promise<number> {
  const start = process.hrtime.bigint();
  const first = contender();
  if (first instanceof Promise) {
    await first;
    for (let i = 1; i < count; i++) await contender();
  } else {
    for (let i = 1; i < count; i++) contender();
  }
  return Number(process.hrtime.bigint() - start) / 1000 / count;
}

function print({ question, contenders }: Comparison): void {
  console.log(`\n${question}`);
  const width = Math.max(...contenders.map(({ name }) => name.length));
  for (const { name, medianUs, minUs, maxUs, ratio } of contenders) {
    const figure = `${medianUs} µs`.padStart(12);
    console.log(`  ${name.padEnd(width)} ${figure}  (${minUs} .. ${maxUs})`.padEnd(width + 44), `${ratio} x`);
  }
}

/** Three significant digits are what such timing is worth. */
export const rounded = (value: number): number => Number(value.toPrecision(3));
