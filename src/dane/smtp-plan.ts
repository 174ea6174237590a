/** How to deliver mail to a domain: which hosts, in which order, and how much TLS to ask of each. RFC 7672. */
import type { Random, UnixSeconds } from "../env/env.ts";
import { systemClock } from "../env/system.ts";
import { Name } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import { type Authenticate, type Encrypt, type Opportunistic, type Skip, skip } from "./actions.ts";
import { type HostAddresses, lookUpAddresses } from "./address-security.ts";
import { type Code, retold, type Told, told } from "./codes.ts";
import { type DaneExceptions, suspended } from "./exceptions.ts";
import { distinctNames, hostText } from "./host-names.ts";
import { type Asker, ask, type DaneOptions, earliest } from "./lookups.ts";
import { addressLiteral, type Exchanger, judgeNextHop, type NextHop } from "./next-hop.ts";
import { noting, PlanMemory } from "./plan-memory.ts";
import { checkPolicy, type DanePolicy, smtpPolicy } from "./records.ts";
import { lookupTlsaInOrder, type TlsaLookup } from "./tlsa-lookup.ts";

export type MailAction = Authenticate | Encrypt | Opportunistic | Skip;

export interface MailHost {
  readonly name: Name | null;
  readonly preference: number;
  readonly addresses: readonly string[];
  readonly action: MailAction;
}

export type DeliveryPlan = Told & {
  readonly domain: Name | null;
  /** "secure": an authenticated host is proven to be the domain's; otherwise only to be the host that DNS named. */
  readonly nextHop: "secure" | "insecure" | "unknown";
  /** There is no MX: the domain is its own host. */
  readonly implicit: boolean;
  /** In the order to try them in, skipped ones included. */
  readonly hosts: readonly MailHost[];
  /** After this moment, ask again. */
  readonly expires: UnixSeconds;
} & (
    | { readonly do: "deliver" }
    /** Try again later. */
    | { readonly do: "defer" }
    /** Tell the sender that it cannot be delivered. */
    | { readonly do: "bounce" }
  );

export interface DeliveryOptions extends DaneOptions {
  readonly port?: number;
  /** "dane-only": hosts that cannot be authenticated get no mail. */
  readonly level?: "dane" | "dane-only";
  /** What the hosts of an insecure MX RRset get; RFC 7672 §2.2.1 leaves it open. "may": no DANE. */
  readonly insecureMx?: "dane" | "may";
  readonly policy?: Pick<DanePolicy, "digests" | "agility">;
  /** For the order among hosts of one preference; without it they stay as they came. */
  readonly random?: Random;
  /** "report-only": nothing that DANE says is obeyed, all of it is told (`action.suspended`). Default: "enforce". */
  readonly mode?: "enforce" | "report-only";
  /** Domains and hosts with which DANE is suspended for a while: `daneExceptions`. */
  readonly exceptions?: DaneExceptions;
  /** More hosts than this are not looked at. */
  readonly maxHosts?: number;
}

const SMTP_PORT = 25;
const MAX_HOSTS = 20;

/** Never rejects for what the network does. TypeError for a domain that is none. */
export async function planDelivery(
  resolver: Asker,
  domain: Name | string,
  options: DeliveryOptions = {},
): Promise<DeliveryPlan> {
  const rules = rulesFrom(options);
  const literal = typeof domain === "string" ? addressLiteral(domain) : null;
  if (literal !== null) return literalPlan(literal, rules);
  const plan = await strictPlan(resolver, domain, { rules, options });
  const { mode = "enforce", exceptions } = options;
  return mode === "enforce" && exceptions === undefined ? plan : lenientPlan(plan, options);
}

interface Asking {
  readonly rules: Rules;
  readonly options: DeliveryOptions;
}

async function strictPlan(resolver: Asker, domain: Name | string, { rules, options }: Asking): Promise<DeliveryPlan> {
  if (options.random !== undefined) return makePlan(resolver, domain, { rules, options }); // each roll is another plan
  const { clock = systemClock } = options;
  const key = `${rules.text} ${typeof domain === "string" ? `text ${domain}` : `name ${domain.key}`}`;
  const known = plans.recall(resolver, key, clock);
  if (known !== undefined) return known;
  const { asker, heard } = noting(resolver);
  const plan = await makePlan(asker, domain, { rules, options });
  plans.remember(resolver, key, { plan, heard, clock });
  return plan;
}

const plans = new PlanMemory<DeliveryPlan>();

