/** The socket of `rootwalk ctl`: one JSON object a line, both ways. Who may open the file may say what is done. */
import { chmodSync, lstatSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { Clock } from "../env/env.ts";
import type { AskAll, Command, Told } from "./commands.ts";
import type { Configuration } from "./configuration.ts";
import { logLevels } from "./log.ts";
import { UsageError } from "./usage-error.ts";

const REQUEST_OCTETS = 65_536;
const CONNECTIONS = 32;
const IDLE_MS = 30_000;

export type Request = Command | { readonly do: "stop" };
export interface Response {
  readonly told: readonly Told[];
}

/** Null: nowhere. `$RUNTIME_DIRECTORY` is systemd's; it may list several. */
export function controlPath(
  { options }: Configuration,
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  if (options["control-socket"] !== null) return options["control-socket"];
  const runtime = env["RUNTIME_DIRECTORY"]?.split(":")[0];
  const dir = runtime !== undefined && runtime !== "" ? runtime : options["state-dir"];
  return dir === null ? null : join(dir, "control.sock");
}

export interface Control {
  close(): Promise<void>;
}

/** UsageError where the path cannot be used. The file belongs to us alone until it is 0660: its group may be given access. */
export async function openControl(
  path: string,
  by: { readonly ask: AskAll; readonly stop: () => void; readonly clock: Clock },
): Promise<Control> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(socket, by);
  });
  server.maxConnections = CONNECTIONS;
  const umask = process.umask(0o117);
  try {
    await removeLeftOver(path);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`the control socket ${path} cannot be opened: ${code ?? message}`);
  } finally {
    process.umask(umask);
  }
  chmodSync(path, 0o660);
  server.unref();
  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A socket that nobody listens on is what a crash left; one that somebody listens on is another daemon's. */
async function removeLeftOver(path: string): Promise<void> {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (!status.isSocket()) throw new UsageError(`the control socket ${path} cannot be opened: a file is in its place`);
  const isAlive = await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
  if (isAlive) throw new UsageError(`another daemon listens on the control socket ${path}`);
  rmSync(path, { force: true });
}

function serve(socket: Socket, by: { readonly ask: AskAll; readonly stop: () => void }): void {
  let text = "";
  socket.setEncoding("utf8");
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: string) => {
    text += chunk;
    if (text.length > REQUEST_OCTETS) {
      refuse(socket, `a request of more than ${REQUEST_OCTETS} octets`);
      return;
    }
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      void answer(socket, line, by);
    }
  });
}

async function answer(socket: Socket, line: string, by: { readonly ask: AskAll; readonly stop: () => void }) {
  const request = requestFrom(line);
  if (typeof request === "string") {
    refuse(socket, request);
    return;
  }
  if (request.do === "stop") {
    socket.end(`${JSON.stringify({ told: [] } satisfies Response)}\n`, () => by.stop());
    return;
  }
  const response: Response = { told: await by.ask(request) };
  socket.write(`${JSON.stringify(response)}\n`);
}

function refuse(socket: Socket, why: string): void {
  const response: Response = { told: [{ do: "refused", why }] };
  socket.end(`${JSON.stringify(response)}\n`);
}

/** A request, or what is wrong with it. */
export function requestFrom(line: string): Request | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "a request is one JSON object a line";
  }
  if (typeof value !== "object" || value === null) return "a request is one JSON object a line";
  const { do: what, name, type = null, scope = "name", level } = value as Record<string, unknown>;
  switch (what) {
    case "status":
    case "reload":
    case "stop":
      return { do: what };
    case "lookup":
      if (typeof name !== "string" || (typeof type !== "string" && type !== null)) return "lookup needs a name";
      return { do: what, name, type };
    case "flush":
      if (typeof name !== "string" || (scope !== "name" && scope !== "below"))
        return 'flush needs a name, and "name" or "below" as its scope';
      return { do: what, name, scope };
    case "log-level": {
      const known = logLevels.find((each) => each === level);
      return known === undefined ? `log-level needs one of ${logLevels.join(", ")}` : { do: what, level: known };
    }
    default:
      return `there is no request ${JSON.stringify(what)?.slice(0, 40)}`;
  }
}

/** For `rootwalk ctl`. UsageError where nobody listens. */
export function requestOver(path: string, request: Request): Promise<Response> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(path, () => socket.write(`${JSON.stringify(request)}\n`));
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.endsWith("\n")) socket.end();
    });
    socket.on("error", (error: NodeJS.ErrnoException) =>
      reject(
        new UsageError(`no daemon answers on ${path} (${error.code ?? error.message}); --control-socket names another`),
      ),
    );
    socket.on("close", () => {
      try {
        resolve(JSON.parse(text) as Response);
      } catch {
        reject(new Error(`the daemon behind ${path} ended before it answered`));
      }
    });
  });
}
