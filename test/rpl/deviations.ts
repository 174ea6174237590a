/**
 * Where we deliberately do not do what a scenario expects: file by file, with the text that permits it. Short, and the
 * same list as in docs/conformance.md (conformance.test.ts compares them). What holds by rule stands in compare.ts.
 */
import { basename } from "node:path";

export interface Deviation {
  readonly file: string;
  /** Checks that come out otherwise. */
  readonly steps: readonly number[];
  readonly permittedBy: string;
  readonly why: string;
}

export const deviations: readonly Deviation[] = [
  {
    file: "iter_scrub_rr_length.rpl",
    steps: [10, 30, 50, 70, 90, 110],
    permittedBy: "RFC 1035 §7.3",
    why: "a message with an A or AAAA RR of a wrong length is malformed as a whole, and the next server is asked",
  },
  {
    file: "fetch_glue_cname.rpl",
    steps: [10],
    permittedBy: "RFC 2181 §10.3",
    why: "the target of an NS RR must not be an alias, so its addresses are not looked for behind one",
  },
  {
    file: "iter_pcdiff.rpl",
    steps: [20],
    permittedBy: "RFC 1034 §5.3.3",
    why: "the servers of a delegation are those that the parent names; where only the child's own NS RRs work, the zone is broken for everybody who comes anew",
  },
  {
    file: "iter_pcnamerec.rpl",
    steps: [20, 40],
    permittedBy: "RFC 1034 §5.3.3",
    why: "as iter_pcdiff: the parent's NS RRs are the ones that count",
  },
  {
    file: "iter_pcdirect.rpl",
    steps: [10, 30],
    permittedBy: "RFC 1034 §5.3.3",
    why: "as iter_pcdiff: the parent's NS RRs are the ones that count",
  },
  {
    file: "nsec3_aggr_cache.rpl",
    steps: [1011, 1021, 1023, 1025, 1032, 1034, 1036],
    permittedBy: "RFC 8198 §5.2",
    why: "NSEC3 RRs answer from the cache only where names are hashed once, as RFC 9276 has it, since finding the closest encloser hashes for every question (CVE-2026-42923)",
  },
  {
    file: "val_cnametoinsecure.rpl",
    steps: [10, 30],
    permittedBy: "RFC 4035 §3.1.4",
    why: "the denial of the DS that came beside the CNAME is learned, and given to who asks for the DS, not repeated beside data below the cut",
  },
  {
    file: "val_nodata_failsig.rpl",
    steps: [10],
    permittedBy: "RFC 4034 §3.1",
    why: "an RRSIG without a signature is malformed, and so is its message, whatever its algorithm",
  },
  {
    file: "serve_expired_client_timeout_val_bogus.rpl",
    steps: [70],
    permittedBy: "RFC 8767 §5",
    why: "the refresh goes on after stale data was given, so the answer that it brought is four seconds old when it is asked for",
  },
  {
    file: "autotrust_addpend_2exceed.rpl",
    steps: [44, 45, 54, 55, 64, 65],
    permittedBy: "RFC 5011 §2.2",
    why: "when its hold-down time is over, a pending key is trusted after one more probe that a trusted key vouches for, and here none does",
  },
  {
    file: "autotrust_missing_all.rpl",
    steps: [54, 55, 64, 65],
    permittedBy: "RFC 4035 §5.3.1",
    why: "a DNSKEY RRset signed only by keys that it does not hold is not valid, so no key is known to be missing",
  },
];

/** Features that scenarios want and this resolver does not have, with the reason. Scenarios that fail for them are skipped. */
export const notOffered = {
  dns64:
    "translation for clients without IPv4 (RFC 6147) breaks validation behind us; it belongs to the network's edge",
  "accepting stripped signatures":
    "data under a trust anchor without signatures is bogus (RFC 4035 §5.5); there is no switch",
  "verified glue": "glue within bailiwick is used for walking only; what it leads to is validated",
  "glue out of bailiwick": "never used, since anybody could poison with it (RFC 5452 §6); there is no switch",
  "harness steps": "presetting server times and dropping single cache entries are orders to Unbound, not DNS",
} as const;

export type Feature = keyof typeof notOffered;

/** The deviation of this file, if it covers every failure. */
export function deviationFor(file: string, failures: readonly { readonly step: number }[]): Deviation | null {
  if (failures.length === 0) return null;
  const named = deviations.find((deviation) => deviation.file === basename(file));
  return named !== undefined && failures.every(({ step }) => named.steps.includes(step)) ? named : null;
}
