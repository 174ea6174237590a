/** The daemon's life: made from a configuration, listening, stopped. */
import type { Clock, Timer } from "../env/env.ts";
import type { ResolutionEvent } from "../env/events.ts";
import type { Resolver } from "../resolver/api.ts";
import type { ResolverOptions } from "../resolver/create.ts";
import { createAccess } from "../server/access.ts";
import {
  IdentityError,
  type IdentityFiles,
  readIdentity,
  type TlsIdentity,
  watchIdentity,
} from "../server/identity.ts";
import { type ListenAddress, ListenError, type Listening, listen } from "../server/listeners.ts";
import { createResponder, type Responder } from "../server/responder.ts";
import { anchorNews } from "./anchor-news.ts";
import type { Configuration } from "./configuration.ts";
import { growSparingly } from "./heap.ts";
import { identityFilesOf, identityFrom, listenAddresses, readyText } from "./listening.ts";
import { packageVersion } from "./package.ts";
import { accessRules, cookiesOf, nsidOf, resolverOptionsOf, storeOf } from "./plan.ts";
import { tracer } from "./trace.ts";
import { warmthOf } from "./warmth.ts";

const IDENTITY_CHECK_MS = 60_000;

export interface DaemonIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Aborts on SIGINT and SIGTERM. */
  readonly stop: AbortSignal;
  readonly clock: Clock & Timer;
  readonly createResolver: (options: ResolverOptions) => Resolver;
}

/** Resolves to the exit code: 0 stopped as told, 1 an address could not be opened. UsageError. */
export async function runDaemon(configuration: Configuration, io: DaemonIo): Promise<number> {
  growSparingly();
  for (const warning of configuration.warnings) io.stderr(`rootwalk: ${warning}\n`);
  const { options, limits } = configuration;
  const files = identityFilesOf(configuration);
  const identity = files === null ? null : identityFrom(files);
  const addresses = listenAddresses(configuration);
  const access = createAccess({ rules: accessRules(configuration) });
  const cookies = cookiesOf(configuration);
  const store = storeOf(configuration, (sentence) => io.stderr(`rootwalk: ${sentence}\n`));
  const warmth = warmthOf(configuration, {
    clock: io.clock,
    tell: (sentence) => io.stderr(`rootwalk: ${sentence}\n`),
  });
  const resolver = io.createResolver({
    ...resolverOptionsOf(configuration, io.clock.unixSeconds()),
    ...(warmth === null ? {} : { snapshot: warmth.snapshot }),
    onEvent: listener(configuration, io),
    ...(options["static-trust-anchors"] ? {} : { managedAnchors: { store } }),
  });
  try {
    const responder = createResponder({
      resolver,
      access,
      clock: io.clock,
      version: options["hide-version"] ? null : `rootwalk ${packageVersion()}`,
      identity: options.identity,
      nsid: nsidOf(configuration),
      cookies,
      limits,
      // Only what an operator must act upon; what clients do is their affair.
      emit: (event) => event.kind === "fault" && complain(event.error, io),
    });
    void warmth?.saveUntil(io.stop);
    const code = await serveUntilStopped({ responder, resolver, addresses, files, identity, configuration }, io);
    await warmth?.save();
    return code;
  } finally {
    await resolver.close();
  }
}

function listener({ options }: Configuration, io: DaemonIo): (event: ResolutionEvent) => void {
  const trace = options.trace ? tracer(io.clock, io.stderr) : null;
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
  readonly configuration: Configuration;
}

async function serveUntilStopped(
  { responder, resolver, addresses, files, identity, configuration }: Serving,
  io: DaemonIo,
): Promise<number> {
  const onFault = (where: string, error: Error) => io.stderr(`rootwalk: ${where}: ${error.message}\n`);
  let listening: Listening;
  try {
    listening = await listen(responder, addresses, {
      clock: io.clock,
      limits: configuration.limits,
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
function renewIdentity(files: IdentityFiles, listening: Listening, io: DaemonIo): Promise<void> {
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

function complain(error: unknown, io: DaemonIo): void {
  io.stderr(`rootwalk: internal error: ${error instanceof Error ? error.message : String(error)}\n`);
}
