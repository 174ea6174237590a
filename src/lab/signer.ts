/**
 * Keys and signatures of the lab's zones: the only code of rootwalk with private keys. RFC 4034 §3, §5; RFC 4035 §2;
 * key and signature forms RFC 3110, RFC 5702, RFC 6605, RFC 8080.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { UnixSeconds } from "../env/env.ts";
import { countedLabels, signedData } from "../rrset/canonical.ts";
import { keyTag } from "../wire/key-tag.ts";
import type { Name } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import { foreignName, foreignType, rdataFrom } from "./foreign.ts";
import type { LabRRset } from "./rrset.ts";

export type KeyRole = "ksk" | "zsk" | "csk";

export interface SigningKey {
  readonly zone: Name;
  readonly role: KeyRole;
  readonly algorithm: number;
  /** DNSKEY RDATA. */
  readonly rdata: Uint8Array;
  readonly tag: number;
  readonly sign: (data: Uint8Array) => Uint8Array;
}

export interface KeyRequest {
  readonly zone: Name;
  readonly role: KeyRole;
  readonly algorithm: number;
  /** RSA only. */
  readonly bits?: number;
  /** Tells apart several keys of one role. */
  readonly ordinal?: number;
  /** DNSKEY flags, where a wound wants others than the role's own. */
  readonly flags?: number;
}

export interface Validity {
  readonly inception: UnixSeconds;
  readonly expiration: UnixSeconds;
}

const ZONE_KEY_FLAGS = 256;
export const SEP_KEY_FLAGS = 257;

const keys = new Map<string, SigningKey>();

/** The same request gives the same key for as long as the process lives, since node:crypto cannot be seeded. */
export function keyFor(request: KeyRequest): SigningKey {
  const { zone, role, algorithm, bits = 1024, ordinal = 0 } = request;
  const flags = request.flags ?? (role === "zsk" ? ZONE_KEY_FLAGS : SEP_KEY_FLAGS);
  const label = [zone.key, role, algorithm, bits, ordinal, flags].join("/");
  let key = keys.get(label);
  if (key === undefined) {
    const material = materialFor(algorithm, bits);
    const rdata = rdataFrom("DNSKEY", { flags, algorithm, key: Buffer.from(material.publicKey) });
    key = { zone, role, algorithm, rdata, tag: keyTag(rdata), sign: remembering(material.sign) };
    keys.set(label, key);
  }
  return key;
}

/**
 * One RRSIG's RDATA over `rrset` as it stands in the zone. RFC 4034 §3.1. `otherwise` says what a wound wants different:
 * what it says is signed, so the signature itself is right.
 */
export function signRRset(
  rrset: LabRRset,
  key: SigningKey,
  validity: Validity,
  otherwise: Partial<RrsigFields> = {},
): Uint8Array {
  const unsigned = {
    typeCovered: rrset.type,
    algorithm: key.algorithm,
    labels: countedLabels(rrset.name),
    originalTtl: rrset.ttl,
    expiration: Math.floor(validity.expiration),
    inception: Math.floor(validity.inception),
    keyTag: key.tag,
    signer: key.zone,
    signature: new Uint8Array(0),
    ...otherwise,
  };
  const signature = key.sign(signedData({ ...rrset, signatures: [] }, unsigned));
  return rrsigRdata({ ...unsigned, signature });
}

export interface RrsigFields {
  readonly typeCovered: number;
  readonly algorithm: number;
  readonly labels: number;
  readonly originalTtl: number;
  readonly expiration: number;
  readonly inception: number;
  readonly keyTag: number;
  readonly signer: Name;
  readonly signature: Uint8Array;
}

export function rrsigRdata(fields: RrsigFields): Uint8Array {
  return rdataFrom("RRSIG", {
    typeCovered: foreignType(fields.typeCovered),
    algorithm: fields.algorithm,
    labels: fields.labels,
    originalTTL: fields.originalTtl,
    expiration: fields.expiration % 0x100000000,
    inception: fields.inception % 0x100000000,
    keyTag: fields.keyTag,
    signersName: foreignName(fields.signer) ?? unsignable(fields.signer),
    signature: Buffer.from(fields.signature),
  });
}

const digestNames: ReadonlyMap<number, string> = new Map([
  [1, "sha1"],
  [2, "sha256"],
  [4, "sha384"],
]);

/** DS RDATA for a key. RFC 4034 §5.1.4, RFC 4509, RFC 6605. */
export function dsRdata(key: SigningKey, digestType = 2): Uint8Array {
  const name = digestNames.get(digestType);
  if (name === undefined) throw new RangeError(`the lab makes no DS of digest type ${digestType}: 1, 2 or 4`);
  const digest = createHash(name).update(key.zone.canonicalWire).update(key.rdata).digest();
  return rdataFrom("DS", { keyTag: key.tag, algorithm: key.algorithm, digestType, digest });
}

/** Data that is signed with the zone's keys of the right roles: the DNSKEY RRset by SEP keys, all else by the others. */
export function signersOf(keysOfZone: readonly SigningKey[], type: number): readonly SigningKey[] {
  const wanted: readonly KeyRole[] = type === TYPE.DNSKEY ? ["ksk", "csk"] : ["zsk", "csk"];
  return keysOfZone.filter((key) => wanted.includes(key.role));
}

interface Material {
  readonly publicKey: Uint8Array;
  readonly sign: (data: Uint8Array) => Uint8Array;
}

function materialFor(algorithm: number, bits: number): Material {
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
      return edwards("ed448");
    default:
      // 15, and every number that nobody validates: sound Ed25519 signatures under a number that is not theirs.
      return edwards("ed25519");
  }
}

/** RFC 3110 §2: exponent length, exponent, modulus. */
function rsa(digest: string, bits: number): Material {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  const { n, e } = publicKey.export({ format: "jwk" });
  const exponent = Buffer.from(e!, "base64url");
  return {
    publicKey: Buffer.concat([Buffer.of(exponent.length), exponent, Buffer.from(n!, "base64url")]),
    sign: (data) => sign(digest, data, privateKey),
  };
}

/** RFC 6605 §4: x and y; r and s, both of full length. */
function ecdsa(namedCurve: string, digest: string): Material {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
  const { x, y } = publicKey.export({ format: "jwk" });
  return {
    publicKey: Buffer.concat([Buffer.from(x!, "base64url"), Buffer.from(y!, "base64url")]),
    sign: (data) => sign(digest, data, { key: privateKey, dsaEncoding: "ieee-p1363" }),
  };
}

/** RFC 8080 §3, §4. */
function edwards(curve: "ed25519" | "ed448"): Material {
  // Two calls, for the overloads of node:crypto do not take the union.
  const pair: { publicKey: KeyObject; privateKey: KeyObject } =
    curve === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ed448");
  return {
    publicKey: Buffer.from(pair.publicKey.export({ format: "jwk" }).x!, "base64url"),
    sign: (data) => sign(null, data, pair.privateKey),
  };
}

/** A test builds the same world again and again with one wound: what was signed once needs no second signature. */
function remembering(signWith: (data: Uint8Array) => Uint8Array): (data: Uint8Array) => Uint8Array {
  const made = new Map<string, Uint8Array>();
  return (data) => {
    const digest = createHash("sha256").update(data).digest("base64");
    let signature = made.get(digest);
    if (signature === undefined) {
      signature = Uint8Array.from(signWith(data));
      made.set(digest, signature);
    }
    return signature;
  };
}

function unsignable(name: Name): never {
  throw new TypeError(`dns-packet cannot write the signer's name ${name}: name lab zones in plain ASCII`);
}
