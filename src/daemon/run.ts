/** The daemon's life: one process that answers, or a primary with its workers; started, reloaded, stopped. */
import type { TrustAnchor } from "../dnssec/trust-anchor.ts";
import { mergeCounts } from "../page/fold.ts";
import type { Page } from "../page/server.ts";
import type { Status } from "../page/status.ts";
import type { Resolver } from "../resolver/api.ts";
import { ListenError } from "../server/listeners.ts";
import { parseServerAddress } from "../wire/address.ts";
import { anchorNews } from "./anchor-news.ts";
import type { AskAll, WorkerStatus } from "./commands.ts";
import type { Configuration } from "./configuration.ts";
import { type Control, controlPath, openControl } from "./control.ts";
import { Engine } from "./engine.ts";
import { fingerprint } from "./fingerprint.ts";
import { growSparingly } from "./heap.ts";
import type { HttpDoor } from "./http.ts";
import { inheritedAddresses } from "./inherited.ts";
import type { DaemonIo } from "./io.ts";
import { createLog, type Log, type LogLevel } from "./log.ts";
import { packageVersion } from "./package.ts";
import { resolverOptionsOf, storeOf } from "./plan.ts";
import { type Notifier, notifierFrom } from "./systemd.ts";
import { UsageError } from "./usage-error.ts";
import { warmthOf } from "./warmth.ts";
import {
  anchorFromPlain,
  type Ended,
  type Primary,
  primaryOfThisWorker,
  type ToWorker,
  WorkerPool,
} from "./workers.ts";

/** Resolves to the exit code: 0 stopped as told, 1 an address could not be opened. UsageError. */
export async function runDaemon(readConfiguration: () => Configuration, io: DaemonIo): Promise<number> {
  growSparingly();
  const primary = primaryOfThisWorker();
  if (primary !== null) return await runWorker(primary, readConfiguration, io);
  const configuration = readConfiguration();
  const log = logFor(configuration, io, null);
  for (const warning of configuration.warnings) log.warn(warning);
  return configuration.options.workers === 1
    ? await runAlone(configuration, readConfiguration, { io, log })
    : await runPrimary(configuration, readConfiguration, { io, log });
}

interface Base {
  readonly io: DaemonIo;
  readonly log: Log;
}

async function runAlone(configuration: Configuration, readConfiguration: () => Configuration, { io, log }: Base) {
  const store = storeOf(configuration, (sentence) => log.warn(sentence));
  const inherited = inheritedAddresses(io.env ?? {});
  const engine = new Engine(configuration, {
    io,
    log,
    worker: 1,
    workers: 1,
    anchors: { kind: "followed here", store },
    readConfiguration,
    warmth: warmthOf(configuration, { clock: io.clock, tell: (sentence) => log.warn(sentence) }),
    inherited,
  });
  try {
    return await serve(configuration, {
      io,
      log,
      readConfiguration,
      ask: async (command) => [await engine.tell(command)],
      resolver: () => engine.resolver,
      start: () => engine.listen(),
      ended: new Promise<never>(() => {}),
    });
  } finally {
    await engine.stop();
  }
}

/** Follows the trust anchors for all workers, and answers nobody. */
async function runPrimary(configuration: Configuration, readConfiguration: () => Configuration, { io, log }: Base) {
  const store = storeOf(configuration, (sentence) => log.warn(sentence));
  const inherited = inheritedAddresses(io.env ?? {});
  // Wrong files are found here, before there are workers to say so.
  new Engine(configuration, {
    io,
    log,
    worker: 0,
    workers: 2,
    anchors: { kind: "handed over", anchors: [] },
    readConfiguration,
    warmth: null,
    inherited,
  })
    .stop()
    .catch(() => {});
  const followerOf = (by: Configuration): Follower => {
    const isStatic = by.options["static-trust-anchors"];
    const options = resolverOptionsOf(by, io.clock.unixSeconds());
    const resolver = io.createResolver({
      ...options,
      settings: { ...by.settings, cacheOctets: FOLLOWER_OCTETS },
      ...(isStatic ? {} : { managedAnchors: { store } }),
      onEvent: (event) => {
        const news = anchorNews(event);
        if (news !== null) log.warn(news, { event: event.kind });
        if (event.kind === "anchor key" || event.kind === "anchor lost") pool.useAnchors(anchorsNow());
      },
    });
    return { resolver, print: fingerprint({ options, isStatic }) };
  };
  let follower = followerOf(configuration);
  // With static anchors these are the configured ones.
  const anchorsNow = (): readonly TrustAnchor[] => follower.resolver.memory.trustAnchors();
  const pool = new WorkerPool({
    workers: configuration.options.workers,
    clock: io.clock,
    log,
    anchors: anchorsNow,
    inherited,
  });
  try {
    return await serve(configuration, {
      io,
      log,
      readConfiguration,
      ask: async (command) => {
        const told = await pool.tell(command);
        if (command.do !== "reload" || told.some((each) => each.do === "refused")) return told;
        const before = follower;
        const after = followerOf(readConfiguration());
        if (after.print === before.print) await after.resolver.close();
        else {
          follower = after;
          await before.resolver.close();
          void after.resolver.prime().catch(() => {});
          pool.useAnchors(anchorsNow());
        }
        return told;
      },
      resolver: () => follower.resolver,
      start: async () => {
        const listening = await pool.start();
        void follower.resolver.prime().catch(() => {});
        return listening;
      },
      ended: pool.ended,
    });
  } finally {
    await pool.stop();
    await follower.resolver.close();
  }
}

