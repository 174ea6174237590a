/**
 * Cached answers a second, processor time for each, and the latency of one, from a daemon on loopback over UDP, TCP and TLS,
 * beside the others with the same zones and a bare echo in Node; everybody in turns. With one worker the server is alone on
 * one processor and the generator on the other; two workers share both with the generator.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "../src/lab/loopback.ts";
import { buildWorld } from "../src/lab/world.ts";
import { type Flood, flood } from "./flood.ts";
import { insideNamespace } from "./namespace.ts";
import { chosenPeers, lackOf, type Peer, type PeerName, startPeer } from "./peers.ts";
import { askAll } from "./rig/client.ts";
import { addSample, type Figure, figure, keepFigures, type Samples } from "./rig/record.ts";
import { benchWorld, domains } from "./world.ts";

if (!insideNamespace()) {
  console.log("cached: not measured, for it needs a network namespace of its own (unshare, ip: util-linux, iproute2)");
  process.exit(0);
}

const tlsa = domains.map((apex) => [`_25._tcp.mx.${apex}`, "TLSA"] as const);
const addresses = domains.map((apex) => [`mx.${apex}`, "A"] as const);
const all = chosenPeers();
/** The echo goes everywhere where rootwalk goes. */
const daemons: readonly PeerName[] = all.includes("rootwalk") ? [...all, "echo"] : all;
const kinds = {
  "TLSA with DO": { questions: tlsa, dnssecOk: true },
  "A without DO": { questions: addresses, dnssecOk: false },
};
const floods = (["udp", "tcp", "dot"] as const).flatMap((transport) =>
  Object.entries(kinds).map(([kind, asked]): Flood => {
    const over = { udp: "UDP", tcp: "TCP", dot: "TLS" }[transport];
    return { what: `${over}, ${kind}`, ...asked, transport, atOnce: 100, sockets: 8 };
  }),
);
const SECONDS = 0.5;
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 5);
const ONE_AT_A_TIME = 4000;
const TLS_FROM = 5401;

const folder = mkdtempSync(join(tmpdir(), "rootwalk-bench-"));
const world = buildWorld(benchWorld, Math.floor(Date.now() / 1000));
const lab = await listen(world, { port: 53 });
const versions = new Map<string, string>();
try {
  const figures: Figure[] = [];
  await withPeers(1, async (peers) => {
    for (const each of floods) figures.push(...(await throughput(each, peers, 1)));
    figures.push(...(await latency(peers)));
  });
  // A without DO says little more here than the row above it.
  const withTwo = floods.filter(({ what, transport }) => transport === "udp" || what.includes("TLSA"));
  await withPeers(2, async (peers) => {
    for (const each of withTwo) figures.push(...(await throughput(each, peers, 2)));
  });
  keepFigures("cached", figures, versions);
} finally {
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
}

/** All of them at once: who is not asked does nothing. */
async function withPeers(workers: 1 | 2, measure: (peers: readonly Started[]) => Promise<void>): Promise<void> {
  const peers: Started[] = [];
  try {
    for (const [i, name] of daemons.entries()) {
      const lack = workers === 1 ? null : lackOf(name, "workers");
      if (lack !== null) {
        console.log(`${name}: no row with two workers, ${lack}`);
        continue;
      }
      const tlsPort = lackOf(name, "tls") === null ? TLS_FROM + i : null;
      const peer = await startPeer(name, {
        port: 5301 + i,
        world,
        folder: join(folder, `${name.replaceAll(" ", "-")}-${workers}`),
        workers,
        ...(tlsPort === null ? {} : { tlsPort }),
      });
      if (peer === null) continue;
      versions.set(name, peer.version);
      peers.push({ ...peer, tlsPort });
    }
    await measure(peers);
  } finally {
    for (const peer of peers) await peer.stop();
  }
}

type Started = Peer & { readonly tlsPort: number | null };

async function throughput(what: Flood, peers: readonly Started[], workers: 1 | 2): Promise<Figure[]> {
  const present: { readonly peer: Peer; readonly port: number }[] = [];
  for (const peer of peers) {
    if (peer.name === "echo" && what.transport !== "udp") continue;
    const port = what.transport === "dot" ? peer.tlsPort : peer.port;
    if (port === null) console.log(`${peer.name}: no row, ${lackOf(peer.name, "tls")}: ${what.what}`);
    else if (await warmUp(peer.name, port, { ...what, workers })) present.push({ peer, port });
  }
  const rates: Samples = new Map();
  const processor: Samples = new Map();
  for (let round = 0; round < ROUNDS; round++) {
    for (const { peer, port } of present) {
      const before = peer.processorSeconds();
      const run = await flood(port, { ...what, workers }, { seconds: SECONDS, folder });
      if (run === null) {
        console.log(`${peer.name} did not answer every question`);
        continue;
      }
      addSample(rates, peer.name, run.perSecond / 1000);
      addSample(processor, peer.name, (1e6 * (peer.processorSeconds() - before)) / run.answers);
    }
  }
  const name = `Cached${workers === 1 ? "" : " by two workers"}, ${what.what}`;
  return [
    figure(name, "thousand answers a second", "more", rates),
    figure(`${name}: processor`, "µs an answer", "less", processor),
  ];
}

/** One question at a time, by a client in Node that adds the same to all. */
async function latency(peers: readonly Peer[]): Promise<Figure[]> {
  const asked = Array.from({ length: ONE_AT_A_TIME }, (_, i) => ({ name: tlsa[i % tlsa.length]![0], type: "TLSA" }));
  const parts = { p50: 0.5, p99: 0.99, "p99.9": 0.999 } as const;
  const samples = new Map(Object.keys(parts).map((part) => [part, new Map() as Samples]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, port } of peers) {
      const outcomes = await askAll({ address: "127.0.0.1", port }, asked, 1);
      const times = outcomes.map(({ ms }) => 1000 * ms).sort((a, b) => a - b);
      for (const [part, share] of Object.entries(parts))
        addSample(samples.get(part)!, name, times[Math.floor(times.length * share)]!);
    }
  }
  return [...samples].map(([part, of]) => figure(`Cached, UDP, one at a time: ${part}`, "µs", "less", of));
}

/** Fills caches; then once more, for a program that compiles itself as it runs. False: it does not answer every question. */
async function warmUp(name: PeerName, port: number, what: Flood): Promise<boolean> {
  for (let tries = 0; tries < 4; tries++) {
    if ((await flood(port, what, { seconds: 0.3, folder })) === null) continue;
    await flood(port, what, { seconds: 0.7, folder });
    return true;
  }
  console.log(`${name}: no row, it does not answer every question: ${what.what}`);
  return false;
}
