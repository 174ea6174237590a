/** A resolver inside somebody's program: shared work, patience, closing, memory, and what an answer says of itself. */
import { describe, expect, it } from "vitest";
import { systemClock, systemRandom } from "../../src/env/system.ts";
import { listen } from "../../src/lab/loopback.ts";
import { fails, sendsGarbage, silent } from "../../src/lab/quirks.ts";
import { buildWorld, type WorldDescription } from "../../src/lab/world.ts";
import { systemExchange } from "../../src/net/exchange.ts";
import type { Resolver } from "../../src/resolver/api.ts";
import { createResolver } from "../../src/resolver/create.ts";
import { settingsWith } from "../../src/resolver/options.ts";
import { Name } from "../../src/wire/name.ts";
import { EDE, RCODE, TYPE } from "../../src/wire/registry.ts";
import { description, smallInternet } from "./small-internet.ts";

/** Every server fails as `quirks` say. */
function allWith(...quirks: NonNullable<WorldDescription["servers"]>[number]["quirks"] & object): WorldDescription {
  const names = ["ns.", "ns.lab.", "ns.arpa.", ...description.zones.slice(3).map(({ apex }) => `ns.${apex}`)];
  return { ...description, servers: names.map((name) => ({ name, quirks })) };
}

describe("many who want the same", () => {
  it("are served by one walk", async () => {
    const alone = smallInternet();
    await alone.resolver.resolve("mx.good.lab", "A");
    const crowd = smallInternet();
    const answers = await Promise.all(Array.from({ length: 100 }, () => crowd.resolver.resolve("mx.good.lab", "A")));
    expect(new Set(answers.map((answer) => answer.verdict.status))).toEqual(new Set(["secure"]));
    expect(crowd.world.count()).toBe(alone.world.count());
  });

  it("write the name in other letters and still share it", async () => {
    const { resolver, world } = smallInternet();
    await resolver.resolve("mx.good.lab", "A");
    const asked = world.count();
    expect((await resolver.resolve("MX.Good.LAB.", "a")).authenticated).toBe(true);
    expect(world.count()).toBe(asked);
  });

  it("share the way: MX, addresses and TLSA of one domain ask nobody the same twice", async () => {
    const { resolver, world } = smallInternet();
    await Promise.all([
      resolver.resolve("good.lab", "MX"),
      resolver.resolve("mx.good.lab", "A"),
      resolver.resolve("mx.good.lab", "AAAA"),
      resolver.resolve("_25._tcp.mx.good.lab", "TLSA"),
    ]);
    const asked = world.asked.map(({ server, question }) => `${server} ${question.name} ${question.type}`);
    expect(asked).toEqual([...new Set(asked)]);
    const keys = world.asked.filter(({ question }) => question.type === TYPE.DNSKEY);
    expect(keys.map(({ question }) => `${question.name}`).sort()).toEqual([".", "good.lab.", "lab."]);
  });

  it("share it though the first of them leaves", async () => {
    const { resolver, world, clock } = smallInternet({}, withServers([{ name: "ns.lab.", latencyMs: 200 }]));
    const leaving = new AbortController();
    const first = resolver.resolve("mx.good.lab", "A", { signal: leaving.signal });
    const second = resolver.resolve("mx2.good.lab", "A");
    await clock.advance(100);
    leaving.abort();
    expect((await first).verdict.status).toBe("indeterminate");
    expect((await second).verdict.status).toBe("secure");
    const cuts = world.asked.filter(({ server, question }) => server === "ns.lab." && question.type === TYPE.A);
    expect(cuts.map(({ question }) => `${question.name}`)).toEqual(["good.lab."]);
  });
});

