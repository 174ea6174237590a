/** What an operator sees of a resolver's memory, and what is forgotten when he says so. */
import { describe, expect, it } from "vitest";
import { Name } from "../../src/wire/name.ts";
import { smallInternet } from "./small-internet.ts";

const name = Name.parse;

describe("inspect", () => {
  it("tells answers, delegation and trust of a name, with their status and time", async () => {
    const { resolver } = smallInternet();
    await resolver.resolve("good.lab", "MX");
    const found = resolver.memory.inspect(name("good.lab"));
    expect(found).toContainEqual({ what: "answer", type: "MX", status: "secure", detail: "answer", secondsLeft: 3600 });
    expect(found.map(({ what }) => what).sort()).toEqual(["answer", "delegation", "zone"]);
    expect(resolver.memory.inspect(name("nobody.good.lab"))).toEqual([]);
    expect(resolver.memory.sizes()).toMatchObject({ delegations: 3, failures: 0 });
    expect(resolver.memory.trustAnchors().map(({ zone }) => `${zone}`)).toEqual(["."]);
  });
});

describe("flush", () => {
  it("a name is asked again, and its neighbours are not", async () => {
    const { resolver, world } = smallInternet();
    await resolver.resolve("mx.good.lab", "A");
    await resolver.resolve("mx2.good.lab", "A");
    expect(resolver.memory.flush(name("MX.good.lab"), "name")).toBe(1);
    const before = world.count();
    await resolver.resolve("mx2.good.lab", "A");
    expect(world.count()).toBe(before);
    await resolver.resolve("mx.good.lab", "A");
    expect(world.count()).toBe(before + 1);
  });

  it("a zone with all below it: delegation, keys and answers are fetched anew", async () => {
    const { resolver, world } = smallInternet();
    await resolver.resolve("mx.good.lab", "A");
    expect(resolver.memory.flush(name("good.lab"), "below")).toBeGreaterThanOrEqual(3);
    expect(resolver.memory.inspect(name("good.lab"))).toEqual([]);
    const asked = world.asked.length;
    await resolver.resolve("mx.good.lab", "A");
    const again = world.asked.slice(asked).map(({ question }) => `${question.name} ${question.type}`);
    expect(again).toContain("good.lab. 48");
    expect(again).not.toContain("lab. 48");
  });

  it("a denied name is asked again, though a range or a name above it denies it", async () => {
    const { resolver, world } = smallInternet();
    const question = { name: name("a.nobody.good.lab"), type: 1, class: 1 };
    await resolver.resolve("nobody.good.lab", "A");
    expect(resolver.cached(question)?.rcode).toBe(3);
    resolver.memory.flush(question.name, "name");
    expect(resolver.cached(question)).toBeUndefined();
    const before = world.count();
    expect((await resolver.resolve("a.nobody.good.lab", "A")).rcode).toBe(3);
    expect(world.count()).toBeGreaterThan(before);
  });

  it("a failure is tried again at once", async () => {
    const { resolver } = smallInternet({}, undefined);
    const question = { name: name("mx.good.lab"), type: 1, class: 1 };
    const aborted = new AbortController();
    aborted.abort();
    await resolver.resolve(question.name, "A", { signal: aborted.signal });
    expect(resolver.memory.flush(name("."), "below")).toBeGreaterThanOrEqual(0);
    expect(resolver.memory.sizes()).toMatchObject({ answers: 0, failures: 0, zones: 0, delegations: 0 });
    expect((await resolver.resolve(question.name, "A")).authenticated).toBe(true);
  });
});
