/**
 * ATTACKS A-14 and A-105: the budget of one question is the question's own. Whoever burns it and then leads on to somebody
 * else's names must not make those names fail for others: not from the cache, not while both are under way.
 */
import { describe, expect, test } from "vitest";
import type { Injury } from "../../src/lab/injure.ts";
import { alter, edit, together } from "../../src/lab/injure.ts";
import type { Settings } from "../../src/resolver/options.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { attack } from "./fixture.ts";

const LINKS = 8;

/** Aliases through eight zones, each proper and each with a price, to a name of somebody else's. */
const leadingOn: Injury = (world) => ({
  ...world,
  zones: [
    ...world.zones,
    ...Array.from({ length: LINKS }, (_, i) => ({
      apex: `t${i}.`,
      signing: { denial: { iterations: 40 } },
      records: `*.a CNAME x.a.${i + 1 === LINKS ? "good.hash." : `t${i + 1}.`}\nmx A 192.0.2.5`,
    })),
  ].map((zone) => (zone.apex === "good.hash." ? { ...zone, records: `${zone.records}\nx.a A 192.0.2.9` } : zone)),
});

const scarce: readonly [string, Partial<Settings>][] = [
  ...[8, 10, 12, 14, 17, 20, 23, 26].map((n): [string, Partial<Settings>] => [
    `${n} signatures`,
    { signaturesPerQuestion: n },
  ]),
  ...[8, 10, 12, 14, 17, 20, 23, 26].map((n): [string, Partial<Settings>] => [
    `${n} queries`,
    { queriesPerQuestion: n },
  ]),
  ...[100, 130, 160].map((n): [string, Partial<Settings>] => [`${n} hash rounds`, { nsec3Rounds: n }]),
  ["8 digests", { digestsPerQuestion: 8 }],
];

describe("a burnt budget", () => {
  for (const [what, settings] of scarce) {
    test(`A-105: of ${what} ends the question with a reason, and nobody else's`, async () => {
      await attack({ world: leadingOn, settings }, async (scene) => {
        const victim = await scene.ask("x.a.t0");
        expect(victim.status).toMatch(/bogus|indeterminate/);
        expect(victim.reason).toMatch(/too much validation work|too many queries/);
        const limits = () => scene.events.flatMap((event) => (event.kind === "limit" ? [event] : []));
        expect(limits(), "an operator hears of it").toMatchObject([{ limit: Object.keys(settings)[0] }]);
        expect(`${limits()[0]!.question.name}`).toBe("x.a.t0.");
        const again = await scene.ask("x.a.t0");
        expect(again, "it is remembered").toMatchObject({ status: victim.status, cost: { packets: 0, signatures: 0 } });
        expect(again.ede).toContain(13);
        for (const name of [
          "x.a.good.hash",
          "mx.good.hash",
          "www.deep.hash",
          ...Array.from({ length: LINKS }, (_, i) => `mx.t${i}`),
        ]) {
          expect(await scene.ask(name), name).toMatchObject({ status: "secure" });
        }
        expect(limits(), "of nobody else").toHaveLength(1);
      });
    });

    test(`A-105: of ${what}: who asks for the same names meanwhile does not pay`, async () => {
      await attack({ world: leadingOn, settings }, async (scene) => {
        const [, ...clients] = await scene.meanwhile(() =>
          Promise.all(["x.a.t0", "x.a.good.hash", "mx.t4", "mx.t7"].map((name) => scene.resolver.resolve(name, "A"))),
        );
        expect(clients.map(({ verdict }) => verdict.status)).toEqual(["secure", "secure", "secure"]);
      });
    });
  }

  test("A-14: a bogus answer and its retry elsewhere share one budget", async () => {
    const world = together(
      (w) => ({
        ...w,
        zones: w.zones.map((zone) =>
          zone.apex === "good.lab." ? { ...zone, servers: ["ns.good.lab.", "ns2.good.lab.", "ns3.good.lab."] } : zone,
        ),
      }),
      edit("good.lab.", (zone) =>
        alter(zone, ["www.good.lab", TYPE.A], ({ signatures }) => ({
          signatures: Array.from({ length: 60 }, (_, i) => {
            const wrong = signatures[0]!.slice();
            wrong[wrong.length - 1 - i]! ^= 0xff;
            return wrong;
          }),
        })),
      ),
    );
    await attack({ world }, async (scene) => {
      await scene.ask("mx.good.lab");
      const victim = await scene.ask("www.good.lab");
      expect(victim).toMatchObject({ status: "bogus", ede: [6], data: [] });
      expect(victim.cost.signatures, "failed checks in all").toBeLessThanOrEqual(8);
      expect(victim.cost.packets).toBeLessThanOrEqual(4);
      expect(await scene.ask("www.good.lab")).toMatchObject({
        status: "bogus",
        ede: [6, 13],
        cost: { packets: 0, signatures: 0 },
      });
      expect(await scene.ask("mx2.good.lab"), "its neighbour").toMatchObject({ status: "secure" });
    });
  });
});
