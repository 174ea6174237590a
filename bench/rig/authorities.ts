/**
 * NSD and Knot DNS with the benches' zones, in this network namespace: one process for each tier, for a server that held the
 * root and a TLD would answer for both and refer nobody. With a delay they listen elsewhere, behind a forwarder that waits.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { firstReply, isNoError } from "./client.ts";
import type { ServedWorld, ServedZone, Tier } from "./zones.ts";

export interface Authorities {
  stop(): Promise<void>;
}

export interface AuthorityOptions {
  readonly folder: string;
  /** Milliseconds each way. */
  readonly delayMs: number;
}

/** The core of the load generator: the resolver under test has the other for itself. */
export const OTHER_CORE = "1";

const programs: Readonly<Record<Tier, "nsd" | "knotd">> = { root: "nsd", tld: "nsd", domain: "knotd" };

export async function startAuthorities(world: ServedWorld, options: AuthorityOptions): Promise<Authorities> {
  const { delayMs, folder } = options;
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(ended));
  };
  try {
    for (const tier of ["root", "tld", "domain"] as const) {
      const own = join(folder, tier);
      mkdirSync(own, { recursive: true });
      const zones = world.zones.filter((zone) => zone.tier === tier);
      const addresses = world.addresses[tier].map((address) => (delayMs > 0 ? behind(address) : address));
      const config = join(own, "conf");
      writeFileSync(config, configurations[programs[tier]](addresses, zones, own));
      const args = programs[tier] === "nsd" ? ["-d", "-c", config] : ["-c", config];
      children.push(start(programs[tier], args, own));
      await untilItAnswers(addresses[0]!, zones.at(-1)!.apex, own);
    }
    if (delayMs > 0) {
      const all = Object.values(world.addresses).flat();
      const script = fileURLToPath(new URL("delay.js", import.meta.url));
      const list = join(folder, "delayed");
      writeFileSync(list, all.join("\n"));
      children.push(start(process.execPath, [script, list, String(delayMs)], folder));
      await untilItAnswers(all[0]!, ".", folder);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

/** Where the server of 127.53.x.y listens when a forwarder stands before it. */
export const behind = (address: string): string => address.replace(/^127\.53\./, "127.54.");

function start(command: string, args: readonly string[], folder: string): ChildProcess {
  const log = openSync(join(folder, "log"), "a");
  return spawn("taskset", ["-c", OTHER_CORE, command, ...args], { stdio: ["ignore", log, log] });
}

async function untilItAnswers(address: string, apex: string, folder: string): Promise<void> {
  const how = { everyMs: 50, withinMs: 20_000, welcome: isNoError };
  if ((await firstReply({ address, port: 53 }, { name: apex, type: "SOA" }, how)) !== null) return;
  throw new Error(
    `no name server at ${address} for ${apex}: ${readFileSync(join(folder, "log"), "utf8").slice(-2000)}`,
  );
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const insist = setTimeout(() => child.kill("SIGKILL"), 3000);
  await exit;
  clearTimeout(insist);
}

type Configure = (addresses: readonly string[], zones: readonly ServedZone[], folder: string) => string;

const configurations: Readonly<Record<"nsd" | "knotd", Configure>> = {
  nsd: (addresses, zones, folder) => `server:
${addresses.map((address) => `  ip-address: ${address}`).join("\n")}
  port: 53
  username: ""
  chroot: ""
  pidfile: ""
  database: ""
  zonesdir: "${folder}"
  zonelistfile: "${folder}/zone.list"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
${zones.map(({ apex, file }) => `zone:\n  name: "${apex}"\n  zonefile: "${file}"\n`).join("")}`,
  knotd: (addresses, zones, folder) => `server:
  rundir: ${folder}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
${addresses.map((address) => `  listen: ${address}@53`).join("\n")}
log:
  - target: stderr
    any: warning
database:
  storage: ${folder}
  kasp-db-max-size: 8M
  journal-db-max-size: 8M
  timer-db-max-size: 8M
zone:
${zones.map(({ apex, file }) => `  - domain: "${apex}"\n    file: ${file}\n    journal-content: none\n    zonefile-load: whole\n    zonefile-sync: -1\n`).join("")}`,
};
