/** Data for clients that ask for it unjudged (CD=1). It never enters the cache of answers. RFC 4035 §3.2.2; ATTACKS. */
import { cnameFrom } from "../dnssec/views.ts";
import type { RRset } from "../rrset/rrset.ts";
import type { Question } from "../wire/message.ts";
import { EDE, RCODE, TYPE } from "../wire/registry.ts";
import type { Unchecked } from "./api.ts";
import type { Fetcher } from "./fetcher.ts";
import type { Settings } from "./options.ts";
import type { Task } from "./session.ts";

/** TTLs have their bounds here as everywhere. */
export async function followUnchecked(
  start: Question,
  task: Task,
  fetcher: Fetcher,
  limits: Pick<Settings, "aliasSteps" | "maxTtl" | "minTtl" | "minNegativeTtl">,
): Promise<Unchecked> {
  const found = await follow(start, task, fetcher, limits.aliasSteps);
  const bounded = (rrsets: readonly RRset[], floor: number): RRset[] =>
    rrsets.map((rrset) => ({ ...rrset, ttl: Math.min(limits.maxTtl, Math.max(rrset.ttl, floor)) }));
  const [least, leastNegative] = start.type === TYPE.TLSA ? [0, 0] : [limits.minTtl, limits.minNegativeTtl];
  return { ...found, answer: bounded(found.answer, least), authority: bounded(found.authority, leastNegative) };
}

async function follow(start: Question, task: Task, fetcher: Fetcher, aliasSteps: number): Promise<Unchecked> {
  const answer: RRset[] = [];
  let question = start;
  for (let steps = 0; ; steps++) {
    // What a file says without proof is for nobody.
    let fetched = await fetcher.fetch(question, task, { snapshot: "left out" });
    if (fetched.kind === "found" && !fetched.response.question.name.equals(question.name)) {
      fetched = await fetcher.fetch(question, task, { wholeNameFrom: fetched.zone });
    }
    if (fetched.kind === "failed") return uncheckedFailure(start, fetched.detail);
    const { response } = fetched;
    switch (response.kind) {
      case "answer":
        return {
          question: start,
          rcode: RCODE.NOERROR,
          answer: [...answer, ...response.rrsets],
          authority: response.authority,
          ede: [],
        };
      case "no data":
        return { question: start, rcode: RCODE.NOERROR, answer, authority: response.authority, ede: [] };
      case "name error":
        return { question: start, rcode: RCODE.NXDOMAIN, answer, authority: response.authority, ede: [] };
      case "alias":
        answer.push(response.alias);
        if (response.target === null) return { question: start, rcode: RCODE.YXDOMAIN, answer, authority: [], ede: [] };
        if (response.alias.type === TYPE.DNAME) {
          answer.push(cnameFrom(response.alias, question.name, response.target));
          // Who asks for the CNAME itself is not led on.
          if (start.type === TYPE.CNAME)
            return { question: start, rcode: RCODE.NOERROR, answer, authority: [], ede: [] };
        }
        if (steps >= aliasSteps) return uncheckedFailure(start, `more than ${aliasSteps} aliases`);
        question = { ...question, name: response.target };
    }
  }
}

export function uncheckedFailure(question: Question, detail: string): Unchecked {
  return {
    question,
    rcode: RCODE.SERVFAIL,
    answer: [],
    authority: [],
    ede: [{ code: EDE.NO_REACHABLE_AUTHORITY, text: detail }],
  };
}
