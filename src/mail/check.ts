/** Does DANE work for a domain? Its DNS, every address of every host, each kind of key. RFC 7672; RFC 7673 for services. */

import { isIPv6 } from "node:net";
import type { Authenticate } from "../dane/actions.ts";
import { type Asker, type DaneOptions, explained } from "../dane/lookups.ts";
import { anyUsagePolicy, type DanePolicy, smtpPolicy } from "../dane/records.ts";
import { planHost, planService } from "../dane/service-plan.ts";
import { planDelivery } from "../dane/smtp-plan.ts";
import type { Answer } from "../dnssec/answer.ts";
import type { Clock, Timer } from "../env/env.ts";
import { Name } from "../wire/name.ts";
import { edeText, rcodeToText, typeToText } from "../wire/registry.ts";
import { atMost } from "./at-most.ts";
import type { DnsReport, DomainReport, HostReport, Outcome } from "./check-report.ts";
import { hostReport, type PlannedHost } from "./check-server.ts";
import { warningsFor } from "./check-warnings.ts";
import type { StarttlsProtocol } from "./dialogs.ts";
import { type KeyKind, probeServer } from "./probe.ts";
import type { TlsPatience } from "./tls-client.ts";

/** What `domain` is the name of. */
export type Checked =
  /** A mail domain: its MX hosts. */
  | { readonly what: "mail"; readonly port: number }
  /** A host. */
  | { readonly what: "host"; readonly port: number }
  /** `_service._proto` to be put before the domain: the hosts of its SRV records. */
  | { readonly what: "service"; readonly service: string };

export interface CheckOptions {
  readonly checked: Checked;
  readonly starttls: StarttlsProtocol | "none";
  /** Our name, for EHLO. */
  readonly client: string;
  readonly kinds: readonly KeyKind[];
  /** Instead of those in DNS. */
  readonly address: string | null;
  /** More names that certificates may show. */
  readonly aka: readonly string[];
  readonly families: "both" | "IPv4" | "IPv6";
  readonly warnExpirySeconds: number;
  /** Servers spoken to at the same time. */
  readonly concurrency: number;
  readonly patience?: TlsPatience;
  readonly signal?: AbortSignal;
}

/** Never rejects for what DNS and servers do. TypeError for a domain that is no name. */
export async function checkDomain(
  resolver: Asker,
  domain: string,
  { clock, ...options }: CheckOptions & { readonly clock: Clock & Timer },
): Promise<DomainReport> {
  const answers: Answer[] = [];
  const listening: Asker = {
    async resolve(name, type, how) {
      const answer = await resolver.resolve(name, type, how);
      answers.push(answer);
      return answer;
    },
  };
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const plan = await planFor(listening, domain, { checked: options.checked, asking: { clock, ...signal } });
  const jobs = plan.hosts.flatMap((host) => addressesFor(host, options).map((address) => ({ host, address })));
  const probes = await atMost(options.concurrency, jobs, async ({ host, address }) => {
    const target = {
      address,
      port: host.port,
      starttls: options.starttls,
      sni: "sni" in host.action ? host.action.sni : null,
      client: options.client,
    };
    const { kinds, patience } = options;
    const action = host.action.do === "authenticate" ? withNames(host.action, options.aka) : null;
    const how = { kinds, action, now: clock.unixSeconds(), timer: clock, signal: options.signal };
    return { host, address, probes: await probeServer(target, patience === undefined ? how : { ...how, patience }) };
  });
  const hosts = plan.hosts.map((host) => {
    const servers = probes.filter((probe) => probe.host === host);
    return hostReport(host, servers, { policy: policyFor(options.checked), isBogus: isBogus(answers) });
  });
  const [outcome, reason] = wholeOutcome(plan, hosts, isBogus(answers));
  const dns = answers.map(dnsReport);
  const found = { checks: options.checked.what, nextHop: plan.nextHop, hosts, dns };
  const now = clock.unixSeconds();
  const warnings = warningsFor(found, { now, warnExpirySeconds: options.warnExpirySeconds });
  return { domain, checks: options.checked.what, outcome, reason, nextHop: plan.nextHop, hosts, warnings, dns };
}

interface Plan {
  readonly nextHop: DomainReport["nextHop"];
  readonly hosts: readonly PlannedHost[];
  /** Why there are no hosts, or none to speak to. */
  readonly code: string;
  readonly reason: string;
}

