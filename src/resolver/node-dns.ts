/**
 * The shapes of node:dns on top of a resolver: the same functions, records and error codes, with DNSSEC. Bogus and unknown
 * are ESERVFAIL; TLSA comes only where it is proven, since without DNSSEC it means nothing (RFC 6698 §4.1).
 */
import type { Answer } from "../dnssec/answer.ts";
import { isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import type { Soa, Tlsa } from "../wire/rdata.ts";
import { type RRType, TYPE } from "../wire/registry.ts";
import type { Resolver } from "./api.ts";
import { argumentError, codeOf, DnsError } from "./dns-error.ts";
import { hostnameFromName, nameFromHostname } from "./hostnames.ts";
import { type Lookup, lookupWith, type Reachable, reachableHere } from "./lookup.ts";
import { reverseName } from "./reverse.ts";

export interface MxRecord {
  readonly priority: number;
  /** "" for a null MX (RFC 7505). */
  readonly exchange: string;
}

export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

export interface NaptrRecord {
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  readonly replacement: string;
  readonly order: number;
  readonly preference: number;
}

export interface SoaRecord {
  readonly nsname: string;
  readonly hostmaster: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minttl: number;
}

/** The flags octet, and the value under its tag: `{ critical: 0, issue: "ca.example" }`. */
export type CaaRecord = { readonly critical: number } & { readonly [tag: string]: string | number };

/** Under Node's names, and under those by which mail programs know the same four fields. */
export interface TlsaRecord {
  readonly certUsage: number;
  readonly selector: number;
  readonly match: number;
  readonly data: ArrayBuffer;
  readonly usage: number;
  readonly mtype: number;
  readonly matchingType: number;
  readonly cert: Buffer;
  /** Seconds, bounded by the proof. */
  readonly ttl: number;
}

export interface AddressWithTtl {
  readonly address: string;
  readonly ttl: number;
}

/** What `resolveAny` gives of each record: its type beside the fields of the type's own shape. */
export type AnyRecord = { readonly type: string } & Readonly<Record<string, unknown>>;

/** What `resolve` gives for each type. */
export interface RecordsByType {
  readonly A: string[];
  readonly AAAA: string[];
  readonly ANY: AnyRecord[];
  readonly CAA: CaaRecord[];
  readonly CNAME: string[];
  readonly MX: MxRecord[];
  readonly NAPTR: NaptrRecord[];
  readonly NS: string[];
  readonly PTR: string[];
  readonly SOA: SoaRecord;
  readonly SRV: SrvRecord[];
  readonly TLSA: TlsaRecord[];
  readonly TXT: string[][];
}

export interface AskOptions {
  readonly signal?: AbortSignal;
}

export interface AddressOptions extends AskOptions {
  readonly ttl?: boolean;
}

/** All functions may be taken off the object and passed on. They reject with DnsError. */
export interface NodeDns {
  resolve<T extends keyof RecordsByType = "A">(
    hostname: string,
    rrtype?: T,
    options?: AskOptions,
  ): Promise<RecordsByType[T]>;
  resolve4(hostname: string, options: AddressOptions & { readonly ttl: true }): Promise<AddressWithTtl[]>;
  resolve4(hostname: string, options?: AskOptions & { readonly ttl?: false }): Promise<string[]>;
  resolve6(hostname: string, options: AddressOptions & { readonly ttl: true }): Promise<AddressWithTtl[]>;
  resolve6(hostname: string, options?: AskOptions & { readonly ttl?: false }): Promise<string[]>;
  resolveAny(hostname: string, options?: AskOptions): Promise<AnyRecord[]>;
  resolveCaa(hostname: string, options?: AskOptions): Promise<CaaRecord[]>;
  resolveCname(hostname: string, options?: AskOptions): Promise<string[]>;
  resolveMx(hostname: string, options?: AskOptions): Promise<MxRecord[]>;
  resolveNaptr(hostname: string, options?: AskOptions): Promise<NaptrRecord[]>;
  resolveNs(hostname: string, options?: AskOptions): Promise<string[]>;
  resolvePtr(hostname: string, options?: AskOptions): Promise<string[]>;
  resolveSoa(hostname: string, options?: AskOptions): Promise<SoaRecord>;
  resolveSrv(hostname: string, options?: AskOptions): Promise<SrvRecord[]>;
  /** Records that are secure. Where they are not, or there are none: ENODATA or ENOTFOUND. Bogus or unknown: ESERVFAIL. */
  resolveTlsa(hostname: string, options?: AskOptions): Promise<TlsaRecord[]>;
  /** Character-strings of each record, one character for each octet. */
  resolveTxt(hostname: string, options?: AskOptions): Promise<string[][]>;
  reverse(address: string, options?: AskOptions): Promise<string[]>;
  /** For net.connect, tls, http, undici, got; without a callback it gives a promise. */
  readonly lookup: Lookup;
}

export interface NodeDnsOptions {
  /** Which address family comes first where `order` is "verbatim". Default: what the interfaces of this machine can reach. */
  readonly reachable?: Reachable;
  /** Ends every question of these functions: of one message, of one connection. Each may have a signal of its own instead. */
  readonly signal?: AbortSignal;
}

export function nodeDns(given: Pick<Resolver, "resolve">, options: NodeDnsOptions = {}): NodeDns {
  const resolver = until(options.signal, given);
  const records =
    <T extends ListedType>(type: T) =>
    async (hostname: string, { signal }: AskOptions = {}): Promise<Shape<T>[]> => {
      const found = await askFor(resolver, { hostname, type, signal });
      return found.rrsets.flatMap((rrset) => shaped(type, rrset, found.answer));
    };
  const soa = async (hostname: string, asking: AskOptions = {}): Promise<SoaRecord> =>
    (await records("SOA")(hostname, asking))[0]!;
  const any = async (hostname: string, { signal }: AskOptions = {}): Promise<AnyRecord[]> => {
    const { rrsets, answer } = await askFor(resolver, { hostname, type: "ANY", signal });
    return rrsets.flatMap((rrset) => anyRecords(rrset, answer));
  };
  const addresses =
    (type: "A" | "AAAA") =>
    async (hostname: string, asking: AddressOptions = {}) => {
      if (asking.ttl !== true) return records(type)(hostname, asking);
      const { rrsets, answer } = await askFor(resolver, { hostname, type, signal: asking.signal });
      return rrsets.flatMap((rrset) => shaped(type, rrset, answer).map((address) => ({ address, ttl: answer.ttl })));
    };
  const byType: { readonly [T in keyof RecordsByType]: (h: string, o?: AskOptions) => Promise<RecordsByType[T]> } = {
    A: records("A"),
    AAAA: records("AAAA"),
    ANY: any,
    CAA: records("CAA"),
    CNAME: records("CNAME"),
    MX: records("MX"),
    NAPTR: records("NAPTR"),
    NS: records("NS"),
    PTR: records("PTR"),
    SOA: soa,
    SRV: records("SRV"),
    TLSA: records("TLSA"),
    TXT: records("TXT"),
  };
  return {
    async resolve<T extends keyof RecordsByType>(hostname: string, rrtype: T = "A" as T, asking: AskOptions = {}) {
      if (!Object.hasOwn(byType, rrtype))
        throw argumentError("ERR_INVALID_ARG_VALUE", `"${String(rrtype)}" is no type that node:dns has a shape for`);
      return byType[rrtype](hostname, asking);
    },
    resolve4: addresses("A") as NodeDns["resolve4"],
    resolve6: addresses("AAAA") as NodeDns["resolve6"],
    resolveAny: any,
    resolveCaa: byType.CAA,
    resolveCname: byType.CNAME,
    resolveMx: byType.MX,
    resolveNaptr: byType.NAPTR,
    resolveNs: byType.NS,
    resolvePtr: byType.PTR,
    resolveSoa: soa,
    resolveSrv: byType.SRV,
    resolveTlsa: byType.TLSA,
    resolveTxt: byType.TXT,
    async reverse(address, { signal } = {}) {
      const name = reverseName(address);
      const syscall = "getHostByAddr";
      if (name === null)
        throw new DnsError("EINVAL", { syscall, hostname: address, answer: null, reason: "this is no address" });
      const answer = await resolver.resolve(name, TYPE.PTR, optional(signal));
      return rrsetsOf(answer, { syscall, hostname: address }).flatMap((rrset) => shaped("PTR", rrset, answer));
    },
    lookup: lookupWith(resolver, options.reachable ?? reachableHere),
  };
}

type ListedType = keyof typeof shapes;
type Shape<T extends ListedType> = ReturnType<(typeof shapes)[T]["from"]>;

/** One row a type: its number, what node:dns calls the question, and a record in its shape. */
const shapes = {
  A: row(TYPE.A, "queryA", ({ address }) => address),
  AAAA: row(TYPE.AAAA, "queryAaaa", ({ address }) => address),
  CAA: row(
    TYPE.CAA,
    "queryCaa",
    ({ flags, tag, value }): CaaRecord => ({ critical: flags, [latin1(tag)]: latin1(value) }),
  ),
  CNAME: row(TYPE.CNAME, "queryCname", ({ target }) => hostnameFromName(target)),
  MX: row(
    TYPE.MX,
    "queryMx",
    ({ preference, exchange }): MxRecord => ({ exchange: hostnameFromName(exchange), priority: preference }),
  ),
  NAPTR: row(
    TYPE.NAPTR,
    "queryNaptr",
    ({ flags, services, regexp, replacement, order, preference }): NaptrRecord => ({
      flags: latin1(flags),
      service: latin1(services),
      regexp: latin1(regexp),
      replacement: hostnameFromName(replacement),
      order,
      preference,
    }),
  ),
  NS: row(TYPE.NS, "queryNs", ({ target }) => hostnameFromName(target)),
  PTR: row(TYPE.PTR, "queryPtr", ({ target }) => hostnameFromName(target)),
  SOA: row(TYPE.SOA, "querySoa", soaRecord),
  SRV: row(
    TYPE.SRV,
    "querySrv",
    ({ target, port, priority, weight }): SrvRecord => ({ name: hostnameFromName(target), port, priority, weight }),
  ),
  TLSA: row(TYPE.TLSA, "queryTlsa", tlsaRecord),
  TXT: row(TYPE.TXT, "queryTxt", ({ strings }) => strings.map(latin1)),
};

interface Row<T extends RRType, S> {
  readonly type: T;
  readonly syscall: string;
  readonly from: (rdata: ReturnType<typeof rdataOf<T>>[number], answer: Answer) => S;
}

function row<T extends RRType, S>(type: T, syscall: string, from: Row<T, S>["from"]): Row<T, S> {
  return { type, syscall, from };
}

function shaped<T extends ListedType>(type: T, rrset: RRset, answer: Answer): Shape<T>[] {
  const { type: number, from } = shapes[type] as unknown as Row<RRType, Shape<T>>;
  return isOfType(rrset, number) ? rdataOf(rrset).map((rdata) => from(rdata, answer)) : [];
}

/** Types without a shape are left out, as node:dns does. */
function anyRecords(rrset: RRset, answer: Answer): AnyRecord[] {
  const type = (Object.keys(shapes) as ListedType[]).find((known) => shapes[known].type === rrset.type);
  if (type === undefined || (type === "TLSA" && !answer.authenticated)) return [];
  return shaped(type, rrset, answer).map((record) => anyRecord(type, record, rrset.ttl));
}

function anyRecord(type: ListedType, record: unknown, ttl: number): AnyRecord {
  switch (type) {
    case "A":
    case "AAAA":
      return { type, address: record, ttl };
    case "CNAME":
    case "NS":
    case "PTR":
      return { type, value: record };
    case "TXT":
      return { type, entries: record };
    case "CAA":
    case "MX":
    case "NAPTR":
    case "SOA":
    case "SRV":
    case "TLSA":
      return { ...(record as object), type };
  }
}

function soaRecord({ mname, rname, serial, refresh, retry, expire, minimum }: Soa): SoaRecord {
  return {
    nsname: hostnameFromName(mname),
    hostmaster: hostnameFromName(rname),
    serial,
    refresh,
    retry,
    expire,
    minttl: minimum,
  };
}

function tlsaRecord({ usage, selector, matchingType, data }: Tlsa, { ttl }: Answer): TlsaRecord {
  const own = new Uint8Array(data).buffer; // a copy: an ArrayBuffer cannot be a view
  return {
    certUsage: usage,
    selector,
    match: matchingType,
    data: own,
    usage,
    mtype: matchingType,
    matchingType,
    cert: Buffer.from(own),
    ttl,
  };
}

interface Asked {
  readonly hostname: string;
  readonly type: ListedType | "ANY";
  readonly signal: AbortSignal | undefined;
}

async function askFor(
  resolver: Pick<Resolver, "resolve">,
  { hostname, type, signal }: Asked,
): Promise<{ readonly rrsets: readonly RRset[]; readonly answer: Answer }> {
  const { type: number, syscall } = type === "ANY" ? { type: TYPE.ANY, syscall: "queryAny" } : shapes[type];
  const answer = await resolver.resolve(nameFromHostname(hostname, syscall), number, optional(signal));
  const rrsets = rrsetsOf(answer, { syscall, hostname });
  if (type === "TLSA" && !answer.authenticated)
    throw new DnsError("ENODATA", {
      syscall,
      hostname,
      answer,
      reason: "the TLSA records are insecure, so they say nothing",
    });
  return { rrsets, answer };
}

/** Throws DnsError where there is nothing to give out. */
function rrsetsOf(answer: Answer, asked: { readonly syscall: string; readonly hostname: string }): readonly RRset[] {
  const code = codeOf(answer);
  if (code !== null || !("value" in answer.verdict)) throw new DnsError(code ?? "ESERVFAIL", { ...asked, answer });
  return answer.verdict.value.rrsets;
}

/** The same resolver, with a signal for questions that have none of their own. */
export function until(signal: AbortSignal | undefined, resolver: Pick<Resolver, "resolve">): Pick<Resolver, "resolve"> {
  if (signal === undefined) return resolver;
  return { resolve: (name, type, asking) => resolver.resolve(name, type, { signal, ...asking }) };
}

function optional(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** One character for each octet, as node:dns gives text. */
function latin1(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("latin1");
}
