/** As much of mx-connect 2 as the tests use; it has no types of its own. */
declare module "mx-connect" {
  import type { X509Certificate } from "node:crypto";
  import type { Socket } from "node:net";
  import type { TlsaRecord } from "rootwalk";

  interface Options {
    readonly target: string;
    readonly port?: number | undefined;
    readonly ignoreMXHosts?: readonly string[];
    readonly mxLastError?: Error | undefined;
    readonly dnsOptions?: { readonly resolveRecords: (domain: string, type: "A" | "AAAA" | "MX" | "TXT") => unknown };
    readonly dane?: {
      readonly enabled: boolean;
      readonly resolveTlsa: (name: string) => Promise<TlsaRecord[]>;
      readonly checkDnssecSecure: (host: string) => Promise<{ secure: boolean }>;
    };
  }

  interface Connection {
    readonly socket: Socket;
    /** The address. */
    readonly host: string;
    readonly hostname: string;
    readonly requireTls?: boolean;
    readonly daneVerifier?: (hostname: string, certificate: X509Certificate) => Error | undefined;
  }

  export default function mxConnect(options: Options): Promise<Connection>;
}
