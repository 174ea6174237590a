/**
 * What does an answer cost when nothing is known? Waits, in round trips of the network, and questions sent, for the
 * scenarios of a mail server; then processor time, over every algorithm. All in memory: figures hold for the resolver
 * itself, without sockets and without name servers.
 */
import { performance } from "node:perf_hooks";
import { nativeEngine } from "../src/crypto/native.ts";
import { systemClock, systemRandom } from "../src/env/system.ts";
import { seededRandom, virtualClock } from "../src/env/virtual.ts";
import { buildWorld } from "../src/lab/world.ts";
import type { Resolver } from "../src/resolver/api.ts";
import { createResolver } from "../src/resolver/create.ts";
import { keepResult, rounded } from "./harness.ts";
import { benchWorld, domains, replayed, withLatency } from "./world.ts";

const ROUND_TRIP_MS = 20;
const settings = { queryPrivate: true };

type Step = readonly (readonly [name: string, type: string])[];

interface Scenario {
  readonly what: string;
  /** Asked before, and not counted. */
  readonly known?: Step;
  /** What is asked at once, one step after the other. */
  readonly steps: readonly Step[];
}

const [one, two, three] = ["d0.nsec.", "d3.nsec.", "d2.optout."];
const asMailServer = (domain: string, host: string): readonly Step[] => [
  [[domain, "MX"]],
  [
    [host, "A"],
    [host, "AAAA"],
    [`_25._tcp.${host}`, "TLSA"],
  ],
];
const cold: readonly Scenario[] = [
  { what: "MX, secure", steps: [[[one, "MX"]]] },
  { what: "MX, name servers in another domain", steps: [[["away.nsec.", "MX"]]] },
  { what: "_25._tcp.mx TLSA, secure", steps: [[[`_25._tcp.mx.${one}`, "TLSA"]]] },
  { what: "NXDOMAIN, secure", steps: [[[`nobody.${one}`, "A"]]] },
  { what: "TLSA no data, secure", steps: [[[`www.${one}`, "TLSA"]]] },
  { what: "A below an opt-out span, insecure", steps: [[["www.open.optout.", "A"]]] },
  { what: "as a mail server: MX, then A, AAAA and TLSA", steps: asMailServer(one, `mx.${one}`) },
  { what: "the same, MX host in another domain", steps: asMailServer("hosted.nsec.", "mx.d1.nsec3.") },
];
const scenarios: readonly Scenario[] = [
  ...cold,
  ...[cold[0]!, cold[2]!, cold[6]!, cold[7]!].map(({ what, steps }) => ({
    what: `TLD known: ${what}`,
    known: [
      [two, "MX"],
      [three, "MX"],
      ["d4.nsec3.", "MX"],
    ] satisfies Step,
    steps,
  })),
];

const now = Math.floor(Date.now() / 1000);
console.log("\nCold answers, one at a time: waits of one round trip each (questions sent)");
const waits = [];
for (const scenario of scenarios) waits.push(await waitsFor(scenario));
const throughput = await coldThroughput();
keepResult("cold-walk", { roundTripMs: ROUND_TRIP_MS, waits, throughput });

async function waitsFor({ what, known = [], steps }: Scenario) {
  const clock = virtualClock({ unixSeconds: now });
  const world = buildWorld(withLatency(benchWorld, ROUND_TRIP_MS), now, { clock });
  const resolver = createResolver({
    env: { clock, random: seededRandom(7), exchange: world.exchange, emit: () => {} },
    rootHints: world.hints,
    trustAnchors: world.anchors,
    settings,
  });
  return clock.run(async () => {
    for (const [name, type] of known) await resolver.resolve(name, type);
    const before = world.count();
    const startMs = clock.monotonicMs();
    const statuses: string[] = [];
    for (const step of steps) {
      const answers = await Promise.all(step.map(([name, type]) => resolver.resolve(name, type)));
      statuses.push(...answers.map((answer) => answer.verdict.status));
    }
    const roundTrips = rounded((clock.monotonicMs() - startMs) / ROUND_TRIP_MS);
    const sent = world.count() - before;
    console.log(
      `  ${what.padEnd(56)} ${String(roundTrips).padStart(5)} (${sent})  ${[...new Set(statuses)].join(", ")}`,
    );
    return { what, roundTrips, sent, status: [...new Set(statuses)] };
  });
}

/** MX, address and TLSA of every domain with an empty cache, 50 at once, several times with a new resolver. */
async function coldThroughput() {
  const world = buildWorld(benchWorld, now);
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
      settings,
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
