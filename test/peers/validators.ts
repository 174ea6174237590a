/** rootwalk and its peers: the same hints, the same anchors, one port each on 127.0.0.1. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Authority } from "./addresses.ts";
import { askServer, type Endpoint } from "./client.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { programPath } from "./programs.ts";

export type ValidatorName = "rootwalk" | "unbound" | "named";

export interface Validator extends Endpoint {
  readonly name: ValidatorName;
  readonly daemon: Daemon;
}

export interface World {
  readonly hintsFile: string;
  readonly anchorsFile: string;
  readonly ds: readonly string[];
  readonly hasIpv6: boolean;
}

/** Hints and anchors as files; every program reads the first, and all but named the second. */
export function writeWorld(root: readonly Authority[], ds: readonly string[], folder: string): World {
  const hintsFile = join(folder, "root.hints");
  const anchorsFile = join(folder, "root.ds");
  const hints = root.flatMap(({ program, addresses }) => [
    `. 3600000 IN NS ${program}.roots.`,
    ...addresses.map((it) => `${program}.roots. 3600000 IN ${it.includes(":") ? "AAAA" : "A"} ${it}`),
  ]);
  writeFileSync(hintsFile, `${hints.join("\n")}\n`);
  writeFileSync(anchorsFile, ds.map((rdata) => `. 3600 IN DS ${rdata}\n`).join(""));
  return {
    hintsFile,
    anchorsFile,
    ds,
    hasIpv6: root.some(({ addresses }) => addresses.some((it) => it.includes(":"))),
  };
}

export async function startValidator(
  name: ValidatorName,
  port: number,
  world: World,
  folder: string,
): Promise<Validator> {
  mkdirSync(folder, { recursive: true });
  const endpoint = { address: "127.0.0.1", port };
  const { command, args, files } = commands[name](port, world, folder);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const daemon = await startDaemon({
    name,
    command,
    args,
    folder,
    isReady: async () => {
      const query = {
        name: ".",
        type: "NS",
        dnssecOk: true,
        checkingDisabled: false,
        authenticData: false,
        edns: true,
      };
      const reply = await askServer(endpoint, query, 1000);
      return reply !== null && (reply.message.answers?.length ?? 0) > 0;
    },
  });
  return { name, ...endpoint, daemon };
}

interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Where a peer has an option for a number that RFCs leave open, it gets ours: 50 NSEC3 iterations (RFC 9276 §3.2), no
 * grace for expired signatures. Defaults everywhere else.
 */
const commands: Readonly<Record<ValidatorName, (port: number, world: World, folder: string) => Command>> = {
  rootwalk: (port, { hintsFile, anchorsFile }) => ({
    command: process.execPath,
    args: [
      join(process.cwd(), "dist/main.js"),
      "serve",
      ...[
        "--listen",
        `127.0.0.1:${port}`,
        "--root-hints",
        hintsFile,
        "--trust-anchor-file",
        anchorsFile,
        "--query-private",
      ],
    ],
    files: {},
  }),
  unbound: (port, { hintsFile, anchorsFile, hasIpv6 }, folder) => ({
    command: programPath("unbound", folder),
    args: ["-d", "-p", "-c", join(folder, "unbound.conf")],
    files: {
      "unbound.conf": `server:
  directory: "${folder}"
  chroot: ""
  username: ""
  use-syslog: no
  logfile: ""
  verbosity: 1
  num-threads: 1
  interface: 127.0.0.1@${port}
  do-ip6: ${hasIpv6 ? "yes" : "no"}
  do-not-query-localhost: no
  root-hints: "${hintsFile}"
  trust-anchor-file: "${anchorsFile}"
  module-config: "validator iterator"
  val-nsec3-keysize-iterations: "1024 50 2048 50 4096 50"
  val-log-level: 2
  val-sig-skew-min: 0
  val-sig-skew-max: 0
remote-control:
  control-enable: no
`,
    },
  }),
  named: (port, { hintsFile, ds }, folder) => ({
    command: programPath("named", folder),
    args: ["-g", "-n", "1", "-c", join(folder, "named.conf")],
    files: {
      "named.conf": `options {
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
trust-anchors { ${ds.map((rdata) => `. static-ds ${rdata.replace(/(\S+)$/, '"$1"')};`).join(" ")} };
zone "." { type hint; file "${hintsFile}"; };
`,
    },
  }),
};
