/** `lookup` as net.connect, http, undici and got pass it: what dns.lookup takes and gives, asked of a resolver instead of the system. */
import { ADDRCONFIG, ALL, V4MAPPED } from "node:dns";
import { networkInterfaces } from "node:os";
import type { Answer } from "../dnssec/answer.ts";
import { isOfType, rdataOf } from "../rrset/rrset.ts";
import { addressToOctets } from "../wire/address.ts";
import { Name } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import type { Resolver } from "./api.ts";
import { argumentError, codeOf, DnsError } from "./dns-error.ts";
import { nameFromHostname } from "./hostnames.ts";

export type Family = 4 | 6;

export interface LookupAddress {
  readonly address: string;
  readonly family: number;
}

export interface LookupOptions {
  /** 4, 6, or 0 for both. */
  readonly family?: number | "IPv4" | "IPv6" | undefined;
  /** ADDRCONFIG, V4MAPPED and ALL of node:dns. */
  readonly hints?: number | undefined;
  readonly all?: boolean | undefined;
  readonly order?: "verbatim" | "ipv4first" | "ipv6first" | undefined;
  /** False means "ipv4first"; `order` counts more. */
  readonly verbatim?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

type OneCallback = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;
type AllCallback = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;
type AnyCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** Assignable to net.LookupFunction. */
export interface Lookup {
  (hostname: string, callback: OneCallback): void;
  (hostname: string, options: LookupOptions & { readonly all: true }, callback: AllCallback): void;
  (hostname: string, options: (LookupOptions & { readonly all?: false }) | Family, callback: OneCallback): void;
  (hostname: string, options: LookupOptions, callback: AnyCallback): void;
  (hostname: string, options: LookupOptions & { readonly all: true }): Promise<LookupAddress[]>;
  (hostname: string, options?: (LookupOptions & { readonly all?: false }) | Family): Promise<LookupAddress>;
}

/** Families in which this machine has an address that reaches beyond itself. */
export type Reachable = () => ReadonlySet<Family>;

export function lookupWith(resolver: Pick<Resolver, "resolve">, reachable: Reachable): Lookup {
  const lookup = (hostname: string, second?: unknown, third?: unknown): Promise<unknown> | undefined => {
    const callback = (typeof second === "function" ? second : third) as AnyCallback | undefined;
    if (callback !== undefined && typeof callback !== "function")
      throw argumentError("ERR_INVALID_ARG_TYPE", "the callback is no function");
    const wanted = wantedFrom(hostname, typeof second === "function" ? undefined : second);
    const found = addressesFor(wanted, resolver, reachable);
    if (callback === undefined) return found.then((addresses) => (wanted.all ? addresses : firstOf(addresses, wanted)));
    // Out of the promise, so that what the callback throws is the program's own uncaught error.
    found.then(
      (addresses) => process.nextTick(give, callback, wanted, addresses),
      (error: NodeJS.ErrnoException) => process.nextTick(callback, error),
    );
    return undefined;
  };
  return lookup as Lookup;
}

/** An IPv6 address that is neither loopback nor link-local, or an IPv4 address that is not loopback: RFC 6724 §5 rule 1, roughly. */
export const reachableHere: Reachable = () => {
  const families = new Set<Family>();
  for (const entries of Object.values(networkInterfaces())) {
    for (const { family, address } of entries ?? []) {
      // Not `internal`: anycast and lab addresses stand on the loopback interface, and reach others.
      if (address === "::1" || address.startsWith("127.") || /^fe[89ab]/i.test(address)) continue;
      families.add(family === "IPv6" ? 6 : 4);
    }
  }
  return families;
};

function give(callback: AnyCallback, wanted: Wanted, addresses: LookupAddress[]): void {
  const first = firstOf(addresses, wanted);
  if (wanted.all) callback(null, addresses);
  else callback(null, first.address, first.family);
}

/** For an empty name there is none, and dns.lookup gives null. */
function firstOf(addresses: readonly LookupAddress[], { families }: Wanted): LookupAddress {
  return addresses[0] ?? { address: null as unknown as string, family: families.length === 1 ? families[0]! : 4 };
}

interface Wanted {
  readonly hostname: string;
  readonly families: readonly Family[];
  readonly mapped: "no" | "if there is no other" | "always";
  readonly configuredOnly: boolean;
  readonly all: boolean;
  readonly order: "verbatim" | "ipv4first" | "ipv6first";
  readonly signal: AbortSignal | undefined;
}

function wantedFrom(hostname: string, options: unknown): Wanted {
  if (hostname && typeof hostname !== "string")
    throw argumentError("ERR_INVALID_ARG_TYPE", `the host name is a string, not ${typeof hostname}`);
  const given: LookupOptions = typeof options === "number" ? { family: options } : ((options ?? {}) as LookupOptions);
  if (typeof given !== "object")
    throw argumentError("ERR_INVALID_ARG_TYPE", "options are an object or an address family");
  const families = familiesOf(given.family);
  const hints = given.hints ?? 0;
  if (typeof hints !== "number" || (hints & ~(ADDRCONFIG | ALL | V4MAPPED)) !== 0)
    throw argumentError("ERR_INVALID_ARG_VALUE", `hints is ${String(hints)}: ADDRCONFIG, V4MAPPED and ALL expected`);
  const order = given.order ?? (given.verbatim === false ? "ipv4first" : "verbatim");
  if (order !== "verbatim" && order !== "ipv4first" && order !== "ipv6first")
    throw argumentError(
      "ERR_INVALID_ARG_VALUE",
      `order is ${String(order)}: verbatim, ipv4first or ipv6first expected`,
    );
  // RFC 3493 §6.1: AI_V4MAPPED, and AI_ALL with it, mean something for IPv6 alone.
  const mapping = families.length === 1 && families[0] === 6 && (hints & V4MAPPED) !== 0;
  return {
    hostname,
    families,
    mapped: !mapping ? "no" : (hints & ALL) !== 0 ? "always" : "if there is no other",
    configuredOnly: (hints & ADDRCONFIG) !== 0,
    all: given.all === true,
    order,
    signal: given.signal,
  };
}

function familiesOf(family: unknown): readonly Family[] {
  switch (family) {
    case undefined:
    case null:
    case 0:
      return [4, 6];
    case 4:
    case "IPv4":
      return [4];
    case 6:
    case "IPv6":
      return [6];
    default:
      throw argumentError("ERR_INVALID_ARG_VALUE", `family is ${String(family)}: 0, 4 or 6 expected`);
  }
}

async function addressesFor(
  wanted: Wanted,
  resolver: Pick<Resolver, "resolve">,
  reachable: Reachable,
): Promise<LookupAddress[]> {
  const { hostname, families } = wanted;
  if (!hostname) return [];
  // A scope, as in fe80::1%eth0, is the kernel's affair.
  const octets = addressToOctets(hostname.replace(/%.*$/, ""));
  if (octets !== null) return [{ address: hostname, family: octets.length === 4 ? 4 : 6 }];
  const name = nameFromHostname(hostname, SYSCALL);
  const asked = families.filter((family) => !wanted.configuredOnly || isLocal(name) || reachable().has(family));
  // As glibc has it: a machine with no address at all but loopback's is not told that no host exists.
  if (asked.length === 0 && families.length > 1) asked.push(...families);
  const types: readonly Family[] = wanted.mapped === "no" ? asked : [...new Set<Family>([...asked, 4])];
  const answers = await Promise.all(types.map((family) => addressesOf(name, { family, wanted, resolver })));
  const of = (family: Family): readonly string[] => answers.find((found) => found.family === family)?.addresses ?? [];
  const found = answers.flatMap((each) => (families.includes(each.family) ? entries(each.addresses, each.family) : []));
  if (wanted.mapped === "always" || (wanted.mapped === "if there is no other" && found.length === 0))
    found.push(
      ...entries(
        of(4).map((address) => `::ffff:${address}`),
        6,
      ),
    );
  if (found.length === 0) throw nothingFound(hostname, answers);
  return inOrder(found, wanted.order, reachable);
}

const SYSCALL = "getaddrinfo";
const LOCALHOST = Name.parse("localhost.");
const loopback: Readonly<Record<Family, string>> = { 4: "127.0.0.1", 6: "::1" };

/** RFC 6761 §6.3: name resolution APIs answer these themselves, whatever a forwarder might say. */
function isLocal(name: Name): boolean {
  return name.isWithin(LOCALHOST);
}

interface OneFamily {
  readonly family: Family;
  readonly addresses: readonly string[];
  readonly answer: Answer | null;
}

async function addressesOf(
  name: Name,
  by: { readonly family: Family; readonly wanted: Wanted; readonly resolver: Pick<Resolver, "resolve"> },
): Promise<OneFamily> {
  const { family, wanted, resolver } = by;
  if (isLocal(name)) return { family, addresses: [loopback[family]], answer: null };
  const type = family === 4 ? TYPE.A : TYPE.AAAA;
  const answer = await resolver.resolve(name, type, wanted.signal === undefined ? {} : { signal: wanted.signal });
  const addresses: string[] = [];
  for (const rrset of "value" in answer.verdict ? answer.verdict.value.rrsets : []) {
    if (isOfType(rrset, TYPE.A) || isOfType(rrset, TYPE.AAAA))
      addresses.push(...rdataOf(rrset).map(({ address }) => address));
  }
  return { family, addresses, answer };
}

function entries(addresses: readonly string[], family: Family): LookupAddress[] {
  return addresses.map((address) => ({ address, family }));
}

/** A family that failed outweighs one that is empty: it may have had an address. */
function nothingFound(hostname: string, answers: readonly OneFamily[]): DnsError {
  for (const { answer } of answers) {
    const code = answer === null ? null : codeOf(answer);
    if (code !== null && code !== "ENOTFOUND" && code !== "ENODATA")
      return new DnsError(code, { syscall: SYSCALL, hostname, answer });
  }
  return new DnsError("ENOTFOUND", { syscall: SYSCALL, hostname, answer: answers[0]?.answer ?? null });
}

function inOrder(found: LookupAddress[], order: Wanted["order"], reachable: Reachable): LookupAddress[] {
  const families = new Set(found.map(({ family }) => family));
  if (families.size < 2) return found;
  const six = order === "ipv6first" || (order === "verbatim" && reachable().has(6));
  const rank = ({ family }: LookupAddress): number => (family === (six ? 6 : 4) ? 0 : 1);
  return found.sort((a, b) => rank(a) - rank(b));
}
