/** What remembered failures weigh, with the accounts of the chains above them. */
import { describe, expect, it } from "vitest";
import { brokenBelow, failureWeight } from "../../src/cache/weight.ts";
import type { Failure } from "../../src/dnssec/proof.ts";
import { virtualClock } from "../../src/env/virtual.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { demoWorld } from "../../src/lab/worlds/demo.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import { resolverIn } from "../lab/resolver.ts";

async function failuresOf(...questions: (readonly [string, string])[]): Promise<Failure[]> {
  const clock = virtualClock({ unixSeconds: LAB_NOW });
  const world = buildWorld(demoWorld, LAB_NOW, { clock });
  const resolver = resolverIn(world, clock);
  const failures: Failure[] = [];
  for (const [name, type] of questions) {
    const { verdict } = await clock.run(() => resolver.resolve(name, type));
    if (verdict.status === "bogus" || verdict.status === "indeterminate") failures.push(verdict.failure);
  }
  await resolver.close();
  return failures;
}

describe("a remembered failure", () => {
  it("weighs what came and did not count, in bounds: twenty signatures are told as six", async () => {
    const [stripped, trapped] = await failuresOf(["www.stripped.broken", "A"], ["www.keytrap.broken", "A"]);
    expect(trapped!.broken!.shown!.signatures).toHaveLength(6);
    expect(failureWeight(trapped!)).toBeGreaterThan(failureWeight(stripped!) + 1000);
    expect(failureWeight(trapped!)).toBeLessThan(10_000);
    expect(failureWeight({ ...stripped!, broken: undefined! })).toBeLessThan(300);
  });

  it("shares the account of the chain above with others below the same zone, up to the root", async () => {
    const names = [
      ["nobody.nodenial.broken", "A"],
      ["nowhere.nodenial.broken", "A"],
      ["www.digest.broken", "A"],
    ] as const;
    const [first, second, third] = await failuresOf(...names);
    const [one, two, other] = [first, second, third].map((failure) => brokenBelow(failure!)[0]!);
    expect(one!.value).toBe(two!.value);
    expect(other!.value).toBe(one!.below()[0]!.value);
    const root = other!.below()[0]!;
    expect(root.below()).toEqual([]);
    for (const shared of [one!, other!, root]) expect(shared.weigh()).toBeGreaterThan(1000);
  });
});
