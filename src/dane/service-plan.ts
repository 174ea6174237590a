/** How to connect to a service that is not mail between servers: by SRV (RFC 7673), or a plain host and port (RFC 7671). */
import type { Random, UnixSeconds } from "../env/env.ts";
import { isOfType, rdataOf } from "../rrset/rrset.ts";
import { Name } from "../wire/name.ts";
import type { Srv } from "../wire/rdata.ts";
import { TYPE } from "../wire/registry.ts";
import { type Authenticate, type Pkix, type Skip, skip } from "./actions.ts";
import { type HostAddresses, lookUpAddresses } from "./address-security.ts";
import { type Code, retold, type Told, told } from "./codes.ts";
import { distinctNames, hostText } from "./host-names.ts";
import { type Asked, type Asker, ask, asked, type DaneOptions, earliest, explained, whySilent } from "./lookups.ts";
import { anyUsagePolicy, checkPolicy, type DanePolicy } from "./records.ts";
import { lookupTlsaInOrder, type TlsaLookup, type TransportLabel } from "./tlsa-lookup.ts";

export type ServiceAction = Authenticate | Pkix | Skip;

export interface ServiceTarget {
  readonly name: Name;
  readonly port: number;
  readonly addresses: readonly string[];
  readonly action: ServiceAction;
}

export type ServicePlan = Told & {
  readonly service: Name;
  /** "insecure": the targets are not proven, so only the service's own domain may be looked for in certificates. */
  readonly security: "secure" | "insecure" | "unknown";
  /** In the order to try them in, skipped ones included. */
  readonly targets: readonly ServiceTarget[];
  readonly expires: UnixSeconds;
} & (
    | { readonly do: "connect" }
    /** The domain has no SRV RRs for it: what that means is the protocol's business, often `planHost` for the domain. */
    | { readonly do: "fall back" }
    /** Do not connect now. */
    | { readonly do: "defer" }
    /** The domain says that it does not offer the service (target "."), or no target exists. */
    | { readonly do: "give up" }
  );

export interface ServiceOptions extends DaneOptions {
  readonly policy?: DanePolicy;
  /** For the choice by weight; without it targets of one priority stand in order of falling weight. */
  readonly random?: Random;
}

/** `service`: "_xmpp-client._tcp.example.com". Never rejects for what the network does. TypeError for a name that is none. */
export async function planService(
  resolver: Asker,
  service: Name | string,
  options: ServiceOptions = {},
): Promise<ServicePlan> {
  const { name, protocol, domain } = serviceFrom(service);
  const policy = checkPolicy(options.policy ?? anyUsagePolicy);
  const found = judgeService(name, await ask(resolver, [name, TYPE.SRV], options), options.random);
  if (found.kind === "end") return found.plan;
  const { security, records, expires } = found;
  const names = [domain];
  const targets = await Promise.all(
    records.map(async ({ target, port }) => {
      const addresses = await lookUpAddresses(resolver, target, options);
      // RFC 7673 §3.1: without a secure SRV there is nothing to ask TLSA records for.
      const bases = security === "secure" && addresses.kind === "found" ? addresses.bases : [];
      const lookups = await lookupTlsaInOrder(resolver, bases, { ...options, port, protocol, policy });
      const action = decideTarget(target, addresses, { lookups, policy, pkixNames: names, insecure: found.insecure });
      return { name: target, port, addresses: addressesOf(addresses), action };
    }),
  );
  const whole = { service: name, security, targets, expires: earliest(expires, ...expiriesOf(targets)) };
  const usable = targets.find(({ action }) => action.do !== "skip");
  if (usable !== undefined) return { do: "connect", ...retold(usable.action), ...whole };
  const later = targets.find(({ action }) => action.do === "skip" && action.temporary);
  if (later !== undefined) return { do: "defer", ...retold(later.action), ...whole };
  return { do: "give up", ...retold(targets[0]!.action), ...whole };
}

export interface HostPlan {
  readonly name: Name;
  readonly port: number;
  readonly addresses: readonly string[];
  readonly action: ServiceAction;
}

export interface HostOptions extends DaneOptions {
  readonly protocol?: TransportLabel;
  readonly policy?: DanePolicy;
}

/** A plain TLS host. Never rejects for what the network does. TypeError for a name that is none. */
export async function planHost(
  resolver: Asker,
  host: Name | string,
  port: number,
  options: HostOptions = {},
): Promise<HostPlan> {
  const name = typeof host === "string" ? Name.parse(host) : host;
  const policy = checkPolicy(options.policy ?? anyUsagePolicy);
  const addresses = await lookUpAddresses(resolver, name, options);
  const bases = addresses.kind === "found" ? addresses.bases : [];
  const protocol = options.protocol ?? "tcp";
  const lookups = await lookupTlsaInOrder(resolver, bases, { ...options, port, protocol, policy });
  const action = decideTarget(name, addresses, { lookups, policy, pkixNames: [name], insecure: null });
  return { name, port, addresses: addressesOf(addresses), action };
}

interface Known {
  readonly lookups: readonly TlsaLookup[];
  readonly policy: DanePolicy;
  /** What certificates must show where DANE says nothing. */
  readonly pkixNames: readonly Name[];
  /** Why the SRV RRs are not secure; null if they are, or there are none in it. */
  readonly insecure: string | null;
}

