/** The resolver: cache, single flight, aliases, deadlines. RFC 1034 §5.3.3; what it gives out is judged. */
import { AnswerCache, type Link, type StoredLink } from "../cache/answers.ts";
import { DelegationCache } from "../cache/delegations.ts";
import { InfraCache } from "../cache/infra.ts";
import { ZoneCache } from "../cache/zones.ts";
import { defaultAlgorithms, sha1Algorithms } from "../crypto/algorithms.ts";
import type { CryptoEngine } from "../crypto/engine.ts";
import type { TrustAnchor } from "../dnssec/anchors.ts";
import { type AliasLink, type Answer, type AnswerData, joinAnswer } from "../dnssec/answer.ts";
import type { Policy } from "../dnssec/judge.ts";
import { failure } from "../dnssec/proof.ts";
import { negativeTtl } from "../dnssec/response.ts";
import { indeterminate, type Verdict } from "../dnssec/verdict.ts";
import { aliasAsAnswer, aliasWithTtls, answerWithTtls } from "../dnssec/views.ts";
import type { Env, ServerAddress } from "../env/env.ts";
import type { ResolutionEvent } from "../env/events.ts";
import { classifyContinuation } from "../iterator/classify.ts";
import type { RRset } from "../rrset/rrset.ts";
import type { ExtendedError } from "../wire/edns.ts";
import type { Question } from "../wire/message.ts";
import { Name } from "../wire/name.ts";
import { CLASS, EDE, RCODE, type RRType, TYPE, typeFromText } from "../wire/registry.ts";
import { AddressLookup } from "./addresses.ts";
import { Chain } from "./chain.ts";
import { FailureMemory } from "./failures.ts";
import { Fetcher } from "./fetcher.ts";
import { Flights } from "./flights.ts";
import { localLink } from "./local.ts";
import { type Settings, settingsWith } from "./options.ts";
import { end, judge, type Once, resolveOnce } from "./resolve-once.ts";
import { delegationFromConfiguration, delegationFromHints, delegationFromPriming } from "./roots.ts";
import { Session, type Task } from "./session.ts";

/** A root (or stub zone) server by name and addresses. */
export interface Hint {
  readonly name: Name;
  readonly addresses: readonly string[];
  /** Only labs use another port than 53. */
  readonly port?: number;
}

export interface ForwardZone {
  readonly zone: Name;
  /** Recursive servers, asked with RD=1; their answers are validated here all the same. */
  readonly servers: readonly ServerAddress[];
}

export interface StubZone {
  readonly zone: Name;
  /** Authoritative servers of `zone`, asked with RD=0 instead of those in its delegation. */
  readonly servers: readonly ServerAddress[];
}

export interface ResolverParts {
  readonly env: Env;
  readonly engine: CryptoEngine;
  readonly hints: readonly Hint[];
  readonly anchors: readonly TrustAnchor[];
  /** Names at and below which nothing is validated. RFC 7646. */
  readonly negativeAnchors?: readonly Name[];
  readonly forwards?: readonly ForwardZone[];
  readonly stubs?: readonly StubZone[];
  readonly settings?: Partial<Settings>;
  /** Tests only: algorithm numbers that count besides the product's own. */
  readonly unsafeExtraAlgorithms?: readonly number[];
}

export interface ResolveOptions {
  /** The caller's patience; the answer is then indeterminate ("aborted"). */
  readonly signal?: AbortSignal;
  /** Hears the events of this one question. */
  readonly onEvent?: (event: ResolutionEvent) => void;
}

/** What a client with CD=1 gets: never judged, never to be trusted, kept apart from answers. RFC 4035 §3.2.2. */
export interface Unchecked {
  readonly question: Question;
  readonly rcode: number;
  readonly answer: readonly RRset[];
  readonly authority: readonly RRset[];
  readonly ede: readonly ExtendedError[];
}

