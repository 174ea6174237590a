/** One conclusive response against the zone that speaks for it. RFC 4035 §5.3, §5.4; wildcards §5.3.4; DNAME RFC 6672 §5.3. */
import type { Conclusive } from "../rrset/findings.ts";
import { isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import type { Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { encodeRdata } from "../wire/rdata.ts";
import { RCODE, TYPE, typeToText } from "../wire/registry.ts";
import { brokenResponse } from "./accounting.ts";
import type { AliasData, AnswerData } from "./answer.ts";
import { type Claim, proveDenial, proveNoCloserMatch } from "./denial.ts";
import { asVerified } from "./denying.ts";
import type { Judge } from "./judge.ts";
import { type Denial, type Failure, failure, type ProofPart } from "./proof.ts";
import { proofFrom, type Verified, verifyRRset } from "./signature.ts";
import { bogus, mintInsecure, mintSecure, type Secure, type Verdict, type WhyInsecure } from "./verdict.ts";
import type { InsecureZone, SecureZone, ZoneTrust } from "./zone-trust.ts";

export { negativeTtl } from "./answer.ts";

type Aliased = Extract<Conclusive, { kind: "alias" }>;
type Answered = Extract<Conclusive, { kind: "answer" }>;
type Denied = Extract<Conclusive, { kind: "no data" | "name error" }>;

/** RRsets that are validated of an answer to QTYPE ANY (AnyTrap; ATTACKS A-05). */
const ANY_RRSETS = 24;

export function validateResponse(
  response: Answered | Denied,
  zone: ZoneTrust,
  by: Judge,
  { anyRRsets }: { readonly anyRRsets: number } = { anyRRsets: ANY_RRSETS },
): Verdict<AnswerData> {
  switch (zone.status) {
    case "secure":
      return placed(
        response.kind === "answer" ? validateAnswer(response, zone, by, anyRRsets) : validateDenial(response, zone, by),
        response,
        zone,
      );
    case "insecure":
      return insecureAnswer(response, zone);
    case "bogus":
    case "indeterminate":
      return zone;
  }
}

/** CNAME at the question's name or DNAME above it. */
export function validateAlias(response: Aliased, zone: ZoneTrust, by: Judge): Verdict<AliasData> {
  const { alias, question } = response;
  const target = targetOf(alias, question.name);
  switch (zone.status) {
    case "secure":
      return placed(validateAliasIn(zone, response, target, by), response, zone);
    case "insecure":
      return mintInsecure({ alias, target, authority: [] }, zone.why);
    case "bogus":
    case "indeterminate":
      return zone;
  }
}

/** A failure with its place in the chain: at what `zone`, which is proven, said. */
function placed<T>(verdict: Verdict<T>, response: Conclusive, zone: SecureZone): Verdict<T> {
  if (verdict.status !== "bogus") return verdict;
  const { failure: why } = verdict;
  const telling = tellingOf(response);
  const about =
    telling.find(({ name }) => name.equals(why.at)) ?? telling.find(({ type }) => isDenialType(type)) ?? null;
  return bogus(brokenResponse(why, zone, about));
}

/**
 * The zones that signed what matters in a response, each once: a child served by its parent's servers shows only here
 * (RFC 4035 §5.3.1: the signer is the zone).
 */
export function signersOf(response: Conclusive): Name[] {
  const signers = new Map<string, Name>();
  for (const { signatures } of tellingOf(response)) {
    for (const { signer } of signatures) if (!signers.has(signer.key)) signers.set(signer.key, signer);
  }
  return [...signers.values()];
}

function tellingOf(response: Conclusive): readonly RRset[] {
  switch (response.kind) {
    case "answer":
      return response.rrsets;
    case "alias":
      return [response.alias];
    case "no data":
    case "name error":
      return response.authority.filter(({ type }) => type === TYPE.SOA || isDenialType(type));
  }
}

/**
 * RRsets that judging this response will verify whatever comes out, if there are so many that whoever has other things to
 * do may want to have them verified one by one, in this order.
 */
export function checkedForCertain(response: Conclusive, by: Judge): readonly RRset[] {
  switch (response.kind) {
    case "answer":
      return response.question.type === TYPE.ANY
        ? response.rrsets.filter(({ type }) => type !== TYPE.RRSIG).slice(0, ANY_RRSETS)
        : response.rrsets.filter(hasSeveral);
    case "alias":
      return [response.alias].filter(hasSeveral);
    case "no data":
    case "name error": {
      const hashed = response.authority.filter(({ type }) => type === TYPE.NSEC3);
      return hashed.length <= by.policy.nsec3PerResponse ? hashed : [];
    }
  }
}

const hasSeveral = ({ signatures }: RRset): boolean => signatures.length > 1;

// Answers.

function validateAnswer(
  { question, rrsets, authority }: Answered,
  zone: SecureZone,
  by: Judge,
  anyRRsets: number,
): Verdict<AnswerData> {
  const signedTypes = rrsets.filter((rrset) => rrset.type !== TYPE.RRSIG);
  if (question.type === TYPE.RRSIG || signedTypes.length === 0) {
    const kept = question.type === TYPE.RRSIG ? signaturesIn(rrsets) : rrsets;
    return mintInsecure(answerData(question, kept, []), { kind: "unsigned type", cut: zone.name });
  }
  const judged = new Expansions(question.name, authority, zone, by);
  const kept: RRset[] = [];
  const parts: ProofPart[] = [];
  // RFC 6840 §4.2: for ANY, each RRset that came must verify, and nobody promises that all came.
  for (const rrset of signedTypes.slice(0, question.type === TYPE.ANY ? anyRRsets : 1)) {
    mustAnswer(rrset, question);
    const verified = verifyRRset(rrset, zone, by);
    if (verified.kind === "failed") return bogus(verified.failure);
    if (verified.wildcard !== null) {
      const unproven = judged.prove(verified.wildcard);
      if (unproven !== null) return bogus(unproven);
    }
    kept.push(asVerified(rrset, verified, by));
    parts.push(verified.part);
  }
  const data = answerData(question, kept, judged.records);
  return judged.why === null
    ? mintSecure(data, proofFrom(zone, [...parts, ...judged.parts], by))
    : mintInsecure(data, judged.why);
}

function answerData(question: Question, rrsets: readonly RRset[], authority: readonly RRset[]): AnswerData {
  return { kind: "answer", name: question.name, rrsets, authority, rcode: RCODE.NOERROR };
}

function mustAnswer(rrset: RRset, { name, type }: Question): void {
  if (rrset.name.equals(name) && (type === TYPE.ANY || rrset.type === type)) return;
  const given = `${rrset.name} ${typeToText(rrset.type)}`;
  throw new TypeError(`${given} was given as an answer to ${name} ${typeToText(type)}`);
}

/** A question for RRSIGs may be answered by what they sign: then they hang there. */
function signaturesIn(rrsets: readonly RRset[]): readonly RRset[] {
  const kept: RRset[] = [];
  for (const rrset of rrsets) {
    if (rrset.type === TYPE.RRSIG) {
      kept.push(rrset);
      continue;
    }
    const [first, ...others] = rrset.signatures.map((signature) => encodeRdata(TYPE.RRSIG, signature));
    if (first !== undefined) {
      const { name, ttl } = rrset;
      kept.push({ name, type: TYPE.RRSIG, ttl, data: [first, ...others], signatures: [] });
    }
  }
  return kept;
}

/** Proofs that a wildcard was rightly expanded, once for each source. */
class Expansions {
  readonly parts: ProofPart[] = [];
  readonly records: RRset[] = [];
  /** The first reason for which the whole is not secure. */
  why: WhyInsecure | null = null;
  readonly #name: Name;
  readonly #context: { readonly authority: readonly RRset[]; readonly zone: SecureZone; readonly by: Judge };
  readonly #proven = new Set<string>();

  constructor(name: Name, authority: readonly RRset[], zone: SecureZone, by: Judge) {
    this.#name = name;
    this.#context = { authority, zone, by };
  }

  prove(source: Name): Failure | null {
    if (this.#proven.has(source.key)) return null;
    const verdict = proveNoCloserMatch(this.#name, source, this.#context);
    switch (verdict.kind) {
      case "failed":
        return verdict.failure;
      case "insecure":
        this.why ??= verdict.why;
        this.records.push(...verdict.records);
        break;
      case "proven":
        this.parts.push(...verdict.denial.proof.parts);
        this.records.push(...verdict.denial.value.records);
        break;
    }
    this.#proven.add(source.key);
    return null;
  }
}

// Denials.

function validateDenial(response: Denied, zone: SecureZone, by: Judge): Verdict<AnswerData> {
  const { question, kind: claim, authority } = response;
  const verdict = proveDenial(question, claim, { authority, zone, by });
  if (verdict.kind === "failed") return bogus(verdict.failure);
  const soa = response.soa === null ? null : judgeSoa(response.soa, zone, by);
  if (soa?.kind === "failed") return bogus(soa.failure);
  const soas = soa === null ? [] : [asVerified(soa.part.rrset, soa, by)];
  if (verdict.kind === "insecure") {
    const delegation = delegationIn(response, zone);
    if (delegation !== null) return bogus(failure("denial does not prove it", question.name, delegation));
    const data = denialData(question, verdict.as, [...soas, ...verdict.records]);
    return mintInsecure(data, verdict.why);
  }
  const { denial } = verdict;
  const data = denialData(question, claimOf(denial), [...soas, ...denial.value.records]);
  const parts = soa === null ? denial.proof.parts : [...denial.proof.parts, soa.part];
  return mintSecure(data, proofFrom(zone, parts, by));
}

/**
 * The records that prove a delegation unsigned look like a denial under opt-out. Servers that follow an alias as far as a
 * delegation send them beside it, and what the delegation's own servers would say is not told by them.
 */
function delegationIn({ question, soa, authority }: Denied, zone: SecureZone): string | null {
  if (soa !== null || question.type === TYPE.DS) return null;
  for (const { name, type } of authority) {
    if (type !== TYPE.NS || !name.isStrictlyWithin(zone.name) || !question.name.isWithin(name)) continue;
    return `This is a referral to ${name}, no denial of ${question.name} ${typeToText(question.type)}`;
  }
  return null;
}

/** The rcode follows from what was proven: a server may have the wrong one, and nobody signs it. */
function claimOf(denial: Secure<Denial>): Claim {
  const { kind } = denial.value;
  return kind === "name error" || kind === "compact name error" ? "name error" : "no data";
}

function denialData(question: Question, kind: Claim, authority: readonly RRset[]): AnswerData {
  const rcode = kind === "name error" ? RCODE.NXDOMAIN : RCODE.NOERROR;
  return { kind, name: question.name, rrsets: [], authority, rcode };
}

/** It tells for how long a denial may be kept, so a forged one would be no trifle. RFC 2308 §5. */
function judgeSoa(soa: RRset<typeof TYPE.SOA>, zone: SecureZone, by: Judge): Verified {
  const verified = verifyRRset(soa, zone, by);
  if (verified.kind === "verified") {
    if (verified.wildcard === null) return verified;
    const detail = `SOA of ${soa.name} is an expansion of a wildcard`;
    return { kind: "failed", failure: failure("signature labels wrong", soa.name, detail) };
  }
  const { code, at, detail } = verified.failure;
  if (code !== "signature wrong") return verified;
  // Seen in the wild (DANE.md §1.4): somebody raised the serial in a signed zone file.
  const hint = `${detail}, although the denial beside it does; was the serial edited after signing?`;
  return { kind: "failed", failure: failure(code, at, hint) };
}

// Aliases.

function validateAliasIn(
  zone: SecureZone,
  { alias, question, received, authority }: Aliased,
  target: Name | null,
  by: Judge,
): Verdict<AliasData> {
  const verified = verifyRRset(alias, zone, by);
  if (verified.kind === "failed") return bogus(verified.failure);
  const { wildcard } = verified;
  const judged = new Expansions(question.name, authority, zone, by);
  const wrong = whyWrong({ alias, wildcard, received, name: question.name, target });
  if (wrong !== null) return bogus(failure("alias wrong", alias.name, wrong));
  const unproven = wildcard === null ? null : judged.prove(wildcard);
  if (unproven !== null) return bogus(unproven);
  const data: AliasData = { alias: asVerified(alias, verified, by), target, authority: judged.records };
  return judged.why === null
    ? mintSecure(data, proofFrom(zone, [verified.part, ...judged.parts], by))
    : mintInsecure(data, judged.why);
}

function whyWrong({
  alias,
  wildcard,
  received,
  name,
  target,
}: {
  readonly alias: RRset;
  readonly wildcard: Name | null;
  readonly received: RRset | null;
  readonly name: Name;
  readonly target: Name | null;
}): string | null {
  // RFC 2181 §10.1, RFC 6672 §2.4: one at a name. Of several, whoever sends them could choose.
  if (alias.data.length > 1) return `${alias.name} has ${alias.data.length} ${typeToText(alias.type)} records`;
  if (alias.type !== TYPE.DNAME) return null;
  // RFC 6672 §3.3: what a wildcard DNAME means depends on the server, so nothing is proven by one.
  if (wildcard !== null) return `DNAME of ${alias.name} is an expansion of a wildcard`;
  return whySynthesisWrong(received, name, target);
}

/** The CNAME beside a DNAME is not signed: RFC 6672 §5.3.1 has us compare it with what the DNAME makes of the name. */
function whySynthesisWrong(received: RRset | null, name: Name, target: Name | null): string | null {
  if (received === null) return null;
  if (!isOfType(received, TYPE.CNAME)) return `${typeToText(received.type)} came as the CNAME made from a DNAME`;
  const [first, ...others] = rdataOf(received);
  const matches = target !== null && received.name.equals(name) && first!.target.equals(target);
  if (matches && others.length === 0) return null;
  return `The CNAME of ${received.name} leads to ${first!.target}, and the DNAME to ${target ?? "no name at all"}`;
}

/** From the record itself, whatever the walker made of it. */
function targetOf(alias: RRset, name: Name): Name | null {
  if (isOfType(alias, TYPE.CNAME) && alias.name.equals(name)) return rdataOf(alias)[0]!.target;
  if (isOfType(alias, TYPE.DNAME) && name.isStrictlyWithin(alias.name)) {
    return name.replaceSuffix(alias.name, rdataOf(alias)[0]!.target);
  }
  throw new TypeError(`${alias.name} ${typeToText(alias.type)} was given as an alias of ${name}`);
}

// What is not signed.

/** As it came, but for NS RRs and the like, which are nobody's answer. */
function insecureAnswer(response: Answered | Denied, zone: InsecureZone): Verdict<AnswerData> {
  const { question } = response;
  if (response.kind === "answer") {
    const rrsets = question.type === TYPE.RRSIG ? signaturesIn(response.rrsets) : response.rrsets;
    return mintInsecure(answerData(question, rrsets, []), zone.why);
  }
  const denying = response.authority.filter(({ type }) => isDenialType(type));
  const authority = response.soa === null ? denying : [response.soa, ...denying];
  return mintInsecure(denialData(question, response.kind, authority), zone.why);
}

const isDenialType = (type: number): boolean => type === TYPE.NSEC || type === TYPE.NSEC3;
