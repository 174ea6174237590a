/** The engine of a program that starts. */
import { getFips } from "node:crypto";
import process from "node:process";
import type { CryptoEngine } from "./engine.ts";
import { nativeEngine } from "./native.ts";

/** What is looked at; a test may put another process in its place. */
export interface Runtime {
  readonly versions: Readonly<Record<string, string | undefined>>;
  /** 1: OpenSSL does what FIPS 140 allows, and no more. */
  readonly fips: number;
}

/**
 * Node's own OpenSSL has every algorithm, so nothing is tried and nothing is loaded there: that would be 2 ms of the start.
 * Elsewhere each is tried, and what is refused is ours to do: Bun and Electron carry BoringSSL, which has no Ed448.
 */
export async function engineAtStart(
  runtime: Runtime = { versions: process.versions, fips: getFips() },
): Promise<CryptoEngine> {
  const { versions, fips } = runtime;
  const isOpenSsl = versions["bun"] === undefined && versions["electron"] === undefined;
  if (isOpenSsl && fips === 0) return nativeEngine();
  const { hostEngine } = await import("./load.ts");
  return await hostEngine();
}
