/**
 * What answers: a resolver, a responder and sockets, made from a configuration and changed by another one while it runs.
 * The sockets hold on to `respond`, so the responder behind it can be replaced; a resolver that is replaced finishes what
 * it was asked.
 */
import type { CryptoEngine } from "../crypto/engine.ts";
import type { TrustAnchor } from "../dnssec/trust-anchor.ts";
import { createFold, type Fold } from "../page/fold.ts";
import type { AnchorStore, Resolver } from "../resolver/api.ts";
import { Snapshot } from "../resolver/snapshot.ts";
import { type Access, createAccess } from "../server/access.ts";
import type { TlsIdentity } from "../server/identity.ts";
import { type ListenAddress, ListenError, type Listening, listen } from "../server/listeners.ts";
import { createResponder, type Responder } from "../server/responder.ts";
import { Name } from "../wire/name.ts";
import { typeFromText } from "../wire/registry.ts";
import { anchorNews } from "./anchor-news.ts";
import { changesBetween } from "./changes.ts";
import type { Command, Told, WorkerStatus } from "./commands.ts";
import type { Configuration } from "./configuration.ts";
import { failuresLog } from "./failures-log.ts";
import { fingerprint } from "./fingerprint.ts";
import { IdentityWatch } from "./identity-watch.ts";
import type { DaemonIo } from "./io.ts";
import { listenAddresses, readyText } from "./listening.ts";
import type { Log, LogLevel } from "./log.ts";
import { NegativeAnchors } from "./negative-anchors.ts";
import { packageVersion } from "./package.ts";
import { nsidOf, type Plan, planOf } from "./plan.ts";
import { Tally } from "./tally.ts";
import { tracer } from "./trace.ts";
import { UsageError } from "./usage-error.ts";
import { heirOf, type Warmth } from "./warmth.ts";
import { type Watched, watched } from "./watch.ts";

/** Their least lifetime is a minute. */
const NEGATIVE_ANCHORS_MS = 60_000;
const LEAST_CACHE_OCTETS = 1_048_576;

export interface EngineParts {
  readonly io: DaemonIo;
  readonly log: Log;
  /** 1 and up, of how many processes that answer. */
  readonly worker: number;
  readonly workers: number;
  /** Who follows key rollovers: this process, with a store or without, or another one that hands over what is trusted. */
  readonly anchors:
    | { readonly kind: "followed here"; readonly store: AnchorStore | null }
    | { readonly kind: "handed over"; readonly anchors: readonly TrustAnchor[] };
  readonly readConfiguration: () => Configuration;
  /** What an earlier run knew; the first of several processes saves it again. Null: nothing is kept. */
  readonly warmth: Warmth | null;
  /** Sockets that systemd opened; null: we open them. */
  readonly inherited: readonly ListenAddress[] | null;
}

/** Everything that a configuration makes, but sockets. */
interface Made {
  readonly configuration: Configuration;
  readonly responder: Responder;
  readonly access: Access;
  readonly resolver: Resolver;
  readonly asked: Watched;
  /** What the resolver began with, and where it tells what it knows. */
  readonly snapshot: Snapshot;
  /** Two with the same one need the same resolver. */
  readonly resolverPrint: string;
  readonly plan: Plan;
}

export class Engine {
  readonly #parts: EngineParts;
  readonly #fold: Fold;
  readonly #tally = new Tally();
  /** Counted; one for all resolvers, for keys remember by whom they were imported. */
  readonly #cryptography: { readonly engine?: CryptoEngine };
  readonly #negative = new NegativeAnchors();
  readonly #tellFailure: ReturnType<typeof failuresLog>;
  readonly #stopped = new AbortController();
  readonly #identityWatch: IdentityWatch;
  #anchors: EngineParts["anchors"];
  #made: Made;
  #listening: Listening | null = null;
  #rootSecureMs: number | null = null;

