/**
 * Questions over TCP: one connection for each server, reused and pipelined; answers in any order. RFC 7766 §6.2.
 * Framing and the life of a connection are elsewhere, so TLS will need another `open` only.
 */
import { connect, type Socket } from "node:net";
import type { Clock, Random, ServerAddress, Timer } from "../env/env.ts";
import { Connection, type StreamQuestion, type StreamResult } from "./connection.ts";
import { Slots } from "./slots.ts";

export interface StreamClient {
  ask(server: ServerAddress, question: StreamQuestion): Promise<StreamResult>;
  /** Ends what is in flight, as a timeout, and resolves when every connection is closed. */
  close(): Promise<void>;
}

export interface StreamOptions {
  readonly clock: Clock & Timer;
  readonly random: Random;
  readonly open?: (server: ServerAddress) => Socket;
  readonly inFlightPerServer?: number;
  readonly connectionsAtOnce?: number;
  readonly connectTimeoutMs?: number;
  readonly idleMs?: number;
}

const defaults = {
  /** So that one server's questions cannot take every socket. */
  inFlightPerServer: 16,
  connectionsAtOnce: 150,
  connectTimeoutMs: 3000,
  /** RFC 7766 §6.2.3: of the order of a few seconds. */
  idleMs: 5000,
};

interface Peer {
  readonly key: string;
  readonly server: ServerAddress;
  readonly slots: Slots;
  readonly connections: Set<Connection>;
  questions: number;
}

const silence: StreamResult = { kind: "timeout", discarded: 0 };

export function streamClient(options: StreamOptions): StreamClient {
  const { clock, random, open, inFlightPerServer, connectionsAtOnce, connectTimeoutMs, idleMs } = {
    open: openTcp,
    ...defaults,
    ...options,
  };
  const peers = new Map<string, Peer>();
  const sockets = new Slots(connectionsAtOnce);
  const all = new Set<Connection>();
  /** Longest idle first. */
  const idle = new Set<Connection>();
  let closed = false;

  async function ask(server: ServerAddress, question: StreamQuestion): Promise<StreamResult> {
    if (closed || question.signal.aborted) return silence;
    const peer = peerOf(server);
    peer.questions += 1;
    try {
      if (!(await peer.slots.take(question.signal))) return silence;
      try {
        return await askPeer(peer, question);
      } finally {
        peer.slots.give();
      }
    } finally {
      peer.questions -= 1;
      forgetIfUnused(peer);
    }
  }

  async function askPeer(peer: Peer, question: StreamQuestion): Promise<StreamResult> {
    const shared = await sharedConnection(peer, question.signal);
    if (shared === null) return silence;
    const started = clock.monotonicMs();
    const result = await shared.ask(question, question.timeoutMs);
    if (result.kind !== "lost") return result;
    // RFC 7766 §6.2.4: the server may close an idle connection just as we write, or after one answer of many. Once more,
    // and on a connection of its own, so that it cannot happen again.
    const leftMs = question.timeoutMs - (clock.monotonicMs() - started);
    const own = leftMs > 0 ? await openConnection(peer, question.signal, 0) : null;
    if (own === null) return silence;
    const again = await own.ask(question, leftMs);
    return again.kind === "lost" ? { kind: "unreachable", code: again.code } : again;
  }

  async function sharedConnection(peer: Peer, signal: AbortSignal): Promise<Connection | null> {
    return usable(peer) ?? (await openConnection(peer, signal, idleMs));
  }

  function usable(peer: Peer): Connection | null {
    for (const connection of peer.connections) if (connection.takesQuestions) return connection;
    return null;
  }

  /** Null if the signal aborted while every socket was in use. With idleMs 0 nobody else may use it. */
  async function openConnection(peer: Peer, signal: AbortSignal, idleMs: number): Promise<Connection | null> {
    if (signal.aborted) return null;
    if (!sockets.tryTake()) {
      for (const longest of idle) {
        longest.destroy();
        break;
      }
      if (!(await sockets.take(signal))) return null;
      // The world has changed meanwhile: somebody may have opened one to the same server.
      const other = idleMs > 0 ? usable(peer) : null;
      if (other !== null) {
        sockets.give();
        return other;
      }
    }
    const connection = new Connection(open(peer.server), {
      clock,
      random,
      connectTimeoutMs,
      idleMs,
      onIdle(connection, now) {
        if (now === "busy") idle.delete(connection);
        else if (sockets.waiting > 0) connection.destroy();
        else idle.add(connection);
      },
      onClosed(connection) {
        all.delete(connection);
        idle.delete(connection);
        peer.connections.delete(connection);
        sockets.give();
        forgetIfUnused(peer);
      },
    });
    all.add(connection);
    if (idleMs > 0) peer.connections.add(connection);
    return connection;
  }

  function peerOf(server: ServerAddress): Peer {
    const key = `${server.address} ${server.port}`;
    let peer = peers.get(key);
    if (peer === undefined) {
      peer = { key, server, slots: new Slots(inFlightPerServer), connections: new Set(), questions: 0 };
      peers.set(key, peer);
    }
    return peer;
  }

  function forgetIfUnused(peer: Peer): void {
    if (peer.questions === 0 && peer.connections.size === 0) peers.delete(peer.key);
  }

  return {
    ask,
    async close() {
      closed = true;
      sockets.close();
      for (const peer of peers.values()) peer.slots.close();
      const ends = [...all].map((connection) => connection.closed);
      for (const connection of all) connection.destroy();
      await Promise.all(ends);
    },
  };
}

function openTcp(server: ServerAddress): Socket {
  return connect({ host: server.address, port: server.port, noDelay: true });
}
