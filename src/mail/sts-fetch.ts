/** An MTA-STS policy over HTTPS: no redirects, no cache, a certificate for `mta-sts.D` by a CA of this machine. RFC 8461 §3.3. */
import type { IncomingMessage } from "node:http";
import type { LookupFunction } from "node:net";
import type { PeerCertificate } from "node:tls";
import type { Timer } from "../env/env.ts";
import { systemClock } from "../env/system.ts";
import { whyNotNamed } from "./webpki.ts";

export type FetchedPolicy =
  | { readonly kind: "text"; readonly text: string }
  /** "untrusted": the server's certificate. Anything else that went wrong is "failed". */
  | { readonly kind: "failed" | "untrusted"; readonly reason: string };

/** Settles always. `domain` without final dot; when `signal` aborts, nobody waits any more. */
export type PolicyFetch = (domain: string, signal: AbortSignal) => Promise<FetchedPolicy>;

export interface HttpsFetchOptions {
  /** `nodeDns(resolver).lookup`: the policy host's address by our own resolver. */
  readonly lookup: LookupFunction;
  readonly timer?: Pick<Timer, "after">;
  /** RFC 8461 §3.3 suggests a minute, and 64 kB. */
  readonly timeoutMs?: number;
  readonly maxOctets?: number;
  /** CAs in place of this machine's, as `ca` of tls.connect. */
  readonly ca?: string | readonly string[];
  /** Tests only: policies are served on 443. */
  readonly port?: number;
}

const TIMEOUT_MS = 60_000;
const MAX_OCTETS = 64 * 1024;

export function httpsPolicyFetch(options: HttpsFetchOptions): PolicyFetch {
  const { timer = systemClock, timeoutMs = TIMEOUT_MS, maxOctets = MAX_OCTETS, port = 443, lookup, ca } = options;
  return async (domain, signal) => {
    // Here and not above: it costs every program that imports this library some 10 ms (measured 2026-11, Node 20).
    const { request } = await import("node:https");
    return new Promise((resolve) => {
      const host = `mta-sts.${domain}`;
      const url = `https://${host}/.well-known/mta-sts.txt`;
      if (signal.aborted) {
        resolve({ kind: "failed", reason: `${url}: nobody waits for it any more` });
        return;
      }
      const ask = request({
        host,
        port,
        path: "/.well-known/mta-sts.txt",
        servername: host,
        lookup,
        // One connection for one policy. Explicit, so that no variable of the environment weakens it.
        agent: false,
        rejectUnauthorized: true,
        minVersion: "TLSv1.2",
        headers: { accept: "text/plain", "accept-encoding": "identity", "user-agent": "rootwalk" },
        // Called once the chain is verified. Node's own also takes the common name: RFC 8461 §3.3 does not.
        checkServerIdentity: (_name: string, certificate: PeerCertificate) => {
          const why = whyNotNamed(certificate.raw, host);
          return why === null ? undefined : Object.assign(new Error(why), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
        },
        ...(ca === undefined ? {} : { ca: [ca].flat() }),
      });
      const stopped = (): void => end({ kind: "failed", reason: `${url}: nobody waits for it any more` });
      const cancel = timer.after(timeoutMs, () => {
        end({ kind: "failed", reason: `${url}: not there after ${timeoutMs / 1000} s` });
      });
      let over = false;
      function end(outcome: FetchedPolicy): void {
        if (over) return;
        over = true;
        cancel();
        signal.removeEventListener("abort", stopped);
        ask.destroy();
        resolve(outcome);
      }
      signal.addEventListener("abort", stopped);
      ask.on("error", (error: NodeJS.ErrnoException) => end(failure(url, error)));
      ask.on("response", (response) => {
        const why = whyRefused(response);
        if (why === null) collect(response, { url, maxOctets, end });
        else end({ kind: "failed", reason: `${url}: ${why}` });
      });
      ask.end();
    });
  };
}

/** RFC 8461 §3.3: status 200 and nothing else; a media type that users cannot easily upload. */
function whyRefused({ statusCode, headers }: IncomingMessage): string | null {
  if (statusCode !== 200) return `status ${statusCode}: 200 expected, and redirects are not followed`;
  const type = headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type !== "text/plain") return `it is ${type ?? "of no type"}: text/plain expected`;
  const encoding = headers["content-encoding"]?.trim().toLowerCase();
  return encoding === undefined || encoding === "identity" ? null : `it is ${encoding}: plain text was asked for`;
}

interface Collecting {
  readonly url: string;
  readonly maxOctets: number;
  readonly end: (outcome: FetchedPolicy) => void;
}

function collect(response: IncomingMessage, { url, maxOctets, end }: Collecting): void {
  const chunks: Buffer[] = [];
  let octets = 0;
  response.on("data", (chunk: Buffer) => {
    octets += chunk.length;
    if (octets > maxOctets) end({ kind: "failed", reason: `${url}: more than ${maxOctets} octets` });
    else chunks.push(chunk);
  });
  // Half a policy must not count: it may lack hosts, or its real mode.
  response.on("aborted", () => end({ kind: "failed", reason: `${url}: the connection ended early` }));
  response.on("error", (error) => end(failure(url, error)));
  response.on("end", () => {
    if (!response.complete) end({ kind: "failed", reason: `${url}: the connection ended early` });
    else end({ kind: "text", text: Buffer.concat(chunks).toString("utf8") });
  });
}

/** Codes by which OpenSSL and Node refuse a certificate. */
const certificateCodes =
  /^(?:CERT_|ERR_TLS_CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|PATH_LENGTH_|ERROR_IN_CERT_|EE_KEY_|CA_MD_)/;

function failure(url: string, { code, message }: NodeJS.ErrnoException): FetchedPolicy {
  const isCertificate = certificateCodes.test(code ?? "");
  return { kind: isCertificate ? "untrusted" : "failed", reason: `${url}: ${message}` };
}
