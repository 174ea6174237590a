/** The signed Internet in which the rows' domains live, on port 53 of addresses of their own. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/env/system.ts";
import { type Listening, listen } from "../../src/lab/loopback.ts";
import { buildWorld, type World, type ZoneDescription } from "../../src/lab/world.ts";
import { Name } from "../../src/wire/name.ts";
import type { MailServer } from "./mail-server.ts";
import { mailServerNetwork, nameServerNetwork } from "./namespaces.ts";
import { HOSTING, type Row } from "./rows.ts";

const split = { keys: [{ role: "ksk", algorithm: 13 } as const, { role: "zsk", algorithm: 13 } as const] };

const common: readonly ZoneDescription[] = [
  { apex: ".", servers: ["a.root-servers."], signing: split },
  { apex: "lab.", servers: ["a.nic.lab."], signing: split },
  { apex: "plain.", servers: ["a.nic.plain."], signing: null },
  { apex: "hosting.lab.", servers: [HOSTING] },
];

export interface LabInternet {
  readonly world: World;
  readonly listening: Listening;
  readonly hintsFile: string;
  readonly anchorsFile: string;
}

export async function startInternet(
  rows: readonly Row[],
  hosts: readonly MailServer[],
  folder: string,
): Promise<LabInternet> {
  const zones = withAddresses([...common, ...rows.flatMap((row) => row.zones)], hosts);
  const servers = rows.flatMap((row) => row.servers ?? []);
  const world = buildWorld({ zones, servers }, systemClock.unixSeconds(), { network: nameServerNetwork });
  const listening = await listen(world, { port: 53 });
  const hintsFile = join(folder, "root.hints");
  const anchorsFile = join(folder, "root.ds");
  const hints = world.hints.flatMap(({ name, addresses }) => [
    `. 3600 IN NS ${name}`,
    ...addresses.map((address) => `${name} 3600 IN A ${address}`),
  ]);
  writeFileSync(hintsFile, `${hints.join("\n")}\n`);
  writeFileSync(anchorsFile, world.anchors);
  return { world, listening, hintsFile, anchorsFile };
}

export function mailServersOf(rows: readonly Row[]): readonly MailServer[] {
  return rows
    .flatMap((row) => Object.entries(row.hosts))
    .map(([name, identity], i) => ({
      name,
      address: `${mailServerNetwork}.0.${i + 1}`,
      identity: identity === "no STARTTLS" ? null : identity,
    }));
}

/** Each host's address goes into the deepest zone above its name. */
function withAddresses(zones: readonly ZoneDescription[], hosts: readonly MailServer[]): readonly ZoneDescription[] {
  const lines = new Map<ZoneDescription, string[]>();
  for (const { name, address } of hosts) {
    const host = Name.parse(name);
    const home = zones
      .filter((zone) => host.isWithin(Name.parse(zone.apex)))
      .reduce((a, b) => (Name.parse(b.apex).labelCount > Name.parse(a.apex).labelCount ? b : a));
    lines.set(home, [...(lines.get(home) ?? []), `${name}. A ${address}`]);
  }
  return zones.map((zone) => ({ ...zone, records: [zone.records ?? "", ...(lines.get(zone) ?? [])].join("\n") }));
}
