/** Figures as every bench of daemons records them: samples of each peer, taken in turns, as ratios to unbound. */
import { cpus } from "node:os";
import { keepResult, rounded } from "../harness.ts";
import type { Peer } from "../peers.ts";

export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly better: "more" | "less";
  readonly rows: readonly FigureRow[];
}

export interface FigureRow {
  readonly peer: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** To unbound's median; above 1 is better than unbound, whichever way better is. Null without unbound. */
  readonly ratio: number | null;
}

export type Samples = Map<string, number[]>;

export function addSample(samples: Samples, peer: string, value: number): void {
  const list = samples.get(peer);
  if (list === undefined) samples.set(peer, [value]);
  else list.push(value);
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const { length } = sorted;
  return length % 2 === 1 ? sorted[length >> 1]! : (sorted[length / 2 - 1]! + sorted[length / 2]!) / 2;
}

export function figure(what: string, unit: string, better: Figure["better"], samples: Samples): Figure {
  const base = samples.get("unbound");
  const rows = [...samples].map(([peer, values]): FigureRow => {
    const median = medianOf(values);
    const quotient = base === undefined ? null : median / medianOf(base);
    const ratio = quotient === null ? null : rounded(better === "more" ? quotient : 1 / quotient);
    return {
      peer,
      median: rounded(median),
      min: rounded(Math.min(...values)),
      max: rounded(Math.max(...values)),
      ratio,
    };
  });
  const made = { what, unit, better, rows };
  printFigure(made);
  return made;
}

function printFigure({ what, unit, rows }: Figure): void {
  console.log(`\n${what} (${unit})`);
  for (const { peer, median, min, max, ratio } of rows) {
    const range = `(${min} .. ${max})`;
    console.log(
      `  ${peer.padEnd(24)} ${String(median).padStart(9)} ${range.padEnd(22)} ${ratio === null ? "" : `${ratio} x`}`,
    );
  }
}

export function keepFigures(name: string, figures: readonly Figure[], peers: ReadonlyMap<string, string>): void {
  keepResult(name, { load: cpus().length, versions: Object.fromEntries(peers), figures });
}

export function versionsOf(peers: Iterable<Peer>): Map<string, string> {
  return new Map([...peers].map(({ name, version }) => [name, version]));
}
