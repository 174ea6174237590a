/**
 * ATTACKS section A: zones that cost a careless validator seconds. Signatures, digests, imported keys and SHA-1 rounds are
 * counted in the engine; what one answer may cost is judged in test/dnssec, here it is what the resolver pays.
 */
import { setMaxListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { addZone, alter, edit, type Injury, rezone, rrsetOf, together } from "../../src/lab/injure.ts";
import { decoyKey, keyTrap } from "../../src/lab/key-trap.ts";
import { withSignatures } from "../../src/lab/sign-zone.ts";
import type { Zone } from "../../src/lab/zone.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { attack, wound } from "./fixture.ts";
import { asks, cname, lying, rr } from "./path.ts";

const goodLab = (change: (zone: Zone) => void): Injury => edit("good.lab.", change);

/** `count` copies of a signature, each wrong in another octet. */
function wrongCopies(signature: Uint8Array, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const copy = signature.slice();
    copy[copy.length - 1 - (i % 60)]! ^= 1 + Math.floor(i / 60);
    return copy;
  });
}

describe("KeyTrap and its kin", () => {
  test("A-01: SigJam: 340 wrong signatures over one RRset", async () => {
    const world = goodLab((zone) =>
      alter(zone, ["www.good.lab", TYPE.A], ({ signatures }) => ({ signatures: wrongCopies(signatures[0]!, 340) })),
    );
    await attack({ world }, async (scene) => {
      await scene.ask("mx.good.lab");
      const victim = await scene.ask("www.good.lab");
      expect(victim).toMatchObject({ status: "bogus", data: [], ede: [6] });
      expect(victim.cost.signatures).toBeLessThanOrEqual(8);
      expect(await scene.ask("www.good.lab")).toMatchObject({
        status: "bogus",
        ede: [6, 13],
        cost: { packets: 0, signatures: 0 },
      });
      expect(await scene.ask("mx2.good.lab")).toMatchObject({ status: "secure" });
    });
  });

  for (const [row, keys, signatures] of [
    ["A-02: KeySigTrap", 250, 340],
    ["A-03: LockCram", 250, 1],
  ] as const) {
    test(`${row}: ${keys} keys of one tag, ${signatures} signatures by it`, async () => {
      await attack({ world: goodLab((zone) => keyTrap(zone, { keys, signatures })) }, async (scene) => {
        const victim = await scene.ask("www.good.lab");
        expect(victim).toMatchObject({ status: "bogus", reason: "too much validation work", data: [], ede: [6] });
        expect(victim.cost.signatures, "the chain's own among them").toBeLessThanOrEqual(8 + 6);
        expect(victim.cost.keys).toBeLessThanOrEqual(8 + 8);
        expect(await scene.ask("www.good.lab")).toMatchObject({ cost: { packets: 0, signatures: 0, keys: 0 } });
        expect(await scene.ask("mx2.good.lab"), "its neighbour, signed as ever").toMatchObject({ status: "secure" });
      });
    });
  }

  test("A-04: HashTrap: 200 DS by one tag and 200 keys of it, all digests wrong", async () => {
    const tag = 4711;
    const world = together(
      rezone("good.lab.", {
        ds: () =>
          Array.from({ length: 200 }, (_, i) =>
            Uint8Array.of(tag >> 8, tag & 255, 8, 2, ...new Uint8Array(32).fill(i + 1)),
          ),
      }),
      goodLab((zone) => {
        const keys = rrsetOf(zone, "good.lab", TYPE.DNSKEY);
        zone.set(
          withSignatures(zone, {
            ...keys,
            data: [...keys.data, ...Array.from({ length: 200 }, (_, i) => decoyKey(tag, i))],
          }),
        );
      }),
    );
    await attack({ world }, async (scene) => {
      const victim = await scene.ask("www.good.lab");
      expect(victim).toMatchObject({ status: "bogus", data: [] });
      expect(victim.cost.digests).toBeLessThanOrEqual(16 + 4);
      expect(victim.cost.signatures).toBeLessThanOrEqual(8);
      expect(await scene.ask("host.plain.lab"), "its parent's other child").toMatchObject({ status: "insecure" });
    });
  });

  test("A-06: 31 keys of one tag that are no keys fail before any cryptography, and count", async () => {
    const twoKeys = rezone("good.lab.", {
      signing: {
        keys: [
          { role: "ksk", algorithm: 13 },
          { role: "zsk", algorithm: 13 },
        ],
      },
    });
    const broken = goodLab((zone) => {
      const keys = rrsetOf(zone, "good.lab", TYPE.DNSKEY);
      const own = zone.signedWith!.keys.find(({ role }) => role === "zsk")!;
      // Swapping 16-bit words keeps the tag; a point off the curve is no key.
      const swapped = Array.from({ length: 31 }, (_, i) => {
        const copy = own.rdata.slice();
        for (const at of [4 + 2 * i, 5 + 2 * i]) [copy[at], copy[at + 2]] = [copy[at + 2]!, copy[at]!];
        return copy;
      });
      zone.set(withSignatures(zone, { ...keys, data: [...swapped, ...keys.data] as [Uint8Array, ...Uint8Array[]] }));
    });
    const world = together(twoKeys, broken);
    await attack({ world }, async (scene) => {
      const victim = await scene.ask("www.good.lab");
      expect(victim).toMatchObject({ status: "bogus", reason: "too much validation work", data: [], ede: [6] });
      expect(victim.cost.keys).toBeLessThanOrEqual(24);
      expect(victim.cost.signatures).toBeLessThanOrEqual(12);
    });
  });

  test("A-07: a thousand expired signatures before the good one cost no cryptography", async () => {
    const world = goodLab((zone) =>
      alter(zone, ["www.good.lab", TYPE.A], ({ signatures }) => {
        const [good] = signatures;
        const expired = Array.from({ length: 1000 }, (_, i) => {
          const copy = good!.slice();
          new DataView(copy.buffer).setUint32(8, new DataView(copy.buffer).getUint32(12) + 1 + (i % 1000));
          return copy;
        });
        return { signatures: [...expired, good!] };
      }),
    );
    await attack({ world }, async (scene) => {
      await scene.ask("mx.good.lab");
      const victim = await scene.ask("www.good.lab");
      expect(victim, "the first few are looked at").toMatchObject({
        status: "bogus",
        reason: "signature expired",
        ede: [7],
      });
      expect(victim.cost.signatures).toBeLessThanOrEqual(1);
    });
  });

  for (const [what, publicKey] of [
    ["a modulus of 16384 bits", Uint8Array.of(3, 1, 0, 1, ...new Uint8Array(2048).fill(0xc1))],
    [
      "an exponent of 4096 bits",
      Uint8Array.of(0, 2, 0, ...new Uint8Array(512).fill(0xc1), ...new Uint8Array(128).fill(0xc1)),
    ],
    ["an even exponent", Uint8Array.of(1, 2, ...new Uint8Array(128).fill(0xc1))],
    ["the exponent 1", Uint8Array.of(1, 1, ...new Uint8Array(128).fill(0xc1))],
  ] as const) {
    test(`A-08: an RSA key with ${what} is not used for anything`, async () => {
      const world = goodLab((zone) => {
        const keys = rrsetOf(zone, "good.lab", TYPE.DNSKEY);
        const rdata = Uint8Array.of(1, 0, 3, 8, ...publicKey);
        zone.set(withSignatures(zone, { ...keys, data: [...keys.data, rdata] }));
        alter(zone, ["www.good.lab", TYPE.A], ({ signatures }) => {
          const copy = signatures[0]!.slice();
          const tag = [...rdata].reduce((sum, octet, i) => sum + (i & 1 ? octet : octet << 8), 0);
          new DataView(copy.buffer).setUint16(16, (tag + (tag >>> 16)) & 0xffff);
          copy[2] = 8;
          return { signatures: [copy] };
        });
      });
      await attack({ world }, async (scene) => {
        await scene.ask("mx.good.lab");
        const victim = await scene.ask("www.good.lab");
        expect(victim).toMatchObject({ status: "bogus", reason: "key malformed", data: [] });
        expect(victim.cost.signatures).toBe(0);
      });
    });
  }

  test("A-05: AnyTrap: 60 signed types at one name: 24 are judged", async () => {
    const world = goodLab((zone) => {
      for (let type = 65280; type < 65340; type++)
        zone.set(
          withSignatures(zone, {
            name: Name.parse("any.good.lab"),
            type,
            ttl: 300,
            data: [Uint8Array.of(1)],
            signatures: [],
          }),
        );
    });
    await attack({ world }, async (scene) => {
      await scene.ask("mx.good.lab");
      const victim = await scene.ask("any.good.lab", "ANY");
      expect(victim.cost.signatures).toBeLessThanOrEqual(24);
      expect(victim.data.length).toBeLessThanOrEqual(24);
      expect(victim.status).toBe("secure");
    });
  });
});

