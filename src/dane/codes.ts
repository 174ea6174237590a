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
  "tlsa-invalid": 304,
  "dnssec-invalid": 305,
  "dane-required": 306,
} as const;

export type TlsrptResult = keyof typeof tlsrptResults;

interface Row {
  readonly tlsrpt: TlsrptResult | null;
  /** Null where mail goes out. */
  readonly status: string | null;
  readonly exchange: string | null;
}

const row = (tlsrpt: TlsrptResult | null, status: string | null, exchange: string | null = null): Row => ({
  tlsrpt,
  status,
  exchange,
});

export const codes = {
  // mail can go on
  "tlsa usable": row(null, null),
  "tlsa unusable": row("tlsa-invalid", null),
  "tlsa absent": row(null, null),
  "tlsa insecure": row(null, null),
  "address insecure": row(null, null),
  "alias insecure": row(null, null),
  "mx insecure": row(null, null),
  "address literal": row(null, null),
  "service insecure": row(null, null),
  // a host is passed over, or mail waits
  "tlsa failed": row("dnssec-invalid", "4.7.5", "4.7.324"),
  "address bogus": row("dnssec-invalid", "4.4.3", "4.7.324"),
  "address failed": row(null, "4.4.3"),
  "mx bogus": row("dnssec-invalid", "4.4.3", "4.7.324"),
  "mx failed": row(null, "4.4.3"),
  "service failed": row(null, "4.4.3"),
  "dane required": row("dane-required", "4.7.5"),
  "required but unusable": row("tlsa-invalid", "4.7.5", "4.7.323"),
  "too many hosts": row(null, "4.4.4"),
  // after the connection
  "starttls missing": row("starttls-not-supported", "4.7.4", "4.7.321"),
  "no record matches": row("validation-failure", "4.7.5", "4.7.323"),
  "no certificate": row("validation-failure", "4.7.5"),
  "certificate expired": row("certificate-expired", "4.7.5", "4.7.322"),
  "name mismatch": row("certificate-host-mismatch", "4.7.5", "4.7.325"),
  "certificate not trusted": row("certificate-not-trusted", "4.7.5"),
  "plan expired": row(null, "4.7.5"),
  // for good
  "no address": row(null, "5.4.4"),
  "no host name": row(null, "5.4.4"),
  "no such domain": row(null, "5.1.2"),
  "null mx": row(null, "5.1.10"),
  "no service": row(null, "5.4.4"),
} as const satisfies Record<string, Row>;

export type Code = keyof typeof codes;

/** A decision with its reasons: for the log, for TLSRPT, for the bounce. */
export interface Told {
  readonly code: Code;
  /** A sentence with names and numbers. */
  readonly reason: string;
  readonly tlsrpt: TlsrptResult | null;
  /** RFC 3463, "4.7.5"; null where mail goes out. */
  readonly status: string | null;
  /** What Exchange Online would print. */
  readonly exchange: string | null;
}

export function told(code: Code, reason: string): Told {
  return { code, reason, ...codes[code] };
}

/** The same report for a whole of which this part decides. */
export function retold({ code, reason }: Told): Told {
  return told(code, reason);
}
