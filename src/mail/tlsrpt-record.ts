/** Where a domain wants TLSRPT reports to go: the TXT RR at `_smtp._tls.D`. RFC 8460 §3. */
import { type Asker, ask, type DaneOptions, whySilent } from "../dane/lookups.ts";
import type { UnixSeconds } from "../env/env.ts";
import { Name } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import { isExtensionValue, shortened, textsIn, versionedTxt } from "./versioned-txt.ts";

export type TlsrptRecord =
  | {
      readonly kind: "record";
      /** As published: datagrams carry it. */
      readonly text: string;
      /** "mailto:…" and "https://…", in order. */
      readonly rua: readonly string[];
    }
  | { readonly kind: "none"; readonly reason: string };

export type TlsrptLookup = (TlsrptRecord | { readonly kind: "unknown"; readonly reason: string }) & {
  /** After this moment, ask again. */
  readonly expires: UnixSeconds;
};

/** More destinations than this are a mistake or an attempt at amplification. */
const MOST_URIS = 10;

/** Never rejects for what the network does. TypeError for a domain that is none. */
export async function lookUpTlsrpt(
  resolver: Asker,
  domain: Name | string,
  options: DaneOptions = {},
): Promise<TlsrptLookup> {
  const name = typeof domain === "string" ? Name.parse(domain) : domain;
  const owner = name.child("_tls")?.child("_smtp") ?? null;
  if (owner === null)
    return { kind: "none", reason: `_smtp._tls.${name} is too long for a name`, expires: Number.POSITIVE_INFINITY };
  const { answer, expires } = await ask(resolver, [owner, TYPE.TXT], options);
  const silent = whySilent(answer);
  return silent === null
    ? { ...parseTlsrptRecord(textsIn(answer)), expires }
    : { kind: "unknown", reason: silent, expires };
}

/** RFC 8460 §3: whatever is not one good record means that no reports are wanted. */
export function parseTlsrptRecord(texts: readonly string[]): TlsrptRecord {
  const found = versionedTxt(texts, "TLSRPTv1");
  if (found.kind === "none") return found;
  const rua: string[] = [];
  for (const { name, value } of found.fields) {
    if (name !== "rua") {
      if (!isExtensionValue(value)) return { kind: "none", reason: `${name} "${shortened(value)}" is no value` };
      continue;
    }
    for (const uri of value.split(/[ \t]*,[ \t]*/)) {
      if (!isDestination(uri)) return { kind: "none", reason: `rua "${shortened(uri)}": mailto: or https: expected` };
      if (rua.length < MOST_URIS && !rua.includes(uri)) rua.push(uri);
    }
  }
  return rua.length === 0
    ? { kind: "none", reason: `"${shortened(found.text)}" has no rua` }
    : { kind: "record", text: found.text, rua };
}

function isDestination(uri: string): boolean {
  if (!/^[\x21-\x7e]+$/.test(uri) || uri.includes("!")) return false;
  if (/^mailto:/i.test(uri)) return /^mailto:[^@?]+@[^@?]+(?:\?.*)?$/i.test(uri);
  return /^https:/i.test(uri) && URL.canParse(uri);
}
