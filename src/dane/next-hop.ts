/** Where mail for a domain goes, and how far that is proven. RFC 5321 §5.1, RFC 7505, RFC 7672 §2.2.1. */
import type { Answer } from "../dnssec/answer.ts";
import type { Random, UnixSeconds } from "../env/env.ts";
import { isOfType, rdataOf } from "../rrset/rrset.ts";
import { addressToOctets, octetsToAddress } from "../wire/address.ts";
import type { Name } from "../wire/name.ts";
import { RCODE, TYPE } from "../wire/registry.ts";
import { type Asked, asked, explained, whySilent } from "./lookups.ts";

export type NextHop =
  | {
      readonly kind: "hosts";
      readonly security: "secure" | "insecure";
      /** By preference; those of one preference in random order if dice were given. */
      readonly hosts: readonly Exchanger[];
      /** No MX: the domain is its own host. */
      readonly implicit: boolean;
      /** The domain and what it is a secure alias of: names that certificates may show, besides the host's. RFC 7672 §3.2.2. */
      readonly names: readonly Name[];
      readonly reason: string;
      readonly expires: UnixSeconds;
    }
  | { readonly kind: "null mx"; readonly reason: string; readonly expires: UnixSeconds }
  | { readonly kind: "failed"; readonly bogus: boolean; readonly reason: string; readonly expires: UnixSeconds };

export interface Exchanger {
  readonly name: Name;
  readonly preference: number;
}

export function judgeNextHop(domain: Name, { answer, expires }: Asked, random?: Random): NextHop {
  const { verdict } = answer;
  const silent = whySilent(answer);
  // RFC 7672 §2.2.1: never the domain's own address instead; that would be the attacker's choice.
  if (verdict.status === "bogus" || verdict.status === "indeterminate" || silent !== null)
    return { kind: "failed", bogus: verdict.status === "bogus", reason: silent ?? explained(answer), expires };
  const security = verdict.status;
  const records = exchangersIn(answer);
  const end = verdict.value.name;
  const names = security === "insecure" ? [] : end.equals(domain) ? [domain] : [domain, end];
  if (records.length === 0) {
    const said = verdict.value.rcode === RCODE.NXDOMAIN ? "NXDOMAIN" : "no such records";
    const reason = `${asked(answer)}: ${said} (${security}), so the domain is its own host`;
    const hosts = [{ name: domain, preference: 0 }];
    return { kind: "hosts", security, hosts, implicit: true, names, reason, expires };
  }
  const hosts = inOrder(
    records.filter(({ name }) => !name.isRoot),
    random,
  );
  // RFC 7505 §3; beside other records it means nothing.
  if (hosts.length === 0) return { kind: "null mx", reason: `${domain} takes no mail: its MX is "."`, expires };
  const reason = security === "secure" ? `${asked(answer)} is secure` : explained(answer);
  return { kind: "hosts", security, hosts, implicit: false, names, reason, expires };
}

/** "[192.0.2.1]" or "[IPv6:2001:db8::1]"; null for what has no brackets. TypeError for brackets around anything else. RFC 5321 §4.1.3. */
export function addressLiteral(text: string): string | null {
  if (!text.startsWith("[")) return null;
  const match = /^\[(IPv6:)?([0-9a-f.:]+)\]$/i.exec(text);
  const octets = addressToOctets(match?.[2] ?? "");
  if (octets === null || (octets.length === 16) !== (match?.[1] !== undefined))
    throw new TypeError(`"${text}" is no address literal: [192.0.2.1] or [IPv6:2001:db8::1] expected`);
  return octetsToAddress(octets);
}

function exchangersIn({ verdict }: Answer): readonly Exchanger[] {
  if (!("value" in verdict)) return [];
  return verdict.value.rrsets.flatMap((rrset) =>
    isOfType(rrset, TYPE.MX) ? rdataOf(rrset).map(({ exchange, preference }) => ({ name: exchange, preference })) : [],
  );
}

/** RFC 5321 §5.1: by preference, and by chance among equals. Security never changes the order. One host counts once. */
function inOrder(exchangers: readonly Exchanger[], random: Random | undefined): readonly Exchanger[] {
  const dice = new Map(exchangers.map((exchanger) => [exchanger, random?.integer(2 ** 32) ?? 0]));
  const sorted = [...exchangers].sort((a, b) => a.preference - b.preference || dice.get(a)! - dice.get(b)!);
  return sorted.filter(({ name }, i) => sorted.findIndex((other) => other.name.equals(name)) === i);
}
