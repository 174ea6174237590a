/** Commands and replies of SMTP over a socket that is handed on afterwards as if nobody had read from it. RFC 5321 §4.2. */
import type { Socket } from "node:net";
import type { Timer } from "../env/env.ts";

export interface Reply {
  readonly code: number;
  /** Without code and line ends. */
  readonly lines: readonly string[];
  /** "554 no thanks", fit for a log: what is not printable ASCII is left out. */
  readonly text: string;
  readonly octets: Buffer;
}

/** The conversation is at its end. A sentence's part. */
export interface Fault {
  readonly reason: string;
}

/** RFC 5321 §4.5.3.1.5 allows 512 octets a line; some servers write longer ones, and more of them than anybody needs. */
const LONGEST_REPLY = 16_384;

export class Conversation {
  readonly #socket: Socket;
  readonly #timer: Timer;
  readonly #signal: AbortSignal | undefined;
  #unread = Buffer.alloc(0);
  #error: Error | null = null;

  /** A socket that was just told to connect. */
  constructor(socket: Socket, { timer, signal }: { readonly timer: Timer; readonly signal: AbortSignal | undefined }) {
    this.#socket = socket;
    this.#timer = timer;
    this.#signal = signal;
    // It stays, so that an error before the program listens is no uncaught one.
    socket.on("error", (error) => {
      this.#error ??= error;
    });
  }

  /** Octets that came and that nobody asked for. */
  get unread(): number {
    this.#take();
    return this.#unread.length;
  }

  /** Null once it is. */
  async connected(ms: number): Promise<Fault | null> {
    if (this.#socket.connecting) await this.#wait("connect", ms);
    if (this.#socket.readyState === "open") return null;
    return this.#fault(`no connection within ${ms / 1000} s`);
  }

  async say(command: string, ms: number): Promise<Reply | Fault> {
    // What came before its question is no answer to it.
    if (this.unread > 0) return { reason: `the server spoke before it was asked (${command})` };
    this.#socket.write(`${command}\r\n`);
    return this.reply(ms);
  }

  /** All lines of one reply, of one code: "250-" goes on, "250 " ends it. */
  async reply(ms: number): Promise<Reply | Fault> {
    const until = { late: false };
    const cancel = this.#timer.after(ms, () => {
      until.late = true;
      this.#wake();
    });
    try {
      for (;;) {
        this.#take();
        const reply = this.#complete();
        if (reply !== null) return reply;
        if (this.#socket.readableEnded || this.#socket.destroyed || until.late || this.#signal?.aborted)
          return this.#fault(`no reply within ${ms / 1000} s`);
        await this.#wait("readable", ms);
      }
    } finally {
      cancel();
    }
  }

  /** The socket is somebody else's from now on, who reads this reply first. */
  giveBack({ octets }: Reply): void {
    this.#socket.unshift(octets);
  }

  #take(): void {
    const chunk: Buffer | null = this.#socket.read();
    if (chunk !== null) this.#unread = Buffer.concat([this.#unread, chunk]);
  }

  #complete(): Reply | Fault | null {
    const text = this.#unread.toString("latin1");
    const lines: string[] = [];
    let at = 0;
    for (;;) {
      const end = text.indexOf("\n", at);
      if (Math.max(end, text.length - 1) >= LONGEST_REPLY && (end < 0 || end >= LONGEST_REPLY))
        return { reason: `a reply of more than ${LONGEST_REPLY} octets` };
      if (end < 0) return null;
      const line = text.slice(at, end).replace(/\r$/, "");
      const match = /^([2-5][0-9]{2})(?:([ -])(.*))?$/.exec(line);
      if (match === null || (lines.length > 0 && match[1] !== text.slice(0, 3)))
        return { reason: `"${printable(line.slice(0, 80))}" is no reply` };
      lines.push(match[3] ?? "");
      at = end + 1;
      if (match[2] === "-") continue;
      const octets = this.#unread.subarray(0, at);
      this.#unread = this.#unread.subarray(at);
      return { code: Number(match[1]), lines, text: printable(`${match[1]} ${lines.join(" ")}`), octets };
    }
  }

  #fault(late: string): Fault {
    if (this.#signal?.aborted) return { reason: "nobody waits for it any more" };
    if (this.#error !== null) return { reason: this.#error.message };
    return { reason: this.#socket.readableEnded || this.#socket.destroyed ? "the server closed the connection" : late };
  }

  #wake: () => void = () => {};

  /** Until the event, or the socket is at its end, or the time is up. No listener is left behind. */
  #wait(event: "connect" | "readable", ms: number): Promise<void> {
    return new Promise((resolve) => {
      const socket = this.#socket;
      const signal = this.#signal;
      const done = (): void => {
        cancel();
        for (const heard of [event, "end", "close"]) socket.off(heard, done);
        signal?.removeEventListener("abort", done);
        this.#wake = () => {};
        resolve();
      };
      const cancel = this.#timer.after(ms, done);
      this.#wake = done;
      for (const heard of [event, "end", "close"]) socket.on(heard, done);
      signal?.addEventListener("abort", done);
      if (signal?.aborted) done();
    });
  }
}

/** A server's words, without what would move a terminal's cursor. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "");
}
