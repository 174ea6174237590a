/** What does a signature cost, what a key, what an NSEC3 hash, and how do the engines compare? */
import { createHash, createPublicKey, generateKeyPairSync, hash, type KeyObject, sign } from "node:crypto";
import { sha1 as nobleSha1 } from "@noble/hashes/legacy.js";
import { algorithmToText } from "../src/crypto/algorithms.ts";
import { refusedAlgorithms } from "../src/crypto/load.ts";
import { nativeEngine } from "../src/crypto/native.ts";
import { portableEngine } from "../src/crypto/portable.ts";
import { nsec3Hash, sha1 } from "../src/crypto/sha1.ts";
import { type Comparison, compare, keep } from "./harness.ts";

const native = nativeEngine();
const portable = portableEngine();
const comparisons: Comparison[] = [];

/** About the size of a signed A RRset. */
const data = Uint8Array.from({ length: 120 }, (_, i) => i);

const field = (key: KeyObject, ...names: readonly ("n" | "e" | "x" | "y")[]): Buffer => {
  const jwk = key.export({ format: "jwk" });
  return Buffer.concat(names.map((name) => Buffer.from(jwk[name]!, "base64url")));
};

const rsa = (bits: number, algorithm: number, digest: string) => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  const e = field(publicKey, "e");
  const key = Buffer.concat([Buffer.of(e.length), e, field(publicKey, "n")]);
  return {
    title: `${algorithmToText(algorithm)} ${bits}`,
    algorithm,
    publicKey,
    key,
    signature: sign(digest, data, privateKey),
  };
};
const ecdsa = (namedCurve: string, algorithm: number, digest: string) => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
  const signature = sign(digest, data, { key: privateKey, dsaEncoding: "ieee-p1363" });
  return { title: algorithmToText(algorithm), algorithm, publicKey, key: field(publicKey, "x", "y"), signature };
};
const eddsa = (pair: { publicKey: KeyObject; privateKey: KeyObject }, algorithm: number) => {
  const { publicKey, privateKey } = pair;
  const signature = sign(null, data, privateKey);
  return { title: algorithmToText(algorithm), algorithm, publicKey, key: field(publicKey, "x"), signature };
};

const samples = [
  rsa(1024, 5, "sha1"),
  rsa(1024, 8, "sha256"),
  rsa(2048, 8, "sha256"),
  rsa(4096, 8, "sha256"),
  rsa(2048, 10, "sha512"),
  ecdsa("P-256", 13, "sha256"),
  ecdsa("P-384", 14, "sha384"),
  eddsa(generateKeyPairSync("ed25519"), 15),
  eddsa(generateKeyPairSync("ed448"), 16),
];

for (const { title, algorithm, key, signature } of samples) {
  const [one, other] = [native.importKey(algorithm, key)!, portable.importKey(algorithm, key)!];
  if (!native.verify(one, data, signature) || !portable.verify(other, data, signature))
    throw new Error(`${title} is wrong`);
  comparisons.push(
    await compare(`verify ${title}`, {
      native: () => native.verify(one, data, signature),
      portable: () => portable.verify(other, data, signature),
    }),
  );
}

for (const { title, algorithm, key, publicKey } of samples) {
  const jwk = publicKey.export({ format: "jwk" });
  const der = publicKey.export({ format: "der", type: "spki" });
  comparisons.push(
    await compare(`import ${title}`, {
      native: () => native.importKey(algorithm, key),
      portable: () => portable.importKey(algorithm, key),
      "createPublicKey, JWK": () => createPublicKey({ key: jwk, format: "jwk" }),
      "createPublicKey, SPKI": () => createPublicKey({ key: der, format: "der", type: "spki" }),
    }),
  );
}

const name = Uint8Array.from(Buffer.from("\x04mail\x0bexample-org\x03com\x00", "latin1"));
const noSalt = new Uint8Array(0);
const longSalt = new Uint8Array(255).fill(7);
const reference =
  (digest: (data: Uint8Array) => Uint8Array, salt: Uint8Array, iterations: number) => (): Uint8Array => {
    let octets = digest(Buffer.concat([name, salt]));
    for (let i = 0; i < iterations; i++) octets = digest(Buffer.concat([octets, salt]));
    return octets;
  };
for (const [title, salt, iterations] of [
  ["no salt, 0 iterations", noSalt, 0],
  ["8 octets of salt, 10 iterations", longSalt.subarray(0, 8), 10],
  ["255 octets of salt, 50 iterations", longSalt, 50],
] as const) {
  comparisons.push(
    await compare(`NSEC3 hash, ${title}`, {
      "by hand": () => nsec3Hash(name, salt, iterations),
      "crypto.hash": reference((octets) => hash("sha1", octets, "buffer"), salt, iterations),
      createHash: reference((octets) => createHash("sha1").update(octets).digest(), salt, iterations),
      noble: reference(nobleSha1, salt, iterations),
    }),
  );
}

const dnskey = new Uint8Array(270).fill(5);
comparisons.push(
  await compare("DS digest of an RSA-2048 key", {
    "SHA-256, native": () => native.digest(2, dnskey),
    "SHA-256, portable": () => portable.digest(2, dnskey),
    "SHA-1, by hand": () => sha1(dnskey),
    "SHA-1, createHash": () => createHash("sha1").update(dnskey).digest(),
  }),
  await compare("trying which algorithms the host has", { "eight signatures": () => refusedAlgorithms() }),
);

keep("verify", comparisons);
