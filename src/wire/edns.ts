/** The OPT pseudo-record and its options. RFC 6891; EDE RFC 8914; cookies RFC 7873; CO RFC 9824 §5.1. */

export interface EdnsOption {
  readonly code: number;
  readonly data: Uint8Array;
}

export interface Edns {
  readonly version: number;
  /** The sender's largest UDP payload; below 512 reads as 512. */
  readonly udpSize: number;
  readonly dnssecOk: boolean;
  /** Compact answers OK. RFC 9824 §5.1. */
  readonly compactOk: boolean;
  readonly options: readonly EdnsOption[];
}

export interface ExtendedError {
  readonly code: number;
  /** UTF-8 in the wire; printable, short, no attacker-controlled octets beyond a printable name. */
  readonly text: string;
}
