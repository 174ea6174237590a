/** rootwalk and the resolvers it is measured against, one thread each, on loopback, with the same root and anchors. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { World } from "../src/lab/world.ts";
import { encodeQuery } from "../src/wire/message.ts";
import { Name } from "../src/wire/name.ts";
import { TYPE } from "../src/wire/registry.ts";

export type PeerName = "rootwalk" | "unbound" | "named" | "echo";

export interface Peer {
  readonly name: PeerName;
  /** As the program says it. */
  readonly version: string;
  readonly port: number;
  /** Processor time used so far, in seconds. */
  readonly processorSeconds: () => number;
  stop(): Promise<void>;
}

/** The processor that the server has for itself; the generator gets the other. */
const SERVER_CORE = "0";

/** Null: it is not installed. */
export async function startPeer(name: PeerName, port: number, world: World, folder: string): Promise<Peer | null> {
  const version = versionOf(name);
  if (version === null) return null;
  const { command, args } = recipes[name]({ port, world, folder });
  const child = spawn("taskset", ["-c", SERVER_CORE, command, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr!.on("data", (chunk) => {
    complaints = (complaints + String(chunk)).slice(-2000);
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 50 || child.exitCode !== null) {
      child.kill("SIGKILL");
      throw new Error(`${name} does not answer on port ${port}: ${complaints}`);
    }
  }
  return {
    name,
    version,
    port,
    processorSeconds: () => processorSeconds(child.pid!),
    stop: () => stop(child, ended),
  };
}

/** Linux counts in hundredths; proc(5), fields 14 and 15. */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 3000);
  await ended;
  clearTimeout(timer);
}

interface Setting {
  readonly port: number;
  readonly world: World;
  readonly folder: string;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const recipes: Readonly<Record<PeerName, (setting: Setting) => { command: string; args: readonly string[] }>> = {
  rootwalk: ({ port, world, folder }) => {
    const { hints, anchors } = filesOf(world, folder);
    const files = ["--root-hints", hints, "--trust-anchor-file", anchors, "--query-private"];
    return {
      command: process.execPath,
      args: [here("../src/main.js"), "serve", "--listen", `127.0.0.1:${port}`, ...files],
    };
  },
  echo: ({ port }) => ({ command: process.execPath, args: [here("echo.js"), String(port)] }),
  unbound: ({ port, world, folder }) => {
    const { hints, anchors } = filesOf(world, folder);
    const config = join(folder, "unbound.conf");
    writeFileSync(
      config,
      `server:
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
  msg-cache-size: 64m
  rrset-cache-size: 128m
remote-control:
  control-enable: no
`,
    );
    return { command: "unbound", args: ["-d", "-c", config] };
  },
  named: ({ port, world, folder }) => {
    const { hints } = filesOf(world, folder);
    const config = join(folder, "named.conf");
    const anchors = world.anchors
      .trim()
      .split("\n")
      .map((line) => line.replace(/^\. IN DS (\S+ \S+ \S+) (\S+)$/, '. static-ds $1 "$2";'));
    writeFileSync(
      config,
      `options {
  directory "${folder}";
  pid-file none;
  session-keyfile none;
  managed-keys-directory "${folder}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion yes;
  dnssec-validation yes;
  empty-zones-enable no;
};
controls { };
trust-anchors { ${anchors.join(" ")} };
zone "." { type hint; file "${hints}"; };
`,
    );
    return { command: "named", args: ["-g", "-n", "1", "-U", "1", "-c", config] };
  },
};

function filesOf(world: World, folder: string): { readonly hints: string; readonly anchors: string } {
  const hints = join(folder, "root.hints");
  const anchors = join(folder, "root.ds");
  const lines = world.hints.flatMap(({ name, addresses }) => [
    `. 3600000 IN NS ${name}`,
    ...addresses.map((address) => `${name} 3600000 IN A ${address}`),
  ]);
  writeFileSync(hints, `${lines.join("\n")}\n`);
  writeFileSync(anchors, world.anchors.replaceAll(". IN DS", ". 3600 IN DS"));
  return { hints, anchors };
}

function versionOf(name: PeerName): string | null {
  if (name === "rootwalk" || name === "echo") return `Node ${process.version.slice(1)}`;
  const { stdout, stderr, status } = spawnSync(name, ["-V"], { encoding: "utf8" });
  if (status === null) return null;
  return /[0-9]+\.[0-9]+\.[0-9]+/.exec(stdout + stderr)?.[0] ?? "unknown";
}

function answers(port: number): Promise<boolean> {
  const question = { name: Name.root, type: TYPE.NS, class: 1 };
  const query = encodeQuery({ id: 1, question, rd: true, cd: false, edns: { udpSize: 1232, options: [] } });
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const end = (got: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(got);
    };
    const timer = setTimeout(end, 300, false);
    socket.on("error", () => {});
    socket.on("message", (octets) => end((octets[3]! & 15) === 0));
    socket.send(query, port, "127.0.0.1", () => {});
  });
}
