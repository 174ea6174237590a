/**
 * What does an answer cost a daemon that does not know it? Questions of a mail server without latency, 50 at once and one at
 * a time, to every peer before the same name servers: to a process that was just started, and to one that has answered some
 * thousand questions below other TLDs, so that it is seen what a program that compiles itself costs.
 */
import { insideNamespace } from "./namespace.ts";
import { chosenPeers, type Peer, type PeerName, startPeer } from "./peers.ts";
import { type Asked, askAll } from "./rig/client.ts";
import { datagramsReceived } from "./rig/datagrams.ts";
import { addSample, type Figure, figure, keepFigures, type Samples } from "./rig/record.ts";
import { withServers } from "./rig/run.ts";
import { PLAIN_NAMES, signedDomains } from "./rig/zones.ts";

const names = chosenPeers();
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 5);

if (!insideNamespace()) {
  console.log("cold-daemon: not measured, for it needs a network namespace of its own (unshare, ip)");
  process.exit(0);
}

const asMailServers = (apexes: readonly string[]): readonly Asked[] =>
  apexes.flatMap((apex) => [
    { name: apex, type: "MX" },
    { name: `mx.${apex}`, type: "A" },
    { name: `_25._tcp.mx.${apex}`, type: "TLSA" },
  ]);

/** Every second domain: two TLDs of four, and half of the domains of each algorithm. */
const others = signedDomains.filter((_, i) => i % 2 === 1);
const before: readonly Asked[] = [
  ...asMailServers(others),
  ...others.flatMap((apex) => [
    { name: `mx.${apex}`, type: "AAAA" },
    ...Array.from({ length: 10 }, (_, i) => ({ name: `nobody${i}.${apex}`, type: "A" })),
  ]),
  ...Array.from({ length: PLAIN_NAMES }, (_, i) => ({ name: `p${i}.names.plain.`, type: "A" })),
];

const states = [
  { what: "Cold", warmUp: [], questions: asMailServers(signedDomains) },
  { what: "Cold, warm process", warmUp: before, questions: asMailServers(signedDomains.filter((_, i) => i % 2 === 0)) },
] as const;

await withServers({ delayMs: 0 }, async ({ world, folder }) => {
  const versions = new Map<string, string>();
  const figures: Figure[] = [];
  for (const { what, warmUp, questions } of states) {
    for (const atOnce of [50, 1]) {
      const samples = { rates: new Map(), processor: new Map(), upstream: new Map() } satisfies Record<string, Samples>;
      for (let round = 0; round < ROUNDS; round++) {
        for (const name of names) {
          const own = `${folder}/${name.replaceAll(" ", "-")}-${warmUp.length}-${atOnce}-${round}`;
          const peer = await startPeer(name, { port: 5301, world, folder: own });
          if (peer === null) continue;
          versions.set(name, peer.version);
          await new Promise((resolve) => setTimeout(resolve, 300)); // who primes does it now
          if (warmUp.length > 0) await askAll({ address: "127.0.0.1", port: peer.port }, warmUp, 20);
          const found = await measured(peer, questions, atOnce);
          await peer.stop();
          if (found === null) continue;
          addSample(samples.rates, name, found.perSecond);
          addSample(samples.processor, name, found.processorMs);
          addSample(samples.upstream, name, found.upstream);
        }
      }
      const how = `${what}, ${atOnce === 1 ? "one at a time" : `${atOnce} at once`}`;
      figures.push(figure(`${how}: questions`, "a second", "more", samples.rates));
      figures.push(figure(`${how}: processor`, "ms a question", "less", samples.processor));
      figures.push(figure(`${how}: upstream questions`, "a question", "less", samples.upstream));
    }
  }
  keepFigures("cold-daemon", figures, versions);
});

interface Measured {
  readonly perSecond: number;
  /** For each question. */
  readonly processorMs: number;
  readonly upstream: number;
}

/** Null: not everything was answered as secure, and a line has said so. */
async function measured(peer: Peer, questions: readonly Asked[], atOnce: number): Promise<Measured | null> {
  const then = { seconds: peer.processorSeconds(), datagrams: datagramsReceived() };
  const startMs = performance.now();
  const outcomes = await askAll({ address: "127.0.0.1", port: peer.port }, questions, atOnce);
  const seconds = (performance.now() - startMs) / 1000;
  const spent = peer.processorSeconds() - then.seconds;
  const received = datagramsReceived() - then.datagrams;
  const bad = outcomes.filter(({ said }) => said !== "NOERROR AD");
  if (bad.length > 0) {
    complain(peer.name, `${bad.length} of ${questions.length} said ${[...new Set(bad.map(({ said }) => said))]}`);
    return null;
  }
  return {
    perSecond: questions.length / seconds,
    processorMs: (1000 * spent) / questions.length,
    upstream: (received - 2 * questions.length) / 2 / questions.length,
  };
}

function complain(name: PeerName, why: string): void {
  console.log(`${name}: a sample is missing, ${why}`);
}
