/** What `rootwalk tlsa rollover --json` prints. Fields are added, never renamed or removed. Times are ISO 8601 in UTC. */

export interface RolloverReport {
  readonly state: RolloverState;
  /** One sentence. */
  readonly reason: string;
  /** Seconds. */
  readonly ttl: number;
  /** What is published and counts. */
  readonly records: readonly {
    /** "3 1 1 8cb3…", whole */
    readonly record: string;
    /** Servers' chains, and what is planned; empty: nothing that is known here. */
    readonly speaksOf: readonly string[];
  }[];
  readonly findings: readonly RolloverFinding[];
  /** In order. */
  readonly steps: readonly RolloverStep[];
}

export type RolloverState =
  /** A server shows what no record speaks of: mail by DANE does not go there now. */
  | "broken"
  | "nothing planned"
  /** Records of what is planned are not published. */
  | "publish"
  /** They are, and caches may not know them yet. */
  | "wait"
  /** They are, and nobody said since when. */
  | "published"
  /** Safe now. */
  | "install"
  /** Some servers show what is planned, others do not yet. */
  | "installing"
  /** All do; former records can go. */
  | "remove"
  | "done";

export interface RolloverStep {
  readonly do: "publish" | "wait" | "install" | "check" | "remove";
  /** Not before; null: see `after`. */
  readonly from: string | null;
  /** What must have happened; null: nothing besides the steps above. */
  readonly after: string | null;
  readonly text: string;
  /** "3 1 1 8cb3…", whole */
  readonly records: readonly string[];
}

export interface RolloverFinding {
  readonly code: /** A chain is served, and its record is gone. */
    | "early retirement"
    /** A chain is served, and caches may not know its record yet. */
    | "late introduction"
    /** A chain is served, and its record was never published. */
    | "no introduction"
    /** Published numbers of which no record fits a chain. RFC 7671 §8. */
    | "unmatched combination"
    /** The issuer that a record speaks of ends soon, or is not that of what is planned. */
    | "issuer rotates"
    | "same key"
    | "forgotten record"
    | "record cannot be made";
  readonly severity: "critical" | "warning" | "note";
  readonly text: string;
}
