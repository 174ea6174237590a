import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { Ask, Env, Exchange } from "../../src/env/env.ts";
import { seededRandom, virtualClock } from "../../src/env/virtual.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { answerTo } from "../net/messages.ts";
import { scriptedExchange } from "./scripted.ts";

const START = 1_772_323_200;

describe("the virtual clock", () => {
  it("lets an hour of sleeping pass in a moment", async () => {
    const clock = virtualClock({ unixSeconds: START });
    const before = performance.now();
    await clock.run(async () => {
      for (let minute = 0; minute < 60; minute++) await clock.sleep(60_000);
    });
    expect(clock.monotonicMs()).toBe(3_600_000);
    expect(clock.unixSeconds()).toBe(START + 3600);
    expect(performance.now() - before).toBeLessThan(900);
  });

  it("wakes sleepers by time, and those of one instant in the order of their creation", async () => {
    const clock = virtualClock({ unixSeconds: START });
    const woke: string[] = [];
    const sleeper = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      woke.push(`${name}@${clock.monotonicMs()}`);
    };
    await clock.run(() =>
      Promise.all([
        sleeper("c", 30),
        sleeper("a", 10),
        sleeper("x", 20),
        sleeper("y", 20),
        sleeper("z", 20),
        sleeper("0", 0),
      ]),
    );
    expect(woke).toEqual(["0@0", "a@10", "x@20", "y@20", "z@20", "c@30"]);
  });

  it("does not move while a chain of microtasks and immediates is still running", async () => {
    const clock = virtualClock({ unixSeconds: START });
    const log: string[] = [];
    await clock.run(async () => {
      const timeout = clock.sleep(1).then(() => log.push("timeout"));
      for (let i = 0; i < 1000; i++) await null;
      for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
      log.push(`work done at ${clock.monotonicMs()}`);
      await timeout;
    });
    expect(log).toEqual(["work done at 0", "timeout"]);
  });

  it("lets the first of an instant abort the second before it wakes", async () => {
    const clock = virtualClock({ unixSeconds: START });
    const controller = new AbortController();
    let aborted: boolean | null = null;
    await clock.run(async () => {
      const first = clock.sleep(10).then(() => controller.abort());
      const second = clock.sleep(10, controller.signal).then(() => {
        aborted = controller.signal.aborted;
      });
      await Promise.all([first, second]);
    });
    expect(aborted).toBe(true);
  });

  it("wakes an aborted sleeper at once and forgets its date", async () => {
    const clock = virtualClock({ unixSeconds: START });
    const controller = new AbortController();
    await clock.run(async () => {
      const sleep = clock.sleep(1_000_000, controller.signal);
      controller.abort();
      await sleep;
      await clock.sleep(1_000_000, controller.signal);
      await clock.sleep(5);
    });
    expect(clock.monotonicMs()).toBe(5);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  it("says so when the work waits for something that never comes", async () => {
    const clock = virtualClock({ unixSeconds: START });
    await expect(
      clock.run(async () => {
        await clock.sleep(70);
        await new Promise(() => {});
      }),
    ).rejects.toThrow("at 70 ms of virtual time nobody sleeps");
  });

  it("hands on what the work throws, at once or later", async () => {
    const clock = virtualClock({ unixSeconds: START });
    await expect(
      clock.run(() => {
        throw new TypeError("early");
      }),
    ).rejects.toThrow("early");
    await expect(
      clock.run(async () => {
        await clock.sleep(10);
        throw new TypeError("late");
      }),
    ).rejects.toThrow("late");
    expect(await clock.run(async () => 5)).toBe(5);
  });

  it("advances on demand, waking everybody on the way", async () => {
    const clock = virtualClock({ unixSeconds: START, startMs: 500 });
    const woke: number[] = [];
    const ticking = (async () => {
      for (let i = 0; i < 3; i++) {
        await clock.sleep(10);
        woke.push(clock.monotonicMs());
      }
    })();
    await clock.advance(25);
    expect(woke).toEqual([510, 520]);
    expect(clock.monotonicMs()).toBe(525);
    await ticking;
    clock.advance(1000);
    expect(clock.monotonicMs()).toBe(1530);
    expect(() => clock.advance(-1)).toThrow(RangeError);
  });

  it("keeps the calendar apart: it may jump, or stand still", async () => {
    const moving = virtualClock({ unixSeconds: START, startMs: 10_000 });
    expect(moving.unixSeconds()).toBe(START);
    moving.advance(2500);
    expect(moving.unixSeconds()).toBe(START + 2.5);
    moving.setUnixSeconds(7);
    expect(moving.unixSeconds()).toBe(7);
    expect(moving.monotonicMs()).toBe(12_500);

    const standing = virtualClock({ unixSeconds: START, calendar: "stands" });
    standing.advance(86_400_000);
    expect(standing.unixSeconds()).toBe(START);
    standing.setUnixSeconds(START + 1);
    expect(standing.unixSeconds()).toBe(START + 1);
  });

  it("serves two runs at once, and two clocks at once", async () => {
    const [one, two] = [virtualClock({ unixSeconds: START }), virtualClock({ unixSeconds: START })];
    await Promise.all([
      one.run(() => one.sleep(100)),
      one.run(() => one.sleep(50)),
      two.run(async () => {
        for (let i = 0; i < 20; i++) await two.sleep(1);
      }),
    ]);
    expect(one.monotonicMs()).toBe(100);
    expect(two.monotonicMs()).toBe(20);
  });

  it("wakes ten thousand sleepers in order", async () => {
    const clock = virtualClock({ unixSeconds: START });
    const random = seededRandom(1);
    const woke: number[] = [];
    await clock.run(() =>
      Promise.all(
        Array.from({ length: 10_000 }, () =>
          clock.sleep(random.integer(1000)).then(() => woke.push(clock.monotonicMs())),
        ),
      ),
    );
    expect(woke).toHaveLength(10_000);
    expect(woke).toEqual([...woke].sort((a, b) => a - b));
  });
});

describe("seeded randomness", () => {
  it("is the same for one seed and another for another", () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return [...Array.from({ length: 50 }, () => random.integer(1000)), ...random.octets(50)];
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(0)).not.toEqual(draw(1));
  });

  it("is even enough for tests, and keeps to its range", () => {
    const random = seededRandom(3);
    const counts = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 60_000; i++) counts[random.integer(6)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(900);
    expect(() => random.integer(0)).toThrow(RangeError);
  });
});

