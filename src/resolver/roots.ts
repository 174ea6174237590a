/** Where every walk begins: hints as a delegation, and priming. RFC 9609. */

import type { Delegation, NameServer } from "../iterator/delegation.ts";
import type { Fetched } from "../iterator/walk.ts";
import { isOfType, rdataOf } from "../rrset/rrset.ts";
import { addressFromRdata } from "../wire/address.ts";
import { Name } from "../wire/name.ts";
import { CLASS, TYPE } from "../wire/registry.ts";
import type { ForwardZone, Hint, StubZone } from "./api.ts";

const FOREVER = 2 ** 31 - 1;

export function delegationFromHints(hints: readonly Hint[]): Delegation {
  const servers = hints.map((hint) => ({ name: hint.name, addresses: hint.addresses }));
  return {
    zone: Name.root,
    parent: null,
    ds: null,
    evidence: [],
    servers,
    mode: "authoritative",
    ttl: FOREVER,
    port: hints[0]?.port ?? 53,
  };
}

/** Servers of a forward or stub zone, as the operator named them. */
export function delegationFromConfiguration(zone: ForwardZone | StubZone, mode: Delegation["mode"]): Delegation {
  const servers: NameServer[] = zone.servers.map(({ address, port }) => ({
    name: zone.zone,
    addresses: [address],
    port,
  }));
  return { zone: zone.zone, parent: null, ds: null, evidence: [], servers, mode, ttl: FOREVER, port: 53 };
}

export function delegationFromForward(forward: ForwardZone, root: Delegation): Delegation {
  const delegation = delegationFromConfiguration(forward, "recursive");
  return forward.otherwise === "own walk" ? { ...delegation, otherwise: root } : delegation;
}

/** The root delegation as the root itself tells it. Its addresses are unsigned, so they are worth no more than hints. */
export function delegationFromPriming({
  response,
  message,
  zone,
}: Extract<Fetched, { kind: "found" }>): Delegation | null {
  if (response.kind !== "answer") return null;
  const [ns] = response.rrsets;
  if (!isOfType(ns, TYPE.NS)) return null;
  const servers: NameServer[] = [];
  for (const { target } of rdataOf(ns)) {
    const addresses: string[] = [];
    for (const record of message.additional) {
      if (
        (record.type === TYPE.A || record.type === TYPE.AAAA) &&
        record.class === CLASS.IN &&
        record.name.equals(target)
      ) {
        addresses.push(addressFromRdata(record.type, record.rdata));
      }
    }
    if (addresses.length > 0) servers.push({ name: target, addresses });
  }
  if (servers.length === 0) return null;
  return {
    zone: Name.root,
    parent: null,
    ds: null,
    evidence: [],
    servers,
    mode: "authoritative",
    ttl: ns.ttl,
    port: zone.port,
  };
}
