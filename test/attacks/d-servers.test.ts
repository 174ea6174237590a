/** ATTACKS section D, second half: servers and clients that keep the resolver busy, or make it answer all at once. */
import { describe, expect, test } from "vitest";
import { reserver } from "../../src/lab/injure.ts";
import { fails, formErrToEdns, silent, truncatesAlways } from "../../src/lab/quirks.ts";
import type { Quirk } from "../../src/lab/server.ts";
import type { WorldDescription } from "../../src/lab/world.ts";
import { createAccess } from "../../src/server/access.ts";
import { createResponder } from "../../src/server/responder.ts";
import { encodeQuery } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, OPTION, RCODE, TYPE } from "../../src/wire/registry.ts";
import { attack, type Scene } from "./fixture.ts";

const only = (...quirks: readonly Quirk[]) => reserver("ns.plain.lab.", ...quirks);
const toPlain = (scene: Scene) => scene.packets.filter(({ to }) => to === scene.addressOf("ns.plain.lab"));

/** FORMERR, NOTIMP, FORMERR… whatever is asked and however. */
const alternating = (): Quirk => {
  let turn = 0;
  return {
    meets() {
      turn += 1;
      return { rcode: turn % 2 === 0 ? RCODE.NOTIMP : RCODE.FORMERR, edns: turn % 3 === 0 };
    },
  };
};

const alwaysTruncated: Quirk = {
  replies: (reply) => ({ ...reply, tc: true, answer: [], authority: [], additional: [] }),
};

describe("A-76: servers that are never content", () => {
  const endless: Readonly<Record<string, readonly Quirk[]>> = {
    "BADCOOKIE for ever": [fails(RCODE.BADCOOKIE)],
    "TC for ever, over TCP too": [alwaysTruncated],
    "TC over UDP, BADCOOKIE over TCP": [truncatesAlways, fails(RCODE.BADCOOKIE, (_, transport) => transport === "tcp")],
    "FORMERR and NOTIMP in turn": [alternating()],
    "FORMERR to EDNS, silence without": [formErrToEdns, silent(({ edns }) => edns === null)],
    "BADVERS for ever": [fails(RCODE.BADVERS)],
    "SERVFAIL for ever": [fails(RCODE.SERVFAIL)],
    silence: [silent()],
  };
  for (const [what, quirks] of Object.entries(endless)) {
    test(`A-76: ${what}: three sends by a transport at most, then it is over`, async () => {
      await attack({ world: only(...quirks) }, async (scene) => {
        const victim = await scene.ask("host.plain.lab");
        expect(victim).toMatchObject({ status: "indeterminate", ede: [22], data: [] });
        for (const transport of ["udp", "tcp"]) {
          const alike = new Map<string, number>();
          for (const packet of toPlain(scene).filter((sent) => sent.transport === transport)) {
            const key = `${packet.type} ${packet.ask.edns === null}`;
            alike.set(key, (alike.get(key) ?? 0) + 1);
          }
          for (const [key, count] of alike) expect(count, `${transport} ${key}`).toBeLessThanOrEqual(3);
        }
        await scene.clock.advance(1000);
        expect((await scene.ask("host.plain.lab")).cost.packets).toBe(0);
      });
    });
  }

  test("A-76: forwarders that ask each other in a circle end with the deadline, at a few packets", async () => {
    const circle =
      (exchange: Scene["env"]["exchange"]): typeof exchange =>
      async (ask, signal) => {
        if (ask.server.address !== "193.53.9.9") return exchange(ask, signal);
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        return { kind: "timeout", discarded: 0 };
      };
    const forwards = [{ zone: Name.parse("plain.lab"), servers: [{ address: "193.53.9.9", port: 53 }] }];
    await attack({ path: circle, parts: { forwards } }, async (scene) => {
      const victim = await scene.ask("host.plain.lab");
      expect(victim).toMatchObject({ status: "indeterminate" });
      expect(victim.tookMs).toBeLessThanOrEqual(8000);
      expect(scene.packets.filter(({ to }) => to === "193.53.9.9").length).toBeLessThanOrEqual(4);
    });
  });
});

