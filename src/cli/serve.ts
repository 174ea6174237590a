/** `rootwalk serve`: the daemon, in the foreground. */
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Resolver } from "../resolver/api.ts";
import { type AccessRule, createAccess, loopbackRules } from "../server/access.ts";
import { parsePrefix, serverAddressFrom, serverAddressText, withoutWildcards } from "../server/addresses.ts";
import { type ListenAddress, ListenError, type Listening, listen } from "../server/listeners.ts";
import { createResponder, type Responder } from "../server/responder.ts";
import { type Command, type Io, UsageError } from "./command.ts";
import type { Given } from "./options.ts";
import { packageVersion } from "./package.ts";
import { resolverFrom, resolverRows } from "./setup.ts";
import { tracer } from "./trace.ts";

const DNS_PORT = 53;

export const serveCommand: Command = {
  name: "serve",
  summary: "answer DNS questions on 127.0.0.1 and ::1, validated, with AD, for the mail server beside it",
  usage: "[options]",
  about: [
    "A validating resolver for this machine, by UDP and TCP, in the foreground until SIGTERM or SIGINT. When it listens it prints one line: rootwalk VERSION ready on ADDRESSES. Answers that are proven carry AD; what fails validation is SERVFAIL with an extended error that says why.",
    "glibc hides AD from programs unless /etc/resolv.conf says: options trust-ad",
  ],
  options: {
    listen: {
      value: "ADDR:PORT",
      repeatable: true,
      why: "where to listen instead of 127.0.0.1:53 and [::1]:53; 0.0.0.0 and [::] mean every address this machine has now",
    },
    allow: {
      value: "PREFIX",
      repeatable: true,
      why: "clients that may ask besides loopback, 192.0.2.0/24 or 2001:db8::/32; others are refused",
    },
    "state-dir": { value: "DIR", why: "where state is kept that outlives a restart; made if it is missing" },
    identity: { value: "TEXT", why: "what id.server and hostname.bind say (class CH, TXT); refused unless given" },
    "hide-version": { value: null, why: "refuse version.bind and version.server" },
    trace: { value: null, why: "print each step of every walk, on stderr" },
    ...resolverRows,
  },
  examples: [
    { line: "sudo rootwalk serve", says: "then, in /etc/resolv.conf: nameserver 127.0.0.1 and options trust-ad" },
    {
      line: "rootwalk serve --listen 127.0.0.1:5300",
      says: "without root; dig @127.0.0.1 -p 5300 example.com +dnssec",
    },
    {
      line: "rootwalk serve --listen 127.0.0.1:5300 --root-hints lab.hints --trust-anchor-file lab.ds --query-private",
      says: "in a lab: another root, other anchors, name servers on private addresses",
    },
  ],
  exitCodes: [
    [0, "stopped by SIGTERM or SIGINT"],
    [1, "an address could not be opened, or an error that should not happen"],
    [2, "the command line, the hints or the trust anchors are wrong"],
  ],
  run: serve,
};

async function serve(given: Given, io: Io): Promise<number> {
  if (given.operands.length > 0) throw new UsageError(`serve takes options only, and "${given.operands[0]}" is none`);
  const addresses = listenAddresses(given);
  const access = createAccess({ rules: [...loopbackRules, ...allowed(given)] });
  const stateDir = given.text("state-dir");
  if (stateDir !== undefined) makeStateDir(stateDir);
  const resolver = resolverFrom(given, io, given.on("trace") ? { onEvent: tracer(io.clock, io.stderr) } : {});
  try {
    const responder = createResponder({
      resolver,
      access,
      clock: io.clock,
      version: given.on("hide-version") ? null : `rootwalk ${packageVersion()}`,
      identity: given.text("identity") ?? null,
      // Only what an operator must act upon; what clients do is their affair.
      emit: (event) => event.kind === "fault" && complain(event.error, io),
    });
    return await serveUntilStopped({ responder, resolver, addresses }, io);
  } finally {
    await resolver.close();
  }
}

interface Serving {
  readonly responder: Responder;
  readonly resolver: Resolver;
  readonly addresses: readonly ListenAddress[];
}

async function serveUntilStopped({ responder, resolver, addresses }: Serving, io: Io): Promise<number> {
  const onFault = (where: string, error: Error) => io.stderr(`rootwalk: ${where}: ${error.message}\n`);
  let listening: Listening;
  try {
    listening = await listen(responder, addresses, { clock: io.clock, onFault });
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    io.stderr(`rootwalk: ${error.message}\n`);
    return 1;
  }
  for (const { message } of listening.leftOut) io.stderr(`rootwalk: going on without: ${message}\n`);
  io.stdout(`rootwalk ${packageVersion()} ready on ${listening.addresses.map(serverAddressText).join(" ")}\n`);
  // The root's servers and keys, so that the first client need not wait for them; who fails to reach them now tries later.
  resolver.prime().catch((error: unknown) => complain(error, io));
  await aborted(io.stop);
  await listening.close();
  return 0;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function complain(error: unknown, io: Io): void {
  io.stderr(`rootwalk: internal error: ${error instanceof Error ? error.message : String(error)}\n`);
}

function listenAddresses(given: Given): readonly ListenAddress[] {
  const texts = given.texts("listen");
  if (texts.length === 0) {
    return [
      { address: "127.0.0.1", port: DNS_PORT },
      { address: "::1", port: DNS_PORT, optional: true },
    ];
  }
  const local = Object.values(networkInterfaces()).flatMap((entries) => entries?.map((entry) => entry.address) ?? []);
  const addresses = withoutWildcards(
    texts.map((text) => checked(() => serverAddressFrom(text, DNS_PORT), "--listen")),
    local,
  );
  if (addresses.length === 0) throw new UsageError(`--listen ${texts.join(" ")}: this machine has no such address`);
  return addresses;
}

function allowed(given: Given): readonly AccessRule[] {
  return given
    .texts("allow")
    .map((text) => ({ prefix: checked(() => parsePrefix(text), "--allow"), decision: "allow" as const }));
}

/** What a parser says of a user's text becomes a line for the user. */
function checked<T>(parse: () => T, option: string): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`${option}: ${error.message}`);
    throw error;
  }
}

function makeStateDir(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o750 });
    if (!statSync(dir).isDirectory()) throw new UsageError(`--state-dir ${dir} is no directory`);
    accessSync(dir, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `--state-dir ${dir} cannot be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
    );
  }
}
