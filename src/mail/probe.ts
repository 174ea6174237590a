/**
 * What one address of a server shows: a handshake for each kind of key, since a server may have an RSA and an ECDSA
 * certificate, and clients choose. The names of signature schemes are those of RFC 8446 §4.2.3.
 */
import type { X509Certificate } from "node:crypto";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import type { Authenticate } from "../dane/actions.ts";
import type { DaneMatch } from "../dane/match.ts";
import { peerChain, verifyDane } from "../dane/verify.ts";
import type { UnixSeconds } from "../env/env.ts";
import type { Fault } from "./lines.ts";
import { openTls, printable, type TlsTarget, type TlsUse } from "./tls-client.ts";

export type KeyKind = "RSA" | "ECDSA";

/** "any": whatever the server prefers, of all that this machine's TLS has. */
export type Attempt = KeyKind | "any";

export interface Shown {
  readonly kind: "shown";
  readonly attempt: Attempt;
  /** As it was sent, the server's own certificate first. */
  readonly chain: readonly X509Certificate[];
  readonly tls: TlsFacts;
  /** Null where there is nothing to match. */
  readonly match: DaneMatch | null;
  /** What this machine's list of CAs says; names are not looked at. */
  readonly pkix: "trusted" | { readonly reason: string };
}

export interface TlsFacts {
  /** "TLSv1.3" */
  readonly version: string;
  readonly cipher: string;
  /** "X25519"; null where it is not known. */
  readonly group: string | null;
}

export type Probe =
  | Shown
  /** The server was reached and has no certificate of that kind. */
  | { readonly kind: "not served"; readonly attempt: KeyKind; readonly reason: string }
  | ({ readonly kind: "failed"; readonly attempt: Attempt } & Fault);

const schemes: Readonly<Record<KeyKind, string>> = {
  RSA: "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha256:rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512",
  ECDSA: "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ed25519:ed448",
};

const TLS13 = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

function optionsFor(attempt: Attempt, old: "with old versions" | "today's"): ConnectionOptions {
  const versions: ConnectionOptions = old === "with old versions" ? { minVersion: "TLSv1" } : { minVersion: "TLSv1.2" };
  // Old versions need digests that OpenSSL 3 takes for too weak at its usual level.
  const level = old === "with old versions" ? ":@SECLEVEL=0" : "";
  switch (attempt) {
    case "any":
      return { ...versions, ciphers: `${TLS13}:DEFAULT${level}` };
    case "RSA":
      return { ...versions, sigalgs: schemes.RSA, ciphers: `${TLS13}:aRSA:!aNULL${level}` };
    case "ECDSA":
      return { ...versions, sigalgs: schemes.ECDSA, ciphers: `${TLS13}:aECDSA:!aNULL${level}` };
  }
}

export interface ProbeOptions extends TlsUse {
  readonly kinds: readonly KeyKind[];
  readonly now: UnixSeconds;
  /** Null: nothing to authenticate by, only to look. */
  readonly action: Authenticate | null;
}

/** One connection after the other, as a server may count them. Stops where the next could not fare better. */
export async function probeServer(target: TlsTarget, options: ProbeOptions): Promise<readonly Probe[]> {
  const probes: Probe[] = [];
  for (const kind of options.kinds) {
    const probe = await probeOnce(target, kind, { ...options, old: "today's" });
    probes.push(probe);
    // Without a handshake the kind of key made no difference.
    if (probe.kind === "failed" && probe.code !== "handshake failed") return [{ ...probe, attempt: "any" }];
  }
  if (probes.some(({ kind }) => kind === "shown")) return probes.map(notServed);
  const last = await probeOnce(target, "any", { ...options, old: "with old versions" });
  return last.kind === "shown" ? [...probes.map(notServed), last] : [last];
}

/** The server was willing otherwise, so what failed was this kind of key. */
function notServed(probe: Probe): Probe {
  return probe.kind === "failed" && probe.code === "handshake failed" && probe.attempt !== "any"
    ? { kind: "not served", attempt: probe.attempt, reason: probe.reason }
    : probe;
}

interface Once extends ProbeOptions {
  readonly old: "with old versions" | "today's";
}

async function probeOnce(target: TlsTarget, attempt: Attempt, options: Once): Promise<Probe> {
  const outcome = await openTls(target, { ...options, tls: optionsFor(attempt, options.old) });
  if (outcome.kind === "failed") return { ...outcome, attempt };
  try {
    return shownBy(outcome.socket, attempt, options);
  } finally {
    leave(outcome.socket, target);
  }
}

function shownBy(socket: TLSSocket, attempt: Attempt, { action, now }: ProbeOptions): Probe {
  // In this order: Node shows the list once.
  const match = action === null ? null : verifyDane(socket, action, { now, list: "fresh" });
  const chain = peerChain(socket);
  const [leaf] = chain;
  if (leaf === undefined)
    return { kind: "failed", attempt, code: "handshake failed", reason: "the server showed no certificate" };
  const kind = keyKind(leaf);
  // A server that does not look at what the client can do.
  if (attempt !== "any" && kind !== attempt)
    return { kind: "not served", attempt, reason: `its certificate has a key of another kind (${kind})` };
  const group = socket.getEphemeralKeyInfo() as { readonly name?: string; readonly type?: string } | null;
  return {
    kind: "shown",
    attempt,
    chain,
    tls: {
      version: socket.getProtocol() ?? "unknown",
      cipher: socket.getCipher().standardName ?? socket.getCipher().name,
      group: group?.name ?? group?.type ?? null,
    },
    match,
    pkix: socket.authorized ? "trusted" : { reason: printable(`${socket.authorizationError}`) },
  };
}

/** Ed25519 and Ed448 are asked for together with ECDSA. */
function keyKind(leaf: X509Certificate): string {
  const type = leaf.publicKey.asymmetricKeyType ?? "unknown";
  if (type === "rsa" || type === "rsa-pss") return "RSA";
  return type === "ec" || type === "ed25519" || type === "ed448" ? "ECDSA" : type;
}

const farewells: Readonly<Record<TlsTarget["starttls"], string | null>> = {
  smtp: "QUIT",
  lmtp: "QUIT",
  imap: "a3 LOGOUT",
  pop3: "QUIT",
  sieve: "LOGOUT",
  none: null,
};

/** Nobody waits for the answer, but the server's log need not speak of a lost connection. */
function leave(socket: TLSSocket, { starttls }: TlsTarget): void {
  const farewell = farewells[starttls];
  socket.on("data", () => {});
  if (farewell === null) socket.end();
  else socket.end(`${farewell}\r\n`);
  socket.setTimeout(2000, () => socket.destroy());
}
