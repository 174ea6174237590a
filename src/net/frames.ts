/** DNS messages on a stream: two octets of length before each. RFC 1035 §4.2.2, RFC 7766 §8. */

/** Takes octets as they come, in any segments, and gives whole messages. Ours as a client and the server's. */
export class FrameDecoder {
  /** What is held of an unfinished frame, its length octets included. */
  #held = new Uint8Array(0);
  #heldLength = 0;
  #emptyFrames = 0;

  /** True in the middle of a frame: the other side owes us the rest. */
  get isPartial(): boolean {
    return this.#heldLength > 0;
  }

  /** Frames of length zero so far. They mean nothing and are skipped, but a peer may send them without end. */
  get emptyFrames(): number {
    return this.#emptyFrames;
  }

  /** The messages that `segment` completes: views of it where they lie within it, else copies. */
  push(segment: Uint8Array): readonly Uint8Array[] {
    const chunk = plainOctets(segment);
    const messages: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#heldLength > 0) {
        at += this.#complete(chunk, at, messages);
        continue;
      }
      const end = chunk.length - at >= 2 ? at + 2 + lengthAt(chunk, at) : Number.POSITIVE_INFINITY;
      if (end > chunk.length) {
        this.#hold(chunk.subarray(at));
        break;
      }
      this.#give(chunk.subarray(at + 2, end), messages);
      at = end;
    }
    return messages;
  }

  /** Feeds the held frame from `chunk` and returns how many octets it took. */
  #complete(chunk: Uint8Array, at: number, messages: Uint8Array[]): number {
    const wanted = this.#heldLength < 2 ? 2 : 2 + lengthAt(this.#held, 0);
    const taken = Math.min(wanted - this.#heldLength, chunk.length - at);
    this.#hold(chunk.subarray(at, at + taken));
    const isWhole = this.#heldLength >= 2 && this.#heldLength === 2 + lengthAt(this.#held, 0);
    if (isWhole) {
      this.#give(this.#held.slice(2, this.#heldLength), messages);
      this.#held = new Uint8Array(0);
      this.#heldLength = 0;
    }
    return taken;
  }

  /** Room grows with what has come, not with what was announced: 65535 and then silence costs nothing. */
  #hold(octets: Uint8Array): void {
    const needed = this.#heldLength + octets.length;
    if (needed > this.#held.length) {
      const grown = new Uint8Array(Math.max(needed, this.#held.length * 2, 64));
      grown.set(this.#held.subarray(0, this.#heldLength));
      this.#held = grown;
    }
    this.#held.set(octets, this.#heldLength);
    this.#heldLength = needed;
  }

  #give(message: Uint8Array, messages: Uint8Array[]): void {
    if (message.length === 0) this.#emptyFrames += 1;
    else messages.push(message);
  }
}

/** Length and message in one piece, since some servers read them only when they share a segment. RFC 7766 §8. */
export function frame(message: Uint8Array): Uint8Array {
  if (message.length > 65535) throw new RangeError(`a message of ${message.length} octets: a frame holds 65535`);
  const framed = new Uint8Array(2 + message.length);
  framed[0] = message.length >>> 8;
  framed[1] = message.length;
  framed.set(message, 2);
  return framed;
}

/** Sockets give Buffers, whose slice is a view where a Uint8Array's is a copy; the codec counts on copies. */
export function plainOctets(octets: Uint8Array): Uint8Array {
  return new Uint8Array(octets.buffer, octets.byteOffset, octets.byteLength);
}

const lengthAt = (octets: Uint8Array, at: number): number => (octets[at]! << 8) | octets[at + 1]!;
