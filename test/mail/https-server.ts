/** A web server on loopback that behaves, or not. */

import type { AddressInfo } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { pem, privateKey } from "../dane/harness.ts";

export interface WebServer {
  readonly port: number;
  /** First lines and Host headers of requests. */
  readonly requests: readonly string[];
  close(): void;
}

/** `answer` gets the socket once a request's head is there. `chain`: "leaf-wildcard intermediate". */
export async function webServer(chain: string, answer: (socket: TLSSocket) => void): Promise<WebServer> {
  const requests: string[] = [];
  const sockets = new Set<TLSSocket>();
  const server: Server = createServer({ key: privateKey("leaf"), cert: chain.split(" ").map(pem).join("\n") });
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    let head = "";
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    socket.on("data", (chunk: Buffer) => {
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      requests.push(head);
      answer(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

export function reply(
  body: string,
  headers = "content-type: text/plain",
  status = "200 OK",
): (socket: TLSSocket) => void {
  return (socket) =>
    socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
