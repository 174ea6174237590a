/** The daemon as a process, in front of a lab's Internet in memory. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/env/system.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { listen } from "../../src/server/listeners.ts";
import { createResponder } from "../../src/server/responder.ts";
import { decodeMessage, type Message } from "../../src/wire/message.ts";
import { resolverIn } from "../lab/resolver.ts";
import { query } from "../server/requests.ts";

export const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** Nothing of this run's own variables may reach the daemon. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ROOTWALK_")));

export interface Lab {
  readonly dir: string;
  /** A configuration file with these lines above its sections. */
  configure(lines: string, anchors?: string): string;
  close(): Promise<void>;
}

export async function startLab(): Promise<Lab> {
  const dir = mkdtempSync(join(tmpdir(), "rootwalk-daemon-"));
  const world = buildWorld(
    {
      zones: [{ apex: "." }, { apex: "lab." }, { apex: "good.lab.", records: "www A 192.0.2.80\n*.wild A 192.0.2.81" }],
    },
    systemClock.unixSeconds(),
  );
  // A file of hints knows no ports, so the daemon asks by way of a resolver that does not validate for it (CD).
  const resolver = resolverIn(world);
  const responder = createResponder({ resolver, clock: systemClock });
  const listening = await listen(responder, [{ address: "127.0.0.1", port: 0 }], { clock: systemClock });
  const forward = `[[forward]]\nzone = "."\nservers = ["127.0.0.1:${listening.addresses[0]!.port}"]\n`;
  writeFileSync(join(dir, "anchors"), world.anchors);
  return {
    dir,
    configure(lines, anchors = join(dir, "anchors")) {
      const file = join(dir, "rootwalk.toml");
      const base = `trust-anchor-file = ["${anchors}"]\nstate-dir = "${dir}"`;
      writeFileSync(file, `${base}\n${lines}\n[settings]\nquery-private = true\nipv6 = false\n${forward}`);
      return file;
    },
    async close() {
      await listening.close();
      await resolver.close();
      rmSync(dir, { recursive: true });
    },
  };
}

/** A port that was free a moment ago: others run these tests on the same machine. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<number | null>;
}

export async function startDaemon(
  file: string,
  more: { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Running> {
  const child = spawn(process.execPath, [main, "serve", "--config", file], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...env, ...more.env },
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    err += String(chunk);
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  await until(
    () => out.includes("ready") || child.exitCode !== null,
    () => err,
  );
  return { child, port: Number(/:([0-9]+)/.exec(out)?.[1] ?? 0), out: () => out, err: () => err, ended };
}

export async function until(what: () => boolean | Promise<boolean>, told: () => string = () => ""): Promise<void> {
  for (let i = 0; !(await what()); i++) {
    if (i > 1000) throw new Error(`it never came to: ${what}: ${told()}`);
    await systemClock.sleep(20);
  }
}

/** Null: no answer in time. */
export async function askOnce(port: number, name: string, type = 1): Promise<Message | null> {
  const socket = createSocket("udp4");
  const late = new AbortController();
  const reply = new Promise<Uint8Array>((resolve) => socket.once("message", resolve));
  socket.send(query({ name, type, ad: true }), port, "127.0.0.1");
  const octets = await Promise.race([reply, systemClock.sleep(5000, late.signal)]);
  late.abort();
  socket.close();
  return octets === undefined ? null : decodeMessage(octets);
}

export function rootwalk(
  ...args: string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { timeout: 20_000, env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}
