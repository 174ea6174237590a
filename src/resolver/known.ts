/**
 * Answers that nobody needs to be asked for: aliases followed through memory, what the last second answered already, and
 * stale data for those who take it. Synchronous throughout.
 */
import type { Link } from "../cache/answers.ts";
import { type AliasLink, type Answer, type AnswerData, joinAnswer } from "../dnssec/answer.ts";
import type { Verdict } from "../dnssec/verdict.ts";
import { cnameMadeBy, overlongAlias } from "../dnssec/views.ts";
import type { Clock } from "../env/env.ts";
import type { ExtendedError } from "../wire/edns.ts";
import type { Question } from "../wire/message.ts";
import { EDE, RCODE, TYPE } from "../wire/registry.ts";
import type { LinkStore } from "./link-store.ts";
import type { Prefetcher } from "./prefetch.ts";
import { staleNotes } from "./stale.ts";

/**
 * Answers kept ready for this very second, so that a hot name costs one look-up. They go with it: 50,000 that nobody asked
 * for again took 200 MB (measured 2026-11-27, Node 20).
 */
const FINISHED_ANSWERS = 1024;

export class KnownAnswers {
  readonly #clock: Clock;
  readonly #links: LinkStore;
  readonly #aliasSteps: number;
  readonly #prefetcher: Prefetcher | null;
  readonly #finished = new Map<string, Answer>();
  #second = -1;

  constructor(parts: {
    readonly clock: Clock;
    readonly links: LinkStore;
    readonly aliasSteps: number;
    readonly prefetcher: Prefetcher | null;
  }) {
    this.#clock = parts.clock;
    this.#links = parts.links;
    this.#aliasSteps = parts.aliasSteps;
    this.#prefetcher = parts.prefetcher;
  }

  /** Undefined: it must be looked up. A remembered failure is an answer too. */
  fresh(question: Question): Answer | undefined {
    const key = String.fromCharCode(question.type) + question.name.key;
    const second = Math.floor(this.#clock.monotonicMs() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#finished.clear();
    }
    const finished = this.#finished.get(key);
    if (finished !== undefined) return finished;
    const answer = this.#fresh(question);
    if (answer === undefined || answer.freshness !== undefined) return answer;
    // What ranges deny is found as fast again, and random names would fill this and the young generation with it.
    if (answer.ede.some(({ code }) => code === EDE.SYNTHESIZED)) return answer;
    if (this.#finished.size < FINISHED_ANSWERS) this.#finished.set(key, answer);
    return answer;
  }

  clear(): void {
    this.#finished.clear();
  }

  /** With at least one link past its TTL; null if nothing is left of it. `because`: what the refresh came to. */
  stale(question: Question, because: Answer | null): Answer | null {
    let outdated = false;
    const walked = this.#walk(question, (at) => {
      const known = this.#links.known(at);
      if (known !== null && "value" in known.verdict) return known;
      const old = this.#links.stale(at);
      if (old !== null) outdated = true;
      return old;
    });
    if (walked === null || !outdated) return null;
    const rcode = "value" in walked.last ? walked.last.value.rcode : RCODE.SERVFAIL;
    const notes = [...walked.notes, ...staleNotes(rcode, because)];
    return joinAnswer({ ...walked, question, notes, freshness: "stale" });
  }

  #fresh(question: Question): Answer | undefined {
    let refreshing = false;
    const walked = this.#walk(question, (at) => {
      const known = this.#links.known(at);
      if (known !== null && this.#prefetcher?.consider(at)) refreshing = true;
      return known;
    });
    if (walked === null) return this.#failed(question);
    const { links, last, notes } = walked;
    return joinAnswer(
      refreshing ? { question, links, last, notes, freshness: "refreshing" } : { question, links, last, notes },
    );
  }

  /** Its first links may be known, and the question have failed all the same: for a limit, or at a name without a TTL. */
  #failed(question: Question): Answer | undefined {
    const failed = this.#links.failures.recall(question);
    return failed === null ? undefined : joinAnswer({ question, links: [], last: failed.verdict, notes: failed.notes });
  }

  #walk(start: Question, know: (question: Question) => Link | null): Walked | null {
    const links: AliasLink[] = [];
    let question = start;
    for (let steps = 0; steps <= this.#aliasSteps; steps++) {
      const link = know(question);
      if (link === null) return null;
      if (link.kind === "end") return { links, last: link.verdict, notes: link.notes };
      const step = aliasStep(question, link);
      links.push(step.link);
      if (step.end !== null) return { links, last: step.end, notes: [] };
      question = { ...question, name: step.link.to };
    }
    return null;
  }
}

interface Walked {
  readonly links: readonly AliasLink[];
  readonly last: Verdict<AnswerData>;
  readonly notes: readonly ExtendedError[];
}

/** What an alias means for a question: where to go on, or the end that an overlong DNAME is (RFC 6672 §2.2). */
export function aliasStep(
  question: Question,
  link: Extract<Link, { kind: "alias" }>,
): { link: AliasLink; end: Verdict<AnswerData> | null } {
  const { alias, target } = link.verdict.value;
  if (target !== null) {
    // Who asks for the CNAME itself gets the one that a DNAME makes, and is not led on.
    const made = question.type === TYPE.CNAME && alias.type === TYPE.DNAME;
    const end = made ? cnameMadeBy(link.verdict, question.name, target) : null;
    return { link: { from: question.name, to: target, verdict: link.verdict }, end };
  }
  return { link: { from: question.name, to: question.name, verdict: link.verdict }, end: overlongAlias(link.verdict) };
}
