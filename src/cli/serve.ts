/** `rootwalk serve`: the daemon, in the foreground. */
import { accessSync, constants, mkdirSync } from "node:fs";
import type { ResolutionEvent } from "../env/events.ts";
import type { AnchorStore, Resolver } from "../resolver/api.ts";
import { type AccessRule, createAccess, loopbackRules } from "../server/access.ts";
import { parsePrefix } from "../server/addresses.ts";
import {
  IdentityError,
  type IdentityFiles,
  readIdentity,
  type TlsIdentity,
  watchIdentity,
} from "../server/identity.ts";
import { type ListenAddress, ListenError, type Listening, listen } from "../server/listeners.ts";
import { createResponder, NSID_OCTETS, type Responder } from "../server/responder.ts";
import { anchorNews } from "./anchor-news.ts";
import { type Command, type Io, UsageError } from "./command.ts";
import { cookiesFrom } from "./cookies.ts";
import { addressesFrom, checked, encryptedAddresses, identityFilesFrom, identityFrom, readyText } from "./listening.ts";
import type { Given } from "./options.ts";
import { packageVersion } from "./package.ts";
import { resolverFrom, resolverRows } from "./setup.ts";
import { anchorStoreIn } from "./state.ts";
import { tracer } from "./trace.ts";

const DNS_PORT = 53;
const IDENTITY_CHECK_MS = 60_000;

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
    "tls-listen": {
      value: "ADDR:PORT",
      repeatable: true,
      why: "where to listen for DNS over TLS (RFC 7858), port 853 unless it says another; needs --tls-certificate and --tls-key",
    },
    "https-listen": {
      value: "ADDR:PORT",
      repeatable: true,
      why: "where to listen for DNS over HTTPS (RFC 8484), port 443 unless it says another; the path is /dns-query",
    },
    "tls-certificate": {
      value: "FILE",
      why: "certificate for TLS and HTTPS in PEM, then those that lead to its authority's; read again when it changes",
    },
    "tls-key": { value: "FILE", why: "its private key in PEM, without a passphrase" },
    allow: {
      value: "PREFIX",
      repeatable: true,
      why: "clients that may ask besides loopback, 192.0.2.0/24 or 2001:db8::/32; others are refused",
    },
    "allow-with-cookie": {
      value: "PREFIX",
      repeatable: true,
      why: "the same, but over UDP only with a DNS cookie, which nobody has who forged his address (RFC 7873); needs --cookie-secret-file",
    },
    "cookie-secret-file": {
      value: "FILE",
      why: "answer the DNS cookies of clients, made with the first secret of this file, 32 hexadecimal digits a line; those made with the others are still good (RFC 9018)",
    },
    "state-dir": {
      value: "DIR",
      why: "where the trust anchors' key rollovers are remembered from run to run (RFC 5011); made if it is missing",
    },
    "static-trust-anchors": {
      value: null,
      why: "trust anchors stay as they are configured, whatever their zones announce; otherwise they follow key rollovers (RFC 5011)",
    },
    "no-trust-anchor-signal": {
      value: null,
      why: "do not tell the root's servers which of its keys are trusted here (RFC 8145)",
    },
    "no-root-key-sentinel": {
      value: null,
      why: "do not let clients find out which keys of the root are trusted (RFC 8509)",
    },
    identity: { value: "TEXT", why: "what id.server and hostname.bind say (class CH, TXT); refused unless given" },
    nsid: { value: "TEXT", why: "what clients are told that ask for NSID (RFC 5001); nothing unless given" },
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
  const files = identityFilesFrom(given);
  const identity = files === null ? null : identityFrom(files);
  const addresses = [...listenAddresses(given), ...encryptedAddresses(given)];
  const secrets = given.text("cookie-secret-file");
  if (secrets === undefined && given.texts("allow-with-cookie").length > 0)
    throw new UsageError("--allow-with-cookie needs --cookie-secret-file");
  const cookies = secrets === undefined ? null : cookiesFrom(secrets);
  const access = createAccess({
    rules: [
      ...loopbackRules,
      ...rulesFrom(given, "allow", "allow"),
      ...rulesFrom(given, "allow-with-cookie", "cookie"),
    ],
  });
  const nsid = nsidFrom(given);
  const store = storeIn(given.text("state-dir"), io);
  const resolver = resolverFrom(given, io, {
    onEvent: listener(given, io),
    settings: {
      trustAnchorSignal: !given.on("no-trust-anchor-signal"),
      rootKeySentinel: !given.on("no-root-key-sentinel"),
    },
    ...(given.on("static-trust-anchors") ? {} : { managedAnchors: { store } }),
  });
  try {
    const responder = createResponder({
      resolver,
      access,
      clock: io.clock,
      version: given.on("hide-version") ? null : `rootwalk ${packageVersion()}`,
      identity: given.text("identity") ?? null,
      nsid,
      cookies,
      // Only what an operator must act upon; what clients do is their affair.
      emit: (event) => event.kind === "fault" && complain(event.error, io),
    });
    return await serveUntilStopped({ responder, resolver, addresses, files, identity }, io);
  } finally {
    await resolver.close();
  }
}

