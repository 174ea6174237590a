/** A check of DANE for people, and as one line for Nagios and what reads its plugins. */
import type {
  AttemptReport,
  CertificateReport,
  DomainReport,
  HostReport,
  Outcome,
  Warning,
} from "../mail/check-report.ts";
import { shortened } from "../mail/check-warnings.ts";
import { edeInWords } from "../picture/words.ts";

export function checkText(report: DomainReport): string {
  const lines = [`${report.domain}: ${report.outcome}`, `  ${report.reason}`];
  if (report.checks !== "host") {
    const what = report.checks === "mail" ? "MX" : "SRV";
    lines.push(`  ${what} ${report.nextHop}`);
  }
  for (const host of report.hosts) lines.push("", ...hostLines(host));
  const troubles = report.dns.filter(({ status }) => status === "bogus" || status === "indeterminate");
  if (troubles.length > 0) lines.push("");
  for (const { reason, ede } of troubles) {
    lines.push(`  DNS: ${reason}`);
    for (const { code, text } of ede) lines.push(`       ${edeInWords(code, reason.includes(text) ? "" : text)}`);
  }
  if (report.warnings.length > 0) lines.push("", ...report.warnings.map(warningLine));
  return `${lines.join("\n")}\n`;
}

function warningLine({ severity, host, text, code }: Warning): string {
  return `  ${severity}: ${host === null ? "" : `${host} `}${text} [${code}]`;
}

function hostLines(host: HostReport): string[] {
  const { name, port, preference, outcome, action, reason, tlsa, servers, sni } = host;
  const lines = [`  ${name}${preference === null ? "" : ` (MX ${preference})`} port ${port}: ${outcome}`];
  lines.push(`    ${action}: ${reason}`);
  if (sni !== null && tlsa !== null)
    lines.push(`    server name ${sni}; names that count: ${host.names.join(" ") || "none"}`);
  if (tlsa !== null) lines.push(`    ${tlsa.owner} ${tlsa.ttl} IN TLSA`);
  for (const { record, state, why, matched } of tlsa?.records ?? []) {
    const told = state === "usable" ? (matched ? "matched" : "not matched") : `${state}: ${why}`;
    lines.push(`      ${record}  ${told}`);
  }
  for (const { address, outcome: shown, attempts } of servers) {
    lines.push(`    ${address}: ${shown}`);
    for (const [i, attempt] of attempts.entries()) lines.push(...attemptLines(attempt, attempts.slice(0, i)));
  }
  return lines;
}

function attemptLines(attempt: AttemptReport, before: readonly AttemptReport[]): string[] {
  const { algorithm, outcome, reason, tls, certificates, code } = attempt;
  const how = tls === null ? "" : ` ${[tls.version, tls.cipher, tls.group].filter((part) => part !== null).join(" ")}`;
  const why = code === null || outcome === "mismatch" ? reason : `${code}: ${reason}`;
  const lines = [`      ${algorithm.padEnd(5)} ${outcome}${how}`, `            ${why}`];
  // The issuers are mostly the same for both kinds.
  const known = new Set(before.flatMap((one) => one.certificates.map(({ sha256 }) => sha256)));
  for (const [depth, certificate] of certificates.entries()) {
    lines.push(
      ...(known.has(certificate.sha256) ? [`        ${depth} as above`] : certificateLines(certificate, depth)),
    );
  }
  return lines;
}

function certificateLines(certificate: CertificateReport, depth: number): string[] {
  const { subject, issuer, names, validTo, key, spkiSha256, records } = certificate;
  const lines = [`        ${depth} ${subject}${names.length === 0 ? "" : ` (${names.join(", ")})`}`];
  lines.push(`          issued by ${issuer}, ${key}, until ${validTo ?? "nobody knows when"}`);
  lines.push(`          key sha256 ${spkiSha256 ?? "not readable"}`);
  for (const record of records) lines.push(`          <- ${shortened(record)}`);
  return lines;
}

const nagiosStates = ["OK", "WARNING", "CRITICAL", "UNKNOWN"] as const;

/** 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, as the plugin guidelines have it. */
export function nagiosCode(report: DomainReport): 0 | 1 | 2 | 3 {
  switch (report.outcome) {
    case "verified":
    case "partial": {
      const worst = report.warnings.map(({ severity }) => severity);
      if (worst.includes("critical")) return 2;
      return report.outcome === "partial" || worst.includes("warning") ? 1 : 0;
    }
    case "mismatch":
    case "no tlsa":
    case "bogus":
    case "unreachable":
    case "no host":
      return 2;
    case "undetermined":
      return 3;
  }
}

const badness: readonly number[] = [0, 1, 3, 2];

/** One line for all domains, the worst first; behind the bar what is drawn. */
export function nagiosLine(
  reports: readonly DomainReport[],
  { now, elapsedMs, warnExpirySeconds }: NagiosFacts,
): string {
  const rank = (report: DomainReport): number => badness[nagiosCode(report)]!;
  const [worst] = [...reports].sort((a, b) => rank(b) - rank(a));
  const state = nagiosStates[worst === undefined ? 3 : nagiosCode(worst)];
  const servers = reports.flatMap(({ hosts }) => hosts.flatMap((host) => host.servers));
  const verified = servers.filter(({ outcome }) => outcome === "verified").length;
  const left = servers
    .flatMap(({ attempts }) => attempts.flatMap(({ certificates }) => certificates[0]?.validTo ?? []))
    .map((validTo) => Math.floor(Date.parse(validTo) / 1000 - now));
  const data = [`verified=${verified};;;0;${servers.length}`, `domains=${reports.length};;;0`];
  if (left.length > 0) data.push(`expires=${Math.min(...left)}s;${warnExpirySeconds}:;0:`);
  data.push(`time=${(elapsedMs / 1000).toFixed(3)}s;;;0`);
  const others = reports.length > 1 ? ` (worst of ${reports.length})` : "";
  return `DANE ${state} - ${worst === undefined ? "nothing was checked" : nagiosSays(worst)}${others} | ${data.join(" ")}\n`;
}

export interface NagiosFacts {
  readonly now: number;
  readonly elapsedMs: number;
  readonly warnExpirySeconds: number;
}

/** The bar is the plugin interface's own. */
function nagiosSays(report: DomainReport): string {
  const first = (["critical", "warning"] as const)
    .flatMap((severity) => report.warnings.filter((warning) => warning.severity === severity))
    .at(0);
  const told = first !== undefined && !report.reason.includes(first.text) ? `; ${first.host ?? ""} ${first.text}` : "";
  return `${report.domain}: ${report.outcome}, ${report.reason}${told}`.replaceAll("|", "/");
}

/** The worst of all: what stops mail now before what may. */
const severityOf: Readonly<Record<Outcome, number>> = {
  verified: 0,
  "no tlsa": 1,
  "no host": 2,
  partial: 3,
  unreachable: 4,
  undetermined: 5,
  bogus: 6,
  mismatch: 7,
};

export function worstOutcome(reports: readonly DomainReport[]): Outcome {
  return reports.map(({ outcome }) => outcome).reduce((a, b) => (severityOf[b] > severityOf[a] ? b : a), "verified");
}
