/** Names of hosts as TLS writes them. RFC 5890 §2.3.1, RFC 6066 §3. */
import type { Name } from "../wire/name.ts";

/** Letters, digits, hyphens and underscores, dots between labels, none at the end; null for a name that is not so, which no certificate can show. */
export function hostText(name: Name): string | null {
  if (name.isRoot || !name.labels().every((label) => label.every(isHostOctet))) return null;
  return `${name.lowerCased()}`.slice(0, -1);
}

/** Each once, in order. */
export function distinctNames(names: readonly Name[]): readonly Name[] {
  return names.filter((name, i) => names.findIndex((other) => other.equals(name)) === i);
}

function isHostOctet(octet: number): boolean {
  return (
    (octet >= 0x61 && octet <= 0x7a) ||
    (octet >= 0x41 && octet <= 0x5a) ||
    (octet >= 0x30 && octet <= 0x39) ||
    octet === 0x2d ||
    octet === 0x5f
  );
}