function decideTarget(
  host: Name,
  found: HostAddresses,
  { lookups, policy, pkixNames, insecure }: Known,
): ServiceAction {
  switch (found.kind) {
    case "failed":
      return skip(found.bogus ? "address bogus" : "address failed", found.reason, found.expires);
    case "none":
      return skip("no address", found.reason, found.expires);
    case "found":
      break;
  }
  const expires = earliest(found.expires, ...lookups.map((lookup) => lookup.expires));
  const last = lookups.at(-1);
  const pkix = (code: Code, reason: string): Pkix => {
    // RFC 7673 §4.2: as without DANE, the name that the user knows.
    const sni = pkixNames[0] === undefined ? null : hostText(pkixNames[0]);
    return { do: "pkix", ...told(code, reason), sni, names: pkixNames, expires };
  };
  switch (last?.kind) {
    case "usable": {
      const { tlsa, base, reason } = last;
      const sni = hostText(base);
      if (sni === null) return skip("no host name", `${base} is not the name of a host`, expires);
      const names = distinctNames([base, host]);
      return { do: "authenticate", ...told("tlsa usable", reason), tlsa, policy, base, sni, names, expires };
    }
    case "unusable":
      return pkix("tlsa unusable", last.reason);
    case "unknown":
      return skip("tlsa failed", last.reason, expires);
    case "absent": {
      const isInsecure = typeof last.because === "object" && last.because.status === "insecure";
      return pkix(isInsecure ? "tlsa insecure" : "tlsa absent", last.reason);
    }
    case undefined:
      if (insecure !== null) return pkix("service insecure", insecure);
      return pkix(found.security === "alias insecure" ? "alias insecure" : "address insecure", found.reason);
  }
}

type Judged =
  | { readonly kind: "end"; readonly plan: ServicePlan }
  | {
      readonly kind: "targets";
      readonly security: "secure" | "insecure";
      readonly insecure: string | null;
      readonly records: readonly Srv[];
      readonly expires: UnixSeconds;
    };

function judgeService(service: Name, { answer, expires }: Asked, random: Random | undefined): Judged {
  const { verdict } = answer;
  const end = (
    action: Exclude<ServicePlan["do"], "connect">,
    why: Told,
    security: ServicePlan["security"],
  ): Judged => ({
    kind: "end",
    plan: { do: action, ...why, service, security, targets: [], expires },
  });
  const silent = whySilent(answer);
  if (verdict.status === "bogus" || verdict.status === "indeterminate" || silent !== null)
    return end("defer", told("service failed", silent ?? explained(answer)), "unknown");
  const { status } = verdict;
  const records = verdict.value.rrsets.flatMap((rrset) => (isOfType(rrset, TYPE.SRV) ? rdataOf(rrset) : []));
  if (records.length === 0)
    return end("fall back", told("no service", `${asked(answer)}: there is none (${status})`), status);
  // RFC 2782: "." means that the service is decidedly not available.
  const targets = records.filter(({ target }) => !target.isRoot);
  if (targets.length === 0)
    return end("give up", told("no service", `${service} is not offered: its target is "."`), status);
  const insecure = status === "insecure" ? explained(answer) : null;
  return { kind: "targets", security: status, insecure, records: inOrder(targets, random), expires };
}

/** RFC 2782: by priority; among equals by chance, in proportion to weight. */
function inOrder(records: readonly Srv[], random: Random | undefined): readonly Srv[] {
  const priorities = [...new Set(records.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((wanted) => {
    const equals = records.filter(({ priority }) => priority === wanted).sort((a, b) => b.weight - a.weight);
    return random === undefined ? equals : drawn(equals, random);
  });
}

function drawn(records: readonly Srv[], random: Random): readonly Srv[] {
  // Weight 0 first, so that it is drawn seldom, not never.
  const left = [...records].sort((a, b) => a.weight - b.weight);
  const order: Srv[] = [];
  while (left.length > 0) {
    let mark = random.integer(left.reduce((sum, { weight }) => sum + weight, 0) + 1);
    const at = left.findIndex(({ weight }) => {
      mark -= weight;
      return mark <= 0;
    });
    order.push(...left.splice(at, 1));
  }
  return order;
}

function serviceFrom(service: Name | string): {
  readonly name: Name;
  readonly protocol: TransportLabel;
  readonly domain: Name;
} {
  const name = typeof service === "string" ? Name.parse(service) : service;
  const [first, second] = name.labels().map((label) => Buffer.from(label).toString("latin1").toLowerCase());
  const protocol = second?.slice(1);
  if (
    !first?.startsWith("_") ||
    !second?.startsWith("_") ||
    (protocol !== "tcp" && protocol !== "udp" && protocol !== "sctp")
  )
    throw new TypeError(`${name} is not the name of a service: "_service._tcp.example.com" expected`);
  return { name, protocol, domain: name.ancestor(name.labelCount - 2) };
}

function addressesOf(found: HostAddresses): readonly string[] {
  return found.kind === "found" ? found.addresses : [];
}

function expiriesOf(targets: readonly ServiceTarget[]): readonly UnixSeconds[] {
  return targets.map(({ action }) => action.expires);
}
