/** RFC 5011 at work: the root rolls its keys, and the resolver follows, or has good reason not to. */
import { afterEach, describe, expect, it } from "vitest";
import { nativeEngine } from "../../src/crypto/native.ts";
import { anchorsFromZoneText } from "../../src/dnssec/anchors.ts";
import type { ResolutionEvent } from "../../src/env/events.ts";
import { Anchors } from "../../src/resolver/managed-anchors.ts";
import { judgeWith } from "../dnssec/signing.ts";
import { AnchorStory, DAY, dsLine, HOUR, ksk, MemoryStore, revoked, zsk } from "./anchor-story.ts";

const a = ksk(0);
const b = ksk(1);
const x = ksk(66);

let story: AnchorStory;
function begin(...parts: ConstructorParameters<typeof AnchorStory>): AnchorStory {
  story = new AnchorStory(...parts);
  story.publish({ keys: [a, zsk], by: [a] });
  return story;
}
afterEach(async () => {
  await story.resolver.close();
});

/** The root has rolled from a to b: b is trusted, a revoked. */
async function rolled(): Promise<void> {
  begin();
  await story.resolver.prime();
  story.publish({ keys: [a, b, zsk], by: [a] });
  await story.pass(33);
  story.publish({ keys: [revoked(a), b, zsk], by: [revoked(a), b] });
  await story.pass(2);
  expect(story.states([a, b])).toBe("revoked, valid");
}

describe("a planned rollover (R-5011-1, R-5011-2)", () => {
  it("new key, thirty days, old key revoked and gone: every answer on the way is secure", async () => {
    begin();
    expect(await story.status()).toBe("secure");
    expect(story.states([a, b])).toBe("valid, unknown");

    story.publish({ keys: [a, b, zsk], by: [a] });
    await story.pass(2);
    expect(story.states([a, b])).toBe("valid, addpend");
    await story.pass(28);
    expect(story.states([a, b])).toBe("valid, addpend");
    expect(await story.status()).toBe("secure");
    await story.pass(2);
    expect(story.states([a, b])).toBe("valid, valid");

    story.publish({ keys: [a, b, zsk], by: [b] });
    await story.pass(10);
    expect(await story.status()).toBe("secure");
    story.publish({ keys: [revoked(a), b, zsk], by: [revoked(a), b] });
    await story.pass(2);
    expect(story.states([a, b])).toBe("revoked, valid");
    expect(await story.status()).toBe("secure");

    story.publish({ keys: [b, zsk], by: [b] });
    await story.pass(32);
    expect(story.states([a, b])).toBe("removed, valid");
    expect(await story.status()).toBe("secure");
    expect(story.told("anchor key").map(({ keyTag, from, to }) => [keyTag, from, to])).toEqual([
      [b.tag, "start", "addpend"],
      [b.tag, "addpend", "valid"],
      [a.tag, "valid", "revoked"],
      [a.tag, "revoked", "removed"],
    ]);

    // A restart, years later, from the anchor that the program was made with.
    await story.restart(dsLine(a));
    expect(await story.status()).toBe("secure");
    expect(story.told("anchor state")).toEqual([]);
  });

  it("a resolver without state is lost after it, and says bogus, never insecure", async () => {
    await rolled();
    story.store.texts.clear();
    await story.restart(dsLine(a));
    expect(await story.status()).toMatch(/^bogus/);
    expect(await story.status("www.plain")).toMatch(/^bogus/);
    await story.restart(dsLine(a) + dsLine(b));
    expect(await story.status()).toBe("secure");
  });

  it("a key that vanishes within the thirty days has to begin anew", async () => {
    begin();
    await story.resolver.prime();
    story.publish({ keys: [a, b, zsk], by: [a] });
    await story.pass(20);
    story.publish({ keys: [a, zsk], by: [a] });
    await story.pass(2);
    expect(story.states([a, b])).toBe("valid, unknown");
    story.publish({ keys: [a, b, zsk], by: [a] });
    await story.pass(29);
    expect(story.states([a, b])).toBe("valid, addpend");
  });

  it("zone trust is forgotten when the keys change: what hung on the revoked key is judged anew", async () => {
    begin({ anchors: dsLine(a) + dsLine(b), options: { settings: { aggressiveNsec: false } } });
    const judged = () => story.told("zone").filter(({ zone }) => zone.toString() === "example.").length;
    story.publish({ keys: [a, b, zsk], by: [a], ttl: 60 });
    expect(await story.status()).toBe("secure");
    await story.clock.advance(120_000);
    expect(await story.status("x.")).toBe("secure"); // the root's keys are fetched again
    expect(await story.status("x.example")).toBe("secure");
    expect(judged()).toBe(1);
    story.publish({ keys: [revoked(a), b, zsk], by: [revoked(a), b], ttl: 60 });
    await story.clock.advance(120_000);
    expect(await story.status("y.")).toBe("secure");
    expect(await story.status("y.example")).toBe("secure");
    expect(judged()).toBe(2);
  });
});

