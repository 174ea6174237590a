/** ATTACKS A-62: ghosts. Whoever lost his delegation must not live on by repeating it, however long-lived he says it is. */
import { describe, expect, test } from "vitest";
import { edit, rezone, together } from "../../src/lab/injure.ts";
import { chainAndSign } from "../../src/lab/sign-zone.ts";
import { Name } from "../../src/wire/name.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import { attack, type Scene } from "./fixture.ts";
import { a, answerOf, asksWithin, lying, ns } from "./path.ts";

const EVIL = "6.6.6.6";
const HOST = "192.0.2.90";

const moreHosts = rezone("plain.lab.", {
  records: `host A ${HOST}\nother A ${HOST}\nthird A ${HOST}\nalias CNAME host.plain.hash.`,
});

describe("A-62: who was taken off the list", () => {
  const revoke = ({ lab }: Scene): void => {
    const parent = lab.zone("lab.");
    for (const { name } of [...parent.nodes.values()])
      if (name.isWithin(Name.parse("plain.lab"))) parent.nodes.delete(name.key);
    chainAndSign(parent);
  };
  const shortLived = edit("lab.", (zone) => {
    const cut = zone.get(Name.parse("plain.lab"), TYPE.NS)!;
    zone.set({ ...cut, ttl: 300 });
  });
  const renewing = lying((message, ask) =>
    asksWithin(ask, "plain.lab") && message.aa
      ? {
          authority: [...message.authority, ns("plain.lab", "ns.plain.lab", { ttl: 86400 })],
          additional: [a("ns.plain.lab", ask.server.address, { ttl: 86400 })],
        }
      : undefined,
  );

  test("A-62: a child cannot prolong its delegation, however often it repeats its NS", async () => {
    await attack({ world: together(moreHosts, shortLived), path: renewing }, async (scene) => {
      await scene.ask("host.plain.lab");
      revoke(scene);
      await scene.clock.advance(200_000);
      expect(await scene.ask("plain.lab", "NS"), "its own NS RRset, long-lived").toMatchObject({ status: "insecure" });
      expect(await scene.ask("ns.plain.lab"), "its server's address").toMatchObject({ status: "insecure" });
      expect(await scene.ask("other.plain.lab"), "while the parent's TTL lasts").toMatchObject({ data: [HOST] });
      await scene.clock.advance(101_000);
      const ghost = await scene.ask("third.plain.lab");
      expect(ghost.answer.rcode).toBe(RCODE.NXDOMAIN);
      expect(scene.packets.at(-1)!.to).toBe(scene.addressOf("ns.lab"));
    });
  });

  const grandchild = rezone("plain.lab.", { records: `host A ${HOST}\nsub NS ns.sub\nns.sub A 193.53.66.66` });
  test("A-62: nor by a child of its own", async () => {
    const sub =
      (exchange: Parameters<ReturnType<typeof lying>>[0]): typeof exchange =>
      (ask, signal) =>
        ask.server.address === "193.53.66.66"
          ? Promise.resolve({
              kind: "reply",
              message: answerOf(ask, [a(`${ask.question.name}`, EVIL)]),
              octets: 60,
              rttMs: 1,
            })
          : exchange(ask, signal);
    await attack({ world: together(grandchild, shortLived), path: sub }, async (scene) => {
      expect((await scene.ask("a.sub.plain.lab")).data).toEqual([EVIL]);
      revoke(scene);
      await scene.clock.advance(200_000);
      expect((await scene.ask("b.sub.plain.lab")).data, "while the parent's TTL lasts").toEqual([EVIL]);
      await scene.clock.advance(101_000);
      expect((await scene.ask("c.sub.plain.lab")).answer.rcode).toBe(RCODE.NXDOMAIN);
    });
  });
});
