/** From handshakes to a host's report. */
import { createHash, type X509Certificate } from "node:crypto";
import { dateOf, partsOf, subjectText } from "../dane/certificate.ts";
import type { DanePolicy, UsableRecord } from "../dane/records.ts";
import { isNamedBy, sortRecords } from "../dane/records.ts";
import type { ServiceAction } from "../dane/service-plan.ts";
import type { MailAction } from "../dane/smtp-plan.ts";
import type { Name } from "../wire/name.ts";
import type { Tlsa } from "../wire/rdata.ts";
import { hex } from "../wire/text.ts";
import type {
  AttemptReport,
  CertificateReport,
  HostReport,
  Outcome,
  RecordReport,
  ServerReport,
  TlsaReport,
} from "./check-report.ts";
import type { Probe } from "./probe.ts";

export interface PlannedHost {
  readonly name: Name;
  readonly port: number;
  readonly preference: number | null;
  readonly addresses: readonly string[];
  readonly action: MailAction | ServiceAction;
}

export interface ProbedServer {
  readonly address: string;
  readonly probes: readonly Probe[];
}

export interface Judging {
  readonly policy: DanePolicy;
  /** Is this the reason of an answer that failed validation? */
  readonly isBogus: (reason: string) => boolean;
}

export function hostReport(
  host: PlannedHost,
  probed: readonly ProbedServer[],
  { policy, isBogus }: Judging,
): HostReport {
  const { action, name, port, preference } = host;
  const usable = "tlsa" in action ? sortRecords(action.tlsa.value, policy).usable : [];
  const servers = probed.map((server) => serverReport(server, action.do as Doing, usable));
  const { code, reason, tlsrpt, status } = action;
  return {
    name: `${name}`,
    port,
    preference,
    outcome: action.do === "skip" ? outcomeOfSkip(action, isBogus) : hostOutcome(action.do, servers),
    action: action.do,
    code,
    reason,
    tlsrpt,
    status,
    sni: "sni" in action ? action.sni : null,
    names: "names" in action ? action.names.map((one) => `${one}`) : [],
    tlsa: "tlsa" in action ? tlsaReport(action.tlsa.value, policy, servers) : null,
    servers,
  };
}

/** "3 1 1 8cb3…", whole. */
function fullText({ usage, selector, matchingType, data }: Tlsa | UsableRecord): string {
  return `${usage} ${selector} ${matchingType} ${hex(data).toLowerCase()}`;
}

type Doing = Exclude<PlannedHost["action"]["do"], "skip">;

function hostOutcome(what: Doing, servers: readonly ServerReport[]): Outcome {
  switch (what) {
    case "opportunistic":
    case "pkix":
      return "no tlsa";
    case "encrypt":
      return servers.some(({ outcome }) => outcome === "no tls") ? "mismatch" : "no tlsa";
    case "authenticate":
      break;
  }
  if (servers.some(({ outcome }) => outcome === "mismatch" || outcome === "no tls")) return "mismatch";
  const counted = servers.filter((server) => !isOurFault(server));
  if (!counted.some(({ outcome }) => outcome === "verified")) return "unreachable";
  return counted.every(({ outcome }) => outcome === "verified") ? "verified" : "partial";
}

/** This machine has no IPv6, or no IPv4: that says nothing about the server. */
export function isOurFault({ attempts }: ServerReport): boolean {
  return attempts.some(
    ({ code, reason }) => code === "unreachable" && /^(?:ENETUNREACH|EADDRNOTAVAIL|EAFNOSUPPORT)$/.test(reason),
  );
}

function outcomeOfSkip({ code, reason }: PlannedHost["action"], isBogus: Judging["isBogus"]): Outcome {
  switch (code) {
    case "address bogus":
      return "bogus";
    case "tlsa failed":
    case "address failed":
      return isBogus(reason) ? "bogus" : "undetermined";
    default:
      return "no host";
  }
}

function serverReport({ address, probes }: ProbedServer, action: Doing, usable: readonly UsableRecord[]): ServerReport {
  const attempts = probes.map((probe) => attemptReport(probe, usable));
  return { address, outcome: serverOutcome(probes, attempts, action), attempts };
}

