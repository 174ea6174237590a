/**
 * The dashboard over HTTP: four files, one JSON of numbers, and a box for questions.
 *
 * Browsers carry requests of strangers: a page elsewhere may point an image, a form or, with a name that changes its
 * address (DNS rebinding), a script at 127.0.0.1. So a Host that is neither an address nor a name of ours is refused;
 * questions, which cost something, come by POST with a content type that no form can send, and from our own origin; and
 * nothing here changes any state.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIP } from "node:net";
import type { Timer } from "../env/env.ts";
import { pictureStyle } from "../picture/style.ts";
import { treeOf } from "../picture/tree.ts";
import { quantile } from "./fold.ts";
import type { StatusSource } from "./status.ts";

export interface PageOptions {
  readonly source: StatusSource;
  readonly timer: Timer;
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** "this machine": only loopback addresses are accepted. The page asks nobody for a password. */
  readonly reach: "this machine" | "whoever can connect";
  /** Names, besides localhost and addresses, under which browsers may know it. */
  readonly names?: readonly string[];
}

export interface Page {
  /** `http://127.0.0.1:8053/`. */
  readonly url: string;
  close(): Promise<void>;
}

const limits = {
  /** Questions of the box at a time: each costs upstream questions. */
  questions: 4,
  questionMs: 10_000,
  bodyOctets: 4096,
  connections: 64,
  headerOctets: 8192,
  requestMs: 10_000,
  idleMs: 15_000,
} as const;

