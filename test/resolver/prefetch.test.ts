/** What is popular is asked for again before it expires, behind the back of its clients and at nobody's expense. */
import { describe, expect, test } from "vitest";
import { virtualClock } from "../../src/env/virtual.ts";
import { alter } from "../../src/lab/injure.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import { type Lifetime, Prefetcher } from "../../src/resolver/prefetch.ts";
import { createResponder } from "../../src/server/responder.ts";
import { decodeMessage, type Question } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, TYPE } from "../../src/wire/registry.ts";
import { query } from "../server/requests.ts";
import { later, scene, silenceBelow } from "./scene.ts";

const prefetch = { prefetch: true };
const TTL = 3600;

describe("an entry that is asked for", () => {
  test("in the last tenth of its TTL is answered at once and refreshed in the background", () =>
    scene({ settings: prefetch }, async (it) => {
      await it.ask("www.good.lab");
      await later(it.clock, TTL - 300);
      const seen = await it.ask("www.good.lab");
      expect(seen).toMatchObject({ says: "secure answer", tookMs: 0 });
      expect(seen.answer).toMatchObject({ freshness: "refreshing", ttl: 300 });
      await later(it.clock, 0.01);
      expect(it.packets).toContain("www.good.lab. A");
      const next = await it.ask("www.good.lab");
      expect(next.packets).toEqual([]);
      expect(next.answer.ttl).toBe(TTL);
      expect(next.answer.freshness).toBeUndefined();
    }));

  test("before that is left alone, and so is everything while the option is off", async () => {
    await scene({ settings: prefetch }, async (it) => {
      await it.ask("www.good.lab");
      await later(it.clock, TTL - 400);
      await it.ask("www.good.lab");
      await later(it.clock, 0.01);
      expect(it.packets).toEqual([]);
    });
    await scene({}, async (it) => {
      await it.ask("www.good.lab");
      await later(it.clock, TTL - 10);
      await it.ask("www.good.lab");
      await later(it.clock, 0.01);
      expect(it.packets).toEqual([]);
    });
  });

  test("is refreshed once: if that fails, it lives as long as its TTL says and is not tried again", () =>
    scene({ settings: prefetch }, async (it) => {
      await it.ask("host.plain.lab");
      await later(it.clock, TTL - 300);
      it.path = silenceBelow("plain.lab");
      await it.ask("host.plain.lab");
      await later(it.clock, 60);
      const tries = it.packets.length;
      expect(tries).toBeGreaterThan(0);
      for (let i = 0; i < 5; i++) {
        const seen = await it.ask("host.plain.lab");
        expect(seen).toMatchObject({ says: "insecure answer", tookMs: 0 });
        await later(it.clock, 10);
        expect(it.packets).toEqual([]);
      }
    }));

  test("and has changed is what it is now; and if it is gone, the denial takes its place", () =>
    scene({ settings: prefetch }, async (it) => {
      const zone = it.lab.zone("plain.lab.");
      await it.ask("host.plain.lab");
      await later(it.clock, TTL - 300);
      alter(zone, ["host.plain.lab.", TYPE.A], () => ({ data: [Uint8Array.of(192, 0, 2, 7)] }));
      await it.ask("host.plain.lab");
      await later(it.clock, 0.01);
      const { answer } = await it.ask("host.plain.lab");
      expect("value" in answer.verdict && [...answer.verdict.value.rrsets[0]!.data[0]]).toEqual([192, 0, 2, 7]);
      await later(it.clock, TTL - 300);
      zone.nodes.delete(Name.parse("host.plain.lab.").key);
      await it.ask("host.plain.lab");
      await later(it.clock, 0.01);
      expect((await it.ask("host.plain.lab")).says).toBe("insecure name error");
    }));

  test("denials are entries too", () =>
    scene({ settings: { ...prefetch, aggressiveNsec: false } }, async (it) => {
      await it.ask("nobody.good.lab");
      await later(it.clock, TTL - 100);
      await it.ask("nobody.good.lab");
      await later(it.clock, 0.01);
      expect(it.packets).toContain("nobody.good.lab. A");
    }));
});

