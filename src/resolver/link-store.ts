/** All links that are known without asking anybody: local names, judged answers with their age, remembered failures. */
import { AnswerCache, type Link, type StoredLink } from "../cache/answers.ts";
import type { AliasData, AnswerData } from "../dnssec/answer.ts";
import { negativeTtl } from "../dnssec/response.ts";
import type { Bogus, Indeterminate, Secure } from "../dnssec/verdict.ts";
import { aliasAsAnswer, aliasWithTtls, answerWithTtls, dnameAnswerAsAlias, dnameSeenFrom } from "../dnssec/views.ts";
import type { Clock } from "../env/env.ts";
import type { Question } from "../wire/message.ts";
import { type Name, type NameKey, parentKey } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import type { Boundaries } from "./boundaries.ts";
import { FailureMemory } from "./failures.ts";
import { localLink } from "./local.ts";
import type { Settings } from "./options.ts";
import type { Lifetime } from "./prefetch.ts";
import type { PrivateAddresses } from "./private-addresses.ts";
import { end } from "./resolve-once.ts";
import type { Synthesizer } from "./synthesis.ts";

export class LinkStore {
  readonly failures: FailureMemory;
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly answers: AnswerCache;
  readonly #forwarding: boolean;
  readonly #synthesizer: Synthesizer | null;
  readonly #boundaries: Boundaries;
  readonly #private: PrivateAddresses;

  constructor(
    clock: Clock,
    settings: Settings,
    parts: {
      readonly maxOctets: number;
      readonly failureOctets: number;
      readonly forwarding: boolean;
      readonly synthesizer: Synthesizer | null;
      readonly boundaries: Boundaries;
      /** What is kept is what was said; what is given out went through here. */
      readonly privateAddresses: PrivateAddresses;
    },
  ) {
    this.#clock = clock;
    this.#settings = settings;
    this.answers = new AnswerCache(clock, { maxOctets: parts.maxOctets, entryOctets: settings.entryOctets });
    this.failures = new FailureMemory(clock, settings, parts.failureOctets);
    this.#forwarding = parts.forwarding;
    this.#synthesizer = parts.synthesizer;
    this.#boundaries = parts.boundaries;
    this.#private = parts.privateAddresses;
  }

