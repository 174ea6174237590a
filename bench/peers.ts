/** rootwalk and the resolvers it is measured against, on loopback, with the same root and anchors; one thread each, or two. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { CLASS } from "../src/wire/registry.ts";
import { firstReply } from "./rig/client.ts";
import { type Recipe, recipes, type Start } from "./rig/recipes.ts";
import { runtime } from "./rig/runtimes.ts";

export type { RootOf } from "./rig/recipes.ts";

/** "rootwalk" runs on the Node of the bench; the others say on what. */
export type PeerName = keyof typeof recipes;

export interface Peer {
  readonly name: PeerName;
  /** As the program says it. */
  readonly version: string;
  readonly port: number;
  /** When its process was started, by performance.now(). */
  readonly startedMs: number;
  /** Processor time used so far by all its processes, in seconds. */
  readonly processorSeconds: () => number;
  /** In MB of 1,000,000 octets. */
  readonly residentMb: () => number;
  stop(): Promise<void>;
}

/** Those of the command line, or all resolvers, unbound first. */
export function chosenPeers(): readonly PeerName[] {
  const all: readonly PeerName[] = [
    "unbound",
    "rootwalk",
    "rootwalk on newest Node",
    "rootwalk on Bun",
    "named",
    "kresd",
    "pdns",
  ];
  const wanted = process.argv.slice(2);
  return wanted.length === 0 ? all : all.filter((name) => wanted.includes(name));
}

/** Why it has no row for this; null: it has. */
export function lackOf(name: PeerName, what: "tls" | "workers"): string | null {
  const { lacks }: Recipe = recipes[name];
  return lacks?.[what] ?? null;
}

/** One worker has a processor for itself, and the generator the other; two workers share both with the generator. */
const coresFor = ({ workers = 1 }: Start): string => (workers === 1 ? "0" : "0,1");

/** Null: it is not installed, and a line has said so. */
export async function startPeer(name: PeerName, start: Start): Promise<Peer | null> {
  const recipe: Recipe = recipes[name];
  const { version, missing } = versionOf(recipe);
  if (missing !== null) {
    if (!told.has(name)) console.log(`${name}: no row, ${missing}`);
    told.add(name);
    return null;
  }
  mkdirSync(start.folder, { recursive: true });
  const { command, args, processes = 1 } = recipe.configure(start);
  const startedMs = performance.now();
  const children = Array.from({ length: processes }, () =>
    spawn("taskset", ["-c", coresFor(start), command, ...args], { stdio: ["ignore", "ignore", "pipe"] }),
  );
  let complaints = "";
  for (const child of children) {
    child.stderr!.on("data", (chunk) => {
      complaints = (complaints + String(chunk)).slice(-2000);
    });
  }
  // Whatever it says to a question that asks nobody else: its cache is to stay empty.
  const anything = { name: "version.bind.", type: "TXT", class: CLASS.CH };
  const how = { everyMs: 2, withinMs: 15_000, welcome: () => true };
  if ((await firstReply({ address: "127.0.0.1", port: start.port }, anything, how)) === null) {
    for (const child of children) child.kill("SIGKILL");
    throw new Error(`${name} does not answer on port ${start.port}: ${complaints}`);
  }
  const pids = children.map(({ pid }) => pid!);
  return {
    name,
    version,
    port: start.port,
    startedMs,
    processorSeconds: () => withDescendants(pids).reduce((sum, pid) => sum + processorSeconds(pid), 0),
    residentMb: () => withDescendants(pids).reduce((sum, pid) => sum + residentMb(pid), 0),
    stop: async () => {
      await Promise.all(children.map(stop));
    },
  };
}

const told = new Set<PeerName>();

/** proc(5), fields of /proc/PID/stat after the name: 0 is the state. */
function statOf(pid: number | string): readonly string[] {
  return readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
}

/** Workers are children of the process that was started. */
function withDescendants(pids: readonly number[]): readonly number[] {
  const parents = readdirSync("/proc").flatMap((entry): (readonly [pid: number, parent: number])[] => {
    if (!/^[0-9]+$/.test(entry)) return [];
    try {
      return [[Number(entry), Number(statOf(entry)[1])]];
    } catch {
      return []; // it ended meanwhile
    }
  });
  const all = [...pids];
  for (const of of all) all.push(...parents.flatMap(([pid, parent]) => (parent === of ? [pid] : [])));
  return all;
}

/** Linux counts in hundredths, all threads of a process together. */
function processorSeconds(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentMb(pid: number): number {
  const kilobytes = /VmRSS:\s+([0-9]+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kilobytes) * 1024) / 1e6;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 3000);
  await ended;
  clearTimeout(timer);
}

type Version =
  | { readonly version: string; readonly missing: null }
  | { readonly version: ""; readonly missing: string };

function versionOf({ program }: Recipe): Version {
  if ("runtime" in program) {
    const found = runtime(program.runtime);
    return typeof found === "string" ? { version: "", missing: found } : { version: found.label, missing: null };
  }
  const { stdout, stderr, status } = spawnSync(program.name, [program.ask], { encoding: "utf8" });
  if (status === null)
    return { version: "", missing: `${program.name} is not installed (node bench/install.mjs does that)` };
  return { version: /[0-9]+\.[0-9]+\.[0-9]+/.exec(stdout + stderr)?.[0] ?? "unknown", missing: null };
}
