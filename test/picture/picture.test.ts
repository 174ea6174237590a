import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/dnssec/answer.ts";
import type { ResolutionEvent } from "../../src/env/events.ts";
import { virtualClock } from "../../src/env/virtual.ts";
import { buildWorld, type WorldDescription } from "../../src/lab/world.ts";
import { demoWorld, tellingQuestions } from "../../src/lab/worlds/demo.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { LAB_NOW, wounds } from "../../src/lab/wounds.ts";
import { pictureOf } from "../../src/picture/build.ts";
import type { Picture, PictureNode } from "../../src/picture/picture.ts";
import { treeOf } from "../../src/picture/tree.ts";
import { resolverIn } from "../lab/resolver.ts";
import { marked } from "./marked.ts";

interface Seen {
  readonly answer: Answer;
  readonly picture: Picture;
}

/** Asked cold, and once more, so that what is remembered is drawn as well. */
async function drawn(
  description: WorldDescription,
  { name, type }: { name: string; type: string },
): Promise<[Seen, Seen]> {
  const clock = virtualClock({ unixSeconds: LAB_NOW });
  const lab = buildWorld(description, LAB_NOW, { clock });
  const resolver = resolverIn(lab, clock);
  const ask = async (): Promise<Seen> => {
    const events: ResolutionEvent[] = [];
    const answer = await clock.run(() => resolver.resolve(name, type, { onEvent: (event) => events.push(event) }));
    return { answer, picture: pictureOf(answer, events) };
  };
  try {
    return [await ask(), await ask()];
  } finally {
    await resolver.close();
  }
}

function mark({ nodes }: Picture): PictureNode | null {
  return nodes.find(({ kind }) => kind === "broken" || kind === "unsigned") ?? null;
}

const titles = ({ nodes }: Picture, kind: PictureNode["kind"]): string[] =>
  nodes.filter((node) => node.kind === kind).map(({ title }) => title);

const words = (node: PictureNode | null): string => (node === null ? "" : node.lines.join(" "));

/** What holds for every picture. */
function complaints({ picture, answer }: Seen): string[] {
  const ids = new Set(picture.nodes.map(({ id }) => id));
  const zones = new Set(picture.zones.map(({ id }) => id));
  const into = (id: string) => picture.edges.filter(({ to }) => to === id);
  const found: string[] = [];
  for (const { from, to } of picture.edges) if (!ids.has(from) || !ids.has(to)) found.push(`edge ${from} -> ${to}`);
  for (const { id, zone, kind, state } of picture.nodes) {
    if (zone !== null && !zones.has(zone)) found.push(`${id} in no zone`);
    // Whatever is called secure hangs on an anchor, and on nothing but what is secure.
    if (state === "secure" && kind !== "anchor" && !into(id).some((edge) => edge.state === "secure"))
      found.push(`${id} hangs in the air`);
    if (
      state === "secure" &&
      into(id).some(({ from }) => picture.nodes.find((node) => node.id === from)!.state !== "secure")
    )
      found.push(`${id} is called secure, and rests on something that is not`);
  }
  if (answer.verdict.status === "secure" && picture.nodes.some(({ state }) => state !== "secure" && state !== "idle"))
    found.push("a secure answer, and something is not secure");
  const broken = picture.nodes.filter(({ kind }) => kind === "broken").length;
  if (broken !== (answer.verdict.status === "bogus" || answer.verdict.status === "indeterminate" ? 1 : 0))
    found.push(`${broken} broken links`);
  return found;
}

describe("the picture of a wounded world", () => {
  for (const wound of wounds) {
    it(wound.name, async () => {
      const [cold, again] = await drawn(wound.inflict(soundWorld), wound.question);
      const row = marked.find(([name]) => name === wound.name);
      for (const seen of [cold, again]) {
        const { picture, answer } = seen;
        const here = mark(picture);
        expect(complaints(seen)).toEqual([]);
        expect(picture.status).toBe(wound.status);
        expect(picture.reason.code).toBe(wound.reason ?? "proven");
        expect([here?.zone?.replace(/^zone /, "") ?? null, here?.title ?? null]).toEqual([
          row?.[1] ?? null,
          row?.[2] ?? null,
        ]);
        if (seen === cold) expect(picture.reason.dnsviz.join(" ")).toBe(row?.[3] ?? "");
        if (here === null) continue;
        expect(words(here)).toContain(picture.reason.text);
        const { verdict } = answer;
        if (verdict.status === "bogus") expect(words(here)).toContain(verdict.failure.detail);
        expect(treeOf(picture)).toContain(here.title);
      }
    });
  }
});

