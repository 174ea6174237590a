/** The engine that `rootwalk` starts with, on Node and on Bun. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { engineAtStart } from "../../src/crypto/startup.ts";

const load = vi.hoisted(() => ({ hostEngine: vi.fn() }));
vi.mock("../../src/crypto/load.ts", () => load);

test("on Node nothing is tried and nothing is loaded", async () => {
  expect((await engineAtStart()).name).toBe("native");
  expect(load.hostEngine).not.toHaveBeenCalled();
});

test("a Node in FIPS mode, Bun and Electron are tried", async () => {
  const { versions } = process;
  await engineAtStart({ versions, fips: 1 });
  await engineAtStart({ versions: { ...versions, bun: "1.4.5" }, fips: 0 });
  await engineAtStart({ versions: { ...versions, electron: "40.0.0" }, fips: 0 });
  expect(load.hostEngine).toHaveBeenCalledTimes(3);
});

const fetched = fileURLToPath(
  new URL("../../node_modules/.cache/runtimes/bun@1/node_modules/bun/bin/bun.exe", import.meta.url),
);
const bun = process.env["ROOTWALK_BUN"] ?? (existsSync(fetched) ? fetched : "bun");
const hasBun = spawnSync(bun, ["--version"]).status === 0;
if (!hasBun)
  console.log(
    "crypto/startup: not tried on Bun, for there is none (ROOTWALK_BUN names one; npm run bench fetches one)",
  );

test.skipIf(!hasBun)("on Bun, whose BoringSSL has no Ed448, every algorithm is verified all the same", () => {
  const script = fileURLToPath(new URL("startup-on-bun.ts", import.meta.url));
  const { stdout, stderr } = spawnSync(bun, [script], { encoding: "utf8", timeout: 30_000 });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({ refused: [16], alone: [5, 10, 13, 14, 15], atStart: [5, 10, 13, 14, 15, 16] });
});