describe("A-75: DNSBomb", () => {
  const slow =
    (latencyMs: number) =>
    (world: WorldDescription): WorldDescription => ({
      ...world,
      servers: [...(world.servers ?? []), { name: "ns.plain.lab.", latencyMs }],
    });
  const query = (i: number, name: string): Uint8Array =>
    encodeQuery({
      id: i & 0xffff,
      question: { name: Name.parse(name), type: TYPE.A, class: CLASS.IN },
      rd: true,
      cd: false,
      edns: {
        udpSize: 1232,
        options: [{ code: OPTION.ECS, data: Uint8Array.of(0, 1, 24, 0, i & 255, (i >> 8) & 255, 7) }],
      },
    });

  test("A-75: a thousand questions for one slow name are one upstream; beyond the client's bound there is a refusal", async () => {
    await attack({ world: slow(1200) }, async (scene) => {
      const { respond } = createResponder({
        resolver: scene.resolver,
        clock: scene.clock,
        access: createAccess({ waitingPerClient: 100 }),
      });
      const from = { address: "127.0.0.1", port: 4242, transport: "udp" } as const;
      const replies = await scene.meanwhile(() =>
        Promise.all(
          Array.from({ length: 1000 }, async (_, i) => ({
            at: await respond(query(i, "host.plain.lab"), from),
            ms: scene.clock.monotonicMs(),
          })),
        ),
      );
      const refused = replies.filter(({ at }) => (at![3]! & 15) === RCODE.SERVFAIL);
      expect(refused.length).toBe(900);
      expect(
        refused.every(({ ms }) => ms === refused[0]!.ms),
        "at once, not in the pulse",
      ).toBe(true);
      expect(
        scene.packets.filter(({ name, to }) => name === "host.plain.lab." && to === scene.addressOf("ns.plain.lab"))
          .length,
      ).toBeLessThanOrEqual(3);
    });
  });

  test("A-52: a thousand clients with ECS of their own: one upstream question in flight, and no ECS in it", async () => {
    await attack({ world: slow(200) }, async (scene) => {
      const { respond } = createResponder({ resolver: scene.resolver, clock: scene.clock });
      const replies = await scene.meanwhile(() =>
        Promise.all(
          Array.from({ length: 1000 }, (_, i) =>
            respond(query(i, "host.plain.lab"), {
              address: `127.0.${i >> 8}.${i & 255}`,
              port: 4242,
              transport: "udp",
            }),
          ),
        ),
      );
      expect(new Set(replies.map((reply) => reply![3]! & 15))).toEqual(new Set([RCODE.NOERROR]));
      expect(scene.mostAlike()).toBe(1);
      expect(toPlain(scene).length).toBe(1);
      for (const { ask } of scene.packets)
        expect(ask.edns?.options.map(({ code }) => code).filter((code) => code !== OPTION.COOKIE)).toEqual([]);
    });
  });
});

test("A-52: a thousand questions for a server that is silent: retries overlap, clients add none", async () => {
  await attack({ world: only(silent()) }, async (scene) => {
    const answers = await scene.meanwhile(() =>
      Promise.all(Array.from({ length: 1000 }, () => scene.resolver.resolve("host.plain.lab", "A"))),
    );
    expect(new Set(answers.map(({ verdict }) => verdict.status))).toEqual(new Set(["indeterminate"]));
    expect(toPlain(scene).length).toBeLessThanOrEqual(4);
    expect(scene.mostAlike()).toBeLessThanOrEqual(3);
  });
});

describe("A-78: water torture", () => {
  test("A-78: random names in a dead zone: its server is given up, other zones do not notice", async () => {
    await attack({ world: only(silent()) }, async (scene) => {
      await scene.ask("host.plain.lab");
      const before = toPlain(scene).length;
      await scene.meanwhile(() =>
        Promise.all(Array.from({ length: 500 }, (_, i) => scene.resolver.resolve(`r${i}.plain.lab`, "A"))),
      );
      const sent = toPlain(scene).length - before;
      expect(sent).toBeLessThanOrEqual(50 * 4);
      expect(await scene.ask("www.good.lab")).toMatchObject({ status: "secure" });
    });
  });
});

test("A-81: jostling: 800 slow questions do not keep a quick one waiting", async () => {
  await attack({ world: only(silent()) }, async (scene) => {
    const answers = await scene.meanwhile(() =>
      Promise.all(Array.from({ length: 800 }, (_, i) => scene.resolver.resolve(`r${i}.plain.lab`, "A"))),
    );
    expect(answers.length).toBe(800);
  });
});

test("A-79: what is no answer at all ends as silence, and what is late is not waited for", async () => {
  const junk: Quirk = { sends: (octets) => octets.subarray(0, 9) };
  await attack({ world: only(junk) }, async (scene) => {
    const victim = await scene.ask("host.plain.lab");
    expect(victim).toMatchObject({ status: "indeterminate", reason: "no reachable authority", ede: [22] });
    expect(victim.tookMs, "no SERVFAIL at once: the genuine answer may follow").toBeGreaterThan(1000);
    expect(toPlain(scene).filter(({ transport }) => transport === "tcp").length, "one retry by TCP").toBe(1);
  });
});
