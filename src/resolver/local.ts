/** Special names as links. See special-names.ts. */
import type { Link } from "../cache/answers.ts";
import { localAnswerData } from "../dnssec/local.ts";
import type { RRset } from "../rrset/rrset.ts";
import { addressToOctets } from "../wire/address.ts";
import type { Question } from "../wire/message.ts";
import { TYPE } from "../wire/registry.ts";
import { localAnswer } from "./special-names.ts";

const TTL = 10_800;

/** Null: a name like any other. Where questions are forwarded, the operator's network may know these zones better. */
export function localLink(question: Question, forwarding: boolean): Extract<Link, { kind: "end" }> | null {
  if (forwarding) return null;
  const local = localAnswer(question.name);
  if (local === null) return null;
  if (local.kind !== "addresses")
    return { kind: "end", verdict: localAnswerData(question.name, local.zone, local.kind, []), notes: [] };
  const address = question.type === TYPE.A ? local.ipv4 : question.type === TYPE.AAAA ? local.ipv6 : null;
  if (address === null)
    return { kind: "end", verdict: localAnswerData(question.name, local.zone, "no data", []), notes: [] };
  const rrset: RRset = {
    name: question.name,
    type: question.type,
    ttl: TTL,
    data: [addressToOctets(address)!],
    signatures: [],
  };
  return { kind: "end", verdict: localAnswerData(question.name, local.zone, "answer", [rrset]), notes: [] };
}
