import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parseRsaKey, rsaLimits } from "../../src/crypto/rsa.ts";
import { engines, enginesWith, judge } from "./engines.ts";
import { bigEndian, concat, hex, integerOf, type Vector } from "./vector.ts";

const data = Uint8Array.from(Buffer.from("www.example.net. A 192.0.2.91"));
const one = (...octets: number[]): Uint8Array => Uint8Array.from(octets);
const zeros = (count: number): Uint8Array => new Uint8Array(count);

interface Pair {
  readonly n: Uint8Array;
  readonly e: Uint8Array;
  readonly d: bigint;
  readonly privateKey: KeyObject;
}

const pairs = new Map<string, Pair>();

function pairOf(modulusLength: number, publicExponent = 65537): Pair {
  const label = `${modulusLength} ${publicExponent}`;
  const pair = pairs.get(label) ?? newPair(modulusLength, publicExponent);
  pairs.set(label, pair);
  return pair;
}

function newPair(modulusLength: number, publicExponent: number): Pair {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength, publicExponent });
  const jwk = privateKey.export({ format: "jwk" });
  const octets = (text: string | undefined): Uint8Array => Uint8Array.from(Buffer.from(text!, "base64url"));
  return { n: octets(jwk.n), e: octets(jwk.e), d: integerOf(octets(jwk.d)), privateKey };
}

/** RFC 3110 §2 with the exponent's length in one octet. */
const keyField = (e: Uint8Array, n: Uint8Array): Uint8Array => concat(one(e.length), e, n);

const pair = pairOf(1024);
const good = keyField(pair.e, pair.n);
const signature = Uint8Array.from(sign("sha256", data, pair.privateKey));
const vector: Omit<Vector, "title"> = { algorithm: 8, publicKey: good, data, signature };

/** What the owner of the key can do with any block of octets. */
function signBlock(block: Uint8Array, by = pair): Uint8Array {
  const n = integerOf(by.n);
  let result = 1n;
  let square = integerOf(block) % n;
  for (let rest = by.d; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % n;
    square = (square * square) % n;
  }
  return bigEndian(result, by.n.length);
}

const hash = Uint8Array.from(createHash("sha256").update(data).digest());
const prefix = hex("3031300d060960864801650304020105000420");
const info = concat(prefix, hash);
const ff = (count: number): Uint8Array => new Uint8Array(count).fill(0xff);

describe.each(engines)("RSA signatures on the $name engine", (engine) => {
  const verdict = (changes: Partial<typeof vector>) => judge(engine, { ...vector, ...changes });

  test("a good one, and the same made by hand", () => {
    expect(verdict({})).toBe("good");
    const block = concat(one(0, 1), ff(128 - 3 - info.length), one(0), info);
    expect(signBlock(block)).toEqual(signature);
  });

  test.each([
    ["block type 2 instead of 1", concat(one(0, 2), ff(74), one(0), info)],
    ["block type 0", concat(one(0, 0), zeros(75), info)],
    ["padding with another octet in it", concat(one(0, 1), ff(40), one(0xfe), ff(33), one(0), info)],
    ["no zero behind the padding", concat(one(0, 1), ff(75), info)],
    [
      "short padding and rubbish behind the hash (Bleichenbacher 2006)",
      concat(one(0, 1), ff(8), one(0), info, zeros(66)),
    ],
    [
      "rubbish inside the parameters",
      concat(one(0, 1), ff(72), one(0), hex("3033300f06096086480165030402010502aaaa0420"), hash),
    ],
    [
      "no parameters at all",
      concat(one(0, 1), ff(76), one(0), hex("302f300b0609608648016503040201"), hex("0420"), hash),
    ],
    ["a DigestInfo of SHA-512", concat(one(0, 1), ff(74), one(0), hex("3031300d060960864801650304020305000420"), hash)],
    ["the bare hash", concat(one(0, 1), ff(93), one(0), hash)],
    ["another hash", concat(one(0, 1), ff(74), one(0), prefix, ff(32))],
    ["lengths in long form", concat(one(0, 1), ff(73), one(0), hex("308131300d060960864801650304020105000420"), hash)],
  ])("%s: wrong, though the key's owner made it", (_title, block) => {
    expect(block.length).toBe(128);
    expect(verdict({ signature: signBlock(block) })).toBe("wrong");
  });

  test("a leading zero too many, or an octet too few: not as long as the modulus", () => {
    expect(verdict({ signature: concat(one(0), signature) })).toBe("wrong");
    expect(verdict({ signature: signature.subarray(1) })).toBe("wrong");
    expect(verdict({ signature: signature.subarray(0, 127) })).toBe("wrong");
    expect(verdict({ signature: concat(signature, one(0)) })).toBe("wrong");
    expect(verdict({ signature: zeros(0) })).toBe("wrong");
  });

  test("a signature that starts with a zero octet is good with it and wrong without", () => {
    for (let i = 0; ; i++) {
      const text = Uint8Array.from(Buffer.from(`try ${i}`));
      const made = Uint8Array.from(sign("sha256", text, pair.privateKey));
      if (made[0] !== 0) continue;
      expect(verdict({ data: text, signature: made })).toBe("good");
      expect(verdict({ data: text, signature: made.subarray(1) })).toBe("wrong");
      return;
    }
  });

  test("s + n is not a second signature: it must be below the modulus", () => {
    const above = integerOf(signature) + integerOf(pair.n);
    if (above < 1n << 1024n) expect(verdict({ signature: bigEndian(above, 128) })).toBe("wrong");
    expect(verdict({ signature: pair.n })).toBe("wrong");
    expect(verdict({ signature: ff(128) })).toBe("wrong");
    expect(verdict({ signature: zeros(128) })).toBe("wrong");
    expect(verdict({ signature: bigEndian(1n, 128) })).toBe("wrong");
    expect(verdict({ signature: bigEndian(integerOf(pair.n) - 1n, 128) })).toBe("wrong");
  });

  test("the hash is the algorithm's: each signature is good under its own number only", () => {
    const made = { 5: "sha1", 7: "sha1", 8: "sha256", 10: "sha512" } as const;
    for (const [number, name] of Object.entries(made)) {
      const own = Uint8Array.from(sign(name, data, pair.privateKey));
      for (const algorithm of [5, 7, 8, 10] as const) {
        const expected = made[algorithm] === name ? "good" : "wrong";
        expect(verdict({ algorithm, signature: own }), `${number} under ${algorithm}`).toBe(expected);
      }
    }
  });
});

