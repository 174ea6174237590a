/** Lower bounds for TTLs, for operators who want them, and where they end: at signatures, and at TLSA. */
import { describe, expect, test } from "vitest";
import { rezone } from "../../src/lab/injure.ts";
import { later, scene } from "./scene.ts";

const world = rezone("good.lab.", {
  records: `
    www              5 A     192.0.2.80
    alias            5 CNAME www
    mx               A       192.0.2.25
    _25._tcp.mx      5 TLSA  3 1 1 8cb3f6f5b8a1d0c94e7ab2f5d6c3e1f00912a3b4c5d6e7f8091a2b3c4d5e6f70
    @                5 SOA   ns host 1 3600 600 86400 5
  `,
});
const longer = { minTtl: 60, minNegativeTtl: 30, aggressiveNsec: false };

describe("minTtl", () => {
  test("keeps an answer for longer than it says, and counts down from there", () =>
    scene({ world, settings: longer }, async (it) => {
      expect((await it.ask("www.good.lab")).answer.ttl).toBe(60);
      await later(it.clock, 50);
      const seen = await it.ask("www.good.lab");
      expect(seen).toMatchObject({ says: "secure answer", packets: [] });
      expect(seen.answer.ttl).toBe(10);
      await later(it.clock, 11);
      expect((await it.ask("www.good.lab")).packets).toContain("www.good.lab. A");
    }));

  test("holds for aliases, and for who asks with CD", () =>
    scene({ world, settings: longer }, async (it) => {
      await it.ask("alias.good.lab");
      await later(it.clock, 30);
      expect((await it.ask("alias.good.lab")).packets).toEqual([]);
      const unchecked = await it.clock.run(() => it.resolver.resolveUnchecked("www.good.lab", "A"));
      expect(unchecked.answer[0]?.ttl).toBe(60);
    }));

  test("changes nothing of TLSA RRs: rollovers count on their TTL (RFC 7671 §8.1)", () =>
    scene({ world, settings: longer }, async (it) => {
      expect((await it.ask("_25._tcp.mx.good.lab", "TLSA")).answer.ttl).toBe(5);
      await later(it.clock, 6);
      expect((await it.ask("_25._tcp.mx.good.lab", "TLSA")).packets).not.toEqual([]);
      await it.ask("_26._tcp.mx.good.lab", "TLSA");
      await later(it.clock, 6);
      expect((await it.ask("_26._tcp.mx.good.lab", "TLSA")).packets).not.toEqual([]);
    }));

  test("is 0 unless an operator says otherwise", () =>
    scene({ world }, async (it) => expect((await it.ask("www.good.lab")).answer.ttl).toBe(5)));

  test("ends where the signatures end", () => {
    const dying = rezone("good.lab.", {
      records: "www 5 A 192.0.2.80",
      signing: { validity: (now) => ({ inception: now - 60, expiration: now + 20 }) },
    });
    return scene({ world: dying, settings: longer }, async (it) => {
      await it.ask("www.good.lab");
      await later(it.clock, 21);
      expect((await it.ask("www.good.lab")).says).toBe("bogus: signature expired");
    });
  });
});

test("minNegativeTtl keeps denials, and a denial without SOA is kept for no time at all", () =>
  scene({ world, settings: longer }, async (it) => {
    await it.ask("nobody.good.lab");
    await later(it.clock, 25);
    expect((await it.ask("nobody.good.lab")).packets).toEqual([]);
    await later(it.clock, 6);
    expect((await it.ask("nobody.good.lab")).packets).not.toEqual([]);
  }));

test("maxTtl wins over minTtl", () =>
  scene({ world, settings: { ...longer, maxTtl: 20 } }, async (it) =>
    expect((await it.ask("www.good.lab")).answer.ttl).toBe(20),
  ));
