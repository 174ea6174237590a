/** A cold resolver in front of a world of the lab, in memory: of its time and with the same chance each time. */
import type { Clock } from "../../src/env/env.ts";
import { systemClock } from "../../src/env/system.ts";
import { seededRandom } from "../../src/env/virtual.ts";
import type { World } from "../../src/lab/world.ts";
import type { Resolver } from "../../src/resolver/api.ts";
import { createResolver, type ResolverOptions } from "../../src/resolver/create.ts";

export function resolverIn(world: World, clock: Clock = systemClock, options: ResolverOptions = {}): Resolver {
  return createResolver({
    env: { clock, random: seededRandom(1), exchange: world.exchange, emit: () => {} },
    rootHints: world.hints,
    trustAnchors: world.anchors,
    ...options,
    settings: { queryPrivate: true, ...options.settings },
  });
}