describe("a race of three servers", () => {
  const question = { name: Name.parse("mx.example."), type: 52, class: 1 };

  /** Starts one try after another, 20 ms apart, until one answers; aborts the losers. */
  async function race(env: Omit<Env, "emit">, say: (line: string) => void): Promise<void> {
    const losers = new AbortController();
    const attempt = async (server: string, startMs: number): Promise<string> => {
      await env.clock.sleep(startMs, losers.signal);
      for (let send = 0; send < 3; send++) {
        if (losers.signal.aborted) throw new Error("lost");
        say(`${env.clock.monotonicMs()} ask ${server} ${env.random.integer(65536)}`);
        const result = await env.exchange(
          {
            server: { address: server, port: 53 },
            transport: "udp",
            question,
            rd: false,
            cd: false,
            edns: null,
            timeoutMs: 40 + env.random.integer(20),
          },
          losers.signal,
        );
        say(`${env.clock.monotonicMs()} ${server} ${result.kind} ${result.kind === "reply" ? result.rttMs : ""}`);
        if (result.kind === "reply") return server;
      }
      throw new Error(`${server} is silent`);
    };
    const tries = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((server, i) => attempt(server, i * 20));
    try {
      say(`winner ${await Promise.any(tries)}`);
    } catch {
      say("no winner");
    }
    losers.abort();
    await Promise.allSettled(tries);
    say(`end ${env.clock.monotonicMs()}`);
  }

  async function transcript(seed: number): Promise<string> {
    const clock = virtualClock({ unixSeconds: START });
    const random = seededRandom(seed);
    const lines: string[] = [];
    const exchange: Exchange = scriptedExchange({
      clock,
      latencyMs: () => 5 + random.integer(60),
      handle: (ask) => (random.integer(3) === 0 ? "drop" : answerTo(ask.question)),
    });
    await clock.run(() => race({ clock, random, exchange }, (line) => lines.push(line)));
    return lines.join("\n");
  }

  it("gives the same transcript in each of 1,000 replays over 50 seeds", async () => {
    const first = new Map<number, string>();
    for (let replay = 0; replay < 20; replay++) {
      for (let seed = 0; seed < 50; seed++) {
        const lines = await transcript(seed);
        if (!first.has(seed)) first.set(seed, lines);
        expect(lines).toBe(first.get(seed));
      }
    }
    // The stories differ, or the comparison would prove nothing.
    expect(new Set(first.values()).size).toBe(50);
    expect([...first.values()].some((lines) => lines.includes("timeout"))).toBe(true);
    expect([...first.values()].some((lines) => /winner 192\.0\.2\.[23]/.test(lines))).toBe(true);
  });
});

