/** rootwalk and the resolvers it is measured against, one thread each, on loopback, with the same root and anchors. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { CLASS } from "../src/wire/registry.ts";
import { firstReply } from "./rig/client.ts";
import { type RuntimeName, runtime } from "./rig/runtimes.ts";

/** "rootwalk" runs on the Node of the bench; the others say on what. */
export type PeerName = keyof typeof recipes;

export interface Peer {
  readonly name: PeerName;
  /** As the program says it. */
  readonly version: string;
  readonly port: number;
  /** When its process was started, by performance.now(). */
  readonly startedMs: number;
  /** Processor time used so far, in seconds. */
  readonly processorSeconds: () => number;
  /** In MB of 1,000,000 octets. */
  readonly residentMb: () => number;
  stop(): Promise<void>;
}

/** What every peer is told of the world. */
export interface RootOf {
  readonly hints: readonly { readonly name: { toString(): string }; readonly addresses: readonly string[] }[];
  /** DS RRs in presentation form, one a line: ". IN DS 1 2 3 …". */
  readonly anchors: string;
}

export interface Start {
  readonly port: number;
  readonly world: RootOf;
  /** For its configuration; made if it is missing. */
  readonly folder: string;
  /** For rootwalk: more of its command line. */
  readonly args?: readonly string[];
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

/** The processor that the server has for itself; the generator gets the other. */
const SERVER_CORE = "0";

/** Null: it is not installed, and a line has said so. */
export async function startPeer(name: PeerName, start: Start): Promise<Peer | null> {
  const recipe = recipes[name];
  const { version, missing } = versionOf(recipe);
  if (missing !== null) {
    if (!told.has(name)) console.log(`${name}: no row, ${missing}`);
    told.add(name);
    return null;
  }
  mkdirSync(start.folder, { recursive: true });
  const { command, args } = recipe.configure(start);
  const startedMs = performance.now();
  const child = spawn("taskset", ["-c", SERVER_CORE, command, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr!.on("data", (chunk) => {
    complaints = (complaints + String(chunk)).slice(-2000);
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  // Whatever it says to a question that asks nobody else: its cache is to stay empty.
  const anything = { name: "version.bind.", type: "TXT", class: CLASS.CH };
  const how = { everyMs: 2, withinMs: 15_000, welcome: () => true };
  if ((await firstReply({ address: "127.0.0.1", port: start.port }, anything, how)) === null) {
    child.kill("SIGKILL");
    throw new Error(`${name} does not answer on port ${start.port}: ${complaints}`);
  }
  return {
    name,
    version,
    port: start.port,
    startedMs,
    processorSeconds: () => processorSeconds(child.pid!),
    residentMb: () => residentMb(child.pid!),
    stop: () => stop(child, ended),
  };
}

const told = new Set<PeerName>();

/** Linux counts in hundredths; proc(5), fields 14 and 15. */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentMb(pid: number): number {
  const kilobytes = /VmRSS:\s+([0-9]+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kilobytes) * 1024) / 1e6;
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 3000);
  await ended;
  clearTimeout(timer);
}

interface Recipe {
  /** A Debian program that says its version, or a runtime of JavaScript. */
  readonly program: { readonly name: string; readonly ask: string } | { readonly runtime: RuntimeName };
  readonly configure: (start: Start) => { readonly command: string; readonly args: readonly string[] };
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const rootwalkOn = (on: RuntimeName): Recipe => ({
  program: { runtime: on },
  configure: ({ port, world, folder, args = [] }) => {
    const { hints, anchors } = filesOf(world, folder);
    const files = ["--root-hints", hints, "--trust-anchor-file", anchors, "--query-private"];
    const serve = [
      ...(process.env["BENCH_NODE_ARGS"]?.split(" ") ?? []),
      here("../src/main.js"),
      "serve",
      "--listen",
      `127.0.0.1:${port}`,
      ...files,
      ...args,
    ];
    return { command: commandOf(on), args: serve };
  },
});

/** Validation on, one thread, no prefetching, caches that hold what is measured; defaults everywhere else. */
const recipes = {
  rootwalk: rootwalkOn("here"),
  "rootwalk on newest Node": rootwalkOn("newest"),
  "rootwalk on Bun": rootwalkOn("bun"),
  echo: {
    program: { runtime: "here" },
    configure: ({ port }) => ({ command: commandOf("here"), args: [here("echo.js"), String(port)] }),
  },
  unbound: {
    program: { name: "unbound", ask: "-V" },
    configure: ({ port, world, folder }) => {
      const { hints, anchors } = filesOf(world, folder);
      const text = `server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  num-threads: 1
  interface: 127.0.0.1@${port}
  do-not-query-localhost: no
  root-hints: "${hints}"
  trust-anchor-file: "${anchors}"
  module-config: "validator iterator"
  aggressive-nsec: yes
  msg-cache-size: 64m
  rrset-cache-size: 128m
remote-control:
  control-enable: no
`;
      return { command: "unbound", args: ["-d", "-c", written(folder, "unbound.conf", text)] };
    },
  },
  named: {
    program: { name: "named", ask: "-V" },
    configure: ({ port, world, folder }) => {
      const { hints } = filesOf(world, folder);
      const anchors = anchorRows(world).map(({ tag, rest, digest }) => `. static-ds ${tag} ${rest} "${digest}";`);
      const text = `options {
  directory "${folder}";
  pid-file none;
  session-keyfile none;
  managed-keys-directory "${folder}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion yes;
  dnssec-validation yes;
  empty-zones-enable no;
  prefetch 0;
};
controls { };
trust-anchors { ${anchors.join(" ")} };
zone "." { type hint; file "${hints}"; };
`;
      return { command: "named", args: ["-g", "-n", "1", "-U", "1", "-c", written(folder, "named.conf", text)] };
    },
  },
  kresd: {
    program: { name: "kresd", ask: "-V" },
    configure: ({ port, world, folder }) => {
      const hints = world.hints.map(
        ({ name, addresses }) => `['${name}'] = { ${addresses.map((at) => `'${at}'`).join(", ")} }`,
      );
      const anchors = anchorRows(world).map(
        ({ tag, rest, digest }) => `trust_anchors.add('. 3600 IN DS ${tag} ${rest} ${digest}')`,
      );
      const text = `net.ipv6 = false
option('ALLOW_LOCAL', true)
net.listen('127.0.0.1', ${port}, { kind = 'dns' })
cache.size = 200 * MB
trust_anchors.remove('.')
${anchors.join("\n")}
modules.unload('ta_update')
modules = { 'hints > iterate' }
hints.root({ ${hints.join(", ")} })
`;
      return { command: "kresd", args: ["-n", "-c", written(folder, "kresd.conf", text), folder] };
    },
  },
  pdns: {
    program: { name: "pdns_recursor", ask: "--version" },
    configure: ({ port, world, folder }) => {
      const { hints } = filesOf(world, folder);
      const lua = [
        `clearTA(".")`,
        ...anchorRows(world).map(({ tag, rest, digest }) => `addTA(".", "${tag} ${rest} ${digest}")`),
      ];
      const settings = {
        "local-address": "127.0.0.1",
        "local-port": port,
        "hint-file": hints,
        "lua-config-file": written(folder, "anchors.lua", `${lua.join("\n")}\n`),
        "socket-dir": folder,
        "dont-query": "",
        dnssec: "validate",
        threads: 1,
        "pdns-distributes-queries": "no",
        "security-poll-suffix": "",
        "refresh-on-ttl-perc": 0,
        "query-local-address": "0.0.0.0",
        daemon: "no",
        quiet: "yes",
        "disable-syslog": "yes",
      };
      const text = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
      written(folder, "recursor.conf", text.join(""));
      return { command: "pdns_recursor", args: [`--config-dir=${folder}`] };
    },
  },
} satisfies Record<string, Recipe>;

function written(folder: string, name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function filesOf(world: RootOf, folder: string): { readonly hints: string; readonly anchors: string } {
  const lines = world.hints.flatMap(({ name, addresses }) => [
    `. 3600000 IN NS ${name}`,
    ...addresses.map((address) => `${name} 3600000 IN A ${address}`),
  ]);
  return {
    hints: written(folder, "root.hints", `${lines.join("\n")}\n`),
    anchors: written(folder, "root.ds", world.anchors.replaceAll(". IN DS", ". 3600 IN DS")),
  };
}

function anchorRows(world: RootOf) {
  return world.anchors
    .trim()
    .split("\n")
    .map((line) => {
      const [, tag, rest, digest] = /^\. IN DS (\S+) (\S+ \S+) (\S+)$/.exec(line)!;
      return { tag, rest, digest };
    });
}

function commandOf(name: RuntimeName): string {
  const found = runtime(name);
  if (typeof found === "string") throw new TypeError(found);
  return found.command;
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
