/**
 * Engines that may need noble. Loading a module is asynchronous and costs some 50 ms, an engine is synchronous: so who
 * wants one that works on every host waits here once, at start-up. On a usual Node nothing is loaded and nothing waits.
 */
import { schemeOf, supportedAlgorithms } from "./algorithms.ts";
import type { CryptoEngine } from "./engine.ts";
import { type Host, hostAccepts, nativeEngineOn, nodeCrypto } from "./native.ts";
import type { RsaOptions } from "./rsa.ts";

/** The engine to use: native, with the portable one behind it for what this host's OpenSSL refuses. */
export async function hostEngine(options: RsaOptions = {}): Promise<CryptoEngine> {
  return hostEngineOn(nodeCrypto, options);
}

export async function loadPortableEngine(options: RsaOptions = {}): Promise<CryptoEngine> {
  const { portableEngine } = await import("./portable.ts");
  return portableEngine(options);
}

export async function hostEngineOn(host: Host, options: RsaOptions): Promise<CryptoEngine> {
  // RSA is at hand without noble.
  const needsNoble = refusedAlgorithms(host).some((algorithm) => schemeOf(algorithm)?.kind !== "rsa");
  if (!needsNoble) return nativeEngineOn(host, options);
  return nativeEngineOn(host, { ...options, portable: await loadPortableEngine(options) });
}

/** Algorithms that the host's OpenSSL does not verify, tested with a signature each: about 2 ms in all. */
export function refusedAlgorithms(host: Host = nodeCrypto): readonly number[] {
  return [...supportedAlgorithms].filter((algorithm) => !hostAccepts(host, algorithm));
}
