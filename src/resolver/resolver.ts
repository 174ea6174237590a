/** The resolver: its parts put together, deadlines, stale data, its life from priming to close. What it gives out is judged. */

import { DelegationCache } from "../cache/delegations.ts";
import { InfraCache } from "../cache/infra.ts";
import { ZoneCache } from "../cache/zones.ts";
import type { CryptoEngine } from "../crypto/engine.ts";
import type { TrustAnchor } from "../dnssec/anchors.ts";
import { type Answer, joinAnswer } from "../dnssec/answer.ts";
import type { Policy } from "../dnssec/judge.ts";
import { failure } from "../dnssec/proof.ts";
import { indeterminate } from "../dnssec/verdict.ts";
import { Ending } from "../env/abort.ts";
import type { Env } from "../env/env.ts";
import type { Question } from "../wire/message.ts";
import { Name } from "../wire/name.ts";
import { CLASS, type RRType, TYPE, typeFromText } from "../wire/registry.ts";
import { AddressLookup } from "./addresses.ts";
import type { Memory, ResolveOptions, Resolver, ResolverParts, Unchecked } from "./api.ts";
import { Boundaries } from "./boundaries.ts";
import { Chain } from "./chain.ts";
import { Fetcher } from "./fetcher.ts";
import { Flights } from "./flights.ts";
import { Follower } from "./follow.ts";
import { keyTagQuestion, trustedTags } from "./key-tags.ts";
import { KnownAnswers } from "./known.ts";
import { LinkStore } from "./link-store.ts";
import { localLink } from "./local.ts";
import { Anchors } from "./managed-anchors.ts";
import { memoryOf } from "./memory.ts";
import { type Settings, settingsWith } from "./options.ts";
import { type Impatience, within } from "./patience.ts";
import { policyFrom } from "./policy.ts";
import { backgroundEnv, LAST_PART, Prefetcher } from "./prefetch.ts";
import { PrivateAddresses } from "./private-addresses.ts";
import {
  delegationFromConfiguration,
  delegationFromForward,
  delegationFromHints,
  delegationFromPriming,
} from "./roots.ts";
import { withRootKeySentinel } from "./sentinel.ts";
import { Session, type Task } from "./session.ts";
import { freshOrStale, hasData } from "./stale.ts";
import { Synthesizer } from "./synthesis.ts";
import { Turns } from "./turns.ts";
import { followUnchecked, uncheckedFailure } from "./unchecked.ts";

export type * from "./api.ts";

export function createResolver(parts: ResolverParts): Resolver {
  const resolver = new IterativeResolver(parts);
  return parts.settings?.rootKeySentinel === true
    ? withRootKeySentinel(resolver, () => resolver.trustedRootTags())
    : resolver;
}

