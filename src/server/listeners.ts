/** The daemon's sockets: UDP and TCP on the same addresses, TLS and HTTPS on others; framing only. RFC 1035 §4.2, RFC 7766. */
import { createServer, type Server, type Socket } from "node:net";
import type { Clock, ServerAddress } from "../env/env.ts";
import { serverAddressText } from "./addresses.ts";
import { type Connection, Connections, type Crowded, sweepUntil } from "./connections.ts";
import { openDatagrams, type Unanswered } from "./datagrams.ts";
import type { HttpsParts } from "./https.ts";
import type { TlsIdentity } from "./identity.ts";
import { limitsOfSockets, type ServerLimits, serverLimitsWith } from "./limits.ts";
import { ListenError } from "./listen-error.ts";
import type { Responder } from "./responder.ts";
import { StreamConnection } from "./stream.ts";
import type { TlsDoor } from "./tls.ts";

export { ListenError } from "./listen-error.ts";

export interface ListenOptions {
  readonly clock: Clock;
  readonly limits?: Partial<ServerLimits>;
  /** Needed where an address serves TLS or HTTPS. */
  readonly identity?: TlsIdentity;
  /** Default "own": nobody else can open the same address. "shared between workers": through node:cluster's primary. */
  readonly sockets?: "own" | "shared between workers";
  /** What a socket reports after it was opened; serving goes on. */
  readonly onFault?: (where: string, error: Error) => void;
  /** What the responder does not hear of. */
  readonly onUnserved?: (why: Unserved) => void;
}

export type Unserved = Unanswered | `connections ${Crowded}` | `handshakes ${Crowded}`;

export interface ListenAddress extends ServerAddress {
  /** Default "dns": UDP and TCP (RFC 7766). "tls": RFC 7858; "https": RFC 8484. */
  readonly serves?: Service;
  /** Left out where this machine does not have the address or its family: `::1` without IPv6. */
  readonly optional?: boolean;
  /** Descriptors of sockets that somebody opened for us on this address. Of UDP and TCP only. */
  readonly inherited?: { readonly udp: number; readonly tcp: number };
}

export type Service = "dns" | "tls" | "https";

export interface Listening {
  /** Of UDP and TCP, as opened: port 0 has become a real one. */
  readonly addresses: readonly ServerAddress[];
  readonly tlsAddresses: readonly ServerAddress[];
  readonly httpsAddresses: readonly ServerAddress[];
  /** Optional addresses that this machine does not have. */
  readonly leftOut: readonly ListenError[];
  /** TCP connections that stand, TLS and HTTPS among them. */
  readonly connections: number;
  /** For TLS handshakes from now on; connections that stand are not touched. Throws what `node:tls` throws, and changes nothing then. */
  useIdentity(identity: TlsIdentity): void;
  /** From now on, for connections that stand as well; those of `limitsOfSockets` stay. RangeError, and nothing changes then. */
  useLimits(limits: Partial<ServerLimits>): void;
  /**
   * Listens on these addresses instead: those that are new are opened before any is closed, and those that stay are not
   * touched. Rejects with ListenError, and changes nothing then. `identity`: null where neither TLS nor HTTPS is served.
   */
  change(addresses: readonly ListenAddress[], identity: TlsIdentity | null): Promise<void>;
  /** Accepts nothing more, lets what is being answered finish for a moment, then closes all. Idempotent. */
  close(): Promise<void>;
}

