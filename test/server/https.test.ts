/** DNS over HTTPS on real sockets, and those who abuse HTTP/2. RFC 8484; RFC 9113 §10.5. */
import { constants, type OutgoingHttpHeaders } from "node:http2";
import { request } from "node:https";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import type { Respond } from "../../src/server/responder.ts";
import { bench, wwwAnswer } from "./bench.ts";
import {
  askHttp2,
  authority,
  closeEncrypted,
  dialHttp2,
  dialTls,
  ended,
  getOf,
  postHeaders,
  serveEncrypted,
} from "./encrypted.ts";
import { query } from "./requests.ts";
import { until } from "./sockets.ts";

afterEach(closeEncrypted);

const known = (): Respond => bench({ cached: [wwwAnswer] }).respond;
const never: Respond = () => new Promise(() => {});

interface Http1 {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
}

function askHttp1(port: number, { method = "GET", path, headers = {}, body }: Http1) {
  return new Promise<{ status: number; type: string | undefined; body: Buffer }>((resolve, reject) => {
    const asking = request(
      { host: "127.0.0.1", port, path, method, headers, ca: authority, servername: "resolver.example", agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode!,
            type: response.headers["content-type"],
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    asking.on("error", reject);
    asking.end(body);
  });
}

describe("over HTTP/2", () => {
  it("GET and POST give the same answer, with its lifetime and the id that was sent", async () => {
    const { https } = await serveEncrypted(known());
    const session = await dialHttp2(https);
    const asked = query({ id: 0, edns: { dnssecOk: true } });
    const got = await askHttp2(session, getOf(asked));
    expect(got).toMatchObject({ status: 200 });
    expect(got.headers).toMatchObject({ "content-type": "application/dns-message", "cache-control": "max-age=300" });
    expect(Number(got.headers["content-length"])).toBe(got.body.length);
    expect(got.body.readUInt16BE(0)).toBe(0);
    const posted = await askHttp2(session, postHeaders, asked);
    expect(posted.body).toEqual(got.body);
  });

  it("a slow question does not hold back a quick one", async () => {
    const slow: (() => void)[] = [];
    const respond: Respond = (octets) =>
      octets[1] === 1 ? new Promise((resolve) => slow.push(() => resolve(octets.slice()))) : octets.slice();
    const { https } = await serveEncrypted(respond);
    const session = await dialHttp2(https);
    const first = askHttp2(session, getOf(query({ id: 1 })));
    expect((await askHttp2(session, getOf(query({ id: 2 })))).body[1]).toBe(2);
    slow[0]!();
    expect((await first).body[1]).toBe(1);
  });

  it("what is no question has its status", async () => {
    const { https } = await serveEncrypted(known(), { httpQueryOctets: 512 });
    const session = await dialHttp2(https);
    const status = async (...[headers, body]: [OutgoingHttpHeaders, Uint8Array?]) =>
      (await askHttp2(session, headers, body)).status;
    const post = postHeaders;
    expect(await status({ ":path": "/" })).toBe(404);
    expect(await status({ ":path": "/dns-query", ":method": "DELETE" })).toBe(405);
    expect(await status({ ":path": "/dns-query?dns=x" })).toBe(400);
    expect(await status({ ...post, "content-type": "text/plain" }, Buffer.of(1))).toBe(415);
    expect(await status(post, new Uint8Array(600))).toBe(413);
    expect(await status({ ":path": `/dns-query?dns=${"A".repeat(2000)}` })).toBe(414);
    expect(await status(post, Buffer.of(1, 2, 3)), "three octets").toBe(400);
    expect(await status(getOf(query({ qr: true }))), "a reply").toBe(400);
  });

  it("a client that is gone is no longer worked for", async () => {
    const signals: AbortSignal[] = [];
    const { https } = await serveEncrypted((_, from) => {
      signals.push(from.signal!);
      return new Promise(() => {});
    });
    const session = await dialHttp2(https);
    const stream = session.request(getOf(query()));
    stream.on("error", () => {});
    void askHttp2(session, getOf(query())).catch(() => {});
    await until(() => signals.length === 2);
    stream.close(constants.NGHTTP2_CANCEL);
    await until(() => signals[0]!.aborted);
    expect(signals[1]!.aborted).toBe(false);
    session.destroy();
    await until(() => signals[1]!.aborted);
  });

  it("what is being answered when we stop is still answered", async () => {
    const release: (() => void)[] = [];
    const respond: Respond = (octets) => new Promise((resolve) => release.push(() => resolve(octets.slice())));
    const { https, listening } = await serveEncrypted(respond);
    const session = await dialHttp2(https);
    const asked = askHttp2(session, getOf(query()));
    await until(() => release.length === 1);
    const closed = listening.close();
    release[0]!();
    expect((await asked).status).toBe(200);
    await closed;
  });
});

describe("over HTTP/1.1", () => {
  it("GET and POST are answered", async () => {
    const { https } = await serveEncrypted(known());
    const asked = query();
    const got = await askHttp1(https, { path: getOf(asked)[":path"] as string });
    expect(got).toMatchObject({ status: 200, type: "application/dns-message" });
    const posted = await askHttp1(https, {
      method: "POST",
      path: "/dns-query",
      headers: { "content-type": "application/dns-message" },
      body: asked,
    });
    expect(posted.body).toEqual(got.body);
  });

  it("what is no question has its status", async () => {
    const { https } = await serveEncrypted(known());
    expect((await askHttp1(https, { path: "/" })).status).toBe(404);
    expect((await askHttp1(https, { path: "/dns-query", method: "PATCH" })).status).toBe(405);
    const headers = { "content-type": "application/dns-message" };
    const body = new Uint8Array(100_000);
    expect((await askHttp1(https, { method: "POST", path: "/dns-query", headers, body })).status).toBe(413);
    expect((await askHttp1(https, { path: "/", headers: { x: "y".repeat(10_000) } })).status).toBe(431);
  });

  it("headers that dribble, and questions without an end, are cut off", async () => {
    const { https } = await serveEncrypted(never, { idleMs: 150, messageMs: 150 });
    const dribbling = await dialTls(https, { ALPNProtocols: ["http/1.1"] });
    dribbling.on("error", () => {});
    dribbling.write("GET / HTTP/1.1\r\nx: ");
    const started = performance.now();
    const timer = setInterval(() => dribbling.writable && dribbling.write("y"), 30);
    await ended(dribbling);
    clearInterval(timer);
    expect(performance.now() - started).toBeLessThan(2000);
    const endless = await dialTls(https, { ALPNProtocols: ["http/1.1"] });
    endless.on("error", () => {});
    endless.write(
      "POST /dns-query HTTP/1.1\r\nhost: x\r\ncontent-type: application/dns-message\r\ncontent-length: 99\r\n\r\nab",
    );
    await ended(endless);
  });

  it("a thousand requests in one segment do not wait together", async () => {
    let most = 0;
    const { https } = await serveEncrypted(() => {
      most += 1;
      return new Promise(() => {});
    });
    const socket = await dialTls(https, { ALPNProtocols: ["http/1.1"] });
    socket.on("error", () => {});
    const path = getOf(query())[":path"] as string;
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(1000));
    await ended(socket);
    expect(most).toBeLessThanOrEqual(100);
  });
});

describe("clients of the worst kind", () => {
  it("streams opened and reset at once end the connection, and others are served (CVE-2023-44487)", async () => {
    const signals: AbortSignal[] = [];
    const { https } = await serveEncrypted((octets, from) => {
      if (octets[1] === 7) return octets.slice();
      signals.push(from.signal!);
      return new Promise(() => {});
    });
    const session = await dialHttp2(https);
    const goesOn = (): boolean => !session.destroyed && !session.closed;
    for (let round = 0; round < 40 && goesOn(); round++) {
      for (let i = 0; i < 50 && goesOn(); i++) {
        const stream = session.request(getOf(query({ id: 1 })));
        stream.on("error", () => {});
        stream.close(constants.NGHTTP2_CANCEL);
      }
      await systemClock.sleep(2);
    }
    // Node's own client does not always notice that its connection is gone.
    await until(() => signals.every((signal) => signal.aborted));
    expect(signals.length).toBeLessThan(400);
    expect((await askHttp2(await dialHttp2(https), getOf(query({ id: 7 })))).status).toBe(200);
  });

  it("a connection has so many streams at once and no more", async () => {
    let waiting = 0;
    const { https } = await serveEncrypted(
      () => {
        waiting += 1;
        return new Promise(() => {});
      },
      { pipelined: 10 },
    );
    const session = await dialHttp2(https);
    await until(() => session.remoteSettings?.maxConcurrentStreams === 10);
    for (let i = 0; i < 3000; i++) session.request(getOf(query())).on("error", () => {});
    await systemClock.sleep(200);
    expect(waiting).toBeLessThanOrEqual(10);
  });

  it("huge headers are not taken", async () => {
    const { https } = await serveEncrypted(known());
    const session = await dialHttp2(https);
    expect((await askHttp2(session, { ...getOf(query()), x: "y".repeat(60_000) })).status).toBe(431);
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-${i}`, "y"]));
    await expect(askHttp2(await dialHttp2(https), { ...getOf(query()), ...many })).rejects.toThrow();
    expect((await askHttp2(await dialHttp2(https), getOf(query()))).status).toBe(200);
  });

  it("a body that dribbles is broken off, and the connection goes on", async () => {
    const { https } = await serveEncrypted(known(), { messageMs: 150 });
    const session = await dialHttp2(https);
    const stream = session.request(postHeaders, { endStream: false });
    stream.on("error", () => {});
    const timer = setInterval(() => stream.writable && stream.write(Buffer.of(0)), 20);
    await new Promise((resolve) => stream.once("close", resolve));
    clearInterval(timer);
    expect((await askHttp2(session, getOf(query()))).status).toBe(200);
  });

  it("a client that opens no window for its answers is cut off", async () => {
    const big = new Uint8Array(60_000);
    big[2] = 0x80;
    const { https } = await serveEncrypted(() => big, { unwrittenOctets: 200_000 });
    const session = await dialHttp2(https, { initialWindowSize: 0 });
    const closed = new Promise((resolve) => session.once("close", resolve));
    for (let i = 0; i < 20; i++) session.request(getOf(query())).on("error", () => {});
    await closed;
  });

  it("pings are no progress: an idle connection ends", async () => {
    const { https } = await serveEncrypted(known(), { idleMs: 150 });
    const session = await dialHttp2(https);
    const closed = new Promise((resolve) => session.once("close", resolve));
    const timer = setInterval(() => session.destroyed || session.ping(() => {}), 20);
    await closed;
    clearInterval(timer);
  });
});
