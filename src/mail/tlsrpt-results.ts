/** What one session with one host says about the receiver's policies: the input of reports and of datagrams. RFC 8460 §4.3. */
import type { Authenticate, Encrypt, Skip } from "../dane/actions.ts";
import type { TlsrptPolicy, TlsrptResult, Told } from "../dane/codes.ts";
import { hostText } from "../dane/host-names.ts";
import { rdataOf } from "../rrset/rrset.ts";
import type { Name } from "../wire/name.ts";
import { hex } from "../wire/text.ts";
import type { MailPlan, PlannedHost } from "./plan-mail.ts";
import type { StsPolicy } from "./sts-policy.ts";

/** RFC 8460 §4.4 */
export interface ReportedPolicy {
  readonly type: TlsrptPolicy;
  /** The TLSA base domain for DANE, otherwise the recipient's domain; without final dot. RFC 8460 §1.1. */
  readonly domain: string;
  /** TLSA RRs, or the lines of the MTA-STS policy. */
  readonly strings: readonly string[];
  /** Patterns of the MTA-STS policy. */
  readonly mx: readonly string[];
}

export interface ReportedFailure {
  readonly result: TlsrptResult;
  /** More about it, as "failure-reason-code": our stable code. */
  readonly reason: string;
}

export interface PolicyResult {
  readonly policy: ReportedPolicy;
  /** Whether mail could go out as far as this policy is concerned. */
  readonly final: "success" | "failure";
  readonly failures: readonly ReportedFailure[];
}

export interface SessionOutcome {
  /** Why mail did not go out to this host: what `verifyDane`, `verifyWebPki` or `planWithoutTls` said; null: it did. */
  readonly failure: Told | null;
  /** The same for a policy in mode testing (`action.test`), if one was tried; null: it would have been met. */
  readonly test?: Told | null;
  /** The same where DANE is suspended: what `verifyDane(socket, action.suspended)` said. */
  readonly suspended?: Told | null;
}

/** One for each policy that had a say. `plan` has a domain: addresses have no policies. */
export function policyResults(plan: MailPlan, host: PlannedHost, outcome: SessionOutcome): readonly PolicyResult[] {
  const { action } = host;
  const domain = textOf(plan.domain);
  // Whoever was skipped was never tried: the plan says why.
  const failure = outcome.failure ?? (action.do === "skip" ? action : null);
  const results: PolicyResult[] = [];
  switch (action.do) {
    case "authenticate":
      results.push(result(daneOf(action), [failure], failure));
      break;
    case "encrypt":
      // Nothing usable is a fault of its own, told even though mail goes out.
      results.push(result(daneOf(action), [action, failure], failure));
      break;
    case "webpki":
      results.push(result(stsOf(domain, action.policy), [stsProblem(plan), failure], failure));
      break;
    case "opportunistic":
      if (action.suspended !== undefined) results.push(result(...suspendedDane(action.suspended, host, outcome)));
      break;
    case "skip":
      results.push(result(skippedPolicy(action, domain, host), [failure], failure));
      break;
  }
  const tested = "test" in action ? action.test : null;
  if (tested !== null) {
    const policy = plan.sts?.kind === "policy" ? plan.sts.policy : null;
    const missed = tested.kind === "failed" ? tested.failure : (outcome.test ?? null);
    if (policy !== null) results.push(result(stsOf(domain, policy), [stsProblem(plan), missed], null));
  }
  const problem = stsProblem(plan);
  if (results.length === 0 && problem !== null)
    results.push(result({ type: "sts", domain, strings: [], mx: [] }, [problem], failure));
  if (results.length === 0)
    results.push(result({ type: "no-policy-found", domain, strings: [], mx: [] }, [failure], failure));
  return results;
}

function result(policy: ReportedPolicy, told: readonly (Told | null)[], failure: Told | null): PolicyResult {
  const failures = told.flatMap((each) =>
    each === null || each.tlsrpt === null ? [] : [{ result: each.tlsrpt, reason: each.code }],
  );
  return { policy, final: failure === null ? "success" : "failure", failures };
}

function daneOf({ base, tlsa }: Pick<Authenticate | Encrypt, "base" | "tlsa">): ReportedPolicy {
  const strings = rdataOf(tlsa.value).map(
    ({ usage, selector, matchingType, data }) => `${usage} ${selector} ${matchingType} ${hex(data).toLowerCase()}`,
  );
  return { type: "tlsa", domain: textOf(base), strings, mx: [] };
}

function stsOf(domain: string, { lines, mx }: StsPolicy): ReportedPolicy {
  return { type: "sts", domain, strings: lines, mx };
}

/** Told as it would have been, though mail went out. */
function suspendedDane(
  asked: Authenticate | Encrypt | Skip,
  host: PlannedHost,
  { suspended = null }: SessionOutcome,
): Parameters<typeof result> {
  if (asked.do === "skip") return [{ ...skippedPolicy(asked, "", host), type: "tlsa" }, [asked], null];
  return [daneOf(asked), [asked.do === "encrypt" ? asked : null, suspended], null];
}

function skippedPolicy({ tlsrptPolicy }: Told, domain: string, { name }: PlannedHost): ReportedPolicy {
  // Bogus TLSA: the records that were asked for stand, if anywhere, at the host.
  const about = tlsrptPolicy === "tlsa" && name !== null ? textOf(name) : domain;
  return { type: tlsrptPolicy, domain: about, strings: [], mx: [] };
}

function stsProblem({ sts }: MailPlan): Told | null {
  return sts === null || sts.kind === "unknown" ? null : sts.problem;
}

function textOf(name: Name | null): string {
  if (name === null) throw new TypeError("an address has no policies, so there is nothing to report");
  return hostText(name) ?? `${name}`;
}
