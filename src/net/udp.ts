/**
 * One question, one socket, one port: connected, so that the kernel drops what comes from elsewhere, and closed with the
 * answer. RFC 5452 §9.2: the port comes from the CSPRNG and the whole range, not from the kernel's habits.
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { Clock, ExchangeResult, Random, ServerAddress, Timer } from "../env/env.ts";
import { isIpv6 } from "../wire/address.ts";
import { plainOctets } from "./frames.ts";
import type { Match } from "./match.ts";
import { Slots } from "./slots.ts";

export interface Datagram {
  readonly server: ServerAddress;
  /** The query, its id included. */
  readonly octets: Uint8Array;
  readonly match: (octets: Uint8Array, query: Uint8Array) => Match;
  /** Counts from the sending; a wait for a free socket is not the server's fault. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Keeps no process alive. */
  readonly background?: boolean;
}

/** A socket that does not even open or send is unreachable at once: no network told us so, our own kernel did. */
export type UdpResult =
  | Exclude<ExchangeResult, { kind: "reply" | "garbled" }>
  | (Match & { readonly kind: "ours"; readonly octets: number });

export interface UdpClient {
  ask(datagram: Datagram, sent: () => void): Promise<UdpResult>;
  /** Ends what is in flight, as a timeout, and resolves when every socket is closed. */
  close(): Promise<void>;
}

export interface UdpOptions {
  readonly clock: Pick<Clock, "monotonicMs"> & Timer;
  readonly random: Random;
  readonly socketsAtOnce?: number;
  readonly refusalGraceMs?: number;
}

const SOCKETS_AT_ONCE = 512;
/**
 * Anybody can forge an ICMP error who guesses the port, so it must not end a question by itself (ATTACKS A-53); but a
 * server that is down is common, and its next of kin should be asked soon. So an answer gets this much longer.
 */
const REFUSAL_GRACE_MS = 50;
/** Most servers answer within this time; whoever waits longer has had a fair chance when others are short of sockets. */
const YOUNG_MS = 200;
const HURRY_MS = 20;
const LOWEST_PORT = 1024;
const PORTS = 65536 - LOWEST_PORT;
/** With 500 sockets open, the chance that this many random ports are all taken is below 10^-10. */
const PORT_TRIES = 5;