describe("hashes", () => {
  const deep = `${Array.from({ length: 100 }, () => "a").join(".")}.good.hash`;
  const salted = (iterations: number, saltOctets: number): Injury =>
    rezone("good.hash.", { signing: { denial: { iterations, salt: new Uint8Array(saltOctets).fill(7) } } });

  test("A-09: a name of 102 labels, 50 iterations, a salt of 255 octets: a few hashes", async () => {
    await attack({ world: salted(50, 255) }, async (scene) => {
      const victim = await scene.ask(deep);
      expect(victim.cost.rounds, "as the engine counts them").toBeLessThanOrEqual(1000);
      expect(victim).toMatchObject({ status: "bogus", reason: "too much validation work", ede: [6] });
    });
  });

  test("A-09: with 500 iterations nothing is hashed: insecure, after the signatures held", async () => {
    await attack({ world: salted(500, 255) }, async (scene) => {
      const victim = await scene.ask(deep);
      expect(victim).toMatchObject({ status: "insecure", reason: "too many iterations", ede: [27] });
      expect(victim.cost.rounds).toBe(0);
      expect(victim.cost.signatures).toBeGreaterThan(0);
      expect(await scene.ask("www.good.hash"), "what the zone has").toMatchObject({ status: "secure" });
    });
  });

  test("A-10: 65535 iterations at an unsigned delegation: not one round", async () => {
    const costly = together(
      addZone({ apex: "costly.", signing: { denial: { iterations: 65535 } } }),
      addZone({ apex: "plain.costly.", signing: null, records: "host A 192.0.2.90" }),
    );
    await attack({ world: costly }, async (scene) => {
      const victim = await scene.ask("host.plain.costly");
      expect(victim).toMatchObject({
        status: "insecure",
        reason: "too many iterations",
        ede: [27],
        cost: { rounds: 0 },
      });
    });
  });

  test("A-11: nothing is hashed for names that a cached NSEC3 might deny where hashing is dear", async () => {
    await attack({ world: salted(50, 255) }, async (scene) => {
      await scene.ask("nobody.good.hash");
      for (let i = 0; i < 5; i++) {
        const labels = Array.from({ length: 100 }, () => `${i}`).join(".");
        const victim = await scene.ask(`${labels}.good.hash`);
        expect(victim.cost.packets, "asked, not synthesised").toBeGreaterThan(0);
        expect(victim.cost.rounds).toBeLessThanOrEqual(1000);
      }
      const { rounds } = scene.cost;
      scene.resolver.cached({ name: Name.parse(deep), type: TYPE.A, class: 1 });
      expect(scene.cost.rounds).toBe(rounds);
    });
  });

  test("A-12: a name error stuffed with all NSEC3 RRs of the zone: bogus before any cryptography", async () => {
    await attack({ world: wound("stuffed denial") }, async (scene) => {
      await scene.ask("www.good.hash");
      const victim = await scene.ask("nobody.good.hash");
      expect(victim).toMatchObject({
        status: "bogus",
        reason: "too much validation work",
        ede: [6],
        cost: { signatures: 0, rounds: 0 },
      });
    });
  });
});

