/**
 * A lab world on real sockets: each server on its own address in 127/8, all on one port, UDP and TCP. Linux routes all of
 * 127/8 to the machine itself; other systems need the addresses added to the loopback interface first.
 */
import { createSocket, type Socket } from "node:dgram";
import { createServer, type Server, type Socket as Stream } from "node:net";
import type { Ask, Exchange } from "../env/env.ts";
import type { World } from "./world.ts";

export interface Listening {
  readonly port: number;
  /** The same exchange, with questions for the world's servers sent to the port on which they listen. */
  through(exchange: Exchange): Exchange;
  close(): Promise<void>;
}

/** Ports tried before giving up, where any will do. */
const TRIES = 20;

/** `port` 0: any port that is free on all addresses. Rejects with the system's error if an address cannot be bound. */
export async function listen(world: World, { port = 5353 }: { readonly port?: number } = {}): Promise<Listening> {
  const addresses = world.servers.flatMap((server) => server.addresses);
  for (let tries = 1; ; tries++) {
    try {
      return await listenOn(world, addresses, port);
    } catch (error) {
      if (port !== 0 || tries === TRIES || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

async function listenOn(world: World, addresses: readonly string[], wanted: number): Promise<Listening> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(closers.splice(0).map((end) => end()));
  };
  let port = wanted;
  try {
    for (const address of addresses) {
      const streams = await bindTcp(world, address, port);
      closers.push(streams.close);
      port = streams.port;
      closers.push(await bindUdp(world, address, port));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const served = new Set(addresses);
  const redirected = (ask: Ask): Ask =>
    served.has(ask.server.address) ? { ...ask, server: { ...ask.server, port } } : ask;
  return { port, close, through: (exchange) => (ask, signal) => exchange(redirected(ask), signal) };
}

function bindUdp(world: World, address: string, port: number): Promise<() => Promise<void>> {
  const socket: Socket = createSocket("udp4");
  socket.on("message", (octets, from) => {
    const reply = world.answer(octets, address, "udp");
    // The client may be gone; that is its affair.
    if (reply !== null) socket.send(reply, from.port, from.address, () => {});
  });
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => {
      socket.close();
      reject(error);
    });
    socket.bind(port, address, () => {
      socket.removeAllListeners("error").on("error", () => {});
      resolve(() => new Promise((done) => socket.close(() => done())));
    });
  });
}

interface BoundStreams {
  readonly port: number;
  readonly close: () => Promise<void>;
}

function bindTcp(world: World, address: string, port: number): Promise<BoundStreams> {
  const streams = new Set<Stream>();
  const server: Server = createServer((stream) => {
    streams.add(stream);
    stream.on("close", () => streams.delete(stream)).on("error", () => stream.destroy());
    serveStream(world, address, stream);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => {
      const bound = server.address();
      if (bound === null || typeof bound === "string") throw new TypeError(`${address} was bound to no port`);
      server.removeAllListeners("error").on("error", () => {});
      const close = (): Promise<void> => {
        for (const stream of streams) stream.destroy();
        return new Promise((done) => server.close(() => done()));
      };
      resolve({ port: bound.port, close });
    });
  });
}

/** RFC 7766 §8: two octets of length before each message; several may wait in one segment. */
function serveStream(world: World, address: string, stream: Stream): void {
  let pending = Buffer.alloc(0);
  stream.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const reply = world.answer(pending.subarray(2, end), address, "tcp");
      pending = pending.subarray(end);
      if (reply === null) continue;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      stream.write(Buffer.concat([length, reply]));
    }
  });
}
