/** A network of one's own: port 53 on every loopback address is free there, and nothing leaves it. Linux only. */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fetchRuntimes } from "./rig/runtimes.ts";

const MARK = "ROOTWALK_BENCH_NAMESPACE";

/** Runs this very program again inside a new network namespace and ends; returns there. False where there is none to be had. */
export function insideNamespace(): boolean {
  if (process.env[MARK] !== undefined) {
    // Whoever asks stays off the processor of the server that is measured.
    spawnSync("taskset", ["--all-tasks", "--cpu-list", "--pid", "1", String(process.pid)], { stdio: "ignore" });
    return spawnSync("ip", ["link", "set", "lo", "up"], { stdio: "inherit" }).status === 0;
  }
  fetchRuntimes(); // inside there is no network to fetch them from
  const isRoot = process.getuid?.() === 0;
  const unshare = ["--net", ...(isRoot ? [] : ["--user", "--map-root-user"]), "--"];
  if (spawnSync("unshare", [...unshare, "true"]).status !== 0) return false;
  const { status } = spawnSync(
    "unshare",
    [...unshare, process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    {
      stdio: "inherit",
      env: { ...process.env, [MARK]: "yes" },
    },
  );
  process.exit(status ?? 1);
}
