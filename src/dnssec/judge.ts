/** What every judging function needs: the time, an engine, the budget, and what the operator accepts. */
import type { CryptoEngine } from "../crypto/engine.ts";
import type { UnixSeconds } from "../env/env.ts";
import type { WorkBudget } from "./work.ts";

export interface Policy {
  /** DNSKEY algorithms whose signatures count; a zone whose DS RRs name none of these is insecure. */
  readonly algorithms: ReadonlySet<number>;
  /** DS digest types that count. */
  readonly digests: ReadonlySet<number>;
  /** Seconds by which a signature may start in the future. */
  readonly inceptionSkew: number;
  /** Seconds by which a signature may have expired. */
  readonly expirationSkew: number;
  /** NSEC3 RRs with more iterations prove nothing, and the answer is insecure. RFC 9276 §3.2. */
  readonly nsec3Iterations: number;
  /** NSEC3 RRsets looked at in one response; more is bogus. */
  readonly nsec3PerResponse: number;
  /** Key and signature pairs tried for one RRset. */
  readonly signaturesPerRRset: number;
  readonly keysPerTag: number;
  readonly dsPerZone: number;
}

export interface Judge {
  readonly now: UnixSeconds;
  readonly engine: CryptoEngine;
  readonly work: WorkBudget;
  readonly policy: Policy;
}
