/**
 * DANE and MTA-STS together: what each host of a domain must show. DANE decides wherever it has something to say, failing
 * included; an MTA-STS policy counts for the rest. RFC 8461 §2, RFC 7672 §2.2.
 */
import { type Authenticate, type Encrypt, type Opportunistic, type Skip, skip } from "../dane/actions.ts";
import { type Code, retold, type Told, told } from "../dane/codes.ts";
import { hostText } from "../dane/host-names.ts";
import { type Asker, earliest } from "../dane/lookups.ts";
import {
  type DeliveryOptions,
  type DeliveryPlan,
  type MailAction,
  type MailHost,
  planDelivery,
  withoutTls,
} from "../dane/smtp-plan.ts";
import type { UnixSeconds } from "../env/env.ts";
import type { Name } from "../wire/name.ts";
import type { Sts, StsState } from "./sts.ts";
import { allowsHost } from "./sts-policy.ts";
import type { WebPki } from "./webpki.ts";

/** Where mail goes out whatever becomes of this: only reports may tell. RFC 8461 §5, mode testing. */
export type StsTest =
  | { readonly kind: "verify"; readonly action: WebPki }
  | { readonly kind: "failed"; readonly failure: Told };

/** What an MTA-STS policy in mode testing would have asked for; null if there is none. */
interface Tested {
  readonly test: StsTest | null;
}

export type PlannedAction = Authenticate | (Encrypt & Tested) | WebPki | (Opportunistic & Tested) | Skip;

export interface PlannedHost extends Omit<MailHost, "action"> {
  readonly action: PlannedAction;
}

export type MailPlan = Omit<DeliveryPlan, "hosts" | "do"> &
  Told & {
    readonly do: DeliveryPlan["do"];
    /** In the order to try them in, skipped ones included. */
    readonly hosts: readonly PlannedHost[];
    /** Null: DANE decides for every host, so nobody asked for a policy. */
    readonly sts: StsState | null;
  };

export interface MailOptions extends DeliveryOptions {
  /** If DNS does not say whether there is an MTA-STS policy, and none is remembered. RFC 8461 leaves it open; default: "deliver". */
  readonly lostSts?: "deliver" | "defer";
}

/** Never rejects for what the network does. TypeError for a domain that is none. */
export async function planMail(
  resolver: Asker,
  sts: Pick<Sts, "policyFor">,
  domain: Name | string,
  { lostSts = "deliver", ...options }: MailOptions = {},
): Promise<MailPlan> {
  const plan = await planDelivery(resolver, domain, options);
  if (plan.domain === null || !plan.hosts.some(({ action }) => leavesRoom(action, plan)))
    return { ...plan, hosts: plan.hosts.map(untested), sts: null };
  const patience = options.signal === undefined ? {} : { signal: options.signal };
  const state = await sts.policyFor(plan.domain, patience);
  return combine(plan, state, lostSts);
}

/** The same without asking anybody. */
function combine(plan: DeliveryPlan, sts: StsState, lostSts: "deliver" | "defer"): MailPlan {
  const hosts = plan.hosts.map((host): PlannedHost => ({ ...host, action: actionFor(host, plan, { sts, lostSts }) }));
  const expires = earliest(plan.expires, sts.expires);
  const whole = { ...plan, hosts, sts, expires };
  const usable = hosts.find(({ action }) => action.do !== "skip");
  if (plan.do !== "deliver" || usable !== undefined)
    return usable === undefined ? whole : { ...whole, ...retold(usable.action) };
  // RFC 8461 §5: no host of a policy that is enforced makes mail wait; the policy may be mended, so nothing is for good.
  const skipped = hosts.map(({ action }) => action as Skip);
  const why = skipped.find(({ temporary }) => temporary) ?? skipped[0]!;
  return { ...whole, ...retold(why), do: "defer" };
}

/** Has DANE left something for MTA-STS to say? */
function leavesRoom({ do: action }: MailAction, { nextHop }: Pick<DeliveryPlan, "nextHop">): boolean {
  switch (action) {
    case "opportunistic":
    case "encrypt":
      return true;
    case "authenticate":
      // The host is proven, but not that it is the domain's: whoever forged the MX RR may have TLSA records of its own.
      return nextHop !== "secure";
    case "skip":
      return false;
  }
}

interface Policy {
  readonly sts: StsState;
  readonly lostSts: "deliver" | "defer";
}

function actionFor(host: MailHost, plan: DeliveryPlan, { sts, lostSts }: Policy): PlannedAction {
  const { action } = host;
  if (!leavesRoom(action, plan)) return untested(host).action;
  switch (sts.kind) {
    case "none":
      return untested(host).action;
    case "unknown": {
      const reason = `whether ${sts.domain} has an MTA-STS policy could not be found out: ${sts.reason}`;
      return lostSts === "defer" && action.do !== "authenticate"
        ? skip("sts unknown", reason, sts.expires)
        : untested(host).action;
    }
    case "policy":
      return sts.policy.mode === "enforce" ? enforced(host, sts) : tested(host, sts);
  }
}

type Applied = Extract<StsState, { kind: "policy" }>;

/** The stricter of both: DANE's part stays, the policy's is added. */
function enforced({ name, action }: MailHost, sts: Applied): PlannedAction {
  const wanted = wantedOf(name!, action, sts);
  if (wanted.kind === "failed") return skip("sts mx not listed", wanted.failure.reason, earlierOf(action, sts));
  return action.do === "authenticate" || action.do === "skip" ? action : wanted.action;
}

function tested({ name, action }: MailHost, sts: Applied): PlannedAction {
  if (action.do === "authenticate" || action.do === "skip") return action;
  return { ...action, test: wantedOf(name!, action, sts) };
}

function wantedOf(host: Name, action: MailAction, sts: Applied): StsTest {
  const { policy, domain } = sts;
  const sni = hostText(host);
  if (sni === null || !allowsHost(policy, host)) {
    const listed = policy.mx.slice(0, 5).join(", ") + (policy.mx.length > 5 ? ", …" : "");
    const reason = `${host} is no MX host of the MTA-STS policy of ${domain}, which lists ${listed}`;
    return { kind: "failed", failure: told("sts mx not listed", reason) };
  }
  const reason = `${sts.reason} and lists ${sni}; ${action.reason}`;
  const why = told("sts applies", reason);
  return {
    kind: "verify",
    action: { do: "webpki", ...why, host, sni, policy, expires: earlierOf(action, sts) },
  };
}

function earlierOf({ expires }: { readonly expires: UnixSeconds }, sts: StsState): UnixSeconds {
  return earliest(expires, sts.expires);
}

function untested(host: MailHost): PlannedHost {
  const { action } = host;
  switch (action.do) {
    case "authenticate":
    case "skip":
      return { ...host, action };
    case "encrypt":
    case "opportunistic":
      return { ...host, action: { ...action, test: null } };
  }
}

/** As `withoutTls`, for all actions: what becomes of a host with which there is no TLS; null if mail may go out in the clear. */
export function planWithoutTls(
  action: PlannedAction | MailAction,
  host: string,
  starttls: "not offered" | "failed" = "not offered",
): Skip | null {
  if (action.do !== "webpki") return withoutTls(action, host, starttls);
  const code: Code = starttls === "failed" ? "sts handshake failed" : "sts starttls missing";
  const what = starttls === "failed" ? "failed" : "was not offered";
  return skip(code, `an MTA-STS policy requires TLS with ${host}, but it ${what}`, action.expires);
}
