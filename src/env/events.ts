/** Everything worth telling about a resolution, as plain data. Logs, metrics, traces and pictures are readers of these. */
import type { Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import type { RRType } from "../wire/registry.ts";
import type { ServerAddress, Transport } from "./server-address.ts";

export type ResolutionEvent =
  | {
      readonly kind: "asked";
      readonly question: Question;
      readonly server: ServerAddress;
      readonly transport: Transport;
      readonly zone: Name;
    }
  | {
      readonly kind: "replied";
      readonly question: Question;
      readonly server: ServerAddress;
      readonly transport: Transport;
      readonly rcode: number;
      readonly octets: number;
      readonly rttMs: number;
      readonly meaning: string;
    }
  | {
      readonly kind: "no reply";
      readonly question: Question;
      readonly server: ServerAddress;
      readonly transport: Transport;
      readonly why: string;
    }
  /** The walk went down to a delegation. */
  | { readonly kind: "cut"; readonly zone: Name; readonly signed: boolean; readonly servers: number }
  /** The chain of trust was extended to `zone`, or ends there. */
  | {
      readonly kind: "zone";
      readonly zone: Name;
      readonly status: "secure" | "insecure" | "bogus" | "indeterminate";
      readonly detail: string;
    }
  /** One link of an answer was judged. */
  | {
      readonly kind: "judged";
      readonly question: Question;
      readonly status: "secure" | "insecure" | "bogus" | "indeterminate";
      readonly detail: string;
    }
  | { readonly kind: "alias"; readonly from: Name; readonly to: Name; readonly type: RRType }
  /** Something was left out of a response, and why: glue out of bailiwick, foreign records… */
  | { readonly kind: "refused"; readonly what: string; readonly name: Name; readonly why: string }
  | { readonly kind: "cached"; readonly question: Question; readonly status: string }
  /** A client's question met a bound on its way, the setting of this name first. */
  | { readonly kind: "limit"; readonly limit: string; readonly question: Question }
  /** Keys of a managed trust anchor's zone were looked for. Null: never again, for no key is trusted any more. */
  | {
      readonly kind: "anchor probed";
      readonly zone: Name;
      readonly outcome: "seen" | "failed";
      readonly detail: string;
      readonly nextProbeSeconds: number | null;
    }
  /** One of them changed its state (RFC 5011 §4.2). */
  | {
      readonly kind: "anchor key";
      readonly zone: Name;
      readonly keyTag: number;
      readonly from: string;
      readonly to: string;
    }
  /** All of them were revoked, and an operator has to act. */
  | { readonly kind: "anchor lost"; readonly zone: Name; readonly detail: string }
  /** What is stored about them cannot be used, or cannot be stored. */
  | { readonly kind: "anchor state"; readonly zone: Name; readonly trouble: string };
