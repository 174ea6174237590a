/** Servers on 127.0.0.1 that behave as a test wants, and the questions put to them. */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { setMaxListeners } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Ask, ServerAddress } from "../../src/env/env.ts";
import { systemClock, systemRandom } from "../../src/env/system.ts";
import { type SystemExchange, type SystemExchangeOptions, systemExchange } from "../../src/net/exchange.ts";
import { FrameDecoder, frame, plainOctets } from "../../src/net/frames.ts";
import { decodeMessage, encodeMessage, type Message } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { answerTo } from "./messages.ts";

export const never = new AbortController().signal;
setMaxListeners(0, never); // Node 20 warns above 10

export function askOf(server: ServerAddress, changes: Partial<Ask> = {}): Ask {
  return {
    server,
    transport: "udp",
    question: { name: Name.parse("www.Example.com."), type: 1, class: 1 },
    rd: false,
    cd: true,
    edns: { udpSize: 1232, options: [] },
    timeoutMs: 1000,
    ...changes,
  };
}

/** The answer to a query, as octets: same id, same question. */
export function answer(query: Uint8Array, changes: Partial<Message> = {}): Uint8Array {
  const { id, question } = decodeMessage(query);
  return encodeMessage(answerTo(question[0]!, { id, ...changes }));
}

export function withId(octets: Uint8Array, id: number): Uint8Array {
  const changed = octets.slice();
  changed[0] = id >>> 8;
  changed[1] = id;
  return changed;
}

export interface Loopback extends AsyncDisposable {
  readonly server: ServerAddress;
  close(): Promise<void>;
}

export interface UdpServer extends Loopback {
  readonly socket: UdpSocket;
}

export type OnDatagram = (query: Uint8Array, reply: (octets: Uint8Array) => void, from: RemoteInfo) => void;

export function udpServer(onDatagram: OnDatagram, address = "127.0.0.1"): Promise<UdpServer> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("message", (query, from) => {
    onDatagram(plainOctets(query), (octets) => socket.send(octets, from.port, from.address), from);
  });
  const close = (): Promise<void> => new Promise((resolve) => socket.close(() => resolve()));
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.bind(0, address, () => {
      resolve({ socket, server: { address, port: socket.address().port }, close, [Symbol.asyncDispose]: close });
    });
  });
}

export interface TcpServer extends Loopback {
  readonly accepted: Socket[];
}

/** `onConnection` gets the bare socket. */
export function tcpServer(onConnection: (socket: Socket, index: number) => void): Promise<TcpServer> {
  const accepted: Socket[] = [];
  const server: Server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    accepted.push(socket);
    onConnection(socket, accepted.length - 1);
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of accepted) socket.destroy();
    });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      resolve({ accepted, server: { address: "127.0.0.1", port }, close, [Symbol.asyncDispose]: close });
    });
  });
}

export type OnQuery = (query: Uint8Array, reply: (octets: Uint8Array) => void, socket: Socket) => void;

/** Whole queries instead of a bare socket. */
export function dnsOverTcpServer(onQuery: OnQuery): Promise<TcpServer> {
  return tcpServer((socket) => {
    const decoder = new FrameDecoder();
    socket.on("data", (chunk) => {
      for (const query of decoder.push(chunk)) onQuery(query, (octets) => socket.write(frame(octets)), socket);
    });
  });
}

export function realExchange(changes: Partial<SystemExchangeOptions> = {}): SystemExchange {
  return systemExchange({ clock: systemClock, random: systemRandom, settings: { randomCase: false }, ...changes });
}

/** The kinds of sockets and timers that the process has open, one entry for each, once earlier tests' have gone. */
export async function openHandles(): Promise<readonly string[]> {
  await systemClock.sleep(20);
  return process.getActiveResourcesInfo().filter((kind) => /^(UDP|TCP)|Timeout/.test(kind));
}

/** What is open now and was not before. */
export async function openedSince(before: readonly string[]): Promise<readonly string[]> {
  const left = [...before];
  return (await openHandles()).filter((kind) => {
    const at = left.indexOf(kind);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