describe("patience", () => {
  it("of one caller ends without disturbing the other", async () => {
    const { resolver, clock } = smallInternet({}, withServers([{ name: "ns.good.lab.", latencyMs: 300 }]));
    const impatient = new AbortController();
    const first = resolver.resolve("mx.good.lab", "A", { signal: impatient.signal });
    const second = resolver.resolve("mx.good.lab", "A");
    await clock.advance(100);
    impatient.abort();
    expect((await first).verdict).toMatchObject({ status: "indeterminate", failure: { code: "aborted" } });
    expect((await second).verdict.status).toBe("secure");
  });

  it("that ended before the question asks nobody", async () => {
    const { resolver, world } = smallInternet();
    await resolver.prime();
    const asked = world.count();
    const { verdict, rcode } = await resolver.resolve("mx.good.lab", "A", { signal: AbortSignal.abort() });
    expect({ status: verdict.status, rcode, asked: world.count() }).toEqual({
      status: "indeterminate",
      rcode: RCODE.SERVFAIL,
      asked,
    });
  });

  it("of an aborted question is not remembered as a failure of the name", async () => {
    const { resolver } = smallInternet();
    await resolver.resolve("mx.good.lab", "A", { signal: AbortSignal.abort() });
    expect((await resolver.resolve("mx.good.lab", "A")).verdict.status).toBe("secure");
  });
});

describe("an unreachable world", () => {
  it("is indeterminate with EDE 22 before the deadline", async () => {
    const { resolver, clock } = smallInternet({}, allWith(silent()));
    const started = clock.monotonicMs();
    const answer = await clock.run(() => resolver.resolve("mx.good.lab", "A"));
    expect(clock.monotonicMs() - started).toBeLessThanOrEqual(8000);
    expect(answer).toMatchObject({ authenticated: false, rcode: RCODE.SERVFAIL, ttl: 0, validUntil: null });
    expect(answer.verdict.status).toBe("indeterminate");
    expect(answer.ede.map(({ code }) => code)).toContain(EDE.NO_REACHABLE_AUTHORITY);
  });

  it("is left alone for five seconds, and asked again after them", async () => {
    const { resolver, clock, world } = smallInternet({}, allWith(fails(RCODE.REFUSED)));
    await clock.run(() => resolver.resolve("mx.good.lab", "A"));
    const asked = world.count();
    await clock.advance(4000);
    const again = await resolver.resolve("mx.good.lab", "A");
    expect(again.ede.map(({ code }) => code)).toContain(EDE.CACHED_ERROR);
    expect(world.count()).toBe(asked);
    await clock.advance(400_000);
    await clock.run(() => resolver.resolve("mx.good.lab", "A"));
    expect(world.count()).toBeGreaterThan(asked);
  });

  it("that comes back is believed at once for names that never failed", async () => {
    const { resolver, clock } = smallInternet({}, withServers([{ name: "ns.silent.lab.", quirks: [silent()] }]));
    expect((await clock.run(() => resolver.resolve("silent.lab", "MX"))).verdict.status).toBe("indeterminate");
    expect((await resolver.resolve("mx.good.lab", "A")).verdict.status).toBe("secure");
  });
});

describe("a name server that talks nonsense", () => {
  it("costs a try: the next answer is taken", async () => {
    let nonsense = 2;
    const garbage = sendsGarbage(({ question }) => question.type === TYPE.MX && nonsense-- > 0);
    const { resolver, clock, world } = smallInternet({}, withServers([{ name: "ns.good.lab.", quirks: [garbage] }]));
    const answer = await clock.run(() => resolver.resolve("good.lab", "MX"));
    expect(answer.verdict.status).toBe("secure");
    expect(
      world.asked.filter(({ server, question }) => server === "ns.good.lab." && question.type === TYPE.MX),
    ).toHaveLength(3);
  });

  it("alone is indeterminate, not insecure and not a crash", async () => {
    const { resolver, clock } = smallInternet({}, withServers([{ name: "ns.good.lab.", quirks: [sendsGarbage()] }]));
    const { verdict } = await clock.run(() => resolver.resolve("mx.good.lab", "A"));
    expect(verdict.status).toBe("indeterminate");
  });
});

