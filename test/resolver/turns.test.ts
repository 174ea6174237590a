/** Judging leaves room for others: at no point of the event loop is more done than fits. */
import { expect, test } from "vitest";
import type { Clock } from "../../src/env/env.ts";
import { Turns } from "../../src/resolver/turns.ts";

/** Each piece of work takes `ms`; turns are counted. */
function scene(ms: number) {
  let now = 0;
  let inTurn = 0;
  let most = 0;
  let turns = 0;
  const clock: Clock = {
    monotonicMs: () => now,
    unixSeconds: () => 0,
    sleep: () => Promise.resolve(),
    turn: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
      inTurn = 0;
    },
  };
  const work = (): void => {
    now += ms;
    inTurn += ms;
    most = Math.max(most, inTurn);
  };
  return { clock, work, most: () => most, turns: () => turns };
}

test("a hundred pieces of half a millisecond, of one question or of many at once, never come together", async () => {
  const { clock, work, most, turns } = scene(0.5);
  const shared = new Turns(clock);
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      for (let i = 0; i < 5; i++) await shared.take(work);
    }),
  );
  expect(most()).toBeLessThanOrEqual(2);
  expect(turns()).toBeGreaterThanOrEqual(24);
});

test("what costs nothing is done at once", async () => {
  const { clock, work, turns } = scene(0.001);
  const shared = new Turns(clock);
  for (let i = 0; i < 1000; i++) await shared.take(work);
  expect(turns()).toBe(0);
});

test("a clock without turns has nobody to hold up", async () => {
  const { clock, work, turns } = scene(5);
  const { turn: _, ...still } = clock;
  const shared = new Turns(still);
  for (let i = 0; i < 10; i++) await shared.take(work);
  expect(turns()).toBe(0);
});