describe("the picture of the demo Internet", () => {
  it.each(tellingQuestions)("$name $type: $note", async (question) => {
    const [cold] = await drawn(demoWorld, question);
    expect(complaints(cold)).toEqual([]);
  });

  it("shows the way from the anchor to the answer, key by key", async () => {
    const [{ picture }] = await drawn(demoWorld, { name: "_25._tcp.mx.good.lab", type: "TLSA" });
    expect(picture.zones.map(({ name, state }) => `${name} ${state}`)).toEqual([
      ". secure",
      "lab. secure",
      "good.lab. secure",
    ]);
    expect(titles(picture, "ds")).toEqual(["DS lab.", "DS good.lab."]);
    expect(titles(picture, "data")).toEqual(["_25._tcp.mx.good.lab. TLSA"]);
    const kinds = picture.edges.map(({ kind }) => kind);
    // Anchor to both keys of the root, DS to a key twice; each key to what it signed.
    expect(kinds.filter((kind) => kind === "names")).toHaveLength(4);
    const keys = picture.nodes.filter(({ kind }) => kind === "key");
    expect(keys.map(({ lines }) => lines[0]!.slice(0, 3))).toEqual(["KSK", "KSK", "ZSK", "KSK", "ZSK", "KSK"]);
    expect(keys[0]!.lines[1]).toBe("signs the keys until 2026-11-16 12:00");
  });

  it("says what each NSEC of a denial proves", async () => {
    const [{ picture }] = await drawn(demoWorld, { name: "nobody.good.lab", type: "A" });
    const denials = picture.nodes.filter(({ kind }) => kind === "denial");
    expect(denials.map(({ lines }) => lines[0])).toEqual(["there is no nobody.good.lab.", "good.lab. is there"]);
    expect(denials[1]!.lines[1]).toBe("there is no *.good.lab.");
    expect(picture.nodes.at(-1)).toMatchObject({
      kind: "outcome",
      title: "nobody.good.lab. A",
      lines: ["the name does not exist"],
    });
    expect(picture.edges.filter(({ kind }) => kind === "denies")).toHaveLength(2);
  });

  it("says the same of NSEC3, whose owners are hashes", async () => {
    const [{ picture }] = await drawn(demoWorld, { name: "nobody.good.nsec3", type: "A" });
    const said = picture.nodes.filter(({ kind }) => kind === "denial").flatMap(({ lines }) => lines);
    for (const line of ["good.nsec3. is there", "there is no nobody.good.nsec3.", "there is no *.good.nsec3."])
      expect(said).toContain(line);
  });

  it("names the type that is missing, for NODATA", async () => {
    const [{ picture }] = await drawn(demoWorld, { name: "mx.good.nsec3", type: "TLSA" });
    expect(picture.nodes.find(({ kind }) => kind === "denial")!.lines[0]).toBe("mx.good.nsec3. is there, without TLSA");
    expect(picture.nodes.at(-1)!.lines).toEqual(["the name has no TLSA"]);
  });

  it("ends an opt-out span at a box that says so, below the records that prove it", async () => {
    const [{ picture }] = await drawn(demoWorld, { name: "www.child.optout", type: "A" });
    expect(titles(picture, "unsigned")).toEqual(["child.optout. may be unsigned"]);
    const denying = picture.edges.filter(({ to }) => to.startsWith("unsigned"));
    expect(denying.every(({ kind }) => kind === "denies")).toBe(true);
    const proofs = picture.nodes.filter(({ id }) => denying.some(({ from }) => from === id));
    expect(proofs.map(words).join(" ")).toContain("no signed delegation child.optout. (opt-out)");
  });

  it("follows an alias from zone to zone", async () => {
    const [{ picture }] = await drawn(demoWorld, { name: "mail.moved.lab", type: "A" });
    expect(titles(picture, "alias")).toEqual(["mail.moved.lab. CNAME"]);
    const [leads] = picture.edges.filter(({ kind }) => kind === "leads");
    expect(picture.nodes.find(({ id }) => id === leads!.to)).toMatchObject({
      title: "mx.good.lab. A",
      zone: "zone good.lab.",
    });
  });

  it("shows which part of an alias is proven, where the rest is not", async () => {
    const [{ picture }] = await drawn(demoWorld, { name: "away.good.lab", type: "A" });
    const state = (kind: PictureNode["kind"]) => picture.nodes.find((node) => node.kind === kind)!.state;
    expect([state("alias"), state("unsigned"), state("data")]).toEqual(["secure", "insecure", "insecure"]);
  });

  it("tells tags and dates of what failed, and no data", async () => {
    const [{ picture }] = await drawn(demoWorld, { name: "www.expired.broken", type: "A" });
    const text = JSON.stringify(picture);
    expect(text).toContain("EXPIRATION_IN_PAST");
    expect(text).toMatch(/came: key [0-9]+, KSK, ECDSAP256SHA256/);
    expect(text).not.toContain("192.0.2");
  });

  it("tells which servers were silent", async () => {
    const [{ picture }] = await drawn(demoWorld, { name: "www.silent.broken", type: "A" });
    expect(picture.notes[0]).toMatch(/^no reply from 127\.53\./);
    expect(mark(picture)).toMatchObject({ state: "indeterminate", zone: "zone silent.broken." });
  });
});
