/**
 * Domains and hosts with which DANE is suspended for some days, by the operator's word and with a reason: for neighbours who
 * broke their records, as negative trust anchors are for zones (RFC 7646). What DANE asks for is still found out, told and
 * reported; it is only not obeyed. Addresses and MX RRs that are bogus stay unusable.
 */
import type { UnixSeconds } from "../env/env.ts";
import { Name } from "../wire/name.ts";
import type { Authenticate, Encrypt, Opportunistic, Skip } from "./actions.ts";
import { told } from "./codes.ts";
import { hostText } from "./host-names.ts";
import { earliest } from "./lookups.ts";

export interface DaneException {
  /** A mail domain, or an MX host for all domains that use it; what is below it is not meant. */
  readonly name: Name | string;
  /** Why, for the log: a person, a ticket. */
  readonly reason: string;
  readonly until: UnixSeconds;
}

export interface DaneExceptions {
  /** Null if there is none, or none any more. */
  find(names: readonly Name[], now: UnixSeconds): Found | null;
  /** Hears each use. */
  readonly report: (use: string) => void;
}

interface Found {
  readonly name: Name;
  readonly reason: string;
  readonly until: UnixSeconds;
}

export interface ExceptionLimits {
  readonly now: UnixSeconds;
  /** Called for each message that DANE would have treated otherwise: an exception that nobody sees stays for years. */
  readonly report: (use: string) => void;
  /** RFC 7646 §2: days, not months. Default: 7. */
  readonly mostDays?: number;
}

const DAY_SECONDS = 86_400;

/** RangeError for an exception that would last too long or has no reason; TypeError for a name that is none. */
export function daneExceptions(
  exceptions: readonly DaneException[],
  { now, report, mostDays = 7 }: ExceptionLimits,
): DaneExceptions {
  const byName = new Map<string, Found>();
  for (const { name: given, reason, until } of exceptions) {
    const name = typeof given === "string" ? Name.parse(given) : given;
    if (reason.trim() === "") throw new RangeError(`the exception for ${name} has no reason`);
    if (!Number.isFinite(until) || until > now + mostDays * DAY_SECONDS)
      throw new RangeError(`the exception for ${name} ends on ${dateText(until)}: within ${mostDays} days expected`);
    byName.set(name.key, { name, reason, until });
  }
  return {
    report,
    find(names, at) {
      for (const name of names) {
        const found = byName.get(name.key);
        if (found !== undefined && at < found.until) return found;
      }
      return null;
    },
  };
}

/** A line each: "example.com 2026-12-01 told their postmaster, ticket 4711"; "#" begins a comment. RangeError with the line that is wrong. */
export function parseDaneExceptions(text: string): readonly DaneException[] {
  return text.split("\n").flatMap((line, i) => {
    const content = line.replace(/#.*/, "").trim();
    if (content === "") return [];
    const match = /^(\S+)\s+(\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?)\s+(\S.*)$/.exec(content);
    const until = Date.parse(match?.[2] ?? "") / 1000;
    if (match === null || Number.isNaN(until))
      throw new RangeError(`line ${i + 1}: "name, date, reason" expected, as in "example.com 2026-12-01 ticket 4711"`);
    return [{ name: match[1]!, until, reason: match[3]! }];
  });
}

type Decided = Authenticate | Encrypt | Opportunistic | Skip;

interface Suspension {
  readonly host: Name;
  /** The mail domain. */
  readonly domain: Name;
  readonly now: UnixSeconds;
  readonly exceptions: DaneExceptions | undefined;
  readonly mode: "enforce" | "report-only";
}

/** What to do instead, if DANE is suspended here; `decided` itself otherwise. */
export function suspended(decided: Decided, { host, domain, now, exceptions, mode }: Suspension): Decided {
  if (decided.do === "opportunistic") return decided;
  const exception = exceptions?.find([domain, host], now) ?? null;
  const instead = (code: "dane suspended" | "dane report only", why: string, expires: UnixSeconds): Opportunistic => {
    const reason = `${why}; DANE says ${decided.do}: ${decided.reason}`;
    return { do: "opportunistic", ...told(code, reason), sni: hostText(host), suspended: decided, expires };
  };
  if (exception !== null) {
    const why = `DANE is suspended with ${exception.name} until ${dateText(exception.until)} (${exception.reason})`;
    const action = instead("dane suspended", why, earliest(decided.expires, exception.until));
    exceptions?.report(`${domain}, ${host}: ${action.reason}`);
    return action;
  }
  return mode === "report-only" ? instead("dane report only", "DANE only reports", decided.expires) : decided;
}

function dateText(at: UnixSeconds): string {
  return Number.isFinite(at) && Math.abs(at) < 8e12 ? new Date(at * 1000).toISOString() : "no date";
}
