/**
 * Views of judged values that keep their status: with other TTLs, or an alias seen as an answer to a CNAME question. They
 * live beside the mint because a general `map` over verdicts could launder anything.
 */
import { isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import type { Name } from "../wire/name.ts";
import { RCODE, type RRType, TYPE } from "../wire/registry.ts";
import type { AliasData, AnswerData } from "./answer.ts";
import { genuine, type Insecure, mintInsecure, mintSecure, type Secure, type Verdict } from "./verdict.ts";

export interface TtlView {
  /** Seconds since the value was stored. */
  readonly age: number;
  /** No TTL is higher than this before ageing. */
  readonly cap: number;
  /** None is lower than this before ageing; 0 if it is missing. */
  readonly floor?: number;
}

export function answerWithTtls(verdict: Verdict<AnswerData>, view: TtlView): Verdict<AnswerData> {
  switch (verdict.status) {
    case "secure":
      return mintSecure(dataWithTtls(verdict.value, view), verdict.proof);
    case "insecure":
      return mintInsecure(dataWithTtls(verdict.value, view), verdict.why);
    case "bogus":
    case "indeterminate":
      return verdict;
  }
}

export function aliasWithTtls(
  verdict: Secure<AliasData> | Insecure<AliasData>,
  view: TtlView,
): Secure<AliasData> | Insecure<AliasData> {
  const { alias, target, authority } = verdict.value;
  const value: AliasData = {
    alias: withTtl(alias, view),
    target,
    authority: authority.map((rrset) => withTtl(rrset, view)),
  };
  return verdict.status === "secure" ? mintSecure(value, verdict.proof) : mintInsecure(value, verdict.why);
}

/** What a question for the CNAME itself gets when the alias is known already. */
export function aliasAsAnswer(verdict: Secure<AliasData> | Insecure<AliasData>): Verdict<AnswerData> {
  const { alias, authority } = verdict.value;
  const value: AnswerData = { kind: "answer", name: alias.name, rrsets: [alias], authority, rcode: RCODE.NOERROR };
  return verdict.status === "secure" ? mintSecure(value, verdict.proof) : mintInsecure(value, verdict.why);
}

/** A proven DNAME, seen from another name below its owner. RFC 6672 §3.4: only where it is proven, so `Secure` is required. */
export function dnameSeenFrom(verdict: Secure<AliasData>, name: Name): Secure<AliasData> | null {
  const { alias, authority } = verdict.value;
  if (!isOfType(alias, TYPE.DNAME) || !name.isStrictlyWithin(alias.name)) return null;
  const target = name.replaceSuffix(alias.name, rdataOf(alias)[0]!.target);
  return mintSecure({ alias, target, authority }, verdict.proof);
}

/** A DNAME that was asked for by its own name, as what it is to the names below. */
export function dnameAnswerAsAlias(verdict: Secure<AnswerData>): Secure<AliasData> | null {
  const { rrsets, authority } = verdict.value;
  const [alias] = rrsets;
  return alias?.type === TYPE.DNAME ? mintSecure({ alias, target: null, authority }, verdict.proof) : null;
}

/** The CNAME that a DNAME makes at a name, as the answer to a question for it. RFC 6672 §3.1. */
export function cnameMadeBy(
  verdict: Secure<AliasData> | Insecure<AliasData>,
  name: Name,
  target: Name,
): Verdict<AnswerData> {
  const { alias, authority } = verdict.value;
  const value: AnswerData = {
    kind: "answer",
    name,
    rrsets: [cnameFrom(alias, name, target)],
    authority,
    rcode: RCODE.NOERROR,
  };
  return verdict.status === "secure" ? mintSecure(value, verdict.proof) : mintInsecure(value, verdict.why);
}

/** Unsigned, with the DNAME's TTL. RFC 6672 §3.1. */
export function cnameFrom(dname: RRset, name: Name, target: Name): RRset {
  return { name, type: TYPE.CNAME, ttl: dname.ttl, data: [target.wire], signatures: [] };
}

/** The end that a DNAME makes whose target would be too long. RFC 6672 §2.2. */
export function overlongAlias(verdict: Secure<AliasData> | Insecure<AliasData>): Verdict<AnswerData> {
  const { alias, authority } = verdict.value;
  const value: AnswerData = { kind: "no data", name: alias.name, rrsets: [], authority, rcode: RCODE.YXDOMAIN };
  return verdict.status === "secure" ? mintSecure(value, verdict.proof) : mintInsecure(value, verdict.why);
}

/** Without the records that the operator does not let in. Nothing is proven of what is left, nor was before. */
export function insecureWithout(
  verdict: Insecure<AnswerData>,
  isUnwanted: (type: RRType, data: Uint8Array) => boolean,
): Insecure<AnswerData> {
  const { value, why } = verdict;
  const rrsets: RRset[] = [];
  for (const rrset of value.rrsets) {
    const [first, ...rest] = rrset.data.filter((data) => !isUnwanted(rrset.type, data));
    if (first !== undefined) rrsets.push({ ...rrset, data: [first, ...rest] });
  }
  return mintInsecure({ ...value, kind: rrsets.length === 0 ? "no data" : value.kind, rrsets }, why);
}

function dataWithTtls(data: AnswerData, view: TtlView): AnswerData {
  return {
    ...data,
    rrsets: data.rrsets.map((rrset) => withTtl(rrset, view)),
    authority: data.authority.map((rrset) => withTtl(rrset, view)),
  };
}

function withTtl(rrset: RRset, { age, cap, floor = 0 }: TtlView): RRset {
  const ttl = Math.max(0, Math.max(floor, Math.min(rrset.ttl, cap)) - age);
  return ttl === rrset.ttl ? rrset : { ...rrset, ttl };
}

/** The RRset of one type that a secure answer holds, as secure as the answer; null if it holds none. */
export function secureRRset<T extends RRType>(verdict: Secure<AnswerData>, type: T): Secure<RRset<T>> | null {
  const { value, proof } = genuine(verdict);
  const rrset = value.kind === "answer" ? value.rrsets.find((candidate) => isOfType(candidate, type)) : undefined;
  return rrset === undefined ? null : mintSecure(rrset as RRset<T>, proof);
}
