/**
 * SHA-1 (RFC 3174) and the hash of NSEC3 (RFC 5155 §5), written by hand: a name of 24 octets is one block, and there
 * the way into OpenSSL costs three times what the block does (bench/verify.ts has the numbers). It also keeps NSEC3
 * working on hosts whose policy forbids SHA-1.
 */

/** IH(salt, name, iterations) of RFC 5155 §5; `name` in canonical wire form. 20 octets. */
export function nsec3Hash(name: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array {
  let message = layOut(name, salt);
  digest(message);
  if (iterations > 0) {
    // The message of each round is the last hash and the salt: only its first five words change.
    message = layOut(noHash, salt);
    for (let round = 0; round < iterations; round++) {
      for (let i = 0; i < 5; i++) message.words[i] = state[i]!;
      digest(message);
    }
  }
  return result();
}

export function sha1(data: Uint8Array): Uint8Array {
  digest(layOut(data, nothing));
  return result();
}

const nothing = new Uint8Array(0);
const noHash = new Uint8Array(20);

interface Message {
  /** Big-endian; those behind `end` mean nothing. */
  words: Int32Array;
  end: number;
}

/** Scratch, kept because allocating costs more than hashing a block. Nothing here can be interrupted. */
const state = new Int32Array(5);
const schedule = new Int32Array(80);
const laidOut: Message = { words: new Int32Array(16 * 9), end: 0 }; // a name and a salt of 255 octets each

/** Both parts in a row, padded to whole blocks. RFC 3174 §4. */
function layOut(first: Uint8Array, second: Uint8Array): Message {
  const length = first.length + second.length;
  const end = ((length + 8) >> 6) * 16 + 16;
  if (end > laidOut.words.length) laidOut.words = new Int32Array(end);
  laidOut.end = end;
  const { words } = laidOut;
  for (let i = 0; i < end; i++) words[i] = 0;
  let at = 0;
  for (let i = 0; i < first.length; i++, at++) words[at >> 2]! |= first[i]! << (24 - (at & 3) * 8);
  for (let i = 0; i < second.length; i++, at++) words[at >> 2]! |= second[i]! << (24 - (at & 3) * 8);
  words[at >> 2]! |= 0x80 << (24 - (at & 3) * 8);
  words[end - 2] = Math.floor(length / 0x20000000);
  words[end - 1] = length << 3;
  return laidOut;
}

function digest({ words, end }: Message): void {
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  state[4] = 0xc3d2e1f0;
  for (let block = 0; block < end; block += 16) compress(words, block);
}

/** RFC 3174 §6.1. */
function compress(words: Int32Array, block: number): void {
  const w = schedule;
  for (let t = 0; t < 16; t++) w[t] = words[block + t]!;
  for (let t = 16; t < 80; t++) {
    const mixed = w[t - 3]! ^ w[t - 8]! ^ w[t - 14]! ^ w[t - 16]!;
    w[t] = (mixed << 1) | (mixed >>> 31);
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  for (let t = 0; t < 20; t++) {
    const next = (((a << 5) | (a >>> 27)) + (d ^ (b & (c ^ d))) + e + 0x5a827999 + w[t]!) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let t = 20; t < 40; t++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + 0x6ed9eba1 + w[t]!) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let t = 40; t < 60; t++) {
    const next = (((a << 5) | (a >>> 27)) + ((b & c) | (d & (b | c))) + e + 0x8f1bbcdc + w[t]!) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let t = 60; t < 80; t++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + 0xca62c1d6 + w[t]!) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  state[0] = (state[0]! + a) | 0;
  state[1] = (state[1]! + b) | 0;
  state[2] = (state[2]! + c) | 0;
  state[3] = (state[3]! + d) | 0;
  state[4] = (state[4]! + e) | 0;
}

function result(): Uint8Array {
  const octets = new Uint8Array(20);
  for (let i = 0; i < 20; i++) octets[i] = state[i >> 2]! >>> (24 - (i & 3) * 8);
  return octets;
}