describe("a forged new key", () => {
  it("signed by itself is never trusted, however long it stays", async () => {
    begin();
    await story.resolver.prime();
    story.publish({ keys: [a, x, zsk], by: [x] });
    await story.pass(60);
    expect(story.states([a, x])).toBe("valid, unknown");
    expect(await story.status()).toMatch(/^bogus/);
    story.publish({ keys: [a, zsk], by: [a] });
    await story.pass(1);
    expect(await story.status()).toBe("secure");
  });

  it("beside a signature of the trusted key that does not verify is never trusted", async () => {
    begin();
    await story.resolver.prime();
    story.publish({ keys: [a, x, zsk], by: [a, x], spoil: true });
    await story.pass(60);
    expect(story.states([a, x])).toBe("valid, unknown");
  });

  it("that claims to revoke the trusted key without its signature revokes nothing", async () => {
    begin();
    await story.resolver.prime();
    story.publish({ keys: [revoked(a), x, zsk], by: [x] });
    await story.pass(3);
    expect(story.states([a, x])).toBe("valid, unknown");
    expect(story.told("anchor lost")).toEqual([]);
    expect(await story.status()).toMatch(/^bogus/);
  });
});

describe("a revocation (R-5011-2)", () => {
  it("survives a restart, even of a program that was made with the revoked key", async () => {
    await rolled();
    await story.restart(dsLine(a));
    // Whoever has stolen the key signs with it.
    story.publish({ keys: [a, zsk], by: [a] });
    await story.pass(3);
    expect(await story.status()).toMatch(/^bogus/);
    expect(story.states([a, b])).toBe("revoked, valid");
  });

  it("works from the first answer that shows it, not from the next probe", async () => {
    begin({ anchors: dsLine(a) + dsLine(b) });
    story.publish({ keys: [revoked(a), b, zsk], by: [revoked(a), b] });
    expect(await story.status()).toBe("secure");
    expect(story.states([a, b])).toBe("revoked, valid");
  });

  it("of the last key is said loudly, and all below is bogus", async () => {
    begin();
    expect(await story.status()).toBe("secure");
    story.publish({ keys: [revoked(a), zsk], by: [revoked(a)] });
    await story.pass(2);
    expect(story.told("anchor lost").map(({ detail }) => detail)).toEqual([
      "every key of the trust anchor of . was revoked: nothing at and below it can be proven",
    ]);
    await story.pass(2);
    expect(await story.status()).toBe("bogus: anchor revoked");
    expect(await story.status("www.plain")).toBe("bogus: anchor revoked");
    expect(story.told("anchor probed").at(-1)).toMatchObject({ nextProbeSeconds: null });

    await story.restart(dsLine(a));
    expect(story.told("anchor lost")).toHaveLength(1);
    expect(await story.status()).toBe("bogus: anchor revoked");
    // The operator gives today's key.
    story.publish({ keys: [b, zsk], by: [b] });
    await story.restart(dsLine(b));
    expect(await story.status()).toBe("secure");
  });

  it("of the last key leaves the zone insecure only where the operator wants RFC 5011 §5 to the letter", async () => {
    begin({ anchors: dsLine(a), options: { settings: { insecureWhenRevoked: true } } });
    story.publish({ keys: [revoked(a), zsk], by: [revoked(a)] });
    expect(await story.status()).toBe("insecure");
    expect(story.told("anchor lost").map(({ detail }) => detail)).toEqual([
      "every key of the trust anchor of . was revoked: it is treated as if it had never had one",
    ]);
  });

  it("of the last key leaves the word to the anchor above", async () => {
    const own = ksk(0, "example.");
    begin({ anchors: dsLine(a) + dsLine(own) });
    const csk = story.world.zone("example.").signedWith!.keys[0]!;
    story.publish({ keys: [own, csk], by: [own, csk] }, "example.");
    expect(await story.status()).toBe("secure");
    story.publish({ keys: [revoked(own), csk], by: [revoked(own), csk] }, "example.");
    await story.pass(3);
    expect(story.told("anchor lost").map(({ detail }) => detail)).toEqual([
      "every key of the trust anchor of example. was revoked: the trust anchor of . decides",
    ]);
    expect(await story.status()).toBe("secure");
  });
});

