/** Programs on the Node that run.mjs chose, and what they print. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

export interface Child {
  readonly process: ChildProcess;
  /** All that it printed, standard error included. */
  readonly printed: () => string;
  /** Its exit code; -1 for a signal. */
  readonly ended: Promise<number>;
}

/** In the folder of these packages, with the arguments for node. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
  const node = process.env["ROOTWALK_TEST_NODE"] ?? process.execPath;
  const child = spawn(node, args, { cwd: here, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += String(chunk)));
  const ended = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? -1)));
  return { process: child, printed: () => printed, ended };
}
