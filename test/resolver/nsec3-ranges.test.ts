/** Denials from known NSEC3 RRs, without asking: RFC 8198 §5, within the bounds of RFC 9276. */
import { describe, expect, test } from "vitest";
import type { WorldDescription } from "../../src/lab/world.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { later, type Scene, scene } from "./scene.ts";

const hundred = Array.from({ length: 30 }, (_, i) => `h${i} A 5.1.2.${i}`).join("\n");
const world: WorldDescription = {
  zones: [
    { apex: "." },
    { apex: "once.", records: hundred, signing: { denial: { iterations: 0 } } },
    { apex: "wild.", records: `${hundred}\n*.w TXT "any"\n*.w.deep A 5.1.2.9`, signing: { denial: { iterations: 0 } } },
    { apex: "twice.", records: hundred, signing: { denial: { iterations: 1 } } },
    { apex: "salted.", records: hundred, signing: { denial: { salt: new Uint8Array(9) } } },
    { apex: "optout.", records: hundred, signing: { denial: { optOut: true } } },
  ],
};
const play = (story: (it: Scene) => Promise<void>) => scene({ world: () => world }, story);

/** Until every NSEC3 RR of the zone is known. */
async function learn(it: Scene, zone: string): Promise<void> {
  for (let i = 0; i < 150; i++) await it.ask(`learn${i}.${zone}`);
}

describe("a zone hashed once", () => {
  test("denies names that were never asked for, secure and without a question", () =>
    play(async (it) => {
      await learn(it, "once.");
      const seen = await it.ask("never-asked.once.");
      expect(seen.packets).toEqual([]);
      expect(seen.says).toBe("secure name error");
      const { verdict } = seen.answer;
      if (verdict.status !== "secure") throw new Error(verdict.status);
      const types = new Set(verdict.value.authority.map(({ type }) => type));
      expect(types).toEqual(new Set([TYPE.SOA, TYPE.NSEC3]));
      expect((await it.ask("a.b.c.once.")).packets).toEqual([]);
    }));

  test("denies a type that a name lacks, and asks for one it has", () =>
    play(async (it) => {
      await learn(it, "once.");
      await it.ask("h3.once.", "MX");
      expect(await it.ask("h3.once.", "TXT")).toMatchObject({ says: "secure no data", packets: [] });
      const there = await it.ask("h3.once.", "A");
      expect(there.says).toBe("secure answer");
      expect(there.packets).toEqual(["h3.once. A"]);
    }));

  test("asks again when the SOA says that its denials have ended", () =>
    play(async (it) => {
      await learn(it, "once.");
      await later(it.clock, 301);
      const late = await it.ask("never-asked.once.");
      expect(late.says).toBe("secure name error");
      expect(late.packets).not.toEqual([]);
    }));

  test("what an operator has forgotten is asked for again", () =>
    play(async (it) => {
      await learn(it, "once.");
      it.resolver.memory.flush(Name.parse("never-asked.once."), "name");
      expect((await it.ask("never-asked.once.")).packets).not.toEqual([]);
    }));

  test("a cache of an odd size is one", () =>
    scene({ world: () => world, settings: { cacheOctets: 1_048_583 } }, async (it) => {
      expect((await it.ask("h1.once.")).says).toBe("secure answer");
    }));

  test("names of many labels are asked for, and cost no hashes", () =>
    play(async (it) => {
      await learn(it, "once.");
      const seen = await it.ask(`${"x.".repeat(40)}once.`);
      expect(seen.says).toBe("secure name error");
      expect(seen.packets).not.toEqual([]);
    }));

  test("a wildcard is never denied: what it has is asked for, what it lacks is no data", () =>
    play(async (it) => {
      await learn(it, "wild.");
      await it.ask("one.w.wild.", "TXT");
      await it.ask("two.w.wild.", "MX");
      const other = await it.ask("three.w.wild.", "TXT");
      expect(other.says).toBe("secure answer");
      expect(other.packets).toContain("three.w.wild. TXT");
      for (let i = 0; i < 60; i++) await it.ask(`l${i}.w.wild.`, "MX");
      expect(await it.ask("four.w.wild.", "MX")).toMatchObject({ says: "secure no data", packets: [] });
      const deep = await it.ask("one.w.deep.wild.", "A");
      expect(deep.says).toBe("secure answer");
    }));
});

describe("not synthesised", () => {
  for (const zone of ["twice.", "salted.", "optout."]) {
    test(`names of ${zone}`, () =>
      play(async (it) => {
        await learn(it, zone);
        expect((await it.ask(`never-asked.${zone}`)).packets).not.toEqual([]);
      }));
  }

  test("what an opt-out span covers stays insecure", () =>
    play(async (it) => {
      await learn(it, "optout.");
      expect((await it.ask("never-asked.optout.")).says).toMatch(/^insecure/);
    }));
});
