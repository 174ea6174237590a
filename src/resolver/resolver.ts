/** The resolver: cache, single flight, aliases, deadlines. RFC 1034 §5.3.3; what it gives out is judged. */

import type { Link } from "../cache/answers.ts";
import { DelegationCache } from "../cache/delegations.ts";
import { InfraCache } from "../cache/infra.ts";
import { ZoneCache } from "../cache/zones.ts";
import { defaultAlgorithms, sha1Algorithms } from "../crypto/algorithms.ts";
import type { CryptoEngine } from "../crypto/engine.ts";
import { type AliasLink, type Answer, type AnswerData, joinAnswer } from "../dnssec/answer.ts";
import type { Policy } from "../dnssec/judge.ts";
import { type FailureCode, failure } from "../dnssec/proof.ts";
import { indeterminate, type Verdict } from "../dnssec/verdict.ts";
import { overlongAlias } from "../dnssec/views.ts";
import { manyListeners } from "../env/abort.ts";
import type { Env } from "../env/env.ts";
import { classifyContinuation } from "../iterator/classify.ts";
import type { Question } from "../wire/message.ts";
import { Name } from "../wire/name.ts";
import { CLASS, type RRType, TYPE, typeFromText } from "../wire/registry.ts";
import { AddressLookup } from "./addresses.ts";
import type { ResolveOptions, Resolver, ResolverParts, Unchecked } from "./api.ts";
import { Boundaries } from "./boundaries.ts";
import { Chain } from "./chain.ts";
import { Fetcher } from "./fetcher.ts";
import { Flights } from "./flights.ts";
import { LinkStore } from "./link-store.ts";
import { localLink } from "./local.ts";
import { type Settings, settingsWith } from "./options.ts";
import { type Impatience, within } from "./patience.ts";
import { end, judge, type Once, provenDname, resolveOnce } from "./resolve-once.ts";
import { delegationFromConfiguration, delegationFromHints, delegationFromPriming } from "./roots.ts";
import { Session, type Task } from "./session.ts";
import { Synthesizer } from "./synthesis.ts";
import { followUnchecked, uncheckedFailure } from "./unchecked.ts";

export type * from "./api.ts";

export function createResolver(parts: ResolverParts): Resolver {
  return new IterativeResolver(parts);
}

/** DS digests that count: SHA-1, SHA-256, SHA-384. RFC 8624 §3.3; the weakest only where nothing better stands beside it. */
const digests: ReadonlySet<number> = new Set([1, 2, 4]);
/** Answers kept ready for this very second, so that a hot name costs one look-up. */
const FINISHED_ANSWERS = 50_000;

interface Finished {
  readonly answer: Answer;
  readonly second: number;
}

