/**
 * One name, one type: walk, enter zones, judge. Where walking meets judging, and the only place. RFC 4035 §4.2, §5.
 *
 * A bogus result is tried once more without the server that gave it (RFC 4035 §4.7 leaves the choice), with the same
 * budget, before it is believed.
 */
import type { Link } from "../cache/answers.ts";
import { accountOf, brokenAt } from "../dnssec/accounting.ts";
import type { AliasData, AnswerData } from "../dnssec/answer.ts";
import { failure } from "../dnssec/proof.ts";
import { checkedForCertain, signersOf, validateAlias, validateResponse } from "../dnssec/response.ts";
import { verifyRRset } from "../dnssec/signature.ts";
import { indeterminate, type Secure, type Verdict } from "../dnssec/verdict.ts";
import type { SecureZone, ZoneTrust } from "../dnssec/zone.ts";
import type { Fetched } from "../iterator/walk.ts";
import type { Conclusive } from "../rrset/findings.ts";
import type { RRset } from "../rrset/rrset.ts";
import type { Question } from "../wire/message.ts";
import { type Chain, unreachable } from "./chain.ts";
import type { Fetcher } from "./fetcher.ts";
import type { Task } from "./session.ts";
import { isFromSnapshot } from "./snapshot.ts";

type Found = Extract<Fetched, { kind: "found" }>;
type Failed = Extract<Fetched, { kind: "failed" }>;

export interface Once {
  readonly link: Link;
  /** The response that the link came from, so that an alias's target may be read from it too. */
  readonly found: Found | null;
}

export interface OnceParts {
  readonly fetcher: Fetcher;
  readonly chain: Chain;
}

export async function resolveOnce(question: Question, task: Task, parts: OnceParts): Promise<Once> {
  const first = await attempt(question, task, parts, {});
  if (first.link.verdict.status !== "bogus" || first.found === null || task.signal.aborted) return first;
  const second = await attempt(question, task, parts, { avoid: first.found.from });
  // A second server that does not answer tells nothing: the first one's failure stands.
  const kept = second.link.verdict.status === "indeterminate" ? first : second;
  return kept.link.verdict.status === "bogus" && kept.found !== null
    ? belowHiddenCut(kept, kept.found, task, parts)
    : kept;
}

/**
 * Nothing was signed where signatures belong: perhaps there is a delegation in between that proves to be insecure, served
 * by its parent's servers. If none is proven, the failure stands.
 */
async function belowHiddenCut(once: Once, found: Found, task: Task, parts: OnceParts): Promise<Once> {
  const { name } = found.response.question;
  // A parent may answer for what lies below its own cut; then only a cut that is known already counts.
  const signed = signersOf(found.response).length > 0;
  const zone = signed ? parts.chain.knownCutAbove(name) : await parts.chain.trustBelow(found, name, task);
  if (zone === null) return once;
  return zone.status === "insecure" ? { link: await linkFrom(found.response, zone, task), found } : once;
}

async function attempt(
  question: Question,
  task: Task,
  parts: OnceParts,
  options: Parameters<Fetcher["fetch"]>[2],
): Promise<Once> {
  const fetched = await parts.fetcher.fetch(question, task, options);
  if (fetched.kind === "failed") return { link: failed(question, fetched, task, parts), found: null };
  const link = await judge(fetched, task, parts);
  if (isFromSnapshot(fetched) && link.verdict.status !== "secure") {
    parts.fetcher.forget(question);
    return attempt(question, task, parts, { ...options, snapshot: "left out" });
  }
  if (fetched.response.question.name.equals(question.name) || settled(link)) return { link, found: fetched };
  // A name error for a shortened name is final only when it is proven (RFC 8020 §2; some servers deny empty
  // non-terminals). Otherwise the whole name is asked.
  const whole = await parts.fetcher.fetch(question, task, { ...options, wholeNameFrom: fetched.zone });
  if (whole.kind === "failed") return { link: failed(question, whole, task, parts), found: null };
  return { link: await judge(whole, task, parts), found: whole };
}

