/** Postfix's socketmap protocol as a server: netstrings of "map key", answered one after the other. socketmap_table(5). */
import { createServer, type Server, type Socket } from "node:net";

export type SocketmapAnswer =
  | { readonly kind: "found"; readonly value: string }
  | { readonly kind: "not found" }
  | { readonly kind: "try later"; readonly reason: string };

/** Never rejects. */
export type Answerer = (map: string, key: string) => Promise<SocketmapAnswer>;

export type SocketmapAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface Socketmap {
  /** Of the listening socket; null for a path. */
  readonly port: number | null;
  close(): Promise<void>;
}

/** Postfix asks for domains: nothing longer is a name. */
const LONGEST_REQUEST = 1000;
const LONGEST_REASON = 400;
const MOST_CONNECTIONS = 1000;
/** Requests of one connection that wait for an answer; Postfix sends one. */
const MOST_WAITING = 100;

/** Rejects if the address cannot be opened. */
export async function serveSocketmap(address: SocketmapAddress, answer: Answerer): Promise<Socketmap> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
    converse(socket, answer);
  });
  server.maxConnections = MOST_CONNECTIONS;
  await opened(server, address);
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : null,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function opened(server: Server, address: SocketmapAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function converse(socket: Socket, answer: Answerer): void {
  let unread: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();
  socket.on("data", (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    for (;;) {
      const read = readNetstring(unread);
      if (read === "more") return;
      if (read === "malformed" || waiting >= MOST_WAITING) {
        socket.destroy();
        return;
      }
      unread = unread.subarray(read.end);
      waiting += 1;
      last = last.then(async () => {
        const reply = await replyTo(read.text, answer);
        waiting -= 1;
        if (!socket.destroyed) socket.write(`${Buffer.byteLength(reply)}:${reply},`);
      });
    }
  });
}

async function replyTo(request: string, answer: Answerer): Promise<string> {
  const space = request.indexOf(" ");
  if (space < 0) return "PERM a map and a key were expected";
  const outcome = await answer(request.slice(0, space), request.slice(space + 1));
  switch (outcome.kind) {
    case "found":
      return `OK ${outcome.value}`;
    case "not found":
      return "NOTFOUND ";
    case "try later":
      return `TEMP ${outcome.reason.replace(/[^\x20-\x7e]/g, "?").slice(0, LONGEST_REASON)}`;
  }
}

type Netstring = { readonly text: string; readonly end: number } | "more" | "malformed";

/** "5:hello," */
export function readNetstring(octets: Buffer): Netstring {
  const head = /^(0|[1-9][0-9]{0,3}):/.exec(octets.subarray(0, 5).toString("latin1"));
  if (head === null)
    return /^(?:0|[1-9][0-9]{0,3})?$/.test(octets.subarray(0, 5).toString("latin1")) ? "more" : "malformed";
  const length = Number(head[1]);
  if (length > LONGEST_REQUEST) return "malformed";
  const start = head[0].length;
  if (octets.length <= start + length) return "more";
  if (octets[start + length] !== 0x2c) return "malformed";
  return { text: octets.subarray(start, start + length).toString("latin1"), end: start + length + 1 };
}
