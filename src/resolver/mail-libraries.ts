/**
 * What mail libraries take in place of node:dns, in their exact shapes: mx-connect 2 (and through it ZoneMTA) and mailauth 7.
 * For mx-connect ENODATA and ENOTFOUND mean "there is none", and whatever else is thrown defers the host.
 */
import type { Answer } from "../dnssec/answer.ts";
import type { Name } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import type { Resolver } from "./api.ts";
import { codeOf, DnsError } from "./dns-error.ts";
import { hostnameFromName, nameFromHostname } from "./hostnames.ts";
import { type NodeDns, nodeDns, type RecordsByType, type TlsaRecord, until } from "./node-dns.ts";

export interface MxConnectDns {
  /** For `dnsOptions.resolveRecords`. */
  resolveRecords<T extends keyof RecordsByType>(domain: string, type: T): Promise<RecordsByType[T]>;
  /** For `dane.resolveTlsa`: secure records of the TLSA base domain that RFC 7672 §2.2.2 chooses. */
  resolveTlsa(name: string): Promise<TlsaRecord[]>;
  /** For `dane.checkDnssecSecure`: may TLSA records count for this host? Throws where nobody can tell. */
  checkDnssecSecure(mxHost: string): Promise<{ secure: boolean }>;
}

/** `signal` ends all its questions. */
export function mxConnectDns(
  given: Pick<Resolver, "resolve">,
  { signal }: { readonly signal?: AbortSignal } = {},
): MxConnectDns {
  const resolver = until(signal, given);
  const dns = nodeDns(resolver);
  return {
    resolveRecords: (domain, type) => dns.resolve(domain, type),
    async resolveTlsa(hostname) {
      const [prefix, host] = splitTlsaName(hostname);
      const bases = host === null ? [hostname] : await tlsaBases(host, resolver);
      return firstTlsa(
        bases.map((base) => prefix + base),
        { dns, hostname },
      );
    },
    async checkDnssecSecure(mxHost) {
      return { secure: (await tlsaBases(mxHost, resolver)).length > 0 };
    },
  };
}

/** mailauth's own type. For MX it reads objects, as node:dns gives them, whatever the type says. */
export type MailauthResolver = (domain: string, rrtype: string) => Promise<string[][] | string[]>;

/** For mailauth's `resolver`: TXT, A, AAAA, MX, PTR and CNAME, with ENOTFOUND and ENODATA for what is not there. `signal` ends all its questions. */
export function mailauthResolver(
  resolver: Pick<Resolver, "resolve">,
  { signal }: { readonly signal?: AbortSignal } = {},
): MailauthResolver {
  const dns = nodeDns(until(signal, resolver));
  return (domain, rrtype) => dns.resolve(domain, rrtype as "TXT");
}

/** `_25._tcp.mx.example` as prefix and host; host is null if it is no such name. RFC 6698 §3. */
function splitTlsaName(hostname: string): readonly [prefix: string, host: string | null] {
  const match = /^(_[0-9]+\._[a-z]+\.)(.+)$/i.exec(hostname);
  return match === null ? ["", null] : [match[1]!, match[2]!];
}

/**
 * Where to look for a host's TLSA records, in order; nowhere if its address records are insecure. RFC 7672 §2.2.2: the end
 * of its aliases if all of them are secure, then the host itself if at least its own alias is. Throws DnsError if both
 * families failed: what is unknown must not be taken for insecure.
 */
async function tlsaBases(host: string, resolver: Pick<Resolver, "resolve">): Promise<readonly string[]> {
  const name = nameFromHostname(host, "queryA");
  const answers = await Promise.all([TYPE.A, TYPE.AAAA].map((type) => resolver.resolve(name, type)));
  // RFC 7672 §2.2.2 lets either family suffice: what is broken or empty in one of them must not stop the other.
  const known = answers.filter((answer) => codeOf(answer) === null);
  if (known.length === 0) {
    for (const answer of answers) throwIfUnknown(answer, host);
    return [];
  }
  const bases = new Map<string, string>();
  for (const answer of known) for (const base of basesOf(name, answer)) bases.set(base.key, hostnameFromName(base));
  return [...bases.values()];
}

function basesOf(host: Name, { authenticated, aliases, verdict }: Answer): readonly Name[] {
  const end = "value" in verdict ? verdict.value.name : host;
  if (authenticated) return end.equals(host) ? [host] : [end, host];
  return aliases[0]?.verdict.status === "secure" ? [host] : [];
}

function throwIfUnknown(answer: Answer, hostname: string): void {
  const code = codeOf(answer);
  if (code !== null && code !== "ENODATA" && code !== "ENOTFOUND")
    throw new DnsError(code, { syscall: answer.question.type === TYPE.A ? "queryA" : "queryAaaa", hostname, answer });
}

async function firstTlsa(
  names: readonly string[],
  by: { readonly dns: NodeDns; readonly hostname: string },
): Promise<TlsaRecord[]> {
  let absent: unknown = new DnsError("ENODATA", {
    syscall: "queryTlsa",
    hostname: by.hostname,
    answer: null,
    reason: "the host's addresses are insecure, so its TLSA records say nothing",
  });
  for (const name of names) {
    try {
      return await by.dns.resolveTlsa(name);
    } catch (error) {
      if (!(error instanceof DnsError) || (error.code !== "ENODATA" && error.code !== "ENOTFOUND")) throw error;
      absent = error;
    }
  }
  throw absent;
}
