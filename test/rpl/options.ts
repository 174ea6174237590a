/**
 * What each option of a scenario's configuration means here: a setting, nothing (with the reason), or a feature that this
 * resolver does not offer. An option without a row is an error, so that nothing is passed over unseen.
 */
import type { Settings } from "../../src/resolver/options.ts";
import { isPrivateAddress } from "../../src/wire/address.ts";
import type { Feature } from "./deviations.ts";
import { isYes } from "./environment.ts";
import type { ConfigOption, Scenario } from "./scenario.ts";

export interface Missing {
  readonly feature: Feature;
  readonly option: string;
  readonly line: number;
}

type Meaning =
  | { readonly kind: "elsewhere" }
  | { readonly kind: "ignored"; readonly why: string }
  | { readonly kind: "setting"; readonly set: (value: string) => Partial<Settings> }
  | { readonly kind: "missing"; readonly feature: Feature; readonly unless?: (value: string) => boolean };

/** Read by environment.ts. */
const elsewhere: Meaning = { kind: "elsewhere" };
const ignored = (why: string): Meaning => ({ kind: "ignored", why });
const missing = (feature: Feature, unless?: (value: string) => boolean): Meaning =>
  unless === undefined ? { kind: "missing", feature } : { kind: "missing", feature, unless };
const isNo = (value: string): boolean => /^(no|off|false|0)$/i.test(value);
const setting = (set: (value: string) => Partial<Settings>): Meaning => ({ kind: "setting", set });

const answersOnly = "what is not compared: authority and additional sections (FORMAT.md §5.2)";
const meanings: Readonly<Record<string, Meaning>> = {
  "trust-anchor": elsewhere,
  "domain-insecure": elsewhere,
  "val-override-date": elsewhere,
  "val-override-timestamp": elsewhere,
  "qname-minimisation": elsewhere,
  "query-minimization": elsewhere,
  "access-control": elsewhere,
  "stub-addr": elsewhere,
  "stub-name": elsewhere,
  "forward-addr": elsewhere,
  "forward-first": elsewhere,
  name: elsewhere,
  "module-config": missing("dns64", (value) => !value.includes("dns64")),
  "do-not-query-localhost": elsewhere,

  "aggressive-nsec": setting((value) => ({ aggressiveNsec: isYes(value) })),
  "do-ip4": setting((value) => ({ ipv4: isYes(value) })),
  "do-ip6": setting((value) => ({ ipv6: isYes(value) })),
  "cache-max-ttl": setting((value) => ({ maxTtl: Number(value) })),
  "cache-min-ttl": setting((value) => ({ minTtl: Number(value) })),
  "cache-min-negative-ttl": setting((value) => ({ minNegativeTtl: Number(value) })),
  "serve-expired": setting((value) => ({ serveStale: isYes(value) })),
  "serve-expired-ttl": setting((value) => ({ staleMaxTtl: Number(value) })),
  "serve-expired-reply-ttl": setting((value) => ({ staleAnswerTtl: Number(value) })),
  "serve-expired-client-timeout": setting((value) => ({ staleClientTimeoutMs: Number(value) })),
  prefetch: setting((value) => ({ prefetch: isYes(value) })),
  "private-address": elsewhere,
  nsid: elsewhere,
  "answer-cookie": elsewhere,
  "cookie-secret": elsewhere,
  "local-data": elsewhere,
  "private-domain": elsewhere,

  "target-fetch-policy": ignored("which addresses to fetch early is our own affair"),
  "trust-anchor-signaling": setting((value) => ({ trustAnchorSignal: isYes(value) })),
  "root-key-sentinel": setting((value) => ({ rootKeySentinel: isYes(value) })),
  "fake-sha1": ignored("the test table verifies SHA-1 signatures really"),
  "fake-dsa": ignored("the test table verifies DSA signatures really"),
  "minimal-responses": ignored(answersOnly),
  "iter-scrub-promiscuous": ignored("records nobody asked for are always dropped"),
  ede: ignored("extended errors are always given"),
  "ede-serve-expired": ignored("extended errors are always given"),
  "prefetch-key": ignored("a zone's keys are always asked for while the walk goes on"),
  "rrset-roundrobin": ignored("sections are compared as sets"),
  "log-time-ascii": ignored("no logs"),
  "log-servfail": ignored("no logs"),
  "val-log-level": ignored("no logs"),
  "local-zone": ignored("only to unblock test., which is not blocked here"),
  "harden-unknown-additional": ignored("unknown records in the additional section are never used"),
  "harden-referral-path": ignored("off where it is written"),
  "harden-below-nxdomain": ignored("always on, for secure denials (RFC 8020)"),
  "harden-algo-downgrade": ignored("any valid path suffices (RFC 6840 §5.11); a SHA-256 DS outranks SHA-1 always"),
  "stub-prime": ignored("no priming of stub zones"),
  "discard-timeout": ignored("clients are not dropped while they wait"),
  "msg-cache-size": ignored("the cache is large enough for any scenario"),
  "val-max-restart": ignored("retries after bogus answers are bounded by the work budget"),
  "outbound-msg-retry": ignored("tries are bounded by our own table"),
  "force-ipv6": ignored("mock servers have the addresses that the file gives them"),
};

