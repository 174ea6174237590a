/**
 * Cached answers a second and the latency of one, from a daemon on loopback, beside four others with the same zones and a
 * bare echo in Node. Server alone on one processor, generator on another, everybody in turns.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "../src/lab/loopback.ts";
import { buildWorld } from "../src/lab/world.ts";
import { type Flood, flood } from "./flood.ts";
import { insideNamespace } from "./namespace.ts";
import { chosenPeers, type Peer, type PeerName, startPeer } from "./peers.ts";
import { askAll } from "./rig/client.ts";
import { addSample, type Figure, figure, keepFigures, type Samples, versionsOf } from "./rig/record.ts";
import { benchWorld, domains } from "./world.ts";

if (!insideNamespace()) {
  console.log(
    "cached-udp: not measured, for it needs a network namespace of its own (unshare, ip: util-linux, iproute2)",
  );
  process.exit(0);
}

const tlsa = domains.map((apex) => [`_25._tcp.mx.${apex}`, "TLSA"] as const);
const addresses = domains.map((apex) => [`mx.${apex}`, "A"] as const);
const all = chosenPeers();
const daemons: readonly PeerName[] = ["echo", ...all];
const floods: readonly (Flood & { readonly peers: readonly PeerName[] })[] = [
  { what: "UDP, TLSA with DO", questions: tlsa, dnssecOk: true, transport: "udp", peers: daemons },
  { what: "UDP, A without DO", questions: addresses, dnssecOk: false, transport: "udp", peers: daemons },
  { what: "TCP, TLSA with DO", questions: tlsa, dnssecOk: true, transport: "tcp", peers: all },
  { what: "TCP, A without DO", questions: addresses, dnssecOk: false, transport: "tcp", peers: all },
].map((flood) => ({ ...flood, transport: flood.transport as "udp" | "tcp", atOnce: 100, sockets: 8 }));
const SECONDS = 0.5;
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 5);

const folder = mkdtempSync(join(tmpdir(), "rootwalk-bench-"));
const world = buildWorld(benchWorld, Math.floor(Date.now() / 1000));
const lab = await listen(world, { port: 53 });
const peers = new Map<PeerName, Peer>();
try {
  for (const [i, name] of daemons.entries()) {
    const own = join(folder, name.replaceAll(" ", "-"));
    const peer = await startPeer(name, { port: 5301 + i, world, folder: own });
    if (peer !== null) peers.set(name, peer);
  }
  const figures: Figure[] = [];
  for (const each of floods) figures.push(...(await throughput(each)));
  figures.push(...(await latency()));
  keepFigures("cached-udp", figures, versionsOf(peers.values()));
} finally {
  for (const peer of peers.values()) await peer.stop();
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
}

async function throughput({ peers: wanted, ...what }: (typeof floods)[number]): Promise<Figure[]> {
  const present: Peer[] = [];
  for (const name of wanted) {
    const peer = peers.get(name);
    if (peer !== undefined && (await warmUp(name, peer.port, what))) present.push(peer);
  }
  const rates: Samples = new Map();
  const processor: Samples = new Map();
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, port, processorSeconds } of present) {
      const before = processorSeconds();
      const run = await flood(port, what, { seconds: SECONDS, folder });
      if (run === null) {
        console.log(`${name} did not answer every question`);
        continue;
      }
      addSample(rates, name, run.perSecond / 1000);
      addSample(processor, name, (1e6 * (processorSeconds() - before)) / run.answers);
    }
  }
  return [
    figure(`Cached, ${what.what}`, "thousand answers a second", "more", rates),
    figure(`Cached, ${what.what}: processor`, "µs an answer", "less", processor),
  ];
}

/** One question at a time, by a client in Node that adds the same to all. */
async function latency(): Promise<Figure[]> {
  const asked = Array.from({ length: 2000 }, (_, i) => ({ name: tlsa[i % tlsa.length]![0], type: "TLSA" }));
  const parts = { p50: 0.5, p99: 0.99, "p99.9": 0.999 } as const;
  const samples = new Map(Object.keys(parts).map((part) => [part, new Map() as Samples]));
  for (let round = 0; round < 3; round++) {
    for (const { name, port } of peers.values()) {
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
