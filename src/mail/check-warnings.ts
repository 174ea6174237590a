/** What an operator should know beside the outcome: before a certificate expires, before a rollover breaks mail. */
import type { UnixSeconds } from "../env/env.ts";
import type {
  AttemptReport,
  CertificateReport,
  DomainReport,
  HostReport,
  ServerReport,
  Warning,
  WarningCode,
} from "./check-report.ts";
import { isOurFault } from "./check-server.ts";

export interface WarnWhen {
  readonly now: UnixSeconds;
  readonly warnExpirySeconds: number;
}

/** A record that caches keep longer than this makes every rollover wait for days. */
const LONG_TTL = 86_400;

export function warningsFor(
  report: Pick<DomainReport, "checks" | "nextHop" | "hosts" | "dns">,
  when: WarnWhen,
): readonly Warning[] {
  const { hosts } = report;
  const warnings = hosts.flatMap((host) => hostWarnings(host, when, report.checks));
  if (report.nextHop === "insecure") {
    const what = report.checks === "service" ? "the SRV records are" : "the MX records are";
    const consequence =
      report.checks === "service"
        ? "TLSA records of its targets do not count"
        : "whoever changes them chooses the hosts, and some servers do no DANE then";
    warnings.push(warning("mx insecure", "warning", null, `${what} not signed: ${consequence}`));
  }
  for (const { name, type, aliases, status } of report.dns) {
    if (aliases.length === 0 || type === "TLSA") continue;
    const chain = [name, ...aliases.map(({ to }) => to)].join(" -> ");
    const rule =
      report.checks === "mail" && type !== "MX"
        ? "TLSA records are looked for at its end first, and RFC 2181 §10.3 allows no alias there"
        : "certificates may show the name at its end";
    warnings.push(
      warning("secure alias", "note", null, `${chain}: an alias (${status}) on the way to ${type}; ${rule}`),
    );
  }
  return distinct(warnings);
}

function warning(code: WarningCode, severity: Warning["severity"], host: HostReport | null, text: string): Warning {
  return { code, severity, host: host?.name ?? null, text };
}