/** TypeError for an address that reaches too far, or is none; the system's error where it cannot be opened. */
export async function servePage(options: PageOptions): Promise<Page> {
  const { address, port, reach } = options;
  if (isIP(address) === 0) throw new TypeError(`"${address}" is no address`);
  if (reach === "this machine" && !isLoopback(address))
    throw new TypeError(
      `${address} can be reached from elsewhere, and the page asks for no password; http-public says that it is meant`,
    );
  const site = new Site(options);
  const server = createServer(
    { maxHeaderSize: limits.headerOctets, headersTimeout: limits.requestMs, requestTimeout: limits.requestMs },
    (request, response) => site.serve(request, response),
  );
  server.maxConnections = limits.connections;
  server.keepAliveTimeout = limits.idleMs;
  await listening(server, address, port);
  const bound = server.address();
  const boundPort = typeof bound === "object" && bound !== null ? bound.port : port;
  return {
    url: `http://${isIP(address) === 6 ? `[${address}]` : address}:${boundPort}/`,
    close: () => {
      site.close();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listening(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

export function isLoopback(address: string): boolean {
  return isIP(address) === 4 ? address.startsWith("127.") : address === "::1";
}

interface File {
  readonly type: string;
  readonly body: string | Buffer;
}

/** They are shipped where they stand in a checkout. */
function asset(name: string, type: string): File {
  return { type, body: readFileSync(new URL(`../../src/page/assets/${name}`, import.meta.url)) };
}

/** RFC 9110 §15. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

class Site {
  readonly #source: StatusSource;
  readonly #timer: Timer;
  readonly #names: ReadonlySet<string>;
  readonly #files: ReadonlyMap<string, File> = new Map([
    ["/", asset("index.html", "text/html; charset=utf-8")],
    ["/page.css", asset("page.css", "text/css; charset=utf-8")],
    ["/page.js", asset("page.js", "text/javascript; charset=utf-8")],
    ["/icon.svg", asset("icon.svg", "image/svg+xml")],
    ["/picture.css", { type: "text/css; charset=utf-8", body: pictureStyle }],
  ]);
  readonly #asking = new Set<AbortController>();

  constructor({ source, timer, names = [] }: PageOptions) {
    this.#source = source;
    this.#timer = timer;
    this.#names = new Set(["localhost", ...names.map((name) => name.toLowerCase().replace(/\.$/, ""))]);
  }

  close(): void {
    for (const question of this.#asking) question.abort();
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    this.#answer(request, response).catch((error: unknown) => {
      if (error instanceof Refusal) send(response, error.status, plain(`${error.message}\n`));
      else send(response, 500, plain("this should not have happened\n"));
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#mustBeOurs(request);
    const path = request.url ?? "/";
    const { method } = request;
    if (path === "/ask") {
      if (method !== "POST") throw new Refusal(405, "questions come by POST");
      return this.#ask(request, response);
    }
    if (method !== "GET" && method !== "HEAD") throw new Refusal(405, "GET and HEAD only");
    if (path === "/status.json") return send(response, 200, json(await this.#status()));
    const file = this.#files.get(path);
    if (file === undefined) throw new Refusal(404, "there is nothing here");
    send(response, 200, file);
  }

  /** An address cannot be rebound, so any will do; of names only ours. */
  #mustBeOurs({ headers }: IncomingMessage): void {
    const host = hostOf(headers.host ?? "");
    if (host === null || (isIP(host) === 0 && !this.#names.has(host)))
      throw new Refusal(421, "this page is not known by that name: use its address");
  }

  async #status(): Promise<object> {
    const status = await this.#source.status();
    const { latency } = status.counts;
    return {
      ...status,
      quantilesMs: { half: quantile(latency, 0.5), most: quantile(latency, 0.95), nearlyAll: quantile(latency, 0.99) },
    };
  }

  async #ask(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers } = request;
    if (!/^application\/json\b/i.test(headers["content-type"] ?? "")) throw new Refusal(415, "a question is JSON");
    // Browsers say where a request comes from; other programs need not.
    const origin = headers.origin;
    const site = headers["sec-fetch-site"];
    if ((origin !== undefined && origin !== `http://${headers.host}`) || (site !== undefined && site !== "same-origin"))
      throw new Refusal(403, "questions are asked from the page itself");
    const { name, type } = questionIn(await bodyOf(request));
    if (this.#asking.size >= limits.questions) throw new Refusal(429, "too many questions at a time: wait a moment");
    const patience = new AbortController();
    this.#asking.add(patience);
    const stopTimer = this.#timer.background(limits.questionMs, () => patience.abort());
    response.once("close", () => patience.abort());
    try {
      const { picture, records, elapsedMs } = await this.#source.ask(name, type, patience.signal);
      const { svgOf } = await import("../picture/svg.ts");
      const svg = svgOf(picture, { style: "outside" });
      send(response, 200, json({ picture, records, elapsedMs, svg, tree: treeOf(picture) }));
    } catch (error) {
      if (error instanceof TypeError) throw new Refusal(400, error.message);
      throw error;
    } finally {
      stopTimer();
      this.#asking.delete(patience);
    }
  }
}

/** Without port and brackets, in lower case; null if it is none. */
function hostOf(header: string): string | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/@]+))(?::[0-9]{1,5})?$/.exec(header);
  return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, "") ?? null;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of request) {
    octets += (chunk as Buffer).length;
    if (octets > limits.bodyOctets) throw new Refusal(413, "that is too long for a question");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function questionIn(body: string): { readonly name: string; readonly type: string } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new Refusal(400, "a question is JSON");
  }
  const { name, type } = (value ?? {}) as { readonly name?: unknown; readonly type?: unknown };
  if (typeof name !== "string" || typeof type !== "string") throw new Refusal(400, "a question has a name and a type");
  return { name, type };
}

const plain = (body: string): File => ({ type: "text/plain; charset=utf-8", body });
const json = (value: object): File => ({ type: "application/json", body: JSON.stringify(value) });

const headersOfAll = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
} as const;

function send(response: ServerResponse, status: number, { type, body }: File): void {
  if (response.headersSent || response.destroyed) return;
  const extra = status === 405 ? { allow: "GET, HEAD, POST" } : status === 413 ? { connection: "close" } : {};
  response.writeHead(status, {
    ...headersOfAll,
    ...extra,
    "content-type": type,
    "content-length": Buffer.byteLength(body),
  });
  response.end(response.req.method === "HEAD" ? undefined : body);
}
