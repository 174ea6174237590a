/** ATTACKS section D, first half: names, aliases and delegations that ask for ever more questions. Every packet is counted. */
import { describe, expect, test } from "vitest";
import { addZone, reserver, rezone, together } from "../../src/lab/injure.ts";
import type { WorldDescription, ZoneDescription } from "../../src/lab/world.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import { attack, type Packet, type Scene, wound } from "./fixture.ts";
import { a, asksWithin, cname, lying, ns } from "./path.ts";

const list = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join("\n");
const names = (packets: readonly Packet[], zone: string): Set<string> =>
  new Set(packets.filter(({ ask }) => asksWithin(ask, zone)).map(({ name }) => name));

/** The victim of NXNSAttack has no such hosts, and says so. */
const nxns = (count: number) => rezone("lab.", { records: list(count, (i) => `trigger NS n${i}.plain.lab.`) });

describe("A-70: NXNSAttack", () => {
  test("A-70: of 135 name servers in the victim's zone, ten are looked up, three at a time", async () => {
    let lookups = 0;
    let most = 0;
    const counting =
      (exchange: Scene["env"]["exchange"]): typeof exchange =>
      async (ask, signal) => {
        const isLookup = asksWithin(ask, "plain.lab") && ask.question.name.firstLabel[0] === 0x6e;
        if (isLookup) lookups += 1;
        most = Math.max(most, lookups);
        const result = await exchange(ask, signal);
        if (isLookup) lookups -= 1;
        return result;
      };
    const slow = reserver("ns.plain.lab.");
    const world = together(nxns(135), (w: WorldDescription) => ({
      ...slow(w),
      servers: [{ name: "ns.plain.lab.", latencyMs: 30 }],
    }));
    await attack({ world, path: counting }, async (scene) => {
      const victim = await scene.ask("www.trigger.lab");
      expect(victim).toMatchObject({ status: "indeterminate", reason: "no reachable authority", ede: [22] });
      expect(names(scene.packets, "plain.lab").size).toBeLessThanOrEqual(10);
      expect(victim.cost.packets).toBeLessThanOrEqual(30);
      expect(most).toBeLessThanOrEqual(3);
      expect((await scene.ask("www.trigger.lab")).cost.packets, "asked again at once").toBe(0);
      const other = await scene.ask("other.trigger.lab");
      expect(
        other.cost.packets,
        "another name below it: what is known not to exist is not asked again",
      ).toBeLessThanOrEqual(22);
    });
  });
});

test("A-71: NRDelegation: of 1500 name servers that do not answer, 13 are kept, and eight seconds are the end", async () => {
  const silentZone = together(
    addZone({ apex: "dead.lab.", signing: null, records: list(40, (i) => `n${i} A 193.53.200.${i + 1}`) }),
    rezone("lab.", { records: list(1500, (i) => `trigger NS n${i % 40}.x${i}.dead.lab.`) }),
  );
  const path = lying((_, ask) =>
    asksWithin(ask, "dead.lab") && ask.question.type === TYPE.A && ask.question.name.labelCount === 4
      ? {
          rcode: RCODE.NOERROR,
          answer: [a(`${ask.question.name}`, `193.53.200.${ask.question.name.wire[3]! & 63}`)],
          authority: [],
        }
      : undefined,
  );
  await attack({ world: silentZone, path }, async (scene) => {
    const victim = await scene.ask("www.trigger.lab");
    expect(victim.status).toBe("indeterminate");
    expect(victim.tookMs).toBeLessThanOrEqual(8000);
    const looked = [...names(scene.packets, "dead.lab")];
    expect(looked.length).toBeLessThanOrEqual(12);
    // Whoever sends the list cannot say which of them are used: not the first of it.
    const ordinals = looked.flatMap((name) => /\.x([0-9]+)\./.exec(name)?.slice(1).map(Number) ?? []);
    expect(ordinals.some((ordinal) => ordinal > 100)).toBe(true);
    expect(victim.cost.packets).toBeLessThanOrEqual(60);
    expect((await scene.ask("www.trigger.lab")).cost.packets).toBe(0);
  });
});

