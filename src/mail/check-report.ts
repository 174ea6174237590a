/**
 * What a check of a domain found, as plain data: `rootwalk dane check --json` prints it as it stands. The shape is part of
 * rootwalk's interface: fields are added, never renamed or removed. Times are ISO 8601 in UTC, durations in seconds.
 */

export interface DomainReport {
  readonly domain: string;
  readonly checks: "mail" | "host" | "service";
  readonly outcome: Outcome;
  /** One sentence. */
  readonly reason: string;
  /** Is it proven that these hosts are the domain's? */
  readonly nextHop: "secure" | "insecure" | "unknown";
  /** In the order to try them in. */
  readonly hosts: readonly HostReport[];
  readonly warnings: readonly Warning[];
  /** Every question that was asked, in order. */
  readonly dns: readonly DnsReport[];
}

export type Outcome =
  /** Every server that was reached showed what its records say, and at least one did at each host. */
  | "verified"
  /** Some host is verified; others have no records, or were not reached. */
  | "partial"
  /** A server does not match its records, or offers no TLS beside them: mail by DANE does not go there. */
  | "mismatch"
  /** It is proven that nothing can be authenticated here: no usable records, or no DNSSEC. */
  | "no tlsa"
  /** Data came and failed validation: mail waits. */
  | "bogus"
  /** DNS gave no answer: mail waits. */
  | "undetermined"
  /** There are records, and no server could be spoken to. */
  | "unreachable"
  /** The domain takes no mail, or does not exist. */
  | "no host";

export interface HostReport {
  readonly name: string;
  readonly port: number;
  /** MX preference; null where there is none. */
  readonly preference: number | null;
  readonly outcome: Outcome;
  /** What a client does with this host: "authenticate", "encrypt", "opportunistic", "pkix", "skip". */
  readonly action: string;
  /** A word that does not change. */
  readonly code: string;
  readonly reason: string;
  /** RFC 8460 §4.3; null where there is nothing to report. */
  readonly tlsrpt: string | null;
  /** RFC 3463; null where mail goes out. */
  readonly status: string | null;
  readonly sni: string | null;
  /** Names of which a certificate must show one, where names count. */
  readonly names: readonly string[];
  readonly tlsa: TlsaReport | null;
  readonly servers: readonly ServerReport[];
}

export interface TlsaReport {
  readonly owner: string;
  readonly ttl: number;
  readonly records: readonly RecordReport[];
}

export interface RecordReport {
  /** "3 1 1 8cb3…", whole. */
  readonly record: string;
  readonly state: "usable" | "unusable" | "outranked";
  /** Null if it is usable. */
  readonly why: string | null;
  /** Does any server's certificate or issuer, as it was sent, fit? */
  readonly matched: boolean;
}

export interface ServerReport {
  readonly address: string;
  readonly outcome: "verified" | "mismatch" | "tls" | "no tls" | "unreachable";
  readonly attempts: readonly AttemptReport[];
}

export interface AttemptReport {
  /** Kind of key that the client asked for. */
  readonly algorithm: "RSA" | "ECDSA" | "any";
  readonly outcome: "verified" | "mismatch" | "tls" | "not served" | "failed";
  /** A word that does not change, for "mismatch" and "failed"; else null. */
  readonly code: string | null;
  readonly reason: string;
  readonly tls: { readonly version: string; readonly cipher: string; readonly group: string | null } | null;
  readonly matched: { readonly record: string; readonly depth: number; readonly name: string | null } | null;
  /** What this machine's list of CAs says; null without a handshake. */
  readonly publicCa: boolean | null;
  /** As they were sent. */
  readonly certificates: readonly CertificateReport[];
}

export interface CertificateReport {
  readonly subject: string;
  readonly issuer: string;
  /** subjectAltName as OpenSSL prints it. */
  readonly names: readonly string[];
  readonly validFrom: string | null;
  readonly validTo: string | null;
  /** "RSA 2048", "EC prime256v1" */
  readonly key: string;
  readonly sha256: string;
  readonly spkiSha256: string | null;
  /** Usable records that speak of it, "3 1 1 8cb3…", whole. */
  readonly records: readonly string[];
}

export interface Warning {
  readonly code: WarningCode;
  /** "critical": a client that does DANE does not deliver now; "warning": it will not some day; "note": good to know. */
  readonly severity: "critical" | "warning" | "note";
  readonly host: string | null;
  readonly text: string;
}

export type WarningCode =
  | "certificate expired"
  | "certificate expires soon"
  | "chain expires soon"
  | "usage does not count"
  | "record unusable"
  | "record outranked"
  | "record matches nothing"
  | "no next key"
  | "no record for this key"
  | "mismatch"
  | "starttls missing"
  | "server unreachable"
  | "host without tlsa"
  | "host skipped"
  | "mx insecure"
  | "address insecure"
  | "address family failed"
  | "secure alias"
  | "old tls"
  | "long ttl";

export interface DnsReport {
  readonly name: string;
  readonly type: string;
  readonly status: "secure" | "insecure" | "bogus" | "indeterminate";
  readonly rcode: string;
  readonly ttl: number;
  readonly reason: string;
  readonly ede: readonly { readonly code: number; readonly name: string; readonly text: string }[];
  readonly aliases: readonly { readonly from: string; readonly to: string; readonly status: string }[];
}
