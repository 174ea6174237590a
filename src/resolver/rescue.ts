/**
 * Some servers drop or refuse questions for TLSA, so that mail to a host without DANE would wait for days. Where the name
 * `_tcp.<host>` is proven not to exist, nothing exists below it (RFC 8020 §2), and that denial is the answer: as secure as
 * any. Whoever has TLSA RRs has `_tcp`, so an attacker who drops the question gains nothing but the failure.
 */
import type { Link } from "../cache/answers.ts";
import { Ending } from "../env/abort.ts";
import type { Clock } from "../env/env.ts";
import type { Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { EDE, TYPE } from "../wire/registry.ts";

const UNDERSCORE = 0x5f;
/** A question that takes longer is probably being dropped. glibc gives up after five seconds. */
const HEAD_START_MS = 1000;

/**
 * The question whose proven name error answers this one: for `_25._tcp.mx.example TLSA`, `_tcp.mx.example A`. Null for
 * names that are no service names, and for the question itself.
 */
export function proofQuestion(question: Question): Question | null {
  let service: Name | null = null;
  for (let name: Name | null = question.name; name !== null && isService(name); name = name.parent()) service = name;
  if (service === null || (service.equals(question.name) && question.type === TYPE.A)) return null;
  return { ...question, name: service, type: TYPE.A };
}

/** RFC 8552 §1.1: the first label begins with an underscore. */
function isService(name: Name): boolean {
  return name.labelCount > 0 && name.wire[0]! > 0 && name.wire[1] === UNDERSCORE;
}

export interface Rescue<T> {
  readonly question: Question;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Resolves when a server has failed with this question; may never. */
  readonly trouble: Promise<void>;
  /** Must not reject. */
  readonly attempt: (signal: AbortSignal) => Promise<T>;
  readonly hasFailed: (result: T) => boolean;
  /** Looks up the question that `proofQuestion` gave. Must not reject. */
  readonly proof: (signal: AbortSignal) => Promise<Link>;
}

export type Rescued<T> =
  | { readonly kind: "answered"; readonly result: T }
  | { readonly kind: "proven absent"; readonly link: Link };

/** The attempt's result, unless it is in trouble or fails and the proof comes. */
export async function orProofOfAbsence<T>(parts: Rescue<T>): Promise<Rescued<T>> {
  const { question, clock, hasFailed } = parts;
  const over = Ending.with(parts.signal);
  try {
    const attempt = parts.attempt(over).then((result) => ({ kind: "answered", result }) as const);
    const late = clock.sleep(HEAD_START_MS, over);
    const early = await Promise.race([attempt, parts.trouble.then(() => null), late.then(() => null)]);
    if (early !== null && !hasFailed(early.result)) return early;
    const absence = parts.proof(over).then((link) => absenceIn(link, question));
    const conclusive = attempt.then((outcome) => (hasFailed(outcome.result) ? null : outcome));
    return (await firstToTell<Rescued<T>>(conclusive, absence)) ?? (await attempt);
  } finally {
    over.abort();
  }
}

function absenceIn(link: Link, question: Question): Extract<Rescued<never>, { kind: "proven absent" }> | null {
  if (link.kind !== "end" || link.verdict.status !== "secure" || link.verdict.value.kind !== "name error") return null;
  const { name } = link.verdict.value;
  if (!question.name.isWithin(name)) return null;
  const text = `${question.name} was not answered, but ${name} is proven not to exist`;
  return { kind: "proven absent", link: { ...link, notes: [...link.notes, { code: EDE.SYNTHESIZED, text }] } };
}

/** The first that is not null; null if both are. */
async function firstToTell<T>(one: Promise<T | null>, other: Promise<T | null>): Promise<T | null> {
  const first = await Promise.race([
    one.then((told) => ({ told, rest: other })),
    other.then((told) => ({ told, rest: one })),
  ]);
  return first.told ?? first.rest;
}
