/** The lab's Internet with a real resolver in front of it, in memory, on the real clock. */
import { systemClock, systemRandom } from "../../src/env/system.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { demoWorld } from "../../src/lab/worlds/demo.ts";
import type { Resolver } from "../../src/resolver/api.ts";
import { createResolver, type ResolverOptions } from "../../src/resolver/create.ts";

/** Servers that never answer cost their time-outs: shorter ones than outside. */
const settings = { queryPrivate: true, totalTimeoutMs: 2000, sendTimeoutMs: 100 };

export function labResolver(options: ResolverOptions = {}): Resolver {
  const world = buildWorld(demoWorld, systemClock.unixSeconds());
  const env = { clock: systemClock, random: systemRandom, exchange: world.exchange, emit: () => {} };
  return createResolver({
    ...options,
    env,
    rootHints: world.hints,
    trustAnchors: world.anchors,
    settings: { ...options.settings, ...settings },
  });
}
