/** Bars of one figure as an SVG that can be read on light and on dark ground. The same figure gives the same octets. */
import type { Figure, FigureRow } from "./record.ts";

const WIDTH = 720;
const LABEL = 230;
const BAR = 18;
const GAP = 8;
const HEAD = 34;

export function chart({ what, unit, rows }: Figure): string {
  const most = Math.max(...rows.map(({ max }) => max));
  const height = HEAD + rows.length * (BAR + GAP) + 6;
  const room = WIDTH - LABEL - 150;
  const bars = rows.map((row, i) => bar(row, { top: HEAD + i * (BAR + GAP), scale: room / most }));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(`${what}, ${unit}`)}">
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; }
.own { fill: #1a7f5a; } .other { fill: #8c959f; } .range { stroke: #24292f; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .own { fill: #3fb983; } .other { fill: #6e7681; } .range { stroke: #e6edf3; }
}
</style>
<text class="title" x="0" y="16">${escaped(`${what} (${unit})`)}</text>
${bars.join("\n")}
</svg>
`;
}

function bar(
  { peer, median, min, max, ratio }: FigureRow,
  at: { readonly top: number; readonly scale: number },
): string {
  const { top, scale } = at;
  const x = (value: number): number => Math.round(10 * (LABEL + value * scale)) / 10;
  const middle = top + BAR / 2;
  const said = ratio === null || peer === "unbound" ? `${median}` : `${median} (${ratio} ×)`;
  return [
    `<text x="${LABEL - 8}" y="${middle + 4}" text-anchor="end">${escaped(peer)}</text>`,
    `<rect class="${peer.startsWith("rootwalk") ? "own" : "other"}" x="${LABEL}" y="${top}" width="${Math.max(1, x(median) - LABEL)}" height="${BAR}" rx="2"/>`,
    `<line class="range" x1="${x(min)}" y1="${middle}" x2="${x(max)}" y2="${middle}"/>`,
    `<text x="${x(max) + 8}" y="${middle + 4}">${escaped(said)}</text>`,
  ].join("");
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