async function makePlan(resolver: Asker, domain: Name | string, { rules, options }: Asking): Promise<DeliveryPlan> {
  const name = typeof domain === "string" ? Name.parse(domain) : domain;
  const next = judgeNextHop(name, await ask(resolver, [name, TYPE.MX], options), options.random);
  if (next.kind !== "hosts") return noHosts(name, next);
  if (rules.level === "dane-only" && next.security === "insecure") return insecureRefused(name, next);
  const asked = next.hosts.slice(0, rules.maxHosts);
  const hosts = await Promise.all(asked.map((host) => planMailHost(resolver, host, { next, rules, options })));
  return wholePlan(name, next, hosts);
}

interface Rules {
  readonly port: number;
  readonly level: "dane" | "dane-only";
  readonly insecureMx: "dane" | "may";
  readonly policy: DanePolicy;
  readonly maxHosts: number;
  /** The same for the same rules. */
  readonly text: string;
}

type Hosts = Extract<NextHop, { kind: "hosts" }>;

function rulesFrom({ port = SMTP_PORT, level = "dane", insecureMx = "dane", ...rest }: DeliveryOptions): Rules {
  const policy = checkPolicy({ ...smtpPolicy, ...rest.policy });
  const maxHosts = rest.maxHosts ?? MAX_HOSTS;
  if (!Number.isInteger(maxHosts) || maxHosts < 1) throw new RangeError(`maxHosts is ${maxHosts}: at least 1 expected`);
  const text = `${port} ${level} ${insecureMx} ${policy.digests.join()} ${policy.agility} ${maxHosts}`;
  return { port, level, insecureMx, policy, maxHosts, text };
}

interface Task {
  readonly next: Hosts;
  readonly rules: Rules;
  readonly options: DaneOptions;
}

async function planMailHost(resolver: Asker, host: Exchanger, { next, rules, options }: Task): Promise<MailHost> {
  const { name, preference } = host;
  const found = await lookUpAddresses(resolver, name, options);
  const bases = found.kind === "found" && looksForTlsa(next, rules) ? found.bases : [];
  const { port, policy } = rules;
  const lookups = await lookupTlsaInOrder(resolver, bases, { ...options, port, protocol: "tcp", policy });
  const addresses = found.kind === "found" ? found.addresses : [];
  return { name, preference, addresses, action: decideHost(name, found, { lookups, next, rules }) };
}

function looksForTlsa({ security }: Hosts, { insecureMx }: Rules): boolean {
  return security === "secure" || insecureMx === "dane";
}

interface Known {
  /** In the order of the bases; the last one decides. */
  readonly lookups: readonly TlsaLookup[];
  readonly next: Pick<Hosts, "implicit" | "names" | "reason">;
  readonly rules: Pick<Rules, "level" | "policy">;
}

function decideHost(host: Name, found: HostAddresses, { lookups, next, rules }: Known): MailAction {
  switch (found.kind) {
    case "failed":
      return skip(found.bogus ? "address bogus" : "address failed", found.reason, found.expires);
    case "none":
      return skip(next.implicit && !found.exists ? "no such domain" : "no address", found.reason, found.expires);
    case "found":
      break;
  }
  const expires = earliest(found.expires, ...lookups.map((lookup) => lookup.expires));
  const last = lookups.at(-1);
  const sni = hostText(last?.base ?? host);
  // A name that TLS cannot carry cannot be authenticated; where there are records, that must not mean "then without".
  if (sni === null && last !== undefined && last.kind !== "absent")
    return skip("no host name", `${last.base} is not the name of a host`, expires);
  switch (last?.kind) {
    case "usable": {
      const names = distinctNames([last.base, ...next.names]);
      const { tlsa, base, reason } = last;
      return {
        do: "authenticate",
        ...told("tlsa usable", reason),
        tlsa,
        policy: rules.policy,
        base,
        sni: sni!,
        names,
        expires,
      };
    }
    case "unusable": {
      if (rules.level === "dane-only")
        return skip("required but unusable", `DANE is required, and ${last.reason}`, expires);
      const { tlsa, base, reason } = last;
      return { do: "encrypt", ...told("tlsa unusable", reason), tlsa, base, sni: sni!, expires };
    }
    case "unknown":
      return skip("tlsa failed", last.reason, expires);
    case "absent":
    case undefined: {
      const [code, reason] = whyOpportunistic(found, last, next);
      if (rules.level === "dane-only") return skip("dane required", `DANE is required, and ${reason}`, expires);
      return { do: "opportunistic", ...told(code, reason), sni: hostText(host), expires };
    }
  }
}