/** Opens all or none. Rejects with ListenError. */
export async function listen(
  responder: Responder,
  addresses: readonly ListenAddress[],
  options: ListenOptions,
): Promise<Listening> {
  if (addresses.length === 0) throw new TypeError("no address to listen on");
  /** In force: whoever holds it sees it change. */
  const limits: { -readonly [K in keyof ServerLimits]: number } = serverLimitsWith(options.limits ?? {});
  const room = () => ({ inAll: limits.connections, perClient: limits.connectionsPerClient });
  const roomForHandshakes = () => ({ inAll: limits.handshakes, perClient: limits.handshakes });
  let doors: Door[] = [];
  let asked: readonly ListenAddress[] = addresses;
  const shared: Shared = {
    responder,
    limits,
    options,
    connections: new Connections(room(), (why) => options.onUnserved?.(`connections ${why}`)),
    handshakes: new Connections(roomForHandshakes(), (why) => options.onUnserved?.(`handshakes ${why}`)),
  };
  const leftOut: ListenError[] = [];
  doors = await openAll(addresses, shared, leftOut);
  const stopped = new AbortController();
  const stepMs = () => Math.max(10, Math.min(1000, limits.idleMs / 4, limits.messageMs / 4, limits.handshakeMs / 4));
  const pools = [shared.connections, shared.handshakes];
  void sweepUntil(stopped.signal, { pools, stepMs, clock: options.clock });
  const serving = (service: Service): readonly ServerAddress[] =>
    doors.filter((door) => door.serves === service).map((door) => door.address);
  let closed: Promise<void> | null = null;
  return {
    get addresses() {
      return serving("dns");
    },
    get tlsAddresses() {
      return serving("tls");
    },
    get httpsAddresses() {
      return serving("https");
    },
    leftOut,
    get connections() {
      return shared.connections.size;
    },
    useIdentity(identity) {
      for (const door of doors) door.useIdentity?.(identity);
    },
    useLimits(changes) {
      const kept = Object.fromEntries(limitsOfSockets.map((name) => [name, limits[name]]));
      Object.assign(limits, serverLimitsWith(changes), kept);
      shared.connections.useRoom(room());
      shared.handshakes.useRoom(roomForHandshakes());
    },
    async change(wanted, identity) {
      const words = ({ address, port, serves = "dns" }: ListenAddress): string => `${serves} ${address} ${port}`;
      const before = new Set(asked.map(words));
      const after = new Set(wanted.map(words));
      const now: Shared = identity === null ? shared : { ...shared, options: { ...options, identity } };
      const fresh = await openAll(
        wanted.filter((address) => !before.has(words(address))),
        now,
        leftOut,
      );
      const closing = doors.filter((door) => !after.has(words(door.asked)));
      doors = [...doors.filter((door) => !closing.includes(door)), ...fresh];
      asked = wanted;
      for (const door of closing) door.stopReading();
      const untilMs = options.clock.monotonicMs() + limits.stopMs;
      while (closing.some((door) => door.pending() > 0) && options.clock.monotonicMs() < untilMs)
        await options.clock.sleep(10);
      for (const door of closing) await door.close();
      if (identity !== null) for (const door of doors) door.useIdentity?.(identity);
    },
    close() {
      closed ??= stop(doors, shared).finally(() => stopped.abort());
      return closed;
    },
  };
}

/** All or none. Optional ones that this machine does not have are told in `leftOut`. */
async function openAll(addresses: readonly ListenAddress[], shared: Shared, leftOut: ListenError[]): Promise<Door[]> {
  const doors: Door[] = [];
  try {
    for (const address of addresses) {
      try {
        doors.push({ ...(await openDoor(address, shared)), asked: address });
      } catch (error) {
        if (!(error instanceof ListenError) || !address.optional || !error.isNotHere) throw error;
        leftOut.push(error);
      }
    }
    return doors;
  } catch (error) {
    for (const door of doors) await door.close();
    throw error;
  }
}

interface Shared {
  readonly responder: Responder;
  readonly limits: ServerLimits;
  readonly options: ListenOptions;
  readonly connections: Connections;
  readonly handshakes: Connections;
}

/** One address and what is served there. */
interface Door extends OpenDoor {
  /** With port 0, if any free one will do. */
  readonly asked: ListenAddress;
}

interface OpenDoor {
  readonly address: ServerAddress;
  readonly serves: Service;
  stopReading(): void;
  /** Datagrams that are being answered. */
  pending(): number;
  close(): Promise<void>;
  useIdentity?(identity: TlsIdentity): void;
}

function openDoor(address: ListenAddress, shared: Shared): Promise<OpenDoor> {
  switch (address.serves ?? "dns") {
    case "dns":
      return openDns(address, shared);
    case "tls":
      return openEncrypted(address, "tls", shared);
    case "https":
      return openEncrypted(address, "https", shared);
  }
}

