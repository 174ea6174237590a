/** Reading and writing octets with bounds. Everything malformed is a WireError that names offset and reason. */

export class WireError extends Error {
  override readonly name = "WireError";
  /** Octet offset in the message (or RDATA) at which reading stopped. */
  readonly offset: number;
  readonly reason: string;

  constructor(reason: string, offset: number) {
    super(`${reason} at octet ${offset}`);
    this.reason = reason;
    this.offset = offset;
  }
}

/** A position in `octets`, never past `end`. Names may point back into all of `octets` (compression). */
export class Reader {
  readonly octets: Uint8Array;
  offset: number;
  readonly end: number;

  constructor(octets: Uint8Array, offset = 0, end = octets.length) {
    this.octets = plainOctets(octets);
    this.offset = offset;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  u8(): number {
    this.#need(1);
    return this.octets[this.offset++]!;
  }

  u16(): number {
    this.#need(2);
    const value = (this.octets[this.offset]! << 8) | this.octets[this.offset + 1]!;
    this.offset += 2;
    return value;
  }

  u32(): number {
    this.#need(4);
    const { octets, offset } = this;
    this.offset += 4;
    return (
      octets[offset]! * 0x1000000 + ((octets[offset + 1]! << 16) | (octets[offset + 2]! << 8) | octets[offset + 3]!)
    );
  }

  /** A view, not a copy: valid as long as the message is. */
  take(count: number): Uint8Array {
    this.#need(count);
    const view = this.octets.subarray(this.offset, this.offset + count);
    this.offset += count;
    return view;
  }

  rest(): Uint8Array {
    return this.take(this.remaining);
  }

  fail(reason: string): never {
    throw new WireError(reason, this.offset);
  }

  #need(count: number): void {
    if (count > this.end - this.offset) {
      throw new WireError(`${count} octets needed, ${this.end - this.offset} left`, this.offset);
    }
  }
}

/** Not a Buffer: its slice() is a view, which would keep a whole datagram alive and change with it. */
export function plainOctets(octets: Uint8Array): Uint8Array {
  if (octets.constructor === Uint8Array) return octets;
  return new Uint8Array(octets.buffer, octets.byteOffset, octets.length);
}

/** A growing buffer, at most `limit` octets; what does not fit is a WireError. */
export class Writer {
  octets: Uint8Array;
  offset = 0;
  readonly limit: number;

  constructor(limit = 65535, initial = 512) {
    this.limit = limit;
    this.octets = new Uint8Array(Math.min(initial, limit));
  }

  u8(value: number): void {
    this.#grow(1);
    this.octets[this.offset++] = value;
  }

  u16(value: number): void {
    this.#grow(2);
    this.octets[this.offset++] = value >>> 8;
    this.octets[this.offset++] = value;
  }

  u32(value: number): void {
    this.#grow(4);
    this.octets[this.offset++] = value >>> 24;
    this.octets[this.offset++] = value >>> 16;
    this.octets[this.offset++] = value >>> 8;
    this.octets[this.offset++] = value;
  }

  bytes(value: Uint8Array): void {
    this.#grow(value.length);
    this.octets.set(value, this.offset);
    this.offset += value.length;
  }

  /** Overwrites two octets already written, e.g. RDLENGTH. */
  patchU16(at: number, value: number): void {
    this.octets[at] = value >>> 8;
    this.octets[at + 1] = value;
  }

  /** What was written so far, as a view. */
  finish(): Uint8Array {
    return this.octets.subarray(0, this.offset);
  }

  #grow(count: number): void {
    const needed = this.offset + count;
    if (needed > this.limit) throw new WireError(`message would exceed ${this.limit} octets`, this.offset);
    if (needed <= this.octets.length) return;
    const grown = new Uint8Array(Math.min(this.limit, Math.max(needed, this.octets.length * 2)));
    grown.set(this.octets.subarray(0, this.offset));
    this.octets = grown;
  }
}