describe("the expense", () => {
  test("nobody's process is kept alive by it, and nobody's question pays for it", () =>
    scene({ settings: { ...prefetch, queriesPerQuestion: 8 } }, async (it) => {
      await it.ask("www.good.lab");
      expect(it.asks.every((ask) => ask.background !== true)).toBe(true);
      await later(it.clock, TTL - 100);
      await it.ask("www.good.lab");
      await later(it.clock, 1);
      expect(it.asks.length).toBeGreaterThan(0);
      expect(it.asks.every((ask) => ask.background === true)).toBe(true);
    }));

  test("a client that comes meanwhile waits for the same packet, not for one more", () =>
    scene({ settings: prefetch }, async (it) => {
      await it.ask("host.plain.lab");
      await later(it.clock, TTL - 2);
      let first = true;
      it.path = (ask) => {
        const dropped = first && `${ask.question.name}` === "host.plain.lab.";
        if (dropped) first = false;
        return dropped ? "silence" : undefined;
      };
      await it.ask("host.plain.lab");
      const crowd = it.clock.run(async () => {
        await it.clock.sleep(2100);
        return Promise.all(Array.from({ length: 50 }, () => it.resolver.resolve("host.plain.lab", "A")));
      });
      for (const { verdict } of await crowd) expect(verdict.status).toBe("insecure");
      expect(it.packets.filter((packet) => packet === "host.plain.lab. A").length).toBeLessThanOrEqual(3);
    }));

  test("only so many at a time", async () => {
    const clock = virtualClock({ unixSeconds: LAB_NOW, startMs: 95_000 });
    const started: string[] = [];
    const ends: (() => void)[] = [];
    const lifetime: Lifetime = { storedMs: 0, expiresMs: 100_000 };
    const prefetcher = new Prefetcher({
      clock,
      atOnce: 2,
      lifetime: () => lifetime,
      refresh: ({ name }) => {
        started.push(`${name}`);
        return new Promise<void>((resolve) => ends.push(resolve));
      },
    });
    const of = (name: string): Question => ({ name: Name.parse(name), type: TYPE.A, class: CLASS.IN });
    expect(["a.", "b.", "c.", "a."].map((name) => prefetcher.consider(of(name)))).toEqual([true, true, false, true]);
    ends[0]!();
    await new Promise(setImmediate);
    expect(prefetcher.consider(of("a."))).toBe(false); // tried once
    expect(prefetcher.consider(of("c."))).toBe(true);
    expect(started).toEqual(["a.", "b.", "c."]);
  });
});

test("the daemon does not repeat the old answer from memory once there is a new one", () =>
  scene({ settings: prefetch }, async (it) => {
    const { respond } = createResponder({ resolver: it.resolver, clock: it.clock });
    const told = async (): Promise<number> => {
      const reply = await it.clock.run(async () =>
        respond(query({ name: "www.good.lab." }), { address: "127.0.0.1", port: 9, transport: "udp" }),
      );
      await later(it.clock, 0.01);
      return decodeMessage(reply!).answer[0]!.ttl;
    };
    await told();
    await later(it.clock, TTL - 300);
    expect([await told(), await told()]).toEqual([300, TTL]);
  }));

test("the daemon's memory of replies does not hide that a name is still wanted", () =>
  scene({ settings: prefetch }, async (it) => {
    const { respond } = createResponder({ resolver: it.resolver, clock: it.clock });
    const told = async (): Promise<number> => {
      const reply = await it.clock.run(async () =>
        respond(query({ name: "www.good.lab." }), { address: "127.0.0.1", port: 9, transport: "udp" }),
      );
      return decodeMessage(reply!).answer[0]!.ttl;
    };
    const firstMs = it.clock.monotonicMs();
    await told();
    await later(it.clock, TTL - TTL / 10 - 30);
    const before = it.packets.length;
    for (let i = 0; i < 50; i++) {
      const ttl = await told();
      await later(it.clock, 0.01);
      if (it.packets.length > before) break;
      const left = TTL - (it.clock.monotonicMs() - firstMs) / 1000;
      expect(ttl - left).toBeGreaterThanOrEqual(0);
      expect(ttl - left).toBeLessThan(2);
      await later(it.clock, 1);
    }
    const left = TTL - (it.clock.monotonicMs() - firstMs) / 1000;
    expect(it.packets).toContain("www.good.lab. A");
    expect(left).toBeGreaterThanOrEqual(TTL / 10 - 12);
    expect(left).toBeLessThanOrEqual(TTL / 10);
    expect(await told()).toBe(TTL);
  }));

test("closing the resolver ends it", () =>
  scene({ settings: prefetch }, async (it) => {
    await it.ask("www.good.lab");
    await later(it.clock, TTL - 100);
    it.path = () => "silence";
    await it.ask("www.good.lab");
    await it.clock.run(() => it.resolver.close());
    const sent = it.packets.length;
    await later(it.clock, 60);
    expect(it.packets.length).toBe(sent);
  }));
