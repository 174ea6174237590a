/**
 * Cached answers a second from a daemon on loopback, beside unbound and named with the same zones, and beside a bare echo in
 * Node. Server alone on one processor, generator on another, everybody in turns.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "../src/lab/loopback.ts";
import { buildWorld } from "../src/lab/world.ts";
import { type Flood, flood, generatorName, type Measured } from "./flood.ts";
import { keepResult, rounded } from "./harness.ts";
import { insideNamespace } from "./namespace.ts";
import { type Peer, type PeerName, startPeer } from "./peers.ts";
import { benchWorld, domains } from "./world.ts";

if (!insideNamespace()) {
  console.log(
    "cached-udp: not measured, for it needs a network namespace of its own (unshare, ip: util-linux, iproute2)",
  );
  process.exit(0);
}

const tlsa = domains.map((apex) => [`_25._tcp.mx.${apex}`, "TLSA"] as const);
const addresses = domains.map((apex) => [`mx.${apex}`, "A"] as const);
const floods: readonly (Flood & { readonly rounds: number; readonly peers: readonly PeerName[] })[] = [
  {
    what: "UDP, TLSA with DO",
    questions: tlsa,
    dnssecOk: true,
    transport: "udp",
    atOnce: 100,
    sockets: 8,
    rounds: 5,
    peers: ["unbound", "rootwalk", "echo", "named"],
  },
  {
    what: "UDP, A without DO",
    questions: addresses,
    dnssecOk: false,
    transport: "udp",
    atOnce: 100,
    sockets: 8,
    rounds: 3,
    peers: ["unbound", "rootwalk"],
  },
  {
    what: "TCP, TLSA with DO",
    questions: tlsa,
    dnssecOk: true,
    transport: "tcp",
    atOnce: 100,
    sockets: 8,
    rounds: 3,
    peers: ["unbound", "rootwalk"],
  },
  {
    what: "UDP, one at a time",
    questions: tlsa,
    dnssecOk: true,
    transport: "udp",
    atOnce: 1,
    sockets: 1,
    rounds: 3,
    peers: ["unbound", "rootwalk", "echo"],
  },
];
const SECONDS = 0.6;

const folder = mkdtempSync(join(tmpdir(), "rootwalk-bench-"));
const world = buildWorld(benchWorld, Math.floor(Date.now() / 1000));
const lab = await listen(world, { port: 53 });
const peers = new Map<PeerName, Peer>();
try {
  for (const [i, name] of (["unbound", "rootwalk", "echo", "named"] as const).entries()) {
    const peer = await startPeer(name, { port: 5301 + i, world, folder: join(folder, name) });
    if (peer !== null) peers.set(name, peer);
  }
  const results = [];
  for (const each of floods) results.push(await measure(each));
  const versions = Object.fromEntries([...peers.values()].map(({ name, version }) => [name, version]));
  keepResult("cached-udp", { generator: generatorName, versions, results });
} finally {
  for (const peer of peers.values()) await peer.stop();
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
}

async function measure({ rounds, peers: wanted, ...what }: (typeof floods)[number]) {
  const present = wanted.flatMap((name) => peers.get(name) ?? []);
  const runs = new Map<PeerName, (Measured & { readonly processorUs: number })[]>(
    present.map(({ name }) => [name, []]),
  );
  for (const { name, port } of present) await warmUp(name, port, what);
  for (let round = 0; round < rounds; round++) {
    for (const { name, port, processorSeconds } of present) {
      const before = processorSeconds();
      const run = await flood(port, what, { seconds: SECONDS, folder });
      if (run === null) throw new Error(`${name} did not answer every question`);
      runs.get(name)!.push({ ...run, processorUs: (1e6 * (processorSeconds() - before)) / run.answers });
    }
  }
  console.log(`\n${what.what}: thousand answers a second; processor time of one answer (${generatorName})`);
  const median = (name: PeerName, pick: (run: Measured & { readonly processorUs: number }) => number): number =>
    medianOf(runs.get(name)!.map(pick));
  const [{ name: base }] = present as [Peer];
  const rows = present.map(({ name }) => {
    const rates = runs.get(name)!.map((run) => run.perSecond / 1000);
    const row = {
      name,
      thousandPerSecond: rounded(medianOf(rates)),
      min: rounded(Math.min(...rates)),
      max: rounded(Math.max(...rates)),
      ratio: rounded(median(name, (run) => run.perSecond) / median(base, (run) => run.perSecond)),
      processorUs: rounded(median(name, (run) => run.processorUs)),
      ratioByProcessor: rounded(median(base, (run) => run.processorUs) / median(name, (run) => run.processorUs)),
      meanUs: rounded(median(name, (run) => run.meanUs)),
    };
    const rate = `${row.thousandPerSecond} (${row.min} .. ${row.max})`.padEnd(24);
    const processor = `${row.processorUs} µs, ${row.ratioByProcessor} x`.padEnd(18);
    console.log(
      `  ${name.padEnd(9)} ${rate} ${String(row.ratio).padStart(6)} x   ${processor} latency ${row.meanUs} µs`,
    );
    return row;
  });
  return { what: what.what, rows };
}

/** Fills caches; then once more, for a program that compiles itself as it runs. */
async function warmUp(name: PeerName, port: number, what: Flood): Promise<void> {
  for (let tries = 1; (await flood(port, what, { seconds: 0.5, folder })) === null; tries++) {
    if (tries === 20) throw new Error(`${name} does not answer every question: ${what.what}`);
  }
  await flood(port, what, { seconds: 1, folder });
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
