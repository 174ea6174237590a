/** A chain of trust as a graph of plain values: what a text, a drawing and a program read alike. */

/** "idle": there, but not needed. */
export type State = "secure" | "insecure" | "bogus" | "indeterminate" | "idle";

export interface Picture {
  readonly question: { readonly name: string; readonly type: string };
  readonly status: "secure" | "insecure" | "bogus" | "indeterminate";
  /** "secure denial", "bogus: data came, and validation failed"… */
  readonly headline: string;
  readonly reason: {
    /** A word that does not change: "proven", a kind of insecurity, or a failure code. */
    readonly code: string;
    /** A sentence. */
    readonly text: string;
    /** What DNSViz calls it, where it has a name for it. */
    readonly dnsviz: readonly string[];
  };
  /** Parents before children; what was left at a break included. */
  readonly zones: readonly PictureZone[];
  readonly nodes: readonly PictureNode[];
  /** From what vouches to what is vouched for. */
  readonly edges: readonly PictureEdge[];
  /** What else happened on the way: records left out, servers that were silent. */
  readonly notes: readonly string[];
}

export interface PictureZone {
  readonly id: string;
  readonly name: string;
  readonly state: State;
}

export interface PictureNode {
  readonly id: string;
  /** Null: it belongs to no zone, or nobody knows to which. */
  readonly zone: string | null;
  readonly kind: "anchor" | "key" | "keys" | "ds" | "data" | "alias" | "denial" | "outcome" | "unsigned" | "broken";
  readonly title: string;
  readonly lines: readonly string[];
  readonly state: State;
}

export interface PictureEdge {
  readonly from: string;
  readonly to: string;
  /** "names": an anchor or DS the key; "denies": a denial what it proves; "leads": an alias; "then": mere order. */
  readonly kind: "signs" | "names" | "denies" | "leads" | "then";
  readonly state: State;
}
