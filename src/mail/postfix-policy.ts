/**
 * A plan in the words of Postfix's smtp_tls_policy_maps, which knows one level for a whole domain. Where hosts of a domain
 * differ, the level is chosen so that none of them gets mail by less than the plan asks for. DANE goes before MTA-STS.
 */
import { Name } from "../wire/name.ts";
import type { MailPlan, PlannedAction } from "./plan-mail.ts";

export type PostfixPolicy =
  | { readonly kind: "level"; readonly text: string; readonly reason: string }
  /** Neither DANE nor MTA-STS: what main.cf says counts. */
  | { readonly kind: "none"; readonly reason: string }
  | { readonly kind: "try later"; readonly reason: string };

export function postfixPolicy(plan: MailPlan): PostfixPolicy {
  const { reason, nextHop, sts } = plan;
  switch (plan.do) {
    case "bounce":
      return { kind: "none", reason }; // Postfix finds out by itself, and says it better
    case "defer":
      return { kind: "try later", reason };
    case "deliver":
      break;
  }
  const usable = plan.hosts.filter(({ action }) => action.do !== "skip");
  const does = (what: PlannedAction["do"]): boolean => usable.some(({ action }) => action.do === what);
  const isEnforced = sts?.kind === "policy" && sts.policy.mode === "enforce";
  // At level dane Postfix would take any host that a forged MX names, if that has TLSA records: the policy's list counts.
  if (isEnforced && (nextHop !== "secure" || !does("authenticate"))) {
    const names = usable.map(({ name }) => `${name}`.slice(0, -1));
    return { kind: "level", text: `secure match=${names.join(":")} servername=hostname`, reason };
  }
  if (does("authenticate") && nextHop === "secure" && (isEnforced || usable.every(isAuthenticated)))
    return { kind: "level", text: "dane-only", reason };
  return does("authenticate") || does("encrypt") ? { kind: "level", text: "dane", reason } : { kind: "none", reason };
}

function isAuthenticated({ action }: MailPlan["hosts"][number]): boolean {
  return action.do === "authenticate";
}

/** The domain in what Postfix looks up; null for what is not one: `[host]`, `host:port`, parent domains with a dot before them. */
export function domainIn(key: string): Name | null {
  if (!/^[A-Za-z0-9_.-]+$/.test(key) || key.startsWith(".") || /^[0-9.]+$/.test(key)) return null;
  try {
    return Name.parse(key);
  } catch {
    return null;
  }
}
