/** THE table of settings: one row per number or switch, with default, range, unit and reason. Flags, checks and docs/options.md come from it. */

export interface NumberRow {
  readonly kind: "number";
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly unit: "octets" | "ms" | "s" | "count";
  readonly why: string;
}

export interface SwitchRow {
  readonly kind: "switch";
  readonly value: boolean;
  readonly why: string;
}

const count = (value: number, min: number, max: number, why: string): NumberRow => ({
  kind: "number",
  value,
  min,
  max,
  unit: "count",
  why,
});
const seconds = (value: number, min: number, max: number, why: string): NumberRow => ({
  kind: "number",
  value,
  min,
  max,
  unit: "s",
  why,
});
const millis = (value: number, min: number, max: number, why: string): NumberRow => ({
  kind: "number",
  value,
  min,
  max,
  unit: "ms",
  why,
});
const octets = (value: number, min: number, max: number, why: string): NumberRow => ({
  kind: "number",
  value,
  min,
  max,
  unit: "octets",
  why,
});
const off = (why: string): SwitchRow => ({ kind: "switch", value: false, why });
const on = (why: string): SwitchRow => ({ kind: "switch", value: true, why });

// biome-ignore format: a table reads better packed
export const optionTable = {
  // asking
  ednsUdpSize: octets(1232, 512, 4096, "largest UDP answer we ask for; 1232 avoids fragments (RFC 9715 §3)"),
  totalTimeoutMs: millis(8000, 500, 60000, "wall time for one question; then SERVFAIL with a reason. `rootwalk serve` takes 4500, for glibc gives up after 5 s"),
  sendTimeoutMs: millis(1500, 50, 10000, "longest wait for one datagram's answer"),
  sendsPerAddress: count(3, 1, 10, "sends of one question to one address by one transport (RFC 9520 §3.1)"),
  serverProbes: count(50, 1, 10000, "questions in flight to a server that has stopped answering; beyond them, names that only it knows fail at once (water torture)"),
  queriesPerQuestion: count(128, 8, 1000, "upstream questions for one client question, all sub-fetches, retries and restarts included (CAMP, NXNSAttack)"),
  queriesPerName: count(50, 4, 500, "of these, for one name"),
  queriesPerNameAndType: count(32, 2, 500, "of these, for one name and type"),
  octetsPerQuestion: octets(262144, 16384, 16777216, "octets received for one client question (CVE-2026-24027)"),
  referrals: count(30, 5, 130, "delegations followed for one question"),
  aliasSteps: count(11, 1, 64, "CNAME and DNAME steps; one more is SERVFAIL"),
  addressDepth: count(6, 1, 16, "nested look-ups of name server addresses"),
  nsPerDelegation: count(13, 1, 64, "name servers used of one delegation, a random subset (NRDelegation)"),
  addressesPerNs: count(6, 1, 64, "addresses used of one name server (CVE-2026-3592)"),
  nsLookupsAtOnce: count(3, 1, 13, "addresses of name servers looked up at the same time (NXNSAttack)"),
  nsLookups: count(10, 1, 64, "name server names looked up for one question (NXNSAttack)"),
  nsLookupsFailed: count(5, 1, 64, "of these, how many may fail"),
  minimiseSteps: count(10, 0, 128, "questions with a shortened name for one walk; 0 turns minimisation off (RFC 9156 §2.3)"),
  minimiseSingle: count(4, 1, 128, "of these, how many add a single label"),
  strictMinimise: off("minimise inside the last zone too, where the full name reveals nothing new, at the cost of round trips"),
  trustAnchorSignal: off("tell a zone's servers which of its keys we trust, when they are fetched (RFC 8145); `rootwalk serve` does unless told not to"),
  randomCase: off("0x20: random letter case in questions; a second nonce where ids and ports are not enough"),
  queryPrivate: off("send questions to loopback, private, link-local, documentation and unspecified addresses learned from delegations; for labs and intranets"),
  ipv4: on("ask name servers over IPv4"),
  ipv6: on("ask name servers over IPv6"),
  // judging
  insecureWhenRevoked: off("take a zone whose managed trust anchor revoked all its keys for insecure, as RFC 5011 §5 has it; otherwise it is bogus until an operator acts"),
  sha1: off("validate RSASHA1 (5) and RSASHA1-NSEC3-SHA1 (7); otherwise such zones are insecure (RFC 9905)"),
  inceptionSkew: seconds(60, 0, 86400, "how far in the future a signature may begin"),
  expirationSkew: seconds(0, 0, 86400, "how long ago a signature may have expired"),
  signaturesPerRRset: count(8, 1, 32, "key and signature pairs tried for one RRset (KeyTrap, CVE-2023-50387)"),
  signaturesPerQuestion: count(64, 8, 1000, "signature checks for one client question"),
  failedSignatures: count(8, 1, 100, "failed signature checks for one client question"),
  keysPerTag: count(4, 1, 16, "keys of one tag and algorithm tried for a signature (LockCram)"),
  dsPerZone: count(8, 1, 32, "DS RRs used of one delegation (HashTrap)"),
  digestsPerQuestion: count(64, 8, 1000, "DS digests computed for one client question"),
  nsec3Iterations: count(50, 0, 500, "more make an answer insecure (RFC 9276 §3.2)"),
  nsec3Rounds: count(1000, 100, 100000, "SHA-1 rounds for one client question (CVE-2023-50868)"),
  nsec3PerResponse: count(8, 3, 64, "NSEC3 RRsets in one response; more is bogus (CVE-2026-11605)"),
  anyRRsets: count(24, 1, 256, "RRsets validated in an answer to QTYPE ANY"),
  recordsPerRRset: count(256, 16, 4096, "records in one RRset; more is refused"),
  // keeping
  cacheOctets: octets(64 * 1048576, 1048576, 64 * 1073741824, "size of the cache"),
  entryOctets: octets(65536, 4096, 1048576, "largest thing kept in the cache"),
  minTtl: seconds(0, 0, 3600, "positive answers but TLSA are kept at least so long; more than 0 breaks what rests on short TTLs (RFC 2181 §8)"),
  minNegativeTtl: seconds(0, 0, 3600, "negative answers but those for TLSA are kept at least so long"),
  maxTtl: seconds(86400, 1, 604800, "positive answers are kept no longer"),
  minDelegationTtl: seconds(60, 0, 3600, "delegations are used at least so long"),
  maxNegativeTtl: seconds(3600, 1, 86400, "negative answers are kept no longer (RFC 2308 §5)"),
  bogusTtl: seconds(60, 1, 300, "bogus results are kept, so that nobody can make us validate them again and again (RFC 9520 §3.2)"),
  failureTtl: seconds(5, 1, 300, "other failures are kept; doubled while they repeat"),
  maxFailureTtl: seconds(300, 5, 300, "the most that doubling comes to (RFC 9520 §3.2)"),
  waiters: count(1000, 1, 100000, "clients waiting for one question in flight"),
  prefetch: off("refresh in the background what is asked again in the last tenth of its TTL"),
  prefetchesAtOnce: count(32, 1, 1000, "of these, how many at the same time, each with the budget of one question"),
  serveStale: off("give data past its TTL to clients that take it, where a refresh fails or is slow (RFC 8767)"),
  staleAnswerTtl: seconds(30, 1, 3600, "TTL of stale data (RFC 8767 §4)"),
  staleClientTimeoutMs: millis(1800, 0, 60000, "how long a client waits for fresh data before it gets stale data (RFC 8767 §5); 0: not at all"),
  staleMaxTtl: seconds(86400, 1, 604800, "how long past its TTL data is still of use (RFC 8767 §5)"),
  rootKeySentinel: off("let clients find out which keys of the root we trust (RFC 8509); `rootwalk serve` does unless told not to"),
  aggressiveNsec: on("answer from validated NSEC and NSEC3 RRs that cover the name (RFC 8198)"),
} satisfies Record<string, NumberRow | SwitchRow>;

export type Settings = {
  readonly [K in keyof typeof optionTable]: (typeof optionTable)[K]["value"] extends boolean ? boolean : number;
};

export const defaultSettings: Settings = Object.fromEntries(
  Object.entries(optionTable).map(([key, row]) => [key, row.value]),
) as Settings;

/** Defaults with `changes`; throws RangeError that names option, value and range, or TypeError for an unknown option. */
export function settingsWith(changes: Partial<Settings>): Settings {
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(optionTable, key)) throw new TypeError(`there is no option "${key}"`);
    const row: NumberRow | SwitchRow = optionTable[key as keyof typeof optionTable];
    if (row.kind === "switch") {
      if (typeof value !== "boolean") throw new TypeError(`option ${key} is ${String(value)}: true or false expected`);
    } else if (typeof value !== "number" || !Number.isInteger(value) || value < row.min || value > row.max) {
      throw new RangeError(`option ${key} is ${String(value)}: a whole number from ${row.min} to ${row.max} expected`);
    }
  }
  return {
    ...defaultSettings,
    ...(Object.fromEntries(Object.entries(changes).filter(([, v]) => v !== undefined)) as Partial<Settings>),
  };
}