export function settingsFrom(scenario: Scenario): { settings: Partial<Settings>; missing: readonly Missing[] } {
  const settings: Partial<Settings>[] = [baseSettings, { queryPrivate: asksPrivateSpace(scenario) }];
  const lacking: Missing[] = [];
  for (const option of scenario.config.clauses.flatMap((clause) => clause.options)) {
    const value = option.values.join(" ");
    const meaning = meanings[option.name] ?? absent[option.name];
    if (meaning === undefined)
      throw new RangeError(`${scenario.file}:${option.line}: nobody has said what ${option.name} means here`);
    if (meaning.kind === "setting") settings.push(meaning.set(value));
    if (meaning.kind === "missing" && !meaning.unless?.(value)) lacking.push(lack(meaning.feature, option));
  }
  lacking.push(...askedFor(scenario));
  return { settings: Object.assign({}, ...settings), missing: lacking };
}

/**
 * The scenarios' own assumptions where they differ from our defaults: iterations up to 150 count, delegations end when their
 * TTL does (FORMAT.md §6.2), the daemon's sentinel is on, and an anchor that revoked all its keys is gone (RFC 5011 §5).
 */
const baseSettings: Partial<Settings> = {
  nsec3Iterations: 150,
  nsec3Rounds: 20000,
  minDelegationTtl: 0,
  rootKeySentinel: true,
  insecureWhenRevoked: true,
};

const absent: Readonly<Record<string, Meaning>> = {
  "dns64-prefix": missing("dns64"),
  "dns64-ignore-aaaa": missing("dns64"),
  features: missing("dns64"),
  "feature-list": missing("dns64"),
  "harden-glue": missing("glue out of bailiwick", isYes),
  "harden-dnssec-stripped": missing("accepting stripped signatures", isYes),
  "harden-unverified-glue": missing("verified glue", isNo),
};

/** Features that show in the steps, not in the configuration. */
function askedFor(scenario: Scenario): Missing[] {
  for (const step of scenario.steps) {
    if (step.kind === "infra rtt" || step.kind === "flush message" || step.kind === "expire message")
      return [{ feature: "harness steps", option: step.kind, line: step.line }];
  }
  return [];
}

function lack(feature: Feature, option: ConfigOption): Missing {
  return { feature, option: option.name, line: option.line };
}

/** Mock servers stand anywhere; loopback alone is forbidden unless the file allows it (do-not-query-localhost). */
function asksPrivateSpace(scenario: Scenario): boolean {
  const options = scenario.config.clauses.flatMap((clause) => clause.options);
  if (options.some((option) => option.name === "do-not-query-localhost" && isNo(option.values.join(" ")))) return true;
  return scenario.ranges
    .flatMap((range) => range.addresses)
    .some((address) => isPrivateAddress(address) && !/^127\.|^::1$/.test(address));
}
