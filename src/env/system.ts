/** The real clock and the real dice: the only place where time and chance enter. Quality of chance: RFC 5452 §10. */

import { randomFillSync } from "node:crypto";
import { networkInterfaces } from "node:os";
import type { Clock, Random, Timer } from "./env.ts";

/** A longer setTimeout fires at once (32-bit milliseconds), and RFC 5011 waits for 30 days: longer waits go in steps. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock & Timer = {
  monotonicMs: () => performance.now(),
  unixSeconds: () => Date.now() / 1000,
  sleep: (ms, signal) => pause(ms, "holds the process", signal),
  doze: (ms, signal) => pause(ms, "lets it end", signal),
  // Immediates follow right upon sockets, so that only those of the next round have let sockets and timers come before.
  turn: () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
  after: (ms, fire) => startTimer(ms, fire, "holds the process"),
  background: (ms, fire) => startTimer(ms, fire, "lets it end"),
};

type Process = "holds the process" | "lets it end";

function pause(ms: number, process: Process, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = (): void => {
      cancel();
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const cancel = startTimer(ms, wake, process);
    signal?.addEventListener("abort", wake);
  });
}

function startTimer(ms: number, fire: () => void, process: Process): () => void {
  let left = ms;
  let timer: NodeJS.Timeout;
  const step = (): void => {
    const now = Math.min(left, LONGEST_TIMEOUT_MS);
    left -= now;
    timer = setTimeout(left > 0 ? step : fire, now);
    if (process === "lets it end") timer.unref();
  };
  step();
  return () => clearTimeout(timer);
}

/** Octets drawn from the kernel's generator at a time: a call costs about as much as 500 of them. */
const POOL_OCTETS = 4096;

/** Every integer and octet comes from the CSPRNG; what was given out is wiped from the pool. */
export const systemRandom: Random = pooledRandom((pool) => {
  randomFillSync(pool);
});

/** Exported for the test that feeds it a known source. */
export function pooledRandom(fill: (pool: Uint8Array) => void): Random {
  const pool = new Uint8Array(POOL_OCTETS);
  let at = POOL_OCTETS;

  function octet(): number {
    if (at === POOL_OCTETS) {
      fill(pool);
      at = 0;
    }
    const value = pool[at]!;
    pool[at++] = 0;
    return value;
  }

  return {
    integer(below) {
      if (!Number.isInteger(below) || below < 1 || below > 2 ** 32) {
        throw new RangeError(`a random integer below ${below} was asked for: 1 to 2^32 allowed`);
      }
      const span = below <= 2 ** 16 ? 2 ** 16 : 2 ** 32;
      // Values from the incomplete last run would make small results likelier: draw again.
      const fair = span - (span % below);
      for (;;) {
        let value = octet() * 256 + octet();
        if (span > 2 ** 16) value = value * 2 ** 16 + octet() * 256 + octet();
        if (value < fair) return value % below;
      }
    },
    octets(count) {
      const result = new Uint8Array(count);
      if (count > POOL_OCTETS / 4) fill(result);
      else for (let i = 0; i < count; i++) result[i] = octet();
      return result;
    },
  };
}

/** Does this machine have an IPv6 address from which the Internet could be asked? Link-local and loopback ones do not count. */
export function hasGlobalIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ family, internal, address }) => family === "IPv6" && !internal && !address.startsWith("fe80:")),
  );
}
