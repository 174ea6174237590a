/** Questions asked on the way to a plan: an answer with the moment it came, and what it says about how long to believe it. */
import type { Answer } from "../dnssec/answer.ts";
import { explainVerdict } from "../dnssec/answer.ts";
import { genuine } from "../dnssec/verdict.ts";
import type { Clock, UnixSeconds } from "../env/env.ts";
import { systemClock } from "../env/system.ts";
import type { Resolver } from "../resolver/api.ts";
import type { Name } from "../wire/name.ts";
import { RCODE, type RRType, rcodeToText, typeToText } from "../wire/registry.ts";

/** All that DANE needs of a resolver. With `cached` it can tell that nothing changed, and plans are given again. */
export type Asker = Pick<Resolver, "resolve"> & Partial<Pick<Resolver, "cached">>;

export interface DaneOptions {
  readonly signal?: AbortSignal;
  /** Whose time the expiry is told in; default: this machine's. */
  readonly clock?: Pick<Clock, "unixSeconds">;
}

export interface Asked {
  readonly answer: Answer;
  /** The answer must not be used later. Its TTL is bounded by its signatures already. */
  readonly expires: UnixSeconds;
}

export async function ask(
  resolver: Asker,
  [name, type]: readonly [Name, RRType],
  { signal, clock = systemClock }: DaneOptions,
): Promise<Asked> {
  const answer = await resolver.resolve(name, type, signal === undefined ? {} : { signal });
  genuine(answer.verdict);
  for (const link of answer.aliases) genuine(link.verdict);
  return { answer, expires: clock.unixSeconds() + answer.ttl };
}

/**
 * Null if the answer says something: data, or that there is none. Otherwise why not. Only NOERROR and NXDOMAIN say
 * something; the only other code that can come with a proof is YXDOMAIN, for an alias too long to follow.
 */
export function whySilent(answer: Answer): string | null {
  const { verdict } = answer;
  if (verdict.status === "bogus" || verdict.status === "indeterminate") return explained(answer);
  const { rcode } = verdict.value;
  return rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN
    ? null
    : `${asked(answer)}: the answer is ${rcodeToText(rcode)}`;
}

/** "mx.example.com. A is insecure: example.com. is delegated without DS". */
export function explained(answer: Answer): string {
  return `${asked(answer)} is ${explainVerdict(answer.verdict)}`;
}

export function asked({ question }: Answer): string {
  return `${question.name} ${typeToText(question.type)}`;
}

export function earliest(...times: readonly UnixSeconds[]): UnixSeconds {
  return Math.min(...times);
}