/** The primary asks for the keys of anchors' zones, and what the page's box is asked. */
const FOLLOWER_OCTETS = 4 * 1_048_576;

interface Follower {
  readonly resolver: Resolver;
  /** Two with the same one need not be replaced. */
  readonly print: string;
}

interface Serving extends Base {
  readonly readConfiguration: () => Configuration;
  readonly ask: AskAll;
  /** For the page's question box. */
  readonly resolver: () => Pick<Resolver, "resolve">;
  /** The words of the line that says ready. ListenError. */
  readonly start: () => Promise<string | Ended>;
  readonly ended: Promise<Ended>;
}

/** All that surrounds those who answer: control socket, metrics, page, signals, systemd. */
async function serve(configuration: Configuration, serving: Serving): Promise<number> {
  const { io, log, ask, ended } = serving;
  const stop = new AbortController();
  const since = io.clock.unixSeconds();
  const notifier = notifierFrom(io.env ?? {}, log);
  const doors: (Control | HttpDoor | Page)[] = [];
  const statuses = async (): Promise<readonly WorkerStatus[]> =>
    (await ask({ do: "status" })).flatMap((told) => (told.do === "status" ? [told.status] : []));
  try {
    const { options } = configuration;
    const path = controlPath(configuration, io.env ?? {});
    // A daemon without its control socket still answers: only one that was asked for is a mistake.
    const reload = (): Promise<readonly string[]> => reloadAll(serving, notifier);
    if (path !== null) {
      const askControl: AskAll = async (command) => {
        if (command.do !== "reload") return await ask(command);
        try {
          return [{ do: "reload", changes: await reload() }];
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
          return [{ do: "refused", why: error.message }];
        }
      };
      try {
        doors.push(await openControl(path, { ask: askControl, stop: () => stop.abort(), clock: io.clock }));
      } catch (error) {
        if (!(error instanceof UsageError) || options["control-socket"] !== null) throw error;
        log.warn(`${error.message}: rootwalk ctl will not work`);
      }
    }
    if (options.metrics !== null) {
      const { openMetrics } = await import("./http.ts");
      const door = await openMetrics(options.metrics, statuses);
      doors.push(door);
      log.info(`metrics and health on ${door.url}`);
    }
    if (options.http !== null) {
      const page = await openPage(configuration, { ...serving, statuses, since });
      doors.push(page);
      log.info(`the dashboard is on ${page.url}`);
    }
    const started = await serving.start();
    if (typeof started !== "string") return gaveUp(started, log);
    io.stdout(`rootwalk ${packageVersion()} ready on ${started}\n`);
    notifier.ready();
    const release = io.onReload?.(
      () => void reload().catch((error: Error) => log.error(`nothing was changed: ${error.message}`)),
    );
    void notifier.watchdog(io.clock, stop.signal, async () => (await statuses()).length > 0);
    const end = await Promise.race([aborted(io.stop), aborted(stop.signal), ended]);
    release?.();
    notifier.stopping();
    return end === undefined ? 0 : gaveUp(end, log);
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    log.error(error.message);
    return 1;
  } finally {
    stop.abort();
    for (const door of doors) await door.close();
  }
}

function gaveUp({ why, code }: Ended, log: Log): number {
  log.error(why);
  return code;
}