function listener(given: Given, io: Io): (event: ResolutionEvent) => void {
  const trace = given.on("trace") ? tracer(io.clock, io.stderr) : null;
  return (event) => {
    trace?.(event);
    const news = anchorNews(event);
    if (news !== null) io.stderr(`rootwalk: ${news}\n`);
  };
}

interface Serving {
  readonly responder: Responder;
  readonly resolver: Resolver;
  readonly addresses: readonly ListenAddress[];
  readonly files: IdentityFiles | null;
  readonly identity: TlsIdentity | null;
}

async function serveUntilStopped(
  { responder, resolver, addresses, files, identity }: Serving,
  io: Io,
): Promise<number> {
  const onFault = (where: string, error: Error) => io.stderr(`rootwalk: ${where}: ${error.message}\n`);
  let listening: Listening;
  try {
    listening = await listen(responder, addresses, {
      clock: io.clock,
      onFault,
      ...(identity === null ? {} : { identity }),
    });
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    io.stderr(`rootwalk: ${error.message}\n`);
    return 1;
  }
  for (const { message } of listening.leftOut) io.stderr(`rootwalk: going on without: ${message}\n`);
  io.stdout(`rootwalk ${packageVersion()} ready on ${readyText(listening)}\n`);
  if (files !== null) void renewIdentity(files, listening, io);
  // The root's servers and keys, so that the first client need not wait for them; who fails to reach them now tries later.
  resolver.prime().catch((error: unknown) => complain(error, io));
  await aborted(io.stop);
  await listening.close();
  return 0;
}

/** Keeps the old certificate where the new one cannot be used. */
function renewIdentity(files: IdentityFiles, listening: Listening, io: Io): Promise<void> {
  const changed = (): void => {
    try {
      listening.useIdentity(readIdentity(files));
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      io.stderr(`rootwalk: still using the old certificate: ${error.message}\n`);
    }
  };
  return watchIdentity(files, { clock: io.clock, everyMs: IDENTITY_CHECK_MS, signal: io.stop, changed });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function complain(error: unknown, io: Io): void {
  io.stderr(`rootwalk: internal error: ${error instanceof Error ? error.message : String(error)}\n`);
}

function listenAddresses(given: Given): readonly ListenAddress[] {
  if (given.texts("listen").length > 0) return addressesFrom(given, "listen", DNS_PORT);
  return [
    { address: "127.0.0.1", port: DNS_PORT },
    { address: "::1", port: DNS_PORT, optional: true },
  ];
}

function rulesFrom(given: Given, option: string, decision: AccessRule["decision"]): readonly AccessRule[] {
  return given.texts(option).map((text) => ({ prefix: checked(() => parsePrefix(text), `--${option}`), decision }));
}

function nsidFrom(given: Given): Uint8Array | null {
  const text = given.text("nsid");
  if (text === undefined) return null;
  const octets = new TextEncoder().encode(text);
  if (octets.length > NSID_OCTETS) throw new UsageError(`--nsid has ${octets.length} octets: ${NSID_OCTETS} at most`);
  return octets;
}

/** A disk that is full or read-only must not keep mail from flowing; what is no directory is a mistake. */
function storeIn(dir: string | undefined, io: Io): AnchorStore | null {
  if (dir === undefined) return null;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o750 });
    accessSync(dir, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    if (code === "EEXIST" || code === "ENOTDIR") throw new UsageError(`--state-dir ${dir} is no directory`);
    io.stderr(
      `rootwalk: --state-dir ${dir} cannot be written (${code}): key rollovers will be forgotten with this run\n`,
    );
  }
  return anchorStoreIn(dir);
}
