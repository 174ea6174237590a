/** A picture as lines of text: what vouches for what, from the anchor down. */
import type { Picture, PictureNode, State } from "./picture.ts";

const marks: Readonly<Record<State, string>> = {
  secure: "",
  insecure: "[insecure] ",
  bogus: "[BROKEN] ",
  indeterminate: "[UNKNOWN] ",
  idle: "",
};

/** Ends with a newline. Characters of box drawing, as `tree` draws them. */
export function treeOf(picture: Picture): string {
  const { question, headline, reason } = picture;
  const codes = reason.dnsviz.length === 0 ? "" : ` (DNSViz: ${reason.dnsviz.join(", ")})`;
  const lines = [`${question.name} ${question.type} is ${headline}`, `  ${reason.text}${codes}`];
  const tree = new Tree(picture);
  const roots = picture.nodes.filter(({ id }) => !picture.edges.some(({ to }) => to === id));
  for (const root of roots) lines.push("", ...tree.lines(root));
  if (picture.notes.length > 0) lines.push("", ...picture.notes);
  return `${lines.join("\n")}\n`;
}

class Tree {
  readonly #picture: Picture;
  readonly #said = new Set<string>();

  constructor(picture: Picture) {
    this.#picture = picture;
  }

  lines(root: PictureNode): string[] {
    return this.#below(root, "", "");
  }

  #below(node: PictureNode, first: string, rest: string): string[] {
    const again = this.#said.has(node.id);
    this.#said.add(node.id);
    if (again) return [`${first}${node.title} (see above)`];
    const [line, ...more] = linesOf(node);
    const children = this.#children(node);
    const bar = children.length > 0 ? "│ " : "  ";
    const lines = [`${first}${marks[node.state]}${line}`, ...more.map((text) => `${rest}${bar}  ${text}`)];
    for (const [i, child] of children.entries()) {
      const last = i === children.length - 1;
      lines.push(...this.#below(child, `${rest}${last ? "└─ " : "├─ "}`, `${rest}${last ? "   " : "│  "}`));
    }
    return lines;
  }

  /** What several things lead to stands below the last of them. */
  #children(node: PictureNode): readonly PictureNode[] {
    const { nodes, edges } = this.#picture;
    return edges.flatMap(({ from, to }) => (from === node.id ? (nodes.find(({ id }) => id === to) ?? []) : []));
  }
}

/** Short things on one line. */
function linesOf({ kind, title, lines }: PictureNode): readonly string[] {
  switch (kind) {
    case "anchor":
    case "key":
    case "keys":
    case "ds":
      return [[title, ...lines].join("; ")];
    case "data":
    case "alias":
    case "denial":
    case "outcome":
      return [title, ...lines];
    case "unsigned":
    case "broken":
      return [title, ...lines];
  }
}