export interface Resolver {
  /** Never rejects for what the network does: read the verdict. TypeError for a name or type that is none. */
  resolve(name: Name | string, type: RRType | string, options?: ResolveOptions): Promise<Answer>;
  /** Synchronous; undefined if it must be looked up. */
  cached(question: Question): Answer | undefined;
  resolveUnchecked(name: Name | string, type: RRType | string, options?: ResolveOptions): Promise<Unchecked>;
  /** Learns the root's servers and keys ahead of the first question. RFC 9609. */
  prime(): Promise<void>;
  /** Ends all work; what still waits gets an indeterminate answer. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export function createResolver(parts: ResolverParts): Resolver {
  return new IterativeResolver(parts);
}

/** DS digests that count: SHA-1, SHA-256, SHA-384. RFC 8624 §3.3; the weakest only where nothing better stands beside it. */
const digests: ReadonlySet<number> = new Set([1, 2, 4]);
const FINISHED_ANSWERS = 100_000;

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
  readonly #answers: AnswerCache;
  readonly #delegations: DelegationCache;
  readonly #zones: ZoneCache;
  readonly #infra: InfraCache;
  readonly #fetcher: Fetcher;
  readonly #chain: Chain;
  readonly #failures: FailureMemory;
  readonly #finished = new Map<string, Finished>();
  readonly #closing = new AbortController();
  readonly #hasForwards: boolean;
  #primed = false;

