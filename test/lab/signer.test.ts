import { createHash, createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { rdataFrom } from "../../src/lab/foreign.ts";
import { dsRdata, keyFor, type SigningKey, signersOf, signRRset } from "../../src/lab/signer.ts";
import type { LabRRset } from "../../src/lab/zone.ts";
import { countedLabels, signedData } from "../../src/rrset/canonical.ts";
import { Reader } from "../../src/wire/cursor.ts";
import { keyTag } from "../../src/wire/key-tag.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";

const zone = Name.parse("example.lab");
const validity = { inception: 1_790_000_000, expiration: 1_791_000_000 };
const addresses: LabRRset = {
  name: Name.parse("www.example.lab"),
  type: TYPE.A,
  ttl: 3600,
  data: [Uint8Array.of(192, 0, 2, 2), Uint8Array.of(192, 0, 2, 1)],
  signatures: [],
};

/** RRSIG RDATA by hand: this test shall not lean on a decoder that is tested elsewhere. */
function parts(rrsig: Uint8Array) {
  const reader = new Reader(rrsig);
  const [typeCovered, algorithm, labels] = [reader.u16(), reader.u8(), reader.u8()];
  const [originalTtl, expiration, inception, tag] = [reader.u32(), reader.u32(), reader.u32(), reader.u16()];
  const signer = Name.readUncompressed(reader);
  return {
    typeCovered,
    algorithm,
    labels,
    originalTtl,
    expiration,
    inception,
    keyTag: tag,
    signer,
    signature: reader.rest(),
  };
}

function checks(key: SigningKey, rrset: LabRRset, rrsig: Uint8Array): boolean {
  const fields = parts(rrsig);
  const data = signedData({ ...rrset, signatures: [] }, fields);
  const { digest, jwk, options } = publicKeyOf(key);
  return verify(digest, data, { key: createPublicKey({ key: jwk, format: "jwk" }), ...options }, fields.signature);
}

/** From DNSKEY RDATA back to a key that node:crypto takes. */
function publicKeyOf(key: SigningKey) {
  const octets = Buffer.from(key.rdata.subarray(4));
  const text = (from: number, to?: number) => octets.subarray(from, to).toString("base64url");
  const ec = (crv: string, size: number): JsonWebKey => ({ kty: "EC", crv, x: text(0, size), y: text(size) });
  const rsa = (): JsonWebKey => ({ kty: "RSA", e: text(1, 1 + octets[0]!), n: text(1 + octets[0]!) });
  switch (key.algorithm) {
    case 5:
    case 7:
      return { digest: "sha1", jwk: rsa(), options: {} };
    case 8:
      return { digest: "sha256", jwk: rsa(), options: {} };
    case 10:
      return { digest: "sha512", jwk: rsa(), options: {} };
    case 13:
      return { digest: "sha256", jwk: ec("P-256", 32), options: { dsaEncoding: "ieee-p1363" as const } };
    case 14:
      return { digest: "sha384", jwk: ec("P-384", 48), options: { dsaEncoding: "ieee-p1363" as const } };
    case 16:
      return { digest: null, jwk: { kty: "OKP", crv: "Ed448", x: text(0) }, options: {} };
    default:
      return { digest: null, jwk: { kty: "OKP", crv: "Ed25519", x: text(0) }, options: {} };
  }
}

describe("signatures of the lab", () => {
  it.each([5, 7, 8, 10, 13, 14, 15, 16, 200])(
    "of algorithm %i verify with node:crypto, and fail for other data",
    (algorithm) => {
      const key = keyFor({ zone, role: "csk", algorithm });
      const rrsig = signRRset(addresses, key, validity);
      expect(parts(rrsig)).toMatchObject({
        algorithm,
        labels: 3,
        originalTtl: 3600,
        ...validity,
        keyTag: key.tag,
        typeCovered: TYPE.A,
      });
      expect(checks(key, addresses, rrsig)).toBe(true);
      expect(checks(key, { ...addresses, data: [Uint8Array.of(192, 0, 2, 3)] }, rrsig)).toBe(false);
    },
  );

  it("do not depend on the order of records, the letter case of the owner or duplicates", () => {
    const key = keyFor({ zone, role: "csk", algorithm: 15 });
    const rrsig = signRRset(addresses, key, validity);
    const [first, second] = addresses.data;
    expect(
      checks(key, { ...addresses, name: Name.parse("WWW.Example.LAB"), data: [second!, first, first] }, rrsig),
    ).toBe(true);
  });

  it("of a wildcard count one label less than its owner has, and hold for a name made from it", () => {
    const key = keyFor({ zone, role: "csk", algorithm: 13 });
    const wildcard = { ...addresses, name: Name.parse("*.example.lab") };
    const rrsig = signRRset(wildcard, key, validity);
    expect(parts(rrsig).labels).toBe(countedLabels(wildcard.name));
    expect(parts(rrsig).labels).toBe(2);
    expect(checks(key, { ...wildcard, name: Name.parse("a.b.example.lab") }, rrsig)).toBe(true);
  });

  it("say what a wound wants them to say, and are right as such", () => {
    const key = keyFor({ zone, role: "csk", algorithm: 13 });
    const rrsig = signRRset(addresses, key, validity, { labels: 1 });
    expect(parts(rrsig).labels).toBe(1);
    expect(checks(key, addresses, rrsig)).toBe(true);
  });
});

describe("keys of the lab", () => {
  it("are the same for the same request, and others for another ordinal, role or zone", () => {
    const request = { zone, role: "csk", algorithm: 13 } as const;
    expect(keyFor(request)).toBe(keyFor({ ...request }));
    for (const other of [{ ordinal: 1 }, { role: "zsk" as const }, { zone: Name.parse("other.lab") }])
      expect(keyFor({ ...request, ...other }).rdata).not.toEqual(keyFor(request).rdata);
  });

  it("carry the flags of their role, protocol 3 and their algorithm", () => {
    expect([...keyFor({ zone, role: "zsk", algorithm: 13 }).rdata.subarray(0, 4)]).toEqual([1, 0, 3, 13]);
    expect([...keyFor({ zone, role: "ksk", algorithm: 15 }).rdata.subarray(0, 4)]).toEqual([1, 1, 3, 15]);
    expect([...keyFor({ zone, role: "csk", algorithm: 13, flags: 385 }).rdata.subarray(0, 2)]).toEqual([1, 129]);
  });

  it("have the modulus size that was asked for", () => {
    expect(keyFor({ zone, role: "zsk", algorithm: 8 }).rdata.length).toBe(4 + 4 + 128);
    expect(keyFor({ zone, role: "zsk", algorithm: 8, bits: 2048 }).rdata.length).toBe(4 + 4 + 256);
  });

  it("sign by role: SEP keys the DNSKEY RRset, zone keys the rest, a CSK both", () => {
    const [ksk, zsk, csk] = (["ksk", "zsk", "csk"] as const).map((role) => keyFor({ zone, role, algorithm: 13 }));
    const all = [ksk!, zsk!, csk!];
    expect(signersOf(all, TYPE.DNSKEY)).toEqual([ksk, csk]);
    expect(signersOf(all, TYPE.MX)).toEqual([zsk, csk]);
  });

  it.each([
    [1, "sha1", 20],
    [2, "sha256", 32],
    [4, "sha384", 48],
  ] as const)("have a DS of digest type %i: %s over owner and RDATA", (digestType, hash, octets) => {
    const key = keyFor({ zone: Name.parse("Example.LAB"), role: "ksk", algorithm: 13, ordinal: 3 });
    const rdata = dsRdata(key, digestType);
    const digest = createHash(hash).update(zone.canonicalWire).update(key.rdata).digest();
    expect(rdata.length).toBe(4 + octets);
    expect(Buffer.from(rdata)).toEqual(
      Buffer.concat([Buffer.of(key.tag >>> 8, key.tag & 255, 13, digestType), digest]),
    );
    expect(key.tag).toBe(keyTag(key.rdata));
  });

  it("have no DS of a digest that the lab cannot make", () => {
    expect(() => dsRdata(keyFor({ zone, role: "ksk", algorithm: 13 }), 3)).toThrow(RangeError);
  });
});

describe("RDATA from dns-packet", () => {
  it("is what RFC 4034 says of a DS", () => {
    const rdata = rdataFrom("DS", { keyTag: 0x1234, algorithm: 13, digestType: 2, digest: Buffer.of(9, 8) });
    expect([...rdata]).toEqual([0x12, 0x34, 13, 2, 9, 8]);
  });
});
