/**
 * What sessions said about receivers' policies, counted by domain and day (UTC) until the report is written. Bounded: those
 * who are reported on choose host names, greetings and how many domains there are. RFC 8460 §4.
 */
import type { TlsrptResult } from "../dane/codes.ts";
import type { Clock } from "../env/env.ts";
import { systemClock } from "../env/system.ts";
import type { PolicyResult, ReportedPolicy } from "./tlsrpt-results.ts";

/** Who spoke with whom. All are optional in reports but the sender's address. */
export interface SessionEnds {
  readonly sendingMtaIp?: string;
  readonly receivingMxHostname?: string;
  /** As the server greeted or answered EHLO. */
  readonly receivingMxHelo?: string;
  readonly receivingIp?: string;
  /** A URI. */
  readonly additionalInformation?: string;
}

export interface FailureCount extends SessionEnds {
  readonly result: TlsrptResult;
  readonly reasonCode: string;
  readonly sessions: number;
}

export interface PolicyCount {
  readonly policy: ReportedPolicy;
  readonly successful: number;
  readonly failed: number;
  readonly failures: readonly FailureCount[];
}

export interface DayOfDomain {
  /** The recipients' domain: it says where reports go. */
  readonly domain: string;
  /** "2026-11-27" */
  readonly day: string;
  readonly policies: readonly PolicyCount[];
}

export interface CollectorLimits {
  /** Domains of one day; sessions with further ones are only counted in `lost`. */
  readonly domains: number;
  /** Policies of one domain and day. */
  readonly policies: number;
  /** Kinds of failures of one policy: beyond it, only the type of failure is counted. */
  readonly failures: number;
  /** Days that nobody took. */
  readonly days: number;
}

const defaults: CollectorLimits = { domains: 20_000, policies: 50, failures: 100, days: 3 };
const LONGEST_TEXT = 255;

export interface TlsrptCollector {
  /** `domain`: the recipients'. RFC 8460 §4: every session counts, those that went well too. */
  add(domain: string, results: readonly PolicyResult[], ends?: SessionEnds): void;
  /** Days before today of which something is left. */
  finishedDays(): readonly string[];
  /** What there is of that day, which is forgotten thereby. */
  take(day: string): readonly DayOfDomain[];
  /** Sessions that did not fit. */
  readonly lost: number;
}

interface Counting {
  readonly policy: ReportedPolicy;
  successful: number;
  failed: number;
  readonly failures: Map<string, { readonly count: Omit<FailureCount, "sessions">; sessions: number }>;
}

type Domains = Map<string, Map<string, Counting>>;

export function createTlsrptCollector(
  options: { readonly clock?: Pick<Clock, "unixSeconds">; readonly limits?: Partial<CollectorLimits> } = {},
): TlsrptCollector {
  const { clock = systemClock } = options;
  const limits = { ...defaults, ...options.limits };
  const days = new Map<string, Domains>();
  let lost = 0;

  function domainsOf(day: string): Domains {
    let domains = days.get(day);
    if (domains === undefined) {
      domains = new Map();
      days.set(day, domains);
      if (days.size > limits.days) days.delete([...days.keys()].sort()[0]!);
    }
    return domains;
  }

  function counting(policies: Map<string, Counting>, policy: ReportedPolicy): Counting | null {
    const key = JSON.stringify([policy.type, policy.domain, policy.strings, policy.mx]);
    const known = policies.get(key);
    if (known !== undefined || policies.size >= limits.policies) return known ?? null;
    const fresh: Counting = { policy, successful: 0, failed: 0, failures: new Map() };
    policies.set(key, fresh);
    return fresh;
  }

  function count(entry: Counting, { final, failures }: PolicyResult, ends: SessionEnds): void {
    if (final === "success") entry.successful += 1;
    else entry.failed += 1;
    for (const { result, reason } of failures) {
      const full = { result, reasonCode: reason, ...ends };
      const key = JSON.stringify(Object.entries(full).sort());
      const isRoom = entry.failures.has(key) || entry.failures.size < limits.failures;
      // The last places are for kinds: there are few of them.
      const used = isRoom ? { key, count: full } : { key: result, count: { result, reasonCode: "" } };
      const known = entry.failures.get(used.key);
      if (known === undefined) entry.failures.set(used.key, { count: used.count, sessions: 1 });
      else known.sessions += 1;
    }
  }

  return {
    add(domain, results, ends = {}) {
      const key = domain.toLowerCase().replace(/\.$/, "");
      const domains = domainsOf(dayOf(clock.unixSeconds()));
      let policies = domains.get(key);
      if (policies === undefined) {
        if (domains.size >= limits.domains) {
          lost += 1;
          return;
        }
        policies = new Map();
        domains.set(key, policies);
      }
      const short = shortEnds(ends);
      for (const each of results) {
        const entry = counting(policies, each.policy);
        if (entry === null) lost += 1;
        else count(entry, each, short);
      }
    },
    finishedDays() {
      const today = dayOf(clock.unixSeconds());
      return [...days.keys()].filter((day) => day < today).sort();
    },
    take(day) {
      const domains: Domains = days.get(day) ?? new Map();
      days.delete(day);
      return [...domains].map(([domain, policies]) => ({
        domain,
        day,
        policies: [...policies.values()].map(({ policy, successful, failed, failures }) => ({
          policy,
          successful,
          failed,
          failures: [...failures.values()].map(({ count: kind, sessions }) => ({ ...kind, sessions })),
        })),
      }));
    },
    get lost() {
      return lost;
    },
  };
}

/** "2026-11-27": days of reports are days of UTC. RFC 8460 §4.1. */
export function dayOf(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().slice(0, 10);
}

/** Without what is not known, and no text of others at length. */
function shortEnds(ends: SessionEnds): SessionEnds {
  return Object.fromEntries(
    Object.entries(ends).flatMap(([name, text]) =>
      typeof text !== "string" || text === "" ? [] : [[name, text.replace(/\p{Cc}/gu, "?").slice(0, LONGEST_TEXT)]],
    ),
  );
}
