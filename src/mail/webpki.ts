/**
 * The check that MTA-STS asks for after the handshake, `verifyDane`'s companion: a certificate by a CA of this machine that
 * shows the MX host's name. RFC 8461 §4.1.
 */
import { X509Certificate } from "node:crypto";
import { currencyOf } from "../dane/certificate.ts";
import { type Code, type Told, told } from "../dane/codes.ts";
import { hostText } from "../dane/host-names.ts";
import type { UnixSeconds } from "../env/env.ts";
import { systemClock } from "../env/system.ts";
import type { Name } from "../wire/name.ts";
import type { StsPolicy } from "./sts-policy.ts";

/** TLS, and `verifyWebPki` before the first octet that matters: the domain's MTA-STS policy says so. */
export interface WebPki extends Told {
  readonly do: "webpki";
  /** The name in the MX RR: to be shown by the certificate, and to be sent as TLS server name. */
  readonly host: Name;
  readonly sni: string;
  readonly policy: StsPolicy;
  /** After this moment, ask again. */
  readonly expires: UnixSeconds;
}

/** What is asked of a TLSSocket of node:tls, connected with `servername: action.sni` and this machine's CAs. */
export interface WebPkiSocket {
  getPeerCertificate(): { readonly raw?: Buffer };
  readonly authorized: boolean;
  readonly authorizationError: Error | string | null;
}

export type WebPkiMatch =
  | { readonly kind: "verified"; readonly name: string; readonly reason: string }
  /** Not this server, not now. */
  | ({ readonly kind: "refused" } & Told);

/** As for DANE: a session that began in time may end after its plan did. */
const GRACE_SECONDS = 3600;

/**
 * Synchronous, to be called after `secureConnect` and before anything is sent; `rejectUnauthorized` may be false, for here
 * the outcome is looked at. Destroy the socket if it is refused.
 */
export function verifyWebPki(
  socket: WebPkiSocket,
  { host, expires }: WebPki,
  { now = systemClock.unixSeconds() }: { readonly now?: UnixSeconds } = {},
): WebPkiMatch {
  if (now > expires + GRACE_SECONDS)
    return refused("sts plan expired", `the plan for ${host} was good until ${expires}`);
  const text = hostText(host);
  const { raw } = socket.getPeerCertificate();
  if (raw === undefined || text === null)
    return refused("sts no certificate", "Node has no certificate of this peer: the TLS session was resumed");
  // `authorized` is Node's word that the chain ends at a CA of this machine's and that the name asked for is in it.
  if (socket.authorized !== true) {
    const error = `${errorCode(socket.authorizationError)}`;
    return refused(codeFor(error), `the certificate of ${text} is not valid: ${error}`);
  }
  const misnamed = whyNotNamed(raw, text);
  if (misnamed !== null) return refused("sts name mismatch", misnamed);
  const currency = currencyOf(new X509Certificate(raw), now);
  if (currency.kind !== "current")
    return refused(
      currency.kind === "expired" ? "sts certificate expired" : "sts certificate not trusted",
      `the certificate of ${text} ${currency.text}`,
    );
  return { kind: "verified", name: text, reason: `a certificate by a CA of this machine shows ${text}` };
}

/**
 * RFC 8461 §4.1 and §3.3, RFC 6125 §6.4: names of type DNS only, never the common name; "*" stands for one whole leftmost
 * label. Null if the certificate shows the name, otherwise a sentence.
 */
export function whyNotNamed(der: Uint8Array, host: string): string | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch {
    return `${host} showed a certificate that cannot be read`;
  }
  const shown = certificate.checkHost(host, { subject: "never", wildcards: true, partialWildcards: false });
  if (shown !== undefined) return null;
  return `the certificate is for ${certificate.subjectAltName ?? "no DNS name"}, and ${host} was looked for`;
}

/** Node gives the code as a string, its types say Error. */
function errorCode(error: Error | string | null): string {
  if (error === null || typeof error === "string") return error ?? "it is not trusted";
  return (error as NodeJS.ErrnoException).code ?? error.message;
}

function codeFor(error: string): Code {
  switch (error) {
    case "CERT_HAS_EXPIRED":
      return "sts certificate expired";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
    case "HOSTNAME_MISMATCH":
      return "sts name mismatch";
    default:
      return "sts certificate not trusted";
  }
}

function refused(code: Code, reason: string): WebPkiMatch {
  return { kind: "refused", ...told(code, reason) };
}
