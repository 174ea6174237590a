/** Distinct questions to one resolver, some dozens at once, and what its process weighs meanwhile. */

import type { Clock } from "../../src/env/env.ts";
import { systemRandom } from "../../src/env/system.ts";
import { createResolver } from "../../src/resolver/create.ts";
import type { Settings } from "../../src/resolver/options.ts";
import { unsafeEngine } from "../fuzz/unsafe-engine.ts";
import { anchors, HINT, type Kind, type KindName, kinds, NOW, soakWorld } from "./world.ts";

export interface Weight {
  readonly questions: number;
  /** … of processor time. */
  readonly perSecond: number;
  readonly rssMb: number;
  /** What is alive: V8's heap and what hangs on it, after a collection where Node allows one (--expose-gc). */
  readonly aliveMb: number;
  readonly sent: number;
}

export interface Plan {
  readonly questions: number;
  /** Asked in turn. */
  readonly kinds: readonly KindName[];
  readonly settings: Partial<Settings>;
  readonly every: number;
  readonly onWeight: (weight: Weight) => void;
}

const AT_ONCE = 64;

/** Wakes nobody: no deadline is ever reached here, for every answer is there at once. */
const clock: Clock = {
  monotonicMs: () => performance.now(),
  unixSeconds: () => NOW,
  sleep: (_, signal) => {
    if (signal === undefined || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  },
};

export async function soak({ questions, kinds: asked, settings, every, onWeight }: Plan): Promise<void> {
  const world = soakWorld();
  const resolver = createResolver({
    env: { clock, random: systemRandom, exchange: world.exchange, emit: () => {} },
    engine: unsafeEngine(),
    rootHints: [HINT],
    trustAnchors: anchors,
    settings: { queryPrivate: true, ipv6: false, ...settings },
  });
  let next = 0;
  let lastUs = processorUs();
  let lastAt = 0;
  const work = async (): Promise<void> => {
    while (next < questions) {
      const i = next++;
      const name = asked[i % asked.length]!;
      const kind: Kind = kinds[name];
      const [qname, type] = kind.question(i);
      const { verdict } = await resolver.resolve(qname, type);
      if (verdict.status !== kind.status)
        throw new Error(
          `${qname} ${type} is ${verdict.status}, not ${kind.status}: ${"failure" in verdict ? verdict.failure.detail : ""}`,
        );
      if ((i + 1) % every !== 0) continue;
      // Timers, sockets and finalisers of a real process have their turn as well.
      await new Promise((resolve) => setImmediate(resolve));
      const perSecond = Math.round(((i + 1 - lastAt) * 1e6) / (processorUs() - lastUs));
      onWeight({ questions: i + 1, perSecond, sent: world.asked(), ...weigh() });
      lastUs = processorUs();
      lastAt = i + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await resolver.close();
}

export function weigh(): Pick<Weight, "rssMb" | "aliveMb"> {
  const mb = (octets: number): number => Math.round(octets / 1048576);
  const rssMb = mb(process.memoryUsage().rss);
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { rssMb, aliveMb: mb(heapUsed + external) };
}

function processorUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
