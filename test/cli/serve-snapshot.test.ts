/** What `serve` does with its snapshot's file: with a good one, a damaged one, and a disk that does not take it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../../src/cli/run.ts";
import { systemClock } from "../../src/env/system.ts";
import { Snapshot } from "../../src/resolver/snapshot.ts";
import { testIo } from "./io.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rootwalk-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function serve(...args: readonly string[]) {
  const io = testIo();
  const running = run(["serve", "--listen", "127.0.0.1:0", ...args], io);
  while (!io.out().includes("ready") && io.err() === "") await systemClock.sleep(5);
  io.end();
  return { code: await running, err: io.err(), made: io.made[0]! };
}

test("--snapshot FILE is written when it stops, and read when it starts", async () => {
  const file = join(folder, "a.snapshot");
  const { code, err, made } = await serve("--snapshot", file);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(made.snapshot).toBeInstanceOf(Snapshot);
  expect(readFileSync(file, "latin1")).toMatch(/^rootwalk snapshot 1\n/);
  expect((await serve("--snapshot", file)).err).toBe("");
});

test("without --snapshot and --state-dir there is none; with --state-dir it lies there", async () => {
  const here = readdirSync(".");
  await serve();
  expect(readdirSync(".")).toEqual(here);
  await serve("--state-dir", folder);
  expect(existsSync(join(folder, "cache.snapshot"))).toBe(true);
});

test("a damaged one is told in one line, and it serves; then it is replaced", async () => {
  const file = join(folder, "b.snapshot");
  writeFileSync(file, "rootwalk snapshot 1\nbut not really");
  const { code, err } = await serve("--snapshot", file);
  expect({ code, err }).toEqual({ code: 0, err: `rootwalk: the snapshot ${file} is not used: it is cut off\n` });
  expect((await serve("--snapshot", file)).err).toBe("");
});

test("a place that cannot be written is told when it stops", async () => {
  const file = join(folder, "nowhere", "c.snapshot");
  const { code, err } = await serve("--snapshot", file);
  expect({ code, err }).toEqual({ code: 0, err: `rootwalk: the cache cannot be saved to ${file}: ENOENT\n` });
});
