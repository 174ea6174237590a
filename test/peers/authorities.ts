/** NSD, Knot DNS and BIND as name servers, each with the zones of its tier. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Authority } from "./addresses.ts";
import { askServer } from "./client.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { programPath } from "./programs.ts";
import type { ServedZone, Tree } from "./tree.ts";
import { wounds } from "./wounds.ts";

export async function startAuthorities(
  authorities: readonly Authority[],
  tree: Tree,
  folder: string,
): Promise<readonly Daemon[]> {
  return await Promise.all(
    authorities.map((authority) => {
      const zones = tree.zones.filter(({ plan }) => serves(authority, plan));
      return startAuthority(authority, zones, join(folder, authority.id));
    }),
  );
}

function serves(authority: Authority, { tier, programs, wound }: ServedZone["plan"]): boolean {
  if (tier !== authority.tier || !programs.includes(authority.program)) return false;
  return wound === null || wounds[wound].lame !== "all";
}

async function startAuthority(authority: Authority, zones: readonly ServedZone[], folder: string): Promise<Daemon> {
  mkdirSync(folder, { recursive: true });
  const conf = join(folder, "conf");
  const { text, args } = configurations[authority.program](authority, zones, folder, conf);
  writeFileSync(conf, text);
  const answers = async (address: string, apex: string): Promise<boolean> => {
    const query = {
      name: apex,
      type: "SOA",
      dnssecOk: false,
      checkingDisabled: false,
      authenticData: false,
      edns: true,
    };
    const reply = await askServer({ address, port: 53 }, query, 1000);
    return reply !== null && (reply.message.answers?.length ?? 0) > 0;
  };
  const daemon = await startDaemon({
    name: authority.id,
    command: programPath(authority.program, folder),
    args,
    folder,
    isReady: () => answers(authority.addresses[0]!, zones.at(-1)!.plan.apex),
  });
  for (const address of authority.addresses) {
    for (const { plan } of zones) {
      if (!(await answers(address, plan.apex)))
        throw new Error(`${authority.id} at ${address} does not answer for ${plan.apex}`);
    }
  }
  return daemon;
}

interface Configuration {
  readonly text: string;
  readonly args: readonly string[];
}

type Configure = (authority: Authority, zones: readonly ServedZone[], folder: string, conf: string) => Configuration;

const configurations: Readonly<Record<Authority["program"], Configure>> = {
  nsd: (authority, zones, folder, conf) => ({
    args: ["-d", "-c", conf],
    text: `server:
${authority.addresses.map((address) => `  ip-address: ${address}`).join("\n")}
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
${zones.map(({ plan, file }) => `zone:\n  name: "${plan.apex}"\n  zonefile: "${file}"\n`).join("")}`,
  }),
  knotd: (authority, zones, folder, conf) => ({
    args: ["-c", conf],
    text: `server:
  rundir: ${folder}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
${authority.addresses.map((address) => `  listen: ${address}@53`).join("\n")}
log:
  - target: stderr
    any: warning
database:
  storage: ${folder}
  kasp-db-max-size: 8M
  journal-db-max-size: 8M
  timer-db-max-size: 8M
zone:
${zones.map(({ plan, file }) => `  - domain: "${plan.apex}"\n    file: ${file}\n    journal-content: none\n    zonefile-load: whole\n    zonefile-sync: -1\n`).join("")}`,
  }),
  named: (authority, zones, folder, conf) => ({
    args: ["-g", "-n", "1", "-c", conf],
    text: `options {
  directory "${folder}";
  pid-file none;
  session-keyfile none;
  managed-keys-directory "${folder}";
  listen-on { ${authority.addresses
    .filter((address) => !address.includes(":"))
    .map((a) => `${a};`)
    .join(" ")} };
  listen-on-v6 { ${
    authority.addresses
      .filter((address) => address.includes(":"))
      .map((a) => `${a};`)
      .join(" ") || "none;"
  } };
  recursion no;
  dnssec-validation no;
  notify no;
  minimal-responses no-auth-recursive;
  empty-zones-enable no;
};
controls { };
${zones.map(({ plan, file }) => `zone "${plan.apex}" { type primary; file "${file}"; check-integrity no; check-names ignore; };\n`).join("")}`,
  }),
};