async function planFor(
  resolver: Asker,
  domain: string,
  { checked, asking }: { readonly checked: Checked; readonly asking: DaneOptions },
): Promise<Plan> {
  const policy = policyFor(checked);
  switch (checked.what) {
    case "mail": {
      const { port } = checked;
      const plan = await planDelivery(resolver, Name.parse(domain), { ...asking, port });
      // Only an address literal has no name.
      const hosts = plan.hosts.map(({ name, ...host }) => ({ name: name ?? Name.root, port, ...host }));
      return { nextHop: plan.nextHop, hosts, code: plan.code, reason: plan.reason };
    }
    case "host": {
      const { port } = checked;
      const { name, addresses, action } = await planHost(resolver, domain, port, { ...asking, policy });
      const { code, reason } = action;
      return { nextHop: "secure", hosts: [{ name, port, preference: null, addresses, action }], code, reason };
    }
    case "service": {
      const service = `${checked.service}.${domain}`;
      const plan = await planService(resolver, service, { ...asking, policy });
      const hosts = plan.targets.map((target) => ({ ...target, preference: null }));
      return { nextHop: plan.security, hosts, code: plan.code, reason: plan.reason };
    }
  }
}

/** Between mail servers usages 0 and 1 do not count. RFC 7672 §3.1.3. */
function policyFor(checked: Checked): DanePolicy {
  return checked.what === "mail" || (checked.what === "host" && checked.port === 25) ? smtpPolicy : anyUsagePolicy;
}

function addressesFor({ action, addresses }: PlannedHost, { address, families }: CheckOptions): readonly string[] {
  // What no client would speak to tells nothing.
  if (action.do === "skip") return [];
  if (address !== null) return [address];
  return addresses.filter((one) => families === "both" || isIPv6(one) === (families === "IPv6"));
}

function withNames(action: Authenticate, aka: readonly string[]): Authenticate {
  return aka.length === 0 ? action : { ...action, names: [...action.names, ...aka.map((name) => Name.parse(name))] };
}

/** The worst host decides, but "no tlsa" beside "verified" is partial. */
function wholeOutcome(
  plan: Plan,
  hosts: readonly HostReport[],
  bogus: (reason: string) => boolean,
): readonly [Outcome, string] {
  if (hosts.length === 0) return [outcomeWithoutHosts(plan, bogus), plan.reason];
  for (const outcome of ["mismatch", "bogus", "undetermined"] as const) {
    const host = hosts.find((one) => one.outcome === outcome);
    if (host !== undefined) return [outcome, `${host.name}: ${whyOf(host)}`];
  }
  const verified = hosts.filter((host) => host.outcome === "verified");
  const counted = hosts.filter((host) => host.outcome !== "no host");
  if (verified.length > 0 && verified.length === counted.length)
    return ["verified", `${verified.length} of ${counted.length} hosts verified`];
  const first = counted.find((host) => host.outcome !== "verified") ?? hosts[0]!;
  const rest = `${first.name}: ${whyOf(first)}`;
  if (verified.length > 0 || counted.some((host) => host.outcome === "partial"))
    return ["partial", `${verified.length} of ${counted.length} hosts verified; ${rest}`];
  const unreachable = counted.find((host) => host.outcome === "unreachable");
  if (unreachable !== undefined) return ["unreachable", `${unreachable.name}: ${whyOf(unreachable)}`];
  return [first.outcome, rest];
}

function whyOf({ servers, reason, outcome }: HostReport): string {
  const wanted = outcome === "mismatch" ? "mismatch" : "failed";
  const attempt = servers.flatMap(({ attempts }) => attempts).find((one) => one.outcome === wanted);
  return (outcome === "mismatch" || outcome === "unreachable") && attempt !== undefined ? attempt.reason : reason;
}

function outcomeWithoutHosts({ code, reason }: Plan, bogus: (reason: string) => boolean): Outcome {
  switch (code) {
    case "mx bogus":
    case "mx failed":
    case "service failed":
      return bogus(reason) ? "bogus" : "undetermined";
    default:
      return "no host";
  }
}

/** A plan says that nobody knows, in the words of the answer that was to blame. */
function isBogus(answers: readonly Answer[]): (reason: string) => boolean {
  const reasons = new Set(answers.filter(({ verdict }) => verdict.status === "bogus").map(explained));
  return (reason) => reasons.has(reason);
}

function dnsReport(answer: Answer): DnsReport {
  const { question, verdict, rcode, ttl, ede, aliases } = answer;
  return {
    name: `${question.name}`,
    type: typeToText(question.type),
    status: verdict.status,
    rcode: rcodeToText(rcode),
    ttl,
    reason: explained(answer),
    ede: ede.map(({ code, text }) => ({ code, name: edeText(code), text })),
    aliases: aliases.map(({ from, to, verdict: link }) => ({ from: `${from}`, to: `${to}`, status: link.status })),
  };
}
