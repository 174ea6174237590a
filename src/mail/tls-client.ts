/**
 * A connection to a server up to the end of the TLS handshake, with STARTTLS before it or not. Nothing is trusted here:
 * whether it is the right server is `verifyDane`'s business. Every wait and every buffer has a limit. RFC 3207 §4, §6.
 */
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from "node:tls";
import type { Timer } from "../env/env.ts";
import { dialogFor, type StarttlsProtocol } from "./dialogs.ts";
import { type Fault, Lines } from "./lines.ts";

export interface TlsTarget {
  readonly address: string;
  readonly port: number;
  /** What is spoken before TLS; "none": TLS from the first octet. */
  readonly starttls: StarttlsProtocol | "none";
  /** Server name for TLS; null: none is sent. */
  readonly sni: string | null;
  /** Our name, for EHLO. */
  readonly client: string;
}

export interface TlsPatience {
  readonly connectMs: number;
  readonly greetingMs: number;
  readonly replyMs: number;
  readonly handshakeMs: number;
}

/** Shorter than a mail server's minutes (RFC 5321 §4.5.3.2): somebody is waiting. Some servers delay their greeting on purpose. */
export const defaultPatience: TlsPatience = {
  connectMs: 10_000,
  greetingMs: 30_000,
  replyMs: 15_000,
  handshakeMs: 15_000,
};

export type TlsOutcome =
  | { readonly kind: "tls"; readonly socket: TLSSocket }
  | ({ readonly kind: "failed" } & TlsFailure);

export interface TlsFailure extends Fault {}

export interface TlsUse {
  readonly timer: Timer;
  readonly signal?: AbortSignal | undefined;
  readonly patience?: TlsPatience;
  /** Added to the handshake's options: ciphers, sigalgs, versions. */
  readonly tls?: ConnectionOptions;
}

/** Never rejects for what the network does. Who gets a socket must destroy it. */
export async function openTls(target: TlsTarget, use: TlsUse): Promise<TlsOutcome> {
  const patience = use.patience ?? defaultPatience;
  const lines = new Lines(connect({ host: target.address, port: target.port }), use);
  const fault =
    (await lines.connected(patience.connectMs)) ??
    (target.starttls === "none" ? null : await converse(lines, target.starttls, { client: target.client, patience })) ??
    lines.release();
  if (fault !== null) {
    lines.socket.destroy();
    return failed(fault);
  }
  return shakeHands(lines.socket, target, { ...use, patience });
}

/** Null when TLS may begin. */
async function converse(
  lines: Lines,
  protocol: StarttlsProtocol,
  { client, patience }: { readonly client: string; readonly patience: TlsPatience },
): Promise<Fault | null> {
  const dialog = dialogFor(protocol, client);
  let step = dialog.next();
  while (!step.done) {
    const { send, waitFor } = step.value;
    // What came before its question is no answer to it.
    if (send !== null && lines.unread > 0)
      return { code: "injected", reason: `text stood there before ${send} was said` };
    if (send !== null) lines.socket.write(`${send}\r\n`, "latin1");
    const heard = await lines.next(waitFor === "greeting" ? patience.greetingMs : patience.replyMs, waitFor);
    if (typeof heard !== "string") return heard;
    step = dialog.next(heard);
  }
  const end = step.value;
  return end.kind === "ready" ? null : { code: end.kind, reason: end.reason };
}

async function shakeHands(
  socket: Socket,
  target: TlsTarget,
  { timer, signal, patience, tls = {} }: TlsUse & { readonly patience: TlsPatience },
): Promise<TlsOutcome> {
  // Not `rejectUnauthorized`: the handshake is to show certificates, whoever signed them.
  const secured = tlsConnect({
    ...tls,
    socket,
    rejectUnauthorized: false,
    ...(target.sni === null ? {} : { servername: target.sni }),
  });
  const fault = await new Promise<Fault | null>((resolve) => {
    const settle = (outcome: Fault | null): void => {
      cancel();
      signal?.removeEventListener("abort", onAbort);
      resolve(outcome);
    };
    const onAbort = (): void => settle({ code: "timeout", reason: "stopped" });
    const cancel = timer.after(patience.handshakeMs, () =>
      settle({ code: "timeout", reason: `no TLS handshake within ${patience.handshakeMs / 1000} s` }),
    );
    signal?.addEventListener("abort", onAbort, { once: true });
    secured.once("secureConnect", () => settle(null));
    // For good: an error after the handshake must find a listener too.
    secured.on("error", (error) => settle({ code: "handshake failed", reason: handshakeError(error) }));
    secured.once("close", () => settle({ code: "handshake failed", reason: "the connection was closed" }));
    if (signal?.aborted) onAbort();
  });
  if (fault === null) return { kind: "tls", socket: secured };
  secured.destroy();
  socket.destroy();
  return failed(fault);
}

/** "sslv3 alert handshake failure", out of OpenSSL's line of codes. */
function handshakeError(error: Error): string {
  const { reason, code } = error as NodeJS.ErrnoException & { reason?: string };
  return reason ?? code ?? error.message;
}

function failed({ code, reason }: Fault): TlsOutcome {
  return { kind: "failed", code, reason: printable(reason) };
}

/** A server's words, without what would move a terminal's cursor. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (octet) => `\\x${octet.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