async function openDns(address: ListenAddress, shared: Shared): Promise<OpenDoor> {
  const { options, limits, responder } = shared;
  const { clock, onFault, onUnserved } = options;
  // With port 0 TCP chooses, and the same UDP port may be taken: choose again.
  for (let tries = 1; ; tries++) {
    const tcp = await openTcp(address, shared);
    const bound: ServerAddress = { address: address.address, port: (tcp.address() as { port: number }).port };
    try {
      const udp = await openDatagrams(bound, {
        respond: responder.respond,
        limits,
        clock,
        onFault,
        onUnanswered: onUnserved,
        exclusive: isOwn(options),
        inherited: address.inherited?.udp ?? null,
      });
      return {
        address: bound,
        serves: "dns",
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

async function openTcp(address: ListenAddress, shared: Shared): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) =>
    admit(socket, shared, (parts) => new StreamConnection(socket, { ...parts, transport: "tcp" })),
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new ListenError(address, "TCP", error)));
    const exclusive = isOwn(shared.options);
    if (address.inherited !== undefined) server.listen({ fd: address.inherited.tcp, exclusive }, resolve);
    else server.listen({ host: address.address, port: address.port, ipv6Only: true, exclusive }, resolve);
  });
  server.removeAllListeners("error");
  server.on("error", (error) => shared.options.onFault?.(`${serverAddressText(address)} (TCP)`, error));
  return server;
}

async function openEncrypted(address: ServerAddress, serves: "tls" | "https", shared: Shared): Promise<OpenDoor> {
  const { options, limits, handshakes } = shared;
  if (options.identity === undefined)
    throw new TypeError(`${serverAddressText(address)} serves ${serves}, which needs a certificate and its key`);
  // TLS and HTTP/2 take Node 35 ms to load (measured 2026-11, Node 20), and most daemons serve neither.
  const [{ openTls }, { HttpsConnection, httpProtocols }] = await Promise.all([
    import("./tls.ts"),
    import("./https.ts"),
  ]);
  const door: TlsDoor = await openTls(address, {
    identity: options.identity,
    // RFC 7858 has no name for it; IANA's list does.
    protocols: serves === "tls" ? ["dot"] : httpProtocols,
    name: serves === "tls" ? "TLS" : "HTTPS",
    whenClosed: serves === "tls" ? "still answered" : "gone",
    handshakes,
    limits,
    clock: options.clock,
    onSecure: (socket) =>
      admit(socket, shared, (parts) =>
        serves === "https"
          ? new HttpsConnection(socket, parts)
          : new StreamConnection(socket, { ...parts, transport: "tls" }),
      ),
    onFault: options.onFault,
    exclusive: isOwn(options),
  });
  return {
    address: door.address,
    serves,
    stopReading: door.stopReading,
    pending: () => 0,
    close() {
      door.stopReading();
      return Promise.resolve();
    },
    useIdentity: door.useIdentity,
  };
}

function admit(socket: Socket, shared: Shared, connectionOf: (parts: HttpsParts) => Connection): void {
  const { connections, limits, responder, options } = shared;
  if (!connections.makeRoom(socket.remoteAddress ?? "")) {
    socket.on("error", ignore);
    socket.destroy();
    return;
  }
  const connection = connectionOf({ respond: responder.respond, limits, clock: options.clock });
  connections.add(connection);
  socket.on("close", () => connections.delete(connection));
}

function isOwn({ sockets = "own" }: ListenOptions): boolean {
  return sockets === "own";
}

function ignore(): void {}

async function stop(doors: readonly Door[], shared: Shared): Promise<void> {
  const { connections, handshakes, limits, options } = shared;
  for (const door of doors) door.stopReading();
  handshakes.destroy();
  connections.finish();
  const untilMs = options.clock.monotonicMs() + limits.stopMs;
  const busy = () => connections.size > 0 || doors.some((door) => door.pending() > 0);
  while (busy() && options.clock.monotonicMs() < untilMs) await options.clock.sleep(10);
  connections.destroy();
  for (const door of doors) await door.close();
}
