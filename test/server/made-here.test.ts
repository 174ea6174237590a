/** Answers that are made here, RFC 6761 §6.3: the same at every moment, for there is nothing whose age they could tell. */
import { expect, it } from "vitest";
import { seededRandom, virtualClock } from "../../src/env/virtual.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import { createResolver } from "../../src/resolver/create.ts";
import { createResponder } from "../../src/server/responder.ts";
import { local } from "./bench.ts";
import { see } from "./replies.ts";
import { query } from "./requests.ts";

it.each([
  ["localhost.", 1, ["localhost. A 10800"]],
  ["mail.LOCALHOST.", 28, ["mail.LOCALHOST. AAAA 10800"]],
  ["localhost.", 15, []],
  ["10.in-addr.arpa.", 12, []],
])("%s type %d", async (name, type, answer) => {
  const clock = virtualClock({ unixSeconds: LAB_NOW });
  const world = buildWorld(soundWorld, LAB_NOW);
  const resolver = createResolver({
    env: { clock, random: seededRandom(1), exchange: world.exchange, emit: () => {} },
    rootHints: world.hints,
    trustAnchors: world.anchors,
    settings: { queryPrivate: true },
  });
  const { respond } = createResponder({ resolver, clock });
  const ask = async () => see(await respond(query({ name, type, edns: {} }), local));
  const first = await ask();
  expect(first).toMatchObject({ rcode: "NOERROR", answer });
  // Half a second for what is remembered for a second, seconds and hours for what is remembered for longer.
  for (const ms of [500, 500, 1000, 3000, 3000, 9000, 60_000, 20_000_000, 1000]) {
    await clock.advance(ms);
    expect((await ask()).message, `after ${ms} ms more`).toEqual(first.message);
  }
  expect(world.asked).toHaveLength(0);
  await resolver.close();
});
