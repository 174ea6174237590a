/** The daemon's sockets: UDP and TCP on the same addresses, framing only. RFC 1035 §4.2, RFC 7766. */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { createServer, isIPv6, type Server, type Socket } from "node:net";
import type { Clock, ServerAddress } from "../env/env.ts";
import { loopbackRules } from "./access.ts";
import { serverAddressText } from "./addresses.ts";
import { type ServerLimits, serverLimitsWith } from "./limits.ts";
import type { Responder } from "./responder.ts";
import { StreamConnection } from "./stream.ts";

export interface ListenOptions {
  readonly clock: Clock;
  readonly limits?: Partial<ServerLimits>;
  /** What a socket reports after it was opened; serving goes on. */
  readonly onFault?: (where: string, error: Error) => void;
}

export interface ListenAddress extends ServerAddress {
  /** Left out where this machine does not have the address or its family: `::1` without IPv6. */
  readonly optional?: boolean;
}

export interface Listening {
  /** As opened: port 0 has become a real one. */
  readonly addresses: readonly ServerAddress[];
  /** Optional addresses that this machine does not have. */
  readonly leftOut: readonly ListenError[];
  /** Accepts nothing more, lets what is being answered finish for a moment, then closes all. Idempotent. */
  close(): Promise<void>;
}

/** Why an address could not be opened, and what to do about it, as one sentence. `code` is the system's. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: string;
  readonly server: ServerAddress;

  constructor(server: ServerAddress, transport: "UDP" | "TCP", cause: NodeJS.ErrnoException) {
    const code = cause.code ?? "EUNKNOWN";
    super(`cannot listen on ${serverAddressText(server)} (${transport}): ${adviceFor(code, server, cause)}`, { cause });
    this.code = code;
    this.server = server;
  }
}

/** Opens all or none. Rejects with ListenError. */
export async function listen(
  responder: Responder,
  addresses: readonly ListenAddress[],
  options: ListenOptions,
): Promise<Listening> {
  if (addresses.length === 0) throw new TypeError("no address to listen on");
  const limits = serverLimitsWith(options.limits ?? {});
  const doors: Door[] = [];
  const connections = new Set<StreamConnection>();
  const shared: Shared = { responder, limits, options, connections };
  const leftOut: ListenError[] = [];
  try {
    for (const address of addresses) {
      try {
        doors.push(await openDoor(address, shared));
      } catch (error) {
        if (!(error instanceof ListenError) || !address.optional || !isNotHere(error.code)) throw error;
        leftOut.push(error);
      }
    }
  } catch (error) {
    for (const door of doors) await door.close();
    throw error;
  }
  const stopped = new AbortController();
  void sweepConnections(connections, { limits, clock: options.clock, signal: stopped.signal });
  let closed: Promise<void> | null = null;
  return {
    addresses: doors.map((door) => door.address),
    leftOut,
    close() {
      closed ??= stop(doors, shared).finally(() => stopped.abort());
      return closed;
    },
  };
}

function isNotHere(code: string): boolean {
  return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
}

interface Shared {
  readonly responder: Responder;
  readonly limits: ServerLimits;
  readonly options: ListenOptions;
  readonly connections: Set<StreamConnection>;
}

/** One address, both transports. */
interface Door {
  readonly address: ServerAddress;
  stopReading(): void;
  /** Datagrams that are being answered. */
  pending(): number;
  close(): Promise<void>;
}

async function openDoor(address: ServerAddress, shared: Shared): Promise<Door> {
  // With port 0 TCP chooses, and the same UDP port may be taken: choose again.
  for (let tries = 1; ; tries++) {
    const tcp = await openTcp(address, shared);
    const bound: ServerAddress = { address: address.address, port: (tcp.address() as { port: number }).port };
    try {
      const udp = await openUdp(bound, shared);
      return {
        address: bound,
        stopReading() {
          udp.stopReading();
          tcp.close();
        },
        pending: udp.pending,
        async close() {
          if (tcp.listening) tcp.close();
          await udp.close();
        },
      };
    } catch (error) {
      await new Promise((resolve) => tcp.close(resolve));
      const taken = error instanceof ListenError && error.code === "EADDRINUSE";
      if (address.port !== 0 || !taken || tries === 10) throw error;
    }
  }
}

interface UdpDoor {
  stopReading(): void;
  pending(): number;
  close(): Promise<void>;
}

async function openUdp(address: ServerAddress, shared: Shared): Promise<UdpDoor> {
  const family = isIPv6(address.address) ? 6 : 4;
  const socket = createSocket({
    // No reuseAddr: a second process that binds the port would take every datagram (measured, Node 20, Linux).
    type: family === 6 ? "udp6" : "udp4",
    ...(family === 6 ? { ipv6Only: true } : {}),
    // Addresses come from datagrams: nothing to look up.
    lookup: (host, _options, done) => done(null, host, family),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", (error) => {
      socket.close();
      reject(new ListenError(address, "UDP", error));
    });
    socket.bind({ address: address.address, port: address.port, exclusive: true }, resolve);
  });
  socket.removeAllListeners("error");
  socket.on("error", (error) => shared.options.onFault?.(`${serverAddressText(address)} (UDP)`, error));
  return serveDatagrams(socket, shared);
}