describe("work that goes on", () => {
  test("A-13: clients that are gone leave no work behind", async () => {
    const slow: Injury = (world) => ({
      ...world,
      servers: [...(world.servers ?? []), { name: "ns.good.lab.", latencyMs: 100 }],
    });
    await attack({ world: slow }, async (scene) => {
      await scene.ask("www.good.lab");
      const gone = new AbortController();
      setMaxListeners(0, gone.signal);
      const questions = Array.from({ length: 300 }, (_, i) =>
        scene.resolver.resolve(`r${i}.good.lab`, "A", { signal: gone.signal }),
      );
      await scene.clock.advance(50);
      const before = { ...scene.cost };
      gone.abort();
      const answers = await scene.meanwhile(() => Promise.all(questions));
      expect(new Set(answers.map(({ verdict }) => verdict.status))).toEqual(new Set(["indeterminate"]));
      await scene.clock.advance(10_000);
      expect(scene.cost.signatures).toBe(before.signatures);
      expect(scene.cost.packets).toBe(before.packets);
    });
  });

  const aliasToDs = lying((_, ask) =>
    asks(ask, "good.lab", TYPE.DS) || asks(ask, "plain.lab", TYPE.DS)
      ? { answer: [cname(`${ask.question.name}`, "loop.lab")], authority: [] }
      : undefined,
  );
  test("A-15: a DS question answered by an alias that leads back ends soon, and is no proof of anything", async () => {
    const stripped = lying((message, ask) =>
      ask.question.name.isWithin(Name.parse("good.lab")) && !message.aa
        ? { authority: message.authority.filter(({ type }) => type === TYPE.NS) }
        : undefined,
    );
    await attack({ path: (exchange) => aliasToDs(stripped(exchange)) }, async (scene) => {
      const victim = await scene.ask("www.good.lab");
      expect(victim.status).toMatch(/bogus|indeterminate/);
      expect(victim.tookMs).toBeLessThan(5000);
      expect(victim.cost.packets).toBeLessThanOrEqual(16);
    });
  });

  for (const [what, answer] of [
    ["an alias", [cname("good.lab", "loop.good.lab")]],
    ["an address", [rr("good.lab", TYPE.A, Uint8Array.of(6, 6, 6, 6))]],
  ] as const) {
    test(`A-16: DNSKEY and RRSIG questions answered by ${what}: an error or data, promptly`, async () => {
      const path = lying((_, ask) =>
        asks(ask, "good.lab", TYPE.DNSKEY) || asks(ask, "good.lab", TYPE.RRSIG) ? { answer } : undefined,
      );
      await attack({ path }, async (scene) => {
        const victim = await scene.ask("www.good.lab");
        expect(victim.status).toMatch(/bogus|indeterminate/);
        expect(victim.data).toEqual([]);
        const signatures = await scene.ask("good.lab", "RRSIG");
        expect(signatures.status).not.toBe("secure");
        for (const { tookMs, cost } of [victim, signatures]) {
          expect(tookMs).toBeLessThan(5000);
          expect(cost.packets).toBeLessThanOrEqual(20);
        }
      });
    });
  }
});
