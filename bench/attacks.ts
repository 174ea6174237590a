/**
 * How long does an attack hold up everybody else? While it is answered, somebody asks for what is cached, once a
 * millisecond: the longest that he waits is the stall, of rootwalk as of its peers. In rootwalk's process the event loop
 * is measured as well.
 */
import { spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { encodeQuery } from "../src/wire/message.ts";
import { Name } from "../src/wire/name.ts";
import { CLASS, typeFromText } from "../src/wire/registry.ts";
import { keepResult, rounded } from "./harness.ts";
import { insideNamespace } from "./namespace.ts";
import { type PeerName, startPeer } from "./peers.ts";
import { attacks, BYSTANDER, NETWORK, warmUp } from "./rig/attack-world.ts";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 3);
const PATIENCE_MS = 8000;
const all: readonly PeerName[] = ["rootwalk", "unbound", "named", "kresd", "pdns"];
const wanted = process.env["PEERS"]?.split(" ") ?? all;
const peers = all.filter((name) => name === "rootwalk" || wanted.includes(name));
const rigFile = (name: string): string => fileURLToPath(new URL(`rig/${name}.js`, import.meta.url));

interface Sample {
  readonly answerMs: number;
  readonly said: string;
  readonly bystanderMs: number;
  /** Of the event loop; rootwalk's only. */
  readonly loopMs: number | null;
}

if (!insideNamespace()) {
  console.log("attacks: skipped, for no network namespace is to be had here");
  process.exit(0);
}
spawnSync("ip", ["address", "add", `${NETWORK}.0.0/16`, "dev", "lo"], { stdio: "inherit" });
// The server that is measured has the other one.
spawnSync("taskset", ["-a", "-c", "-p", "1", String(process.pid)]);
const folder = mkdtempSync(join(tmpdir(), "rootwalk-attacks-"));
const stallsFile = join(folder, "stalls");
const lab = spawn("taskset", ["-c", "1", process.execPath, rigFile("attack-lab")], {
  stdio: ["ignore", "pipe", "inherit"],
});
const [line] = (await once(createInterface(lab.stdout!), "line")) as [string];
const world = JSON.parse(line) as Parameters<typeof startPeer>[1]["world"];

const samples = new Map<string, Map<PeerName, Sample[]>>();
const versions: Partial<Record<PeerName, string>> = {};
const missing: PeerName[] = [];
try {
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of peers) await measure(name, round);
  }
} finally {
  lab.kill();
  rmSync(folder, { recursive: true, force: true });
}
report();

async function measure(name: PeerName, round: number): Promise<void> {
  if (missing.includes(name)) return;
  if (name === "rootwalk") {
    process.env["NODE_OPTIONS"] = `--import ${new URL("rig/stalls.js", import.meta.url).href}`;
    process.env["BENCH_STALLS_FILE"] = stallsFile;
  }
  const peer = await startPeer(name, { port: 5301, world, folder: join(folder, `${name}-${round}`) });
  delete process.env["NODE_OPTIONS"];
  if (peer === null) {
    missing.push(name);
    return;
  }
  versions[name] = peer.version;
  const pid = name === "rootwalk" ? pidOn(peer.port) : null;
  const stream = await connected(peer.port);
  // A program that compiles itself as it runs is given something to run first; the others fill their caches.
  for (const [i, known] of warmUp.entries()) await ask(stream, i, [known, "A"]);
  for (let i = 0; i < 2000; i++) await ask(stream, i, [BYSTANDER, "A"]);
  add("", name, await underAttack(stream, peer.port, pid, null));
  for (const attack of attacks)
    add(`${attack.row} ${attack.what}`, name, await underAttack(stream, peer.port, pid, attack.question));
  stream.end();
  await peer.stop();
}

function add(row: string, name: PeerName, sample: Sample): void {
  const byPeer = samples.get(row) ?? new Map<PeerName, Sample[]>();
  byPeer.set(name, [...(byPeer.get(name) ?? []), sample]);
  samples.set(row, byPeer);
}

type Asker = (octets: Buffer) => Promise<Buffer | null>;
interface Stream {
  readonly send: Asker;
  end(): void;
}

/** One question at a time over one connection; reopened when the server closes it. */
async function connected(port: number): Promise<Stream> {
  let socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return {
    end: () => socket.destroy(),
    async send(query) {
      if (socket.destroyed || socket.readyState !== "open") {
        socket = connect(port, "127.0.0.1");
        await once(socket, "connect");
      }
      const here = socket;
      const framed = Buffer.concat([Buffer.of(query.length >> 8, query.length & 255), query]);
      return new Promise((resolve) => {
        let received = Buffer.alloc(0);
        const settle = (reply: Buffer | null): void => {
          clearTimeout(timer);
          here.removeAllListeners("data").removeAllListeners("error").removeAllListeners("close");
          here.on("error", () => {});
          if (reply === null) here.destroy();
          resolve(reply);
        };
        const timer = setTimeout(settle, PATIENCE_MS, null);
        here.on("data", (chunk) => {
          received = Buffer.concat([received, chunk]);
          if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) settle(received.subarray(2));
        });
        here.on("error", () => settle(null));
        here.on("close", () => settle(null));
        here.write(framed);
      });
    },
  };
}