it("two lists of anchors for one zone count together", async () => {
  begin();
  const both = [dsLine(a), dsLine(b)].flatMap((text) => anchorsFromZoneText(text, "test"));
  await story.resolver.close();
  story = new AnchorStory({ anchors: "", options: { trustAnchors: both } });
  story.publish({ keys: [b, zsk], by: [b] });
  expect(await story.status()).toBe("secure");
  expect(story.states([a, b])).toBe("missing, valid");
});

describe("missing keys (R-5011-3)", () => {
  it("stay trusted while they are missing, through a restart", async () => {
    begin({ anchors: dsLine(a) + dsLine(b) });
    story.publish({ keys: [b, zsk], by: [b] });
    await story.resolver.prime();
    expect(story.states([a, b])).toBe("missing, valid");
    await story.restart(dsLine(a) + dsLine(b));
    story.publish({ keys: [a, zsk], by: [a] });
    await story.pass(3);
    expect(story.states([a, b])).toBe("valid, missing");
    expect(await story.status()).toBe("secure");
  });
});

describe("probes (R-5011-4)", () => {
  const probes = () => story.told("anchor probed");

  it("come at half the TTL, from the first question on and not before", async () => {
    begin();
    await story.pass(10);
    expect(story.events).toEqual([]);
    expect(await story.status()).toBe("secure");
    expect(probes().map(({ outcome, nextProbeSeconds }) => [outcome, nextProbeSeconds])).toEqual([["seen", DAY]]);
    const before = story.clock.unixSeconds();
    while (probes().length < 2) await story.clock.advance(HOUR * 1000);
    expect(story.clock.unixSeconds() - before).toBeGreaterThanOrEqual(DAY);
    expect(story.clock.unixSeconds() - before).toBeLessThan(DAY + 2 * HOUR);
  });

  it.each([
    [60, 400 * DAY, HOUR],
    [10 * DAY, 400 * DAY, 5 * DAY],
    [100 * DAY, 400 * DAY, 15 * DAY],
    [2 * DAY, 10 * HOUR, 5 * HOUR],
  ])("with TTL %i and a signature for %i s come after %i s", async (ttl, expires, seconds) => {
    begin();
    story.publish({ keys: [a, zsk], by: [a], ttl, expires });
    await story.resolver.prime();
    expect(probes()[0]).toMatchObject({ outcome: "seen", nextProbeSeconds: seconds });
  });

  it("after a failure come at a tenth of the TTL, an hour at least", async () => {
    begin();
    story.publish({ keys: [a, zsk], by: [a], ttl: 20 * HOUR });
    await story.resolver.prime();
    story.publish({ keys: [a, zsk], by: [] });
    await story.clock.advance(11 * HOUR * 1000);
    const failed = probes().at(-1);
    expect(failed).toMatchObject({ outcome: "failed", nextProbeSeconds: 2 * HOUR });
    expect(failed?.detail).toContain("DNSKEY");
    expect(await story.status()).toBe("secure"); // what was proven stays as long as it said
  });

  it("that nobody answers are repeated, and lose nothing", async () => {
    begin();
    await story.resolver.prime();
    const { world } = story;
    const silent = {
      env: { clock: story.clock, random: { integer: () => 0, octets: (n: number) => new Uint8Array(n) } },
    };
    const exchange: typeof world.exchange = async (ask, signal) => {
      await story.clock.sleep(ask.timeoutMs, signal);
      return { kind: "timeout", discarded: 0 };
    };
    await story.restart(dsLine(a), { env: { ...silent.env, exchange, emit: () => {} } });
    expect(probes().at(-1)).toMatchObject({
      outcome: "failed",
      detail: "no DNSKEY RRset of . that could be judged",
      nextProbeSeconds: (2 * DAY) / 10,
    });
    expect(await story.status()).toBe("indeterminate");
    await story.pass(1);
    expect(probes().length).toBeGreaterThanOrEqual(4);
    expect(story.states([a])).toBe("valid");
  });

  it("that fail by a mistake of the program are told, and made again", async () => {
    begin();
    const { clock } = story;
    const events: ResolutionEvent[] = [];
    const anchors = new Anchors({
      configured: anchorsFromZoneText(dsLine(a), "test"),
      managed: { store: null },
      insecureWhenRevoked: false,
      clock,
      judge: () => judgeWith(nativeEngine(), { now: Math.floor(clock.unixSeconds()) }),
      emit: (event) => events.push(event),
      onChange: () => {},
      onRefresh: () => {},
    });
    anchors.start(() => Promise.reject(new Error("a mistake")));
    await clock.sleep(1.5 * HOUR * 1000);
    anchors.stop();
    expect(events.map((event) => ("trouble" in event ? event.trouble : event.kind))).toEqual([
      "looking for its keys failed: a mistake",
      "anchor probed",
      "looking for its keys failed: a mistake",
      "anchor probed",
    ]);
  });

  it("go on behind a forwarder, which needs no priming", async () => {
    begin();
    const server = { address: story.world.hints[0]!.addresses[0]!, port: 53 };
    await story.restart(dsLine(a), { forwards: [{ zone: story.world.zone(".").apex, servers: [server] }] });
    await story.pass(1.5);
    expect(probes().map(({ outcome }) => outcome)).toEqual(["seen", "seen"]);
  });

  it("end with the resolver", async () => {
    begin();
    await story.resolver.prime();
    await story.resolver.close();
    const before = story.events.length;
    await story.pass(40);
    expect(story.events.length).toBe(before);
  });

  it("doze where the clock can, so that they keep no process alive", async () => {
    begin();
    const dozes: number[] = [];
    const { clock, world } = story;
    const dozing = {
      ...clock,
      doze(ms: number, signal?: AbortSignal) {
        dozes.push(ms);
        return clock.sleep(ms, signal);
      },
    };
    const random = { integer: () => 0, octets: (n: number) => new Uint8Array(n) };
    await story.restart(dsLine(a), { env: { clock: dozing, random, exchange: world.exchange, emit: () => {} } });
    expect(dozes).toContain(DAY * 1000);
  });

  it("are not made for anchors that are not managed", async () => {
    begin();
    await story.resolver.close();
    story.events = [];
    const { createResolver } = await import("../../src/resolver/create.ts");
    const random = { integer: () => 0, octets: (n: number) => new Uint8Array(n) };
    const still = createResolver({
      env: { clock: story.clock, random, exchange: story.world.exchange, emit: () => {} },
      rootHints: story.world.hints,
      trustAnchors: dsLine(a),
      onEvent: (event) => story.events.push(event),
      settings: { queryPrivate: true },
    });
    await still.prime();
    await story.pass(60);
    await still.close();
    expect(probes()).toEqual([]);
    expect(story.asked(48)).toHaveLength(1);
  });
});

