/** The certificate and key with which DNS over TLS and over HTTPS are served: read, checked, and read again when they change. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import process from "node:process";
import type { Clock, UnixSeconds } from "../env/env.ts";

export interface IdentityFiles {
  /** PEM: the server's certificate, then those that lead to its authority's. */
  readonly certificate: string;
  /** PEM, without a passphrase. */
  readonly key: string;
}

export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
  /** As the certificate says; a client will refuse it afterwards. */
  readonly validUntil: UnixSeconds;
}

/** One sentence that names the file. */
export class IdentityError extends Error {
  override readonly name = "IdentityError";
}

/** Throws IdentityError: better than a listener that fails with every handshake. */
export function readIdentity(files: IdentityFiles): TlsIdentity {
  const certificate = textOf(files.certificate, "certificate");
  const key = textOf(files.key, "key");
  const own = inWords(files.certificate, "holds no certificate in PEM", () => new X509Certificate(certificate));
  const privateKey: KeyObject = inWords(files.key, "holds no private key in PEM without a passphrase", () =>
    createPrivateKey(key),
  );
  if (!own.checkPrivateKey(privateKey))
    throw new IdentityError(`the key in ${files.key} does not belong to the certificate in ${files.certificate}`);
  // OpenSSL may still not want it: an RSA key too short, a chain that is cut off.
  inWords(files.certificate, "cannot be used for TLS", () => tls().createSecureContext({ cert: certificate, key }));
  return { certificate, key, validUntil: Date.parse(own.validTo) / 1000 };
}

/** Loaded when it is needed: a daemon that serves no TLS starts 15 ms sooner (measured 2026-11, Node 20). */
function tls(): typeof import("node:tls") {
  return process.getBuiltinModule("node:tls");
}

/** Calls `changed` whenever one of the files was replaced or written; a look costs two system calls. */
export async function watchIdentity(
  files: IdentityFiles,
  by: {
    readonly clock: Clock;
    readonly everyMs: number;
    readonly signal: AbortSignal;
    readonly changed: () => void;
  },
): Promise<void> {
  const { clock, everyMs, signal } = by;
  let seen = marksOf(files);
  while (!signal.aborted) {
    await (clock.doze ?? clock.sleep)(everyMs, signal);
    if (signal.aborted) return;
    const now = marksOf(files);
    if (now === seen) continue;
    seen = now;
    by.changed();
  }
}

function marksOf({ certificate, key }: IdentityFiles): string {
  return [certificate, key]
    .map((file) => {
      const status = statSync(file, { throwIfNoEntry: false, bigint: true });
      return status === undefined ? "none" : `${status.ino} ${status.size} ${status.mtimeNs}`;
    })
    .join(", ");
}

function textOf(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new IdentityError(`cannot read the TLS ${what} from ${file}: ${code ?? message}`);
  }
}

function inWords<T>(file: string, trouble: string, attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    throw new IdentityError(`${file} ${trouble}: ${(error as Error).message}`, { cause: error });
  }
}
