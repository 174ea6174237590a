/**
 * DNS over HTTPS on connections that have come through TLS: HTTP/2 and, for simple clients, HTTP/1.1. RFC 8484. What a
 * connection may ask for at once, and for how long, is bounded as on TCP (RFC 9113 §10.5 names the ways to abuse it).
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Readable } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../env/env.ts";
import type { Connection } from "./connections.ts";
import {
  DNS_MESSAGE,
  freshnessOf,
  methodsAllowed,
  type Refusal,
  type RequestHead,
  readHead,
  refusalWith,
} from "./doh.ts";
import type { ServerLimits } from "./limits.ts";
import type { Client, Respond } from "./responder.ts";

export interface HttpsParts {
  readonly respond: Respond;
  readonly limits: ServerLimits;
  readonly clock: Clock;
}

/** As ALPN names them, ours first. */
export const httpProtocols = ["h2", "http/1.1"] as const;

const HEADER_OCTETS = 8192;
const HEADER_PAIRS = 64;
/** Megabytes that one HTTP/2 connection may make us keep; Node's default is 10. */
const SESSION_MEGABYTES = 2;
/** Streams that a client may open and take back at once before he has shown that he wants an answer (CVE-2023-44487). */
const RESETS = 200;

/** One request and the way to answer it, whatever the version of HTTP. */
interface Exchange {
  readonly head: RequestHead;
  readonly body: Readable;
  readonly sinceMs: number;
  readonly gone: AbortController;
  answer(status: number, headers: Readonly<Record<string, string>>, body: Uint8Array): void;
  /** Breaks off this request alone, where the version allows it. */
  breakOff(): void;
}

export class HttpsConnection implements Connection {
  readonly #socket: TLSSocket;
  readonly #parts: HttpsParts;
  readonly #client: Omit<Client, "signal">;
  readonly #exchanges = new Set<Exchange>();
  /** As it was announced: HTTP/2 tells it at the beginning, and a client may count on it. */
  readonly #pipelined: number;
  readonly #session: ServerHttp2Session | null;
  #lastProgressMs: number;
  #finishing = false;
  #unread = 0;
  #resets = 0;

