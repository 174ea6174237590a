/** A stub zone for the root: the operator's servers on the operator's port, and never the addresses that priming brings. */
import { describe, expect, test } from "vitest";
import type { Exchange } from "../../src/env/env.ts";
import { seededRandom, virtualClock } from "../../src/env/virtual.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import type { ResolverParts } from "../../src/resolver/api.ts";
import { createResolver } from "../../src/resolver/create.ts";
import { Name } from "../../src/wire/name.ts";
import { said } from "./scene.ts";

const PORT = 5300;
/** No other server of the lab has it. */
const INNER = "10.53.0.1";
const DAYS = 86_400_000;

/** The root's servers stand at INNER and nowhere else; other servers where they always do. */
async function behindInnerRoot(
  parts: Partial<ResolverParts>,
  play: (it: {
    ask(name: string, type?: string): Promise<string>;
    prime(): Promise<void>;
    pass(ms: number): Promise<void>;
    /** Where the questions to the root went since this was last asked. */
    places(): readonly string[];
  }) => Promise<void>,
) {
  const clock = virtualClock({ unixSeconds: LAB_NOW });
  const lab = buildWorld(soundWorld, LAB_NOW, { clock });
  const roots = lab.hints.flatMap(({ addresses }) => addresses);
  const places = new Set<string>();
  const exchange: Exchange = async (ask, signal) => {
    const { address, port } = ask.server;
    if (address !== INNER && !roots.includes(address)) return lab.exchange(ask, signal);
    places.add(`${address} ${port}`);
    if (address === INNER && port === PORT)
      return lab.exchange({ ...ask, server: { address: roots[0]!, port: 53 } }, signal);
    await clock.sleep(ask.timeoutMs, signal);
    return { kind: "timeout", discarded: 0 };
  };
  const resolver = createResolver({
    ...parts,
    env: { clock, random: seededRandom(3), exchange, emit: () => {} },
    rootHints: lab.hints,
    trustAnchors: lab.anchors,
    settings: { queryPrivate: true },
  });
  try {
    await play({
      ask: (name, type = "A") => clock.run(async () => said(await resolver.resolve(name, type))),
      prime: () => clock.run(() => resolver.prime()),
      pass: (ms) => clock.run(() => clock.sleep(ms)),
      places() {
        const seen = [...places];
        places.clear();
        return seen;
      },
    });
  } finally {
    await clock.run(() => resolver.close());
  }
}

const servers = [{ address: INNER, port: PORT }];
const here = [`${INNER} ${PORT}`];

describe("servers of the root that the operator names, with a port of their own", () => {
  test.each([
    ["a stub zone", { stubs: [{ zone: Name.root, servers }] }],
    [
      "a stub zone beside a forward for another zone",
      {
        stubs: [{ zone: Name.root, servers }],
        forwards: [{ zone: Name.parse("elsewhere"), servers }],
      },
    ],
  ] as readonly (readonly [string, Partial<ResolverParts>])[])("%s", async (_, parts) => {
    await behindInnerRoot(parts, async (it) => {
      for (let day = 0; day < 10; day += 2) {
        await it.prime();
        expect(await it.ask("www.good.lab"), `day ${day}`).toBe("secure answer");
        expect(await it.ask(`absent${day}`), `day ${day}`).toBe("secure name error");
        expect(await it.ask(".", "NS"), `day ${day}`).toBe("secure answer");
        expect(it.places(), `day ${day}`).toEqual(here);
        await it.pass(2 * DAYS);
      }
    });
  });
});