function whyOpportunistic(
  found: Extract<HostAddresses, { kind: "found" }>,
  last: Extract<TlsaLookup, { kind: "absent" }> | undefined,
  next: Known["next"],
): readonly [Code, string] {
  if (last !== undefined) {
    const insecure = typeof last.because === "object" && last.because.status === "insecure";
    return [insecure ? "tlsa insecure" : "tlsa absent", last.reason];
  }
  switch (found.security) {
    case "insecure":
      return ["address insecure", found.reason];
    case "alias insecure":
      return ["alias insecure", found.reason];
    case "secure":
    case "alias secure":
      return ["mx insecure", next.reason];
  }
}

/** What becomes of a host with which there is no TLS to be had: null if mail may go out in the clear. RFC 7672 §2.2. */
export function withoutTls(
  { do: action, expires }: MailAction,
  host: string,
  starttls: "not offered" | "failed" = "not offered",
): Skip | null {
  switch (action) {
    case "authenticate":
    case "encrypt": {
      const reason = `${host} has TLSA records, so TLS is required, but it ${starttls === "failed" ? "failed" : "was not offered"}`;
      return skip(starttls === "failed" ? "handshake failed" : "starttls missing", reason, expires);
    }
    case "opportunistic":
      return null;
    case "skip":
      throw new TypeError(`${host} was to be skipped: there is nothing to ask about TLS`);
  }
}

function wholePlan(domain: Name, next: Hosts, hosts: readonly MailHost[]): DeliveryPlan {
  const expires = earliest(next.expires, ...hosts.map(({ action }) => action.expires));
  const plan = { domain, nextHop: next.security, implicit: next.implicit, hosts, expires };
  const usable = hosts.find(({ action }) => action.do !== "skip");
  if (usable !== undefined) {
    const { code, reason } = usable.action;
    return { do: "deliver", ...told(code, reason), ...plan };
  }
  const skipped = hosts.map(({ action }) => action as Skip);
  // RFC 5321 §5.1: for good only if every host says so; one that may come back makes it a matter of time.
  const later = skipped.find(({ temporary }) => temporary);
  if (later !== undefined) return { do: "defer", ...retold(later), ...plan };
  if (next.hosts.length > hosts.length) {
    const reason = `none of the first ${hosts.length} of ${next.hosts.length} hosts of ${domain} can be used`;
    return { do: "defer", ...told("too many hosts", reason), ...plan };
  }
  return { do: "bounce", ...retold(skipped[0]!), ...plan };
}

/** Each time anew, remembered plan or not, so that every use of an exception is told. */
function lenientPlan(
  plan: DeliveryPlan,
  { mode = "enforce", exceptions, clock = systemClock }: DeliveryOptions,
): DeliveryPlan {
  const { domain } = plan;
  if (domain === null) return plan;
  const now = clock.unixSeconds();
  const hosts = plan.hosts.map((host): MailHost => {
    // Without addresses there is nobody to be lenient with.
    if (host.name === null || host.addresses.length === 0) return host;
    return { ...host, action: suspended(host.action, { host: host.name, domain, now, exceptions, mode }) };
  });
  const usable = hosts.find(({ action }) => action.do !== "skip");
  const expires = earliest(plan.expires, ...hosts.map(({ action }) => action.expires));
  if (usable === undefined) return { ...plan, hosts, expires };
  return { ...plan, ...retold(usable.action), do: "deliver", hosts, expires };
}

function noHosts(domain: Name, next: Exclude<NextHop, Hosts>): DeliveryPlan {
  const plan = { domain, nextHop: "unknown", implicit: false, hosts: [], expires: next.expires } as const;
  switch (next.kind) {
    case "null mx":
      return { do: "bounce", ...told("null mx", next.reason), ...plan };
    case "failed":
      return { do: "defer", ...told(next.bogus ? "mx bogus" : "mx failed", next.reason), ...plan };
  }
}

function insecureRefused(domain: Name, { security, implicit, reason, expires }: Hosts): DeliveryPlan {
  const why = told("dane required", `DANE is required, and ${reason}`);
  return { do: "defer", ...why, domain, nextHop: security, implicit, hosts: [], expires };
}

/** RFC 7672 §1.3.2: an address has no TLSA records. */
function literalPlan(address: string, { level }: Rules): DeliveryPlan {
  const expires = Number.POSITIVE_INFINITY;
  const plan = { domain: null, nextHop: "insecure", implicit: false, expires } as const;
  if (level === "dane-only") {
    const why = told("dane required", `DANE is required, and ${address} is an address, which can have none`);
    return { do: "defer", ...why, ...plan, hosts: [] };
  }
  const why = told("address literal", `${address} is an address, so there is nothing to authenticate it by`);
  const action: Opportunistic = { do: "opportunistic", ...why, sni: null, expires };
  return { do: "deliver", ...why, ...plan, hosts: [{ name: null, preference: 0, addresses: [address], action }] };
}
