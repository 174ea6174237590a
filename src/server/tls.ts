/**
 * TCP sockets that speak TLS before they speak DNS or HTTP. RFC 7858 §3, RFC 9325: at least TLS 1.2. A handshake costs us
 * more than the client, so those under way are bounded apart, in number and in time: they take no place from clients that
 * have come through.
 */
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import type { Clock, ServerAddress } from "../env/env.ts";
import { serverAddressText } from "./addresses.ts";
import type { Connection, Connections } from "./connections.ts";
import type { TlsIdentity } from "./identity.ts";
import type { ServerLimits } from "./limits.ts";
import { ListenError } from "./listen-error.ts";

export interface TlsDoorParts {
  readonly identity: TlsIdentity;
  /** What is spoken inside, as ALPN names it (RFC 7301); a client that names nothing is welcome too. */
  readonly protocols: readonly string[];
  readonly name: "TLS" | "HTTPS";
  /** Whether a client that has closed its side still gets answers (RFC 7766 §6.2.4), or is gone. */
  readonly whenClosed: "still answered" | "gone";
  readonly handshakes: Connections;
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly onSecure: (socket: TLSSocket) => void;
  readonly exclusive: boolean;
  readonly onFault?: ((where: string, error: Error) => void) | undefined;
}

export interface TlsDoor {
  readonly address: ServerAddress;
  /** For handshakes from now on; connections that stand are not touched. */
  useIdentity(identity: TlsIdentity): void;
  stopReading(): void;
}

/** Rejects with ListenError. */
export async function openTls(address: ServerAddress, parts: TlsDoorParts): Promise<TlsDoor> {
  const { limits, name, handshakes } = parts;
  const tls: TlsServer = createTlsServer({
    ...contextOf(parts.identity),
    ALPNProtocols: [...parts.protocols],
    handshakeTimeout: limits.handshakeMs,
  });
  const underway = new Map<string, Handshake>();
  tls.on("secureConnection", (socket) => {
    const handshake = underway.get(endsOf(socket));
    if (handshake !== undefined) handshakes.delete(handshake);
    socket.disableRenegotiation(); // TLS 1.2 would let a client have us do it over and over
    parts.onSecure(socket);
  });
  tls.on("tlsClientError", (_error, socket) => socket.destroy()); // no TLS, too slow, or gone: the client's affair
  const server: Server = createServer(
    { allowHalfOpen: parts.whenClosed === "still answered", noDelay: true },
    (socket) => {
      socket.on("error", ignore);
      if (!handshakes.makeRoom(socket.remoteAddress ?? "")) {
        socket.destroy();
        return;
      }
      const handshake = new Handshake(socket, parts);
      const ends = endsOf(socket);
      underway.set(ends, handshake);
      handshakes.add(handshake);
      socket.on("close", () => {
        underway.delete(ends);
        handshakes.delete(handshake);
      });
      tls.emit("connection", socket);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new ListenError(address, name, error)));
    server.listen({ host: address.address, port: address.port, ipv6Only: true, exclusive: parts.exclusive }, resolve);
  });
  server.removeAllListeners("error");
  server.on("error", (error) => parts.onFault?.(`${serverAddressText(address)} (${name})`, error));
  return {
    address: { address: address.address, port: (server.address() as { port: number }).port },
    useIdentity: (identity) => tls.setSecureContext(contextOf(identity)),
    stopReading() {
      if (server.listening) server.close();
    },
  };
}

function contextOf({ certificate, key }: TlsIdentity) {
  return { cert: certificate, key, minVersion: "TLSv1.2" } as const;
}

/** The connection's name: TLS does not tell which socket it was given. */
function endsOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress}`;
}

function ignore(): void {}

/** A connection that has not shown yet that it speaks TLS. */
class Handshake implements Connection {
  readonly address: string;
  readonly pending = 0;
  readonly lastProgressMs: number;
  readonly #socket: Socket;
  readonly #limits: ServerLimits;

  constructor(socket: Socket, parts: Pick<TlsDoorParts, "limits" | "clock">) {
    this.#socket = socket;
    this.#limits = parts.limits;
    this.address = socket.remoteAddress ?? "";
    this.lastProgressMs = parts.clock.monotonicMs();
  }

  sweep(nowMs: number): void {
    if (nowMs - this.lastProgressMs > this.#limits.handshakeMs) this.destroy();
  }

  finish(): void {
    this.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
