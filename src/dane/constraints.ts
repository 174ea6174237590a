/** What the certificates of a path say about each other, besides names and signatures. RFC 5280 §4.2, §6.1. */
import type { KeyObject, X509Certificate } from "node:crypto";
import { keyOf, partsOf, subjectText } from "./certificate.ts";
import { whyOutside } from "./name-constraints.ts";
import type { Path } from "./path.ts";
import { type CertificateParts, extendedKeyUsage, mayServeTls, pathLength, signatureAlgorithm } from "./x509.ts";

const ID = {
  keyUsage: "2.5.29.15",
  alternativeNames: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  extendedKeyUsage: "2.5.29.37",
} as const;
const SERVER_AUTHENTICATION = "1.3.6.1.5.5.7.3.1";

/** Extensions that may be critical: obeyed here or by node:crypto, or of no consequence as no policy is asked for. RFC 5280 §4.2. */
const understood: ReadonlySet<string> = new Set([
  ...Object.values(ID),
  "2.5.29.14", // subject key identifier
  "2.5.29.35", // authority key identifier
  "2.5.29.32", // certificate policies
  "2.5.29.33", // policy mappings
  "2.5.29.54", // inhibit anyPolicy
]);

/** Signatures that nobody can forge by finding collisions (so no MD5, no SHA-1). */
const signatureAlgorithms: ReadonlySet<string> = new Set([
  "1.2.840.113549.1.1.11", // RSA with SHA-256
  "1.2.840.113549.1.1.12", // RSA with SHA-384
  "1.2.840.113549.1.1.13", // RSA with SHA-512
  "1.2.840.10045.4.3.2", // ECDSA with SHA-256
  "1.2.840.10045.4.3.3", // ECDSA with SHA-384
  "1.2.840.10045.4.3.4", // ECDSA with SHA-512
  "1.3.101.112", // Ed25519
  "1.3.101.113", // Ed448
]);
const RSA_PSS = "1.2.840.113549.1.1.10";
const pssHashes: ReadonlySet<string> = new Set([
  "2.16.840.1.101.3.4.2.1", // SHA-256
  "2.16.840.1.101.3.4.2.2", // SHA-384
  "2.16.840.1.101.3.4.2.3", // SHA-512
]);
const MIN_RSA_BITS = 2048;

/** Why the path must not be believed, as a sentence; null if nothing speaks against it. */
export function whyUnfit({ certificates, bareKey }: Path): string | null {
  const below: { readonly certificate: X509Certificate; readonly parts: CertificateParts }[] = [];
  for (const [depth, certificate] of certificates.entries()) {
    const name = subjectText(certificate);
    const parts = partsOf(certificate);
    if (parts === null) return `${name} is not formed as RFC 5280 wants it`;
    const above = certificates[depth + 1];
    const signer = above === undefined ? bareKey : keyOf(above);
    // An anchor's own signature says nothing: DNS vouches for it.
    const isAnchor = above === undefined && bareKey === null;
    const why =
      whyUnfitAlone(certificate, parts, depth === 0 ? "leaf" : "issuer") ??
      (isAnchor ? null : whyWeak(parts, signer)) ??
      whyTooLong(parts, below.slice(1));
    if (why !== null) return `${name} ${why}`;
    const constraints = extension(parts, ID.nameConstraints);
    for (const [i, lower] of constraints === null ? [] : below.entries()) {
      const outside = whyOutside(constraints!, lower.parts, i === 0 ? "leaf" : "issuer");
      if (outside !== null) return `${subjectText(lower.certificate)} ${outside} of ${name}`;
    }
    below.push({ certificate, parts });
  }
  return null;
}

function whyUnfitAlone(certificate: X509Certificate, parts: CertificateParts, role: "leaf" | "issuer"): string | null {
  // RFC 5280 §4.2: what is critical and not understood must be refused.
  const unknown = parts.extensions.find(({ id, critical }) => critical && !understood.has(id));
  if (unknown !== undefined) return `has the critical extension ${unknown.id}, which is not known`;
  // RFC 5280 §4.2.1.12; an issuer's purposes bound those of what it signs, as browsers and OpenSSL have it.
  if (!isForServers(parts)) return "is not meant for TLS servers";
  if (role === "issuer") return certificate.ca ? null : "is no CA";
  return hasKeyForTls(parts) ? null : "has a key that is not meant for TLS";
}

/** RFC 5280 §4.2.1.9: issuers between this one and the leaf, without those that only renew their own name. */
function whyTooLong(
  parts: CertificateParts,
  between: readonly { readonly certificate: X509Certificate }[],
): string | null {
  const allowed = pathLengthOf(parts);
  if (allowed === null) return null;
  if (allowed === "unreadable") return "has basic constraints that cannot be read";
  const issuers = between.filter(({ certificate }) => certificate.subject !== certificate.issuer).length;
  return issuers > allowed ? `allows ${allowed} issuers below it, and there are ${issuers}` : null;
}

function whyWeak(parts: CertificateParts, signer: KeyObject | null): string | null {
  if (!isStrong(parts)) return "is signed with an algorithm that is too weak or not known";
  const bits = signer?.asymmetricKeyDetails?.modulusLength;
  return bits !== undefined && bits < MIN_RSA_BITS ? `is signed by an RSA key of ${bits} bits` : null;
}

const isForServers = perCertificate((parts) => {
  const purposes = extension(parts, ID.extendedKeyUsage);
  return purposes === null || extendedKeyUsage(purposes)?.includes(SERVER_AUTHENTICATION) === true;
});

const hasKeyForTls = perCertificate((parts) => {
  const usage = extension(parts, ID.keyUsage);
  return usage === null || mayServeTls(usage);
});

const pathLengthOf = perCertificate((parts) => {
  const constraints = extension(parts, ID.basicConstraints);
  return constraints === null ? null : pathLength(constraints);
});

const isStrong = perCertificate((parts) => {
  const read = signatureAlgorithm(parts.signatureAlgorithm);
  if (read === null) return false;
  return read.id === RSA_PSS ? pssHashes.has(read.pssHash ?? "") : signatureAlgorithms.has(read.id);
});

/** Worked out once for parts, which never change. */
function perCertificate<T>(read: (parts: CertificateParts) => T): (parts: CertificateParts) => T {
  const known = new WeakMap<CertificateParts, { readonly result: T }>();
  return (parts) => {
    let entry = known.get(parts);
    if (entry === undefined) {
      entry = { result: read(parts) };
      known.set(parts, entry);
    }
    return entry.result;
  };
}

function extension({ extensions }: CertificateParts, wanted: string): Uint8Array | null {
  return extensions.find(({ id }) => id === wanted)?.value ?? null;
}