describe("state that cannot be used (R-5011-5, A-99)", () => {
  const good = async (): Promise<string> => {
    begin();
    await story.resolver.prime();
    await story.resolver.close();
    return story.store.texts.get(".")!;
  };
  const keeping = (text: string): MemoryStore => {
    const store = new MemoryStore();
    store.texts.set(".", text);
    return store;
  };

  it.each<[string, (text: string) => string]>([
    ["empty", () => ""],
    ["half-written", (text) => text.slice(0, text.length / 2)],
    ["without its last octet", (text) => text.slice(0, -1)],
    ["of another program", () => ";;id: . 1\n;;last_queried: 1258962400\n"],
    ["of another zone", (text) => text.replace("zone .", "zone example.")],
    [
      "of another root's keys",
      (text) => text.replace(/257 3 13 \S+/, `257 3 13 ${Buffer.alloc(64, 7).toString("base64")}`),
    ],
    ["octets of no text", () => "\u0000\ufffd\u0000"],
  ])("%s: one line, and the configured anchors", async (_what, spoil) => {
    const text = await good();
    begin({ anchors: dsLine(a), store: keeping(spoil(text)) });
    expect(story.told("anchor state")).toHaveLength(1);
    expect(story.told("anchor state")[0]?.trouble).toMatch(/^[^\n]*going on with the configured (one|trust anchor)$/);
    expect(await story.status()).toBe("secure");
    expect(story.states([a])).toBe("valid"); // and the next one is sound
  });

  it("unreadable: the same", async () => {
    const store = Object.assign(new MemoryStore(), {
      load() {
        throw new Error("state/root.anchor: permission denied");
      },
    });
    begin({ anchors: dsLine(a), store });
    expect(story.told("anchor state").map(({ trouble }) => trouble)).toEqual([
      "state/root.anchor: permission denied: going on with the configured trust anchor",
    ]);
    expect(await story.status()).toBe("secure");
  });

  it("a full disk: told each time, the state lives on in memory, and is stored when there is room", async () => {
    const store = new MemoryStore();
    const keep = store.store.bind(store);
    let full = true;
    store.store = (zone, text) => {
      if (full) throw new Error("state/root.anchor: the disk is full");
      keep(zone, text);
    };
    begin({ anchors: dsLine(a), store });
    await story.resolver.prime();
    expect(story.told("anchor state").map(({ trouble }) => trouble)).toEqual([
      "its state cannot be stored: state/root.anchor: the disk is full",
    ]);
    story.publish({ keys: [a, b, zsk], by: [a] });
    await story.pass(32);
    full = false;
    await story.pass(2);
    expect(story.states([a, b])).toBe("valid, valid");
    expect(await story.status()).toBe("secure");
  });

  it("is written at most once an hour where the TTL is 0 and every question fetches the keys", async () => {
    begin({ anchors: dsLine(a), options: { settings: { aggressiveNsec: false } } });
    story.publish({ keys: [a, zsk], by: [a], ttl: 0 });
    const store = story.store as MemoryStore;
    for (let i = 0; i < 20; i++) {
      expect(await story.status(`x${i}.`)).toBe("secure");
      await story.clock.advance(60_000);
    }
    expect(story.told("anchor probed").length).toBeGreaterThan(15);
    expect(store.stored).toBe(1);
    story.publish({ keys: [a, b, zsk], by: [a], ttl: 0 });
    expect(await story.status("y.")).toBe("secure");
    expect(store.stored).toBe(2);
    expect(story.states([a, b])).toBe("valid, addpend");
  });

  it("is not written again by probes that show nothing", async () => {
    begin();
    await story.resolver.prime();
    const store = story.store as MemoryStore;
    const { stored } = store;
    story.publish({ keys: [a, x, zsk], by: [x] });
    await story.pass(5);
    expect(store.stored).toBe(stored);
  });

  it.each([
    ["1970", 0],
    ["2106", 2 ** 32 - 1000],
    ["2107", 2 ** 32 + DAY],
  ])("a clock that says %s proves nothing and unlearns nothing; set right, all is well", async (_year, unixSeconds) => {
    const text = await good();
    const store = keeping(text);
    begin({ anchors: dsLine(a), store, unixSeconds });
    story.clock.setUnixSeconds(1_800_000_000);
    story.publish({ keys: [a, zsk], by: [a] });
    story.clock.setUnixSeconds(unixSeconds);
    expect(await story.status()).toMatch(/^bogus/);
    expect(await story.status("www.plain")).toMatch(/^bogus/);
    expect(store.texts.get(".")).toBe(text);
    story.clock.setUnixSeconds(1_800_000_000 + HOUR);
    await story.clock.advance(2 * HOUR * 1000);
    expect(await story.status()).toBe("secure");
    expect(story.states([a])).toBe("valid");
  });

  it("built-in anchors are there in 1970 and in 2106", async () => {
    await good();
    const { builtInAnchors } = await import("../../src/resolver/create.ts");
    for (const now of [0, 1_800_000_000, 2 ** 32 - 1])
      expect(builtInAnchors(now)[0]?.ds.map((ds) => ds.keyTag)).toEqual(expect.arrayContaining([20326, 38696]));
  });
});
