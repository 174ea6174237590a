/**
 * A resolver whose answers are seen on the way to the server: for the log, the metrics and the page. Also knows how many
 * questions wait, so that a resolver that is replaced can finish them.
 */
import type { Answer } from "../dnssec/answer.ts";
import type { Clock } from "../env/env.ts";
import type { Resolver } from "../resolver/api.ts";

export interface Seen {
  readonly answer: Answer;
  /** Nobody had to be asked. */
  readonly fromCache: boolean;
  readonly ms: number;
}

export interface Watched extends Pick<Resolver, "resolve" | "cached" | "resolveUnchecked"> {
  readonly waiting: number;
}

export function watched(resolver: Resolver, clock: Clock, see: (seen: Seen) => void): Watched {
  let waiting = 0;
  const counted = async <T>(work: Promise<T>): Promise<T> => {
    waiting += 1;
    try {
      return await work;
    } finally {
      waiting -= 1;
    }
  };
  return {
    get waiting() {
      return waiting;
    },
    cached(question, options) {
      const answer = resolver.cached(question, options);
      if (answer !== undefined) see({ answer, fromCache: true, ms: 0 });
      return answer;
    },
    async resolve(name, type, options) {
      const startMs = clock.monotonicMs();
      const answer = await counted(resolver.resolve(name, type, options));
      see({ answer, fromCache: false, ms: clock.monotonicMs() - startMs });
      return answer;
    },
    resolveUnchecked: (name, type, options) => counted(resolver.resolveUnchecked(name, type, options)),
  };
}
