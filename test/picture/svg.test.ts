import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elided } from "../../src/picture/layout.ts";
import type { Picture } from "../../src/picture/picture.ts";
import { escaped, svgOf } from "../../src/picture/svg.ts";
import { treeOf } from "../../src/picture/tree.ts";

/** Three zones, an alias, a break: with one text wherever a text can be. */
function pictureOfText(text: string): Picture {
  const zones = ["a", "b", "c"].map((id) => ({ id, name: text, state: id === "c" ? "bogus" : "secure" }) as const);
  const node = (id: string, zone: string | null, kind: Picture["nodes"][number]["kind"]) =>
    ({
      id,
      zone,
      kind,
      title: text,
      lines: [text, "and more"],
      state: kind === "broken" ? "bogus" : "secure",
    }) as const;
  return {
    question: { name: text, type: "TLSA" },
    status: "bogus",
    headline: "bogus: data came, and validation failed",
    reason: { code: "signature wrong", text, dnsviz: ["SIGNATURE_INVALID"] },
    zones,
    nodes: [
      node("anchor", null, "anchor"),
      node("key a", "a", "key"),
      node("ds b", "a", "ds"),
      node("key b", "b", "key"),
      node("alias", "b", "alias"),
      node("broken", "c", "broken"),
    ],
    edges: [
      { from: "anchor", to: "key a", kind: "names", state: "secure" },
      { from: "key a", to: "ds b", kind: "signs", state: "secure" },
      { from: "ds b", to: "key b", kind: "names", state: "secure" },
      { from: "key b", to: "alias", kind: "signs", state: "secure" },
      { from: "alias", to: "broken", kind: "leads", state: "bogus" },
      { from: "key a", to: "broken", kind: "signs", state: "bogus" },
    ],
    notes: [text],
  };
}

/** The elements of a document in order; Error where it is no XML of the plain kind that we write. */
function elementsOf(xml: string): string[] {
  const elements: string[] = [];
  const open: string[] = [];
  const rest = xml.replace(
    /<(\/?)([a-z]+)((?: [a-zA-Z:]+="[^"<]*")*)(\/?)>|[^<&]+|&#[0-9]+;/g,
    (found, closing, name, _attributes, empty) => {
      if (name === undefined) return "";
      elements.push(name);
      if (closing === "/") {
        if (open.pop() !== name) throw new Error(`</${name}> closes another element`);
      } else if (empty !== "/") open.push(name);
      return found === "" ? "?" : "";
    },
  );
  if (rest !== "") throw new Error(`no XML: ${rest.slice(0, 40)}`);
  if (open.length > 0) throw new Error(`not closed: ${open.join(" ")}`);
  return elements;
}

const hostile = [
  "</text><script>alert(1)</script>.example.",
  '" onload="alert(1)',
  "]]><!--",
  "&amp;&#60;script&#62;",
  '\\000\\255\\".example.',
  "\u0000\u0007\ud800\ufffe",
  "x".repeat(1004),
  "",
];

describe("a drawing", () => {
  it.each(hostile)("of %j is XML, and holds nothing that runs or loads", (text) => {
    const svg = svgOf(pictureOfText(text));
    const elements = new Set(elementsOf(svg));
    expect([...elements].sort()).toEqual(["desc", "g", "path", "rect", "style", "svg", "text", "title"]);
    expect(svg).not.toMatch(/<script|\son[a-z]+="|href|url\(|@import|xlink/);
  });

  it("of any text is XML", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
        elementsOf(svgOf(pictureOfText(text)));
      }),
      { numRuns: 60 },
    );
  });

  it("has a title and a description for those who do not see it", () => {
    const picture = pictureOfText("www.example.");
    const svg = svgOf(picture);
    expect(svg).toContain('role="img"');
    expect(svg).toContain(
      "<title>Chain of trust of www.example. TLSA: bogus: data came, and validation failed</title>",
    );
    expect(svg).toContain(`<desc>${escaped(treeOf(picture))}</desc>`);
  });

  it("keeps its colours outside where a page has them", () => {
    const svg = svgOf(pictureOfText("www.example."), { style: "outside" });
    expect(svg).not.toContain("<style");
    expect(svg).not.toContain("style=");
  });

  it("lets no zone overlap another, and no box leave its zone", () => {
    const svg = svgOf(pictureOfText("www.example."));
    const box = (rect: string) => {
      const value = (name: string) => Number(new RegExp(`\\b${name}="([0-9.-]+)"`).exec(rect)![1]);
      return { x: value("x"), y: value("y"), width: value("width"), height: value("height") };
    };
    const zones = [...svg.matchAll(/<g class="zone [a-z]+"><rect [^>]*>/g)].map(([rect]) => box(rect));
    expect(zones).toHaveLength(3);
    for (const [i, a] of zones.entries())
      for (const b of zones.slice(i + 1)) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart).toBe(true);
      }
    const boxes = [...svg.matchAll(/<rect class="box" [^>]*>/g)].map(([rect]) => box(rect));
    expect(boxes).toHaveLength(6);
    const within = boxes.filter(({ x, y, width, height }) =>
      zones.some(
        (zone) => x >= zone.x && y >= zone.y && x + width <= zone.x + zone.width && y + height <= zone.y + zone.height,
      ),
    );
    expect(within).toHaveLength(5); // all but the anchor
  });
});

describe("a long text", () => {
  it("loses its middle", () => {
    expect(elided("short")).toBe("short");
    const long = elided(`${"a".repeat(40)}.${"b".repeat(40)}`);
    expect(long).toHaveLength(49);
    expect(long).toMatch(/^a+…b+$/);
  });
});
