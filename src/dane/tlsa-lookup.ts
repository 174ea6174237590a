/** TLSA records of one service on one host, in the four cases that a client treats differently. RFC 6698 §4.1, RFC 7671 §7. */
import type { AnswerData } from "../dnssec/answer.ts";
import type { Bogus, Indeterminate, Insecure, Secure } from "../dnssec/verdict.ts";
import { secureRRset } from "../dnssec/views.ts";
import type { UnixSeconds } from "../env/env.ts";
import type { RRset } from "../rrset/rrset.ts";
import { Name } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import { type Asked, type Asker, ask, asked, type DaneOptions, explained, whySilent } from "./lookups.ts";
import { anyUsagePolicy, checkPolicy, type DanePolicy, recordText, sortRecords, type UsableRecord } from "./records.ts";

export type TlsaLookup =
  /** Authenticate with these, or do not speak to this host. */
  | (Found & { readonly kind: "usable"; readonly records: readonly UsableRecord[] })
  /** TLS all the same, but nothing to authenticate with. RFC 7672 §2.2. */
  | (Found & { readonly kind: "unusable" })
  /** As if DANE did not exist here: proven, either that there are no records or that nothing here can be proven. */
  | (Base & {
      readonly kind: "absent";
      readonly because: Secure<AnswerData> | Insecure<AnswerData> | "the owner name would be too long";
    })
  /** Nobody knows. Never to be treated as absent: that is what an attacker would like. RFC 7672 §2.1.1. */
  | (Base & {
      readonly kind: "unknown";
      readonly because: Bogus | Indeterminate | Secure<AnswerData> | Insecure<AnswerData>;
    });

interface Base {
  /** The host whose name was asked for: SNI, and a name to look for in certificates. Aliases of the TLSA records do not change it. */
  readonly base: Name;
  readonly reason: string;
  readonly expires: UnixSeconds;
}

interface Found extends Base {
  readonly tlsa: Secure<RRset<typeof TYPE.TLSA>>;
  /** Records that do not count, and why, as a sentence's part. */
  readonly ignored: readonly string[];
}

export interface TlsaOptions extends DaneOptions {
  /** What counts as usable; default: all four usages. `smtpPolicy` for mail. */
  readonly policy?: DanePolicy;
}

export type TransportLabel = "tcp" | "udp" | "sctp";

/** Never rejects for what the network does. TypeError or RangeError for a host, port or policy that is none. */
export async function lookupTlsa(
  resolver: Asker,
  host: Name | string,
  port: number,
  protocol: TransportLabel,
  options: TlsaOptions = {},
): Promise<TlsaLookup> {
  const base = typeof host === "string" ? Name.parse(host) : host;
  const policy = checkPolicy(options.policy ?? anyUsagePolicy);
  const owner = tlsaOwner(base, port, protocol);
  if (owner === null) {
    const because = "the owner name would be too long";
    return {
      kind: "absent",
      base,
      because,
      reason: `no TLSA for ${base}: ${because}`,
      expires: Number.POSITIVE_INFINITY,
    };
  }
  return judgeTlsa(base, await ask(resolver, [owner, TYPE.TLSA], options), policy);
}

/** RFC 7672 §2.2.3: one base after the other, the next only where the one before is proven to have nothing. The last lookup decides. */
export async function lookupTlsaInOrder(
  resolver: Asker,
  bases: readonly Name[],
  { port, protocol, ...options }: TlsaOptions & { readonly port: number; readonly protocol: TransportLabel },
): Promise<readonly TlsaLookup[]> {
  const lookups: TlsaLookup[] = [];
  for (const base of bases) {
    const lookup = await lookupTlsa(resolver, base, port, protocol, options);
    lookups.push(lookup);
    if (lookup.kind !== "absent") break;
  }
  return lookups;
}

/** `_25._tcp.mx.example.com.`; null if that is too long for a name. RFC 6698 §3. */
export function tlsaOwner(base: Name, port: number, protocol: TransportLabel): Name | null {
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new RangeError(`port ${port}: 0 to 65535 expected`);
  return base.child(`_${protocol}`)?.child(`_${port}`) ?? null;
}

function judgeTlsa(base: Name, { answer, expires }: Asked, policy: DanePolicy): TlsaLookup {
  const { verdict } = answer;
  if (verdict.status === "bogus" || verdict.status === "indeterminate")
    return { kind: "unknown", base, because: verdict, reason: explained(answer), expires };
  const silent = whySilent(answer);
  if (silent !== null) return { kind: "unknown", base, because: verdict, reason: silent, expires };
  // RFC 7671 §7: the verdict is of all aliases on the way together; an insecure one makes the records worthless.
  if (verdict.status === "insecure")
    return { kind: "absent", base, because: verdict, reason: explained(answer), expires };
  const tlsa = secureRRset(verdict, TYPE.TLSA);
  if (tlsa === null)
    return {
      kind: "absent",
      base,
      because: verdict,
      reason: `${asked(answer)}: it is proven that there is none`,
      expires,
    };
  const { usable, unusable, outranked } = sortRecords(tlsa.value, policy);
  const ignored = [
    ...unusable.map(({ record, why }) => `${recordText(record)}: ${why}`),
    ...outranked.map((record) => `${recordText(record)}: a stronger digest stands beside it`),
  ];
  const found = { base, tlsa, ignored, expires };
  if (usable.length === 0)
    return { ...found, kind: "unusable", reason: `${asked(answer)}: none is usable (${ignored.join("; ")})` };
  const texts = usable.map((record) => recordText(record)).join("; ");
  return { ...found, kind: "usable", records: usable, reason: `${asked(answer)}: ${texts}` };
}
