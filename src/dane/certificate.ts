/** Certificates and bare keys as DANE sees them. X.509 is node:crypto's work; x509.ts adds what it does not show. */
import { createHash, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import type { UnixSeconds } from "../env/env.ts";
import { type CertificateParts, certificateParts, isSequence } from "./x509.ts";

/** Null if the octets are not one certificate in DER, all of them: node:crypto would take PEM and trailing octets too. */
export function certificateFromDer(der: Uint8Array): X509Certificate | null {
  try {
    const certificate = new X509Certificate(der);
    return Buffer.compare(certificate.raw, der) === 0 ? certificate : null;
  } catch {
    return null;
  }
}

/** Null if the octets are not one SubjectPublicKeyInfo in DER, of a kind that this platform knows. */
export function publicKeyFromDer(der: Uint8Array): KeyObject | null {
  if (!isSequence(der)) return null; // octets after the key would be overlooked
  try {
    return createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
  } catch {
    return null;
  }
}

/** The key inside, for signatures; null if this platform does not know its kind. */
export function keyOf(certificate: X509Certificate): KeyObject | null {
  try {
    return certificate.publicKey;
  } catch {
    return null;
  }
}

const parsed = new WeakMap<X509Certificate, CertificateParts | null>();

/** Read once; null if it is not as RFC 5280 wants it. */
export function partsOf(certificate: X509Certificate): CertificateParts | null {
  let parts = parsed.get(certificate);
  if (parts === undefined) {
    parts = partsBySha256(certificate.raw);
    parsed.set(certificate, parts);
  }
  return parts;
}

/**
 * Node makes new objects for each connection, and reading one takes longer than checking its signature: by the SHA-256
 * of its octets a certificate is known again. Those used last are kept, at most some 4 MB in all.
 */
const remembered = new Map<string, CertificateParts | null>();
const REMEMBERED_CERTIFICATES = 200;
/** Real certificates have 1 to 4 kB; what servers send beyond that may cost time, but no memory. */
const REMEMBERED_OCTETS = 8192;

function partsBySha256(octets: Uint8Array): CertificateParts | null {
  if (octets.length > REMEMBERED_OCTETS) return certificateParts(octets);
  const key = createHash("sha256").update(octets).digest("base64");
  let parts = remembered.get(key);
  // A copy: on Node 24 `raw` is the same buffer for all who ask, and parts may be views of it.
  if (parts === undefined) parts = certificateParts(Uint8Array.from(octets));
  else remembered.delete(key);
  remembered.set(key, parts);
  if (remembered.size > REMEMBERED_CERTIFICATES) remembered.delete(remembered.keys().next().value!);
  return parts;
}

/** SubjectPublicKeyInfo as it stands in the certificate; null if that cannot be read. */
export function publicKeyInfoOf(certificate: X509Certificate): Uint8Array | null {
  return partsOf(certificate)?.publicKeyInfo ?? null;
}

export type Currency =
  | { readonly kind: "current" }
  | { readonly kind: "expired" | "not yet valid" | "undated"; readonly text: string };

/** RFC 5280 §4.1.2.5: both ends included. */
export function currencyOf(certificate: X509Certificate, now: UnixSeconds): Currency {
  const from = dateOf(certificate.validFrom);
  const to = dateOf(certificate.validTo);
  if (from === null || to === null) return { kind: "undated", text: "has no dates that can be read" };
  if (now < from) return { kind: "not yet valid", text: `is valid from ${certificate.validFrom}` };
  if (now >= to + 1) return { kind: "expired", text: `expired on ${certificate.validTo}` };
  return { kind: "current" };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** OpenSSL's form of an ASN.1 time, "May  6 15:12:01 2026 GMT"; null if it is not. */
export function dateOf(text: string): UnixSeconds | null {
  const match = /^([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\d{4}) GMT$/.exec(text);
  const month = MONTHS.indexOf(match?.[1] ?? "");
  if (match === null || month < 0) return null;
  const [day, hour, minute, second, year] = match.slice(2).map(Number);
  return Date.UTC(year!, month, day, hour, minute, second) / 1000;
}

/** "CN=mx.example.com, O=Example", for sentences. */
export function subjectText(certificate: X509Certificate): string {
  return certificate.subject?.replaceAll("\n", ", ") || "a certificate without a subject";
}
