/**
 * DNSKEY algorithm numbers: THE table. IANA "DNS Security Algorithm Numbers", RFC 9904; sizes RFC 6605 §4, RFC 8080 §3
 * and §4. Supported means: the row has a scheme.
 */

/** One row per assigned number. */
// biome-ignore format: a table reads better packed
export const algorithms: ReadonlyMap<number, Algorithm> = new Map<number, Algorithm>([
  [0, { mnemonic: "DELETE", status: "recognised", scheme: null }], // RFC 8078 §4: asks the parent to remove the DS
  [1, { mnemonic: "RSAMD5", status: "recognised", scheme: null }],
  [2, { mnemonic: "DH", status: "recognised", scheme: null }],
  [3, { mnemonic: "DSA", status: "recognised", scheme: null }],
  [5, { mnemonic: "RSASHA1", status: "optional", scheme: { kind: "rsa", hash: "sha1" } }],
  [6, { mnemonic: "DSA-NSEC3-SHA1", status: "recognised", scheme: null }],
  [7, { mnemonic: "RSASHA1-NSEC3-SHA1", status: "optional", scheme: { kind: "rsa", hash: "sha1" } }],
  [8, { mnemonic: "RSASHA256", status: "validated", scheme: { kind: "rsa", hash: "sha256" } }],
  [10, { mnemonic: "RSASHA512", status: "validated", scheme: { kind: "rsa", hash: "sha512" } }],
  [12, { mnemonic: "ECC-GOST", status: "recognised", scheme: null }], // RFC 9906 §2: out of use
  [13, { mnemonic: "ECDSAP256SHA256", status: "validated", scheme: { kind: "ecdsa", curve: "P-256", hash: "sha256", keyOctets: 64, signatureOctets: 64 } }],
  [14, { mnemonic: "ECDSAP384SHA384", status: "validated", scheme: { kind: "ecdsa", curve: "P-384", hash: "sha384", keyOctets: 96, signatureOctets: 96 } }],
  [15, { mnemonic: "ED25519", status: "validated", scheme: { kind: "eddsa", curve: "Ed25519", keyOctets: 32, signatureOctets: 64 } }],
  [16, { mnemonic: "ED448", status: "validated", scheme: { kind: "eddsa", curve: "Ed448", keyOctets: 57, signatureOctets: 114 } }],
  [17, { mnemonic: "SM2SM3", status: "recognised", scheme: null }],
  [23, { mnemonic: "ECC-GOST12", status: "recognised", scheme: null }],
  [252, { mnemonic: "INDIRECT", status: "recognised", scheme: null }],
  // RFC 4034 §A.1.1: the key field starts with a name or an OID that says which. We have none of them.
  [253, { mnemonic: "PRIVATEDNS", status: "recognised", scheme: null }],
  [254, { mnemonic: "PRIVATEOID", status: "recognised", scheme: null }],
]);

export type Algorithm =
  /** `optional`: RFC 9905 §2 keeps the code and lets operators treat the algorithm as unsupported, as we do by default. */
  | { readonly mnemonic: string; readonly status: "validated" | "optional"; readonly scheme: Scheme }
  | { readonly mnemonic: string; readonly status: "recognised"; readonly scheme: null };

export type HashName = "sha1" | "sha256" | "sha384" | "sha512";

export interface RsaScheme {
  readonly kind: "rsa";
  readonly hash: "sha1" | "sha256" | "sha512";
}
export interface EcdsaScheme {
  readonly kind: "ecdsa";
  readonly curve: "P-256" | "P-384";
  readonly hash: "sha256" | "sha384";
  readonly keyOctets: number;
  readonly signatureOctets: number;
}
export interface EddsaScheme {
  readonly kind: "eddsa";
  readonly curve: "Ed25519" | "Ed448";
  readonly keyOctets: number;
  readonly signatureOctets: number;
}
export type Scheme = RsaScheme | EcdsaScheme | EddsaScheme;

/** What a resolver validates unless told otherwise. */
export const defaultAlgorithms: ReadonlySet<number> = numbersWith("validated");

/** What it validates besides, if the operator asks for it. */
export const sha1Algorithms: ReadonlySet<number> = numbersWith("optional");

export const supportedAlgorithms: ReadonlySet<number> = new Set([...sha1Algorithms, ...defaultAlgorithms]);

export function schemeOf(algorithm: number): Scheme | null {
  return algorithms.get(algorithm)?.scheme ?? null;
}

/** The mnemonic, or the number in digits where there is none. RFC 4034 §2.2. */
export function algorithmToText(algorithm: number): string {
  return algorithms.get(algorithm)?.mnemonic ?? String(algorithm);
}

function numbersWith(status: Algorithm["status"]): ReadonlySet<number> {
  return new Set([...algorithms].filter(([, row]) => row.status === status).map(([number]) => number));
}
