/** What to do with one host, once its addresses and its TLSA records are known. */
import type { Secure } from "../dnssec/verdict.ts";
import type { UnixSeconds } from "../env/env.ts";
import type { RRset } from "../rrset/rrset.ts";
import type { Name } from "../wire/name.ts";
import type { TYPE } from "../wire/registry.ts";
import { type Code, type Told, told } from "./codes.ts";
import type { DanePolicy } from "./records.ts";

/** TLS, and `verifyDane` before the first octet that matters. Nothing less will do for this host. */
export interface Authenticate extends Told {
  readonly do: "authenticate";
  readonly tlsa: Secure<RRset<typeof TYPE.TLSA>>;
  readonly policy: DanePolicy;
  /** The TLSA base domain. */
  readonly base: Name;
  /** To be sent as TLS server name: the base domain. RFC 7672 §8.1. */
  readonly sni: string;
  /** Names of which a certificate by usage 0, 1 or 2 must show one. */
  readonly names: readonly Name[];
  /** After this moment, ask again. */
  readonly expires: UnixSeconds;
}

/** TLS, whoever answers: there are records, but none that could be checked. Without TLS, pass over this host. */
export interface Encrypt extends Told {
  readonly do: "encrypt";
  readonly tlsa: Secure<RRset<typeof TYPE.TLSA>>;
  readonly base: Name;
  readonly sni: string;
  readonly expires: UnixSeconds;
}

/** As without DANE: TLS if offered; where MTA-STS has a policy, it decides. */
export interface Opportunistic extends Told {
  readonly do: "opportunistic";
  /** Null for an address literal, and for a name that TLS cannot carry. */
  readonly sni: string | null;
  /** What DANE asks for, where the operator has suspended it (`exceptions`, `mode`): to be tried for reports, not to be obeyed. */
  readonly suspended?: Authenticate | Encrypt | Skip;
  readonly expires: UnixSeconds;
}

/** Not this host. `temporary`: it may be usable later. */
export interface Skip extends Told {
  readonly do: "skip";
  readonly temporary: boolean;
  readonly expires: UnixSeconds;
}

/** As without DANE, for clients that always authenticate: a certificate by a public CA that shows one of the names. */
export interface Pkix extends Told {
  readonly do: "pkix";
  readonly sni: string | null;
  readonly names: readonly Name[];
  readonly expires: UnixSeconds;
}

export function skip(code: Code, reason: string, expires: UnixSeconds): Skip {
  const why = told(code, reason);
  return { do: "skip", ...why, temporary: why.status?.startsWith("4") ?? true, expires };
}