/** Sentences about what changed. UsageError, and nothing was changed. */
async function reloadAll({ readConfiguration, ask, log }: Serving, notifier: Notifier): Promise<readonly string[]> {
  notifier.reloading();
  try {
    readConfiguration(); // a mistake is found once, before anybody is asked
    const told = await ask({ do: "reload" });
    const refused = told.find((each) => each.do === "refused");
    if (refused !== undefined) throw new UsageError(refused.why);
    const changes = told.flatMap((each) => (each.do === "reload" ? each.changes : []));
    const sentences = [...new Set(changes)];
    log.info(
      sentences.length === 0 ? "the configuration was read again: nothing changed" : "the configuration was read again",
    );
    for (const sentence of sentences) log.info(sentence);
    return sentences;
  } finally {
    notifier.ready();
  }
}

async function openPage(
  configuration: Configuration,
  by: Serving & { readonly statuses: () => Promise<readonly WorkerStatus[]>; readonly since: number },
): Promise<Page> {
  const { io, statuses, since, resolver } = by;
  // HTTP and the pictures are loaded when they are served.
  const [{ askFor }, { servePage }] = await Promise.all([import("../page/asking.ts"), import("../page/server.ts")]);
  const { address, port } = parseServerAddress(configuration.options.http!, 0)!;
  const status = async (): Promise<Status> => {
    const all = await statuses();
    return {
      version: packageVersion(),
      now: io.clock.unixSeconds(),
      since,
      workers: all.length,
      listening: (all[0]?.listening ?? "").split(" "),
      counts: mergeCounts(all.map((each) => each.counts)),
      memory: {
        residentOctets: all.reduce((sum, each) => sum + each.residentOctets, 0),
        cachedAnswers: all.reduce((sum, each) => sum + each.sizes.answers, 0),
      },
    };
  };
  const ask = (name: string, type: string, signal: AbortSignal) =>
    askFor({ name, type }, { resolver: resolver(), clock: io.clock, signal });
  try {
    const { options } = configuration;
    const reach = options["http-public"] ? "whoever can connect" : "this machine";
    return await servePage({
      source: { status, ask },
      timer: io.clock,
      ...{ address, port, reach, names: options["http-name"] },
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`${configuration.label("http")} ${configuration.options.http}: ${code ?? message}`);
  }
}

type Start = Extract<ToWorker, { readonly to: "start" }>;

/** One of several processes that answer. It does what the primary says, and ends with it. */
async function runWorker(primary: Primary, readConfiguration: () => Configuration, io: DaemonIo): Promise<number> {
  let engine: Engine | null = null;
  const over = new AbortController();
  const start = async ({ worker: number, anchors: handed, inherited }: Start): Promise<void> => {
    const anchors = handed.map(anchorFromPlain);
    try {
      const configuration = readConfiguration();
      const log = logFor(configuration, io, number);
      const made = new Engine(configuration, {
        io,
        log,
        worker: number,
        workers: configuration.options.workers,
        anchors: { kind: "handed over", anchors },
        readConfiguration,
        // All of them begin with it; a complaint about it is made once.
        warmth: warmthOf(configuration, { clock: io.clock, tell: (sentence) => number === 1 && log.warn(sentence) }),
        inherited,
      });
      engine = made;
      primary.send({ from: "ready", listening: await made.listen() });
    } catch (error) {
      const code = error instanceof UsageError ? 2 : 1;
      primary.send({ from: "failed", why: error instanceof Error ? error.message : String(error), code });
    }
  };
  primary.hear((message) => {
    switch (message.to) {
      case "start":
        void start(message);
        return;
      case "command":
        void engine?.tell(message.command).then((told) => primary.send({ from: "told", id: message.id, told }));
        return;
      case "anchors":
        engine?.useAnchors(message.anchors.map(anchorFromPlain));
        return;
      case "stop":
        over.abort();
        return;
    }
  });
  // Signals for the whole group of processes (^C) reach workers, too: the primary says when to stop.
  primary.onGone(() => over.abort());
  primary.send({ from: "online" });
  await aborted(over.signal);
  await (engine as Engine | null)?.stop();
  process.exit(0);
}

function logFor({ options }: Configuration, io: DaemonIo, worker: number | null): Log {
  return createLog({
    level: options["log-level"] as LogLevel,
    format: options["log-format"] === "json" ? "json" : "human",
    linesPerSecond: options["log-lines"],
    clock: io.clock,
    write: io.stderr,
    isJournal: io.env?.["JOURNAL_STREAM"] !== undefined,
    worker,
  });
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
}
