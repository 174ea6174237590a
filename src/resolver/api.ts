/** The resolver as its users see it: what it is made of, and what it can be asked. */
import type { CryptoEngine } from "../crypto/engine.ts";
import type { TrustAnchor } from "../dnssec/anchors.ts";
import type { Answer } from "../dnssec/answer.ts";
import type { Env, ServerAddress } from "../env/env.ts";
import type { ResolutionEvent } from "../env/events.ts";
import type { RRset } from "../rrset/rrset.ts";
import type { ExtendedError } from "../wire/edns.ts";
import type { Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import type { RRType } from "../wire/registry.ts";
import type { AnchorStore } from "./managed-anchors.ts";
import type { Settings } from "./options.ts";
import type { Snapshot } from "./snapshot.ts";

export type { AnchorStore } from "./managed-anchors.ts";

/** A root (or stub zone) server by name and addresses. */
export interface Hint {
  readonly name: Name;
  readonly addresses: readonly string[];
  /** Only labs use another port than 53. */
  readonly port?: number;
}

export interface ForwardZone {
  readonly zone: Name;
  /** Recursive servers, asked with RD=1; their answers are validated here all the same. */
  readonly servers: readonly ServerAddress[];
  /** "own walk": if none of them helps, the zone's own servers are asked, from the root down. Default: "fail". */
  readonly otherwise?: "fail" | "own walk";
}

export interface StubZone {
  readonly zone: Name;
  /** Authoritative servers of `zone`, asked with RD=0 instead of those in its delegation. */
  readonly servers: readonly ServerAddress[];
}

export interface ResolverParts {
  readonly env: Env;
  readonly engine: CryptoEngine;
  readonly hints: readonly Hint[];
  readonly anchors: readonly TrustAnchor[];
  /**
   * Lets anchors follow the key rollovers of their zones, from the first question or `prime()` on. RFC 5011. `store` null:
   * what is learned is forgotten with this process.
   */
  readonly managedAnchors?: { readonly store: AnchorStore | null };
  /** Names at and below which nothing is validated. RFC 7646. */
  readonly negativeAnchors?: readonly Name[];
  readonly forwards?: readonly ForwardZone[];
  readonly stubs?: readonly StubZone[];
  /** Prefixes (`10.0.0.0/8`) whose addresses public names must not have: against DNS rebinding. Default: none. */
  readonly privateAddresses?: readonly string[];
  /** Names at and below which such addresses are right. */
  readonly privateDomains?: readonly Name[];
  readonly settings?: Partial<Settings>;
  /** What an earlier process knew, to be proven again; and the way to save what this one knows. */
  readonly snapshot?: Snapshot;
  /** Tests only: algorithm numbers that count besides the product's own. */
  readonly unsafeExtraAlgorithms?: readonly number[];
}

export interface ResolveOptions {
  /** The caller's patience; the answer is then indeterminate ("aborted"). */
  readonly signal?: AbortSignal;
  /** Hears the events of this one question. */
  readonly onEvent?: (event: ResolutionEvent) => void;
  /** Whether data past its TTL will do where a refresh fails or is slow, if `serveStale` is on. Default: "never". */
  readonly stale?: "never" | "allowed";
}

/** What a client with CD=1 gets: never judged, never to be trusted, kept apart from answers. RFC 4035 §3.2.2. */
export interface Unchecked {
  readonly question: Question;
  readonly rcode: number;
  readonly answer: readonly RRset[];
  readonly authority: readonly RRset[];
  readonly ede: readonly ExtendedError[];
}

/** One thing that is known of a name, in words and seconds. */
export interface Remembered {
  readonly what: "answer" | "failure" | "delegation" | "zone";
  /** A mnemonic; "any" for what holds whatever the type: an alias, a name error. Null for delegations and zones. */
  readonly type: string | null;
  readonly status: "secure" | "insecure" | "bogus" | "indeterminate" | null;
  readonly detail: string;
  /** Seconds; below 0 for what is past its time and kept for worse times. Null: it does not end by itself. */
  readonly secondsLeft: number | null;
}

export interface Memory {
  /** At this very name. */
  inspect(name: Name): readonly Remembered[];
  /**
   * Forgets what is known of the name, and on request of all names below it: answers, failures, denials that cover it,
   * delegation and trust of a zone of that name. What is being looked up at this moment may still be remembered. Returns
   * the number of things forgotten.
   */
  flush(name: Name, scope: "name" | "below"): number;
  sizes(): {
    readonly answers: number;
    readonly answerOctets: number;
    readonly delegations: number;
    readonly zones: number;
    readonly failures: number;
  };
  /** What chains of trust begin with now. One without keys stands for a zone whose keys were all revoked (RFC 5011 §5). */
  trustAnchors(): readonly TrustAnchor[];
}

export interface Resolver {
  /** Never rejects for what the network does: read the verdict. TypeError for a name or type that is none. */
  resolve(name: Name | string, type: RRType | string, options?: ResolveOptions): Promise<Answer>;
  /** Synchronous; undefined if it must be looked up. */
  cached(question: Question, options?: Pick<ResolveOptions, "stale">): Answer | undefined;
  resolveUnchecked(name: Name | string, type: RRType | string, options?: ResolveOptions): Promise<Unchecked>;
  /** Learns the root's servers and keys ahead of the first question. RFC 9609. */
  prime(): Promise<void>;
  /** What it remembers, for its operator. */
  readonly memory: Memory;
  /** Ends all work; what still waits gets an indeterminate answer. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
