/** The lab's sound world on a virtual clock, with somebody in the path who can be told what to do, and changes his mind. */
import type { Answer } from "../../src/dnssec/answer.ts";
import type { Ask, Exchange, ExchangeResult } from "../../src/env/env.ts";
import { seededRandom, type VirtualClock, virtualClock } from "../../src/env/virtual.ts";
import type { Injury } from "../../src/lab/injure.ts";
import { buildWorld, type World } from "../../src/lab/world.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import type { ResolveOptions, Resolver, ResolverParts } from "../../src/resolver/api.ts";
import { createResolver } from "../../src/resolver/create.ts";
import type { Settings } from "../../src/resolver/options.ts";
import { typeToText } from "../../src/wire/registry.ts";

export interface Setting {
  readonly world?: Injury;
  readonly settings?: Partial<Settings>;
  readonly parts?: Partial<ResolverParts>;
}

/** What happens to a question on its way; undefined: nothing. */
export type Path = (ask: Ask) => "silence" | ExchangeResult | undefined;

export interface Scene {
  readonly clock: VirtualClock;
  readonly lab: World;
  readonly resolver: Resolver;
  /** "www.good.lab. A" for each question that went out since the last `ask`. */
  readonly packets: string[];
  readonly asks: Ask[];
  path: Path;
  ask(name: string, type?: string, options?: ResolveOptions): Promise<Seen>;
}

export interface Seen {
  readonly answer: Answer;
  /** "secure answer", "insecure no data", "indeterminate: no reachable authority". */
  readonly says: string;
  readonly ede: readonly number[];
  readonly tookMs: number;
  /** Packets until the answer was there. */
  readonly packets: readonly string[];
}

export async function scene(setting: Setting, play: (scene: Scene) => Promise<void>): Promise<void> {
  const clock = virtualClock({ unixSeconds: LAB_NOW });
  const lab = buildWorld(setting.world?.(soundWorld) ?? soundWorld, LAB_NOW, { clock });
  const packets: string[] = [];
  const asks: Ask[] = [];
  const exchange: Exchange = async (ask, signal) => {
    packets.push(`${ask.question.name} ${typeToText(ask.question.type)}`);
    asks.push(ask);
    const fate = it.path(ask);
    if (fate === undefined) return lab.exchange(ask, signal);
    if (fate !== "silence") return fate;
    await clock.sleep(ask.timeoutMs, signal);
    return { kind: "timeout", discarded: 0 };
  };
  const resolver = createResolver({
    ...setting.parts,
    env: { clock, random: seededRandom(3), exchange, emit: () => {} },
    rootHints: lab.hints,
    trustAnchors: lab.anchors,
    settings: { queryPrivate: true, ...setting.settings },
  });
  const it: Scene = {
    clock,
    lab,
    resolver,
    packets,
    asks,
    path: () => undefined,
    async ask(name, type = "A", options = {}) {
      packets.length = 0;
      asks.length = 0;
      const startMs = clock.monotonicMs();
      const { answer, tookMs, sent } = await clock.run(async () => {
        const answer = await resolver.resolve(name, type, options);
        return { answer, tookMs: clock.monotonicMs() - startMs, sent: [...packets] };
      });
      return { answer, says: said(answer), ede: answer.ede.map(({ code }) => code), tookMs, packets: sent };
    },
  };
  try {
    await play(it);
  } finally {
    await clock.run(() => resolver.close());
  }
}

/** Lets virtual time pass, and what runs in the background run. */
export async function later(clock: VirtualClock, seconds: number): Promise<void> {
  await clock.run(() => clock.sleep(seconds * 1000));
}

export function said({ verdict }: Answer): string {
  return "value" in verdict ? `${verdict.status} ${verdict.value.kind}` : `${verdict.status}: ${verdict.failure.code}`;
}

/** Questions below this name come to nothing. */
export function silenceBelow(zone: string): Path {
  return ({ question }) => (`.${question.name}`.toLowerCase().endsWith(`.${zone}.`) ? "silence" : undefined);
}
