/** Listeners for TLS and HTTPS before a responder of the test's own, and clients for them. */
import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders, type Settings } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/env/system.ts";
import { type IdentityFiles, readIdentity } from "../../src/server/identity.ts";
import type { ServerLimits } from "../../src/server/limits.ts";
import { type Listening, listen } from "../../src/server/listeners.ts";
import type { Respond } from "../../src/server/responder.ts";

const file = (name: string): string => fileURLToPath(new URL(`certificates/${name}`, import.meta.url));
export const serverFiles: IdentityFiles = { certificate: file("server.pem"), key: file("server.key") };
export const renewedFiles: IdentityFiles = { certificate: file("renewed.pem"), key: file("renewed.key") };
export const authority = readFileSync(serverFiles.certificate, "utf8");

const closers: (() => Promise<void> | void)[] = [];

export async function closeEncrypted(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

export interface Served {
  readonly listening: Listening;
  readonly tls: number;
  readonly https: number;
}

export async function serveEncrypted(respond: Respond, limits: Partial<ServerLimits> = {}): Promise<Served> {
  const listening = await listen(
    { respond },
    [
      { address: "127.0.0.1", port: 0, serves: "tls" },
      { address: "127.0.0.1", port: 0, serves: "https" },
    ],
    { clock: systemClock, limits, identity: readIdentity(serverFiles) },
  );
  closers.push(() => listening.close());
  return { listening, tls: listening.tlsAddresses[0]!.port, https: listening.httpsAddresses[0]!.port };
}

/** Resolves when the handshake is through; rejects with what went wrong. */
export function dialTls(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls(
      { host: "127.0.0.1", port, ca: authority, servername: "resolver.example", ...options },
      () => resolve(socket),
    );
    socket.once("error", reject);
    closers.push(() => {
      socket.destroy();
    });
  });
}

export function dialRaw(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: "127.0.0.1", port }, () => {
      socket.removeListener("error", reject);
      socket.on("error", () => {});
      resolve(socket);
    });
    socket.once("error", reject);
    closers.push(() => {
      socket.destroy();
    });
  });
}

export const ended = (socket: Socket): Promise<void> =>
  socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once("close", () => resolve()));

export async function dialHttp2(port: number, settings: Settings = {}): Promise<ClientHttp2Session> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, {
    ca: authority,
    servername: "resolver.example",
    settings,
  });
  closers.push(() => {
    session.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    session.once("error", reject);
    session.once("connect", () => resolve());
  });
  session.on("error", () => {});
  return session;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** One request; rejects if it is broken off. */
export function askHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: Uint8Array,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined });
    const chunks: Buffer[] = [];
    let response: OutgoingHttpHeaders | null = null;
    stream.on("response", (got) => {
      response = got;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () => {
      if (response === null) reject(new Error("no answer"));
      else resolve({ status: Number(response[":status"]), headers: response, body: Buffer.concat(chunks) });
    });
    if (body !== undefined) stream.end(body);
  });
}

export const getOf = (question: Uint8Array): OutgoingHttpHeaders => ({
  ":path": `/dns-query?dns=${Buffer.from(question).toString("base64url")}`,
});

export const postHeaders: OutgoingHttpHeaders = {
  ":method": "POST",
  ":path": "/dns-query",
  "content-type": "application/dns-message",
};
