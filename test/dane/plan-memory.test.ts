/** Plans that are given again: only while the evidence is the same, and never past their expiry. */
import { describe, expect, it } from "vitest";
import { planDelivery } from "../../src/dane/smtp-plan.ts";
import { seededRandom } from "../../src/env/virtual.ts";
import { alter } from "../../src/lab/injure.ts";
import type { ZoneDescription } from "../../src/lab/world.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { inWorld, tlsaLine } from "./harness.ts";

const good: ZoneDescription = {
  apex: "good.lab.",
  records: `@ MX 10 mx\nmx 300 A 192.0.2.1\nmx 300 AAAA 2001:db8::1\n${tlsaLine("_25._tcp.mx 120", "3 1 1 leaf")}`,
};
const zones = [good];
const strip: ZoneDescription["edit"] = (zone) =>
  alter(zone, ["_25._tcp.mx.good.lab.", TYPE.TLSA], () => ({ signatures: [] }));

describe("a plan", () => {
  it("is the same one as long as nothing changed, whatever the second", () =>
    inWorld(zones, async ({ resolver, clock, asked }) => {
      await planDelivery(resolver, "good.lab", { clock });
      const questions = asked().length;
      const second = await planDelivery(resolver, "good.lab", { clock });
      expect(await planDelivery(resolver, "good.lab", { clock })).toBe(second);
      await clock.sleep(50_000);
      expect(await planDelivery(resolver, "good.lab", { clock })).toBe(second);
      expect(second).toMatchObject({ do: "deliver", hosts: [{ action: { do: "authenticate" } }] });
      expect(asked()).toHaveLength(questions);
    }));

  it("is made anew when it expires, and asks again", () =>
    inWorld(zones, async ({ resolver, clock, asked }) => {
      await planDelivery(resolver, "good.lab", { clock });
      const plan = await planDelivery(resolver, "good.lab", { clock });
      const questions = asked().length;
      await clock.sleep((plan.expires - clock.unixSeconds()) * 1000 + 1);
      const later = await planDelivery(resolver, "good.lab", { clock });
      expect(later).not.toBe(plan);
      expect(later.expires).toBeGreaterThan(plan.expires);
      expect(asked().slice(questions)).toEqual(["_25._tcp.mx.good.lab. 52"]);
    }));

  it("is of its own for other rules, other clocks, other resolvers and other domains", () =>
    inWorld([good, { ...good, apex: "other.lab." }], (one) =>
      inWorld(zones, async (two) => {
        const { clock, resolver } = one;
        const twice = async (...args: Parameters<typeof planDelivery>) => {
          await planDelivery(...args);
          return planDelivery(...args);
        };
        const plans = [
          await twice(resolver, "good.lab", { clock }),
          await twice(resolver, "other.lab", { clock }),
          await twice(resolver, "good.lab", { clock, port: 26 }),
          await twice(resolver, "good.lab", { clock, level: "dane-only" }),
          await twice(resolver, "good.lab", { clock, insecureMx: "may" }),
          await twice(resolver, "good.lab", { clock, maxHosts: 1 }),
          await twice(resolver, "good.lab", { clock, policy: { digests: [1], agility: "all" } }),
          await two.clock.run(() => twice(two.resolver, "good.lab", { clock: two.clock })),
          await twice(resolver, "good.lab", {}),
        ];
        expect(new Set(plans).size).toBe(plans.length);
        expect(plans[2]!.hosts[0]!.action.do).toBe("opportunistic");
      }),
    ));

  it("is rolled anew where dice are given", () =>
    inWorld(zones, async ({ resolver, clock }) => {
      const random = seededRandom(1);
      await planDelivery(resolver, "good.lab", { clock, random });
      const plan = await planDelivery(resolver, "good.lab", { clock, random });
      expect(await planDelivery(resolver, "good.lab", { clock, random })).not.toBe(plan);
    }));

  it("that rests on a failure is not kept: the next one may know more", () =>
    inWorld([{ ...good, edit: strip }], async ({ resolver, clock }) => {
      await planDelivery(resolver, "good.lab", { clock });
      const plan = await planDelivery(resolver, "good.lab", { clock });
      expect(plan).toMatchObject({ do: "defer", hosts: [{ action: { do: "skip", code: "tlsa failed" } }] });
      expect(await planDelivery(resolver, "good.lab", { clock })).not.toBe(plan);
    }));

  it("changes with the evidence: a refreshed answer has another proof", () =>
    inWorld(
      zones,
      async ({ resolver, clock }) => {
        await planDelivery(resolver, "good.lab", { clock });
        const plan = await planDelivery(resolver, "good.lab", { clock });
        await clock.sleep(115_000); // in the last tenth of the TLSA's life it is fetched ahead
        await planDelivery(resolver, "good.lab", { clock });
        await clock.sleep(1000);
        const later = await planDelivery(resolver, "good.lab", { clock });
        expect(later).not.toBe(plan);
        expect(later.expires).toBeGreaterThan(plan.expires);
      },
      { settings: { prefetch: true } },
    ));

  it("of a resolver that cannot tell what it knows is made each time", () =>
    inWorld(zones, async ({ resolver, clock }) => {
      const bare = { resolve: resolver.resolve.bind(resolver) };
      const plan = await planDelivery(bare, "good.lab", { clock });
      expect(await planDelivery(bare, "good.lab", { clock })).not.toBe(plan);
    }));
});
