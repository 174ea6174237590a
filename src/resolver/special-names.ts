/**
 * Names that are never asked of the root: answered here, not secure and not bogus but local. RFC 6761, RFC 6303, RFC 7686
 * (onion), RFC 9476 (alt), RFC 8375 (home.arpa), RFC 9462 (resolver.arpa).
 */
import { Name, type NameKey } from "../wire/name.ts";

export type LocalAnswer =
  | { readonly kind: "addresses"; readonly zone: Name; readonly ipv4: string; readonly ipv6: string }
  | { readonly kind: "name error"; readonly zone: Name }
  | { readonly kind: "no data"; readonly zone: Name };

const loopback = (zone: string): readonly [NameKey, (name: Name) => LocalAnswer] => {
  const apex = Name.parse(zone);
  return [apex.key, () => ({ kind: "addresses", zone: apex, ipv4: "127.0.0.1", ipv6: "::1" })];
};
const empty = (zone: string): readonly [NameKey, (name: Name) => LocalAnswer] => {
  const apex = Name.parse(zone);
  return [apex.key, (name) => ({ kind: name.equals(apex) ? "no data" : "name error", zone: apex })];
};

/** RFC 6303 §4: reverse zones of addresses that mean something else to everyone. */
const reverseZones = [
  "10.in-addr.arpa",
  ...Array.from({ length: 16 }, (_, i) => `${i + 16}.172.in-addr.arpa`),
  "168.192.in-addr.arpa",
  "0.in-addr.arpa",
  "127.in-addr.arpa",
  "254.169.in-addr.arpa",
  "2.0.192.in-addr.arpa",
  "100.51.198.in-addr.arpa",
  "113.0.203.in-addr.arpa",
  "255.255.255.255.in-addr.arpa",
  ...Array.from({ length: 64 }, (_, i) => `${i + 64}.100.in-addr.arpa`), // RFC 7793
  `${"0.".repeat(32)}ip6.arpa`,
  `1.${"0.".repeat(31)}ip6.arpa`,
  "d.f.ip6.arpa",
  "8.e.f.ip6.arpa",
  "9.e.f.ip6.arpa",
  "a.e.f.ip6.arpa",
  "b.e.f.ip6.arpa",
  "8.b.d.0.1.0.0.2.ip6.arpa",
];

const zones: ReadonlyMap<NameKey, (name: Name) => LocalAnswer> = new Map([
  loopback("localhost"),
  empty("invalid"),
  empty("onion"),
  empty("alt"),
  empty("home.arpa"),
  empty("resolver.arpa"),
  ...reverseZones.map(empty),
]);

/** What nearly every name is seen by to be no special one. */
const topLevels: ReadonlySet<string> = new Set([...zones.keys()].map((key) => key.slice(0, endOfLabel(key, 0))));

/** Keys are written from the root on: where the label that begins at `start` ends. */
function endOfLabel(key: NameKey, start: number): number {
  const next = key.indexOf("\0", start + 1);
  return next < 0 ? key.length : next;
}

/** Null for the rest of the world. */
export function localAnswer(name: Name): LocalAnswer | null {
  const { key } = name;
  if (!topLevels.has(key.slice(0, endOfLabel(key, 0)))) return null;
  for (let end = 0; end < key.length; ) {
    end = endOfLabel(key, end);
    const found = zones.get(key.slice(0, end) as NameKey);
    if (found !== undefined) return found(name);
  }
  return null;
}