  /** Null: it must be looked up. */
  known(question: Question): Link | null {
    const local = localLink(question, this.#forwarding);
    if (local !== null) return local;
    const stored = this.#stored(question);
    if (stored !== null) return this.#private.filter(this.#aged(stored));
    // What ranges deny needs no server, so it holds even where the last try failed.
    return this.#synthesizer?.deny(question) ?? this.failures.recall(question);
  }

  /** What an operator wants forgotten; what is denied by an ancestor's name error would otherwise stay denied. */
  forgetAll(name: Name, at: (name: NameKey) => boolean): number {
    let dropped = this.answers.forgetAll(at) + this.failures.forgetAll(at);
    for (let labels = name.labelCount - 1; labels >= 0; labels--)
      dropped += this.answers.forgetSpeakingForBelow(name.ancestor(labels));
    return dropped + (this.#synthesizer?.forgetAll(name, at) ?? 0);
  }

  at(name: Name): ReturnType<AnswerCache["at"]> {
    return this.answers.at(name);
  }

  get size(): { readonly entries: number; readonly octets: number } {
    return { entries: this.answers.size, octets: this.answers.octets };
  }

  /** Past its TTL, with the TTL that RFC 8767 §5 gives it; null where nothing is left or stale data is not wanted. */
  stale(question: Question): Link | null {
    const { serveStale, staleMaxTtl, staleAnswerTtl } = this.#settings;
    if (!serveStale) return null;
    const stored = this.answers.outdated(question.name, question.type, staleMaxTtl * 1000);
    if (stored === undefined) return null;
    const view = { age: 0, cap: staleAnswerTtl };
    const { link } = stored;
    if (link.kind === "alias") return { kind: "alias", verdict: aliasWithTtls(link.verdict, view) };
    return this.#private.filter({ ...link, verdict: answerWithTtls(link.verdict, view) });
  }

  /** Of this question's own entry; null if it has none. */
  lifetime(question: Question): Lifetime | null {
    return this.answers.get(question.name, question.type) ?? null;
  }

  rememberFailure(question: Question, verdict: Bogus | Indeterminate): void {
    this.failures.remember(question, verdict, this.stale(question) === null ? "none" : "stale data");
  }

  /** Keeps a link for as long as its TTLs and signatures allow, and returns it with TTLs in their bounds. */
  remember(question: Question, link: Link): Link {
    const { maxTtl, maxNegativeTtl, minTtl, minNegativeTtl } = this.#settings;
    const { verdict } = link;
    if (verdict.status === "bogus" || verdict.status === "indeterminate") {
      this.rememberFailure(question, verdict);
      return link;
    }
    this.failures.forget(question);
    const validUntil = verdict.status === "secure" ? verdict.proof.validUntil : Number.POSITIVE_INFINITY;
    // TLSA rollovers rest on TTLs (RFC 7671 §8.1): there a TTL is what its owner says.
    const mayStretch = question.type !== TYPE.TLSA;
    if (link.kind === "alias") {
      const view = { age: 0, cap: maxTtl, floor: mayStretch ? Math.min(minTtl, maxTtl) : 0 };
      const bounded: Link = { kind: "alias", verdict: aliasWithTtls(link.verdict, view) };
      this.answers.remember(question.name, question.type, bounded, bounded.verdict.value.alias.ttl, validUntil);
      return bounded;
    }
    if (!("value" in link.verdict)) return link;
    const { value } = link.verdict;
    const bounds =
      value.kind === "answer"
        ? { cap: maxTtl, floor: mayStretch ? Math.min(minTtl, maxTtl) : 0 }
        : negativeBounds(negativeTtl(value.authority), { cap: maxNegativeTtl, floor: mayStretch ? minNegativeTtl : 0 });
    if (link.verdict.status === "secure") this.#learn(link.verdict);
    const bounded: Link = { ...link, verdict: answerWithTtls(link.verdict, { age: 0, ...bounds }) };
    const rrsets = "value" in bounded.verdict ? bounded.verdict.value.rrsets : [];
    const ttl = rrsets.reduce((lowest, rrset) => Math.min(lowest, rrset.ttl), Math.max(bounds.cap, bounds.floor));
    this.answers.remember(question.name, question.type, bounded, ttl, validUntil);
    return this.#private.filter(bounded);
  }

  /** What a secure answer tells beyond its own question. */
  #learn(verdict: Secure<AnswerData>): void {
    this.#synthesizer?.learn(verdict);
    const dname = dnameAnswerAsAlias(verdict);
    if (dname !== null) this.rememberDname(dname);
  }

  /** A DNAME for the names below its owner, without the name it was found for. */
  rememberDname(verdict: Secure<AliasData>): void {
    const capped: Link = { kind: "alias", verdict: aliasWithTtls(verdict, { age: 0, cap: this.#settings.maxTtl }) };
    this.answers.rememberDname(capped, capped.verdict.value.alias.ttl, verdict.proof.validUntil);
  }

  #stored(question: Question): StoredLink | null {
    const stored = this.answers.get(question.name, question.type);
    if (stored !== undefined) return stored;
    if (question.type === TYPE.CNAME) {
      const alias = this.answers.alias(question.name, TYPE.A);
      if (alias?.link.kind === "alias" && alias.link.verdict.value.alias.type === TYPE.CNAME) {
        return { ...alias, link: end(aliasAsAnswer(alias.link.verdict)) };
      }
    }
    if (question.type === TYPE.DS) return null;
    return this.#fromAbove(question);
  }

  /** What is proven of an ancestor: a DNAME that leads elsewhere, or that nothing exists there. */
  #fromAbove(question: Question): StoredLink | null {
    // Above a configured zone or anchor others speak (CVE-2026-44687: a denial there must not hide it).
    const least = Math.max(1, this.#boundaries.deepest(question.name));
    // Nothing exists below a name that is proven not to. RFC 8020 §2.
    let { key } = question.name;
    for (let labels = question.name.labelCount - 1; labels >= least; labels--) {
      key = parentKey(key);
      const denied = this.answers.nameError(key);
      if (denied !== undefined) return denied;
      const dname = this.answers.dname(key);
      if (dname?.link.kind !== "alias" || dname.link.verdict.status !== "secure") continue;
      const verdict = dnameSeenFrom(dname.link.verdict, question.name);
      if (verdict !== null) return { ...dname, link: { kind: "alias", verdict } };
    }
    return null;
  }

  #aged(stored: StoredLink): Link {
    const age = Math.floor((this.#clock.monotonicMs() - stored.storedMs) / 1000);
    const view = { age, cap: Number.POSITIVE_INFINITY };
    const { link } = stored;
    if (link.kind === "alias") return { kind: "alias", verdict: aliasWithTtls(link.verdict, view) };
    return { ...link, verdict: answerWithTtls(link.verdict, view) };
  }
}

/** A denial without SOA is not kept, whatever the bounds (RFC 2308 §5). */
function negativeBounds(
  ttl: number | null,
  { cap, floor }: { readonly cap: number; readonly floor: number },
): { readonly cap: number; readonly floor: number } {
  return ttl === null ? { cap: 0, floor: 0 } : { cap: Math.min(cap, ttl), floor: Math.min(cap, floor) };
}
