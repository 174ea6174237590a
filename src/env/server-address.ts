/** Where a name server is, and how it is talked to. */

export interface ServerAddress {
  /** IPv4 dotted or IPv6 in the text form of RFC 5952. */
  readonly address: string;
  readonly port: number;
}

export type Transport = "udp" | "tcp";
