/** Programs that run beside us, in the foreground, and end when we end. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface Daemon {
  readonly name: string;
  stop(): Promise<void>;
}

interface Running {
  readonly name: string;
  readonly child: ChildProcess;
}

const running = new Set<Running>();

/** Those that ended unasked, while others counted on them. */
export const fallen: string[] = [];

export interface ToStart {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** Asked again and again until it says yes. */
  readonly isReady: () => Promise<boolean>;
}

const READY_WITHIN_MS = 20_000;

/** Rejects, with the end of what it wrote, when it ends early or is not ready within bounds. */
export async function startDaemon({ name, command, args, folder, isReady }: ToStart): Promise<Daemon> {
  const log = join(folder, `${name}.log`);
  const output = openSync(log, "a");
  const child = spawn(command, args, { cwd: folder, stdio: ["ignore", output, output] });
  closeSync(output);
  const entry: Running = { name, child };
  running.add(entry);
  let failure: string | null = null;
  let ready = false;
  child.on("error", (error) => {
    failure = error.message;
    running.delete(entry);
  });
  child.on("exit", (code, signal) => {
    failure = `ended with ${signal ?? code}`;
    if (running.delete(entry) && ready) fallen.push(`${name} ${failure}: ${lastLines(log)}`);
  });
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await isReady())) {
    if (failure === null && performance.now() > deadline) failure = `not ready within ${READY_WITHIN_MS / 1000} s`;
    if (failure !== null) {
      await stopOne(entry);
      throw new Error(`${name}: ${failure}: ${lastLines(log)}`);
    }
    await sleep(50);
  }
  ready = true;
  return { name, stop: () => stopOne(entry) };
}

/** Whatever still runs; the last thing done, however the run went. */
export async function stopDaemons(): Promise<void> {
  await Promise.all([...running].map(stopOne));
}

const STOP_WITHIN_MS = 4000;

async function stopOne(entry: Running): Promise<void> {
  running.delete(entry);
  const { child } = entry;
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const insist = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
  await ended;
  clearTimeout(insist);
}

function lastLines(file: string): string {
  return readFileSync(file, "utf8").trim().split("\n").slice(-12).join("\n");
}
