/**
 * How often a client may ask: one bucket for each network, filled every moment, emptied by questions. Loopback is not
 * counted, for a mail server's queue may be as fast as it can. Over UDP an address can be forged, so who asks too much gets
 * nothing there that would hurt somebody else: every second time an empty answer with TC, after which an honest client
 * comes by TCP, where his address is proven (what BIND calls response rate limiting, and Unbound ip-ratelimit).
 */
import { isLoopback } from "./access.ts";
import { clientNetwork } from "./client-network.ts";

export type Pace = "fair" | "truncate" | "drop";

interface Bucket {
  tokens: number;
  filledMs: number;
  over: number;
}

/** Forged addresses must not make it grow: the one that was quiet longest is forgotten, and begins anew. */
const NETWORKS = 10_000;

export class Rate {
  readonly #perSecond: number;
  readonly #buckets = new Map<string, Bucket>();

  /** 0: nobody is counted. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Counts a question. */
  pace(address: string, nowMs: number): Pace {
    const perSecond = this.#perSecond;
    if (perSecond === 0) return "fair";
    const network = clientNetwork(address);
    // Of IPv6 one address is loopback, and not its /64.
    if (network.startsWith("127.") || isLoopback(address)) return "fair";
    const bucket = this.#buckets.get(network) ?? { tokens: perSecond, filledMs: nowMs, over: 0 };
    this.#buckets.delete(network); // the map's order is that of the last questions
    this.#buckets.set(network, bucket);
    if (this.#buckets.size > NETWORKS) this.#buckets.delete(this.#buckets.keys().next().value!);
    bucket.tokens = Math.min(perSecond, bucket.tokens + ((nowMs - bucket.filledMs) * perSecond) / 1000);
    bucket.filledMs = nowMs;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return "fair";
    }
    bucket.over += 1;
    return bucket.over % 2 === 0 ? "truncate" : "drop";
  }

  get size(): number {
    return this.#buckets.size;
  }
}
