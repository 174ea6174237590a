import { getEventListeners, setMaxListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { pooledRandom, systemClock, systemRandom } from "../../src/env/system.ts";

const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;

describe("the system clock", () => {
  it("sleeps about as long as told", async () => {
    const before = systemClock.monotonicMs();
    await systemClock.sleep(20);
    expect(systemClock.monotonicMs() - before).toBeGreaterThanOrEqual(19);
  });

  it("wakes at once on abort, without a timer or a listener left behind", async () => {
    const before = timers();
    const controller = new AbortController();
    const sleep = systemClock.sleep(60_000, controller.signal);
    expect(timers()).toBe(before + 1);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    const start = performance.now();
    controller.abort();
    await sleep;
    expect(performance.now() - start).toBeLessThan(50);
    expect(timers()).toBe(before);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  it("removes its listener when the time is over, so that one signal can serve many sleeps", async () => {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal); // Node 20 warns above 10
    await Promise.all(Array.from({ length: 100 }, () => systemClock.sleep(1, controller.signal)));
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  it("does not sleep at all when the signal has aborted before", async () => {
    const before = timers();
    await systemClock.sleep(60_000, AbortSignal.abort());
    expect(timers()).toBe(before);
  });

  it("does not fire at once when asked to wait 30 days (RFC 5011), though setTimeout holds only 24.8", async () => {
    const controller = new AbortController();
    let woke = false;
    const sleep = systemClock.sleep(30 * 86_400_000, controller.signal).then(() => {
      woke = true;
    });
    await systemClock.sleep(20);
    expect(woke).toBe(false);
    controller.abort();
    await sleep;
  });

  it("fires a deadline once, or never if it was cancelled", async () => {
    let fired = 0;
    systemClock.after(5, () => fired++);
    systemClock.after(5, () => fired++)();
    systemClock.background(5, () => fired++);
    await systemClock.sleep(30);
    expect(fired).toBe(2);
  });

  it("agrees with the calendar", () => {
    expect(Math.abs(systemClock.unixSeconds() - Date.now() / 1000)).toBeLessThan(1);
  });
});

describe("system randomness", () => {
  /** Chi-square of `counts` against equal chances, as a distance from its mean in standard deviations. */
  function deviations(counts: readonly number[]): number {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const expected = total / counts.length;
    const chi2 = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    const freedom = counts.length - 1;
    return (chi2 - freedom) / Math.sqrt(2 * freedom);
  }

  function histogram(values: readonly number[], bins: number, below: number): number[] {
    const counts = new Array<number>(bins).fill(0);
    for (const value of values) counts[Math.floor((value * bins) / below)]!++;
    return counts;
  }

  it("gives 100,000 pairs of id and port that chi-square finds even, each alone and both together (CVE-2025-40780)", () => {
    const ids: number[] = [];
    const ports: number[] = [];
    for (let i = 0; i < 100_000; i++) {
      ids.push(systemRandom.integer(65536));
      ports.push(1024 + systemRandom.integer(64512));
    }
    expect(Math.min(...ports)).toBeGreaterThanOrEqual(1024);
    expect(Math.max(...ports)).toBeLessThanOrEqual(65535);
    // 6 standard deviations: a fair generator fails once in about 10^8 runs, even with the skew of chi-square.
    expect(deviations(histogram(ids, 256, 65536))).toBeLessThan(6);
    expect(
      deviations(
        histogram(
          ids.map((id) => id & 255),
          256,
          256,
        ),
      ),
    ).toBeLessThan(6);
    expect(
      deviations(
        histogram(
          ports.map((port) => port - 1024),
          252,
          64512,
        ),
      ),
    ).toBeLessThan(6);
    const pairs = ids.map((id, i) => (id >> 12) * 16 + ((ports[i]! - 1024) % 16));
    expect(deviations(histogram(pairs, 256, 256))).toBeLessThan(6);
    const steps = ids.slice(1).map((id, i) => (id - ids[i]! + 65536) & 65535);
    expect(deviations(histogram(steps, 256, 65536))).toBeLessThan(6);
  });

  it("would be caught by that test if it were biased", () => {
    const values = Array.from({ length: 100_000 }, () => systemRandom.integer(65536) % 40000);
    expect(deviations(histogram(values, 256, 40000))).toBeGreaterThan(6);
  });

  it("draws again instead of folding the uneven rest", () => {
    // 65535 lies in the incomplete last run for 64512 ports: it must be thrown away, not become 1023.
    const source = [0xff, 0xff, 0x00, 0x05];
    let at = 0;
    const random = pooledRandom((pool) => {
      for (let i = 0; i < pool.length; i++) pool[i] = source[at++ % source.length]!;
    });
    expect(random.integer(64512)).toBe(5);
    expect(random.integer(65536)).toBe(65535);
  });

  it("reaches both ends of every range", () => {
    for (const below of [1, 2, 3, 65536, 65537]) {
      for (let i = 0; i < 1000; i++) {
        const value = systemRandom.integer(below);
        expect(value >= 0 && value < below && Number.isInteger(value)).toBe(true);
      }
    }
    expect(systemRandom.integer(1)).toBe(0);
    const seen = new Set(Array.from({ length: 200 }, () => systemRandom.integer(3)));
    expect(seen).toEqual(new Set([0, 1, 2]));
  });

  it("never gives the same pool out twice and refills as it empties", () => {
    let fills = 0;
    const random = pooledRandom((pool) => {
      fills += 1;
      pool.fill(fills);
    });
    const first = random.octets(1000);
    for (let i = 0; i < 4; i++) random.octets(1000);
    expect(first.every((octet) => octet === 1)).toBe(true);
    expect(fills).toBe(2);
    expect(random.octets(8)).toEqual(new Uint8Array(8).fill(2));
  });

  it("keeps nothing of what it gave out, so that a later leak tells nothing about ids in use", () => {
    let pool = new Uint8Array();
    const random = pooledRandom((filled) => {
      pool = filled.fill(255) as Uint8Array<ArrayBuffer>;
    });
    random.integer(65536);
    random.octets(8);
    expect([...pool.subarray(0, 11)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255]);
  });

  it("gives as many octets as asked, more than the pool holds too", () => {
    expect(systemRandom.octets(0)).toHaveLength(0);
    expect(systemRandom.octets(8)).not.toEqual(systemRandom.octets(8));
    const many = systemRandom.octets(10_000);
    expect(many).toHaveLength(10_000);
    expect(deviations(histogram([...many], 256, 256))).toBeLessThan(6);
  });

  it("refuses ranges that are none", () => {
    for (const below of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) {
      expect(() => systemRandom.integer(below)).toThrow(RangeError);
    }
  });
});