describe("A-72: TsuNAME", () => {
  test("A-72: two zones that lead to each other cost a few packets, and then none", async () => {
    await attack({ world: wound("delegations in a circle") }, async (scene) => {
      const victim = await scene.ask("www.a.lab");
      expect(victim).toMatchObject({ status: "indeterminate", ede: [22] });
      expect(victim.cost.packets).toBeLessThanOrEqual(20);
      for (let i = 0; i < 3; i++) expect((await scene.ask("www.a.lab")).cost.packets).toBe(0);
    });
  });

  test("A-72: a hundred clients at once cost no more than one", async () => {
    await attack({ world: wound("delegations in a circle") }, async (scene) => {
      const answers = await scene.meanwhile(() =>
        Promise.all(
          Array.from({ length: 100 }, (_, i) => scene.resolver.resolve(i % 2 ? "www.a.lab" : "www.b.lab", "A")),
        ),
      );
      expect(new Set(answers.map(({ verdict }) => verdict.status))).toEqual(new Set(["indeterminate"]));
      expect(scene.cost.packets).toBeLessThanOrEqual(30);
    });
  });
});

/** Each alias leads into another zone, with a long name to be shown label by label, and servers without addresses beside. */
function camp(links: number): (world: WorldDescription) => WorldDescription {
  const zones: ZoneDescription[] = Array.from({ length: links }, (_, i) => ({
    apex: `c${i}.lab.`,
    signing: null,
    servers: ["ns.plain.lab."],
    records: `a.b.c.d.e.f.g CNAME a.b.c.d.e.f.g.c${i + 1}.lab.\n${list(13, (j) => `@ NS n${j}.c${(i + 1) % links}.lab.`)}`,
  }));
  return (world) => ({ ...world, zones: [...world.zones, ...zones] });
}

describe("A-73: CAMP", () => {
  test("A-73: aliases times labels, with the limit for aliases out of the way, come to the budget and no further", async () => {
    await attack({ world: camp(40), settings: { strictMinimise: true, aliasSteps: 64 } }, async (scene) => {
      const victim = await scene.ask("a.b.c.d.e.f.g.c0.lab");
      expect(victim).toMatchObject({ status: "indeterminate", reason: "too many queries", ede: [0], data: [] });
      expect(victim.cost.packets).toBe(128);
      expect((await scene.ask("a.b.c.d.e.f.g.c0.lab")).cost.packets).toBe(0);
    });
  });

  test("A-73: as the limits are, the aliases end it at the twelfth", async () => {
    await attack({ world: camp(12), settings: { strictMinimise: true } }, async (scene) => {
      const victim = await scene.ask("a.b.c.d.e.f.g.c0.lab");
      expect(victim).toMatchObject({ status: "indeterminate", reason: "too many aliases", ede: [0] });
      expect(victim.cost.packets).toBeLessThanOrEqual(128);
    });
  });

  test("A-73: delegations that need delegations that need delegations end at their depth", async () => {
    const nested: ZoneDescription[] = Array.from({ length: 10 }, (_, i) => ({
      apex: `d${i}.lab.`,
      signing: null,
      servers: ["ns.plain.lab."],
      records: "www A 192.0.2.1",
    }));
    const glueless = lying((message, ask) => {
      const zone = ask.question.name.labelCount >= 2 ? `${ask.question.name.ancestor(2)}` : "";
      const found = /^d(\d)\.lab\.$/.exec(zone);
      if (found === null || message.aa) return undefined;
      const next = (Number(found[1]) + 1) % 10;
      return { authority: Array.from({ length: 13 }, (_, j) => ns(zone, `n${j}.d${next}.lab`)), additional: [] };
    });
    await attack({ world: (w) => ({ ...w, zones: [...w.zones, ...nested] }), path: glueless }, async (scene) => {
      const victim = await scene.ask("www.d0.lab");
      expect(victim).toMatchObject({ status: "indeterminate", data: [] });
      expect(victim.cost.packets).toBeLessThanOrEqual(60);
      expect((await scene.ask("www.d0.lab")).cost.packets).toBe(0);
    });
  });
});

