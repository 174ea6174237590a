/**
 * One world, asked again and again by resolvers that know nothing yet, each with another plan of faults between them. A
 * signature that was checked once is not checked again, so thousands of runs take seconds.
 */
import type { CryptoEngine, VerifyKey } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { anchorsFromZoneText } from "../../src/dnssec/anchors.ts";
import type { Answer } from "../../src/dnssec/answer.ts";
import type { Exchange, Random } from "../../src/env/env.ts";
import { seededRandom, type VirtualClock, virtualClock } from "../../src/env/virtual.ts";
import { buildWorld, type World, type WorldDescription } from "../../src/lab/world.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import type { Resolver } from "../../src/resolver/api.ts";
import { createResolver } from "../../src/resolver/create.ts";
import { defaultSettings } from "../../src/resolver/options.ts";
import { type FaultPlan, withFaults } from "../net/faults.ts";

export interface Question {
  readonly name: string;
  readonly type: string;
}

export interface Run {
  readonly resolver: Resolver;
  readonly clock: VirtualClock;
  readonly random: Random;
  /** Packets that went out so far. */
  readonly packets: () => number;
  /** From now on nothing goes wrong any more. */
  readonly heal: () => void;
  ask(question: Question): Promise<{ readonly answer: Answer; readonly tookMs: number }>;
}

export interface Bench {
  readonly clock: VirtualClock;
  readonly world: World;
  /** Plays one story; afterwards the resolver is closed, and nothing may run on. */
  run(
    seed: number,
    plan: (random: Random, clock: VirtualClock) => FaultPlan,
    play: (run: Run) => Promise<void>,
  ): Promise<void>;
}

export function openBench(description: WorldDescription): Bench {
  const clock = virtualClock({ unixSeconds: LAB_NOW });
  const world = buildWorld(description, LAB_NOW, { clock, network: "193.53" });
  const engine = rememberingEngine(nativeEngine());
  const anchors = anchorsFromZoneText(world.anchors, "the lab");
  return {
    clock,
    world,
    async run(seed, planned, play) {
      const random = seededRandom(seed);
      const plan = planned(random, clock);
      let healed = false;
      let packets = 0;
      const faulty = withFaults({
        exchange: world.exchange,
        clock,
        random,
        plan: (ask, index) => (healed ? null : plan(ask, index)),
      });
      const exchange: Exchange = (ask, signal) => {
        packets += 1;
        return faulty(ask, signal);
      };
      const resolver = createResolver({
        env: { clock, random, exchange, emit: () => {} },
        engine,
        rootHints: world.hints,
        trustAnchors: anchors,
      });
      try {
        await play({
          resolver,
          clock,
          random,
          packets: () => packets,
          heal: () => {
            healed = true;
          },
          ask: ({ name, type }) =>
            clock.run(async () => {
              const startMs = clock.monotonicMs();
              const answer = await resolver.resolve(name, type);
              return { answer, tookMs: clock.monotonicMs() - startMs };
            }),
        });
      } finally {
        await clock.run(() => resolver.close());
      }
      const sent = packets;
      await clock.advance(20_000);
      if (packets !== sent) throw new Error(`seed ${seed}: ${packets - sent} packets after close`);
    },
  };
}

export const DEADLINE_MS = defaultSettings.totalTimeoutMs;

/** What an answer says, in one line: for secure answers this must never change. */
export function saying({ verdict, rcode }: Answer): string {
  if (!("value" in verdict)) return verdict.status;
  const data = verdict.value.rrsets.flatMap((rrset) => rrset.data.map((rdata) => Buffer.from(rdata).toString("hex")));
  return `${verdict.status} ${verdict.value.kind} ${rcode} ${data.sort().join(" ")}`;
}

export function reasonOf({ verdict }: Answer): string {
  return "failure" in verdict ? `${verdict.failure.code}: ${verdict.failure.detail}` : verdict.status;
}

function rememberingEngine(engine: CryptoEngine): CryptoEngine {
  const verified = new Map<string, boolean>();
  const keys = new Map<string, VerifyKey | null>();
  const ids = new Map<VerifyKey, number>();
  const text = (octets: Uint8Array): string =>
    Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("latin1");
  return {
    ...engine,
    importKey(algorithm, publicKey) {
      const id = `${algorithm} ${text(publicKey)}`;
      let key = keys.get(id);
      if (key === undefined) {
        key = engine.importKey(algorithm, publicKey);
        keys.set(id, key);
        if (key !== null) ids.set(key, ids.size);
      }
      return key;
    },
    verify(key, data, signature) {
      const id = `${ids.get(key)} ${text(signature)} ${text(data)}`;
      let good = verified.get(id);
      if (good === undefined) {
        good = engine.verify(key, data, signature);
        if (verified.size > 20_000) verified.clear();
        verified.set(id, good);
      }
      return good;
    },
  };
}