class IterativeResolver implements Resolver {
  readonly #env: Env;
  readonly #engine: CryptoEngine;
  readonly #settings: Settings;
  readonly #policy: Policy;
  readonly #flights: Flights;
  readonly #links: LinkStore;
  readonly #delegations: DelegationCache;
  readonly #fetcher: Fetcher;
  readonly #chain: Chain;
  readonly #finished = new Map<string, Finished>();
  readonly #closing = manyListeners();
  readonly #forwarding: boolean;
  #priming: Promise<void> | null = null;
  #primedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ResolverParts) {
    const settings = settingsWith(parts.settings ?? {});
    const { env, forwards = [], stubs = [], negativeAnchors = [] } = parts;
    const { clock } = env;
    const octets = settings.cacheOctets;
    this.#env = env;
    this.#engine = parts.engine;
    this.#settings = settings;
    this.#policy = policyFrom(settings, parts.unsafeExtraAlgorithms ?? []);
    this.#forwarding = forwards.length > 0;
    const flights = new Flights(settings.waiters);
    const delegations = new DelegationCache(clock, {
      maxOctets: Math.floor(octets * 0.15),
      minTtl: settings.minDelegationTtl,
      maxTtl: settings.maxTtl,
    });
    delegations.configure(delegationFromHints(parts.hints));
    for (const forward of forwards) delegations.configure(delegationFromConfiguration(forward, "recursive"));
    for (const stub of stubs) delegations.configure(delegationFromConfiguration(stub, "authoritative"));
    const addresses = new AddressLookup(settings, {
      cached: (question) => this.cached(question),
      follow: (question, task) => this.#follow(question, task),
    });
    const infra = new InfraCache(clock);
    const zones = new ZoneCache(clock, Math.max(1000, Math.floor((octets * 0.05) / 3000)));
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
          maxOctets: Math.floor(octets * 0.1),
        })
      : null;
    this.#links = new LinkStore(clock, settings, {
      maxOctets: Math.floor(octets * 0.7),
      forwarding: this.#forwarding,
      synthesizer,
      boundaries,
    });
    this.#fetcher = new Fetcher({ clock, settings, flights, delegations, infra, addresses });
    this.#chain = new Chain({
      settings,
      flights,
      zones,
      delegations,
      fetcher: this.#fetcher,
      anchors: parts.anchors,
      negativeAnchors,
      onDenial: (denial) => synthesizer?.learnCut(denial),
    });
    this.#flights = flights;
    this.#delegations = delegations;
  }

  async resolve(name: Name | string, type: RRType | string, options: ResolveOptions = {}): Promise<Answer> {
    const question = questionFrom(name, type);
    const cached = this.cached(question);
    if (cached !== undefined) {
      options.onEvent?.({ kind: "cached", question, status: cached.verdict.status });
      return cached;
    }
    const trouble: string[] = [];
    return within(
      this.#patience(options),
      (signal) => this.#follow(question, this.#task(signal, { trouble, listener: options.onEvent })),
      (why) => this.#late(question, trouble, why),
    );
  }

  cached(question: Question): Answer | undefined {
    const key = String.fromCharCode(question.type) + question.name.key;
    const second = Math.floor(this.#env.clock.monotonicMs() / 1000);
    const finished = this.#finished.get(key);
    if (finished !== undefined && finished.second === second) return finished.answer;
    const answer = this.#fromCache(question);
    if (answer === undefined) {
      if (finished !== undefined) this.#finished.delete(key);
      return undefined;
    }
    if (this.#finished.size >= FINISHED_ANSWERS) this.#finished.clear();
    this.#finished.set(key, { answer, second });
    return answer;
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
        return followUnchecked(question, task, this.#fetcher, this.#settings);
      },
      (why) => uncheckedFailure(question, why),
    );
  }

  prime(): Promise<void> {
    if (this.#env.clock.monotonicMs() < this.#primedUntilMs || this.#forwarding) return Promise.resolve();
    this.#priming ??= this.#prime().finally(() => {
      this.#priming = null;
    });
    return this.#priming;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#flights.abortAll();
    await this.#flights.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The root's own NS RRset for as long as it says; if it cannot be had, the hints do, and it is tried again later. */
  async #prime(): Promise<void> {
    const task = this.#task(this.#closing.signal, { trouble: [], listener: undefined });
    const question = { name: Name.root, type: TYPE.NS, class: CLASS.IN };
    const [fetched] = await Promise.all([this.#fetcher.fetch(question, task), this.#chain.trustOf(Name.root, task)]);
    const answered = fetched.kind === "found" && fetched.response.kind === "answer";
    const primed = answered ? delegationFromPriming(fetched) : null;
    if (primed !== null) this.#delegations.remember(primed);
    const seconds = primed === null ? this.#settings.maxFailureTtl : Math.min(primed.ttl, this.#settings.maxTtl);
    this.#primedUntilMs = this.#env.clock.monotonicMs() + seconds * 1000;
  }

  /** Follows aliases to the end, each link from the cache or looked up. Never rejects. */
  async #follow(start: Question, task: Task): Promise<Answer> {
    const links: AliasLink[] = [];
    let question = start;
    let before: Once | null = null;
    for (;;) {
      const { link, once } = await this.#link(question, task, before);
      if (link.kind === "end") return joinAnswer({ question: start, links, last: link.verdict, notes: link.notes });
      const step = aliasStep(question, link);
      links.push(step.link);
      task.session.env.emit({
        kind: "alias",
        from: question.name,
        to: step.link.to,
        type: link.verdict.value.alias.type,
      });
      if (step.end !== null) return joinAnswer({ question: start, links, last: step.end, notes: [] });
      if (links.length > this.#settings.aliasSteps) {
        const detail = `${start.name} leads through more than ${this.#settings.aliasSteps} aliases`;
        const last = indeterminate(failure("too many aliases", start.name, detail));
        this.#links.failures.remember(start, last); // links with a TTL of 0 would all be asked again
        return joinAnswer({ question: start, links, last, notes: [] });
      }
      question = { ...question, name: step.link.to };
      before = once;
    }
  }

  /** One link: known, read from the response that held the alias before it, or looked up. */
  async #link(question: Question, task: Task, before: Once | null): Promise<{ link: Link; once: Once | null }> {
    const known = this.#links.known(question);
    if (known !== null) return { link: known, once: null };
    const continued = await this.#continue(question, task, before);
    if (continued !== null) return continued;
    const key = `link ${question.type} ${question.name.key}`;
    const joined = await this.#flights.join(key, task.flight, task.signal, async (flight) => {
      const inner: Task = { ...task, flight, signal: flight.signal };
      const parts = { fetcher: this.#fetcher, chain: this.#chain };
      const once = await resolveOnce(question, inner, parts);
      const dname = await provenDname(once, inner, parts);
      if (dname !== null) this.#links.rememberDname(dname);
      return { link: this.#links.remember(question, once.link), once };
    });
    switch (joined.kind) {
      case "done":
        return joined.value;
      case "cycle":
        return failedLink("loop", question, `the way to ${question.name} leads through itself`);
      case "crowded":
        return failedLink("too many queries", question, `too many wait for ${question.name}`);
      case "aborted":
        return failedLink("aborted", question, `nobody waited for ${question.name}`);
    }
  }

  /** The target of an alias, if the same response holds it and it proves out; else null, and it is looked up. */
  async #continue(question: Question, task: Task, before: Once | null): Promise<{ link: Link; once: Once } | null> {
    const found = before?.found ?? null;
    if (found === null) return null;
    const response = classifyContinuation(found.message, question, found.zone, this.#settings);
    const continued = response === null ? null : await this.#judgeContinued(question, task, { ...found, response });
    if (continued === null) await this.#chain.learnCuts(found, question.name, task);
    return continued;
  }

  async #judgeContinued(
    question: Question,
    task: Task,
    found: NonNullable<Once["found"]>,
  ): Promise<{ link: Link; once: Once } | null> {
    // Only what the zone that was asked says itself; a name below a deeper cut is that zone's to tell.
    if (this.#delegations.closest(question.name).zone.labelCount > found.zone.zone.labelCount) return null;
    const link = await judge(found, task, { fetcher: this.#fetcher, chain: this.#chain });
    if (link.verdict.status === "bogus" || link.verdict.status === "indeterminate") return null;
    return { link: this.#links.remember(question, link), once: { link, found } };
  }

  #fromCache(start: Question): Answer | undefined {
    const links: AliasLink[] = [];
    let question = start;
    for (let steps = 0; steps <= this.#settings.aliasSteps; steps++) {
      const link = this.#links.known(question);
      if (link === null) return undefined;
      if (link.kind === "end") return joinAnswer({ question: start, links, last: link.verdict, notes: link.notes });
      const step = aliasStep(question, link);
      links.push(step.link);
      if (step.end !== null) return joinAnswer({ question: start, links, last: step.end, notes: [] });
      question = { ...question, name: step.link.to };
    }
    return undefined;
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
    if (why === "too late") this.#links.failures.remember(question, verdict);
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

  #task(
    signal: AbortSignal,
    by: { readonly trouble: string[]; readonly listener: ResolveOptions["onEvent"] | undefined },
  ): Task {
    const session = new Session({
      env: this.#env,
      engine: this.#engine,
      policy: this.#policy,
      settings: this.#settings,
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

function policyFrom(settings: Settings, extra: readonly number[]): Policy {
  return {
    algorithms: new Set([...defaultAlgorithms, ...(settings.sha1 ? sha1Algorithms : []), ...extra]),
    digests,
    inceptionSkew: settings.inceptionSkew,
    expirationSkew: settings.expirationSkew,
    nsec3Iterations: settings.nsec3Iterations,
    nsec3PerResponse: settings.nsec3PerResponse,
    signaturesPerRRset: settings.signaturesPerRRset,
    keysPerTag: settings.keysPerTag,
    dsPerZone: settings.dsPerZone,
  };
}

/** What an alias means for a question: where to go on, or the end that an overlong DNAME is (RFC 6672 §2.2). */
function aliasStep(
  question: Question,
  link: Extract<Link, { kind: "alias" }>,
): { link: AliasLink; end: Verdict<AnswerData> | null } {
  const { target } = link.verdict.value;
  if (target !== null) return { link: { from: question.name, to: target, verdict: link.verdict }, end: null };
  return { link: { from: question.name, to: question.name, verdict: link.verdict }, end: overlongAlias(link.verdict) };
}

function failedLink(code: FailureCode, question: Question, detail: string): { link: Link; once: null } {
  return { link: end(indeterminate(failure(code, question.name, detail))), once: null };
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
