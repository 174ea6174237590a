/**
 * Replies of the last second, by the very octets of the question: what is asked again and again costs a look-up, a copy
 * and two patched octets. Measured on Node 20, 2026-11-23, for a TLSA answer with DO: 0.4 µs against 19 µs for parsing,
 * looking up and writing it again.
 */
import type { Message } from "../wire/message.ts";
import type { ClientTransport } from "./written.ts";

/** Longer questions carry something unusual, larger replies are for TCP: neither is worth the memory. */
const REQUEST_OCTETS = 320;
const REPLY_OCTETS = 1232;
const REPLIES = 8192;
/** Replies of one second that are kept unseen. */
const KEPT_AT_ONCE = 1024;

export interface Remembered {
  readonly octets: Uint8Array;
  readonly message: Message;
}

export class ReplyMemory {
  #second = -1;
  /** Checksums of requests in this second. A collision costs a reply its place, or gives it one too early. */
  readonly #seen = new Uint32Array(REPLIES);
  readonly #replies: Readonly<Record<ClientTransport, Map<string, Remembered>>> = {
    udp: new Map(),
    tcp: new Map(),
    tls: new Map(),
    https: new Map(),
  };

  /** With the id of `request`; TTLs are those of this second. */
  recall(request: Uint8Array, transport: ClientTransport, nowMs: number): Remembered | undefined {
    if (Math.floor(nowMs / 1000) !== this.#second || request.length > REQUEST_OCTETS) return undefined;
    const known = this.#replies[transport].get(keyOf(request));
    if (known === undefined) return undefined;
    // A copy, since the system may still be sending the last one; from Buffer's pool, at half the cost of `slice`.
    const octets = Buffer.from(known.octets);
    octets[0] = request[0]!;
    octets[1] = request[1]!;
    return { octets, message: known.message };
  }

  /**
   * Only for replies that depend on nothing but the request's octets and the time. In a second of very many questions they
   * are kept when they are asked for again: names that nobody repeats would fill the memory and be promoted by the garbage
   * collector, only to be thrown away (random names under NSEC: a quarter of all time, Node 20, 2026-11-27).
   */
  remember(request: Uint8Array, transport: ClientTransport, reply: Remembered & { readonly nowMs: number }): void {
    if (request.length > REQUEST_OCTETS || reply.octets.length > REPLY_OCTETS) return;
    const second = Math.floor(reply.nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      for (const replies of Object.values(this.#replies)) replies.clear();
      this.#seen.fill(0);
    }
    const replies = this.#replies[transport];
    if (replies.size >= REPLIES || (replies.size >= KEPT_AT_ONCE && !this.#seenBefore(request))) return;
    replies.set(keyOf(request), { octets: reply.octets.slice(), message: reply.message });
  }

  #seenBefore(request: Uint8Array): boolean {
    const sum = checksum(request);
    const place = sum & (REPLIES - 1);
    const seen = this.#seen[place] === sum;
    this.#seen[place] = sum;
    return seen;
  }
}

/** FNV-1a over all but the id; never 0. */
function checksum(request: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (let i = 2; i < request.length; i++) sum = Math.imul(sum ^ request[i]!, 0x01000193);
  return (sum ^ (sum >>> 15)) >>> 0 || 1;
}

/** All but the id. */
function keyOf(request: Uint8Array): string {
  const octets = request instanceof Buffer ? request : Buffer.from(request.buffer, request.byteOffset, request.length);
  return octets.toString("latin1", 2);
}
