/** `rootwalk policy`: TLS policies for Postfix, DANE before MTA-STS, over a socketmap. */

import { planMail } from "../mail/plan-mail.ts";
import { domainIn, postfixPolicy } from "../mail/postfix-policy.ts";
import { type SocketmapAddress, type SocketmapAnswer, serveSocketmap } from "../mail/socketmap.ts";
import { createSts, type Sts } from "../mail/sts.ts";
import { httpsPolicyFetch } from "../mail/sts-fetch.ts";
import { stsFolder } from "../mail/sts-store.ts";
import type { Resolver } from "../resolver/api.ts";
import { nodeDns } from "../resolver/node-dns.ts";
import { type Command, type Given, type Io, UsageError } from "./command.ts";
import { resolverFrom, resolverRows } from "./setup.ts";

const DEFAULT_LISTEN = "127.0.0.1:8461";
/** Postfix waits 100 s for a socketmap. */
const PATIENCE_MS = 90_000;

export const policyCommand: Command = {
  name: "policy",
  summary: "tell Postfix how much TLS each domain wants: DANE, and MTA-STS for the rest",
  usage: "[options]",
  about: [
    "A socketmap for smtp_tls_policy_maps, in the foreground until SIGTERM or SIGINT. For each domain it answers dane-only (every host is authenticated by DANE), dane (some are, or must be encrypted), secure match=HOSTS servername=hostname (no DANE, and an MTA-STS policy is enforced), or nothing, and then main.cf decides. Where DNS cannot be believed, mail waits.",
    "In main.cf: smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:policy, smtp_tls_security_level = dane, smtp_dns_support_level = dnssec, smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt. It resolves by itself; for the levels dane and dane-only Postfix asks a validating resolver of its own, such as rootwalk serve.",
  ],
  options: {
    listen: { value: "ADDR", why: `ADDR:PORT, or unix:/PATH; default ${DEFAULT_LISTEN}` },
    "mta-sts-dir": {
      value: "DIR",
      why: "where MTA-STS policies outlive a restart; without it, whoever can cut off DNS then begins anew",
    },
    verbose: { value: null, short: "v", why: "a line for each answer, with its reason" },
    ...resolverRows,
  },
  examples: [
    { line: "rootwalk policy --mta-sts-dir /var/lib/rootwalk/mta-sts", says: "on 127.0.0.1:8461" },
    {
      line: "postmap -q example.com socketmap:inet:127.0.0.1:8461:policy",
      says: "what Postfix will be told about example.com",
    },
  ],
  exitCodes: [
    [0, "stopped by SIGTERM or SIGINT"],
    [1, "the address could not be opened, or an error that should not happen"],
    [2, "the command line, the hints or the trust anchors are wrong"],
  ],
  run: policy,
};

async function policy(given: Given, io: Io): Promise<number> {
  if (given.operands.length > 0) throw new UsageError(`policy takes options only, and "${given.operands[0]}" is none`);
  const address = addressFrom(given.text("listen") ?? DEFAULT_LISTEN);
  const folder = given.text("mta-sts-dir");
  const resolver = resolverFrom(given, io);
  const sts = createSts({
    resolver,
    fetch: httpsPolicyFetch({ lookup: nodeDns(resolver).lookup, timer: io.clock }),
    clock: io.clock,
    ...(folder === undefined ? {} : { store: stsFolder(folder) }),
    alert: (_domain, problem) => io.stderr(`${problem}\n`),
  });
  try {
    const server = await serveSocketmap(address, (_map, key) => answer(key, { resolver, sts, given, io }));
    void sts.keepFresh();
    const where = "path" in address ? `unix:${address.path}` : `${address.host}:${server.port}`;
    io.stdout(`rootwalk policy ready on ${where}\n`);
    await stopped(io.stop);
    await server.close();
    return 0;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    io.stderr(`rootwalk policy: ${message}\n`);
    return 1;
  } finally {
    await sts.close();
    await resolver.close();
  }
}

interface Answering {
  readonly resolver: Resolver;
  readonly sts: Sts;
  readonly given: Given;
  readonly io: Io;
}

async function answer(key: string, { resolver, sts, given, io }: Answering): Promise<SocketmapAnswer> {
  const domain = domainIn(key);
  if (domain === null) return { kind: "not found" };
  const patience = new AbortController();
  const cancel = io.clock.after(PATIENCE_MS, () => patience.abort());
  try {
    const plan = await planMail(resolver, sts, domain, { clock: io.clock, signal: patience.signal });
    const told = postfixPolicy(plan);
    if (given.on("verbose")) io.stdout(`${domain}: ${told.kind === "level" ? told.text : told.kind}: ${told.reason}\n`);
    switch (told.kind) {
      case "level":
        return { kind: "found", value: told.text };
      case "none":
        return { kind: "not found" };
      case "try later":
        return told;
    }
  } catch (error) {
    return { kind: "try later", reason: (error as Error).message };
  } finally {
    cancel();
  }
}

function addressFrom(text: string): SocketmapAddress {
  if (text.startsWith("unix:/")) return { path: text.slice("unix:".length) };
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new UsageError(`--listen: "${text}" is no address: 127.0.0.1:8461, [::1]:8461 or unix:/PATH expected`);
  return { host: match[1] ?? match[2]!, port };
}

function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
