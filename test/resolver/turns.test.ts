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

test("ten thousand that wait are served in order, each woken once", async () => {
  const { clock, work, turns } = scene(1);
  const shared = new Turns(clock);
  const done: number[] = [];
  await Promise.all(
    Array.from({ length: 10_000 }, (_, i) =>
      shared.take(() => {
        work();
        done.push(i);
      }),
    ),
  );
  expect(done).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  expect(turns()).toBeLessThanOrEqual(5000);
});

test("a mistake in one piece is that caller's alone", async () => {
  const { clock, work } = scene(3);
  const shared = new Turns(clock);
  const mistake = (): never => {
    throw new TypeError("a mistake");
  };
  const all = await Promise.allSettled([shared.take(work), shared.take(mistake), shared.take(work), shared.take(work)]);
  expect(all.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  await shared.take(work);
});