  /** UsageError for files that cannot be used. */
  constructor(configuration: Configuration, parts: EngineParts) {
    this.#parts = parts;
    this.#cryptography = parts.io.engine === undefined ? {} : { engine: this.#tally.counted(parts.io.engine) };
    this.#anchors = parts.anchors;
    this.#fold = createFold(parts.io.clock);
    const use = (identity: TlsIdentity) => this.#listening?.useIdentity(identity);
    this.#identityWatch = new IdentityWatch({ clock: parts.io.clock, log: parts.log, use });
    this.#tellFailure = failuresLog(parts.log, parts.io.clock);
    this.#made = this.#make(configuration, planOf(configuration, parts.io.clock.unixSeconds()), null);
  }

  /** Opens the sockets; the words for the line that says ready. ListenError. */
  async listen(): Promise<string> {
    const { configuration, plan } = this.#made;
    const { identityFiles, identity } = plan;
    const { io, log, workers } = this.#parts;
    this.#listening = await listen(
      { respond: (octets, from) => this.#made.responder.respond(octets, from) },
      listenAddresses(configuration, this.#parts.inherited),
      {
        clock: io.clock,
        limits: configuration.limits,
        onUnserved: this.#tally.onUnserved,
        onFault: (where, error) => log.error(`${where}: ${error.message}`),
        sockets: workers > 1 ? "shared between workers" : "own",
        ...(identity === null ? {} : { identity }),
      },
    );
    for (const { message } of this.#listening.leftOut) log.warn(`going on without: ${message}`);
    this.#identityWatch.follow(identityFiles);
    if (this.#parts.worker === 1) void this.#parts.warmth?.saveUntil(this.#stopped.signal);
    // The root's servers and keys, so that the first client need not wait for them; who fails to reach them now tries later.
    void this.#prime();
    void this.#watchNegativeAnchors();
    return readyText(this.#listening);
  }

  async stop(): Promise<void> {
    await this.#listening?.close();
    this.#stopped.abort();
    this.#identityWatch.stop();
    this.#tally.close();
    if (this.#listening !== null && this.#parts.worker === 1) await this.#parts.warmth?.save();
    await this.#made.resolver.close();
  }

  /** Never rejects. */
  async tell(command: Command): Promise<Told> {
    try {
      return await this.#tell(command);
    } catch (error) {
      if (error instanceof UsageError || error instanceof ListenError || error instanceof TypeError)
        return { do: "refused", why: error.message };
      this.#parts.log.error(`internal error: ${messageOf(error)}`);
      return { do: "refused", why: `internal error: ${messageOf(error)}` };
    }
  }

  async #tell(command: Command): Promise<Told> {
    const { memory } = this.#made.resolver;
    switch (command.do) {
      case "status":
        return { do: "status", status: await this.status() };
      case "lookup": {
        if (command.type !== null && typeFromText(command.type) === null)
          throw new UsageError(`"${command.type}" is no record type`);
        const found = memory.inspect(Name.parse(command.name));
        const wanted = command.type?.toUpperCase();
        return {
          do: "lookup",
          found: wanted === undefined ? found : found.filter(({ type }) => type === wanted || type === "any"),
        };
      }
      case "flush": {
        const dropped = memory.flush(Name.parse(command.name), command.scope);
        // The responder remembers replies.
        this.#made = { ...this.#made, responder: this.#responder(this.#made) };
        return { do: "flush", dropped };
      }
      case "log-level":
        this.#parts.log.setLevel(command.level);
        return { do: "log-level" };
      case "reload":
        return { do: "reload", changes: await this.reload(this.#parts.readConfiguration()) };
    }
  }

  async status(): Promise<WorkerStatus> {
    const { io, worker, log } = this.#parts;
    void this.#checkRoot();
    const { rss, heapUsed } = process.memoryUsage();
    const secure = this.#rootSecureMs;
    return {
      worker,
      pid: process.pid,
      listening: this.#listening === null ? "" : readyText(this.#listening),
      counts: this.#fold.counts(),
      tallied: this.#tally.read(),
      connections: this.#listening?.connections ?? 0,
      sizes: this.#made.resolver.memory.sizes(),
      residentOctets: rss,
      heapOctets: heapUsed,
      eventLoopDelayMs: this.#tally.eventLoopDelayMs(),
      rootSecureSecondsAgo: secure === null ? null : Math.max(0, (io.clock.monotonicMs() - secure) / 1000),
      logLevel: log.level,
    };
  }

  /** One question from the page or from a person; it counts as a client's. */
  get resolver(): Pick<Resolver, "resolve" | "memory"> {
    return this.#made.resolver;
  }

  /** Sentences about what changed. Throws UsageError or ListenError, and all is as it was then. */
  async reload(configuration: Configuration): Promise<readonly string[]> {
    const before = this.#made;
    const changes = changesBetween(before.configuration, configuration);
    const plan = planOf(configuration, this.#parts.io.clock.unixSeconds());
    const made = this.#make(configuration, plan, before);
    try {
      await this.#listening?.change(listenAddresses(configuration, this.#parts.inherited), plan.identity);
    } catch (error) {
      if (made.resolver !== before.resolver) await made.resolver.close();
      throw error;
    }
    this.#listening?.useLimits(configuration.limits);
    this.#made = made;
    this.#identityWatch.follow(plan.identityFiles);
    this.#parts.warmth?.use(made.snapshot);
    const level = configuration.options["log-level"] as LogLevel;
    if (level !== before.configuration.options["log-level"]) this.#parts.log.setLevel(level);
    if (made.resolver === before.resolver) return changes;
    void this.#retire(before);
    void this.#prime();
    return [
      ...changes,
      "a new resolver answers, and proves again what the old one knew; that one finishes what it was asked",
    ];
  }

  /** Other keys are trusted, says the process that follows them. */
  useAnchors(anchors: readonly TrustAnchor[]): void {
    this.#anchors = { kind: "handed over", anchors };
    this.#remake();
  }

  /** Makes all, so that whatever is wrong with it is found before anything is replaced. */
  #make(configuration: Configuration, plan: Plan, before: Made | null): Made {
    const { io, workers } = this.#parts;
    const access = createAccess({ rules: plan.rules });
    const now = io.clock.unixSeconds();
    const negativeAnchors = this.#negative.holding(configuration.zones.negativeAnchors, now);
    const options = { ...plan.resolver, negativeAnchors };
    const isStatic = configuration.options["static-trust-anchors"];
    const handed = this.#anchors.kind === "handed over" ? this.#anchors.anchors : null;
    const resolverPrint = fingerprint({ options, isStatic, handed });
    const keeps = before !== null && before.resolverPrint === resolverPrint;
    const snapshot = keeps
      ? before.snapshot
      : before === null
        ? (this.#parts.warmth?.snapshot ?? new Snapshot())
        : heirOf(before.snapshot, now);
    const cacheOctets = options.settings?.cacheOctets;
    const resolver = keeps
      ? before.resolver
      : io.createResolver({
          ...options,
          snapshot,
          ...(handed === null ? {} : { trustAnchors: handed }),
          settings: {
            ...options.settings,
            ...(workers === 1
              ? {}
              : { cacheOctets: Math.max(LEAST_CACHE_OCTETS, Math.floor((cacheOctets ?? 64 * 1_048_576) / workers)) }),
          },
          onEvent: this.#hear(configuration),
          ...this.#cryptography,
          ...(isStatic || this.#anchors.kind === "handed over"
            ? {}
            : { managedAnchors: { store: this.#anchors.store } }),
        });
    const asked = keeps
      ? before.asked
      : watched(resolver, io.clock, ({ answer, ms, fromCache }) => {
          this.#fold.answered(answer, { ms, fromCache });
          this.#tellFailure(answer);
          if (answer.authenticated && answer.question.name.isRoot) this.#rootSecureMs = io.clock.monotonicMs();
        });
    const made = { configuration, plan, access, resolver, asked, snapshot, resolverPrint };
    return { ...made, responder: this.#responder(made) };
  }

  #responder({ configuration, plan, access, asked }: Omit<Made, "responder">): Responder {
    const { options, limits } = configuration;
    const { log, io } = this.#parts;
    return createResponder({
      resolver: asked,
      access,
      clock: io.clock,
      version: options["hide-version"] ? null : `rootwalk ${packageVersion()}`,
      identity: options.identity,
      nsid: nsidOf(configuration),
      cookies: plan.cookies,
      limits,
      emit: (event) => {
        this.#tally.onServer(event);
        if (event.kind === "answered" && event.again !== null) this.#fold.repeated(event.again, 0);
        // Only what an operator must act upon; what clients do is their affair.
        if (event.kind === "fault") log.error(`internal error: ${messageOf(event.error)}`);
      },
    });
  }

  #hear({ options }: Configuration): NonNullable<Parameters<DaemonIo["createResolver"]>[0]["onEvent"]> {
    const { io, log } = this.#parts;
    const trace = options.trace ? tracer(io.clock, io.stderr) : null;
    return (event) => {
      this.#fold.hear(event);
      this.#tally.onResolution(event);
      trace?.(event);
      const news = anchorNews(event);
      if (news !== null) log.warn(news, { event: event.kind });
    };
  }

  async #prime(): Promise<void> {
    try {
      await this.#made.resolver.prime();
      await this.#checkRoot();
    } catch (error) {
      this.#parts.log.error(`internal error: ${messageOf(error)}`);
    }
  }

  /** `. NS`, from memory most of the time: as Postfix probes. */
  async #checkRoot(): Promise<void> {
    const { resolver } = this.#made;
    const { clock } = this.#parts.io;
    const answer = await resolver.resolve(Name.root, "NS", { signal: this.#stopped.signal });
    if (answer.authenticated) this.#rootSecureMs = clock.monotonicMs();
  }

  /** Nobody who waits for it is sent away. */
  async #retire({ resolver, asked, configuration }: Made): Promise<void> {
    const { clock } = this.#parts.io;
    const untilMs = clock.monotonicMs() + (configuration.settings.totalTimeoutMs ?? 8000);
    while (asked.waiting > 0 && clock.monotonicMs() < untilMs) await clock.sleep(100, this.#stopped.signal);
    await resolver.close();
  }

  /** Their end, and whether they are still needed: a resolver without them is asked. RFC 7646 §4. */
  async #watchNegativeAnchors(): Promise<void> {
    const { io, log } = this.#parts;
    const { clock } = io;
    for (;;) {
      await (clock.doze ?? clock.sleep)(NEGATIVE_ANCHORS_MS, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return;
      const { configuration, plan } = this.#made;
      const now = clock.unixSeconds();
      const holding = this.#negative.holding(configuration.zones.negativeAnchors, now);
      if (holding.length > 0) {
        const probe = io.createResolver({ ...plan.resolver, negativeAnchors: [] });
        for (const name of await this.#negative.recheck(holding, probe))
          log.warn(`${name} validates again: its negative trust anchor ends now, and may be taken out`);
        await probe.close();
      }
      this.#remake();
    }
  }

  /** Files may be gone by now, or half written: then what was read before holds. */
  #planAgain({ configuration, plan }: Made): Plan {
    try {
      return planOf(configuration, this.#parts.io.clock.unixSeconds());
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#parts.log.error(`going on with what was read before: ${error.message}`);
      return plan;
    }
  }

  /** The same configuration at another time, or with other anchors. */
  #remake(): void {
    const before = this.#made;
    this.#made = this.#make(before.configuration, this.#planAgain(before), before);
    this.#parts.warmth?.use(this.#made.snapshot);
    if (this.#made.resolver !== before.resolver) void this.#retire(before);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
