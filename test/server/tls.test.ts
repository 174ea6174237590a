/** DNS over TLS on real sockets, and those who only want to keep us busy. RFC 7858, RFC 9325. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import { IdentityError, readIdentity, watchIdentity } from "../../src/server/identity.ts";
import { createResponder, type Respond } from "../../src/server/responder.ts";
import { encodeMessage } from "../../src/wire/message.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { fakeResolver, NOW, question } from "./answers.ts";
import { bench, wwwAnswer } from "./bench.ts";
import { closeEncrypted, dialRaw, dialTls, ended, renewedFiles, serveEncrypted, serverFiles } from "./encrypted.ts";
import { query } from "./requests.ts";
import { framed, until } from "./sockets.ts";

afterEach(closeEncrypted);

const echo: Respond = (request) => request.slice();

async function firstsOf(port: number, octets: Uint8Array, count: number): Promise<number[]> {
  const socket = await dialTls(port);
  let got = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    got = Buffer.concat([got, chunk]);
  });
  socket.write(octets);
  await until(() => got.length >= count * 16);
  return Array.from({ length: count }, (_, i) => got[16 * i + 2]!);
}

describe("DNS over TLS", () => {
  it("several questions of one write are answered, as on TCP", async () => {
    const { tls } = await serveEncrypted(echo);
    expect(await firstsOf(tls, Buffer.concat([framed(1), framed(2), framed(3)]), 3)).toEqual([1, 2, 3]);
  });

  it("knows its protocol by ALPN, and no other", async () => {
    const { tls } = await serveEncrypted(echo);
    const socket = await dialTls(tls, { ALPNProtocols: ["dot"] });
    expect(socket.alpnProtocol).toBe("dot");
    expect(socket.getProtocol()).toBe("TLSv1.3");
    await expect(dialTls(tls, { ALPNProtocols: ["smtp"] })).rejects.toThrow(/no application protocol|alert/i);
  });

  it("TLS 1.1 is refused", async () => {
    const { tls } = await serveEncrypted(echo);
    const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" } as const;
    await expect(dialTls(tls, old)).rejects.toThrow();
    expect((await dialTls(tls, { maxVersion: "TLSv1.2" })).getProtocol()).toBe("TLSv1.2");
  });

  it("a session can be resumed, and gives answers again", async () => {
    const { tls } = await serveEncrypted(echo);
    const first = await dialTls(tls);
    const session = await new Promise<Buffer>((resolve) => first.once("session", resolve));
    const second = await dialTls(tls, { session });
    expect(second.isSessionReused()).toBe(true);
    const reply = new Promise<Buffer>((resolve) => second.once("data", resolve));
    second.write(framed(9));
    expect((await reply)[2]).toBe(9);
  });

  it("who is told apart by his address is so here, too", async () => {
    const seen: string[] = [];
    const { tls } = await serveEncrypted((request, from) => {
      seen.push(`${from.transport} ${from.address}`);
      return request.slice();
    });
    await firstsOf(tls, framed(1), 1);
    expect(seen).toEqual(["tls 127.0.0.1"]);
  });
});

describe("padding", () => {
  const padding = { dnssecOk: true, options: [0, 12, 0, 3, 0, 0, 0] };
  const world = { cached: [wwwAnswer] };

  it.each(["tls", "https"] as const)(
    "over %s a question with padding has an answer of 468 octets",
    async (transport) => {
      const { respond } = bench(world);
      const from = { address: "127.0.0.1", port: 40000, transport };
      const reply = (await respond(query({ edns: padding }), from)) as Uint8Array;
      expect(reply).toHaveLength(468);
      const plain = (await respond(query({ edns: { dnssecOk: true } }), from)) as Uint8Array;
      expect(plain.length).toBeLessThan(300);
      // What is before the option is the same message.
      expect(Buffer.from(reply).indexOf(Buffer.from(plain.subarray(12, -2)))).toBe(12);
    },
  );

  it.each(["udp", "tcp"] as const)(
    "over %s there is none: everybody sees the size (RFC 7830 §6)",
    async (transport) => {
      const { respond } = bench(world);
      const from = { address: "127.0.0.1", port: 40000, transport };
      const padded = (await respond(query({ edns: padding }), from)) as Uint8Array;
      const plain = (await respond(query({ edns: { dnssecOk: true } }), from)) as Uint8Array;
      expect(padded).toHaveLength(plain.length);
    },
  );

  it("keepalive is answered over TLS as over TCP (RFC 7828)", async () => {
    const { respond } = bench(world);
    const asking = query({ edns: { options: [0, 11, 0, 0] } });
    const over = (transport: "tls" | "tcp" | "udp") =>
      respond(asking, { address: "127.0.0.1", port: 40000, transport }) as Uint8Array;
    expect(over("tls")).toEqual(over("tcp"));
    expect(over("udp").length).toBe(over("tcp").length - 6);
  });
});

describe("the certificate", () => {
  it("a new one is shown to new connections, and old ones go on", async () => {
    const { listening, tls } = await serveEncrypted(echo);
    const before = await dialTls(tls, { rejectUnauthorized: false });
    listening.useIdentity(readIdentity(renewedFiles));
    const after = await dialTls(tls, { rejectUnauthorized: false });
    expect(after.getPeerCertificate().fingerprint256).not.toBe(before.getPeerCertificate().fingerprint256);
    const reply = new Promise<Buffer>((resolve) => before.once("data", resolve));
    before.write(framed(5));
    expect((await reply)[2]).toBe(5);
  });

  it("files that cannot be used are named", () => {
    const { certificate, key } = serverFiles;
    expect(() => readIdentity({ certificate, key: renewedFiles.key })).toThrow(/does not belong to the certificate/);
    expect(() => readIdentity({ certificate: key, key })).toThrow(/server\.key holds no certificate in PEM/);
    expect(() => readIdentity({ certificate, key: certificate })).toThrow(/server\.pem holds no private key in PEM/);
    expect(() => readIdentity({ certificate: "/nowhere.pem", key })).toThrow(
      new IdentityError("cannot read the TLS certificate from /nowhere.pem: ENOENT"),
    );
    expect(readIdentity(serverFiles).validUntil).toBeGreaterThan(NOW);
  });

  it("is read again when a file changes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rootwalk-identity-"));
    const files = { certificate: join(folder, "c.pem"), key: join(folder, "k.pem") };
    copyFileSync(serverFiles.certificate, files.certificate);
    copyFileSync(serverFiles.key, files.key);
    const stop = new AbortController();
    let changes = 0;
    const watching = watchIdentity(files, {
      clock: systemClock,
      everyMs: 5,
      signal: stop.signal,
      changed: () => {
        changes += 1;
      },
    });
    await systemClock.sleep(30);
    expect(changes).toBe(0);
    writeFileSync(files.key, "other");
    await until(() => changes === 1);
    rmSync(folder, { recursive: true });
    await until(() => changes === 2);
    stop.abort();
    await watching;
  });
});

describe("clients of the worst kind", () => {
  it("garbage instead of a ClientHello ends that connection only", async () => {
    const { tls } = await serveEncrypted(echo);
    for (const garbage of ["GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff", "\0\x0e\x01\0".padEnd(600, "\0")]) {
      const socket = await dialRaw(tls);
      socket.write(Buffer.from(garbage, "latin1"));
      if (garbage.length > 10) await ended(socket);
    }
    expect(await firstsOf(tls, framed(4), 1)).toEqual([4]);
  });

  it("300 handshakes that stop half way keep nobody out, and end", async () => {
    const { tls } = await serveEncrypted(echo, { handshakes: 20, handshakeMs: 400 });
    const honest = await dialTls(tls);
    const half = await Promise.all(Array.from({ length: 300 }, () => dialRaw(tls)));
    // A record that announces 500 octets of ClientHello, and the first of them.
    for (const socket of half) socket.write(Buffer.from([22, 3, 1, 1, 244, 1, 0, 1, 240, 3, 3]));
    expect(await firstsOf(tls, framed(6), 1)).toEqual([6]);
    await Promise.all(half.map(ended));
    const reply = new Promise<Buffer>((resolve) => honest.once("data", resolve));
    honest.write(framed(7));
    expect((await reply)[2]).toBe(7);
  });

  it("who never finishes a message is cut off", async () => {
    const { tls } = await serveEncrypted(echo, { messageMs: 100, idleMs: 100 });
    const socket = await dialTls(tls);
    socket.write(Buffer.of(0xff, 0xff, 1));
    await ended(socket);
  });

  it("one client cannot hold all connections: his own longest idle one ends", async () => {
    const { tls } = await serveEncrypted(echo, { connectionsPerClient: 3 });
    const sockets = [];
    for (let i = 0; i < 4; i++) {
      sockets.push(await dialTls(tls));
      await systemClock.sleep(20);
    }
    await ended(sockets[0]!);
    expect(sockets.slice(1).map((socket) => socket.destroyed)).toEqual([false, false, false]);
  });
});

it("answers too large for a datagram come whole", async () => {
  const records = Array.from({ length: 200 }, (_, i) => ({
    name: question("www.example.", TYPE.TXT).name,
    type: TYPE.TXT,
    class: 1,
    ttl: 60,
    rdata: Uint8Array.from([100, ...new Array<number>(100).fill(65 + (i % 26))]),
  }));
  const flags = { qr: true, aa: false, tc: false, rd: true, ra: true, ad: false, cd: false };
  const message = encodeMessage({
    ...flags,
    id: 1,
    opcode: 0,
    rcode: 0,
    question: [question("www.example.", TYPE.TXT)],
    answer: records,
    authority: [],
    additional: [],
    edns: null,
  });
  const { tls } = await serveEncrypted(() => message);
  const socket = await dialTls(tls);
  let size = 0;
  socket.on("data", (chunk: Buffer) => {
    size += chunk.length;
  });
  socket.write(framed(1));
  await until(() => size === message.length + 2);
});

it("access rules hold on TLS: strangers are refused", async () => {
  const responder = createResponder({ resolver: fakeResolver({}), clock: systemClock });
  const from = { address: "192.0.2.9", port: 1, transport: "tls" } as const;
  const reply = (await responder.respond(query(), from)) as Uint8Array;
  expect(reply[3]! & 15).toBe(5);
});