function hostWarnings(host: HostReport, when: WarnWhen, checks: DomainReport["checks"]): readonly Warning[] {
  const found: Warning[] = [];
  const say = (code: WarningCode, severity: Warning["severity"], text: string): void => {
    found.push(warning(code, severity, host, text));
  };
  if (host.action === "skip") say("host skipped", "critical", host.reason);
  if (host.code === "address insecure" || host.code === "alias insecure")
    say("address insecure", "warning", `no TLSA records count, since ${host.reason}`);
  else if (host.action === "opportunistic" || host.action === "pkix")
    say("host without tlsa", "warning", `has no TLSA records that count: ${host.reason}`);
  // The plan went on with the other family.
  if (host.action !== "skip" && / \(.* is (?:bogus|indeterminate): /.test(host.reason))
    say("address family failed", "warning", host.reason);
  recordWarnings(host, checks, say);
  for (const server of host.servers) serverWarnings(host, server, { ...when, say });
  return found;
}

type Say = (code: WarningCode, severity: Warning["severity"], text: string) => void;

function recordWarnings({ tlsa, servers }: HostReport, checks: DomainReport["checks"], say: Say): void {
  if (tlsa === null) return;
  for (const { record, state, why } of tlsa.records) {
    const text = `${shortened(record)}: ${why}`;
    if (state === "outranked") say("record outranked", "note", `${text}, so it does not count (RFC 7671 §9)`);
    else if (state === "unusable" && /^[01] /.test(record) && checks === "mail")
      say("usage does not count", "warning", `${text}: mail servers share no list of CAs (RFC 7672 §3.1.3)`);
    else if (state === "unusable") say("record unusable", "warning", text);
  }
  if (tlsa.ttl > LONG_TTL)
    say("long ttl", "note", `the TTL is ${tlsa.ttl} s: a new key must wait ${2 * tlsa.ttl} s (RFC 7671 §8)`);
  const shown = servers.filter(({ outcome }) => outcome === "verified");
  if (shown.length === 0 || shown.length < servers.filter((server) => !isOurFault(server)).length) return;
  const usable = tlsa.records.filter(({ state }) => state === "usable");
  const spare = usable.filter(({ matched }) => !matched);
  // RFC 7671 §8.1: the next key beside the current one, or §8.4 an issuer that stays.
  if (spare.length === 0 && !usable.some(({ record }) => /^[02] /.test(record))) {
    const what = usable.length === 1 ? "there is one record" : "every record is of a key in use";
    say(
      "no next key",
      "note",
      `${what}: before the key changes, publish the next one's record for two TTLs (RFC 7671 §8)`,
    );
  }
  for (const { record } of spare)
    say(
      "record matches nothing",
      "note",
      `${shortened(record)} fits no certificate shown: the next key's, or forgotten`,
    );
}

function serverWarnings(
  host: HostReport,
  server: ServerReport,
  { say, now, warnExpirySeconds }: WarnWhen & { readonly say: Say },
): void {
  const { address, attempts } = server;
  const verified = attempts.filter(({ outcome }) => outcome === "verified");
  for (const attempt of attempts) {
    const where = `${address} (${attempt.algorithm})`;
    switch (attempt.outcome) {
      case "mismatch":
        if (verified.length > 0 && attempt.code === "no record matches")
          say(
            "no record for this key",
            "critical",
            `${where}: ${attempt.reason}; clients that choose this key refuse it`,
          );
        else say("mismatch", "critical", `${where}: ${attempt.reason}`);
        break;
      case "failed":
        if (attempt.code === "no starttls") {
          const severity = host.action === "authenticate" || host.action === "encrypt" ? "critical" : "warning";
          say("starttls missing", severity, `${address} offers no STARTTLS: ${attempt.reason}`);
        } else {
          const isRefusal = server.outcome === "no tls" && ["authenticate", "encrypt"].includes(host.action);
          const severity = isOurFault(server) ? "note" : isRefusal ? "critical" : "warning";
          say("server unreachable", severity, `${address}: ${attempt.code}: ${attempt.reason}`);
        }
        break;
      case "verified":
      case "tls":
      case "not served":
        break;
    }
    if (attempt.tls !== null && /^(?:SSL|TLSv1(?:\.1)?$)/.test(attempt.tls.version))
      say("old tls", "warning", `${where} speaks ${attempt.tls.version} at best`);
    expiryWarnings(attempt, { say, now, warnExpirySeconds, where });
  }
}

function expiryWarnings(
  { certificates, matched }: AttemptReport,
  { say, now, warnExpirySeconds, where }: WarnWhen & { readonly say: Say; readonly where: string },
): void {
  const daysLeft = ({ validTo }: CertificateReport): number | null =>
    validTo === null ? null : (Date.parse(validTo) / 1000 - now) / 86_400;
  for (const [i, certificate] of certificates.entries()) {
    const left = daysLeft(certificate);
    if (left === null || left * 86_400 > warnExpirySeconds) continue;
    // RFC 7671 §5.1: with usage 3 dates do not matter.
    const matters = matched === null || !matched.record.startsWith("3");
    const about = `${where}: ${certificate.subject} ${left < 0 ? "expired" : "expires"} on ${certificate.validTo}`;
    const ignored = matters ? "" : ", which clients that do DANE ignore (RFC 7671 §5.1)";
    if (i > 0) {
      if (matters) say("chain expires soon", "warning", about);
    } else if (left < 0) say("certificate expired", matters ? "warning" : "note", `${about}${ignored}`);
    else say("certificate expires soon", "warning", `${about}, in ${Math.floor(left)} days${ignored}`);
  }
}

/** "3 1 1 8cb3f6f5b8a1d0c9…" */
export function shortened(record: string): string {
  const [usage, selector, matchingType, data = ""] = record.split(" ");
  return `${usage} ${selector} ${matchingType} ${data.length > 16 ? `${data.slice(0, 16)}…` : data}`;
}

function distinct(warnings: readonly Warning[]): readonly Warning[] {
  const seen = new Set<string>();
  return warnings.filter(({ code, host, text }) => {
    const key = `${code}\n${host}\n${text}`;
    return seen.size < seen.add(key).size;
  });
}
