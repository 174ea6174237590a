/** What the servers of a host show now, at every address and for each kind of key. Nothing is authenticated here. */
import type { X509Certificate } from "node:crypto";
import type { Clock, Timer } from "../env/env.ts";
import { atMost } from "./at-most.ts";
import { type Attempt, type Probe, probeServer } from "./probe.ts";
import type { TlsTarget } from "./tls-client.ts";

export interface Served {
  readonly address: string;
  readonly algorithm: Attempt;
  /** The server's own certificate first. */
  readonly chain: readonly X509Certificate[];
}

export interface LiveFindings {
  readonly served: readonly Served[];
  /** "192.0.2.25: timeout: no greeting within 30 s" */
  readonly failures: readonly string[];
}

export async function lookAtServers(
  addresses: readonly string[],
  target: Omit<TlsTarget, "address">,
  { clock, signal }: { readonly clock: Clock & Timer; readonly signal?: AbortSignal },
): Promise<LiveFindings> {
  const how = { kinds: ["RSA", "ECDSA"], now: clock.unixSeconds(), action: null, timer: clock, signal } as const;
  const all = await atMost(8, addresses, async (address) => ({
    address,
    probes: await probeServer({ ...target, address }, how),
  }));
  const each = all.flatMap(({ address, probes }) => probes.map((probe): [string, Probe] => [address, probe]));
  return {
    served: each.flatMap(([address, probe]) =>
      probe.kind === "shown" ? [{ address, algorithm: probe.attempt, chain: probe.chain }] : [],
    ),
    failures: each.flatMap(([address, probe]) =>
      probe.kind === "failed" ? [`${address}: ${probe.code}: ${probe.reason}`] : [],
    ),
  };
}
