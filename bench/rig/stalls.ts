/**
 * Loaded into rootwalk's own process by NODE_OPTIONS=--import: the longest time between two turns of its event loop, as far
 * as the process worked in it; what other processes took meanwhile is not its fault. On SIGUSR2 it is written to the file
 * that BENCH_STALLS_FILE names, and measuring begins anew.
 */
import { writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import process from "node:process";

const STEP_MS = 1;
const file = process.env["BENCH_STALLS_FILE"];
if (file !== undefined) {
  let last = performance.now();
  let lastWorked = worked();
  let longest = 0;
  const look = (): void => {
    const now = performance.now();
    const nowWorked = worked();
    longest = Math.max(longest, Math.min(now - last - STEP_MS, nowWorked - lastWorked));
    last = now;
    lastWorked = nowWorked;
  };
  setInterval(look, STEP_MS).unref();
  process.on("SIGUSR2", () => {
    look();
    writeFileSync(file, longest.toFixed(3));
    longest = 0;
  });
}

/** In ms, of all threads. */
function worked(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
