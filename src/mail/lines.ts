/** What a socket says before TLS, line by line, within limits of time and size. RFC 5321 §4.5.3. */
import type { Socket } from "node:net";
import type { Timer } from "../env/env.ts";

export interface Fault {
  readonly code: /** No connection came to be. */
    | "unreachable"
    | "timeout"
    /** The server ended the connection before TLS was there. */
    | "closed"
    /** 421, 554, "* BYE": it does not want to talk, or not about TLS. */
    | "refused"
    | "no starttls"
    | "garbled"
    /** Plain text where none may be: somebody put words into the session. RFC 3207 §6. */
    | "injected"
    | "handshake failed";
  readonly reason: string;
}

/** RFC 5321 §4.5.3.1.5 allows 512 octets; some servers write more. */
const LONGEST_LINE = 4096;
const MOST_OCTETS = 65536;

export class Lines {
  readonly socket: Socket;
  readonly #timer: Timer;
  readonly #signal: AbortSignal | undefined;
  #text = "";
  #octets = 0;
  #ended: Fault | null = null;
  #wake: () => void = () => {};
  readonly #onData = (chunk: Buffer): void => {
    this.#octets += chunk.length;
    this.#text += chunk.toString("latin1");
    if (this.#octets > MOST_OCTETS) this.#end("garbled", `more than ${MOST_OCTETS} octets before TLS`);
    this.#wake();
  };

  /** A socket that is about to connect. */
  constructor(socket: Socket, { timer, signal }: { readonly timer: Timer; readonly signal?: AbortSignal | undefined }) {
    this.socket = socket;
    this.#timer = timer;
    this.#signal = signal;
    let isOpen = false;
    socket.once("connect", () => {
      isOpen = true;
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#end(isOpen ? "closed" : "unreachable", error.code ?? error.message);
    });
    for (const event of ["end", "close"])
      socket.on(event, () => this.#end("closed", "the server closed the connection"));
  }

  /** Octets that nobody has asked for yet. */
  get unread(): number {
    return this.#text.length;
  }

  /** Null once it is. */
  async connected(ms: number): Promise<Fault | null> {
    this.socket.on("data", this.#onData).once("connect", () => this.#wake());
    await this.#until(() => this.socket.readyState === "open", ms);
    if (this.#ended !== null) return this.#ended;
    return this.socket.readyState === "open"
      ? null
      : { code: "unreachable", reason: `no connection within ${ms / 1000} s` };
  }

  /** The next line without its end. What came before the connection ended is still read. */
  async next(ms: number, what: string): Promise<string | Fault> {
    await this.#until(() => this.#text.includes("\n") || this.#text.length > LONGEST_LINE, ms);
    const end = this.#text.indexOf("\n");
    if (end > LONGEST_LINE || (end < 0 && this.#text.length > LONGEST_LINE))
      return { code: "garbled", reason: `a line of more than ${LONGEST_LINE} octets` };
    if (end < 0) return this.#ended ?? { code: "timeout", reason: `no ${what} within ${ms / 1000} s` };
    const line = this.#text.slice(0, end).replace(/\r$/, "");
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  /** The socket is TLS's from now on, unless something is left to read: that was said by nobody who knows the keys. */
  release(): Fault | null {
    this.socket.off("data", this.#onData);
    if (this.unread > 0) return { code: "injected", reason: "plain text stands behind the reply to STARTTLS" };
    return this.#ended;
  }

  #end(code: Fault["code"], reason: string): void {
    this.#ended ??= { code, reason };
    this.#wake();
  }

  /** Until it is so, or the socket is at its end, or the time is up. */
  async #until(isSo: () => boolean, ms: number): Promise<void> {
    if (this.#signal?.aborted) this.#end("timeout", "stopped");
    if (isSo() || this.#ended !== null) return;
    await new Promise<void>((resolve) => {
      const onAbort = (): void => this.#end("timeout", "stopped");
      const done = (): void => {
        cancel();
        this.#signal?.removeEventListener("abort", onAbort);
        this.#wake = () => {};
        resolve();
      };
      const cancel = this.#timer.after(ms, done);
      this.#signal?.addEventListener("abort", onAbort);
      this.#wake = () => {
        if (isSo() || this.#ended !== null) done();
      };
    });
  }
}
