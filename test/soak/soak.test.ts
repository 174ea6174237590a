/** The short form of `npm run soak`: what a small cache lets stay alive, whatever is asked. */
import { expect, test } from "vitest";
import { soak, type Weight } from "./soak.ts";
import { type KindName, type kinds, mixture } from "./world.ts";

const MB = 1048576;

async function weights(asked: readonly KindName[], questions: number, cacheOctets: number): Promise<readonly Weight[]> {
  const found: Weight[] = [];
  const settings = { cacheOctets };
  await soak({ questions, kinds: asked, every: questions / 4, settings, onWeight: (weight) => found.push(weight) });
  return found;
}

test("6,000 distinct questions of every kind: each has its status, and the process stays small", async () => {
  const found = await weights(mixture(), 6_000, 4 * MB);
  const { aliveMb: before } = found[0]!;
  const { aliveMb: after, rssMb } = found.at(-1)!;
  // The heap as it is, with what nobody has collected yet: without the bounds it is a gigabyte.
  expect(after - before).toBeLessThan(150);
  expect(rssMb).toBeLessThan(1000);
}, 60_000);

for (const name of ["bitmap", "keys", "zones", "islands"] satisfies (keyof typeof kinds)[]) {
  test(`what hangs on each of them is counted: ${name}`, async () => {
    const found = await weights([name], 600, 4 * MB);
    expect(found.at(-1)!.aliveMb - found[0]!.aliveMb).toBeLessThan(150);
  }, 60_000);
}
