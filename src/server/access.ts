/** Who may ask, and how much at once: loopback only unless told otherwise. */
import { type Prefix, parsePrefix } from "./addresses.ts";
import { clientNetwork } from "./client-network.ts";

/** "cookie": allowed over TCP, and over UDP to those who show a cookie (RFC 7873 §5.2.3). */
export type Decision = "allow" | "cookie" | "refuse" | "drop";

export interface AccessRule {
  readonly prefix: Prefix;
  readonly decision: Decision;
}

export interface AccessOptions {
  /** The first rule whose prefix holds the client decides. Default: loopback is allowed. */
  readonly rules?: readonly AccessRule[];
  /** For clients that no rule names. Default: refuse. */
  readonly otherwise?: Decision;
  /** Questions of one client, an IPv4 address or an IPv6 /64, that may wait for an answer at the same time. */
  readonly waitingPerClient?: number;
  /** … and of all clients together. */
  readonly waitingInAll?: number;
}

export interface Access {
  decide(address: string): Decision;
  /** True if one more question of this client may wait; then `leave` must follow. */
  enter(address: string): boolean;
  leave(address: string): void;
}

/** A mail server's own queue runner asks from one address, so the bound of one client is generous. */
const WAITING_PER_CLIENT = 1000;
const WAITING_IN_ALL = 10000;
/** Decisions remembered; a lookup in BlockList costs more than a Map's. */
const REMEMBERED = 4096;

export const loopbackRules: readonly AccessRule[] = [
  { prefix: parsePrefix("127.0.0.0/8"), decision: "allow" },
  { prefix: parsePrefix("::1"), decision: "allow" },
];

export const isLoopback = (address: string): boolean => loopbackRules.some(({ prefix }) => prefix.has(address));

export function createAccess(options: AccessOptions = {}): Access {
  const rules = options.rules ?? loopbackRules;
  const otherwise = options.otherwise ?? "refuse";
  const perClient = options.waitingPerClient ?? WAITING_PER_CLIENT;
  const inAll = options.waitingInAll ?? WAITING_IN_ALL;
  const remembered = new Map<string, Decision>();
  const waiting = new Map<string, number>();
  let all = 0;
  return {
    decide(address) {
      let decision = remembered.get(address);
      if (decision === undefined) {
        decision = rules.find((rule) => rule.prefix.has(address))?.decision ?? otherwise;
        if (remembered.size >= REMEMBERED) remembered.clear(); // spoofed addresses must not grow it
        remembered.set(address, decision);
      }
      return decision;
    },
    enter(address) {
      const client = clientNetwork(address);
      const own = waiting.get(client) ?? 0;
      if (own >= perClient || all >= inAll) return false;
      waiting.set(client, own + 1);
      all += 1;
      return true;
    },
    leave(address) {
      const client = clientNetwork(address);
      const own = waiting.get(client);
      if (own === undefined) throw new RangeError(`${address} has no question waiting`);
      if (own === 1) waiting.delete(client);
      else waiting.set(client, own - 1);
      all -= 1;
    },
  };
}
