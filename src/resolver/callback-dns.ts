/** The same functions as `nodeDns`, called as node:dns calls them: with a callback at the end, which comes later in any case. */
import type { Resolver } from "./api.ts";
import type { Lookup } from "./lookup.ts";
import {
  type AddressOptions,
  type AddressWithTtl,
  type AskOptions,
  type NodeDns,
  type NodeDnsOptions,
  nodeDns,
  type RecordsByType,
} from "./node-dns.ts";

/** Failures are DnsErrors, as in the promises. */
export type DnsCallback<T> = (error: NodeJS.ErrnoException | null, records: T) => void;

interface Asking<T> {
  (hostname: string, callback: DnsCallback<T>): void;
  (hostname: string, options: AskOptions, callback: DnsCallback<T>): void;
}

interface AskingAddresses {
  (hostname: string, callback: DnsCallback<string[]>): void;
  (hostname: string, options: AddressOptions & { readonly ttl: true }, callback: DnsCallback<AddressWithTtl[]>): void;
  (hostname: string, options: AskOptions & { readonly ttl?: false }, callback: DnsCallback<string[]>): void;
}

/** Functions of one type of records each. */
type Plain = Exclude<keyof NodeDns, "lookup" | "resolve" | "resolve4" | "resolve6">;

/** All functions may be taken off the object and passed on. */
export type CallbackDns = { readonly [F in Plain]: Asking<Awaited<ReturnType<NodeDns[F]>>> } & {
  resolve(hostname: string, callback: DnsCallback<string[]>): void;
  resolve<T extends keyof RecordsByType>(hostname: string, rrtype: T, callback: DnsCallback<RecordsByType[T]>): void;
  readonly resolve4: AskingAddresses;
  readonly resolve6: AskingAddresses;
  readonly lookup: Lookup;
};

export function callbackDns(resolver: Pick<Resolver, "resolve">, options: NodeDnsOptions = {}): CallbackDns {
  const { lookup, ...promising } = nodeDns(resolver, options);
  const calling = Object.entries(promising).map(([name, ask]) => [name, withCallback(ask as Promising)]);
  return { ...Object.fromEntries(calling), lookup } as CallbackDns;
}

type Promising = (...given: unknown[]) => Promise<unknown>;

function withCallback(ask: Promising): (...given: unknown[]) => void {
  return (...given) => {
    const callback = given.pop();
    if (typeof callback !== "function")
      throw Object.assign(new TypeError("the callback is no function"), { code: "ERR_INVALID_ARG_TYPE" });
    // Out of the promise, so that what the callback throws is the program's own uncaught error.
    ask(...given).then(
      (records) => process.nextTick(callback as () => void, null, records),
      (error: unknown) => process.nextTick(callback as () => void, error),
    );
  };
}