class IterativeResolver implements Resolver {
  readonly memory: Memory;
  readonly #env: Env;
  readonly #engine: CryptoEngine;
  readonly #settings: Settings;
  readonly #policy: Policy;
  readonly #flights: Flights;
  readonly #links: LinkStore;
  readonly #delegations: DelegationCache;
  readonly #fetcher: Fetcher;
  readonly #chain: Chain;
  readonly #follower: Follower;
  readonly #anchors: Anchors;
  readonly #known: KnownAnswers;
  readonly #private: PrivateAddresses;
  readonly #closing = new Ending();
  readonly #forwarding: boolean;
  /** The operator named the root's servers, as a stub: what the root says of its own would send us elsewhere. */
  readonly #isRootStubbed: boolean;
  readonly #turns: Turns;
  #priming: Promise<void> | null = null;
  #primedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ResolverParts) {
    const settings = settingsWith(parts.settings ?? {});
    const { env, forwards = [], stubs = [], negativeAnchors = [] } = parts;
    const { clock } = env;
    const part = (share: number): number => Math.floor(settings.cacheOctets * share);
    this.#env = env;
    this.#turns = new Turns(clock);
    this.#engine = parts.engine;
    this.#settings = settings;
    this.#policy = policyFrom(settings, parts.unsafeExtraAlgorithms ?? []);
    this.#forwarding = forwards.length > 0;
    this.#isRootStubbed = stubs.some(({ zone }) => zone.isRoot);
    const flights = new Flights(settings.waiters);
    const delegations = new DelegationCache(clock, {
      maxOctets: part(0.1),
      minTtl: settings.minDelegationTtl,
      maxTtl: settings.maxTtl,
    });
    const root = delegationFromHints(parts.hints);
    delegations.startAt(root);
    for (const forward of forwards) delegations.configure(delegationFromForward(forward, root));
    for (const stub of stubs) delegations.configure(delegationFromConfiguration(stub, "authoritative"));
    const addresses = new AddressLookup(settings, {
      cached: (question) => this.cached(question),
      follow: (question, task) => this.#follower.follow(question, task),
    });
    const infra = new InfraCache(clock);
    const zones = new ZoneCache(clock, part(0.1));
    const boundaries = new Boundaries([
      ...parts.anchors.map((anchor) => anchor.zone),
      ...negativeAnchors,
      ...[...forwards, ...stubs].map((configured) => configured.zone),
    ]);
    const synthesizer = settings.aggressiveNsec
      ? new Synthesizer({
          maxTtl: settings.maxNegativeTtl,
          clock,
          zones,
          engine: parts.engine,
          policy: this.#policy,
          boundaries,
          maxOctets: part(0.1),
        })
      : null;
    this.#private = new PrivateAddresses(parts.privateAddresses ?? [], parts.privateDomains ?? []);
    this.#links = new LinkStore(clock, settings, {
      privateAddresses: this.#private,
      maxOctets: part(0.6),
      failureOctets: part(0.05),
      forwarding: this.#forwarding,
      synthesizer,
      boundaries,
    });
    this.#known = new KnownAnswers({
      clock,
      links: this.#links,
      aliasSteps: settings.aliasSteps,
      prefetcher: settings.prefetch
        ? new Prefetcher({
            clock,
            atOnce: settings.prefetchesAtOnce,
            lifetime: (question) => this.#links.lifetime(question),
            refresh: (question) => this.#refresh(question),
          })
        : null,
    });
    this.#fetcher = new Fetcher({
      clock,
      settings,
      flights,
      delegations,
      infra,
      addresses,
      maxOctets: part(0.05),
      snapshot: parts.snapshot ?? null,
    });
    parts.snapshot?.attach({ clock, answers: this.#links.answers, delegations, zones });
    for (const delegation of parts.snapshot?.takeDelegations(clock.unixSeconds(), settings) ?? [])
      delegations.remember(delegation);
    this.#anchors = new Anchors({
      configured: parts.anchors,
      managed: parts.managedAnchors ?? null,
      insecureWhenRevoked: settings.insecureWhenRevoked,
      clock,
      judge: () => this.#background().session.judge(),
      emit: env.emit,
      onChange: () => zones.clear(),
      onRefresh: (anchor) => settings.trustAnchorSignal && this.#signal(anchor),
    });
    this.#chain = new Chain({
      settings,
      flights,
      zones,
      delegations,
      fetcher: this.#fetcher,
      anchors: this.#anchors,
      negativeAnchors,
      onDenial: (denial) => synthesizer?.learnCut(denial),
    });
    this.#follower = new Follower({
      settings,
      flights,
      delegations,
      links: this.#links,
      fetcher: this.#fetcher,
      chain: this.#chain,
    });
    this.memory = memoryOf({
      clock,
      links: this.#links,
      known: this.#known,
      delegations,
      zones,
      trustAnchors: () => this.#anchors.current,
      clearUnjudged: (at) => {
        this.#fetcher.clear();
        parts.snapshot?.forgetAll(at);
      },
    });
    this.#flights = flights;
    this.#delegations = delegations;
  }

  async resolve(name: Name | string, type: RRType | string, options: ResolveOptions = {}): Promise<Answer> {
    const question = questionFrom(name, type);
    const cached = this.cached(question, options);
    if (cached !== undefined) {
      options.onEvent?.({ kind: "cached", question, status: cached.verdict.status });
      return cached;
    }
    if (!this.#mayBeStale(options) || this.#known.stale(question, null) === null)
      return this.#lookUp(question, options);
    const { signal, ...patient } = options;
    return freshOrStale({
      clock: this.#env.clock,
      waitMs: this.#settings.staleClientTimeoutMs,
      caller: signal,
      refresh: () => this.#lookUp(question, patient),
      stale: (because) => this.#known.stale(question, because),
      aborted: () => this.#late(question, [], "aborted"),
    });
  }

  cached(question: Question, options: Pick<ResolveOptions, "stale"> = {}): Answer | undefined {
    const known = this.#known.fresh(question);
    if (known === undefined || hasData(known) || !this.#mayBeStale(options)) return known;
    // RFC 8767 §5, failure recheck timer: what failed a moment ago is not tried again for every client.
    return this.#known.stale(question, known) ?? known;
  }

  async resolveUnchecked(name: Name | string, type: RRType | string, options: ResolveOptions = {}): Promise<Unchecked> {
    const question = questionFrom(name, type);
    const local = localLink(question, this.#forwarding);
    if (local !== null && "value" in local.verdict) {
      const { value } = local.verdict;
      return { question, rcode: value.rcode, answer: value.rrsets, authority: value.authority, ede: [] };
    }
    return within(
      this.#patience(options),
      (signal) => {
        const task = this.#task(signal, { trouble: [], listener: options.onEvent });
        return followUnchecked(question, task, this.#fetcher, this.#settings).then((found) =>
          this.#private.filterUnchecked(found),
        );
      },
      (why) => uncheckedFailure(question, why),
    );
  }

  prime(): Promise<void> {
    this.#anchors.start((zone, when) => this.#chain.renew(zone, when === "now" ? this.#ownTask() : this.#background()));
    if (this.#env.clock.monotonicMs() < this.#primedUntilMs || this.#forwarding) return Promise.resolve();
    this.#priming ??= this.#prime().finally(() => {
      this.#priming = null;
    });
    return this.#priming;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#anchors.stop();
    this.#flights.abortAll();
    await this.#flights.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  trustedRootTags(): readonly number[] {
    const root = this.#anchors.current.find((anchor) => anchor.zone.isRoot);
    return root === undefined ? [] : trustedTags(root);
  }

  /** Nobody waits for the answer: the question is the message. RFC 8145 §5. */
  #signal(anchor: TrustAnchor): void {
    const question = keyTagQuestion(anchor);
    if (question !== null) void this.#fetcher.fetch(question, this.#background());
  }

  /** The root's own NS RRset for as long as it says; if it cannot be had, the hints do, and it is tried again later. */
  async #prime(): Promise<void> {
    const task = this.#ownTask();
    const until = (seconds: number): void => {
      this.#primedUntilMs = this.#env.clock.monotonicMs() + seconds * 1000;
    };
    if (this.#isRootStubbed) {
      await this.#chain.trustOf(Name.root, task);
      return until(this.#settings.maxFailureTtl);
    }
    const question = { name: Name.root, type: TYPE.NS, class: CLASS.IN };
    const priming = this.#fetcher.fetch(question, task, { snapshot: "left out" }); // addresses come with it
    const [fetched] = await Promise.all([priming, this.#chain.trustOf(Name.root, task)]);
    const answered = fetched.kind === "found" && fetched.response.kind === "answer";
    const primed = answered ? delegationFromPriming(fetched) : null;
    if (primed !== null) this.#delegations.remember(primed);
    until(primed === null ? this.#settings.maxFailureTtl : Math.min(primed.ttl, this.#settings.maxTtl));
  }

  #lookUp(question: Question, options: ResolveOptions): Promise<Answer> {
    const trouble: string[] = [];
    return within(
      this.#patience(options),
      (signal) => this.#follower.follow(question, this.#task(signal, { trouble, listener: options.onEvent })),
      (why) => this.#late(question, trouble, why),
    );
  }

  /** In the background: a budget of its own, and nothing that holds the process. */
  #refresh(question: Question): Promise<unknown> {
    const env = backgroundEnv(this.#env);
    this.#delegations.forgetEnding(question.name, LAST_PART);
    return within(
      { ...this.#patience({}), clock: env.clock },
      (signal) => this.#follower.ask(question, this.#task(signal, { trouble: [], listener: undefined, env })),
      () => null,
    );
  }

  #mayBeStale({ stale = "never" }: Pick<ResolveOptions, "stale">): boolean {
    return this.#settings.serveStale && stale === "allowed";
  }

  #late(question: Question, trouble: readonly string[], why: Impatience): Answer {
    const told = trouble.length === 0 ? "" : ` (${trouble.join(", ")})`;
    const verdict = indeterminate(
      failure(
        why === "too late" ? why : "aborted",
        question.name,
        `${question.name}: ${lateText(why, this.#settings)}${told}`,
      ),
    );
    if (why === "too late") this.#links.rememberFailure(question, verdict);
    return joinAnswer({ question, links: [], last: verdict, notes: [] });
  }

  #patience(options: ResolveOptions): Parameters<typeof within>[0] {
    if (!this.#closing.signal.aborted) void this.prime();
    return {
      clock: this.#env.clock,
      deadlineMs: this.#settings.totalTimeoutMs,
      caller: options.signal,
      closing: this.#closing.signal,
    };
  }

  /** For no client; whoever calls `prime` waits for it. */
  #ownTask(): Task {
    return this.#task(this.#closing.signal, { trouble: [], listener: undefined });
  }

  /** For nobody at all: it keeps no process alive. */
  #background(): Task {
    return this.#task(this.#closing.signal, { trouble: [], listener: undefined, env: backgroundEnv(this.#env) });
  }

  #task(
    signal: AbortSignal,
    by: {
      readonly trouble: string[];
      readonly listener: ResolveOptions["onEvent"] | undefined;
      readonly env?: Env;
    },
  ): Task {
    const session = new Session({
      env: this.#env,
      engine: this.#engine,
      policy: this.#policy,
      settings: this.#settings,
      turns: this.#turns,
      signal,
      ...by,
    });
    return { session, flight: null, depth: 0, signal };
  }
}

function questionFrom(name: Name | string, type: RRType | string): Question {
  const number = typeof type === "number" ? type : typeFromText(type);
  if (number === null || !Number.isInteger(number) || number < 1 || number > 65534)
    throw new TypeError(`"${type}" is no RR type`);
  return { name: typeof name === "string" ? Name.parse(name) : name, type: number, class: CLASS.IN };
}

function lateText(why: Impatience, settings: Settings): string {
  switch (why) {
    case "too late":
      return `no answer within ${settings.totalTimeoutMs} ms`;
    case "aborted":
      return "nobody waits for the answer";
    case "closed":
      return "the resolver was closed";
  }
}
