/** The life of one stream connection: who waits on it for which id, and what its end means to them. RFC 7766 §6, §7. */
import type { Socket } from "node:net";
import type { ExchangeResult, Random, Timer } from "../env/env.ts";
import { FrameDecoder, frame } from "./frames.ts";
import type { Match } from "./match.ts";

export interface StreamQuestion {
  /** The query; its id is overwritten with one that is free on the connection. */
  readonly octets: Uint8Array;
  readonly match: (octets: Uint8Array, query: Uint8Array) => Match;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Keeps no process alive. */
  readonly background?: boolean;
}

export type StreamResult =
  | Exclude<ExchangeResult, { kind: "reply" | "near miss" }>
  | (Match & { readonly kind: "ours"; readonly octets: number });

/** Closed under a question that was not the first on it: no news about the server, ask again on a fresh connection. */
export type Lost = { readonly kind: "lost"; readonly code: string };

export interface ConnectionOptions {
  readonly clock: Timer;
  readonly random: Random;
  readonly connectTimeoutMs: number;
  /** 0: closed with its last answer. */
  readonly idleMs: number;
  /** It became idle, or busy again. */
  readonly onIdle: (connection: Connection, idle: "idle" | "busy") => void;
  readonly onClosed: (connection: Connection) => void;
}

interface Waiting {
  readonly question: StreamQuestion;
  readonly query: Uint8Array;
  readonly isFirst: boolean;
  readonly settle: (result: StreamResult | Lost) => void;
}

/** Answers still owed to questions that were given up. More, and the server is better asked afresh. */
const MAX_ABANDONED = 100;
/** Frames of length zero that are overlooked. */
const MAX_EMPTY_FRAMES = 100;

const silence: StreamResult = { kind: "timeout", discarded: 0 };

export class Connection {
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #decoder = new FrameDecoder();
  readonly #waiting = new Map<number, Waiting>();
  readonly #abandoned = new Set<number>();
  #state: "connecting" | "open" | "ended" = "connecting";
  #asked = 0;
  /** Questions for whose sake the process must go on. */
  #awaited = 0;
  #segmentsHeard = 0;
  /** Nothing new is asked here: the server let a question run out in silence. */
  #retiring = false;
  #error: string | null = null;
  #cancelTimer: () => void;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    // Background: whoever waits for the connection holds the process by the timer of the question.
    socket.unref();
    this.#cancelTimer = options.clock.background(options.connectTimeoutMs, () => this.#end(silence, "for all"));
    socket.on("connect", () => {
      this.#cancelTimer();
      if (this.#state === "connecting") this.#state = "open";
    });
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("end", () => this.#hungUp());
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#error = error.code ?? "EIO";
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#hungUp();
        options.onClosed(this);
        resolve();
      });
    });
  }

  get takesQuestions(): boolean {
    return this.#state !== "ended" && !this.#retiring;
  }

  /** "lost" if it is closed already; while it is open, never for the first question on it. */
  ask(question: StreamQuestion, timeoutMs: number): Promise<StreamResult | Lost> {
    const { signal, background = false } = question;
    if (this.#state === "ended") return Promise.resolve({ kind: "lost", code: "EOF" });
    if (this.#waiting.size === 0) this.#wakeUp();
    if (signal.aborted) {
      if (this.#waiting.size === 0) this.#rest();
      return Promise.resolve(silence);
    }
    return new Promise((resolve) => {
      const id = this.#freeId();
      const query = question.octets.slice();
      query[0] = id >>> 8;
      query[1] = id;
      const heardBefore = this.#segmentsHeard;
      const { clock } = this.#options;

      const settle = (result: StreamResult | Lost): void => {
        cancel();
        signal.removeEventListener("abort", abandon);
        this.#waiting.delete(id);
        if (!background && --this.#awaited === 0) this.#socket.unref();
        resolve(result);
        if (this.#waiting.size === 0) this.#rest();
      };
      const abandon = (): void => {
        this.#abandoned.add(id);
        if (this.#abandoned.size > MAX_ABANDONED) this.#retiring = true;
        settle(silence);
      };
      const runOut = (): void => {
        if (this.#segmentsHeard === heardBefore) this.#retiring = true;
        abandon();
      };
      const cancel = background ? clock.background(timeoutMs, runOut) : clock.after(timeoutMs, runOut);
      signal.addEventListener("abort", abandon);
      this.#waiting.set(id, { question, query, isFirst: this.#asked === 0, settle });
      this.#asked += 1;
      if (!background && ++this.#awaited === 1) this.#socket.ref();
      this.#socket.write(frame(query));
    });
  }

  /** Whoever still waits gets a timeout. */
  destroy(): void {
    this.#end(silence, "for all");
  }

  #read(chunk: Uint8Array): void {
    this.#segmentsHeard += 1;
    for (const octets of this.#decoder.push(chunk)) {
      if (this.#state === "ended") return;
      this.#take(octets);
    }
    if (this.#decoder.emptyFrames > MAX_EMPTY_FRAMES) {
      this.#end({ kind: "garbled", why: `more than ${MAX_EMPTY_FRAMES} frames of length zero` }, "for all");
    }
  }

  #take(octets: Uint8Array): void {
    const id = octets.length < 2 ? -1 : (octets[0]! << 8) | octets[1]!;
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) {
      if (this.#abandoned.delete(id)) return;
      this.#end({ kind: "garbled", why: `${octets.length} octets that answer nothing that was asked` }, "for all");
      return;
    }
    const match = waiting.question.match(octets, waiting.query);
    switch (match.kind) {
      case "ours":
        waiting.settle({ kind: "ours", message: match.message, octets: octets.length });
        break;
      case "foreign":
        this.#garbled(waiting, match.why);
        break;
      case "near miss":
        this.#garbled(waiting, "wrong id");
        break;
    }
  }

  #garbled(waiting: Waiting, why: string): void {
    waiting.settle({ kind: "garbled", why });
    this.#end({ kind: "garbled", why: `another answer on the connection was garbled: ${why}` }, "for the first");
  }

  #hungUp(): void {
    const code = this.#error ?? "EOF";
    if (this.#state === "connecting") this.#end({ kind: "unreachable", code }, "for all");
    else if (this.#decoder.isPartial) this.#end({ kind: "garbled", why: "closed within a message" }, "for the first");
    else this.#end({ kind: "unreachable", code }, "for the first");
  }

  /** "for the first": only who opened the connection learns from this; the others may have come too late for it. */
  #end(result: StreamResult, means: "for all" | "for the first"): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#cancelTimer();
    this.#socket.destroy();
    const code = result.kind === "unreachable" ? result.code : result.kind;
    for (const waiting of [...this.#waiting.values()]) {
      waiting.settle(means === "for all" || waiting.isFirst ? result : { kind: "lost", code });
    }
  }

  #rest(): void {
    if (this.#state === "ended") return;
    // A half-open connection of a question that ran out, and one that nobody is to use again, hold a socket for nothing.
    if (this.#state === "connecting" || this.#retiring || this.#options.idleMs === 0) {
      this.destroy();
      return;
    }
    this.#cancelTimer = this.#options.clock.background(this.#options.idleMs, () => this.destroy());
    this.#options.onIdle(this, "idle");
  }

  #wakeUp(): void {
    if (this.#asked === 0) return;
    this.#cancelTimer();
    this.#options.onIdle(this, "busy");
  }

  #freeId(): number {
    for (;;) {
      const id = this.#options.random.integer(65536);
      if (!this.#waiting.has(id) && !this.#abandoned.has(id)) return id;
    }
  }
}