  constructor(socket: TLSSocket, parts: HttpsParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#pipelined = parts.limits.pipelined;
    this.#lastProgressMs = parts.clock.monotonicMs();
    this.#client = { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0, transport: "https" };
    socket.on("error", ignore);
    if (socket.alpnProtocol === "h2") {
      this.#session = this.#speakHttp2();
    } else {
      this.#session = null;
      this.#speakHttp1();
    }
    socket.on("close", () => {
      for (const exchange of this.#exchanges) exchange.gone.abort();
    });
  }

  get address(): string {
    return this.#client.address;
  }

  get pending(): number {
    return this.#exchanges.size;
  }

  get lastProgressMs(): number {
    return this.#lastProgressMs;
  }

  sweep(nowMs: number): void {
    const { idleMs, messageMs } = this.#parts.limits;
    for (const exchange of this.#exchanges) {
      if (nowMs - exchange.sinceMs > messageMs) exchange.breakOff();
    }
    // Headers that dribble, PING and SETTINGS frames are no progress.
    if (this.#exchanges.size === 0 && nowMs - this.#lastProgressMs > idleMs) {
      if (this.#finishing) this.destroy();
      else this.finish();
    }
  }

  finish(): void {
    this.#finishing = true;
    if (this.#session !== null) this.#session.close();
    else if (this.#exchanges.size === 0) this.#socket.destroySoon();
  }

  destroy(): void {
    this.#session?.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.#socket.destroy();
  }

  #speakHttp2(): ServerHttp2Session {
    const session = performServerHandshake(this.#socket, {
      maxSessionMemory: SESSION_MEGABYTES,
      maxHeaderListPairs: HEADER_PAIRS,
      settings: {
        enablePush: false,
        maxConcurrentStreams: this.#pipelined,
        maxHeaderListSize: HEADER_OCTETS,
        initialWindowSize: 65535,
      },
    });
    session.on("error", () => this.destroy());
    session.on("stream", (stream, headers) => {
      const head: RequestHead = {
        method: headers[":method"] ?? "",
        target: headers[":path"] ?? "",
        contentType: headers["content-type"],
        contentLength: headers["content-length"],
      };
      const exchange = overStream(stream, head, this.#parts.clock.monotonicMs());
      // The bound that we announced is advice, and Node holds nobody to it (measured, Node 20).
      if (sizeOf(headers) > HEADER_OCTETS) this.#refuse(refusalWith(431, "smaller headers expected"), exchange);
      else this.#begin(head, exchange);
      stream.on("error", ignore);
      stream.on("aborted", () => {
        this.#resets += 1;
        if (this.#resets > RESETS) this.destroy();
      });
    });
    return session;
  }

  #speakHttp1(): void {
    const server = createServer({ maxHeaderSize: HEADER_OCTETS, keepAliveTimeout: this.#parts.limits.idleMs });
    server.maxHeadersCount = HEADER_PAIRS;
    server.on("request", (request, response) => {
      const head: RequestHead = {
        method: request.method ?? "",
        target: request.url ?? "",
        contentType: request.headers["content-type"],
        contentLength: request.headers["content-length"],
      };
      this.#begin(head, overHttp1(request, response, { head, sinceMs: this.#parts.clock.monotonicMs() }));
    });
    server.emit("connection", this.#socket);
  }

  #begin(head: RequestHead, exchange: Exchange): void {
    const { limits } = this.#parts;
    this.#lastProgressMs = this.#parts.clock.monotonicMs();
    // HTTP/2 tells its clients the bound, HTTP/1.1 has no word for it.
    if (this.#exchanges.size >= this.#pipelined) {
      this.destroy();
      return;
    }
    this.#exchanges.add(exchange);
    exchange.gone.signal.addEventListener("abort", () => this.#end(exchange), { once: true });
    const meaning = readHead(head, limits.httpQueryOctets);
    switch (meaning.kind) {
      case "question":
        this.#respond(meaning.octets, exchange);
        break;
      case "question in the body":
        this.#collect(exchange);
        break;
      case "refusal":
        this.#refuse(meaning, exchange);
        break;
    }
  }

  #collect(exchange: Exchange): void {
    const { httpQueryOctets } = this.#parts.limits;
    const chunks: Uint8Array[] = [];
    let size = 0;
    exchange.body.on("data", (chunk: Uint8Array) => {
      size += chunk.length;
      if (size <= httpQueryOctets) chunks.push(chunk);
      else if (size - chunk.length <= httpQueryOctets)
        this.#refuse(refusalWith(413, `a question of at most ${httpQueryOctets} octets expected`), exchange);
    });
    exchange.body.on("end", () => {
      if (size <= httpQueryOctets) this.#respond(Buffer.concat(chunks), exchange);
    });
    exchange.body.on("error", ignore);
  }

  #respond(question: Uint8Array, exchange: Exchange): void {
    const answer = this.#parts.respond(question, { ...this.#client, signal: exchange.gone.signal });
    if (answer instanceof Promise) void answer.then((octets) => this.#answer(octets, exchange));
    else this.#answer(answer, exchange);
  }

  #answer(octets: Uint8Array | null, exchange: Exchange): void {
    if (octets === null) {
      this.#refuse(refusalWith(400, "this is no DNS question that is answered here"), exchange);
      return;
    }
    this.#send(exchange, octets, {
      status: 200,
      headers: { "content-type": DNS_MESSAGE, "cache-control": `max-age=${freshnessOf(octets)}` },
    });
  }

  #refuse({ status, text }: Refusal, exchange: Exchange): void {
    const headers = {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...(status === 405 ? { allow: methodsAllowed } : {}),
    };
    this.#send(exchange, Buffer.from(`${text}\n`), { status, headers });
  }

  #send(
    exchange: Exchange,
    body: Uint8Array,
    as: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
  ): void {
    if (exchange.gone.signal.aborted) return;
    this.#unread += body.length;
    exchange.gone.signal.addEventListener(
      "abort",
      () => {
        this.#unread -= body.length;
      },
      { once: true },
    );
    // Answers wait for a client who opens no window for them.
    if (this.#unread > this.#parts.limits.unwrittenOctets) {
      this.destroy();
      return;
    }
    exchange.answer(as.status, { ...as.headers, "content-length": String(body.length) }, body);
  }

  #end(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
    this.#lastProgressMs = this.#parts.clock.monotonicMs();
    if (this.#finishing && this.#session === null && this.#exchanges.size === 0) this.#socket.destroySoon();
  }
}

function overStream(stream: ServerHttp2Stream, head: RequestHead, sinceMs: number): Exchange {
  const gone = new AbortController();
  stream.on("close", () => gone.abort());
  return {
    head,
    body: stream,
    sinceMs,
    gone,
    answer(status, headers, body) {
      if (stream.destroyed || stream.headersSent) return;
      stream.respond({ ":status": status, ...headers });
      stream.end(body);
      // RFC 9113 §8.1: what is still to come of the question is not wanted any more.
      if (status !== 200) stream.resume();
    },
    breakOff: () => stream.close(constants.NGHTTP2_CANCEL),
  };
}

function overHttp1(
  request: IncomingMessage,
  response: ServerResponse,
  { head, sinceMs }: Pick<Exchange, "head" | "sinceMs">,
): Exchange {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  return {
    head,
    body: request,
    sinceMs,
    gone,
    answer(status, headers, body) {
      if (response.destroyed || response.headersSent) return;
      // Of a question that is refused nobody reads the rest, so nothing can follow it.
      response.writeHead(status, status === 200 ? headers : { ...headers, connection: "close" });
      response.end(body);
    },
    breakOff: () => request.socket.destroy(),
  };
}

/** RFC 9113 §6.5.2: names and values, and 32 octets for each pair. */
function sizeOf(headers: IncomingHttpHeaders): number {
  let size = 0;
  for (const [name, value] of Object.entries(headers)) size += 32 + name.length + String(value ?? "").length;
  return size;
}

function ignore(): void {}