function serveDatagrams(socket: UdpSocket, shared: Shared): UdpDoor {
  const { limits, options } = shared;
  const { respond } = shared.responder;
  /** What is being answered, by client and octets: a repetition gets no second answer (DNSBomb, CVE-2024-33655). */
  const waiting = new Set<string>();
  let open = true;
  const send = (octets: Uint8Array, port: number, address: string) => {
    // Without a callback nobody is told of errors (a network that went away), which are the client's to notice; and an
    // answer costs 6 % less processor time (measured 2026-11, Node 20).
    if (open) socket.send(octets, port, address);
  };
  socket.on("message", (octets, from) => {
    if (from.port === 0) return; // nobody can be answered there
    const key = waiting.size === 0 ? null : datagramKey(octets, from);
    if (key !== null && waiting.has(key)) return;
    const answer = respond(octets, { address: from.address, port: from.port, transport: "udp" });
    if (answer === null) return;
    if (answer instanceof Uint8Array) {
      send(answer, from.port, from.address);
      return;
    }
    const question = key ?? datagramKey(octets, from);
    const sinceMs = options.clock.monotonicMs();
    waiting.add(question);
    void answer.then((late) => {
      waiting.delete(question);
      // Nobody waits so long, and answers saved up for one moment are a weapon where addresses can be forged: not here.
      const tooLate = options.clock.monotonicMs() - sinceMs > limits.lateMs && !isLoopback(from.address);
      if (late !== null && !tooLate) send(late, from.port, from.address);
    });
  });
  return {
    stopReading() {
      socket.removeAllListeners("message");
    },
    pending: () => waiting.size,
    close() {
      if (!open) return Promise.resolve();
      open = false;
      return new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}

const isLoopback = (address: string): boolean => loopbackRules.some(({ prefix }) => prefix.has(address));

/** Id, flags and the longest question name, and no more of what may be 64 KiB. */
const KEY_OCTETS = 12 + 255 + 4;

function datagramKey(octets: Buffer, from: RemoteInfo): string {
  return `${from.address} ${from.port} ${octets.length} ${octets.toString("latin1", 0, KEY_OCTETS)}`;
}

function ignore(): void {}

async function openTcp(address: ServerAddress, shared: Shared): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => admit(socket, shared));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new ListenError(address, "TCP", error)));
    server.listen({ host: address.address, port: address.port, ipv6Only: true, exclusive: true }, resolve);
  });
  server.removeAllListeners("error");
  server.on("error", (error) => shared.options.onFault?.(`${serverAddressText(address)} (TCP)`, error));
  return server;
}

function admit(socket: Socket, shared: Shared): void {
  const { connections, limits } = shared;
  if (connections.size >= limits.connections) {
    // RFC 7766 §6.2.3: a server short of connections closes idle ones. Without this, idlers would lock out everybody.
    const idlest = longestIdle(connections);
    if (idlest === null) {
      socket.on("error", ignore);
      socket.destroy();
      return;
    }
    connections.delete(idlest);
    idlest.destroy();
  }
  const connection = new StreamConnection(socket, {
    respond: shared.responder.respond,
    limits,
    clock: shared.options.clock,
  });
  connections.add(connection);
  socket.on("close", () => connections.delete(connection));
}

/** Null if every connection has a question waiting. */
function longestIdle(connections: Iterable<StreamConnection>): StreamConnection | null {
  let idlest: StreamConnection | null = null;
  for (const connection of connections) {
    if (connection.pending > 0) continue;
    if (idlest === null || connection.lastProgressMs < idlest.lastProgressMs) idlest = connection;
  }
  return idlest;
}

/** One timer for all connections instead of one for each. */
async function sweepConnections(
  connections: Iterable<StreamConnection>,
  by: { readonly limits: ServerLimits; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const stepMs = Math.max(10, Math.min(1000, by.limits.idleMs / 4, by.limits.messageMs / 4));
  while (!by.signal.aborted) {
    await by.clock.sleep(stepMs, by.signal);
    if (by.signal.aborted) return;
    const nowMs = by.clock.monotonicMs();
    for (const connection of connections) connection.sweep(nowMs);
  }
}

async function stop(doors: readonly Door[], shared: Shared): Promise<void> {
  const { connections, limits, options } = shared;
  for (const door of doors) door.stopReading();
  for (const connection of connections) connection.finish();
  const untilMs = options.clock.monotonicMs() + limits.stopMs;
  const busy = () => connections.size > 0 || doors.some((door) => door.pending() > 0);
  while (busy() && options.clock.monotonicMs() < untilMs) await options.clock.sleep(10);
  for (const connection of connections) connection.destroy();
  for (const door of doors) await door.close();
}

function adviceFor(code: string, server: ServerAddress, cause: Error): string {
  switch (code) {
    case "EACCES":
    case "EPERM":
      return (
        `not permitted. Ports below 1024 need root or CAP_NET_BIND_SERVICE ` +
        `(systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE); or choose a port with --listen ${serverAddressText({ ...server, port: 5300 })}`
      );
    case "EADDRINUSE":
      return `another program has this address already ("ss -lntup sport = :${server.port}" shows which one)`;
    case "EADDRNOTAVAIL":
      return "no network interface of this machine has this address";
    case "EAFNOSUPPORT":
      return "this system has no IPv6";
    default:
      return cause.message;
  }
}
