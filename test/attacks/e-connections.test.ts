/** ATTACKS on real sockets: the daemon's listeners before the whole resolver, and clients of the worst kind. */
import { createSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock, systemRandom } from "../../src/env/system.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { createResolver } from "../../src/resolver/create.ts";
import { type Listening, listen } from "../../src/server/listeners.ts";
import { createResponder } from "../../src/server/responder.ts";
import { decodeMessage, encodeQuery } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, TYPE } from "../../src/wire/registry.ts";

let listening: Listening;
let port = 0;
const sockets: Socket[] = [];
const closers: (() => Promise<unknown>)[] = [];

const limits = { idleMs: 400, messageMs: 400 };
const worldAt = (slowMs: number) =>
  buildWorld({ ...soundWorld, servers: [{ name: "ns.plain.lab.", latencyMs: slowMs }] }, systemClock.unixSeconds(), {
    clock: systemClock,
    network: "193.53",
  });

beforeEach(async () => {
  const world = worldAt(150);
  const env = { clock: systemClock, random: systemRandom, exchange: world.exchange, emit: () => {} };
  const resolver = createResolver({ env, rootHints: world.hints, trustAnchors: world.anchors });
  closers.push(() => resolver.close());
  const responder = createResponder({ resolver, clock: systemClock });
  listening = await listen(responder, [{ address: "127.0.0.1", port: 0 }], { clock: systemClock, limits });
  closers.push(() => listening.close());
  port = listening.addresses[0]!.port;
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const close of closers.splice(0).reverse()) await close();
});

const query = (name: string, id = 1): Buffer =>
  Buffer.from(
    encodeQuery({
      id,
      question: { name: Name.parse(name), type: TYPE.A, class: CLASS.IN },
      rd: true,
      cd: false,
      edns: null,
    }),
  );
const framed = (octets: Buffer): Buffer =>
  Buffer.concat([Buffer.from([octets.length >> 8, octets.length & 255]), octets]);

async function dial(): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => {});
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.once("connect", resolve).once("close", () => resolve()));
  return socket;
}

async function overTcp(name: string): Promise<number> {
  const socket = await dial();
  const startMs = performance.now();
  socket.write(framed(query(name)));
  const reply = await new Promise<Buffer>((resolve, reject) => {
    socket.once("data", resolve);
    socket.once("close", () => reject(new Error("closed")));
  });
  expect(decodeMessage(reply.subarray(2)).answer.length).toBeGreaterThan(0);
  return performance.now() - startMs;
}

describe("A-95: TCP", () => {
  test("A-95: 400 idle connections, 20 that dribble, one that reads nothing: who asks is answered", async () => {
    const dials = Array.from({ length: 400 }, dial);
    await Promise.all(dials);
    const dribbling = await Promise.all(Array.from({ length: 20 }, dial));
    for (const socket of dribbling) socket.write(Buffer.from([0xff, 0xff, 1]));
    const deaf = await dial();
    deaf.pause();
    for (let i = 0; i < 2000; i++) deaf.write(framed(query("www.good.lab", i)));
    expect(await overTcp("www.good.lab")).toBeLessThan(1500);
    expect(await overTcp("mx.good.lab")).toBeLessThan(1500);
    const over = new Set<Socket>();
    for (const socket of dribbling) socket.once("close", () => over.add(socket));
    for (let waited = 0; waited < 3000 && over.size < dribbling.length; waited += 50) {
      for (const socket of dribbling) if (!socket.destroyed) socket.write(Buffer.of(7));
      await systemClock.sleep(50);
    }
    expect(over.size, "dribbling ends with the time for one message").toBe(dribbling.length);
  });
});

describe("A-75: UDP", () => {
  test("A-75: the same datagram sent 200 times while it is being answered has one answer", async () => {
    const socket = createSocket("udp4");
    closers.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
    let answers = 0;
    socket.on("message", () => {
      answers += 1;
    });
    await new Promise<void>((resolve) => socket.connect(port, "127.0.0.1", resolve));
    for (let i = 0; i < 200; i++) socket.send(query("host.plain.lab", 77));
    await systemClock.sleep(900);
    expect(answers).toBe(1);
    socket.send(query("host.plain.lab", 77));
    await systemClock.sleep(100);
    expect(answers, "asked again later, it is answered again").toBe(2);
  });
});
