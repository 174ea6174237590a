/** One client's TCP or TLS connection: pipelined questions, answers in any order, back-pressure. RFC 7766 §6.2, §7; RFC 7858 §3.3. */
import type { Socket } from "node:net";
import { manyListeners } from "../env/abort.ts";
import type { Clock } from "../env/env.ts";
import { FrameDecoder } from "../net/frames.ts";
import type { Connection } from "./connections.ts";
import type { ServerLimits } from "./limits.ts";
import type { Client, Respond } from "./responder.ts";

export class StreamConnection implements Connection {
  readonly #socket: Socket;
  readonly #respond: Respond;
  readonly #limits: ServerLimits;
  readonly #clock: Clock;
  readonly #client: Client;
  /** Every question that waits listens. */
  readonly #gone = manyListeners();
  readonly #frames = new FrameDecoder();
  /** Whole messages that wait for room; no more than one read brings, since we stop reading while there are any. */
  #inbox: readonly Uint8Array[] = [];
  #inboxAt = 0;
  /** Answers that the next flush writes together. */
  #out: Uint8Array[] = [];
  #outOctets = 0;
  #pending = 0;
  #pumpPlanned = false;
  #ended = false;
  #finishing = false;
  #lastProgressMs: number;
  /** When the message that is still incomplete began to arrive. */
  #partialSinceMs: number | null = null;

  constructor(
    socket: Socket,
    parts: {
      readonly respond: Respond;
      readonly limits: ServerLimits;
      readonly clock: Clock;
      readonly transport: "tcp" | "tls";
    },
  ) {
    this.#socket = socket;
    this.#respond = parts.respond;
    this.#limits = parts.limits;
    this.#clock = parts.clock;
    this.#lastProgressMs = parts.clock.monotonicMs();
    this.#client = {
      address: socket.remoteAddress ?? "",
      port: socket.remotePort ?? 0,
      transport: parts.transport,
      signal: this.#gone.signal,
    };
    socket.setNoDelay(true);
    socket.on("data", (chunk: Uint8Array) => this.#onData(chunk));
    socket.on("end", () => {
      this.#ended = true;
      this.#pump();
    });
    socket.on("error", () => socket.destroy()); // a reset is the client's good right
    socket.on("close", () => this.#gone.abort());
  }

  get address(): string {
    return this.#client.address;
  }

  get pending(): number {
    return this.#pending;
  }

  get lastProgressMs(): number {
    return this.#lastProgressMs;
  }

  /** Called now and then: ends what is idle or dribbles. */
  sweep(nowMs: number): void {
    if (
      this.#partialSinceMs !== null &&
      !this.#socket.isPaused() &&
      nowMs - this.#partialSinceMs > this.#limits.messageMs
    ) {
      this.#socket.destroy();
    } else if (this.#pending === 0 && nowMs - this.#lastProgressMs > this.#limits.idleMs) {
      this.end();
    }
  }

  /** Ends the connection now; a client that does not read what was written is cut off. */
  end(): void {
    if (this.#socket.writableLength > 0) this.#socket.destroy();
    else this.#socket.destroySoon();
  }

  /** Reads no more, answers what was asked, then ends. */
  finish(): void {
    this.#finishing = true;
    this.#socket.pause();
    this.#pump();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Uint8Array): void {
    this.#lastProgressMs = this.#clock.monotonicMs();
    const messages = this.#frames.push(chunk);
    this.#inbox = this.#inboxAt < this.#inbox.length ? [...this.#inbox.slice(this.#inboxAt), ...messages] : messages;
    this.#inboxAt = 0;
    if (!this.#frames.isPartial) this.#partialSinceMs = null;
    else if (messages.length > 0 || this.#partialSinceMs === null) this.#partialSinceMs = this.#lastProgressMs;
    this.#pump();
  }

  /** Answers as many of the received messages as there is room for, writes, and decides whether to go on reading. */
  #pump(): void {
    if (this.#socket.destroyed) return;
    while (!this.#finishing && this.#inboxAt < this.#inbox.length && this.#hasRoom()) {
      this.#answer(this.#inbox[this.#inboxAt++]!);
    }
    this.#flush();
    const allTaken = this.#inboxAt === this.#inbox.length;
    if (this.#finishing || this.#ended) {
      // RFC 7766 §6.2.4: who asked and then closed his side still gets his answers.
      if (this.#pending === 0 && (this.#finishing || allTaken)) this.#socket.end(() => this.#socket.destroySoon());
    } else if (!allTaken || !this.#hasRoom()) {
      this.#socket.pause();
    } else if (this.#socket.isPaused()) {
      this.#socket.resume();
    }
  }

  #hasRoom(): boolean {
    return (
      this.#pending < this.#limits.pipelined &&
      this.#outOctets + this.#socket.writableLength < this.#limits.unwrittenOctets
    );
  }

  #answer(message: Uint8Array): void {
    const answer = this.#respond(message, this.#client);
    if (answer === null) return;
    if (answer instanceof Uint8Array) {
      this.#queue(answer);
      return;
    }
    this.#pending += 1;
    void answer.then((octets) => {
      this.#pending -= 1;
      this.#lastProgressMs = this.#clock.monotonicMs();
      if (octets !== null) this.#queue(octets);
      this.#planPump();
    });
  }

  #queue(answer: Uint8Array): void {
    this.#out.push(answer);
    this.#outOctets += answer.length + 2;
  }

  /** Answers that become ready together leave together. */
  #planPump(): void {
    if (this.#pumpPlanned) return;
    this.#pumpPlanned = true;
    setImmediate(() => {
      this.#pumpPlanned = false;
      this.#pump();
    });
  }

  #flush(): void {
    if (this.#out.length === 0) return;
    const octets = framed(this.#out);
    this.#out = [];
    this.#outOctets = 0;
    this.#socket.write(octets, (error) => {
      if (error) return;
      this.#lastProgressMs = this.#clock.monotonicMs();
      if (this.#socket.isPaused()) this.#planPump();
    });
  }
}

/** Messages with their lengths in front, in one piece for one write. RFC 7766 §8. */
function framed(messages: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const message of messages) size += 2 + message.length;
  const octets = new Uint8Array(size);
  let at = 0;
  for (const message of messages) {
    octets[at] = message.length >>> 8;
    octets[at + 1] = message.length;
    octets.set(message, at + 2);
    at += 2 + message.length;
  }
  return octets;
}
