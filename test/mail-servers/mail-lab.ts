/**
 * Domains as a mail server meets them, good and bad, with mail servers on loopback: a resolver in this process for those who
 * take one, and a daemon that other processes can forward to.
 */
import { type AddressInfo, createServer } from "node:net";
import { systemClock } from "../../src/env/system.ts";
import { alter } from "../../src/lab/injure.ts";
import { buildWorld, type ZoneDescription } from "../../src/lab/world.ts";
import type { Resolver } from "../../src/resolver/api.ts";
import { listen } from "../../src/server/listeners.ts";
import { createResponder } from "../../src/server/responder.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { pem, privateKey, tlsaLine } from "../dane/harness.ts";
import { resolverIn } from "../lab/resolver.ts";
import { type MailServer, type Received, startMailServers } from "../mta/mail-server.ts";

export interface MailLab {
  readonly resolver: Resolver;
  /** Of the mail servers: the same on all addresses. */
  readonly port: number;
  /** Of the DNS daemon on 127.0.0.1. */
  readonly dnsPort: number;
  /** DS of the lab's root, in zone-file form. */
  readonly anchors: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

const identity = { key: privateKey("leaf"), chain: pem("leaf") + pem("intermediate") };

interface Domain {
  readonly name: string;
  /** By host: the TLSA record ("" for none), and whether STARTTLS is offered. */
  readonly hosts: readonly (readonly [host: string, tlsa: string, offers: "STARTTLS" | "nothing"])[];
  readonly zone?: (port: number) => Partial<ZoneDescription>;
}

const domains: readonly Domain[] = [
  { name: "right.lab", hosts: [["mx", "3 1 1 leaf", "STARTTLS"]] },
  { name: "ta.lab", hosts: [["mx", "2 1 1 intermediate", "STARTTLS"]] },
  { name: "wrong.lab", hosts: [["mx", "3 1 1 !leaf", "STARTTLS"]] },
  { name: "unusable.lab", hosts: [["mx", "1 1 1 leaf", "STARTTLS"]] },
  { name: "stripped.lab", hosts: [["mx", "3 1 1 leaf", "nothing"]] },
  {
    name: "bogus.lab",
    hosts: [["mx", "3 1 1 leaf", "STARTTLS"]],
    zone: (port) => ({
      edit: (zone) => {
        for (const at of [25, port]) alter(zone, [`_${at}._tcp.mx.bogus.lab.`, TYPE.TLSA], () => ({ signatures: [] }));
      },
    }),
  },
  {
    name: "second.lab",
    hosts: [
      ["mx", "3 1 1 !leaf", "STARTTLS"],
      ["mx2", "3 1 1 leaf", "STARTTLS"],
    ],
  },
  { name: "without.lab", hosts: [["mx", "", "STARTTLS"]] },
  { name: "clear.lab", hosts: [["mx", "", "nothing"]] },
  { name: "unsigned.lab", hosts: [["mx", "3 1 1 !leaf", "STARTTLS"]], zone: () => ({ signing: null }) },
];

/** `more`: zones beside these, below lab. */
export async function startMailLab(more: readonly ZoneDescription[] = []): Promise<MailLab> {
  const hosts = domains.flatMap(({ name, hosts }) =>
    hosts.map(([host, , offers]) => ({ name: `${host}.${name}`, offers })),
  );
  const servers = hosts.map(
    ({ name, offers }, i): MailServer => ({
      name,
      address: `127.0.7.${i + 1}`,
      identity: offers === "STARTTLS" ? identity : null,
    }),
  );
  const { port, mail } = await onFreePort((free) => startMailServers(servers, free));
  const zones = domains.map(({ name, hosts, zone }): ZoneDescription => {
    const lines = hosts.map(([host, tlsa], i) => {
      const { address } = servers.find((server) => server.name === `${host}.${name}`)!;
      // Who thinks that mail has another port looks for its records there.
      const records = tlsa === "" ? [] : [25, port].map((at) => tlsaLine(`_${at}._tcp.${host}`, tlsa));
      return `@ MX ${(i + 1) * 10} ${host}\n${host} A ${address}\n${records.join("")}`;
    });
    return { apex: `${name}.`, records: lines.join(""), ...(zone === undefined ? {} : zone(port)) };
  });
  zones.push({ apex: "null.lab.", records: "@ MX 0 ." });
  const world = buildWorld({ zones: [{ apex: "." }, { apex: "lab." }, ...zones, ...more] }, systemClock.unixSeconds());
  const resolver = resolverIn(world);
  const daemon = await listen(createResponder({ resolver, clock: systemClock }), [{ address: "127.0.0.1", port: 0 }], {
    clock: systemClock,
  });
  return {
    resolver,
    port,
    dnsPort: daemon.addresses[0]!.port,
    anchors: world.anchors,
    received: mail.received,
    close: async () => {
      await mail.close();
      await daemon.close();
      await resolver.close();
    },
  };
}

/** What is free on one address may be taken on another; then the next one. */
async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<{ port: number; mail: T }> {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    try {
      return { port, mail: await start(port) };
    } catch (error) {
      if (tries === 10 || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
