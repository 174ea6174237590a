/**
 * Is an answer ever lost? At half of what was measured to be the most, over UDP, TCP and TLS; ROOTWALK_LOSS_SECONDS=60 asks
 * for so long instead of 10 s. What dnsperf counts as lost was not answered within its 5 s.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { listen } from "../src/lab/loopback.ts";
import { buildWorld } from "../src/lab/world.ts";
import { generatorName } from "./flood.ts";
import { keepResult, rounded } from "./harness.ts";
import { insideNamespace } from "./namespace.ts";
import { startPeer } from "./peers.ts";
import { benchWorld, domains } from "./world.ts";

if (!generatorName.startsWith("dnsperf") || !insideNamespace()) {
  console.log("loss: not measured, for it needs dnsperf and a network namespace of its own (unshare, ip)");
  process.exit(0);
}

const SECONDS = Number(process.env["ROOTWALK_LOSS_SECONDS"] ?? 10);
const PORT = 5302;
const TLS_PORT = 5853;
const GENERATOR_CORE = "1";
const run = promisify(execFile);

interface Counted {
  readonly sent: number;
  readonly lost: number;
  readonly perSecond: number;
  readonly rcodes: string;
}

const folder = mkdtempSync(join(tmpdir(), "rootwalk-bench-"));
const questions = join(folder, "questions");
writeFileSync(questions, domains.map((apex) => `_25._tcp.mx.${apex} TLSA\n`).join(""));
const world = buildWorld(benchWorld, Math.floor(Date.now() / 1000));
const lab = await listen(world, { port: 53 });
const certificates = "test/server/certificates";
const args = ["--tls-listen", `127.0.0.1:${TLS_PORT}`, "--tls-certificate", `${certificates}/server.pem`];
const peer = await startPeer("rootwalk", {
  port: PORT,
  world,
  folder: join(folder, "rootwalk"),
  args: [...args, "--tls-key", `${certificates}/server.key`],
});
try {
  if (peer === null) throw new Error("rootwalk did not start");
  const rows = [];
  for (const [mode, port] of [
    ["udp", PORT],
    ["tcp", PORT],
    ["dot", TLS_PORT],
  ] as const) {
    for (let tries = 0; tries < 3; tries++) await perf(mode, port, ["-l", "1"]);
    const most = await perf(mode, port, ["-l", "3"]);
    const half = Math.floor(most.perSecond / 2);
    const at = await perf(mode, port, ["-l", String(SECONDS), "-Q", String(half)]);
    rows.push({ mode, most: rounded(most.perSecond), half, seconds: SECONDS, ...at });
    console.log(
      `  ${mode}  most ${String(rounded(most.perSecond)).padEnd(7)} a second; at half, ${SECONDS} s: ` +
        `${at.sent} asked, ${at.lost} lost, ${at.rcodes}`,
    );
  }
  keepResult("loss", { generator: generatorName, rows });
} finally {
  await peer?.stop();
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
}

async function perf(mode: string, port: number, more: readonly string[]): Promise<Counted> {
  const how = ["-s", "127.0.0.1", "-p", String(port), "-m", mode, "-d", questions, "-c", "8", "-q", "100", "-e", "-D"];
  const { stdout } = await run("taskset", ["-c", GENERATOR_CORE, "dnsperf", ...how, ...more]);
  const figure = (label: string): number => Number(new RegExp(`${label}:?\\s+([0-9.]+)`).exec(stdout)?.[1]);
  const rcodes = [...stdout.matchAll(/([A-Z]+) [0-9]+ \(([0-9.]+%)\)/g)].map(([, code, share]) => `${code} ${share}`);
  const counted = { sent: figure("Queries sent"), lost: figure("Queries lost"), rcodes: rcodes.join(" ") };
  return { ...counted, perSecond: figure("Queries per second") };
}
