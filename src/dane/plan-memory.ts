/**
 * Plans given again while nothing they rest on has changed: a mail server plans for the same domains all day. A plan is
 * good as long as the resolver's cache holds the very evidence that it was made from, and until it expires. So whatever
 * empties or renews the cache renews the plans too, and there is nothing to invalidate here.
 */
import type { Answer } from "../dnssec/answer.ts";
import type { Clock, UnixSeconds } from "../env/env.ts";
import type { RRset } from "../rrset/rrset.ts";
import type { Asker } from "./lookups.ts";

/** A few kilobytes each; beyond that all are forgotten. */
const REMEMBERED_PLANS = 2000;

interface Remembered<P> {
  readonly plan: P;
  readonly heard: readonly Answer[];
  /** The one that the plan's expiry is told in. */
  readonly clock: Pick<Clock, "unixSeconds">;
}

export class PlanMemory<P extends { readonly expires: UnixSeconds }> {
  /** Of each resolver its own: what one of them proved says nothing to another. */
  readonly #plans = new WeakMap<Asker, Map<string, Remembered<P>>>();

  /** Undefined: it must be made. `key` holds all that the plan depends on besides DNS. */
  recall(resolver: Asker, key: string, clock: Pick<Clock, "unixSeconds">): P | undefined {
    if (resolver.cached === undefined) return undefined;
    const known = this.#plans.get(resolver)?.get(key);
    if (known === undefined || known.clock !== clock) return undefined;
    if (known.plan.expires <= clock.unixSeconds()) return undefined;
    for (const answer of known.heard) {
      const current = resolver.cached(answer.question);
      if (current === undefined || !restsOnTheSame(current, answer)) return undefined;
    }
    return known.plan;
  }

  /** A plan that rests on failures is not kept: another try may do better. */
  remember(resolver: Asker, key: string, by: Remembered<P>): void {
    if (resolver.cached === undefined || by.heard.some(({ verdict }) => !("value" in verdict))) return;
    let plans = this.#plans.get(resolver);
    if (plans === undefined) {
      plans = new Map();
      this.#plans.set(resolver, plans);
    }
    if (plans.size >= REMEMBERED_PLANS) plans.clear();
    plans.set(key, by);
  }
}

/** The same resolver, with a list of all that it answered. */
export function noting(resolver: Asker): { readonly asker: Asker; readonly heard: readonly Answer[] } {
  const heard: Answer[] = [];
  const asker: Asker = {
    resolve: async (name, type, options) => {
      const answer = await resolver.resolve(name, type, options);
      heard.push(answer);
      return answer;
    },
  };
  return { asker, heard };
}

/**
 * One judgement, seen at two moments: TTLs may differ, but not the proof and not the octets. Both are objects that are made
 * when an answer is judged and only passed on afterwards, so identity tells. What is joined anew each time (aliases) differs.
 */
function restsOnTheSame(a: Answer, b: Answer): boolean {
  if (a === b) return true;
  const [one, other] = [a.verdict, b.verdict];
  if (!("value" in one) || !("value" in other) || a.aliases.length > 0 || b.aliases.length > 0) return false;
  if (a.freshness === "stale" || b.freshness === "stale") return false;
  const sameProof =
    one.status === "secure"
      ? other.status === "secure" && one.proof === other.proof
      : other.status === "insecure" && one.why === other.why;
  return (
    sameProof &&
    one.value.kind === other.value.kind &&
    one.value.rcode === other.value.rcode &&
    sameOctets(one.value.rrsets, other.value.rrsets) &&
    sameOctets(one.value.authority, other.value.authority)
  );
}

function sameOctets(some: readonly RRset[], others: readonly RRset[]): boolean {
  return some.length === others.length && some.every((rrset, i) => rrset.data === others[i]!.data);
}