const settled = (link: Link): boolean => link.kind === "end" && link.verdict.status === "secure";

/** Judges what was found, by the keys of the zone that speaks for it. */
export async function judge(found: Found, task: Task, parts: OnceParts): Promise<Link> {
  const { response } = found;
  const zone = await parts.chain.trustFor(found, response.question.name, task);
  let link = await linkFrom(response, zone, task);
  if (
    link.verdict.status === "bogus" &&
    link.verdict.failure.code === "no key for signature" &&
    zone.status === "secure"
  ) {
    // The zone may have changed its keys since we learned them. RFC 8901 §3.
    if (parts.chain.age(zone.name) > 1)
      link = await linkFrom(response, await parts.chain.refresh(zone.name, task), task);
  }
  if (link.verdict.status === "insecure" && zone.status === "secure") {
    // A zone may prove that a name below an anchor does not exist, but not that it need not be signed.
    const anchored = parts.chain.anchorBelow(zone.name, response.question.name);
    if (anchored !== null) link = await linkFrom(response, await parts.chain.trustOf(anchored, task), task);
  }
  const { verdict } = link;
  const detail =
    verdict.status === "bogus" || verdict.status === "indeterminate" ? verdict.failure.detail : response.kind;
  task.session.env.emit({ kind: "judged", question: response.question, status: verdict.status, detail });
  return link;
}

/**
 * The DNAME of a response whose CNAME was forged: the answer is bogus, but what is proven stays proven, and the next
 * question need not meet the forger again.
 */
export async function provenDname(once: Once, task: Task, parts: OnceParts): Promise<Secure<AliasData> | null> {
  const { verdict } = once.link;
  if (verdict.status !== "bogus" || verdict.failure.code !== "alias wrong" || once.found?.response.kind !== "alias")
    return null;
  const { response } = once.found;
  const zone = await parts.chain.trustFor(once.found, response.question.name, task);
  const alone = await task.session.judging((by) => validateAlias({ ...response, received: null }, zone, by));
  return alone.status === "secure" ? alone : null;
}

async function linkFrom(response: Conclusive, zone: ZoneTrust, task: Task): Promise<Link> {
  const { session } = task;
  if (zone.status === "secure") await verifyAhead(checkedForCertain(response, session.judge()), zone, task);
  if (response.kind !== "alias") return end(await session.judging((by) => validateResponse(response, zone, by)));
  const verdict: Verdict<AliasData> = await session.judging((by) => validateAlias(response, zone, by));
  return verdict.status === "secure" || verdict.status === "insecure" ? { kind: "alias", verdict } : end(verdict);
}

/**
 * One signature at a time, so that others have their turn in between: what verified is not verified again, and what failed
 * costs the judge nothing more.
 */
async function verifyAhead(rrsets: readonly RRset[], zone: SecureZone, { session }: Task): Promise<void> {
  for (const rrset of rrsets) {
    let verified = false;
    for (const signature of rrset.signatures) {
      const alone = { ...rrset, signatures: [signature] };
      verified = (await session.judging((by) => verifyRRset(alone, zone, by))).kind === "verified";
      if (verified) break;
    }
    if (!verified) return;
  }
}

export function end(verdict: Verdict<AnswerData>): Link {
  return { kind: "end", verdict, notes: [] };
}

function failed(question: Question, fetched: Failed, task: Task, { chain }: OnceParts): Link {
  const { name } = question;
  const why =
    fetched.why === "too many referrals"
      ? failure("loop", name, `more than ${fetched.detail} referrals`)
      : unreachable(name.toString(), name, fetched, task);
  const above = chain.provenAbove(name);
  const at = { zone: fetched.zone.zone, above: above === null ? null : accountOf(above.proof) };
  return end(indeterminate(brokenAt(why, "response", at)));
}
