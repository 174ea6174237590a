/** The report of a day about a domain: JSON, its file's name, and the mail that carries it. RFC 8460 §4.4, §5. */
import { gzipSync } from "node:zlib";
import type { Random } from "../env/env.ts";
import { systemRandom } from "../env/system.ts";
import { hex } from "../wire/text.ts";
import type { DayOfDomain, FailureCount, PolicyCount } from "./tlsrpt-collector.ts";

export interface Reporter {
  /** "Example Inc." */
  readonly organizationName: string;
  /** A mail address. */
  readonly contactInfo: string;
  /** The sender's domain, "mail.example.org": it stands in file names and headers. */
  readonly submitter: string;
}

export interface TlsrptReport {
  readonly id: string;
  readonly domain: string;
  readonly fileName: string;
  readonly json: string;
  readonly gzip: Uint8Array;
  /** The body's type, for https destinations too, to which `gzip` is sent by POST. RFC 8460 §5.2, §6. */
  readonly mediaType: "application/tlsrpt+gzip";
}

const DAY_SECONDS = 86_400;

/** RangeError for a day that is none ("2026-11-27" expected). */
export function tlsrptReport(
  { domain, day, policies }: DayOfDomain,
  reporter: Reporter,
  { random = systemRandom }: { readonly random?: Random } = {},
): TlsrptReport {
  const start = Date.parse(`${day}T00:00:00Z`) / 1000;
  if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(start)) throw new RangeError(`day "${day}": YYYY-MM-DD expected`);
  const unique = hex(random.octets(8)).toLowerCase();
  const id = `${day}T00:00:00Z_${domain}_${unique}`;
  const report = {
    "organization-name": reporter.organizationName,
    "date-range": { "start-datetime": `${day}T00:00:00Z`, "end-datetime": `${day}T23:59:59Z` },
    "contact-info": reporter.contactInfo,
    "report-id": id,
    policies: policies.map(policyJson),
  };
  const json = JSON.stringify(report, null, 1);
  return {
    id,
    domain,
    fileName: `${reporter.submitter}!${domain}!${start}!${start + DAY_SECONDS - 1}!${unique}.json.gz`,
    json,
    gzip: gzipSync(json, { level: 9 }),
    mediaType: "application/tlsrpt+gzip",
  };
}

function policyJson({ policy, successful, failed, failures }: PolicyCount): object {
  return {
    policy: {
      "policy-type": policy.type,
      ...(policy.strings.length === 0 ? {} : { "policy-string": policy.strings }),
      "policy-domain": policy.domain,
      ...(policy.mx.length === 0 ? {} : { "mx-host": policy.mx }),
    },
    summary: { "total-successful-session-count": successful, "total-failure-session-count": failed },
    ...(failures.length === 0 ? {} : { "failure-details": failures.map(failureJson) }),
  };
}

function failureJson(failure: FailureCount): object {
  const { sendingMtaIp, receivingMxHostname, receivingMxHelo, receivingIp, additionalInformation } = failure;
  return {
    "result-type": failure.result,
    ...(sendingMtaIp === undefined ? {} : { "sending-mta-ip": sendingMtaIp }),
    ...(receivingMxHostname === undefined ? {} : { "receiving-mx-hostname": receivingMxHostname }),
    ...(receivingMxHelo === undefined ? {} : { "receiving-mx-helo": receivingMxHelo }),
    ...(receivingIp === undefined ? {} : { "receiving-ip": receivingIp }),
    "failed-session-count": failure.sessions,
    ...(additionalInformation === undefined ? {} : { "additional-information": additionalInformation }),
    ...(failure.reasonCode === "" ? {} : { "failure-reason-code": failure.reasonCode }),
  };
}

export interface ReportMail {
  /** RFC 8460 §3: such mail must go out whatever TLS says, so not by a plan of ours. */
  readonly tls: "not required";
  readonly to: readonly string[];
  /** The whole message, lines ended by CRLF. It still wants a DKIM signature of the submitter. RFC 8460 §5.3. */
  readonly message: string;
}

/** RFC 8460 §5.3. `to`: the addresses of "mailto:" destinations; null where the record has none of them. */
export function tlsrptMail(
  report: TlsrptReport,
  reporter: Reporter,
  { rua, from, date }: { readonly rua: readonly string[]; readonly from: string; readonly date: Date },
): ReportMail | null {
  const to = rua.flatMap((uri) => addressIn(uri) ?? []);
  if (to.length === 0) return null;
  const { submitter } = reporter;
  const boundary = `=_${report.fileName.split("!").at(-1)!.split(".")[0]}`;
  const messageId = `<${report.id.replace(/[^A-Za-z0-9._-]/g, ".")}@${submitter}>`;
  const lines = [
    `From: <${oneLine(from)}>`,
    `To: ${to.map((address) => `<${address}>`).join(",\r\n ")}`,
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: ${messageId}`,
    `Subject: Report Domain: ${report.domain}\r\n Submitter: ${submitter}\r\n Report-ID: ${messageId}`,
    `TLS-Report-Domain: ${report.domain}`,
    `TLS-Report-Submitter: ${submitter}`,
    "TLS-Required: No", // RFC 8689 §3: what is reported broken must not hold the report up
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    `Content-Type: multipart/report; report-type="tlsrpt";\r\n boundary="${boundary}"`,
    "",
    `--${boundary}`,
    'Content-Type: text/plain; charset="us-ascii"',
    "Content-Transfer-Encoding: 7bit",
    "",
    `This is an aggregate TLS report from ${submitter} about ${report.domain}.`,
    "",
    `--${boundary}`,
    `Content-Type: ${report.mediaType}`,
    "Content-Transfer-Encoding: base64",
    `Content-Disposition: attachment;\r\n filename="${report.fileName}"`,
    "",
    ...(Buffer.from(report.gzip)
      .toString("base64")
      .match(/.{1,76}/g) ?? []),
    "",
    `--${boundary}--`,
    "",
  ];
  return { tls: "not required", to, message: lines.join("\r\n") };
}

/** The address in "mailto:reports@example.com?…"; null for other destinations, and for what would break a header. */
function addressIn(uri: string): string | null {
  const match = /^mailto:([^?]+)/i.exec(uri);
  if (match === null) return null;
  try {
    const address = decodeURIComponent(match[1]!);
    return /^[\x21-\x3b\x3d\x3f-\x7e]+@[A-Za-z0-9.-]+$/.test(address) && !address.includes(",") ? address : null;
  } catch {
    return null;
  }
}

function oneLine(text: string): string {
  return text.replace(/[\r\n<>]/g, "");
}
