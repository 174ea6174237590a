/** What the project set out to reach for each figure, and whether the latest run did. */
import type { Figure, FigureRow } from "./record.ts";

export interface Target {
  /** A figure by its name, and one of its rows. */
  readonly what: string;
  readonly peer: string;
  readonly is:
    | { readonly ratio: number }
    | { readonly atMost: number }
    | { readonly noMoreThan: string }
    | { readonly noLessThan: string };
}

const node = "rootwalk";
const bun = "rootwalk on Bun";
const waits: readonly (readonly [what: string, atMost: number])[] = [
  ["MX, secure", 3.3],
  ["MX, name servers in another domain", 5.4],
  ["_25._tcp.mx TLSA, secure", 3.4],
  ["NXDOMAIN, secure", 3.3],
  ["TLSA no data, secure", 3.4],
  ["A below an insecure delegation", 3.3],
  ["as a mail server: MX, then A, AAAA, TLSA", 4.5],
  ["the same, MX host in another domain", 7],
  ["TLD known: MX", 2.2],
  ["TLD known: TLSA", 2.4],
  ["TLD known: as a mail server", 3.4],
  ["TLD known: the same, host in another domain", 5],
];

export const targets: readonly Target[] = [
  { what: "Cached, UDP, TLSA with DO", peer: node, is: { ratio: 0.62 } },
  { what: "Cached, UDP, TLSA with DO", peer: bun, is: { ratio: 1 } },
  { what: "Cached, UDP, A without DO", peer: node, is: { ratio: 0.62 } },
  { what: "Cached, UDP, A without DO", peer: bun, is: { ratio: 1 } },
  { what: "Cached, TCP, TLSA with DO", peer: node, is: { ratio: 2 } },
  { what: "Cached, TCP, A without DO", peer: node, is: { ratio: 2 } },
  { what: "Cached, TCP, A without DO", peer: node, is: { noLessThan: "named" } },
  { what: "Cached, UDP, TLSA with DO", peer: node, is: { noLessThan: "named" } },
  { what: "Cached, UDP, TLSA with DO", peer: node, is: { noLessThan: "kresd" } },
  { what: "Cached, UDP, one at a time: p50", peer: node, is: { ratio: 0.77 } },
  { what: "Cold, 50 at once: questions", peer: node, is: { ratio: 1 } },
  { what: "Cold, 50 at once: processor", peer: node, is: { ratio: 0.67 } },
  { what: "Cold, 50 at once: upstream questions", peer: node, is: { noMoreThan: "pdns" } },
  { what: "Cold, one at a time: questions", peer: node, is: { ratio: 1 } },
  { what: "Cold, one at a time: upstream questions", peer: node, is: { noMoreThan: "pdns" } },
  ...waits.map(([what, atMost]): Target => ({ what, peer: node, is: { atMost } })),
  { what: "Start to the first validated answer, no latency", peer: node, is: { atMost: 250 } },
  { what: "Start to the first validated answer, no latency", peer: `${node}, with a snapshot`, is: { atMost: 120 } },
  { what: "Memory at the start", peer: node, is: { atMost: 70 } },
  { what: "Memory grown by 100,000 signed RRsets", peer: node, is: { ratio: 0.83 } },
  { what: "Random names under NSEC: denied", peer: node, is: { ratio: 0.5 } },
  { what: "Random names under NSEC3: denied", peer: node, is: { ratio: 1 } },
];

/** As lines of a table; what was not measured says so. */
export function targetRows(figures: readonly Figure[]): string[][] {
  return targets.map(({ what, peer, is }) => {
    const found = figures.find((figure) => figure.what === what);
    const row = found?.rows.find((each) => each.peer === peer);
    if (found === undefined || row === undefined) return [what, peer, "not measured", wanted(is), ""];
    return [what, peer, measured(row, found), wanted(is), reached(row, found, is) ? "yes" : "**no**"];
  });
}

function measured({ median, ratio }: FigureRow, { unit }: Figure): string {
  return `${median} ${unit}${ratio === null ? "" : `, ${ratio} ×`}`;
}

function wanted(is: Target["is"]): string {
  if ("ratio" in is) return `${is.ratio} × unbound`;
  if ("atMost" in is) return `at most ${is.atMost}`;
  return "noMoreThan" in is ? `no more than ${is.noMoreThan}` : `no less than ${is.noLessThan}`;
}

function reached(row: FigureRow, { rows }: Figure, is: Target["is"]): boolean {
  if ("ratio" in is) return row.ratio !== null && row.ratio >= is.ratio;
  if ("atMost" in is) return row.median <= is.atMost;
  const name = "noMoreThan" in is ? is.noMoreThan : is.noLessThan;
  const other = rows.find(({ peer }) => peer === name);
  if (other === undefined) return false;
  return "noMoreThan" in is ? row.median <= other.median * 1.005 : row.median >= other.median * 0.995;
}