describe.each(engines)("RSA key fields on the $name engine", (engine) => {
  const verdict = (publicKey: Uint8Array) => judge(engine, { ...vector, publicKey });
  const { e, n } = pair;

  test("the exponent's length may take three octets, needed or not", () => {
    expect(verdict(concat(one(0, 0, e.length), e, n))).toBe("good");
    expect(verdict(concat(one(0, 1, 1), zeros(257 - e.length), e, n))).toBe("good");
  });

  test("leading zeros in exponent and modulus mean nothing (RFC 3110 §2 forbids them, zones have them)", () => {
    expect(verdict(keyField(e, concat(one(0), n)))).toBe("good");
    expect(verdict(keyField(e, concat(zeros(200), n)))).toBe("good");
    expect(verdict(keyField(concat(zeros(9), e), n))).toBe("good");
  });

  test.each([
    ["nothing", zeros(0)],
    ["one zero", one(0)],
    ["a long form cut off", one(0, 1)],
    ["a long form of length zero", one(0, 0, 0)],
    ["a long form of length zero and a modulus", concat(one(0, 0, 0), n)],
    ["a long form longer than all there is", one(0, 0xff, 0xff, 3)],
    ["an exponent and no modulus", concat(one(e.length), e)],
    ["an exponent longer than all there is", concat(one(200), e, n.subarray(0, 100))],
    ["a modulus of zeros", keyField(e, zeros(128))],
    ["an exponent of zeros", keyField(zeros(3), n)],
    ["only zeros", zeros(600)],
  ])("malformed: %s", (_title, publicKey) => {
    expect(verdict(publicKey)).toBe("no key");
  });

  test.each([
    ["1, which verifies whatever you sign", one(1)],
    ["2", one(2)],
    ["65536, even", one(1, 0, 0)],
    ["2^32 + 3", hex("0100000003")],
    ["2^40 - 1", hex("ffffffffff")],
    ["2^64 + 1", hex("010000000000000001")],
    ["as long as the modulus", n],
  ])("exponent %s: refused", (_title, exponent) => {
    const long = concat(one(0, exponent.length >> 8, exponent.length), exponent, n);
    expect(verdict(long)).toBe("no key");
  });

  test("an exponent of 4096 bits in long form is refused at once", () => {
    expect(verdict(concat(one(0, 2, 0), ff(512), n))).toBe("no key");
  });

  test("an even modulus is no product of two odd primes", () => {
    const even = Uint8Array.from(n);
    even[127]! &= 0xfe;
    expect(verdict(keyField(e, even))).toBe("no key");
  });

  test.each([
    ["511", concat(one(0x7f), ff(63))],
    ["512", ff(64)],
    ["1023", concat(one(0x7f), ff(127))],
    ["4097", concat(one(1), ff(512))],
    ["16384", ff(2048)],
    ["524288", ff(65536)],
  ])("a modulus of %s bits: refused", (_bits, modulus) => {
    expect(verdict(keyField(e, modulus))).toBe("no key");
  });

  test.each([1024, 1025, 1536, 2048, 4096])("a modulus of %i bits: good", (bits) => {
    const own = pairOf(bits);
    const made = Uint8Array.from(sign("sha512", data, own.privateKey));
    expect(judge(engine, { algorithm: 10, publicKey: keyField(own.e, own.n), data, signature: made })).toBe("good");
  });

  test.each([3, 5, 17, 257, 0xffffffff])("exponent %i: good", (exponent) => {
    // 2^32 - 1 has many factors, so OpenSSL draws primes until one fits.
    const own = pairOf(1024, exponent);
    const made = Uint8Array.from(sign("sha256", data, own.privateKey));
    expect(judge(engine, { algorithm: 8, publicKey: keyField(own.e, own.n), data, signature: made })).toBe("good");
  });

  test("2^32 + 1, the largest exponent, is good", () => {
    const own = largestExponent();
    const made = Uint8Array.from(sign("sha256", data, own.privateKey));
    expect(judge(engine, { algorithm: 8, publicKey: keyField(hex("0100000001"), own.n), data, signature: made })).toBe(
      "good",
    );
  });
});

