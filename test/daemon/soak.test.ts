/**
 * The daemon under load for a while: cold and hot questions, workers killed, configurations read again. No answer may be
 * wrong, and memory must come to rest. `ROOTWALK_SOAK_MINUTES=30` for a real one; a quarter of a minute otherwise.
 */
import { createSocket } from "node:dgram";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Told, WorkerStatus } from "../../src/daemon/commands.ts";
import { requestOver } from "../../src/daemon/control.ts";
import { systemClock } from "../../src/env/system.ts";
import { decodeMessage } from "../../src/wire/message.ts";
import { query } from "../server/requests.ts";
import { type Lab, main, type Running, startDaemon, startLab, until } from "./process.ts";

const minutes = Number(process.env["ROOTWALK_SOAK_MINUTES"] ?? 0.25);
const KILL_EVERY_MS = Math.max(4000, Math.min(60_000, minutes * 15_000));
const AT_ONCE = 20;
const HOT = 50;

let lab: Lab;
let daemon: Running;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(async () => {
  daemon?.child.kill("SIGTERM");
  await daemon?.ended;
  await lab.close();
});

interface Tally {
  right: number;
  lost: number;
  readonly wrong: string[];
}

it.skipIf(!existsSync(main))("soak", { timeout: minutes * 60_000 + 60_000 }, async () => {
  const lines = 'listen = ["127.0.0.1:0"]\nworkers = 2\nlog-level = "error"';
  daemon = await startDaemon(lab.configure(lines));
  const tally: Tally = { right: 0, lost: 0, wrong: [] };
  const endMs = systemClock.monotonicMs() + minutes * 60_000;
  const isOver = (): boolean => systemClock.monotonicMs() > endMs;
  const clients = Array.from({ length: AT_ONCE }, (_, i) => ask(i, daemon.port, tally, isOver));
  const memory: number[] = [];
  let kills = 0;
  let reloads = 0;
  let kindOfReload = 0;
  while (!isOver()) {
    await systemClock.sleep(KILL_EVERY_MS);
    const all = await statuses();
    memory.push(Math.max(...all.map(({ pid }) => residentKiB(pid)), 0), residentKiB(daemon.child.pid!));
    kindOfReload = (kindOfReload + 1) % 3;
    // Nothing changed, something live, and a new resolver.
    lab.configure(
      `${lines}${["", '\nidentity = "soak"', `\nprivate-address = ["10.${reloads % 200}.0.0/16"]`][kindOfReload]}`,
    );
    daemon.child.kill("SIGHUP");
    reloads++;
    await systemClock.sleep(500);
    const victim = all[kills % Math.max(1, all.length)];
    if (victim === undefined) continue;
    process.kill(victim.pid, "SIGKILL");
    kills++;
  }
  await Promise.all(clients);
  await until(async () => (await statuses()).length === 2, daemon.err);
  const seen = {
    ...tally,
    kills,
    reloads,
    workerKiB: memory.filter((_, i) => i % 2 === 0),
    primaryKiB: memory.filter((_, i) => i % 2 === 1),
  };
  console.log(JSON.stringify(seen));
  expect(tally.wrong).toEqual([]);
  expect(tally.right).toBeGreaterThan(100);
  // A killed worker loses what it was answering, and no more.
  expect(tally.lost).toBeLessThanOrEqual((kills + 1) * AT_ONCE);
});

/** One question after the other: hot names, names that nobody asked before, names that are not there. */
async function ask(client: number, port: number, tally: Tally, isOver: () => boolean): Promise<void> {
  const socket = createSocket("udp4");
  let waiting: ((octets: Uint8Array | null) => void) | null = null;
  socket.on("message", (octets) => waiting?.(octets));
  for (let i = 0; !isOver(); i++) {
    const kind = i % 4;
    const name =
      kind < 2
        ? `hot${i % HOT}.wild.good.lab`
        : kind === 2
          ? `c${client}-${i}.wild.good.lab`
          : `c${client}-${i}.good.lab`;
    const id = (client * 3000 + i) & 0xffff;
    const octets = query({ name, type: 1, ad: true });
    octets[0] = id >>> 8;
    octets[1] = id;
    const late = new AbortController();
    const reply = new Promise<Uint8Array | null>((resolve) => {
      waiting = (answer) => answer !== null && answer[0] === octets[0] && answer[1] === octets[1] && resolve(answer);
    });
    socket.send(octets, port, "127.0.0.1");
    const answer = await Promise.race([reply, systemClock.sleep(6000, late.signal).then(() => null)]);
    late.abort();
    if (answer === null) {
      tally.lost++;
      continue;
    }
    const { rcode, ad, answer: records } = decodeMessage(answer);
    const isRight =
      kind === 3
        ? rcode === 3 && ad
        : rcode === 0 && ad && records.length === 1 && records[0]!.rdata.join(".") === "192.0.2.81";
    if (isRight) tally.right++;
    else tally.wrong.push(`${name}: rcode ${rcode}, ad ${ad}, ${records.length} records`);
    if (i % 16 === 15) await systemClock.sleep(20);
  }
  socket.close();
}

async function statuses(): Promise<readonly WorkerStatus[]> {
  const { told } = await requestOver(join(lab.dir, "control.sock"), { do: "status" });
  return told.flatMap((each: Told) => (each.do === "status" ? [each.status] : []));
}

function residentKiB(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