function serverOutcome(
  probes: readonly Probe[],
  attempts: readonly AttemptReport[],
  action: Doing,
): ServerReport["outcome"] {
  if (attempts.some(({ outcome }) => outcome === "mismatch")) return "mismatch";
  const withoutTls = probes.some(
    (probe) =>
      probe.kind === "failed" &&
      (probe.code === "no starttls" || probe.code === "handshake failed" || probe.code === "injected"),
  );
  if (withoutTls) return "no tls";
  if (attempts.some(({ outcome }) => outcome === "failed")) return "unreachable";
  return action === "authenticate" ? "verified" : "tls";
}

function attemptReport(probe: Probe, usable: readonly UsableRecord[]): AttemptReport {
  const nothing = { tls: null, matched: null, publicCa: null, certificates: [] };
  switch (probe.kind) {
    case "failed":
      return {
        algorithm: probe.attempt,
        outcome: "failed",
        code: probe.code,
        reason: probe.reason,
        ...nothing,
      };
    case "not served":
      return { algorithm: probe.attempt, outcome: "not served", code: null, reason: probe.reason, ...nothing };
    case "shown":
      break;
  }
  const { attempt, chain, tls, match, pkix } = probe;
  const common = {
    algorithm: attempt,
    tls,
    publicCa: pkix === "trusted",
    certificates: chain.map((certificate) => certificateReport(certificate, usable)),
  };
  if (match === null) {
    const reason = pkix === "trusted" ? "TLS, by a CA of this machine's list" : `TLS; no public CA: ${pkix.reason}`;
    return { ...common, outcome: "tls", code: null, reason, matched: null };
  }
  if (match.kind === "refused")
    return { ...common, outcome: "mismatch", code: match.code, reason: match.reason, matched: null };
  const { record, depth, name } = match;
  const matched = { record: fullText(record), depth, name };
  return { ...common, outcome: "verified", code: null, reason: match.reason, matched };
}

function certificateReport(certificate: X509Certificate, usable: readonly UsableRecord[]): CertificateReport {
  const spki = partsOf(certificate)?.publicKeyInfo;
  return {
    subject: subjectText(certificate),
    issuer: certificate.issuer?.replaceAll("\n", ", ") || "nobody",
    names: certificate.subjectAltName?.split(", ") ?? [],
    validFrom: isoDate(dateOf(certificate.validFrom)),
    validTo: isoDate(dateOf(certificate.validTo)),
    key: keyText(certificate),
    sha256: createHash("sha256").update(certificate.raw).digest("hex"),
    spkiSha256: spki === undefined ? null : createHash("sha256").update(spki).digest("hex"),
    records: usable.filter((record) => isNamedBy(certificate, record)).map(fullText),
  };
}

function isoDate(seconds: number | null): string | null {
  return seconds === null ? null : new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

function keyText(certificate: X509Certificate): string {
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
    const size = details?.namedCurve ?? details?.modulusLength;
    return `${type?.toUpperCase() ?? "unknown"}${size === undefined ? "" : ` ${size}`}`;
  } catch {
    return "of a kind that this machine does not know";
  }
}

function tlsaReport(
  tlsa: Parameters<typeof sortRecords>[0],
  policy: DanePolicy,
  servers: readonly ServerReport[],
): TlsaReport {
  const { usable, unusable, outranked } = sortRecords(tlsa, policy);
  const seen = new Set(servers.flatMap(({ attempts }) => attempts.flatMap(recordsSeen)));
  const report = (record: Tlsa | UsableRecord, state: RecordReport["state"], why: string | null): RecordReport => {
    const text = fullText(record);
    return { record: text, state, why, matched: seen.has(text) };
  };
  return {
    owner: `${tlsa.name}`,
    ttl: tlsa.ttl,
    records: [
      ...usable.map((record) => report(record, "usable", null)),
      ...outranked.map((record) => report(record, "outranked", "a stronger digest stands beside it")),
      ...unusable.map(({ record, why }) => report(record, "unusable", why)),
    ],
  };
}

/** Usage 3 and 1 speak of the server's certificate alone, 2 and 0 of the others, which are on the path only if one matched there. */
function recordsSeen({ certificates, matched }: AttemptReport): readonly string[] {
  const named = certificates.flatMap(({ records }, i) =>
    records.filter((record) => (i === 0 ? /^[13]/ : /^[02]/).test(record)),
  );
  return matched === null ? named : [...named, matched.record];
}