function encoded(id: number, [name, type]: readonly [string, string]): Buffer {
  const question = { name: Name.parse(name), type: typeFromText(type)!, class: CLASS.IN };
  return Buffer.from(encodeQuery({ id, question, rd: true, cd: false, edns: { udpSize: 1232, options: [] } }));
}

async function ask(stream: Stream, id: number, question: readonly [string, string]): Promise<string> {
  const reply = await stream.send(encoded(id & 0xffff, question));
  if (reply === null) return "nothing";
  const rcode = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN"][reply[3]! & 15] ?? `rcode ${reply[3]! & 15}`;
  return `${rcode}${(reply[3]! & 0x20) === 0 ? "" : " AD"}`;
}

/** Null: nobody attacks, to see what the machine itself does. */
async function underAttack(
  stream: Stream,
  port: number,
  pid: number | null,
  question: readonly [string, string] | null,
): Promise<Sample> {
  const bystander = createSocket("udp4");
  await new Promise<void>((resolve) => bystander.connect(port, "127.0.0.1", resolve));
  const sent = new Map<number, number>();
  let longest = 0;
  let id = 0;
  bystander.on("message", (reply) => {
    const sentMs = sent.get(reply.readUInt16BE(0));
    if (sentMs === undefined) return;
    sent.delete(reply.readUInt16BE(0));
    longest = Math.max(longest, performance.now() - sentMs);
  });
  bystander.on("error", () => {});
  const query = encoded(0, [BYSTANDER, "A"]);
  const timer = setInterval(() => {
    id = (id + 1) & 0xffff;
    const copy = Buffer.from(query);
    copy.writeUInt16BE(id);
    sent.set(id, performance.now());
    bystander.send(copy);
  }, 1);
  await sleep(60);
  longest = 0;
  if (pid !== null) await stallOf(pid);
  const startMs = performance.now();
  const said = question === null ? await sleep(200, "-") : await ask(stream, 7, question);
  const answerMs = performance.now() - startMs;
  const loopMs = pid === null ? null : await stallOf(pid);
  clearInterval(timer);
  // Who still waits has waited until now, if he was served at all.
  await sleep(60);
  bystander.close();
  return { answerMs, said, bystanderMs: longest, loopMs };
}

async function stallOf(pid: number): Promise<number> {
  rmSync(stallsFile, { force: true });
  process.kill(pid, "SIGUSR2");
  for (let tries = 0; tries < 500; tries++) {
    await sleep(2);
    try {
      const text = readFileSync(stallsFile, "utf8");
      if (text !== "") return Number(text);
    } catch {
      // not yet
    }
  }
  throw new Error("rootwalk does not say how long its event loop stood still");
}

function pidOn(port: number): number {
  const { stdout } = spawnSync("ss", ["-Hlunp", `sport = :${port}`], { encoding: "utf8" });
  return Number(/pid=([0-9]+)/.exec(stdout)![1]);
}

function report(): void {
  const median = (values: readonly number[]): number => rounded([...values].sort((a, b) => a - b)[values.length >> 1]!);
  const present = peers.filter((name) => versions[name] !== undefined);
  for (const name of missing) console.log(`${name}: not installed, so it has no column`);
  console.log(
    `\nstall in ms, as a bystander sees it (until the answer, ms); rootwalk's own event loop\n${present.map((name) => `${name} ${versions[name]}`).join(", ")}`,
  );
  const rows = [...samples].map(([row, byPeer]) => ({
    row: row === "" ? "nobody attacks" : row,
    loopMs: median(byPeer.get("rootwalk")!.map(({ loopMs }) => loopMs!)),
    loopMostMs: rounded(Math.max(...byPeer.get("rootwalk")!.map(({ loopMs }) => loopMs!))),
    peers: Object.fromEntries(
      [...byPeer].map(([name, of]) => [
        name,
        {
          stallMs: median(of.map(({ bystanderMs }) => bystanderMs)),
          answerMs: median(of.map(({ answerMs }) => answerMs)),
          said: of.at(-1)!.said,
        },
      ]),
    ),
  }));
  for (const { row, loopMs, loopMostMs, peers: by } of rows) {
    const cells = present.map((name) => {
      const { stallMs, answerMs, said } = by[name]!;
      return `${stallMs} (${answerMs}) ${said}`.padEnd(26);
    });
    console.log(
      `${row.padEnd(58)} loop ${String(loopMs).padStart(5)} most ${String(loopMostMs).padStart(5)} | ${cells.join("| ")}`,
    );
  }
  keepResult("attacks", { rounds: ROUNDS, versions, missing, rows });
}
