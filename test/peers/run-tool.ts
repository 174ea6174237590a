/** Programs that do one thing and end. */
import { execFile } from "node:child_process";

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Throws when the program fails; with `allowFailure` its exit code is for the caller to judge. */
export function runTool(
  command: string,
  args: readonly string[],
  { cwd, allowFailure = false, timeoutMs = 30_000 }: { cwd?: string; allowFailure?: boolean; timeoutMs?: number } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { ...(cwd === undefined ? {} : { cwd }), timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
        if (error === null || (allowFailure && code !== null)) resolve({ stdout, stderr, code });
        else
          reject(
            new Error(`${command} ${args.join(" ")} failed: ${stderr || stdout || error.message}`, { cause: error }),
          );
      },
    );
  });
}

/** `work` on every item, `atOnce` at a time, results in order. */
export async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i]!, i);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
