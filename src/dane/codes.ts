/**
 * What a mail server tells others about a decision: the result type of RFC 8460 §4.3, the enhanced status code of RFC 3463
 * (and RFC 7505), and the one that Exchange Online prints for the same thing. One row per code; codes never change.
 */

/** Result types of TLSRPT with the numbers that its collectors use. */
export const tlsrptResults = {
  "starttls-not-supported": 201,
  "certificate-host-mismatch": 202,
  "certificate-not-trusted": 203,
  "certificate-expired": 204,
  "validation-failure": 205,
  "sts-policy-fetch-error": 301,
  "sts-policy-invalid": 302,
  "sts-webpki-invalid": 303,
  "tlsa-invalid": 304,
  "dnssec-invalid": 305,
  "dane-required": 306,
} as const;

export type TlsrptResult = keyof typeof tlsrptResults;

/** RFC 8460 §4.4: the policy that a report is about. */
export type TlsrptPolicy = "tlsa" | "sts" | "no-policy-found";

interface Row {
  readonly policy: TlsrptPolicy;
  readonly tlsrpt: TlsrptResult | null;
  /** Null where mail goes out. */
  readonly status: string | null;
  readonly exchange: string | null;
}

const tlsa = (tlsrpt: TlsrptResult | null, status: string | null, exchange: string | null = null): Row => ({
  policy: "tlsa",
  tlsrpt,
  status,
  exchange,
});
const sts = (tlsrpt: TlsrptResult | null, status: string | null): Row => ({
  policy: "sts",
  tlsrpt,
  status,
  exchange: null,
});
const none = (status: string | null): Row => ({ policy: "no-policy-found", tlsrpt: null, status, exchange: null });

export const codes = {
  // mail can go on
  "tlsa usable": tlsa(null, null),
  "tlsa unusable": tlsa("tlsa-invalid", null),
  "tlsa absent": none(null),
  "tlsa insecure": none(null),
  "address insecure": none(null),
  "alias insecure": none(null),
  "mx insecure": none(null),
  "address literal": none(null),
  "service insecure": none(null),
  "dane suspended": tlsa(null, null),
  "dane report only": tlsa(null, null),
  "sts applies": sts(null, null),
  "sts policy not fetched": sts("sts-policy-fetch-error", null),
  "sts policy invalid": sts("sts-policy-invalid", null),
  "sts policy host not trusted": sts("sts-webpki-invalid", null),
  // a host is passed over, or mail waits
  "tlsa failed": tlsa("dnssec-invalid", "4.7.5", "4.7.324"),
  "address bogus": tlsa("dnssec-invalid", "4.4.3", "4.7.324"),
  "address failed": none("4.4.3"),
  "mx bogus": tlsa("dnssec-invalid", "4.4.3", "4.7.324"),
  "mx failed": none("4.4.3"),
  "service failed": none("4.4.3"),
  "dane required": tlsa("dane-required", "4.7.5"),
  "required but unusable": tlsa("tlsa-invalid", "4.7.5", "4.7.323"),
  "too many hosts": none("4.4.4"),
  // after the connection
  "connection failed": none("4.4.1"),
  "session refused": none("4.3.2"),
  "starttls missing": tlsa("starttls-not-supported", "4.7.4", "4.7.321"),
  "handshake failed": tlsa("validation-failure", "4.7.5"),
  "no record matches": tlsa("validation-failure", "4.7.5", "4.7.323"),
  "no certificate": tlsa("validation-failure", "4.7.5"),
  "certificate expired": tlsa("certificate-expired", "4.7.5", "4.7.322"),
  "name mismatch": tlsa("certificate-host-mismatch", "4.7.5", "4.7.325"),
  "certificate not trusted": tlsa("certificate-not-trusted", "4.7.5"),
  "plan expired": tlsa(null, "4.7.5"),
  // MTA-STS: RFC 8461 §4, §5
  "sts unknown": sts(null, "4.4.3"),
  "sts mx not listed": sts("validation-failure", "4.7.5"),
  "sts starttls missing": sts("starttls-not-supported", "4.7.4"),
  "sts handshake failed": sts("validation-failure", "4.7.5"),
  "sts no certificate": sts("validation-failure", "4.7.5"),
  "sts certificate expired": sts("certificate-expired", "4.7.5"),
  "sts certificate not trusted": sts("certificate-not-trusted", "4.7.5"),
  "sts name mismatch": sts("certificate-host-mismatch", "4.7.5"),
  "sts plan expired": sts(null, "4.7.5"),
  // for good
  "no address": none("5.4.4"),
  "no host name": none("5.4.4"),
  "no such domain": none("5.1.2"),
  "null mx": none("5.1.10"),
  "no service": none("5.4.4"),
} as const satisfies Record<string, Row>;

export type Code = keyof typeof codes;

/** A decision with its reasons: for the log, for TLSRPT, for the bounce. */
export interface Told {
  readonly code: Code;
  /** A sentence with names and numbers. */
  readonly reason: string;
  readonly tlsrptPolicy: TlsrptPolicy;
  readonly tlsrpt: TlsrptResult | null;
  /** RFC 3463, "4.7.5"; null where mail goes out. */
  readonly status: string | null;
  /** What Exchange Online would print. */
  readonly exchange: string | null;
}

export function told(code: Code, reason: string): Told {
  const { policy, tlsrpt, status, exchange } = codes[code];
  return { code, reason, tlsrptPolicy: policy, tlsrpt, status, exchange };
}

/** The same report for a whole of which this part decides. */
export function retold({ code, reason }: Told): Told {
  return told(code, reason);
}