describe("a scripted exchange", () => {
  const ask: Ask = {
    server: { address: "192.0.2.1", port: 53 },
    transport: "udp",
    question: { name: Name.parse("a.example."), type: 1, class: 1 },
    rd: false,
    cd: false,
    edns: null,
    timeoutMs: 100,
  };
  const never = new AbortController().signal;

  it("answers with latency on the virtual clock", async () => {
    const clock = virtualClock({ unixSeconds: START });
    const message = answerTo(ask.question);
    const exchange = scriptedExchange({ clock, latencyMs: 30, handle: () => message });
    const result = await clock.run(() => exchange(ask, never));
    expect(result).toEqual({ kind: "reply", message, octets: encodeMessage(message).length, rttMs: 30 });
  });

  it("times out when the server drops the question or is too slow", async () => {
    for (const latencyMs of [0, 100, 5000]) {
      const clock = virtualClock({ unixSeconds: START });
      const exchange = scriptedExchange({
        clock,
        latencyMs,
        handle: () => (latencyMs === 0 ? "drop" : answerTo(ask.question)),
      });
      expect(await clock.run(() => exchange(ask, never))).toEqual({ kind: "timeout", discarded: 0 });
      expect(clock.monotonicMs()).toBe(100);
    }
  });

  it("reads octets as a socket would", async () => {
    const clock = virtualClock({ unixSeconds: START });
    const good = encodeMessage(answerTo(ask.question));
    const read = (octets: Uint8Array, transport: "udp" | "tcp"): ReturnType<Exchange> =>
      clock.run(() => scriptedExchange({ clock, handle: () => octets })({ ...ask, transport }, never));
    expect(await read(good, "udp")).toMatchObject({ kind: "reply", message: decodeMessage(good), octets: good.length });
    expect(await read(good.subarray(0, good.length - 1), "udp")).toEqual({ kind: "timeout", discarded: 1 });
    expect(await read(good.subarray(0, good.length - 1), "tcp")).toMatchObject({ kind: "garbled" });
  });

  it("hands on near misses, refusals and garbage, and ends on abort", async () => {
    const clock = virtualClock({ unixSeconds: START });
    const run = (handle: Parameters<typeof scriptedExchange>[0]["handle"], signal = never): ReturnType<Exchange> =>
      clock.run(() => scriptedExchange({ clock, handle })(ask, signal));
    expect(await run(() => "near miss")).toEqual({ kind: "near miss" });
    expect(await run(() => ({ unreachable: "EHOSTUNREACH" }))).toEqual({ kind: "unreachable", code: "EHOSTUNREACH" });
    expect(await run(() => ({ garbled: "noise" }))).toEqual({ kind: "garbled", why: "noise" });
    const before = clock.monotonicMs();
    expect(await run(() => "drop", AbortSignal.abort())).toEqual({ kind: "timeout", discarded: 0 });
    const controller = new AbortController();
    clock.after(7, () => controller.abort());
    expect(await run(() => "drop", controller.signal)).toEqual({ kind: "timeout", discarded: 0 });
    expect(clock.monotonicMs()).toBe(before + 7);
  });
});
