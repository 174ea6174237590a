/** What DNSViz calls what failed: names that many operators have met already. */
import type { Failure, FailureCode } from "../dnssec/proof.ts";
import type { Verdict, WhyInsecure } from "../dnssec/verdict.ts";

/** Empty: DNSViz has no word for it, or more than one, or it is about us and not about the zone. */
const names: Readonly<Record<FailureCode, readonly string[]>> = {
  "signature expired": ["EXPIRATION_IN_PAST"],
  "signature not yet valid": ["INCEPTION_IN_FUTURE"],
  "signature expires before inception": [],
  "signature wrong": ["SIGNATURE_INVALID"],
  "signature malformed": ["SIGNATURE_INVALID"],
  "signature by wrong zone": ["SIGNER_NOT_ZONE"],
  "signature labels wrong": ["RRSIG_LABELS_EXCEED_RRSET_OWNER_LABELS"],
  "signatures missing": ["MISSING_RRSIG"],
  "no key for signature": [],
  "no zone key": ["NO_SEP"],
  "key malformed": [],
  "no key for DS": ["NO_SEP"],
  "DNSKEY missing": ["NO_SEP"],
  "denial missing": [],
  "denial does not prove it": [],
  "denial malformed": [],
  "wildcard without proof": ["MISSING_NSEC_FOR_WILDCARD"],
  "alias wrong": [],
  "too much validation work": [],
  sentinel: [],
  "anchor does not match": ["NO_TRUST_ANCHOR_SIGNING"],
  "anchor revoked": ["NO_TRUST_ANCHOR_SIGNING"],
  "no reachable authority": [],
  "too many aliases": [],
  "too many queries": [],
  "too much data": [],
  "too late": ["TIMEOUT"],
  aborted: [],
  loop: [],
  "not allowed": [],
  "private address": [],
};

/** Where one of our codes means several of theirs, the sentence that goes with it decides. */
const told: readonly (readonly [code: FailureCode, about: RegExp, names: readonly string[]])[] = [
  ["no key for DS", /another digest/, ["NO_SEP", "DIGEST_INVALID"]],
  ["no key for DS", /is revoked/, ["NO_SEP", "DNSKEY_REVOKED_DS"]],
  ["no key for DS", /holds no key/, ["NO_SEP"]],
  ["no key for signature", /revoked/, ["DNSKEY_REVOKED_RRSIG"]],
  ["signatures missing", /DNSKEY RRset .* is signed by key/, ["NO_SEP", "MISSING_SEP_FOR_ALG"]],
  ["signature labels wrong", /fewer than its signer/, ["SIGNER_NOT_ZONE"]],
  ["signature labels wrong", /expansion of/, ["WILDCARD_EXPANSION_INVALID"]],
  ["denial missing", /is delegated without DS/, ["MISSING_NSEC_FOR_NODATA"]],
  ["denial missing", /./, ["MISSING_NSEC_FOR_NXDOMAIN", "MISSING_NSEC_FOR_NODATA"]],
  ["denial does not prove it", /covers \*|matches or covers \*/, ["WILDCARD_NOT_COVERED"]],
  ["denial does not prove it", /NSEC3 RR covers/, ["NEXT_CLOSEST_ENCLOSER_NOT_COVERED"]],
  ["denial does not prove it", /NSEC3 RR matches/, ["NO_CLOSEST_ENCLOSER"]],
  ["denial does not prove it", / has [A-Z0-9]+$/, ["STYPE_IN_BITMAP"]],
  ["denial does not prove it", /no NSEC RR (?:matches or )?covers/, ["SNAME_NOT_COVERED"]],
  ["alias wrong", /leads to/, ["DNAME_TARGET_MISMATCH"]],
  ["no reachable authority", /timeout/, ["TIMEOUT"]],
];

const ofInsecure: Partial<Readonly<Record<WhyInsecure["kind"], readonly string[]>>> = {
  "unsupported algorithm": ["ALGORITHM_NOT_SUPPORTED"],
  "unsupported digest": ["DIGEST_ALGORITHM_NOT_SUPPORTED"],
  "too many iterations": ["NONZERO_NSEC3_ITERATION_COUNT"],
};

export function dnsvizNamesOf(verdict: Verdict<unknown>): readonly string[] {
  switch (verdict.status) {
    case "secure":
      return [];
    case "insecure":
      return ofInsecure[verdict.why.kind] ?? [];
    case "bogus":
    case "indeterminate":
      return dnsvizNames(verdict.failure);
  }
}

export function dnsvizNames({ code, detail }: Failure): readonly string[] {
  return told.find(([known, about]) => known === code && about.test(detail))?.[2] ?? names[code];
}
