/** IANA numbers that rootwalk speaks of. All are open: an unknown number is ordinary data, printed as TYPEn (RFC 3597). */

// biome-ignore format: a table reads better packed
export const TYPE = {
  A: 1, NS: 2, MD: 3, MF: 4, CNAME: 5, SOA: 6, MB: 7, MG: 8, MR: 9, NULL: 10, WKS: 11, PTR: 12, HINFO: 13, MINFO: 14,
  MX: 15, TXT: 16, RP: 17, AFSDB: 18, X25: 19, ISDN: 20, RT: 21, NSAP: 22, SIG: 24, KEY: 25, PX: 26, GPOS: 27, AAAA: 28,
  LOC: 29, NXT: 30, SRV: 33, NAPTR: 35, KX: 36, CERT: 37, A6: 38, DNAME: 39, OPT: 41, APL: 42, DS: 43, SSHFP: 44,
  IPSECKEY: 45, RRSIG: 46, NSEC: 47, DNSKEY: 48, DHCID: 49, NSEC3: 50, NSEC3PARAM: 51, TLSA: 52, SMIMEA: 53, HIP: 55,
  CDS: 59, CDNSKEY: 60, OPENPGPKEY: 61, CSYNC: 62, ZONEMD: 63, SVCB: 64, HTTPS: 65, SPF: 99, NID: 104, L32: 105,
  L64: 106, LP: 107, EUI48: 108, EUI64: 109, NXNAME: 128, TKEY: 249, TSIG: 250, IXFR: 251, AXFR: 252, MAILB: 253,
  MAILA: 254, ANY: 255, URI: 256, CAA: 257, DLV: 32769,
} as const;

export type RRType = number;
export type RRClass = number;

export const CLASS = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

// biome-ignore format: a table reads better packed
export const RCODE = {
  NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, YXDOMAIN: 6, YXRRSET: 7, NXRRSET: 8,
  NOTAUTH: 9, NOTZONE: 10, BADVERS: 16, BADCOOKIE: 23,
} as const;

export const OPCODE = { QUERY: 0, IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5, DSO: 6 } as const;

/** EDNS option codes. */
export const OPTION = {
  NSID: 3,
  DAU: 5,
  DHU: 6,
  N3U: 7,
  ECS: 8,
  COOKIE: 10,
  KEEPALIVE: 11,
  PADDING: 12,
  EDE: 15,
  REPORT_CHANNEL: 18,
} as const;

// biome-ignore format: a table reads better packed
/** Extended DNS errors. RFC 8914 §5.2 and the registry; 33 is in use by BIND and PowerDNS. */
export const EDE = {
  OTHER: 0, UNSUPPORTED_DNSKEY_ALGORITHM: 1, UNSUPPORTED_DS_DIGEST: 2, STALE_ANSWER: 3, FORGED_ANSWER: 4,
  DNSSEC_INDETERMINATE: 5, DNSSEC_BOGUS: 6, SIGNATURE_EXPIRED: 7, SIGNATURE_NOT_YET_VALID: 8, DNSKEY_MISSING: 9,
  RRSIGS_MISSING: 10, NO_ZONE_KEY_BIT: 11, NSEC_MISSING: 12, CACHED_ERROR: 13, NOT_READY: 14, BLOCKED: 15, CENSORED: 16,
  FILTERED: 17, PROHIBITED: 18, STALE_NXDOMAIN: 19, NOT_AUTHORITATIVE: 20, NOT_SUPPORTED: 21, NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23, INVALID_DATA: 24, SIGNATURE_EXPIRED_BEFORE_VALID: 25, TOO_EARLY: 26, UNSUPPORTED_NSEC3_ITERATIONS: 27,
  UNABLE_TO_CONFORM: 28, SYNTHESIZED: 29, INVALID_QUERY_TYPE: 30, RATE_LIMITED: 31, OVER_QUOTA: 32, NEGATIVE_TRUST_ANCHOR: 33,
} as const;

// biome-ignore format: a table reads better packed
const edeTexts: readonly string[] = [
  "Other", "Unsupported DNSKEY Algorithm", "Unsupported DS Digest Type", "Stale Answer", "Forged Answer",
  "DNSSEC Indeterminate", "DNSSEC Bogus", "Signature Expired", "Signature Not Yet Valid", "DNSKEY Missing",
  "RRSIGs Missing", "No Zone Key Bit Set", "NSEC Missing", "Cached Error", "Not Ready", "Blocked", "Censored", "Filtered",
  "Prohibited", "Stale NXDOMAIN Answer", "Not Authoritative", "Not Supported", "No Reachable Authority", "Network Error",
  "Invalid Data", "Signature Expired before Valid", "Too Early", "Unsupported NSEC3 Iterations Value",
  "Unable to conform to policy", "Synthesized", "Invalid Query Type", "Rate Limited", "Over Quota", "Negative Trust Anchor",
];

export function edeText(code: number): string {
  return edeTexts[code] ?? `EDE ${code}`;
}

const typeNames = invert(TYPE);
const rcodeNames = invert(RCODE);
const classNames = invert(CLASS);

export function typeToText(type: RRType): string {
  return typeNames.get(type) ?? `TYPE${type}`;
}

/** A mnemonic in any case, or TYPEn; null if neither. */
export function typeFromText(text: string): RRType | null {
  return numberFromText(text, TYPE, /^TYPE([0-9]{1,5})$/);
}

export function classToText(value: RRClass): string {
  return classNames.get(value) ?? `CLASS${value}`;
}

export function classFromText(text: string): RRClass | null {
  return numberFromText(text, CLASS, /^CLASS([0-9]{1,5})$/);
}

export function rcodeToText(rcode: number): string {
  return rcodeNames.get(rcode) ?? `RCODE${rcode}`;
}

/** Types that stand for questions or transport, never for data in a zone. RFC 6895 §3.1; NXNAME RFC 9824 §3.4. */
export function isMetaType(type: RRType): boolean {
  return type === 0 || type === TYPE.OPT || (type >= 128 && type <= 255);
}

function numberFromText(text: string, table: Readonly<Record<string, number>>, generic: RegExp): number | null {
  const upper = text.toUpperCase();
  if (Object.hasOwn(table, upper)) return table[upper]!;
  const match = generic.exec(upper);
  if (match === null) return null;
  const value = Number(match[1]);
  return value <= 65535 ? value : null;
}

function invert(table: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(table).map(([name, value]) => [value, name]));
}
