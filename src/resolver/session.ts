/**
 * One client question from beginning to end: its budget, what was asked for it, and what went wrong on the way. All
 * sub-fetches, retries and restarts share it, so nothing can be multiplied (CAMP; CVE-2026-50045).
 */

import type { CryptoEngine } from "../crypto/engine.ts";
import type { Judge, Policy } from "../dnssec/judge.ts";
import { WorkBudget, type WorkKind } from "../dnssec/work.ts";
import type { Env, Exchange } from "../env/env.ts";
import type { ResolutionEvent } from "../env/events.ts";
import type { Question } from "../wire/message.ts";
import type { Name, NameKey } from "../wire/name.ts";
import type { Flight } from "./flights.ts";
import type { Settings } from "./options.ts";
import type { Turns } from "./turns.ts";

export interface SessionParts {
  readonly env: Env;
  readonly engine: CryptoEngine;
  readonly policy: Policy;
  readonly settings: Settings;
  /** Shared by all sessions of a resolver. */
  readonly turns: Turns;
  readonly signal: AbortSignal;
  /** Filled while the session lasts. */
  readonly trouble: string[];
  readonly listener: ((event: ResolutionEvent) => void) | undefined;
}

export class Session {
  readonly work: WorkBudget;
  /** The outside world, with an ear on what fails. */
  readonly env: Env;
  /** The last servers that did not help: what a SERVFAIL should tell. */
  readonly trouble: string[];
  failedNsLookups = 0;
  /** Aborts when the client is answered or gone: nothing is done for it any longer. */
  readonly signal: AbortSignal;
  #refusedBy: keyof Settings | null = null;
  readonly #settings: Settings;
  readonly #policy: Policy;
  readonly #engine: CryptoEngine;
  readonly #turns: Turns;
  readonly #asked = new Map<string, number>();
  readonly #watchers = new Map<NameKey, () => void>();

  constructor(parts: SessionParts) {
    const { env, engine, policy, settings, listener, signal } = parts;
    this.trouble = parts.trouble;
    this.signal = signal;
    this.#settings = settings;
    this.#policy = policy;
    this.#engine = engine;
    this.#turns = parts.turns;
    const limitOf = (kind: WorkKind): number => settings[settingOf[kind]];
    this.work = new WorkBudget({
      signatures: limitOf("signatures"),
      failedSignatures: limitOf("failedSignatures"),
      hashes: limitOf("hashes"),
      digests: limitOf("digests"),
      queries: limitOf("queries"),
      octets: limitOf("octets"),
      nsLookups: limitOf("nsLookups"),
    });
    const emit = (event: ResolutionEvent): void => {
      if (event.kind === "no reply") this.#note(`${event.server.address} ${event.why}`, event.question);
      else if (event.kind === "replied" && !conclusive.has(event.meaning))
        this.#note(`${event.server.address} ${event.meaning}`, event.question);
      listener?.(event);
      env.emit(event);
    };
    this.env = { clock: env.clock, random: env.random, exchange: inItsOwnTurn(env), emit };
  }

  /** Judges when others have had their turn; sees the moment in which it begins. */
  judging<T>(work: (by: Judge) => T): Promise<T> {
    return this.#turns.take(() => work(this.judge()));
  }

  /** Now, by the calendar: each judging sees its own moment. */
  judge(): Judge {
    return {
      now: Math.floor(this.env.clock.unixSeconds()),
      engine: this.#engine,
      work: this.work,
      policy: this.#policy,
    };
  }

  /**
   * A limit of this question was reached. What failed since then says nothing about the names it failed for, so nobody
   * else must hear of it.
   */
  get cutShort(): boolean {
    return this.limit !== null;
  }

  /** The first limit that was reached, by its setting's name; null: none was. */
  get limit(): keyof Settings | null {
    return this.#refusedBy ?? (this.work.exhausted === null ? null : settingOf[this.work.exhausted]);
  }

  /** Work was refused for a limit that is not counted in `work`. */
  refuse(by: keyof Settings): void {
    this.#refusedBy ??= by;
  }

  /** Counts a question; false when its name, or its name and type, was asked often enough. */
  readonly mayAsk = (question: Question): boolean => {
    const { key } = question.name;
    const isOver =
      this.#reached(key, "queriesPerName") ?? this.#reached(`${question.type} ${key}`, "queriesPerNameAndType");
    if (isOver !== null) this.refuse(isOver);
    return isOver === null;
  };

  #reached<T extends "queriesPerName" | "queriesPerNameAndType">(key: string, limit: T): T | null {
    const count = (this.#asked.get(key) ?? 0) + 1;
    this.#asked.set(key, count);
    return count <= this.#settings[limit] ? null : limit;
  }

  /** Resolves when a server fails with a question for this name; may never. */
  troubleWith(name: Name): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#watchers.get(name.key);
      this.#watchers.set(name.key, () => {
        before?.();
        resolve();
      });
    });
  }

  #note(text: string, question: Question): void {
    this.#watchers.get(question.name.key)?.();
    if (this.trouble.includes(text)) return;
    if (this.trouble.length >= 4) this.trouble.shift();
    this.trouble.push(text);
  }
}

/** What an operator knows the bounds of work by. */
const settingOf = {
  signatures: "signaturesPerQuestion",
  failedSignatures: "failedSignatures",
  hashes: "nsec3Rounds",
  digests: "digestsPerQuestion",
  queries: "queriesPerQuestion",
  octets: "octetsPerQuestion",
  nsLookups: "nsLookups",
} as const satisfies Record<WorkKind, keyof Settings>;

/** Messages of more octets than a datagram has. */
const LARGE_OCTETS = 4096;

/** Reading 64 KiB of names costs some milliseconds, and so does making sense of them: others come in between. */
function inItsOwnTurn({ exchange, clock }: Env): Exchange {
  return async (ask, signal) => {
    const result = await exchange(ask, signal);
    if (result.kind === "reply" && result.octets > LARGE_OCTETS) await clock.turn?.();
    return result;
  };
}

const conclusive: ReadonlySet<string> = new Set(["answer", "alias", "no data", "name error", "referral"]);

/** The part of a session that one flight works for. */
export interface Task {
  readonly session: Session;
  readonly flight: Flight | null;
  /** How many look-ups of name server addresses we are inside of. */
  readonly depth: number;
  readonly signal: AbortSignal;
}