describe("A-74: aliases without end", () => {
  const chain = addZone({ apex: "chain.lab.", signing: null, records: list(17, (i) => `c${i} 0 CNAME c${i + 1}`) });

  test("A-74: the twelfth step of a chain is an error, and so is the next question, without a packet", async () => {
    const oneByOne = lying((message, ask) =>
      asksWithin(ask, "chain.lab") && message.answer.length > 1
        ? { rcode: RCODE.NOERROR, answer: message.answer.slice(0, 1), authority: [] }
        : undefined,
    );
    await attack({ world: chain, path: oneByOne }, async (scene) => {
      const victim = await scene.ask("c0.chain.lab");
      expect(victim).toMatchObject({ status: "indeterminate", reason: "too many aliases", ede: [0], data: [] });
      expect(victim.answer.rcode).toBe(RCODE.SERVFAIL);
      expect(victim.answer.authenticated).toBe(false);
      expect(names(scene.packets, "chain.lab").size).toBeLessThanOrEqual(14);
      const again = await scene.ask("c0.chain.lab");
      expect(again).toMatchObject({ status: "indeterminate", reason: "too many aliases", cost: { packets: 0 } });
    });
  });

  test("A-74: eleven steps are allowed", async () => {
    await attack(
      {
        world: together(
          chain,
          rezone("chain.lab.", { records: `${list(11, (i) => `c${i} CNAME c${i + 1}`)}\nc11 A 192.0.2.7` }),
        ),
      },
      async (scene) => {
        expect(await scene.ask("c0.chain.lab")).toMatchObject({ status: "insecure", data: ["192.0.2.7"] });
      },
    );
  });

  for (const [what, name] of [
    ["two names that lead to each other", "round.good.lab"],
    ["a name that leads to itself", "self.chain.lab"],
  ] as const) {
    test(`A-74: ${what}: an error, cheap and remembered`, async () => {
      const world = together(chain, rezone("chain.lab.", { records: "self 0 CNAME self" }));
      await attack({ world }, async (scene) => {
        const victim = await scene.ask(name);
        expect(victim).toMatchObject({ status: "indeterminate", reason: "too many aliases", data: [] });
        expect(victim.cost.packets).toBeLessThanOrEqual(16);
        expect((await scene.ask(name)).cost.packets).toBe(0);
      });
    });
  }

  test("A-74: a DNAME that leads into itself grows the name until it ends", async () => {
    const world = rezone("plain.lab.", { records: "loop 0 DNAME x.loop" });
    await attack({ world }, async (scene) => {
      const victim = await scene.ask("www.loop.plain.lab");
      expect(victim).toMatchObject({ status: "indeterminate", reason: "too many aliases" });
      expect(victim.cost.packets).toBeLessThanOrEqual(18);
      expect((await scene.ask("www.loop.plain.lab")).cost.packets).toBe(0);
    });
  });
});

describe("A-77: many names, few addresses", () => {
  const world = rezone("lab.", { records: list(10, (i) => `trigger NS n${i}.trigger`) });
  const path = lying((message, ask) =>
    asksWithin(ask, "trigger.lab") && !message.aa
      ? {
          additional: Array.from({ length: 10 }, (_, i) =>
            Array.from({ length: 20 }, (_, j) => a(`n${i}.trigger.lab`, `193.53.201.${j + 1}`)),
          ).flat(),
        }
      : undefined,
  );
  test("A-77: six addresses of each name, each of them once in a round", async () => {
    await attack({ world, path }, async (scene) => {
      const victim = await scene.ask("www.trigger.lab");
      expect(victim).toMatchObject({ status: "indeterminate", ede: [22] });
      const asked = scene.packets.filter(({ to }) => to.startsWith("193.53.201."));
      const each = new Map<string, number>();
      for (const { to, transport } of asked) each.set(`${to} ${transport}`, (each.get(`${to} ${transport}`) ?? 0) + 1);
      expect(new Set(asked.map(({ to }) => to)).size).toBe(6);
      expect(Math.max(...each.values())).toBeLessThanOrEqual(3);
      expect(asked.length).toBeLessThanOrEqual(24);
      await scene.clock.advance(1000);
      expect((await scene.ask("www.trigger.lab")).cost.packets).toBe(0);
    });
  });
});

describe("A-80: octets", () => {
  test("A-80: answers of 60 KB at each step end at 256 KiB", async () => {
    const path = lying((_, ask) => {
      if (!asksWithin(ask, "plain.lab") || ask.question.type !== TYPE.A) return undefined;
      const { name } = ask.question;
      const step = Number(`${name}`.slice(1, `${name}`.indexOf(".")));
      return Number.isNaN(step)
        ? undefined
        : { rcode: RCODE.NOERROR, answer: [cname(`${name}`, `c${step + 1}.plain.lab`)], authority: [] };
    });
    const heavy =
      (exchange: Scene["env"]["exchange"]): typeof exchange =>
      async (ask, signal) => {
        const result = await path(exchange)(ask, signal);
        if (result.kind !== "reply" || !/^c\d+\.plain/.test(`${ask.question.name}`)) return result;
        return ask.transport === "tcp"
          ? { ...result, octets: 60_000 }
          : { ...result, message: { ...result.message, tc: true, answer: [] } };
      };
    await attack({ path: heavy }, async (scene) => {
      const victim = await scene.ask("c0.plain.lab");
      expect(victim).toMatchObject({ status: "indeterminate", data: [] });
      expect(victim.cost.octets).toBeLessThanOrEqual(256 * 1024 + 65535);
      expect(victim.cost.octets).toBeGreaterThan(200_000);
      expect(victim.detail).toMatch(/more .* than one answer may cost/);
    });
  });
});
