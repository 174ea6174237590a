/** A host's addresses, and what their security allows: which names its TLSA records may stand at. RFC 7672 §2.2. */
import type { Answer } from "../dnssec/answer.ts";
import { explainVerdict } from "../dnssec/answer.ts";
import type { UnixSeconds } from "../env/env.ts";
import { isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import type { Name } from "../wire/name.ts";
import { RCODE, TYPE, typeToText } from "../wire/registry.ts";
import { type Asked, type Asker, ask, type DaneOptions, earliest, explained, whySilent } from "./lookups.ts";

export type HostAddresses =
  | {
      readonly kind: "found";
      readonly addresses: readonly string[];
      readonly security: AddressSecurity;
      /** Where to look for TLSA records, in this order; none if the host cannot have any. */
      readonly bases: readonly Name[];
      readonly reason: string;
      readonly expires: UnixSeconds;
    }
  /** Both families say so. */
  | { readonly kind: "none"; readonly exists: boolean; readonly reason: string; readonly expires: UnixSeconds }
  /** No address, and not because there is none: a family could not be found out. */
  | { readonly kind: "failed"; readonly bogus: boolean; readonly reason: string; readonly expires: UnixSeconds };

export type AddressSecurity =
  | "secure"
  /** The host's name is a secure alias, but what it leads to is not secure. RFC 7672 §2.2.3. */
  | "alias secure"
  | "insecure"
  | "alias insecure";

export async function lookUpAddresses(resolver: Asker, host: Name, options: DaneOptions): Promise<HostAddresses> {
  const [ipv6, ipv4] = await Promise.all([
    ask(resolver, [host, TYPE.AAAA], options),
    ask(resolver, [host, TYPE.A], options),
  ]);
  return judgeAddresses(host, [ipv6, ipv4]);
}

/** One answer for each family. */
function judgeAddresses(host: Name, families: readonly Asked[]): HostAddresses {
  const heard = families.filter(({ answer }) => whySilent(answer) === null);
  const failures = families.filter((family) => !heard.includes(family));
  const addresses = heard.flatMap(({ answer }) => addressesIn(answer));
  const expires = earliest(...(addresses.length > 0 ? heard : families).map((family) => family.expires));
  const trouble = failures.map(({ answer }) => whySilent(answer)).join("; ");
  if (addresses.length === 0) {
    if (failures.length > 0) {
      const bogus = failures.some(({ answer }) => answer.verdict.status === "bogus");
      return { kind: "failed", bogus, reason: trouble, expires };
    }
    const exists = heard.some(({ answer }) => answer.rcode !== RCODE.NXDOMAIN);
    return { kind: "none", exists, reason: `${host} ${exists ? "has no address" : "does not exist"}`, expires };
  }
  const { security, bases, why } = securityOf(host, heard);
  // One family's failure must not stop the other, and must not be hidden either.
  const reason = failures.length === 0 ? why : `${why} (${trouble})`;
  return { kind: "found", addresses, security, bases, reason, expires };
}

interface Judged {
  readonly security: AddressSecurity;
  readonly bases: readonly Name[];
  readonly why: string;
}

/** One secure family suffices: the other one's weakness says nothing about the names. RFC 7672 §2.2.2. */
function securityOf(host: Name, heard: readonly Asked[]): Judged {
  for (const { answer } of heard) {
    const { verdict, aliases } = answer;
    if (verdict.status !== "secure") continue;
    if (aliases.length === 0) return { security: "secure", bases: [host], why: `${host} has secure addresses` };
    // RFC 7672 §2.2.3: the end of the chain first, then its beginning; names between them never.
    const end = verdict.value.name;
    return { security: "secure", bases: [end, host], why: `${host} is a secure alias of ${end}` };
  }
  // RFC 7672 §2.2.3: each link has a verdict of its own, so no extra question for the CNAME is needed.
  const first = heard.find(({ answer }) => answer.aliases.length > 0);
  const { answer } = first ?? heard[0]!;
  const { verdict, aliases } = answer;
  const [link] = aliases;
  if (link === undefined) return { security: "insecure", bases: [], why: explained(answer) };
  if (link.verdict.status === "secure")
    return {
      security: "alias secure",
      bases: [host],
      why: `${host} is a secure alias, but what it leads to is ${explainVerdict(verdict)}`,
    };
  const { alias } = "value" in link.verdict ? link.verdict.value : { alias: null };
  const type = alias === null ? "alias" : typeToText(alias.type);
  return { security: "alias insecure", bases: [], why: `${host} ${type} is ${explainVerdict(link.verdict)}` };
}

function addressesIn({ verdict }: Answer): readonly string[] {
  return "value" in verdict && verdict.value.kind === "answer" ? verdict.value.rrsets.flatMap(addressesOf) : [];
}

function addressesOf(rrset: RRset): readonly string[] {
  if (isOfType(rrset, TYPE.A)) return rdataOf(rrset).map(({ address }) => address);
  if (isOfType(rrset, TYPE.AAAA)) return rdataOf(rrset).map(({ address }) => address);
  return [];
}
