/** ATTACKS A-53 and A-54: what the transport does to answers, as the resolver sees it. */
import { describe, expect, test } from "vitest";
import type { Exchange } from "../../src/env/env.ts";
import { reserver } from "../../src/lab/injure.ts";
import { noTcp } from "../../src/lab/quirks.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { attack } from "./fixture.ts";
import { a, asks, asksWithin, lying, ns } from "./path.ts";

const EVIL = "6.6.6.6";

test("A-53: forged refusals from the network do not fail a question by themselves", async () => {
  let refusals = 2;
  const refusing =
    (exchange: Exchange): Exchange =>
    async (ask, signal) => {
      if (!asks(ask, "host.plain.lab") || refusals-- <= 0) return exchange(ask, signal);
      return { kind: "unreachable", code: "ECONNREFUSED" };
    };
  await attack({ path: refusing }, async (scene) => {
    expect(await scene.ask("host.plain.lab")).toMatchObject({ status: "insecure", data: ["192.0.2.90"] });
  });
});

test("A-53: running out of descriptors here is no server's fault", async () => {
  let starving = true;
  const starved =
    (exchange: Exchange): Exchange =>
    async (ask, signal) =>
      starving && asksWithin(ask, "plain.lab") ? { kind: "unreachable", code: "EMFILE" } : exchange(ask, signal);
  await attack({ path: starved }, async (scene) => {
    for (const name of ["a", "b", "c"]) await scene.ask(`${name}.plain.lab`);
    starving = false;
    const victim = await scene.ask("host.plain.lab");
    expect(victim).toMatchObject({ status: "insecure", data: ["192.0.2.90"] });
  });
});

describe("A-54: large answers", () => {
  test("A-54: 1232 octets are asked for; what is cut off comes again by TCP, and nothing of it is used before", async () => {
    await attack({}, async (scene) => {
      const victim = await scene.ask("big.good.lab", "TXT");
      expect(victim).toMatchObject({ status: "secure" });
      expect(victim.data[0]!.length).toBeGreaterThan(1900);
      for (const { ask } of scene.packets) if (ask.transport === "udp") expect(ask.edns?.udpSize).toBe(1232);
      const sent = scene.packets.filter(({ name, type }) => name === "big.good.lab." && type === "TXT");
      expect(sent.map(({ transport }) => transport)).toEqual(["udp", "tcp"]);
    });
  });

  test("A-54: without TCP, a part is no answer", async () => {
    const part = lying((_message, ask) =>
      asks(ask, "host.plain.lab") && ask.transport === "udp"
        ? { tc: true, answer: [a("host.plain.lab", EVIL)] }
        : undefined,
    );
    await attack({ path: part, world: reserver("ns.plain.lab.", noTcp) }, async (scene) => {
      const victim = await scene.ask("host.plain.lab");
      expect(victim).toMatchObject({ status: "indeterminate", data: [], ede: [22] });
    });
  });

  test("A-54: a datagram larger than was asked for, whose second half may be another's, is not believed", async () => {
    const glued =
      (exchange: Exchange): Exchange =>
      async (ask, signal) => {
        const result = await exchange(ask, signal);
        if (result.kind !== "reply" || ask.transport !== "udp" || !asksWithin(ask, "plain.lab")) return result;
        const { message } = result;
        const isReferral = message.authority.some(({ type }) => type === TYPE.NS) && !message.aa;
        const change = isReferral
          ? { authority: message.authority, additional: [a("ns.plain.lab", EVIL)] }
          : {
              answer: message.answer.length > 0 ? [a("host.plain.lab", EVIL), ...message.answer] : [],
              authority: [ns("plain.lab", "ns.evil")],
            };
        return { ...result, octets: 1500, message: { ...message, ...change } };
      };
    await attack({ path: glued }, async (scene) => {
      const victim = await scene.ask("host.plain.lab");
      expect(victim).toMatchObject({ status: "insecure", data: ["192.0.2.90"] });
      expect(scene.packets.some(({ to }) => to === EVIL)).toBe(false);
    });
  });
});

test("A-54: one forged address in the root's own answer or in a referral costs a minute, not its TTL", async () => {
  for (const victim of [".", "plain.lab"]) {
    let forging = true;
    const forged = lying((message, ask) => {
      const owner = `ns.${victim === "." ? "" : `${victim}.`}`;
      if (!forging || !message.additional.some(({ name }) => `${name}` === owner)) return undefined;
      return ask.transport === "udp" ? { additional: [a(owner, EVIL, { ttl: 86400 })] } : undefined;
    });
    await attack({ path: forged }, async (scene) => {
      await scene.clock.run(() => scene.resolver.resolve("host.plain.lab", "A"));
      forging = false;
      await scene.clock.advance(130_000);
      const answer = await scene.clock.run(() => scene.resolver.resolve("third.plain.lab", "A"));
      await scene.clock.advance(130_000);
      const after = await scene.clock.run(() => scene.resolver.resolve("host.plain.lab", "A"));
      expect([answer.verdict.status, after.verdict.status], victim).toContain("insecure");
      expect(after.verdict.status, victim).toBe("insecure");
    });
  }
});
