/** DNS over TLS and HTTPS by several processes: every one of them serves both, and takes up a renewed certificate. */
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import type { ClientHttp2Session } from "node:http2";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Told } from "../../src/daemon/commands.ts";
import { decodeMessage, type Message } from "../../src/wire/message.ts";
import {
  askHttp2,
  closeEncrypted,
  dialHttp2,
  dialTls,
  ended,
  getOf,
  renewedFiles,
  serverFiles,
} from "../server/encrypted.ts";
import { query } from "../server/requests.ts";
import { type Lab, main, type Running, rootwalk, startDaemon, startLab } from "./process.ts";

let lab: Lab;
let running: Running | null = null;
beforeAll(async () => {
  lab = await startLab();
});
afterEach(async () => {
  await closeEncrypted();
  running?.child.kill("SIGTERM");
  await running?.ended;
  running = null;
});
afterAll(() => lab.close());

const WORKERS = 2;
const ctl = (...args: string[]) => rootwalk("ctl", "--control-socket", join(lab.dir, "control.sock"), ...args);

/** The certificate and key that the daemon is told of become these. */
function install(files: typeof serverFiles): void {
  copyFileSync(files.certificate, join(lab.dir, "tls.pem"));
  copyFileSync(files.key, join(lab.dir, "tls.key"));
}

async function start(): Promise<{ readonly tls: number; readonly https: number }> {
  install(serverFiles);
  const { dir } = lab;
  const anyPort = (option: string): string => `${option} = ["127.0.0.1:0"]`;
  running = await startDaemon(
    lab.configure(
      `workers = ${WORKERS}\n${["listen", "tls-listen", "https-listen"].map(anyPort).join("\n")}
tls-certificate = "${join(dir, "tls.pem")}"\ntls-key = "${join(dir, "tls.key")}"`,
    ),
  );
  const [, tls, https] = /tls:\/\/127\.0\.0\.1:(\d+) https:\/\/127\.0\.0\.1:(\d+)\/dns-query/.exec(running.out()) ?? [];
  return { tls: Number(tls), https: Number(https) };
}

async function askTls(socket: TLSSocket, name: string): Promise<Message> {
  const question = query({ name, ad: true });
  let got = Buffer.alloc(0);
  const reply = new Promise<Buffer>((resolve, reject) => {
    socket.on("data", (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
      if (got.length >= 2 && got.length === 2 + got.readUInt16BE()) resolve(got.subarray(2));
    });
    socket.once("close", () => reject(new Error("closed without an answer")));
  });
  socket.write(Buffer.concat([Buffer.from([question.length >> 8, question.length & 255]), question]));
  const message = decodeMessage(await reply);
  socket.removeAllListeners("data");
  return message;
}

async function askHttps(session: ClientHttp2Session, name: string): Promise<Message> {
  const { status, body } = await askHttp2(session, getOf(query({ name, ad: true })));
  expect(status).toBe(200);
  return decodeMessage(body);
}

/** Replies by transport, of each worker. */
async function repliesOf(transport: string): Promise<readonly number[]> {
  const { told } = JSON.parse((await ctl("--json", "status")).out) as { readonly told: readonly Told[] };
  return told
    .flatMap((each) => (each.do === "status" ? [each.status.tallied] : []))
    .map((tallied) =>
      Object.entries(tallied)
        .filter(([key]) => key.startsWith(`answers ${transport} `))
        .reduce((sum, [, count]) => sum + count, 0),
    );
}

const certificateOf = (files: typeof serverFiles): string => readFileSync(files.certificate, "utf8");

describe.skipIf(!existsSync(main))("two processes", { timeout: 60_000 }, () => {
  it("both answer over TLS and HTTPS, and end connections in order when they are told to stop", async () => {
    const { tls, https } = await start();
    const sockets: TLSSocket[] = [];
    const sessions: ClientHttp2Session[] = [];
    // node:cluster hands connections to its workers in turn.
    for (let i = 0; i < 2 * WORKERS; i++) {
      const socket = await dialTls(tls, { ALPNProtocols: ["dot"] });
      sockets.push(socket);
      expect(await askTls(socket, `tls${i}.wild.good.lab.`)).toMatchObject({ rcode: 0, ad: true });
      expect(await askTls(socket, `again${i}.wild.good.lab.`)).toMatchObject({ rcode: 0, ad: true });
    }
    for (let i = 0; i < 2 * WORKERS; i++) {
      const session = await dialHttp2(https);
      sessions.push(session);
      expect(await askHttps(session, `https${i}.wild.good.lab.`)).toMatchObject({ rcode: 0, ad: true });
    }
    for (const [transport, replies] of [
      ["tls", 4 * WORKERS],
      ["https", 2 * WORKERS],
    ] as const) {
      const each = await repliesOf(transport);
      expect(each.filter((count) => count > 0)).toHaveLength(WORKERS);
      expect(each.reduce((sum, count) => sum + count, 0)).toBe(replies);
    }
    const errors: Error[] = [];
    for (const each of [...sockets, ...sessions]) each.on("error", (error: Error) => errors.push(error));
    const over = [...sockets.map(ended), ...sessions.map((each) => new Promise((done) => each.once("close", done)))];
    running!.child.kill("SIGTERM");
    await Promise.all(over);
    expect(await running!.ended).toBe(0);
    expect(errors).toEqual([]);
    expect(running!.err()).not.toMatch(/error|died|internal/i);
  });

  it("both take up a renewed certificate when they read their configuration again", async () => {
    const { tls, https } = await start();
    const standing = await dialTls(tls);
    install(renewedFiles);
    expect(await ctl("reload")).toMatchObject({ code: 0 });
    const renewed = { ca: certificateOf(renewedFiles) };
    for (let i = 0; i < 2 * WORKERS; i++) {
      const socket = await dialTls(tls, renewed);
      expect(socket.authorized).toBe(true);
      expect(await askTls(socket, `tls${i}.wild.good.lab.`)).toMatchObject({ rcode: 0, ad: true });
      expect((await dialTls(https, { ...renewed, ALPNProtocols: ["h2"] })).alpnProtocol).toBe("h2");
    }
    expect((await repliesOf("tls")).filter((count) => count > 0)).toHaveLength(WORKERS);
    // Who had come before is not sent away.
    expect(await askTls(standing, "standing.wild.good.lab.")).toMatchObject({ rcode: 0, ad: true });
    await expect(dialTls(tls)).rejects.toThrow(/self-signed|certificate/);
  });

  it("a certificate that does not fit its key changes nothing in either", async () => {
    const { tls } = await start();
    copyFileSync(renewedFiles.certificate, join(lab.dir, "tls.pem"));
    expect(await ctl("reload")).toMatchObject({
      code: 1,
      err: expect.stringContaining("does not belong to the certificate"),
    });
    for (let i = 0; i < 2 * WORKERS; i++) expect((await dialTls(tls)).authorized).toBe(true);
  });
});