describe("memory", () => {
  it("counts TTLs down, never beyond the proof, and asks again when they are over", async () => {
    const { resolver, clock, world } = smallInternet();
    expect((await resolver.resolve("mx.good.lab", "A")).ttl).toBe(300);
    await clock.advance(100_000);
    const later = await resolver.resolve("mx.good.lab", "A");
    expect(later.ttl).toBe(200);
    expect("value" in later.verdict && later.verdict.value.rrsets[0]!.ttl).toBe(200);
    const asked = world.count();
    await clock.advance(199_000);
    expect((await resolver.resolve("mx.good.lab", "A")).ttl).toBe(1);
    expect(world.count()).toBe(asked);
    await clock.advance(2_000);
    expect((await resolver.resolve("mx.good.lab", "A")).ttl).toBe(300);
    expect(world.count()).toBe(asked + 1);
  });

  it("`cached` is synchronous, and undefined for what must be looked up", async () => {
    const { resolver, clock } = smallInternet();
    const question = { name: Name.parse("mx.good.lab"), type: TYPE.A, class: 1 };
    expect(resolver.cached(question)).toBe(undefined);
    await resolver.resolve("mx.good.lab", "A");
    expect(resolver.cached(question)?.authenticated).toBe(true);
    await clock.advance(301_000);
    expect(resolver.cached(question)).toBe(undefined);
  });

  it("forgets when signatures expire by the calendar, whatever the TTL says", async () => {
    const { resolver, clock, world } = smallInternet();
    const { validUntil } = await resolver.resolve("good.lab", "MX");
    const asked = world.count();
    clock.setUnixSeconds(validUntil! + 1);
    await clock.advance(1000);
    expect((await clock.run(() => resolver.resolve("good.lab", "MX"))).verdict.status).toBe("bogus");
    expect(world.count()).toBeGreaterThan(asked);
  });

  it("of a proven NXDOMAIN holds for everything below the name. RFC 8020", async () => {
    const { resolver, world } = smallInternet({ settings: { aggressiveNsec: false } });
    await resolver.resolve("nobody.good.lab", "A");
    const asked = world.count();
    const below = await resolver.resolve("_25._tcp.mx.nobody.good.lab", "TLSA");
    expect(below).toMatchObject({ authenticated: true, rcode: RCODE.NXDOMAIN });
    expect(world.count()).toBe(asked);
  });

  it("of an insecure NXDOMAIN does not", async () => {
    const { resolver, world } = smallInternet();
    await resolver.resolve("nobody.plain.lab", "A");
    const asked = world.count();
    expect(await resolver.resolve("x.nobody.plain.lab", "A")).toMatchObject({
      authenticated: false,
      rcode: RCODE.NXDOMAIN,
    });
    expect(world.count()).toBeGreaterThan(asked);
  });
});

describe("an alias", () => {
  it("keeps a verdict for each link: secure up to the zone that is not signed", async () => {
    const { resolver } = smallInternet();
    const { aliases, verdict, authenticated, rcode } = await resolver.resolve("away.good.lab", "A");
    expect(aliases.map(({ from, to, verdict: link }) => `${from} ${to} ${link.status}`)).toEqual([
      "away.good.lab. host.plain.lab. secure",
    ]);
    expect({ status: verdict.status, authenticated, rcode }).toEqual({
      status: "insecure",
      authenticated: false,
      rcode: 0,
    });
    expect("value" in verdict && `${verdict.value.name}`).toBe("host.plain.lab.");
  });

  it("has the least TTL of all its links", async () => {
    const { resolver } = smallInternet();
    expect((await resolver.resolve("mail.moved.lab", "A")).ttl).toBe(300);
    expect((await resolver.resolve("mail.moved.lab", "AAAA")).ttl).toBe(900);
  });
});

