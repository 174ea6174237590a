/** Names that a CA may certify. RFC 5280 §4.2.1.10. What cannot be decided here counts as outside. */
import {
  alternativeNames,
  type CertificateParts,
  type GeneralName,
  nameConstraints,
  rdnsOf,
  type Subtrees,
} from "./x509.ts";

const ALTERNATIVE_NAMES = "2.5.29.17";

/** Why a certificate lies outside an issuer's constraints, as a sentence's part; null if it does not. */
export function whyOutside(constraints: Uint8Array, parts: CertificateParts, role: "leaf" | "issuer"): string | null {
  const subtrees = nameConstraints(constraints);
  if (subtrees === null) return "lies under name constraints that cannot be read,";
  const names = namesOf(parts);
  if (names === null) return "has names that cannot be read, under name constraints";
  const dnsIsConstrained = [...subtrees.permitted, ...subtrees.excluded].some(({ form }) => form === "dns");
  // Its common name would then be its identity, and a common name is not made for this.
  if (role === "leaf" && dnsIsConstrained && !names.some(({ form }) => form === "dns"))
    return "has no DNS names, but lies under the name constraints";
  return names.every((name) => isInside(name, subtrees)) ? null : "lies outside the name constraints";
}

function isInside(name: GeneralName, { permitted, excluded }: Subtrees): boolean {
  const allowed = permitted.filter(({ form }) => form === name.form);
  const refused = excluded.filter(({ form }) => form === name.form);
  if (allowed.length === 0 && refused.length === 0) return true;
  switch (name.form) {
    case "dns": {
      const text = name.text.toLowerCase();
      const wildcardOf = text.startsWith("*.") ? text.slice(2) : null;
      const isRefused = refused.some(
        (base) => covers(dnsText(base), text) || (wildcardOf !== null && covers(wildcardOf, dnsText(base))),
      );
      return !isRefused && (allowed.length === 0 || allowed.some((base) => covers(dnsText(base), text)));
    }
    case "directory":
      // Octet by octet: a name that differs in letter case only is refused when permitted; none passes when excluded.
      return (
        refused.length === 0 && allowed.some((base) => base.form === "directory" && beginsWith(name.rdns, base.rdns))
      );
    case "mail":
    case "uri":
    case "address":
    case "id":
    case "other":
      return false;
  }
}

/** `base` itself or below it; with a leading dot, as many CAs write it, only below. */
function covers(base: string, name: string): boolean {
  if (base === "") return true;
  return base.startsWith(".") ? name.endsWith(base) : name === base || name.endsWith(`.${base}`);
}

/** RDNSequences: does the one begin with all RDNs of the other? */
function beginsWith(rdns: readonly Uint8Array[], wanted: readonly Uint8Array[]): boolean {
  return wanted.length <= rdns.length && wanted.every((rdn, i) => Buffer.compare(rdn, rdns[i]!) === 0);
}

function dnsText(name: GeneralName): string {
  return name.form === "dns" ? name.text.toLowerCase() : "";
}

/** The alternative names, and the subject if there is one. */
function namesOf({ extensions, subject }: CertificateParts): readonly GeneralName[] | null {
  const extension = extensions.find(({ id }) => id === ALTERNATIVE_NAMES);
  const names = extension === undefined ? [] : alternativeNames(extension.value);
  const rdns = rdnsOf(subject);
  if (names === null || rdns === null) return null;
  return rdns.length === 0 ? names : [...names, { form: "directory", rdns }];
}
