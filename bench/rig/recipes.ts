/**
 * How each peer is told what to do. Validation on, no prefetching, caches that hold what is measured; defaults everywhere
 * else. Versions as Debian has them.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type RuntimeName, runtime } from "./runtimes.ts";

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
  /** Threads or processes that answer; one unless told otherwise. */
  readonly workers?: 1 | 2;
  /** Where it takes questions over TLS as well, if its recipe knows how. */
  readonly tlsPort?: number;
}

export interface Recipe {
  /** A Debian program that says its version, or a runtime of JavaScript. */
  readonly program: { readonly name: string; readonly ask: string } | { readonly runtime: RuntimeName };
  /** What it lacks for a row. */
  readonly lacks?: { readonly tls?: string; readonly workers?: string };
  readonly configure: (start: Start) => Run;
}

export interface Run {
  readonly command: string;
  readonly args: readonly string[];
  /** Where several processes of one program share a port; one unless told otherwise. */
  readonly processes?: number;
}

const certificates = resolve("test/server/certificates");
const CERTIFICATE = `${certificates}/server.pem`;
const CERTIFICATE_KEY = `${certificates}/server.key`;

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const rootwalkOn = (on: RuntimeName): Recipe => ({
  program: { runtime: on },
  configure: ({ port, world, folder, args = [], workers = 1, tlsPort }) => {
    const { hints, anchors } = filesOf(world, folder);
    const files = ["--root-hints", hints, "--trust-anchor-file", anchors, "--query-private"];
    const serve = [
      ...(process.env["BENCH_NODE_ARGS"]?.split(" ") ?? []),
      here("../../src/main.js"),
      "serve",
      "--listen",
      `127.0.0.1:${port}`,
      ...(workers === 1 ? [] : ["--workers", `${workers}`]),
      ...(tlsPort === undefined ? [] : tlsFlags(tlsPort)),
      ...files,
      ...args,
    ];
    return { command: commandOf(on), args: serve };
  },
});

export const recipes = {
  rootwalk: rootwalkOn("here"),
  "rootwalk on newest Node": rootwalkOn("newest"),
  "rootwalk on Bun": rootwalkOn("bun"),
  echo: {
    program: { runtime: "here" },
    lacks: { tls: "it answers datagrams only", workers: "it is one process" },
    configure: ({ port }) => ({ command: commandOf("here"), args: [here("../echo.js"), String(port)] }),
  },
  unbound: {
    program: { name: "unbound", ask: "-V" },
    configure: ({ port, world, folder, workers = 1, tlsPort }) => {
      const { hints, anchors } = filesOf(world, folder);
      const tls = `  interface: 127.0.0.1@${tlsPort}
  tls-port: ${tlsPort}
  tls-service-key: "${CERTIFICATE_KEY}"
  tls-service-pem: "${CERTIFICATE}"
`;
      const text = `server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  num-threads: ${workers}
  interface: 127.0.0.1@${port}
${tlsPort === undefined ? "" : tls}  do-not-query-localhost: no
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
    configure: ({ port, world, folder, workers = 1, tlsPort }) => {
      const { hints } = filesOf(world, folder);
      const tls = `tls own { cert-file "${CERTIFICATE}"; key-file "${CERTIFICATE_KEY}"; };\n`;
      const anchors = anchorRows(world).map(({ tag, rest, digest }) => `. static-ds ${tag} ${rest} "${digest}";`);
      const text = `${tlsPort === undefined ? "" : tls}options {
  directory "${folder}";
  pid-file none;
  session-keyfile none;
  managed-keys-directory "${folder}";
  listen-on port ${port} { 127.0.0.1; };
  ${tlsPort === undefined ? "" : `listen-on port ${tlsPort} tls own { 127.0.0.1; };`}
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
      const threads = ["-n", `${workers}`, "-U", `${workers}`];
      return { command: "named", args: ["-g", ...threads, "-c", written(folder, "named.conf", text)] };
    },
  },
  kresd: {
    program: { name: "kresd", ask: "-V" },
    configure: ({ port, world, folder, workers = 1, tlsPort }) => {
      const tls = `net.tls('${CERTIFICATE}', '${CERTIFICATE_KEY}')
net.listen('127.0.0.1', ${tlsPort}, { kind = 'tls' })
`;
      const hints = world.hints.map(
        ({ name, addresses }) => `['${name}'] = { ${addresses.map((at) => `'${at}'`).join(", ")} }`,
      );
      const anchors = anchorRows(world).map(
        ({ tag, rest, digest }) => `trust_anchors.add('. 3600 IN DS ${tag} ${rest} ${digest}')`,
      );
      const text = `net.ipv6 = false
option('ALLOW_LOCAL', true)
net.listen('127.0.0.1', ${port}, { kind = 'dns' })
${tlsPort === undefined ? "" : tls}cache.size = 200 * MB
trust_anchors.remove('.')
${anchors.join("\n")}
modules.unload('ta_update')
modules = { 'hints > iterate' }
hints.root({ ${hints.join(", ")} })
`;
      const args = ["-n", "-c", written(folder, "kresd.conf", text), folder];
      return { command: "kresd", args, processes: workers };
    },
  },
  pdns: {
    program: { name: "pdns_recursor", ask: "--version" },
    lacks: { tls: "it takes no questions over TLS" },
    configure: ({ port, world, folder, workers = 1 }) => {
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
        threads: workers,
        reuseport: "yes",
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

const tlsFlags = (port: number): readonly string[] => [
  ...["--tls-listen", `127.0.0.1:${port}`],
  ...["--tls-certificate", CERTIFICATE, "--tls-key", CERTIFICATE_KEY],
];

function written(folder: string, name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
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
