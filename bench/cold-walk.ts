/**
 * What does an answer cost in processor time when nothing is known, over every algorithm? All in memory: figures hold for the
 * resolver itself, without sockets and without name servers. Waits and questions sent are counted exactly in test/budget.
 */
import { performance } from "node:perf_hooks";
import { nativeEngine } from "../src/crypto/native.ts";
import { systemClock, systemRandom } from "../src/env/system.ts";
import { buildWorld } from "../src/lab/world.ts";
import type { Resolver } from "../src/resolver/api.ts";
import { createResolver } from "../src/resolver/create.ts";
import { keepResult, rounded } from "./harness.ts";
import { benchWorld, domains, replayed } from "./world.ts";

keepResult("cold-walk", { throughput: await coldThroughput() });

/** MX, address and TLSA of every domain with an empty cache, 50 at once, several times with a new resolver. */
async function coldThroughput() {
  const world = buildWorld(benchWorld, Math.floor(Date.now() / 1000));
  const lab = replayed(world);
  const questions = domains.flatMap((apex) => [
    [apex, "MX"] as const,
    [`mx.${apex}`, "A"] as const,
    [`_25._tcp.mx.${apex}`, "TLSA"] as const,
  ]);
  const rounds: { perSecond: number; cpuMs: number; sent: number; signatures: number }[] = [];
  for (let round = 0; round < 6; round++) {
    let verified = 0;
    const engine = nativeEngine();
    const verify: typeof engine.verify = (key, data, signature) => {
      verified += 1;
      return engine.verify(key, data, signature);
    };
    const resolver = createResolver({
      env: { clock: systemClock, random: systemRandom, exchange: lab.exchange, emit: () => {} },
      engine: { ...engine, verify },
      rootHints: world.hints,
      trustAnchors: world.anchors,
      settings: { queryPrivate: true },
    });
    const askedBefore = lab.asked();
    const cpuBefore = process.cpuUsage();
    const startMs = performance.now();
    await atOnce(questions, 50, async ([name, type]) => expectSecure(resolver, name, type));
    const wallMs = performance.now() - startMs;
    const { user, system } = process.cpuUsage(cpuBefore);
    rounds.push({
      perSecond: (1000 * questions.length) / wallMs,
      cpuMs: (user + system) / 1000 / questions.length,
      sent: (lab.asked() - askedBefore) / questions.length,
      signatures: verified / questions.length,
    });
    await resolver.close();
  }
  // The first round makes the lab's answers and warms the program up.
  const [, ...warm] = rounds;
  const median = (pick: (round: (typeof rounds)[number]) => number) =>
    rounded(warm.map(pick).sort((a, b) => a - b)[warm.length >> 1]!);
  const result = {
    questions: questions.length,
    perSecond: median((round) => round.perSecond),
    cpuMsPerQuestion: median((round) => round.cpuMs),
    sentPerQuestion: median((round) => round.sent),
    signaturesPerQuestion: median((round) => round.signatures),
  };
  console.log(
    `\n${result.questions} cold questions (MX, A, TLSA of ${domains.length} domains), 50 at once: ${result.perSecond} a second, ` +
      `${result.cpuMsPerQuestion} ms of processor, ${result.sentPerQuestion} questions sent and ${result.signaturesPerQuestion} signatures checked for each`,
  );
  return result;
}

async function expectSecure(resolver: Resolver, name: string, type: string): Promise<void> {
  const { verdict } = await resolver.resolve(name, type);
  if (verdict.status !== "secure") throw new Error(`${name} ${type} is ${verdict.status}`);
}

async function atOnce<T>(items: readonly T[], count: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
