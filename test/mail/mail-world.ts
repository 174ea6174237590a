/** A lab Internet whose MX hosts are real servers on loopback, all on one port, as the servers of a domain are. */
import { systemClock, systemRandom } from "../../src/env/system.ts";
import { buildWorld, type World, type ZoneDescription } from "../../src/lab/world.ts";
import { tlsaLine } from "../dane/harness.ts";
import { mailServer, type Running, type ServerPlan } from "./servers.ts";

export interface MailHostPlan {
  /** Under the domain: "mx" or "mx1". */
  readonly name: string;
  readonly preference?: number;
  /** One for each address; "nobody": nothing listens there. */
  readonly servers: readonly (ServerPlan | "nobody")[];
  /** "3 1 1 leaf" */
  readonly tlsa?: readonly string[];
}

export interface MailWorld {
  readonly world: World;
  readonly clock: typeof systemClock;
  readonly port: number;
  /** Behind the world's memory exchange. */
  readonly servers: readonly Running[];
  close(): void;
}

/** Zone ta.lab., MX records for `hosts`, their addresses and TLSA records for the port on which they listen. */
export async function mailWorld(
  hosts: readonly MailHostPlan[],
  zone: Partial<ZoneDescription> = {},
  extra: (port: number) => string = () => "",
  now?: number,
): Promise<MailWorld> {
  const clock = now === undefined ? systemClock : { ...systemClock, unixSeconds: () => now };
  const servers: Running[] = [];
  const records: string[] = [];
  let port = 0;
  let address = 1;
  for (let tries = 0; ; tries++) {
    try {
      for (const { name, preference = 10, servers: plans } of hosts) {
        records.push(`@ MX ${preference} ${name}`);
        for (const plan of plans) {
          const at = `127.25.0.${address++}`;
          records.push(`${name} A ${at}`);
          if (plan === "nobody") continue;
          const server = await mailServer(plan, at, port);
          servers.push(server);
          port = server.port;
        }
      }
      break;
    } catch (error) {
      // Free on one address, and taken on the next.
      if (tries === 20 || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      for (const server of servers.splice(0)) server.close();
      records.length = 0;
      port = 0;
      address = 1;
    }
  }
  if (port === 0) {
    const nobody = await mailServer();
    port = nobody.port;
    nobody.close();
  }
  for (const { name, tlsa = [] } of hosts)
    for (const text of tlsa) records.push(tlsaLine(`_${port}._tcp.${name}`, text).trim());
  const description = {
    zones: [
      { apex: "." },
      { apex: "lab." },
      { apex: "ta.lab.", records: `${records.join("\n")}\n${extra(port)}`, ...zone },
    ],
  };
  const world = buildWorld(description, clock.unixSeconds());
  const close = (): void => {
    for (const server of servers) server.close();
  };
  return { world, clock, port, servers, close };
}

/** What a command needs to walk in this world. */
export function inMemory({ world, clock }: MailWorld) {
  return {
    env: { clock, random: systemRandom, exchange: world.exchange, emit: () => {} },
    rootHints: world.hints,
    trustAnchors: world.anchors,
  };
}