/** node:crypto takes no exponent above 2^32 - 1, so the key is put together from the primes of another. */
function largestExponent(): { n: Uint8Array; privateKey: KeyObject } {
  const e = 0x100000001n;
  for (;;) {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const jwk = privateKey.export({ format: "jwk" });
    const part = (text: string | undefined): bigint => integerOf(Uint8Array.from(Buffer.from(text!, "base64url")));
    const p = part(jwk.p);
    const q = part(jwk.q);
    const d = inverse(e, (p - 1n) * (q - 1n));
    if (d === null) continue;
    const text = (value: bigint): string => {
      const digits = value.toString(16);
      return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex").toString("base64url");
    };
    const key = { ...jwk, e: text(e), d: text(d), dp: text(d % (p - 1n)), dq: text(d % (q - 1n)) };
    return {
      n: Uint8Array.from(Buffer.from(jwk.n!, "base64url")),
      privateKey: createPrivateKey({ key, format: "jwk" }),
    };
  }
}

function inverse(value: bigint, modulus: bigint): bigint | null {
  let [a, b, x, y] = [value, modulus, 1n, 0n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return a === 1n ? ((x % modulus) + modulus) % modulus : null;
}

describe.each(enginesWith({ rsaMinBits: 512 }))("a modulus too short for its hash, on the $name engine", (engine) => {
  // RFC 8017 §9.2 step 3 wants eight octets of padding: 94 octets for SHA-512, and here are 90.
  const own = pairOf(720);
  const sha512 = Uint8Array.from(createHash("sha512").update(data).digest());
  const tail = concat(hex("3051300d060960864801650304020305000440"), sha512);
  const verdict = (signature: Uint8Array) =>
    judge(engine, { algorithm: 10, publicKey: keyField(own.e, own.n), data, signature });

  test("four octets of padding are too few, though the key's owner signed them", () => {
    const block = concat(one(0, 1), ff(90 - 3 - tail.length), one(0), tail);
    expect(verdict(signBlock(block, own))).toBe("wrong");
  });

  test("the same key is good for SHA-256", () => {
    const made = Uint8Array.from(sign("sha256", data, own.privateKey));
    expect(judge(engine, { algorithm: 8, publicKey: keyField(own.e, own.n), data, signature: made })).toBe("good");
  });
});

describe("limits", () => {
  test("1024 to 4096 bits unless told otherwise", () => {
    expect(rsaLimits({})).toEqual({ minBits: 1024, maxBits: 4096 });
    expect(parseRsaKey(good, rsaLimits({}))).toEqual({ exponent: pair.e, modulus: pair.n });
  });

  test("they bound what both engines import", () => {
    for (const engine of enginesWith({ rsaMinBits: 1025 })) expect(judge(engine, vector)).toBe("no key");
    for (const engine of enginesWith({ rsaMaxBits: 1024 })) {
      expect(judge(engine, vector)).toBe("good");
      expect(judge(engine, { ...vector, publicKey: keyField(pair.e, concat(one(1), ff(128))) })).toBe("no key");
    }
  });

  test.each([
    [{ rsaMinBits: 511 }, "rsaMinBits is 511"],
    [{ rsaMaxBits: 16385 }, "rsaMaxBits is 16385"],
    [{ rsaMinBits: 1024.5 }, "rsaMinBits is 1024.5"],
    [{ rsaMaxBits: Number.NaN }, "rsaMaxBits is NaN"],
    [{ rsaMinBits: 4096, rsaMaxBits: 2048 }, "rsaMinBits is 4096, more than rsaMaxBits, which is 2048"],
  ])("%o is the caller's mistake", (options, message) => {
    expect(() => enginesWith(options)).toThrow(RangeError);
    expect(() => enginesWith(options)).toThrow(message);
  });
});
