/** KeyTrap and its kin (ATTACKS ): what validation may cost, counted in the engine itself. */
import { describe, expect, test } from "vitest";
import { type Verified, verifyRRset } from "../../src/dnssec/signature.ts";
import type { Rrsig } from "../../src/wire/rdata.ts";
import { EDE } from "../../src/wire/registry.ts";
import { engines } from "./engines.ts";
import {
  addresses,
  bareKey,
  corrupt,
  counting,
  DAY,
  judgeWith,
  makeKey,
  NOW,
  secureZone,
  sign,
  signed,
  type TestKey,
  withSameTag,
  withSignatures,
} from "./signing.ts";

const data = addresses("www.example.com", 1);

function failed(result: Verified) {
  if (result.kind === "verified") throw new Error("it was verified");
  return result.failure;
}

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/** Different wrong signatures, all of one tag. */
function wrongSignatures(count: number, key: TestKey): Rrsig[] {
  const good = sign(data, key, "example.com");
  return times(count, (i) => {
    const signature = good.signature.slice();
    signature[i % 60]! ^= 1 + (i >>> 6);
    return { ...good, signature };
  });
}

describe.each(engines)("$name engine", (native) => {
  const key = makeKey(15);

  test("A-01 SigJam: of 340 wrong signatures by one key, eight are tried", () => {
    const engine = counting(native);
    const zone = secureZone("example.com", [key], engine);
    engine.calls.verifications = 0;
    const by = judgeWith(engine, { limits: { failedSignatures: 100 } });
    const why = failed(verifyRRset(withSignatures(data, ...wrongSignatures(340, key)), zone, by));
    expect(why).toMatchObject({ code: "too much validation work", ede: EDE.DNSSEC_BOGUS });
    expect(why.detail).toContain("8 pairs of key and signature were tried, more remain");
    expect(engine.calls.verifications).toBe(8);
    expect(by.work.spent).toMatchObject({ signatures: 8, failedSignatures: 8 });
  });

  test("A-02 KeySigTrap: 250 keys of one tag and 340 signatures come to eight pairs", () => {
    const engine = counting(native);
    const zsk = makeKey(15, { flags: 256 });
    const twins = times(250, (i) => mixed(zsk, i));
    const zone = secureZone("example.com", [key, ...twins], engine);
    engine.calls.imports = engine.calls.verifications = 0;
    const by = judgeWith(engine, { limits: { failedSignatures: 100 } });
    const why = failed(verifyRRset(withSignatures(data, ...wrongSignatures(340, zsk)), zone, by));
    expect(why.code).toBe("too much validation work");
    expect(engine.calls.verifications).toBeLessThanOrEqual(8);
    expect(engine.calls.imports).toBeLessThanOrEqual(4); // four keys a tag, imported once for all signatures
    expect(by.work.spent.signatures).toBeLessThanOrEqual(8);
  });

  test("A-03 LockCram: of 250 keys with the signature's tag, four are tried", () => {
    const engine = counting(native);
    const zsk = makeKey(15, { flags: 256 });
    const zone = secureZone("example.com", [key, ...times(250, (i) => mixed(zsk, i)), zsk], engine);
    engine.calls.imports = engine.calls.verifications = 0;
    const by = judgeWith(engine);
    const why = failed(verifyRRset(signed(data, "example.com", zsk), zone, by));
    expect(why.code).toBe("too much validation work");
    expect(why.detail).toContain("251 keys share tag");
    expect(engine.calls.imports).toBe(4);
    expect(engine.calls.verifications).toBeLessThanOrEqual(4);
    expect(by.work.spent.signatures).toBe(4);
  });

  test("A-06: keys that fail before cryptography are failed checks, once for each key", () => {
    const engine = counting(native);
    const zsk = makeKey(13, { flags: 256 });
    // Shuffled coordinates are off the curve, but for an accident of odds 2^-128.
    const off = times(31, (i) => withSameTag(zsk, i + 1));
    const zone = secureZone("example.com", [key, ...off], engine);
    engine.calls.imports = engine.calls.verifications = 0;
    const by = judgeWith(engine);
    const rrset = signed(data, "example.com", zsk);
    expect(failed(verifyRRset(rrset, zone, by)).code).toBe("too much validation work");
    expect(engine.calls).toMatchObject({ imports: 4, verifications: 0 });
    expect(by.work.spent).toMatchObject({ signatures: 4, failedSignatures: 4 });
    // What is known to be malformed is neither imported nor counted again.
    expect(failed(verifyRRset(rrset, zone, by)).code).toBe("too much validation work");
    expect(engine.calls).toMatchObject({ imports: 4, verifications: 0 });
    expect(by.work.spent).toMatchObject({ signatures: 4, failedSignatures: 4 });
  });

  test("a single malformed key says so", () => {
    const off = withSameTag(makeKey(13, { flags: 256 }));
    const zone = secureZone("example.com", [key, off], native);
    const why = failed(verifyRRset(signed(data, "example.com", off), zone, judgeWith(native)));
    expect(why).toMatchObject({ code: "key malformed", ede: EDE.DNSKEY_MISSING });
    expect(why.detail).toContain("is by a DNSKEY that is malformed for algorithm 13, or of a size that is refused");
  });

  test("A-07: a thousand expired signatures cost no cryptography and do not hide the good one", () => {
    const engine = counting(native);
    const zone = secureZone("example.com", [key], engine);
    engine.calls.verifications = 0;
    const old = sign(data, key, "example.com", { expiration: NOW - DAY });
    const flood = times(1000, (i) => ({ ...old, originalTtl: i }));
    const by = judgeWith(engine);
    expect(failed(verifyRRset(withSignatures(data, ...flood), zone, by)).code).toBe("signature expired");
    expect(engine.calls.verifications).toBe(0);
    const good = sign(data, key, "example.com");
    expect(verifyRRset(withSignatures(data, ...flood, good), zone, by).kind).toBe("verified");
    expect(engine.calls.verifications).toBe(1);
  });

  test.each<[string, Uint8Array]>([
    ["a modulus of 16384 bits", rsaKey(Uint8Array.of(1, 0, 1), 2048)],
    ["a modulus of 4104 bits", rsaKey(Uint8Array.of(1, 0, 1), 513)],
    ["a modulus of 1016 bits", rsaKey(Uint8Array.of(1, 0, 1), 127)],
    ["a modulus of 512 bits", rsaKey(Uint8Array.of(1, 0, 1), 64)],
    ["an exponent of 4096 bits", rsaKey(new Uint8Array(512).fill(0xff), 256)],
    ["an even exponent", rsaKey(Uint8Array.of(1, 0, 0), 256)],
    ["the exponent 1", rsaKey(Uint8Array.of(1), 256)],
  ])("A-08: an RSA key with %s is not used", (_what, publicKey) => {
    const engine = counting(native);
    const big = bareKey(8, publicKey, 256);
    const zone = secureZone("example.com", [key, big], engine);
    engine.calls.verifications = 0;
    const made = sign(data, key, "example.com", { fields: { algorithm: 8, keyTag: big.tag } });
    const by = judgeWith(engine);
    const why = failed(verifyRRset(withSignatures(data, made), zone, by));
    expect(why.code).toBe("key malformed");
    expect(engine.calls.verifications).toBe(0);
    expect(by.work.spent.failedSignatures).toBe(1);
  });

  test("failures are counted for the whole question, and after the last nothing is tried", () => {
    const engine = counting(native);
    const zone = secureZone("example.com", [key], engine);
    engine.calls.verifications = 0;
    const by = judgeWith(engine, { limits: { failedSignatures: 3 } });
    const broken = () => withSignatures(data, corrupt(sign(data, key, "example.com")));
    const codes = times(5, () => failed(verifyRRset(broken(), zone, by)).code);
    expect(codes).toEqual([
      "signature wrong",
      "signature wrong",
      "signature wrong",
      "too much validation work",
      "too much validation work",
    ]);
    expect(engine.calls.verifications).toBe(3);
    expect(by.work.exhausted).toBe("failedSignatures");
    // Not even what is good: whoever gets here is under attack, and the failure says it was the limit.
    const why = failed(verifyRRset(signed(data, "example.com", key), zone, by));
    expect(why.detail).toContain("the question's budget for failed signature checks is spent");
    expect(engine.calls.verifications).toBe(3);
  });

  test("what failed for a question fails for it again at no cost, one signature at a time or all at once", () => {
    const engine = counting(native);
    const zone = secureZone("example.com", [key], engine);
    engine.calls.verifications = 0;
    const by = judgeWith(engine);
    const broken = withSignatures(
      data,
      ...times(4, (i) => corrupt(sign(data, key, "example.com", { fields: { originalTtl: 100 + i } }))),
    );
    for (const signature of broken.signatures)
      expect(failed(verifyRRset({ ...broken, signatures: [signature] }, zone, by)).code).toBe("signature wrong");
    expect(engine.calls.verifications).toBe(4);
    for (const rrset of [broken, broken, { ...broken }])
      expect(failed(verifyRRset(rrset, zone, by)).code).toBe("signature wrong");
    expect(engine.calls.verifications).toBe(4);
    expect(by.work.spent).toMatchObject({ signatures: 4, failedSignatures: 4 });
    // Another question tries for itself.
    expect(failed(verifyRRset(broken, zone, judgeWith(engine))).code).toBe("signature wrong");
    expect(engine.calls.verifications).toBe(8);
  });

  test("good signatures have a budget as well", () => {
    const engine = counting(native);
    const zone = secureZone("example.com", [key], engine);
    engine.calls.verifications = 0;
    const by = judgeWith(engine, { limits: { signatures: 2 } });
    const rrsets = times(4, () => signed(data, "example.com", key));
    const kinds = rrsets.map((rrset) => verifyRRset(rrset, zone, by).kind);
    expect(kinds).toEqual(["verified", "verified", "failed", "failed"]);
    expect(engine.calls.verifications).toBe(2);
    expect(by.work.exhausted).toBe("signatures");
  });

  test("the same signature over the same data costs nothing the second time, and nothing but cryptography is skipped", () => {
    const engine = counting(native);
    const zone = secureZone("example.com", [key], engine);
    engine.calls.verifications = 0;
    const by = judgeWith(engine);
    const rrset = signed(data, "example.com", key);
    expect(verifyRRset(rrset, zone, by).kind).toBe("verified");
    expect(verifyRRset({ ...rrset, ttl: 1 }, zone, by).kind).toBe("verified");
    expect(engine.calls.verifications).toBe(1);
    const [signature] = rrset.signatures;
    expect(verifyRRset(rrset, zone, { ...by, now: signature!.expiration + 1 }).kind).toBe("failed");
    const forged: typeof rrset = { ...rrset, data: [Uint8Array.from(rrset.data[0], (octet) => octet ^ 1)] };
    expect(verifyRRset(forged, zone, by).kind).toBe("failed");
    expect(engine.calls.verifications).toBe(2);
  });
});

/** One of many public keys with the tag of `key`: words rotated, and a difference moved from one word to another. */
function mixed(key: TestKey, i: number): TestKey {
  const { publicKey } = withSameTag(key, 1 + (i % 15)).dnskey;
  const octets = publicKey.slice();
  const shift = Math.min(i >>> 4, octets[1]!, 255 - octets[3]!);
  octets[1]! -= shift;
  octets[3]! += shift;
  return bareKey(key.dnskey.algorithm, octets, key.dnskey.flags);
}

/** RFC 3110 §2. */
function rsaKey(exponent: Uint8Array, modulusOctets: number): Uint8Array {
  const modulus = new Uint8Array(modulusOctets).fill(0xab);
  modulus[modulusOctets - 1] = 0xad;
  const length = exponent.length < 256 ? [exponent.length] : [0, exponent.length >>> 8, exponent.length & 255];
  return Uint8Array.of(...length, ...exponent, ...modulus);
}
