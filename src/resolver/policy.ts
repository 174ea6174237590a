/** From settings to what the judges accept. */
import { defaultAlgorithms, sha1Algorithms } from "../crypto/algorithms.ts";
import type { Policy } from "../dnssec/judge.ts";
import type { Settings } from "./options.ts";

/** DS digests that count: SHA-1, SHA-256, SHA-384. RFC 8624 §3.3; the weakest only where nothing better stands beside it. */
const digests: ReadonlySet<number> = new Set([1, 2, 4]);
export function policyFrom(settings: Settings, extra: readonly number[]): Policy {
  return {
    algorithms: new Set([...defaultAlgorithms, ...(settings.sha1 ? sha1Algorithms : []), ...extra]),
    digests,
    inceptionSkew: settings.inceptionSkew,
    expirationSkew: settings.expirationSkew,
    nsec3Iterations: settings.nsec3Iterations,
    nsec3PerResponse: settings.nsec3PerResponse,
    signaturesPerRRset: settings.signaturesPerRRset,
    keysPerTag: settings.keysPerTag,
    dsPerZone: settings.dsPerZone,
  };
}
