import { readdirSync, readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { hostEngine, hostEngineOn } from "../../src/crypto/load.ts";
import { nodeCrypto } from "../../src/crypto/native.ts";

const loads = vi.hoisted(() => ({ noble: 0 }));
vi.mock("@noble/curves/nist.js", async (importOriginal) => {
  loads.noble++;
  return importOriginal();
});

test("noble is loaded where the host needs it, and not before", async () => {
  await hostEngine();
  expect(loads.noble).toBe(0);
  const withoutSha1: typeof nodeCrypto = {
    ...nodeCrypto,
    verify: (hash, ...rest) => hash !== "sha1" && nodeCrypto.verify(hash, ...rest),
  };
  await hostEngineOn(withoutSha1, {});
  expect(loads.noble).toBe(0);
  const withoutEdwards: typeof nodeCrypto = {
    ...nodeCrypto,
    verify: (hash, ...rest) => hash !== null && nodeCrypto.verify(hash, ...rest),
  };
  await hostEngineOn(withoutEdwards, {});
  expect(loads.noble).toBe(1);
});

test("only portable.ts imports noble, and nothing in src imports portable.ts but by import()", () => {
  const src = new URL("../../src/", import.meta.url);
  const sources = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  expect(sources.length).toBeGreaterThan(10);
  const matching = (pattern: RegExp) =>
    sources.filter((path) => pattern.test(readFileSync(new URL(path, src), "utf8")));
  expect(matching(/["']@noble\//)).toEqual(["crypto/portable.ts"]);
  expect(matching(/\bfrom\s+["'][^"']*portable\.ts["']/)).toEqual([]);
});
