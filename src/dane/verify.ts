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
import { sortRecords } from "./records.ts";

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
  /** "fresh": what the peer sent this time, at the price of the leak told of below; for tools that report on servers. */
  readonly list?: "remembered" | "fresh";
}

/** A session that began in time may end after its plan did: RFC 5321 §4.5.3.2 lets the greeting alone take 5 minutes. */
const GRACE_SECONDS = 3600;

/** Synchronous, so that nothing can be sent between the handshake and the verdict. Destroy the socket if it is refused. */
export function verifyDane(
  socket: PeerSocket,
  plan: Authenticate,
  { now = systemClock.unixSeconds(), list = "remembered" }: VerifyOptions = {},
): DaneMatch {
  const { tlsa, policy, names } = plan;
  if (!(now <= plan.expires + GRACE_SECONDS))
    return { kind: "refused", ...told("plan expired", `the plan for ${plan.base} was good until ${plan.expires}`) };
  const linked = linkedChain(socket);
  const [leaf] = linked;
  if (leaf === undefined) return { kind: "refused", ...told("no certificate", NOTHING_SHOWN) };
  const match = (sent: readonly X509Certificate[]): DaneMatch =>
    matchCertificate(tlsa, sent, { names, now, policy, pkix: pkixOf(socket, linked) });
  // Most domains pin the server's own certificate or key: nothing else that was sent matters then.
  const alone = match([leaf]);
  if ((alone.kind === "verified" && alone.depth === 0) || !needsIssuers(plan)) return alone;
  const key = fingerprints(linked);
  const known = list === "fresh" ? undefined : remembered.get(key);
  const again = known === undefined ? null : match(known);
  if (again?.kind === "verified") return again;
  const sent = peerChain(socket);
  const outcome = match(sent);
  if (outcome.kind === "verified") remember(key, sent);
  return outcome;
}

const NOTHING_SHOWN =
  "Node has no certificates of this peer: the TLS session was resumed, or getPeerX509Certificate was called before verifyDane";

const chains = new WeakMap<PeerSocket, readonly X509Certificate[]>();
const LONGEST_CHAIN = 100;

/**
 * What the peer sent, in its order, its own certificate first. Node gives this list once and then forgets it: ask here,
 * and nowhere else. `getPeerCertificate(true)` is another list: without what is not linked, and with this machine's CAs.
 */
export function peerChain(socket: PeerSocket): readonly X509Certificate[] {
  const known = chains.get(socket);
  if (known !== undefined) return known;
  linkedChain(socket); // first: after what follows Node has nothing left to show
  const sent: X509Certificate[] = [];
  // On the peer's certificate of a socket these links are the list as it was sent, not who signed whom.
  for (let next = socket.getPeerX509Certificate(); next !== undefined; next = next.issuerCertificate) {
    sent.push(next);
    if (sent.length >= LONGEST_CHAIN) break;
  }
  chains.set(socket, sent);
  return sent;
}

const linkedChains = new WeakMap<PeerSocket, readonly X509Certificate[]>();

/** The peer's certificate and its issuers as Node links them, this machine's CAs included. */
function linkedChain(socket: PeerSocket): readonly X509Certificate[] {
  const known = linkedChains.get(socket);
  if (known !== undefined) return known;
  const chain: X509Certificate[] = [];
  let next: LegacyCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length < LONGEST_CHAIN) {
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  linkedChains.set(socket, chain);
  return chain;
}

/** The CA is where Node's links end; matchCertificate finds the way to it by what was sent, and verifies each step. */
function pkixOf(socket: PeerSocket, linked: readonly X509Certificate[]): PkixResult {
  const anchor = linked.at(-1);
  return socket.authorized && anchor !== undefined
    ? { kind: "valid", anchor }
    : { kind: "invalid", reason: `${socket.authorizationError ?? "it is not trusted"}` };
}

function needsIssuers({ tlsa, policy }: Authenticate): boolean {
  return sortRecords(tlsa.value, policy).usable.some(({ usage }) => usage !== 3);
}

/**
 * What peers with DANE-TA records sent, by the certificates that Node links. Asking Node for the list leaks about 5 kB for
 * each issuer in it (measured in November 2026 on 20.20.2: 10 kB a handshake, 30 MB in 3,000), so a server's list is asked
 * for once. What is in here is matched anew each time, and only lists that verified come in.
 */
const remembered = new Map<string, readonly X509Certificate[]>();
const REMEMBERED_CHAINS = 200;

function remember(key: string, sent: readonly X509Certificate[]): void {
  if (remembered.size >= REMEMBERED_CHAINS) remembered.clear();
  remembered.set(key, sent);
}

function fingerprints(chain: readonly X509Certificate[]): string {
  return chain.map(({ fingerprint256 }) => fingerprint256).join();
}
