/** Names that a CA may certify. RFC 5280 §4.2.1.10. What cannot be decided here counts as outside. */
import { type CertificateParts, elements, sequence, TAG } from "./der.ts";

/** Tags of GeneralName. */
const FORM = { dns: 0x82, directory: 0xa4 } as const;
const ALTERNATIVE_NAMES = "2.5.29.17";

interface Subtrees {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

interface GeneralName {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** Why a certificate lies outside an issuer's constraints, as a sentence's part; null if it does not. */
export function whyOutside(constraints: Uint8Array, parts: CertificateParts, role: "leaf" | "issuer"): string | null {
  const subtrees = subtreesFrom(constraints);
  if (subtrees === null) return "lies under name constraints that cannot be read,";
  const names = alternativeNames(parts);
  if (names === null) return "has names that cannot be read, under name constraints";
  if (sequence(parts.subject)?.length !== 0) names.push({ tag: FORM.directory, content: parts.subject });
  const dnsIsConstrained = [...subtrees.permitted, ...subtrees.excluded].some(({ tag }) => tag === FORM.dns);
  // Its common name would then be its identity, and a common name is not made for this.
  if (role === "leaf" && dnsIsConstrained && !names.some(({ tag }) => tag === FORM.dns))
    return "has no DNS names, but lies under the name constraints";
  return names.every((name) => isInside(name, subtrees)) ? null : "lies outside the name constraints";
}

function isInside(name: GeneralName, { permitted, excluded }: Subtrees): boolean {
  const allowed = permitted.filter(({ tag }) => tag === name.tag);
  const refused = excluded.filter(({ tag }) => tag === name.tag);
  if (allowed.length === 0 && refused.length === 0) return true;
  switch (name.tag) {
    case FORM.dns: {
      const text = dnsText(name);
      const wildcardOf = text.startsWith("*.") ? text.slice(2) : null;
      const isRefused = refused.some(
        (base) => covers(dnsText(base), text) || (wildcardOf !== null && covers(wildcardOf, dnsText(base))),
      );
      return !isRefused && (allowed.length === 0 || allowed.some((base) => covers(dnsText(base), text)));
    }
    case FORM.directory:
      // Octet by octet: a name that differs in letter case only is refused when permitted; none passes when excluded.
      return refused.length === 0 && allowed.some((base) => beginsWith(name.content, base.content));
    default:
      return false;
  }
}

/** `base` itself or below it; with a leading dot, as many CAs write it, only below. */
function covers(base: string, name: string): boolean {
  if (base === "") return true;
  return base.startsWith(".") ? name.endsWith(base) : name === base || name.endsWith(`.${base}`);
}

/** RDNSequences: does the one begin with all RDNs of the other? */
function beginsWith(name: Uint8Array, base: Uint8Array): boolean {
  const rdns = sequence(name);
  const wanted = sequence(base);
  if (rdns === null || wanted === null || wanted.length > rdns.length) return false;
  return wanted.every((rdn, i) => Buffer.compare(rdn.whole, rdns[i]!.whole) === 0);
}

function dnsText({ content }: GeneralName): string {
  return Buffer.from(content).toString("latin1").toLowerCase();
}

function subtreesFrom(octets: Uint8Array): Subtrees | null {
  const lists = sequence(octets);
  if (lists === null) return null;
  const subtrees: Record<"permitted" | "excluded", GeneralName[]> = { permitted: [], excluded: [] };
  for (const { tag, content } of lists) {
    const into = tag === 0xa0 ? subtrees.permitted : tag === 0xa1 ? subtrees.excluded : null;
    const list = elements(content);
    if (into === null || list === null) return null;
    for (const subtree of list) {
      const base = subtree.tag === TAG.SEQUENCE ? elements(subtree.content) : null;
      // RFC 5280 §4.2.1.10: minimum and maximum are not used.
      if (base?.length !== 1) return null;
      into.push(base[0]!);
    }
  }
  return subtrees;
}

function alternativeNames({ extensions }: CertificateParts): GeneralName[] | null {
  const extension = extensions.find(({ id }) => id === ALTERNATIVE_NAMES);
  if (extension === undefined) return [];
  const names = sequence(extension.value);
  return names === null ? null : [...names];
}
