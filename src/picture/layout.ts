/** Where everything goes: sizes of boxes from their text, places from dagre. */
import { layout as dagreLayout, Graph } from "@dagrejs/dagre";
import type { Picture, PictureEdge, PictureNode, PictureZone } from "./picture.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Top left corner and size, in pixels. */
export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly zones: readonly (Box & { readonly zone: PictureZone })[];
  readonly nodes: readonly (Box & { readonly node: PictureNode; readonly texts: readonly string[] })[];
  readonly edges: readonly { readonly edge: PictureEdge; readonly points: readonly Point[] }[];
}

/** Pixels. Fonts of one width: 0.6 of their size for each character, whichever of them the reader has. */
export const sizes = {
  title: 13,
  text: 12,
  titleHeight: 26,
  lineHeight: 17,
  padding: 11,
  zoneLabel: 26,
  zonePadding: 14,
} as const;
/** Characters of a line; more are elided. */
const LINE = 50;
const CHARACTER = 0.602;

export function layoutOf(picture: Picture): Layout {
  const graph = new Graph({ compound: true });
  graph.setGraph({ rankdir: "TB", ranksep: 26, nodesep: 34, edgesep: 16, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  const zones = picture.zones.filter(({ id }) => picture.nodes.some(({ zone }) => zone === id));
  for (const { id } of zones) graph.setNode(id, { width: 0, height: 0 });
  const texts = new Map<string, readonly string[]>();
  for (const node of picture.nodes) {
    const lines = [titleOf(node), ...node.lines].map(elided);
    texts.set(node.id, lines);
    graph.setNode(node.id, sizeOf(lines));
    if (node.zone !== null && zones.some(({ id }) => id === node.zone)) graph.setParent(node.id, node.zone);
  }
  const zoneOf = new Map(picture.nodes.map(({ id, zone }) => [id, zone]));
  for (const { from, to, kind } of picture.edges) {
    // From zone to zone there is a border, and a name above it, to be passed.
    const minlen = zoneOf.get(from) === zoneOf.get(to) ? 1 : 2;
    graph.setEdge(from, to, { weight: kind === "leads" ? 1 : 3, minlen });
  }
  for (const [from, to] of zonesApart(picture)) graph.setEdge(from, to, { weight: 0, minlen: 2 });
  dagreLayout(graph);
  return shifted({
    zones: zones.map((zone) => ({ zone, ...zoneBox(boxOf(graph.node(zone.id))) })),
    nodes: picture.nodes.map((node) => ({ node, texts: texts.get(node.id)!, ...boxOf(graph.node(node.id)) })),
    edges: picture.edges.map((edge) => ({ edge, points: graph.edge(edge.from, edge.to).points ?? [] })),
  });
}

/**
 * An alias stands above all of the zone that it leads to, lest their boxes overlap; unless that zone is needed on the way
 * to the alias itself.
 */
function zonesApart({ nodes, edges }: Picture): readonly (readonly [from: string, to: string])[] {
  const zoneOf = new Map(nodes.map(({ id, zone }) => [id, zone]));
  const next = (id: string): readonly string[] => edges.filter(({ from }) => from === id).map(({ to }) => to);
  const leadsTo = (start: string, goal: string): boolean => {
    const seen = new Set([start]);
    for (const id of seen) for (const to of next(id)) seen.add(to);
    return seen.has(goal);
  };
  return edges.flatMap(({ from, to, kind }) => {
    const zone = zoneOf.get(to);
    if (kind !== "leads" || zone == null || zone === zoneOf.get(from)) return [];
    const entry = nodes.find((node) => node.zone === zone)?.id;
    const known = entry === undefined || edges.some((edge) => edge.from === from && edge.to === entry);
    return known || leadsTo(entry, from) ? [] : [[from, entry] as const];
  });
}

/** What is wrong is marked by a sign as well, for not everybody sees red. */
function titleOf({ title, state }: PictureNode): string {
  switch (state) {
    case "bogus":
      return `✗ ${title}`;
    case "indeterminate":
      return `? ${title}`;
    case "secure":
    case "insecure":
    case "idle":
      return title;
  }
}

/** The middle goes, for names differ at both ends. */
export function elided(text: string): string {
  if (text.length <= LINE) return text;
  const half = (LINE - 1) >> 1;
  return `${text.slice(0, half)}…${text.slice(-half)}`;
}

function sizeOf([title = "", ...lines]: readonly string[]): { readonly width: number; readonly height: number } {
  const longest = Math.max(0, ...lines.map((line) => line.length));
  const text = Math.max(title.length * sizes.title, longest * sizes.text) * CHARACTER;
  return {
    width: Math.ceil(text) + 2 * sizes.padding,
    height: sizes.titleHeight + lines.length * sizes.lineHeight + (lines.length > 0 ? sizes.padding - 3 : 2),
  };
}

/** dagre speaks of centres. */
function boxOf({ x = 0, y = 0, width, height }: { x?: number; y?: number; width: number; height: number }): Box {
  return { x: x - width / 2, y: y - height / 2, width, height };
}

function zoneBox({ x, y, width, height }: Box): Box {
  const { zonePadding: padding, zoneLabel: label } = sizes;
  return { x: x - padding, y: y - label, width: width + 2 * padding, height: height + label + padding };
}

/** All of it to the right of and below the origin. */
function shifted({ zones, nodes, edges }: Omit<Layout, "width" | "height">): Layout {
  const boxes = [...zones, ...nodes];
  const points = edges.flatMap((edge) => edge.points);
  const left = Math.min(0, ...boxes.map(({ x }) => x), ...points.map(({ x }) => x));
  const top = Math.min(0, ...boxes.map(({ y }) => y), ...points.map(({ y }) => y));
  const move = <T extends Point>(one: T): T => ({ ...one, x: one.x - left, y: one.y - top });
  return {
    width: Math.max(0, ...boxes.map(({ x, width }) => x + width), ...points.map(({ x }) => x)) - left,
    height: Math.max(0, ...boxes.map(({ y, height }) => y + height), ...points.map(({ y }) => y)) - top,
    zones: zones.map(move),
    nodes: nodes.map(move),
    edges: edges.map(({ edge, points: at }) => ({ edge, points: at.map(move) })),
  };
}