export function udpClient(options: UdpOptions): UdpClient {
  const { clock, random } = options;
  const graceMs = options.refusalGraceMs ?? REFUSAL_GRACE_MS;
  const slots = new Slots(options.socketsAtOnce ?? SOCKETS_AT_ONCE, "by turns");
  let hurrying = false;
  /** How to end each question, and since when it waits: the oldest first. */
  const inFlight = new Map<() => void, number>();
  let closing = 0;
  let closed = false;
  let allClosed: (() => void) | null = null;

  async function ask(datagram: Datagram, sent: () => void): Promise<UdpResult> {
    if (closed || datagram.signal.aborted) return { kind: "timeout", discarded: 0 };
    if (!slots.tryTake() && !(await takeTurn(datagram.signal))) return { kind: "timeout", discarded: 0 };
    return askOnSocket(datagram, sent);
  }

  function takeTurn(signal: AbortSignal): Promise<boolean> {
    const turn = slots.take(signal);
    if (!hurrying) hurry();
    return turn;
  }

  /**
   * While anybody is in line, nobody keeps a socket for longer than most servers need: whoever fills all of them with slow
   * questions must not keep quick ones waiting (jostling, ATTACKS A-81).
   */
  function hurry(dueMs = clock.monotonicMs()): void {
    let wanted = slots.waiting;
    hurrying = wanted > 0;
    if (!hurrying) return;
    const nowMs = clock.monotonicMs();
    // After a stall of the event loop, answers may have come that nobody has read yet.
    const stalled = nowMs - dueMs > HURRY_MS;
    for (const [end, sinceMs] of stalled ? [] : [...inFlight]) {
      if (sinceMs > nowMs - YOUNG_MS || wanted-- <= 0) break;
      end();
    }
    clock.background(HURRY_MS, () => hurry(nowMs + HURRY_MS));
  }

  function askOnSocket(datagram: Datagram, sent: () => void): Promise<UdpResult> {
    const { server, signal, background = false } = datagram;
    const after = (ms: number, fire: () => void): (() => void) =>
      background ? clock.background(ms, fire) : clock.after(ms, fire);
    return new Promise((resolve) => {
      let discarded = 0;
      let settled = false;
      let refusal: string | null = null;
      let cancel = (): void => {};
      const opened = openSocket(server, random);
      if (opened.kind === "refused") {
        slots.give();
        resolve({ kind: "unreachable", code: opened.code });
        return;
      }
      const { socket } = opened;
      if (background) socket.unref();

      const settle = (result: UdpResult): void => {
        if (settled) return;
        settled = true;
        cancel();
        signal.removeEventListener("abort", abandon);
        inFlight.delete(abandon);
        closing += 1;
        socket.close(); // the handle is gone with the next tick; "close" tells
        resolve(result);
      };
      const abandon = (): void => settle({ kind: "timeout", discarded });
      const expire = (): void =>
        settle(refusal === null ? { kind: "timeout", discarded } : { kind: "unreachable", code: refusal });
      const refuse = (error: NodeJS.ErrnoException): void => {
        if (settled || refusal !== null) return;
        refusal = error.code ?? "EIO";
        cancel();
        cancel = after(Math.min(graceMs, datagram.timeoutMs), expire);
      };

      socket.on("message", (octets, from) => {
        if (settled) return;
        // Between bind and connect, a few microseconds, the kernel lets strangers in.
        if (!isFrom(server, from, socket)) {
          discarded += 1;
          return;
        }
        const match = datagram.match(plainOctets(octets), datagram.octets);
        switch (match.kind) {
          case "ours":
            return settle({ kind: "ours", message: match.message, octets: octets.length });
          case "near miss":
            return settle(match);
          case "foreign":
            // TuDoor: what is malformed must not end the question, the genuine answer may follow (ATTACKS A-79).
            discarded += 1;
            return;
        }
      });
      socket.on("error", refuse);
      socket.on("close", () => {
        closing -= 1;
        slots.give();
        if (closing === 0 && inFlight.size === 0) allClosed?.();
      });
      inFlight.set(abandon, clock.monotonicMs());
      signal.addEventListener("abort", abandon);
      cancel = after(datagram.timeoutMs, expire);
      socket.connect(server.port, server.address, (error?: NodeJS.ErrnoException) => {
        if (settled) return;
        if (error) return settle({ kind: "unreachable", code: error.code ?? "EIO" });
        sent();
        socket.send(datagram.octets, (failed) => {
          if (failed) settle({ kind: "unreachable", code: (failed as NodeJS.ErrnoException).code ?? "EIO" });
        });
      });
    });
  }

  return {
    ask,
    close() {
      closed = true;
      slots.close();
      for (const abandon of [...inFlight.keys()]) abandon();
      if (closing === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const before = allClosed;
        allClosed = () => {
          before?.();
          resolve();
        };
      });
    },
  };
}

type Opened = { readonly kind: "open"; readonly socket: Socket } | { readonly kind: "refused"; readonly code: string };

/** Bound on return: with a lookup that answers at once, dgram binds before it returns. */
function openSocket(server: ServerAddress, random: Random): Opened {
  const v6 = isIpv6(server.address);
  let failure: NodeJS.ErrnoException | null = null;
  const fail = (error: NodeJS.ErrnoException): void => {
    failure = error;
  };
  const socket = createSocket({ type: v6 ? "udp6" : "udp4", ipv6Only: v6, lookup: asIs });
  socket.on("error", fail);
  for (let tries = 0; ; tries++) {
    failure = null;
    const port = tries < PORT_TRIES ? LOWEST_PORT + random.integer(PORTS) : 0;
    // Exclusive: else, in a cluster worker, the primary would hold the socket.
    socket.bind({ port, address: v6 ? "::" : "0.0.0.0", exclusive: true });
    if (failure === null) break;
    const { code } = failure as NodeJS.ErrnoException;
    if (tries === PORT_TRIES || (code !== "EADDRINUSE" && code !== "EACCES")) {
      socket.on("error", () => {});
      socket.close();
      return { kind: "refused", code: code ?? "EIO" };
    }
  }
  socket.off("error", fail);
  return { kind: "open", socket };
}

type Lookup = (host: string, family: number, done: (error: null, address: string, family: number) => void) => void;

/** Addresses only, ever: names are what we are here to find out. */
const asIs = ((host, family, done) => done(null, host, family)) as Lookup as never;

function isFrom(server: ServerAddress, from: RemoteInfo, socket: Socket): boolean {
  if (from.port !== server.port) return false;
  if (from.address === server.address) return true;
  // The kernel may write an address otherwise than we do: ask it for its own text of the same one.
  try {
    return from.address === socket.remoteAddress().address;
  } catch {
    return false;
  }
}
