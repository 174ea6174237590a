/** From a question to the end of its aliases: each link known, read beside the alias before it, or looked up. RFC 1034 §5.3.3. */
import type { Link } from "../cache/answers.ts";
import type { DelegationCache } from "../cache/delegations.ts";
import { type AliasLink, type Answer, joinAnswer } from "../dnssec/answer.ts";
import { type FailureCode, failure } from "../dnssec/proof.ts";
import { type Bogus, type Indeterminate, indeterminate, type Verdict } from "../dnssec/verdict.ts";
import { classifyContinuation } from "../iterator/classify.ts";
import type { Question } from "../wire/message.ts";
import type { Chain } from "./chain.ts";
import type { Fetcher } from "./fetcher.ts";
import type { Flights } from "./flights.ts";
import { aliasStep } from "./known.ts";
import type { LinkStore } from "./link-store.ts";
import type { Settings } from "./options.ts";
import { orProofOfAbsence, proofQuestion } from "./rescue.ts";
import { end, judge, type Once, provenDname, resolveOnce } from "./resolve-once.ts";
import type { Task } from "./session.ts";
import { share } from "./shared-work.ts";

export class Follower {
  readonly #settings: Settings;
  readonly #flights: Flights;
  readonly #delegations: DelegationCache;
  readonly #links: LinkStore;
  readonly #fetcher: Fetcher;
  readonly #chain: Chain;

  constructor(parts: {
    readonly settings: Settings;
    readonly flights: Flights;
    readonly delegations: DelegationCache;
    readonly links: LinkStore;
    readonly fetcher: Fetcher;
    readonly chain: Chain;
  }) {
    this.#settings = parts.settings;
    this.#flights = parts.flights;
    this.#delegations = parts.delegations;
    this.#links = parts.links;
    this.#fetcher = parts.fetcher;
    this.#chain = parts.chain;
  }

  /** Follows aliases to the end, each link from the cache or looked up. Never rejects. */
  async follow(start: Question, task: Task): Promise<Answer> {
    const links: AliasLink[] = [];
    let question = start;
    let before: Once | null = null;
    for (;;) {
      const { link, once } = await this.#link(question, task, before);
      if (link.kind === "end") {
        // What broke off at a later name, or for a limit of this question, is remembered for the name that was asked.
        if (isFailure(link.verdict) && once !== null && task.depth === 0 && (links.length > 0 || task.session.cutShort))
          this.#links.rememberFailure(start, link.verdict);
        const { limit, env } = task.session;
        if (task.depth === 0 && limit !== null) env.emit({ kind: "limit", limit, question: start });
        return joinAnswer({ question: start, links, last: link.verdict, notes: link.notes });
      }
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
    return (await this.#continue(question, task, before)) ?? this.ask(question, task);
  }

  /** Looked up, whatever is known. Never rejects. */
  async ask(question: Question, task: Task): Promise<{ link: Link; once: Once | null }> {
    const key = `link ${question.type} ${question.name.key}`;
    const joined = await share<{ link: Link; once: Once }>(this.#flights, key, task, {
      run: async (inner) => {
        const proof = proofQuestion(question);
        const once = proof === null ? await this.#once(question, inner) : await this.#rescued(question, proof, inner);
        const isOurs = isFailure(once.link.verdict) && inner.session.cutShort;
        return { link: isOurs ? once.link : this.#links.remember(question, once.link), once };
      },
      hasFailed: ({ link }) => isFailure(link.verdict),
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

  async #once(question: Question, task: Task): Promise<Once> {
    const parts = { fetcher: this.#fetcher, chain: this.#chain };
    const once = await resolveOnce(question, task, parts);
    const dname = await provenDname(once, task, parts);
    if (dname !== null) this.#links.rememberDname(dname);
    return once;
  }

  async #rescued(question: Question, proof: Question, task: Task): Promise<Once> {
    const rescued = await orProofOfAbsence({
      question,
      clock: task.session.env.clock,
      signal: task.signal,
      trouble: task.session.troubleWith(question.name),
      attempt: (signal) => this.#once(question, { ...task, signal }),
      hasFailed: ({ link }) => link.verdict.status === "indeterminate",
      proof: async (signal) => (await this.#link(proof, { ...task, signal }, null)).link,
    });
    return rescued.kind === "answered" ? rescued.result : { link: rescued.link, found: null };
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
}

function isFailure(verdict: Verdict<unknown>): verdict is Bogus | Indeterminate {
  return verdict.status === "bogus" || verdict.status === "indeterminate";
}

function failedLink(code: FailureCode, question: Question, detail: string): { link: Link; once: null } {
  return { link: end(indeterminate(failure(code, question.name, detail))), once: null };
}
