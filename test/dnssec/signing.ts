/**
 * A test's own signer: keys from node:crypto, RRSIGs with any field wrong that a test wants wrong. The lab has another one
 * for whole worlds; this one makes single RRsets for judges.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign as signWith } from "node:crypto";
import type { CryptoEngine } from "../../src/crypto/engine.ts";
import type { TrustAnchor } from "../../src/dnssec/anchors.ts";
import type { Judge, Policy } from "../../src/dnssec/judge.ts";
import { WorkBudget, type WorkLimits } from "../../src/dnssec/work.ts";
import { anchorZone, type SecureZone } from "../../src/dnssec/zone.ts";
import { countedLabels, signedData } from "../../src/rrset/canonical.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import { keyTag } from "../../src/wire/key-tag.ts";
import { Name } from "../../src/wire/name.ts";
import type { Dnskey, Rrsig } from "../../src/wire/rdata.ts";
import { type RRType, TYPE } from "../../src/wire/registry.ts";

export const name = (text: string): Name => Name.parse(text);

/** 2026-03-01 00:00:00 UTC; every test lives at this moment unless it says otherwise. */
export const NOW = 1772323200;
export const DAY = 86400;

// Keys.

export interface TestKey {
  readonly dnskey: Dnskey;
  readonly rdata: Uint8Array;
  readonly tag: number;
  readonly sign: (data: Uint8Array) => Uint8Array;
}

export interface KeyShape {
  readonly flags?: number;
  readonly protocol?: number;
  /** RSA only. */
  readonly bits?: number;
}

interface Pair {
  readonly publicKey: Uint8Array;
  readonly sign: (data: Uint8Array) => Uint8Array;
}

export function makeKey(algorithm: number, { flags = 257, protocol = 3, bits = 1024 }: KeyShape = {}): TestKey {
  return keyOf(pairFor(algorithm, bits), { flags, protocol, algorithm });
}

/** The same pair under other flags or another protocol: what a revocation, or a slip of the signer, makes of a key. */
export function reflagged(key: TestKey, change: Partial<Pick<Dnskey, "flags" | "protocol">>): TestKey {
  return keyOf({ publicKey: key.dnskey.publicKey, sign: key.sign }, { ...key.dnskey, ...change });
}

/** The same public key under another algorithm number. */
export function asAlgorithm(key: TestKey, algorithm: number): TestKey {
  return keyOf({ publicKey: key.dnskey.publicKey, sign: key.sign }, { ...key.dnskey, algorithm });
}

/** Another public key with the same tag: a tag is a sum of 16-bit words, so words may change places. */
export function withSameTag(key: TestKey, step = 1): TestKey {
  const { publicKey } = key.dnskey;
  const words = publicKey.length / 2;
  const shuffled = new Uint8Array(publicKey.length);
  for (let i = 0; i < words; i++) {
    const from = (i + step) % words;
    shuffled.set(publicKey.subarray(2 * from, 2 * from + 2), 2 * i);
  }
  return keyOf({ publicKey: shuffled, sign: key.sign }, key.dnskey);
}

/** A DNSKEY with any octets as its public key. */
export function bareKey(algorithm: number, publicKey: Uint8Array, flags = 257): TestKey {
  const sign = (): never => {
    throw new Error("this key has no private half");
  };
  return keyOf({ publicKey, sign }, { flags, protocol: 3, algorithm });
}

function keyOf(pair: Pair, fields: Omit<Dnskey, "publicKey">): TestKey {
  const { flags, protocol, algorithm } = fields;
  const rdata = Uint8Array.of(flags >>> 8, flags & 255, protocol, algorithm, ...pair.publicKey);
  const dnskey = { flags, protocol, algorithm, publicKey: Uint8Array.from(pair.publicKey) };
  return { dnskey, rdata, tag: keyTag(rdata), sign: pair.sign };
}

