/** The real Io: a process's streams and signals, the real clock. */
import { engineAtStart } from "../crypto/startup.ts";
import { manyListeners } from "../env/abort.ts";
import { systemClock } from "../env/system.ts";
import { createResolver } from "../resolver/create.ts";
import type { Io } from "./command.ts";

export async function systemIo(process: NodeJS.Process): Promise<Io> {
  const stop = manyListeners();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // A second signal means it: the clean stop takes too long.
      if (stop.signal.aborted) process.exit(130);
      stop.abort();
    });
  }
  // `rootwalk query … | head -1`: who reads no more does not want an error either.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? 0 : 1);
  });
  const engine = await engineAtStart();
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    stop: stop.signal,
    clock: systemClock,
    createResolver: (options) => createResolver({ engine, ...options }),
    engine,
    env: process.env,
    onReload(listener) {
      process.on("SIGHUP", listener);
      return () => void process.off("SIGHUP", listener);
    },
  };
}
