/** What the daemon grants its clients, each number with its reason. RFC 7766 §6.2, RFC 9210 §4.2. */

export interface ServerLimit {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly why: string;
}

// biome-ignore format: a table reads better packed
export const serverLimits = {
  udpPayload: { value: 1232, min: 512, max: 4096, why: "largest UDP answer, whatever the client allows: avoids fragments (RFC 9715 §3)" },
  connections: { value: 150, min: 1, max: 10000, why: "TCP connections at once, TLS and HTTPS among them; then the longest idle one is closed" },
  connectionsPerClient: { value: 100, min: 1, max: 10000, why: "of these, from one client, an IPv4 address or an IPv6 /64; then its own longest idle one is closed (RFC 7766 §6.2.2)" },
  handshakes: { value: 50, min: 1, max: 10000, why: "TLS handshakes at once; then the oldest is broken off, so that half-open ones keep nobody out" },
  handshakeMs: { value: 3000, min: 50, max: 60000, why: "a TLS handshake that takes longer is broken off" },
  questionsPerSecond: { value: 1000, min: 0, max: 1000000, why: "questions of one client, an IPv4 address or an IPv6 /64, but of loopback; beyond them UDP gets no answer or TC, the others SERVFAIL; 0: as many as they like" },
  pipelined: { value: 100, min: 1, max: 10000, why: "questions of one connection that wait for an answer; then we stop reading" },
  idleMs: { value: 10000, min: 50, max: 600000, why: "a connection on which nothing moves is closed (RFC 7766 §6.2.3)" },
  messageMs: { value: 30000, min: 50, max: 600000, why: "from a message's first octet to its last; dribbling clients end here" },
  unwrittenOctets: { value: 262144, min: 1024, max: 16777216, why: "answers a connection's client has not read; then we stop reading its questions" },
  httpQueryOctets: { value: 4096, min: 512, max: 65535, why: "largest question over HTTPS; a question with everything in it has 600" },
  udpReceiveOctets: { value: 4194304, min: 4096, max: 268435456, why: "room for questions that arrive while we are busy; the system may allow less (net.core.rmem_max)" },
  lateMs: { value: 1900, min: 100, max: 60000, why: "an answer over UDP that took longer is not sent, but to this machine: it is in the cache for the next try (DNSBomb, CVE-2024-33655)" },
  stopMs: { value: 1000, min: 0, max: 60000, why: "what is being answered when we are told to stop may take this long" },
} satisfies Record<string, ServerLimit>;

export type ServerLimits = { readonly [K in keyof typeof serverLimits]: number };

/** Those that a socket is opened with; the others can change while it stands. */
export const limitsOfSockets: readonly (keyof ServerLimits)[] = ["udpReceiveOctets", "handshakeMs"];

export const defaultServerLimits: ServerLimits = serverLimitsWith({});

/** Defaults with `changes`; RangeError that names limit, value and range. */
export function serverLimitsWith(changes: Partial<ServerLimits>): ServerLimits {
  const limits = Object.fromEntries(Object.entries(serverLimits).map(([name, row]) => [name, row.value])) as Record<
    keyof ServerLimits,
    number
  >;
  for (const [name, value] of Object.entries(changes) as [keyof ServerLimits, number][]) {
    const row: ServerLimit = serverLimits[name];
    if (!Number.isInteger(value) || value < row.min || value > row.max) {
      throw new RangeError(`server limit ${name} is ${value}: a whole number from ${row.min} to ${row.max} expected`);
    }
    limits[name] = value;
  }
  return limits;
}

/**
 * A question's deadline (`totalTimeoutMs`) where nobody sets another: glibc waits for 5 s, then asks the next server or gives
 * up, and a SERVFAIL that says why is better than silence.
 */
export const servedWithinMs = 4500;