function pairFor(algorithm: number, bits: number): Pair {
  switch (algorithm) {
    case 5:
    case 7:
      return rsa("sha1", bits);
    case 8:
      return rsa("sha256", bits);
    case 10:
      return rsa("sha512", bits);
    case 13:
      return ecdsa("P-256", "sha256");
    case 14:
      return ecdsa("P-384", "sha384");
    case 16:
      return edwards(generateKeyPairSync("ed448"));
    default:
      return edwards(generateKeyPairSync("ed25519"));
  }
}

function rsa(digest: string, bits: number): Pair {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  const { n, e } = publicKey.export({ format: "jwk" });
  const exponent = Buffer.from(e!, "base64url");
  return {
    publicKey: Buffer.concat([Buffer.of(exponent.length), exponent, Buffer.from(n!, "base64url")]),
    sign: (data) => signWith(digest, data, privateKey),
  };
}

function ecdsa(namedCurve: string, digest: string): Pair {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
  const { x, y } = publicKey.export({ format: "jwk" });
  return {
    publicKey: Buffer.concat([Buffer.from(x!, "base64url"), Buffer.from(y!, "base64url")]),
    sign: (data) => signWith(digest, data, { key: privateKey, dsaEncoding: "ieee-p1363" }),
  };
}

function edwards({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): Pair {
  return {
    publicKey: Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url"),
    sign: (data) => signWith(null, data, privateKey),
  };
}

// RRsets.

export function makeRRset<T extends RRType>(
  owner: string | Name,
  type: T,
  data: readonly Uint8Array[],
  ttl = 3600,
): RRset<T> {
  const [first, ...others] = data;
  if (first === undefined) throw new TypeError("an RRset has at least one record");
  return { name: typeof owner === "string" ? name(owner) : owner, type, ttl, data: [first, ...others], signatures: [] };
}

export const addresses = (owner: string, ...last: readonly number[]): RRset<typeof TYPE.A> =>
  makeRRset(
    owner,
    TYPE.A,
    last.map((octet) => Uint8Array.of(192, 0, 2, octet)),
  );

export function dnskeys(zone: string, keys: readonly TestKey[], ttl = 3600): RRset<typeof TYPE.DNSKEY> {
  return makeRRset(
    zone,
    TYPE.DNSKEY,
    keys.map((key) => key.rdata),
    ttl,
  );
}

const digestNames: Readonly<Record<number, string>> = { 1: "sha1", 2: "sha256", 4: "sha384" };

/** DS RDATA for a key. Of a digest type that nobody knows: 32 octets of no meaning. */
export function dsOf(zone: string, key: TestKey, digestType = 2): Uint8Array {
  const algorithm = digestNames[digestType];
  const digest =
    algorithm === undefined
      ? new Uint8Array(32).fill(digestType)
      : createHash(algorithm).update(name(zone).canonicalWire).update(key.rdata).digest();
  return dsFrom({ keyTag: key.tag, algorithm: key.dnskey.algorithm, digestType, digest });
}

export function dsFrom(ds: { keyTag: number; algorithm: number; digestType: number; digest: Uint8Array }): Uint8Array {
  return Uint8Array.of(ds.keyTag >>> 8, ds.keyTag & 255, ds.algorithm, ds.digestType, ...ds.digest);
}

/** The same DS with its digest spoilt. */
export function spoilt(ds: Uint8Array): Uint8Array {
  const copy = ds.slice();
  copy[copy.length - 1]! ^= 0xff;
  return copy;
}

// Signatures.

export interface SignatureShape {
  readonly inception?: number;
  readonly expiration?: number;
  /** Any field otherwise than an honest signer would set it; signed as it says. */
  readonly fields?: Partial<Omit<Rrsig, "signature">>;
}

/** An RRSIG over `rrset` as `zone` would make it with `key`. */
export function sign(rrset: RRset, key: TestKey, zone: string, shape: SignatureShape = {}): Rrsig {
  const { inception = NOW - DAY, expiration = NOW + 10 * DAY, fields = {} } = shape;
  const unsigned: Rrsig = {
    typeCovered: rrset.type,
    algorithm: key.dnskey.algorithm,
    labels: countedLabels(rrset.name),
    originalTtl: rrset.ttl,
    expiration: expiration >>> 0,
    inception: inception >>> 0,
    keyTag: key.tag,
    signer: name(zone),
    ...fields,
    signature: new Uint8Array(0),
  };
  return { ...unsigned, signature: Uint8Array.from(key.sign(signedData(rrset, unsigned))) };
}

export function withSignatures<T extends RRType>(rrset: RRset<T>, ...signatures: readonly Rrsig[]): RRset<T> {
  return { ...rrset, signatures };
}

/** `rrset` signed by each of `keys`. */
export function signed<T extends RRType>(rrset: RRset<T>, zone: string, ...keys: readonly TestKey[]): RRset<T> {
  return withSignatures(rrset, ...keys.map((key) => sign(rrset, key, zone)));
}

/** The same signature with its last octet flipped. */
export function corrupt(signature: Rrsig): Rrsig {
  return { ...signature, signature: spoilt(signature.signature) };
}

/** An RRset that a server expanded from `*.<encloser>`, signatures and all. */
export function expanded<T extends RRType>(wildcard: RRset<T>, owner: string): RRset<T> {
  return { ...wildcard, name: name(owner) };
}

// Judges.

export const policy: Policy = {
  algorithms: new Set([8, 10, 13, 14, 15, 16]),
  digests: new Set([1, 2, 4]),
  inceptionSkew: 60,
  expirationSkew: 0,
  nsec3Iterations: 50,
  nsec3PerResponse: 8,
  signaturesPerRRset: 8,
  keysPerTag: 4,
  dsPerZone: 8,
};

export const limits: WorkLimits = {
  signatures: 64,
  failedSignatures: 8,
  hashes: 1000,
  digests: 64,
  queries: 128,
  octets: 262144,
  nsLookups: 10,
};

export interface JudgeShape {
  readonly now?: number;
  readonly policy?: Partial<Policy>;
  readonly limits?: Partial<WorkLimits>;
}

export function judgeWith(engine: CryptoEngine, shape: JudgeShape = {}): Judge {
  return {
    now: shape.now ?? NOW,
    engine,
    work: new WorkBudget({ ...limits, ...shape.limits }),
    policy: { ...policy, ...shape.policy },
  };
}

export interface CountingEngine extends CryptoEngine {
  readonly calls: { imports: number; verifications: number; digests: number };
}

/** Counts what is asked of `engine`: budgets must bound real work, not only their own counters. */
export function counting(engine: CryptoEngine): CountingEngine {
  const calls = { imports: 0, verifications: 0, digests: 0 };
  return {
    name: engine.name,
    algorithms: engine.algorithms,
    digests: engine.digests,
    calls,
    importKey: (algorithm, publicKey) => {
      calls.imports += 1;
      return engine.importKey(algorithm, publicKey);
    },
    verify: (key, data, signature) => {
      calls.verifications += 1;
      return engine.verify(key, data, signature);
    },
    digest: (type, data) => {
      calls.digests += 1;
      return engine.digest(type, data);
    },
    nsec3Hash: (owner, salt, iterations) => engine.nsec3Hash(owner, salt, iterations),
  };
}

// Zones.

/** A zone proven by an anchor for the first of `keys`, which signs the DNSKEY RRset of them all. */
export function secureZone(zone: string, keys: readonly [TestKey, ...TestKey[]], engine: CryptoEngine): SecureZone {
  const anchor: TrustAnchor = { zone: name(zone), ds: [], keys: [keys[0].dnskey], source: "the test" };
  const expiration = NOW + 20 * DAY;
  const rrset = dnskeys(zone, keys);
  const dnskey = withSignatures(rrset, sign(rrset, keys[0], zone, { expiration }));
  const trust = anchorZone(anchor, dnskey, judgeWith(engine));
  if (trust.status !== "secure") throw new Error(`the test's zone ${zone} is ${trust.status}`);
  return trust;
}