describe("callers' mistakes", () => {
  it.each([
    ["a..b", "A", TypeError],
    ["good.lab", "NOPE", TypeError],
    ["good.lab", 0, TypeError],
    ["good.lab", 1.5, TypeError],
    ["good.lab", 65535, TypeError],
  ])("%s %s is a TypeError", async (name, type, error) => {
    const { resolver } = smallInternet();
    await expect(resolver.resolve(name, type)).rejects.toBeInstanceOf(error);
  });

  it("in options are told with name and range", () => {
    expect(() => createResolver({ settings: { totalTimeoutMs: 1 } })).toThrow(
      /totalTimeoutMs is 1: .* from 500 to 60000/,
    );
    expect(() => createResolver({ rootHints: [] })).toThrow(/root hints/);
    expect(() => createResolver({ trustAnchors: ". IN DS nonsense" })).toThrow(/trust anchors/);
  });
});

describe("closing", () => {
  it("answers those who wait, and those who come later, with indeterminate", async () => {
    const { resolver, clock } = smallInternet({}, withServers([{ name: "ns.good.lab.", latencyMs: 1000 }]));
    const waiting = resolver.resolve("mx.good.lab", "A");
    await clock.advance(100);
    const closing = resolver.close();
    expect((await waiting).verdict).toMatchObject({
      status: "indeterminate",
      failure: { code: "aborted", detail: expect.stringContaining("closed") },
    });
    await closing;
    await resolver.close();
    expect((await resolver.resolve("mx2.good.lab", "A")).verdict.status).toBe("indeterminate");
  });

  it("leaves no socket and no timer behind, even with a question in flight", async () => {
    const before = handles();
    const { resolver, stop } = await onLoopback();
    const waiting = resolver.resolve("silent.lab", "MX");
    await systemClock.sleep(150);
    expect(without(handles(), before).some((name) => /^UDP/i.test(name))).toBe(true);
    await resolver.close();
    expect((await waiting).verdict.status).toBe("indeterminate");
    await stop();
    await systemClock.sleep(20);
    expect(without(handles(), before)).toEqual([]);
  });

  it("is what `await using` does", async () => {
    const { resolver } = smallInternet();
    await resolver[Symbol.asyncDispose]();
    expect((await resolver.resolve("mx.good.lab", "A")).verdict.status).toBe("indeterminate");
  });

  it("of one resolver leaves the others alone, and each has its own memory", async () => {
    const one = smallInternet();
    const other = smallInternet({}, { zones: description.zones.filter(({ apex }) => apex !== "good.lab.") });
    expect((await one.resolver.resolve("mx.good.lab", "A")).verdict.status).toBe("secure");
    expect(await other.resolver.resolve("mx.good.lab", "A")).toMatchObject({
      rcode: RCODE.NXDOMAIN,
      authenticated: true,
    });
    await one.resolver.close();
    expect((await other.resolver.resolve("host.plain.lab", "A")).verdict.status).toBe("insecure");
  });
});

function withServers(servers: NonNullable<WorldDescription["servers"]>): WorldDescription {
  const named = new Set(servers.map(({ name }) => name));
  return { ...description, servers: [...servers, ...description.servers!.filter(({ name }) => !named.has(name))] };
}

/** What keeps a process alive. */
function handles(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /UDP|TCP|Timeout/i.test(name));
}

function without(all: readonly string[], known: readonly string[]): readonly string[] {
  const left = [...all];
  for (const name of known) if (left.includes(name)) left.splice(left.indexOf(name), 1);
  return left;
}

async function onLoopback(): Promise<{ readonly resolver: Resolver; readonly stop: () => Promise<void> }> {
  const world = buildWorld(description, systemClock.unixSeconds());
  const servers = await listen(world, { port: 0 });
  const network = systemExchange({ clock: systemClock, random: systemRandom, settings: settingsWith({}) });
  const resolver = createResolver({
    env: { clock: systemClock, random: systemRandom, exchange: servers.through(network.exchange), emit: () => {} },
    rootHints: world.hints,
    trustAnchors: world.anchors,
    settings: { queryPrivate: true },
  });
  return {
    resolver,
    stop: async () => {
      await network.close();
      await servers.close();
    },
  };
}
