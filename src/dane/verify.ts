/**
 * The check after the handshake: the socket's server against its plan. Not as `checkServerIdentity`, which Node does not
 * call when `rejectUnauthorized` is false, but after `secureConnect` and before the first octet is sent. RFC 7671 §4.
 */
import { X509Certificate } from "node:crypto";
import type { UnixSeconds } from "../env/env.ts";
import { systemClock } from "../env/system.ts";
import type { Authenticate } from "./actions.ts";
import { told } from "./codes.ts";
import { type DaneMatch, matchCertificate, type PkixResult } from "./match.ts";

/** What is asked of a TLSSocket of node:tls. */
export interface PeerSocket {
  getPeerX509Certificate(): X509Certificate | undefined;
  getPeerCertificate(detailed: true): LegacyCertificate;
  readonly authorized: boolean;
  readonly authorizationError: Error | string | null;
}

interface LegacyCertificate {
  readonly raw?: Buffer;
  readonly issuerCertificate?: LegacyCertificate;
}

export interface VerifyOptions {
  /** Default: this machine's. */
  readonly now?: UnixSeconds;
}

/** A session that began in time may end after its plan did: RFC 5321 §4.5.3.2 lets the greeting alone take 5 minutes. */
const GRACE_SECONDS = 3600;

/** Synchronous, so that nothing can be sent between the handshake and the verdict. Destroy the socket if it is refused. */
export function verifyDane(
  socket: PeerSocket,
  plan: Authenticate,
  { now = systemClock.unixSeconds() }: VerifyOptions = {},
): DaneMatch {
  if (now > plan.expires + GRACE_SECONDS)
    return { kind: "refused", ...told("plan expired", `the plan for ${plan.base} was good until ${plan.expires}`) };
  const { sent, pkix } = shownBy(socket);
  if (sent.length === 0) return { kind: "refused", ...told("no certificate", NOTHING_SHOWN) };
  const { tlsa, policy, names } = plan;
  return matchCertificate(tlsa, sent, { names, now, policy, pkix });
}

const NOTHING_SHOWN =
  "Node has no certificates of this peer: the TLS session was resumed, or getPeerX509Certificate was called before verifyDane";

/**
 * What the peer sent, in its order, its own certificate first. Node gives this list once and then forgets it: ask here,
 * and nowhere else. `getPeerCertificate(true)` is another list: without what is not linked, and with this machine's CAs.
 */
export function peerChain(socket: PeerSocket): readonly X509Certificate[] {
  return shownBy(socket).sent;
}

interface Shown {
  readonly sent: readonly X509Certificate[];
  readonly pkix: PkixResult;
}

const shown = new WeakMap<PeerSocket, Shown>();
const LONGEST_CHAIN = 100;

function shownBy(socket: PeerSocket): Shown {
  let known = shown.get(socket);
  if (known === undefined) {
    const pkix = pkixOf(socket); // first: the list of what was sent can be had once, and nothing after it
    known = { sent: sentBy(socket), pkix };
    shown.set(socket, known);
  }
  return known;
}

function sentBy(socket: PeerSocket): readonly X509Certificate[] {
  const sent: X509Certificate[] = [];
  // On the peer's certificate of a socket these links are the list as it was sent, not who signed whom.
  for (let next = socket.getPeerX509Certificate(); next !== undefined; next = next.issuerCertificate) {
    sent.push(next);
    if (sent.length >= LONGEST_CHAIN) break;
  }
  return sent;
}

/** The path as Node links it, this machine's CAs included. matchCertificate verifies each link once more. */
function pkixOf(socket: PeerSocket): PkixResult {
  if (!socket.authorized) return { kind: "invalid", reason: `${socket.authorizationError ?? "it is not trusted"}` };
  const path: X509Certificate[] = [];
  let next: LegacyCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && path.length < LONGEST_CHAIN) {
    path.push(new X509Certificate(next.raw));
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return { kind: "valid", path };
}
