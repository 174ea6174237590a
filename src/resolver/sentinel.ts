/** The root key sentinel: by asking twice, anybody behind us learns whether we trust a key of the root. RFC 8509. */
import { type Answer, joinAnswer } from "../dnssec/answer.ts";
import { failure } from "../dnssec/proof.ts";
import { bogus } from "../dnssec/verdict.ts";
import type { Question } from "../wire/message.ts";
import { TYPE } from "../wire/registry.ts";
import type { Resolver } from "./api.ts";

/** RFC 8509 §2: "root-key-sentinel-is-ta-" and "-not-ta-", then five decimal digits. */
const LABELS = /^root-key-sentinel-(is|not)-ta-([0-9]{5})$/i;
const SHORTEST = "root-key-sentinel-is-ta-00000".length;

/** A resolver that answers for its keys. `rootTags`: of the root's keys that it trusts at this moment. */
export function withRootKeySentinel(resolver: Resolver, rootTags: () => readonly number[]): Resolver {
  return {
    resolve: async (name, type, options) => answered(await resolver.resolve(name, type, options), rootTags),
    cached(question, options) {
      const answer = resolver.cached(question, options);
      return answer === undefined ? undefined : answered(answer, rootTags);
    },
    resolveUnchecked: (name, type, options) => resolver.resolveUnchecked(name, type, options),
    prime: () => resolver.prime(),
    memory: resolver.memory,
    close: () => resolver.close(),
    [Symbol.asyncDispose]: () => resolver.close(),
  };
}

/**
 * The answer as it is, or SERVFAIL if the key is not what the name says. RFC 8509 §3.1: secure answers to A and AAAA only;
 * who sets CD is given what is unchecked, and so does not come by here.
 */
function answered(answer: Answer, rootTags: () => readonly number[]): Answer {
  if (!answer.authenticated) return answer;
  const { question } = answer;
  const sentinel = sentinelIn(question);
  if (sentinel === null || rootTags().includes(sentinel.keyTag) === sentinel.trusted) return answer;
  const detail = `Root key sentinel: key ${sentinel.keyTag} is ${sentinel.trusted ? "no" : "a"} trust anchor here`;
  const last = bogus(failure("sentinel", question.name, detail));
  return joinAnswer({ question, links: [], last, notes: [] });
}

function sentinelIn({ name, type }: Question): { readonly trusted: boolean; readonly keyTag: number } | null {
  if (type !== TYPE.A && type !== TYPE.AAAA) return null;
  const { firstLabel } = name;
  if (firstLabel.length !== SHORTEST && firstLabel.length !== SHORTEST + 1) return null;
  const found = LABELS.exec(Buffer.from(firstLabel).toString("latin1"));
  return found === null ? null : { trusted: found[1]!.toLowerCase() === "is", keyTag: Number(found[2]) };
}
