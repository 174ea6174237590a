/** SipHash-2-4, the keyed hash of short inputs that server cookies are made with. RFC 9018 §4.4. */

const MASK = 0xffffffffffffffffn;

/** 8 octets, least significant first, as RFC 9018 wants them. `key`: 16 octets. */
export function siphash24(key: Uint8Array, message: Uint8Array): Uint8Array {
  if (key.length !== 16) throw new RangeError(`a SipHash key of ${key.length} octets: 16 expected`);
  const keyView = new DataView(key.buffer, key.byteOffset, 16);
  const k0 = keyView.getBigUint64(0, true);
  const k1 = keyView.getBigUint64(8, true);
  const state: State = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  // Whole words, then a last one of what is left with the length in its highest octet.
  const padded = new Uint8Array((message.length & ~7) + 8);
  padded.set(message);
  padded[padded.length - 1] = message.length & 0xff;
  const view = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += 8) {
    const word = view.getBigUint64(at, true);
    state[3] ^= word;
    rounds(state, 2);
    state[0] ^= word;
  }
  state[2] ^= 0xffn;
  rounds(state, 4);
  const hash = new Uint8Array(8);
  new DataView(hash.buffer).setBigUint64(0, state[0] ^ state[1] ^ state[2] ^ state[3], true);
  return hash;
}

type State = [bigint, bigint, bigint, bigint];

function rounds(state: State, count: number): void {
  let [a, b, c, d] = state;
  for (let i = 0; i < count; i++) {
    a = (a + b) & MASK;
    c = (c + d) & MASK;
    b = turned(b, 13n) ^ a;
    d = turned(d, 16n) ^ c;
    a = turned(a, 32n);
    c = (c + b) & MASK;
    a = (a + d) & MASK;
    b = turned(b, 17n) ^ c;
    d = turned(d, 21n) ^ a;
    c = turned(c, 32n);
  }
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
}

function turned(word: bigint, by: bigint): bigint {
  return ((word << by) | (word >> (64n - by))) & MASK;
}
