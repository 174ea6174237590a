/** A mail server on paper: does with a plan what RFC 7672 §2.2 asks, against hosts that show given certificates. */
import { matchCertificate } from "../../src/dane/match.ts";
import { type DeliveryPlan, type MailHost, withoutTls } from "../../src/dane/smtp-plan.ts";
import { chain, LAB_NOW } from "./harness.ts";

/** By host: the chain that it shows, "leaf intermediate root", or "no starttls". */
export type Shown = Readonly<Record<string, string>>;

/** "Verified" and the like as Postfix prints them, then by which host; or what becomes of the mail. */
export function deliver(plan: DeliveryPlan, shown: Shown): string {
  if (plan.do !== "deliver") return `${plan.do} ${plan.status} ${plan.code}`;
  let last = "";
  for (const host of plan.hosts) {
    const outcome = tryHost(plan, host, shown[`${host.name}`] ?? "self-expired");
    if (outcome.sent) return outcome.text;
    last = outcome.text;
  }
  return `defer ${last}`;
}

function tryHost(plan: DeliveryPlan, { name, action }: MailHost, shown: string): { sent: boolean; text: string } {
  if (action.do === "skip") return { sent: false, text: `${action.status} ${action.code}` };
  if (shown === "no starttls") {
    const skipped = withoutTls(action, `${name}`);
    return skipped === null
      ? { sent: true, text: `In the clear to ${name}` }
      : { sent: false, text: `${skipped.status} ${skipped.code}` };
  }
  if (action.do !== "authenticate") return { sent: true, text: `Untrusted to ${name}, ${action.do}` };
  const { tlsa, names, policy } = action;
  const match = matchCertificate(tlsa, chain(shown), { names, policy, now: LAB_NOW });
  if (match.kind === "refused") return { sent: false, text: `${match.status} ${match.code}` };
  return { sent: true, text: `${plan.nextHop === "secure" ? "Verified" : "Trusted"} to ${name}` };
}