  constructor(parts: ResolverParts) {
    const settings = settingsWith(parts.settings ?? {});
    const { env } = parts;
    this.#env = env;
    this.#engine = parts.engine;
    this.#settings = settings;
    this.#policy = policyFrom(settings, parts.unsafeExtraAlgorithms ?? []);
    this.#flights = new Flights(settings.waiters);
    const cacheOctets = settings.cacheOctets;
    this.#answers = new AnswerCache(env.clock, {
      maxOctets: Math.floor(cacheOctets * 0.8),
      entryOctets: settings.entryOctets,
    });
    this.#delegations = new DelegationCache(env.clock, {
      maxOctets: Math.floor(cacheOctets * 0.15),
      minTtl: settings.minDelegationTtl,
      maxTtl: settings.maxTtl,
    });
    this.#delegations.configure(delegationFromHints(parts.hints));
    for (const forward of parts.forwards ?? [])
      this.#delegations.configure(delegationFromConfiguration(forward, "recursive"));
    for (const stub of parts.stubs ?? [])
      this.#delegations.configure(delegationFromConfiguration(stub, "authoritative"));
    this.#hasForwards = (parts.forwards ?? []).length > 0;
    this.#zones = new ZoneCache(env.clock, Math.max(1000, Math.floor((cacheOctets * 0.05) / 3000)));
    this.#infra = new InfraCache(env.clock);
    this.#failures = new FailureMemory(env.clock, settings);
    const lookup = new AddressLookup(settings, {
      cached: (question) => this.cached(question),
      follow: (question, task) => this.#follow(question, task),
    });
    this.#fetcher = new Fetcher({
      clock: env.clock,
      settings,
      flights: this.#flights,
      delegations: this.#delegations,
      infra: this.#infra,
      addresses: lookup,
    });
    this.#chain = new Chain({
      settings,
      flights: this.#flights,
      zones: this.#zones,
      delegations: this.#delegations,
      fetcher: this.#fetcher,
      anchors: parts.anchors,
      negativeAnchors: parts.negativeAnchors ?? [],
    });
  }

  async resolve(name: Name | string, type: RRType | string, options: ResolveOptions = {}): Promise<Answer> {
    const question = questionFrom(name, type);
    const cached = this.cached(question);
    if (cached !== undefined) {
      options.onEvent?.({ kind: "cached", question, status: cached.verdict.status });
      return cached;
    }
    return this.#withDeadline(question, options, (task) => this.#follow(question, task));
  }

  cached(question: Question): Answer | undefined {
    const key = String.fromCharCode(question.type) + question.name.key;
    const now = this.#env.clock.monotonicMs();
    const finished = this.#finished.get(key);
    const second = Math.floor(now / 1000);
    if (finished !== undefined && finished.second === second) return finished.answer;
    const answer = this.#fromCache(question, now);
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
    const local = localLink(question, this.#hasForwards);
    if (local !== null && local.verdict.status === "insecure") {
      const { value } = local.verdict;
      return { question, rcode: value.rcode, answer: value.rrsets, authority: value.authority, ede: [] };
    }
    const failed: Unchecked = {
      question,
      rcode: RCODE.SERVFAIL,
      answer: [],
      authority: [],
      ede: [{ code: EDE.NO_REACHABLE_AUTHORITY, text: "" }],
    };
    return this.#patiently(
      options,
      (task) => this.#followUnchecked(question, task),
      () => failed,
    );
  }

  async prime(): Promise<void> {
    if (this.#primed) return;
    this.#primed = true;
    const session = this.#session();
    const task: Task = { session, flight: null, depth: 0, signal: this.#closing.signal };
    const question = { name: Name.root, type: TYPE.NS, class: CLASS.IN };
    const [fetched] = await Promise.all([this.#fetcher.fetch(question, task), this.#chain.trustOf(Name.root, task)]);
    if (fetched.kind !== "found" || fetched.response.kind !== "answer") return; // the hints will do (RFC 9609 §5)
    const primed = delegationFromPriming(fetched.response.rrsets[0], fetched.message, fetched.zone.port);
    if (primed !== null) this.#delegations.remember(primed);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#flights.abortAll();
    await this.#flights.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Follows aliases to the end, each link from the cache or looked up. Never rejects. */
  async #follow(start: Question, task: Task): Promise<Answer> {
    const links: AliasLink[] = [];
    let question = start;
    let hint: Once | null = null;
    for (;;) {
      const { link, once } = await this.#link(question, task, hint);
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
        const why = failure(
          "too many aliases",
          start.name,
          `${start.name} leads through more than ${this.#settings.aliasSteps} aliases`,
        );
        return joinAnswer({ question: start, links, last: indeterminate(why), notes: [] });
      }
      question = { ...question, name: step.link.to };
      hint = once;
    }
  }

  /** One link: from the cache, local, read from the response that held the alias, or looked up. */
  async #link(question: Question, task: Task, hint: Once | null): Promise<{ link: Link; once: Once | null }> {
    const known = this.#knownLink(question);
    if (known !== null) return { link: known, once: null };
    if (hint?.found != null) {
      const continued = await this.#continue(question, task, hint);
      if (continued !== null) return continued;
    }
    const key = `link ${question.type} ${question.name.key}`;
    const joined = await this.#flights.join(key, task.flight, task.signal, async (flight) => {
      const inner: Task = { ...task, flight, signal: flight.signal };
      const once = await resolveOnce(question, inner, { fetcher: this.#fetcher, chain: this.#chain });
      return { link: this.#remember(question, once.link), once };
    });
    switch (joined.kind) {
      case "done":
        return joined.value;
      case "cycle":
        return {
          link: end(indeterminate(failure("loop", question.name, `the way to ${question.name} leads through itself`))),
          once: null,
        };
      case "crowded":
        return {
          link: end(indeterminate(failure("too many queries", question.name, `too many wait for ${question.name}`))),
          once: null,
        };
      case "aborted":
        return {
          link: end(indeterminate(failure("aborted", question.name, `nobody waited for ${question.name}`))),
          once: null,
        };
    }
  }

  /** The target of an alias, if the same response holds it and it proves out; else null, and it is looked up. */
  async #continue(question: Question, task: Task, hint: Once): Promise<{ link: Link; once: Once } | null> {
    const { found } = hint;
    if (found === null) return null;
    const response = classifyContinuation(found.message, question, found.zone, this.#settings);
    if (response === null) return null;
    // Only what the zone that was asked says itself; a name below a deeper cut is that zone's to tell.
    if (this.#delegations.closest(question.name).zone.labelCount > found.zone.zone.labelCount) return null;
    const continued = { ...found, response };
    const link = await judge(continued, task, { fetcher: this.#fetcher, chain: this.#chain });
    if (link.verdict.status === "bogus" || link.verdict.status === "indeterminate") return null;
    return { link: this.#remember(question, link), once: { link, found: continued } };
  }

  /** Without asking anybody. */
  #knownLink(question: Question): Link | null {
    const local = localLink(question, this.#hasForwards);
    if (local !== null) return local;
    const stored = this.#stored(question);
    if (stored !== null) return this.#aged(stored, this.#env.clock.monotonicMs());
    return this.#failures.recall(question);
  }

  #stored(question: Question): StoredLink | null {
    const stored = this.#answers.get(question.name, question.type);
    if (stored !== undefined) return stored;
    if (question.type === TYPE.CNAME) {
      const alias = this.#answers.alias(question.name, TYPE.A);
      if (alias?.link.kind === "alias" && alias.link.verdict.value.alias.type === TYPE.CNAME) {
        return { ...alias, link: end(aliasAsAnswer(alias.link.verdict)) };
      }
    }
    if (question.type === TYPE.DS) return null;
    // Nothing exists below a name that is proven not to. RFC 8020 §2.
    for (let name = question.name.parent(); name !== null && name.labelCount > 0; name = name.parent()) {
      const denied = this.#answers.nameError(name);
      if (denied !== undefined) return denied;
    }
    return null;
  }

  #aged(stored: StoredLink, nowMs: number): Link {
    const view = { age: Math.floor((nowMs - stored.storedMs) / 1000), cap: Number.POSITIVE_INFINITY };
    const { link } = stored;
    if (link.kind === "alias") return { kind: "alias", verdict: aliasWithTtls(link.verdict, view) };
    return { ...link, verdict: answerWithTtls(link.verdict, view) };
  }

  #fromCache(start: Question, nowMs: number): Answer | undefined {
    const links: AliasLink[] = [];
    let question = start;
    for (let steps = 0; steps <= this.#settings.aliasSteps; steps++) {
      const local = localLink(question, this.#hasForwards);
      const stored = local === null ? this.#stored(question) : null;
      const link = local ?? (stored === null ? this.#failures.recall(question) : this.#aged(stored, nowMs));
      if (link === null) return undefined;
      if (link.kind === "end") return joinAnswer({ question: start, links, last: link.verdict, notes: link.notes });
      const step = aliasStep(question, link);
      links.push(step.link);
      if (step.end !== null) return joinAnswer({ question: start, links, last: step.end, notes: [] });
      question = { ...question, name: step.link.to };
    }
    return undefined;
  }

  /** Keeps a link for as long as its TTLs and signatures allow, and returns it with TTLs capped. */
  #remember(question: Question, link: Link): Link {
    const { maxTtl, maxNegativeTtl } = this.#settings;
    const { verdict } = link;
    if (verdict.status === "bogus" || verdict.status === "indeterminate") {
      this.#failures.remember(question, verdict);
      return link;
    }
    this.#failures.forget(question);
    const validUntil = verdict.status === "secure" ? verdict.proof.validUntil : Number.POSITIVE_INFINITY;
    if (link.kind === "alias") {
      const capped: Link = { kind: "alias", verdict: aliasWithTtls(link.verdict, { age: 0, cap: maxTtl }) };
      this.#answers.remember(question.name, question.type, capped, capped.verdict.value.alias.ttl, validUntil);
      return capped;
    }
    if (link.verdict.status !== "secure" && link.verdict.status !== "insecure") return link;
    const negative = link.verdict.value.kind !== "answer";
    const ttl = negative ? Math.min(maxNegativeTtl, negativeTtl(link.verdict.value.authority) ?? 0) : maxTtl;
    const capped: Link = { ...link, verdict: answerWithTtls(link.verdict, { age: 0, cap: ttl }) };
    this.#answers.remember(question.name, question.type, capped, negative ? ttl : lowestTtl(capped), validUntil);
    return capped;
  }

  async #followUnchecked(start: Question, task: Task): Promise<Unchecked> {
    const answer: RRset[] = [];
    let question = start;
    for (let steps = 0; ; steps++) {
      const fetched = await this.#fetcher.fetch(question, task, steps === 0 ? {} : {});
      const whole =
        fetched.kind === "found" && !fetched.response.question.name.equals(question.name)
          ? await this.#fetcher.fetch(question, task, { wholeNameFrom: fetched.zone })
          : fetched;
      if (whole.kind === "failed") {
        return {
          question: start,
          rcode: RCODE.SERVFAIL,
          answer: [],
          authority: [],
          ede: [{ code: EDE.NO_REACHABLE_AUTHORITY, text: "" }],
        };
      }
      const { response } = whole;
      if (response.kind !== "alias") return uncheckedFrom(start, answer, response.kind, response);
      answer.push(response.alias, ...(response.received === null ? [] : [response.received]));
      if (response.target === null || steps >= this.#settings.aliasSteps) {
        return {
          question: start,
          rcode: response.target === null ? RCODE.YXDOMAIN : RCODE.SERVFAIL,
          answer,
          authority: [],
          ede: [],
        };
      }
      question = { ...question, name: response.target };
    }
  }

  async #withDeadline(
    question: Question,
    options: ResolveOptions,
    work: (task: Task) => Promise<Answer>,
  ): Promise<Answer> {
    return this.#patiently(options, work, (task, why) => {
      const told = task.session.trouble.join(", ");
      const detail =
        why === "too late"
          ? `no answer within ${this.#settings.totalTimeoutMs} ms${told === "" ? "" : ` (${told})`}`
          : why === "closed"
            ? "the resolver was closed"
            : "nobody waits for the answer";
      const verdict = indeterminate(
        failure(why === "too late" ? "too late" : "aborted", question.name, `${question.name}: ${detail}`),
      );
      if (why === "too late") this.#failures.remember(question, verdict);
      return joinAnswer({ question, links: [], last: verdict, notes: [] });
    });
  }

  /** Runs `work` within the deadline, the caller's patience and the resolver's life; all of them end it. */
  async #patiently<T>(
    options: ResolveOptions,
    work: (task: Task) => Promise<T>,
    late: (task: Task, why: "too late" | "aborted" | "closed") => T,
  ): Promise<T> {
    const session = this.#session(options.onEvent);
    const controller = new AbortController();
    const task: Task = { session, flight: null, depth: 0, signal: controller.signal };
    const closed = this.#closing.signal;
    const { signal } = options;
    if (closed.aborted) return late(task, "closed");
    if (signal?.aborted) return late(task, "aborted");
    if (!this.#primed) void this.prime();
    const timer = new AbortController();
    let why: "too late" | "aborted" | "closed" = "too late";
    let stop = (): void => {};
    const stopped = new Promise<"stopped">((resolve) => {
      stop = () => resolve("stopped");
    });
    const onAbort = (): void => {
      why = "aborted";
      stop();
    };
    const onClose = (): void => {
      why = "closed";
      stop();
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    closed.addEventListener("abort", onClose, { once: true });
    const deadline = this.#env.clock.sleep(this.#settings.totalTimeoutMs, timer.signal).then(() => "stopped" as const);
    try {
      const outcome = await Promise.race([work(task).then((value) => ({ value })), stopped, deadline]);
      return outcome === "stopped" ? late(task, why) : outcome.value;
    } finally {
      timer.abort();
      controller.abort();
      signal?.removeEventListener("abort", onAbort);
      closed.removeEventListener("abort", onClose);
    }
  }

  #session(listener?: (event: ResolutionEvent) => void): Session {
    return new Session(this.#env, this.#engine, this.#policy, this.#settings, listener);
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
  const overlong = aliasAsAnswer(link.verdict);
  return { link: { from: question.name, to: question.name, verdict: link.verdict }, end: overlong };
}

function uncheckedFrom(
  question: Question,
  before: readonly RRset[],
  kind: "answer" | "no data" | "name error",
  response: { readonly rrsets?: readonly RRset[]; readonly authority: readonly RRset[] },
): Unchecked {
  const rcode = kind === "name error" ? RCODE.NXDOMAIN : RCODE.NOERROR;
  return { question, rcode, answer: [...before, ...(response.rrsets ?? [])], authority: response.authority, ede: [] };
}

function lowestTtl(link: Extract<Link, { kind: "end" }>): number {
  const { verdict } = link;
  if (verdict.status !== "secure" && verdict.status !== "insecure") return 0;
  let ttl = Number.POSITIVE_INFINITY;
  for (const rrset of verdict.value.rrsets) ttl = Math.min(ttl, rrset.ttl);
  return Number.isFinite(ttl) ? ttl : 0;
}
