/** What entries share is weighed once, and no longer than anybody holds it. */
import { expect, test } from "vitest";
import { WeighedCache } from "../../src/cache/weighed.ts";
import type { Shared } from "../../src/cache/weight.ts";

interface Entry {
  readonly own: number;
  readonly shared: readonly Shared[];
}

const part = (octets: number, below: readonly Shared[] = []): Shared => ({
  value: { octets },
  weigh: () => octets,
  below: () => below,
});
const cache = (maxOctets = 10_000, entryOctets = 5000) =>
  new WeighedCache<Entry>({ maxOctets, entryOctets, own: ({ own }) => own, shared: ({ shared }) => shared });

test("a chain behind two entries is weighed once, and gone with the second", () => {
  const root = part(1000);
  const zone = part(500, [root]);
  const entries = cache();
  entries.set("a", { own: 100, shared: [zone] });
  entries.set("b", { own: 100, shared: [zone] });
  expect(entries.octets).toBe(1704);
  entries.delete("a");
  expect(entries.octets).toBe(1602);
  entries.delete("b");
  expect(entries.octets).toBe(0);
});

test("heavy things behind light entries push out the oldest", () => {
  const entries = cache();
  for (let i = 0; i < 100; i++) entries.set(`${i}`, { own: 10, shared: [part(3000)] });
  expect(entries.size).toBe(3);
  expect(entries.octets).toBeLessThanOrEqual(10_000);
  expect(entries.get("99")).toBeDefined();
});

test("what replaces an entry of the same zone keeps the zone, and the count", () => {
  const zone = part(500);
  const entries = cache();
  for (let i = 0; i < 10; i++) entries.set("a", { own: 100 + i, shared: [zone] });
  expect(entries.octets).toBe(611);
  entries.clear();
  expect(entries.octets).toBe(0);
});

test("an entry too large leaves nothing behind, not even the one before it", () => {
  const entries = cache();
  entries.set("a", { own: 100, shared: [part(200)] });
  entries.set("a", { own: 6000, shared: [part(200)] });
  expect(entries.get("a")).toBeUndefined();
  expect(entries.octets).toBe(0);
});

test("one that shares more than fits is not kept", () => {
  const entries = cache();
  entries.set("a", { own: 100, shared: [part(20_000)] });
  expect(entries.size).toBe(0);
  expect(entries.octets).toBe(0);
});

test("the same value set twice is held once", () => {
  const entry = { own: 100, shared: [part(200)] };
  const entries = cache();
  entries.set("a", entry);
  entries.set("a", entry);
  entries.delete("a");
  expect(entries.octets).toBe(0);
});
