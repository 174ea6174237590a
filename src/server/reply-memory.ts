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

export interface Remembered {
  readonly octets: Uint8Array;
  readonly message: Message;
}

export class ReplyMemory {
  #second = -1;
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

  /** Only for replies that depend on nothing but the request's octets and the time. */
  remember(request: Uint8Array, transport: ClientTransport, reply: Remembered & { readonly nowMs: number }): void {
    if (request.length > REQUEST_OCTETS || reply.octets.length > REPLY_OCTETS) return;
    const second = Math.floor(reply.nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      for (const replies of Object.values(this.#replies)) replies.clear();
    }
    const replies = this.#replies[transport];
    if (replies.size < REPLIES) replies.set(keyOf(request), { octets: reply.octets.slice(), message: reply.message });
  }
}

/** All but the id. */
function keyOf(request: Uint8Array): string {
  const octets = request instanceof Buffer ? request : Buffer.from(request.buffer, request.byteOffset, request.length);
  return octets.toString("latin1", 2);
}
