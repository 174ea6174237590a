/** /metrics and /health for machines, over HTTP. */
import { createServer, type ServerResponse } from "node:http";
import { serverAddressText } from "../server/addresses.ts";
import { parseServerAddress } from "../wire/address.ts";
import type { WorkerStatus } from "./commands.ts";
import { isReady, metricsText } from "./metrics.ts";
import { UsageError } from "./usage-error.ts";

export interface HttpDoor {
  readonly url: string;
  close(): Promise<void>;
}

/** `statuses`: of all processes that answer, now. UsageError where the address cannot be opened. */
export async function openMetrics(
  written: string,
  statuses: () => Promise<readonly WorkerStatus[]>,
): Promise<HttpDoor> {
  const { address, port } = parseServerAddress(written, 0)!;
  const server = createServer({ maxHeaderSize: 8192, requestTimeout: 10_000 }, (request, response) => {
    void serve(request.method ?? "", request.url ?? "", response).catch(() => response.destroy());
  });
  server.maxConnections = 64;
  server.keepAliveTimeout = 15_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(new UsageError(`metrics cannot be served on ${written}: ${error.code ?? error.message}`)),
    );
    server.listen({ host: address, port, exclusive: true }, resolve);
  });
  const bound = server.address() as { readonly port: number };

  async function serve(method: string, url: string, response: ServerResponse): Promise<void> {
    if (method !== "GET" && method !== "HEAD") return send(response, 405, "text/plain", "GET only\n");
    switch (url.split("?")[0]) {
      case "/metrics":
        return send(response, 200, "text/plain; version=0.0.4; charset=utf-8", await metricsText(await statuses()));
      case "/health": {
        const all = await statuses();
        const ready = isReady(all);
        const ago = all.flatMap(({ rootSecureSecondsAgo }) => rootSecureSecondsAgo ?? []);
        const body = {
          alive: true,
          ready,
          workers: all.length,
          rootSecureSecondsAgo: ago.length === 0 ? null : Math.min(...ago),
        };
        return send(response, ready ? 200 : 503, "application/json", `${JSON.stringify(body)}\n`);
      }
      default:
        return send(response, 404, "text/plain", "/metrics and /health are here\n");
    }
  }

  return {
    url: `http://${serverAddressText({ address, port: bound.port })}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function send(response: ServerResponse, code: number, type: string, body: string): void {
  response.writeHead(code, { "content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff" });
  response.end(body);
}
