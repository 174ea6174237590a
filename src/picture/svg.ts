/**
 * The drawing of a picture: an SVG without script, links or anything from outside. Names hold any octets, so whatever
 * is text is escaped, and what XML cannot hold at all is replaced.
 */
import { type Box, elided, type Layout, layoutOf, type Point, sizes } from "./layout.ts";
import type { Picture } from "./picture.ts";
import { pictureStyle } from "./style.ts";
import { wrapped } from "./texts.ts";
import { treeOf } from "./tree.ts";

export interface SvgOptions {
  /** "inside": a file of its own. "outside": for a page that has `pictureStyle` and forbids styles within. */
  readonly style: "inside" | "outside";
}

const MARGIN = 22;
const HEADER = 62;
const CHARACTERS_WIDE = 7.25;
const LEAST_WIDTH = 680;

export function svgOf(picture: Picture, { style }: SvgOptions = { style: "inside" }): string {
  const layout = layoutOf(picture);
  const width = Math.ceil(Math.max(layout.width, LEAST_WIDTH) + 2 * MARGIN);
  const reason = wrapped(picture.reason.text, Math.floor((width - 2 * MARGIN) / CHARACTERS_WIDE)).map(cut(width));
  const top = HEADER + reason.length * 18 + 26;
  const height = Math.ceil(top + layout.height + MARGIN + 26);
  const left = Math.round((width - layout.width) / 2);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="rootwalk-picture" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<title>${escaped(titleText(picture))}</title>`,
    `<desc>${escaped(treeOf(picture))}</desc>`,
    ...(style === "inside" ? [`<style>${pictureStyle}</style>`] : []),
    `<rect class="paper" width="${width}" height="${height}"/>`,
    ...header(picture, reason),
    `<g transform="translate(${left} ${top})">`,
    ...zones(layout),
    ...edges(layout),
    ...zoneNames(layout),
    ...nodes(layout),
    "</g>",
    `<text class="soft" x="${MARGIN}" y="${height - MARGIN + 6}">thick: names a key · thin: signs · dotted: proves that something is not there · dashed: alias</text>`,
    "</svg>\n",
  ].join("\n");
}

function titleText({ question, headline }: Picture): string {
  return `Chain of trust of ${question.name} ${question.type}: ${headline}`;
}

const cut =
  (width: number) =>
  (line: string): string => {
    const most = Math.floor((width - 2 * MARGIN) / CHARACTERS_WIDE);
    return line.length > most ? `${line.slice(0, most - 1)}…` : line;
  };

function header({ question, headline, status }: Picture, reason: readonly string[]): string[] {
  const badge = headline.split(":")[0]!;
  const badgeWidth = Math.ceil(badge.length * CHARACTERS_WIDE) + 18;
  return [
    text({ x: MARGIN, y: 32 }, elided(`${question.name} ${question.type}`), "name"),
    `<rect class="badge ${status}" x="${MARGIN}" y="${44}" width="${badgeWidth}" height="22" rx="11"/>`,
    text({ x: MARGIN + 9, y: 59 }, badge, "on-badge"),
    ...reason.map((line, i) => text({ x: MARGIN, y: HEADER + 24 + i * 18 }, line, "")),
  ];
}

function zones({ zones: all }: Layout): string[] {
  return all.map(({ zone, ...box }) => `<g class="zone ${zone.state}">${rect(box, 10, "")}</g>`);
}

/** Above the edges that come in there. */
function zoneNames({ zones: all }: Layout): string[] {
  return all.map(({ zone, x, y }) => {
    const name = `zone ${zone.name}${zone.state === "secure" ? "" : `: ${zone.state}`}`;
    return text({ x: x + 12, y: y + 17 }, elided(name), "soft halo");
  });
}

function nodes({ nodes: all }: Layout): string[] {
  return all.map(({ node, texts, ...box }) => {
    const [title = "", ...lines] = texts;
    const x = box.x + sizes.padding;
    return [
      `<g class="node ${node.kind} ${node.state}">`,
      `<title>${escaped([node.title, ...node.lines].join("\n"))}</title>`,
      rect(box, node.kind === "key" ? (box.height / 2 > 26 ? 22 : box.height / 2) : 6, "box"),
      text({ x, y: box.y + 18 }, title, "title"),
      ...lines.map((line, i) => text({ x, y: box.y + sizes.titleHeight + 11 + i * sizes.lineHeight }, line, "")),
      "</g>",
    ].join("");
  });
}

function edges({ edges: all }: Layout): string[] {
  return all.map(({ edge, points }) => {
    const tip = points.at(-1);
    if (tip === undefined) return "";
    const before = points.at(-2) ?? tip;
    const broken = edge.state === "bogus" || edge.state === "indeterminate";
    return [
      `<g class="${edge.kind} ${edge.state}">`,
      `<path class="edge" d="${curve(points)}"/>`,
      `<path class="head" d="${head(before, tip)}"/>`,
      broken && edge.kind !== "leads" ? `<path class="cross" d="${cross(points)}"/>` : "",
      "</g>",
    ].join("");
  });
}

/** Through the middles of a polyline's pieces, with its corners as control points. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.pop();
  if (first === undefined || last === undefined) return "";
  let path = `M${at(first)}`;
  for (const [i, corner] of rest.entries()) {
    const next = rest[i + 1];
    path += `Q${at(corner)} ${at(next === undefined ? last : middle(corner, next))}`;
  }
  return rest.length === 0 ? `${path}L${at(last)}` : path;
}

function head(from: Point, tip: Point): string {
  const length = Math.hypot(tip.x - from.x, tip.y - from.y) || 1;
  const [dx, dy] = [(tip.x - from.x) / length, (tip.y - from.y) / length];
  const back = { x: tip.x - dx * 9, y: tip.y - dy * 9 };
  const wing = (side: 1 | -1): Point => ({ x: back.x - side * dy * 4.5, y: back.y + side * dx * 4.5 });
  return `M${at(tip)}L${at(wing(1))}L${at(wing(-1))}Z`;
}

function cross(points: readonly Point[]): string {
  const centre = middleOf(points);
  const corner = (dx: number, dy: number): string => at({ x: centre.x + dx, y: centre.y + dy });
  return `M${corner(-7, -7)}L${corner(7, 7)}M${corner(-7, 7)}L${corner(7, -7)}`;
}

/** A point of the curve, halfway. */
function middleOf(points: readonly Point[]): Point {
  const i = (points.length - 1) >> 1;
  const [before, here, after] = [points[i - 1], points[i]!, points[i + 1]];
  if (after === undefined) return here;
  if (points.length % 2 === 0 || before === undefined) return middle(here, after);
  const start = i === 1 ? before : middle(before, here);
  const end = i === points.length - 2 ? after : middle(here, after);
  return middle(middle(start, here), middle(here, end));
}

const middle = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
const at = ({ x, y }: Point): string => `${rounded(x)} ${rounded(y)}`;
const rounded = (value: number): string => String(Math.round(value * 10) / 10);

function rect({ x, y, width, height }: Box, radius: number, kind: string): string {
  const named = kind === "" ? "" : ` class="${kind}"`;
  return `<rect${named} x="${rounded(x)}" y="${rounded(y)}" width="${rounded(width)}" height="${rounded(height)}" rx="${radius}"/>`;
}

function text({ x, y }: Point, line: string, kind: string): string {
  return `<text${kind === "" ? "" : ` class="${kind}"`} x="${rounded(x)}" y="${rounded(y)}">${escaped(line)}</text>`;
}

/** XML 1.0: five characters mean something, and control characters cannot be written at all. */
export function escaped(line: string): string {
  return line
    .replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "�")
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
