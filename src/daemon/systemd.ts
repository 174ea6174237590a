/**
 * Telling systemd how far we are (sd_notify). Node has no datagram sockets of the Unix family, so systemd's own program
 * says it for us: systemd-notify, which the unit allows with NotifyAccess=all.
 */
import { spawn } from "node:child_process";
import process from "node:process";
import type { Clock } from "../env/env.ts";
import type { Log } from "./log.ts";

export interface Notifier {
  ready(): void;
  reloading(): void;
  stopping(): void;
  /** Says at half of WATCHDOG_USEC that all is well, as long as `isWell`. */
  watchdog(clock: Clock, signal: AbortSignal, isWell: () => Promise<boolean>): Promise<void>;
}

const silent: Notifier = { ready() {}, reloading() {}, stopping() {}, watchdog: () => Promise.resolve() };

export function notifierFrom(env: Readonly<Record<string, string | undefined>>, log: Log): Notifier {
  if (env["NOTIFY_SOCKET"] === undefined) return silent;
  let told = false;
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other: "reloading" that overtook "ready" would leave systemd waiting. */
  const say = (...words: readonly string[]): void => {
    last = last.then(
      () =>
        new Promise<void>((done) => {
          const child = spawn("systemd-notify", [`--pid=${process.pid}`, ...words], { stdio: "ignore" });
          child.once("close", () => done());
          child.once("error", (error: NodeJS.ErrnoException) => {
            if (!told)
              log.error(`systemd cannot be told how far we are: systemd-notify: ${error.code ?? error.message}`);
            told = true;
            done();
          });
        }),
    );
  };
  return {
    ready: () => say("READY=1", "STATUS=answering"),
    // systemd-notify has no word for it before version 253.
    reloading: () => say("RELOADING=1"),
    stopping: () => say("STOPPING=1"),
    async watchdog(clock, signal, isWell) {
      const everyMs = Number(env["WATCHDOG_USEC"] ?? 0) / 2000;
      if (!(everyMs > 0)) return;
      while (!signal.aborted) {
        if (await isWell()) say("WATCHDOG=1");
        await clock.sleep(everyMs, signal);
      }
    },
  };
}
