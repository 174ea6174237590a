/** Which server of a delegation to ask next, from what is remembered about each address. */
import type { Random, ServerAddress } from "../env/env.ts";
import type { Name } from "../wire/name.ts";

/** What is remembered about an address. Times in milliseconds of the monotonic clock. */
export interface ServerHealth {
  /** Smoothed round-trip time and its deviation (RFC 6298 §2); null until the first answer. */
  readonly rtt: { readonly smoothed: number; readonly deviation: number } | null;
  /** Timeouts and refusals in a row. */
  readonly failures: number;
  /** Not to be asked before this, unless nothing else is left; then rarely. */
  readonly downUntil: number;
  /** Questions that wait for it right now. */
  readonly inFlight: number;
  /** Answered FORMERR or NOTIMP to EDNS and without it normally. */
  readonly ednsBroken: boolean;
  readonly cookie: { readonly client: Uint8Array; readonly server: Uint8Array | null } | null;
}

export interface InfraView {
  health(server: ServerAddress): ServerHealth | undefined;
  isLame(server: ServerAddress, zone: Name): boolean;
  /** A question is on its way; `ended` must follow. */
  began(server: ServerAddress): void;
  ended(server: ServerAddress): void;
  answered(server: ServerAddress, rttMs: number): void;
  failed(server: ServerAddress): void;
  lame(server: ServerAddress, zone: Name): void;
  ednsBroken(server: ServerAddress): void;
  cookie(server: ServerAddress, client: Uint8Array, fromServer: Uint8Array | null): void;
}

/** Until something is known, a server counts as this fast, so that unknown ones get their chance. */
const UNKNOWN_RTT = 120;
const FIRST_WAIT = 400;

/** Servers in the order in which to ask: healthy and fast first, near equals at random. */
export function rankServers(
  servers: readonly ServerAddress[],
  zone: Name,
  infra: InfraView,
  nowMs: number,
  random: Random,
): ServerAddress[] {
  const scored = servers.map((server) => {
    const health = infra.health(server);
    const rtt = health?.rtt?.smoothed ?? UNKNOWN_RTT;
    // Servers within the same 50 ms band share the load; failures push a server down a band each.
    let score = Math.floor(rtt / 50) + (health?.failures ?? 0) * 4;
    if (health !== undefined && health.downUntil > nowMs) score += 1000;
    if (infra.isLame(server, zone)) score += 2000;
    return { server, score: score * 256 + random.integer(256) };
  });
  scored.sort((a, b) => a.score - b.score);
  return scored.map(({ server }) => server);
}

/** Milliseconds after which a second server is asked as well: the retransmission timeout of RFC 6298 §2.3. */
export function patienceMs(health: ServerHealth | undefined, limitMs: number): number {
  if (health?.rtt == null) return Math.min(FIRST_WAIT, limitMs);
  return Math.min(
    limitMs,
    Math.max(50, health.rtt.smoothed + 4 * health.rtt.deviation) * 2 ** Math.min(health.failures, 3),
  );
}
