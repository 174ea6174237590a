/** ATTACKS A-81 on real sockets: whoever fills them with slow questions must not keep a quick one waiting. */
import { afterEach, expect, test } from "vitest";
import { systemClock, systemRandom } from "../../src/env/system.ts";
import { addZone, reserver, together } from "../../src/lab/injure.ts";
import { listen } from "../../src/lab/loopback.ts";
import { noTcp, silent } from "../../src/lab/quirks.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { systemExchange } from "../../src/net/exchange.ts";
import { createResolver } from "../../src/resolver/create.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test("A-81: 600 questions to a silent server hold all sockets; a quick question gets one all the same", async () => {
  const injured = together(
    reserver("ns.plain.lab.", silent()),
    addZone({ apex: "valid.", records: "h A 192.0.2.1\nquick A 192.0.2.2" }),
    // No way out by TCP: what counts is the wait for a socket.
    reserver("ns.valid.", noTcp),
  );
  const world = buildWorld(injured(soundWorld), systemClock.unixSeconds(), { network: "127.58" });
  const listening = await listen(world, { port: 0 });
  closers.push(() => listening.close());
  const network = systemExchange({
    clock: systemClock,
    random: systemRandom,
    settings: { randomCase: false },
    udp: { socketsAtOnce: 100 },
  });
  closers.push(() => network.close());
  const resolver = createResolver({
    env: { clock: systemClock, random: systemRandom, exchange: listening.through(network.exchange), emit: () => {} },
    rootHints: world.hints,
    trustAnchors: world.anchors,
    settings: { queryPrivate: true },
  });
  closers.push(() => resolver.close());
  await resolver.resolve("h.valid", "A");
  await resolver.resolve("plain.lab", "DS");

  const slow = Array.from({ length: 600 }, (_, i) => resolver.resolve(`r${i}.plain.lab`, "A"));
  await systemClock.sleep(100);
  const startMs = performance.now();
  const quick = await resolver.resolve("quick.valid", "A");
  const tookMs = performance.now() - startMs;
  expect(quick.verdict.status).toBe("secure");
  expect(tookMs).toBeLessThan(2000);
  await resolver.close();
  expect(new Set((await Promise.all(slow)).map(({ verdict }) => verdict.status))).toEqual(new Set(["indeterminate"]));
});
