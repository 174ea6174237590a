import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { certificateFromDer, currencyOf, partsOf, publicKeyFromDer } from "../../src/dane/certificate.ts";
import { matchCertificate } from "../../src/dane/match.ts";
import { whyOutside } from "../../src/dane/name-constraints.ts";
import { smtpPolicy } from "../../src/dane/records.ts";
import { certificateParts, extendedKeyUsage, isSequence, pathLength, rdnsOf } from "../../src/dane/x509.ts";
import { seededRandom } from "../../src/env/virtual.ts";
import { chain, LAB_NOW, names, pem, spki, unsafeSecure } from "./harness.ts";

const [leaf, intermediate, root] = chain("leaf intermediate root") as [
  X509Certificate,
  X509Certificate,
  X509Certificate,
];

describe("the octets of a certificate", () => {
  it("hold the public key that node:crypto shows", () => {
    for (const name of ["leaf", "leaf-rsa", "root", "leaf-critical"]) {
      const certificate = new X509Certificate(pem(name));
      expect(Buffer.from(certificateParts(certificate.raw)!.publicKeyInfo)).toEqual(spki(certificate));
    }
  });

  it("hold the extensions", () => {
    const found = certificateParts(chain("leaf-critical")[0]!.raw)!.extensions.map(
      ({ id, critical }) => `${id} ${critical}`,
    );
    expect(found).toContain("1.3.6.1.4.1.99999.1 true");
    expect(found).toContain("2.5.29.17 false");
  });

  it("are read to the last one, or not at all", () => {
    const { raw } = leaf;
    for (let length = 0; length < raw.length; length++) expect(certificateParts(raw.subarray(0, length))).toBeNull();
    expect(certificateParts(Buffer.concat([raw, Buffer.of(0)]))).toBeNull();
  });

  it("may be anything: the reader never throws", () => {
    const random = seededRandom(5);
    for (let i = 0; i < 1000; i++) {
      const octets = Uint8Array.from(leaf.raw);
      for (let n = 1 + random.integer(4); n > 0; n--) octets[random.integer(octets.length)] = random.integer(256);
      certificateParts(octets);
      certificateParts(random.octets(random.integer(64)));
    }
  });

  it.each([
    ["an indefinite length", [0x30, 0x80, 0, 0]],
    ["an indefinite length inside", [0x30, 4, 0x30, 0x80, 0, 0]],
    ["a length longer than needed", [0x30, 0x81, 0x01, 0]],
    ["a length with leading zeros", [0x30, 0x82, 0x00, 0x80, ...[0x04, 126], ...Array(126).fill(0)]],
    ["a tag of several octets", [0x1f, 0x81, 0x01, 0]],
    ["a tag without a length", [0x30]],
    ["a length of four octets", [0x30, 0x84, 0, 0, 0, 0]],
    ["something behind them", [0x30, 0, 0]],
    ["less than the length says", [0x30, 4, 5, 0]],
    ["a SET around them", [0x31, 0]],
    ["nothing at all", []],
  ])("are not DER with %s", (_, octets) => expect(isSequence(Uint8Array.from(octets))).toBe(false));

  it("are DER otherwise", () => {
    expect(isSequence(Uint8Array.of(0x30, 0))).toBe(true);
    expect(isSequence(Uint8Array.of(0x30, 2, 5, 0))).toBe(true);
    expect(isSequence(leaf.raw)).toBe(true);
  });

  it("name things by numbers", () => {
    const usages = (...oids: number[][]) =>
      extendedKeyUsage(tlv(0x30, ...oids.map((oid) => tlv(6, Uint8Array.from(oid)))));
    expect(usages([0x55, 0x1d, 0x13], [0x2a, 0x86, 0x48, 0xce, 0x3d], [0x88, 0x37])).toEqual([
      "2.5.29.19",
      "1.2.840.10045",
      "2.999",
    ]);
    expect(usages([0x55, 0x81])).toBeNull();
    expect(usages([0x55, 0x80, 0x01])).toBeNull();
    expect(usages([])).toBeNull();
  });
});

/** Everything that a hostile server can send within TLS's limits is refused in a moment, and nothing throws. */
describe("hostile octets", () => {
  const quick = (octets: Uint8Array): void => {
    const start = performance.now();
    expect(certificateParts(octets)).toBeNull();
    expect(rdnsOf(octets)).toBeNull();
    // A bound with room for a slow machine: without limits the first takes minutes.
    expect(performance.now() - start).toBeLessThan(20_000);
  };
  it("nested 20,000 deep", () => {
    let octets: Uint8Array = Buffer.of(5, 0);
    for (let i = 0; i < 15_000; i++) octets = wrap(0x30, octets);
    quick(octets);
  });
  it("of a hundred thousand elements", () => quick(wrap(0x30, Buffer.alloc(60_000, Buffer.of(5, 0)))));
  it("huge", () => quick(wrap(0x30, wrap(4, Buffer.alloc(4_000_000)))));
  it("that say they are longer than they are", () => quick(Buffer.of(0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0)));
  it("with an extension twice", () => {
    // The last extension once more, and all lengths put right.
    const twice = rebuilt(leaf.raw, (extensions) => [...extensions, extensions.at(-1)!]);
    const same = rebuilt(leaf.raw, (extensions) => extensions);
    expect(Buffer.from(same)).toEqual(leaf.raw);
    expect(certificateParts(same)).not.toBeNull();
    expect(certificateParts(twice)).toBeNull();
    expect(() => new X509Certificate(twice)).not.toThrow();
  });
  it("with constraints that are none", () => {
    expect(pathLength(Buffer.of(0x30, 3, 1, 1, 0xff))).toBeNull();
    expect(pathLength(Buffer.of(0x30, 6, 1, 1, 0xff, 2, 1, 0))).toBe(0);
    expect(pathLength(Buffer.of(0x30, 9, 1, 1, 0xff, 2, 4, 0x7f, 0xff, 0xff, 0xff))).toBe(0x7fffffff);
    expect(pathLength(Buffer.of(0x30, 6, 1, 1, 0xff, 2, 1, 0x80))).toBe("unreadable");
    expect(pathLength(Buffer.of(0x30, 0x80, 0, 0))).toBe("unreadable");
  });
});

/** A TLV of any length. */
function wrap(tag: number, content: Uint8Array): Buffer {
  const n = content.length;
  const length =
    n < 128
      ? [n]
      : n < 256
        ? [0x81, n]
        : n < 65536
          ? [0x82, n >> 8, n & 255]
          : [0x83, n >> 16, (n >> 8) & 255, n & 255];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}

/** The certificate with other extensions. */
function rebuilt(raw: Uint8Array, change: (extensions: Buffer[]) => Buffer[]): Buffer {
  const inside = (octets: Uint8Array): Buffer[] => {
    const parts: Buffer[] = [];
    for (let at = 0; at < octets.length; ) {
      const first = octets[at + 1]!;
      const size = first < 128 ? 0 : first & 127;
      let length = size === 0 ? first : 0;
      for (let i = 0; i < size; i++) length = length * 256 + octets[at + 2 + i]!;
      const end = at + 2 + size + length;
      parts.push(Buffer.from(octets.subarray(at, end)));
      at = end;
    }
    return parts;
  };
  const content = (octets: Buffer): Buffer => octets.subarray(octets[1]! < 128 ? 2 : 2 + (octets[1]! & 127));
  const [body, ...rest] = inside(content(Buffer.from(raw)));
  const fields = inside(content(body!));
  const last = fields.pop()!;
  const extensions = inside(content(inside(content(last))[0]!));
  const list = wrap(0xa3, wrap(0x30, Buffer.concat(change(extensions))));
  return wrap(0x30, Buffer.concat([wrap(0x30, Buffer.concat([...fields, list])), ...rest]));
}

describe("parts once read", () => {
  const again = (certificate: X509Certificate): X509Certificate =>
    new X509Certificate(Uint8Array.from(certificate.raw));
  /** The octets of the serial number are OpenSSL's and ours to change. */
  const numbered = (n: number): X509Certificate => {
    const octets = Buffer.from(leaf.raw);
    const at = octets.indexOf(Buffer.from(leaf.serialNumber, "hex"));
    octets.writeUInt16BE(0x2000 + n, at);
    return new X509Certificate(octets);
  };

  it("are known again by the certificate's octets, and by nothing less", () => {
    expect(partsOf(leaf)).not.toBeNull();
    expect(partsOf(again(leaf))).toBe(partsOf(leaf));
    expect(partsOf(again(intermediate))).not.toBe(partsOf(leaf));
    expect(partsOf(numbered(0))).not.toBe(partsOf(leaf));
  });
  it("are those used last, and not many", () => {
    const [used, unused] = [partsOf(again(leaf)), partsOf(again(root))];
    for (let n = 0; n < 250; n++) {
      partsOf(numbered(n));
      expect(partsOf(again(leaf))).toBe(used);
    }
    expect(partsOf(again(root))).not.toBe(unused);
    expect(partsOf(again(root))).toEqual(unused);
  });
  it("are not those of large certificates", () => {
    const large = wrap(0x30, Buffer.concat([Buffer.of(6, 3, 0x2a, 3, 4), wrap(4, Buffer.alloc(8192))]));
    const certificate = new X509Certificate(rebuilt(leaf.raw, (extensions) => [...extensions, large]));
    expect(partsOf(certificate)).not.toBeNull();
    expect(partsOf(again(certificate))).not.toBe(partsOf(certificate));
    expect(partsOf(again(certificate))).toEqual(partsOf(certificate));
  });
  it("do not change with buffers that others hold", () => {
    const mine = numbered(300);
    const before = structuredClone(partsOf(mine));
    mine.raw.fill(0);
    expect(partsOf(numbered(300))).toEqual(before);
  });
  it("keep what cannot be read unreadable", () => {
    const twice = rebuilt(leaf.raw, (extensions) => [...extensions, extensions.at(-1)!]);
    for (let i = 0; i < 3; i++) expect(partsOf(new X509Certificate(twice))).toBeNull();
  });
});

describe("a certificate with one octet changed", () => {
  const tlsa = unsafeSecure("2 0 1 root");
  const by = { names: names("mx.ta.lab"), now: LAB_NOW, policy: smtpPolicy };
  it.each([
    ["the server's", 0],
    ["the issuer's", 1],
    ["the anchor's", 2],
  ])("is refused wherever that is: %s", (_, which) => {
    const sent = [leaf, intermediate, root];
    expect(matchCertificate(tlsa, sent, by).kind).toBe("verified");
    for (let at = 0; at < sent[which]!.raw.length; at++) {
      const octets = Uint8Array.from(sent[which]!.raw);
      octets[at]! ^= 1 << (at % 8);
      const changed = certificateFromDer(octets);
      if (changed === null) continue;
      const { kind } = matchCertificate(tlsa, sent.with(which, changed), by);
      expect(`${at} ${kind}`).toBe(`${at} refused`);
    }
  });
});

describe("data of matching type 0", () => {
  it("is DER, whole, and nothing after it", () => {
    expect(certificateFromDer(leaf.raw)?.subject).toBe("CN=Leaf");
    expect(certificateFromDer(Buffer.from(pem("leaf")))).toBeNull();
    expect(certificateFromDer(Buffer.concat([leaf.raw, Buffer.of(0)]))).toBeNull();
    expect(certificateFromDer(new Uint8Array())).toBeNull();
    expect(publicKeyFromDer(spki(leaf))?.asymmetricKeyType).toBe("ec");
    expect(publicKeyFromDer(Buffer.from(leaf.publicKey.export({ type: "spki", format: "pem" })))).toBeNull();
    expect(publicKeyFromDer(Buffer.concat([spki(leaf), Buffer.of(0)]))).toBeNull();
    expect(publicKeyFromDer(leaf.raw)).toBeNull();
  });
});

describe("dates", () => {
  const at = (text: string) => Date.parse(text) / 1000;
  it("include both ends", () => {
    expect(currencyOf(leaf, at("2020-01-01T00:00:00Z")).kind).toBe("current");
    expect(currencyOf(leaf, at("2019-12-31T23:59:59Z")).kind).toBe("not yet valid");
    expect(currencyOf(leaf, at("2119-12-31T23:59:59.5Z")).kind).toBe("current");
    expect(currencyOf(leaf, at("2120-01-01T00:00:00Z")).kind).toBe("expired");
  });
  it("that cannot be read count against the certificate", () => {
    for (const validTo of ["Bad time value", "Foo  1 00:00:00 2030 GMT", "", "Jan  1 00:00:00 2030"]) {
      const odd = { validFrom: leaf.validFrom, validTo } as X509Certificate;
      expect(currencyOf(odd, LAB_NOW).kind).toBe("undated");
    }
  });
});

/** GeneralName and the SEQUENCEs around it, short ones. */
const tlv = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag, content.length), content]);
};
const dns = (text: string): Uint8Array => tlv(0x82, Buffer.from(text));
const ip = tlv(0x87, Buffer.of(192, 0, 2, 1));
const ipRange = tlv(0x87, new Uint8Array(8));
const dn = (cn: string): Uint8Array =>
  tlv(0x30, tlv(0x31, tlv(0x30, Buffer.of(6, 3, 0x55, 4, 3), tlv(0x0c, Buffer.from(cn)))));
const directory = (cn: string): Uint8Array => tlv(0xa4, dn(cn));
const constraints = ({
  permitted = [],
  excluded = [],
}: {
  permitted?: Uint8Array[];
  excluded?: Uint8Array[];
}): Uint8Array =>
  tlv(
    0x30,
    ...(permitted.length > 0 ? [tlv(0xa0, ...permitted.map((base) => tlv(0x30, base)))] : []),
    ...(excluded.length > 0 ? [tlv(0xa1, ...excluded.map((base) => tlv(0x30, base)))] : []),
  );
const shows = (subject: Uint8Array, ...alternatives: Uint8Array[]) => ({
  publicKeyInfo: new Uint8Array(),
  signatureAlgorithm: new Uint8Array(),
  subject,
  extensions:
    alternatives.length === 0 ? [] : [{ id: "2.5.29.17", critical: false, value: tlv(0x30, ...alternatives) }],
});

describe("name constraints", () => {
  const nobody = tlv(0x30);
  const allows = (limits: Parameters<typeof constraints>[0], ...shown: Uint8Array[]) =>
    whyOutside(constraints(limits), shows(nobody, ...shown), "leaf") === null;

  it("of DNS names permit a name and what is below it", () => {
    const permitted = [dns("ta.lab")];
    expect(allows({ permitted }, dns("ta.lab"))).toBe(true);
    expect(allows({ permitted }, dns("MX.ta.lab"))).toBe(true);
    expect(allows({ permitted }, dns("xta.lab"))).toBe(false);
    expect(allows({ permitted }, dns("mx.ta.lab"), dns("other.lab"))).toBe(false);
    expect(allows({ permitted: [dns(".ta.lab")] }, dns("ta.lab"))).toBe(false);
    expect(allows({ permitted: [dns("")] }, dns("ta.lab"))).toBe(true);
  });
  it("exclude, also what a wildcard would reach", () => {
    const excluded = [dns("secret.ta.lab")];
    expect(allows({ excluded }, dns("mx.ta.lab"))).toBe(true);
    expect(allows({ excluded }, dns("a.secret.ta.lab"))).toBe(false);
    expect(allows({ excluded }, dns("*.ta.lab"))).toBe(false);
    expect(allows({ excluded, permitted: [dns("ta.lab")] }, dns("*.secret.ta.lab"))).toBe(false);
  });
  it("of other forms bind names of those forms only", () => {
    expect(allows({ excluded: [ipRange] }, dns("mx.ta.lab"))).toBe(true);
    expect(allows({ excluded: [ipRange] }, dns("mx.ta.lab"), ip)).toBe(false);
    expect(allows({ permitted: [ipRange] }, ip)).toBe(false);
  });
  it("of directory names bind the subject, octet by octet", () => {
    const subject = (cn: string, limits: Parameters<typeof constraints>[0]) =>
      whyOutside(constraints(limits), shows(dn(cn), dns("mx.ta.lab")), "leaf") === null;
    expect(subject("Mine", { permitted: [directory("Mine")] })).toBe(true);
    expect(subject("Mine", { permitted: [directory("Other")] })).toBe(false);
    expect(subject("Mine", { excluded: [directory("Other")] })).toBe(false);
    expect(subject("Mine", { permitted: [dns("ta.lab")] })).toBe(true);
  });
  it("that cannot be read exclude everything", () => {
    const parts = shows(nobody, dns("mx.ta.lab"));
    for (const odd of [
      new Uint8Array(),
      tlv(0x30, tlv(0xa2)),
      tlv(0x30, tlv(0xa0, dns("ta.lab"))),
      tlv(0x30, tlv(0xa0, tlv(0x30, dns("ta.lab"), tlv(0x80, Buffer.of(1))))),
    ]) {
      expect(whyOutside(odd, parts, "leaf")).not.toBeNull();
    }
  });
});

describe("the library for ASN.1", () => {
  const dist = fileURLToPath(new URL("../../dist/index.js", import.meta.url));
  it.skipIf(!existsSync(dist))("is not loaded by importing rootwalk (npm run build makes dist)", () => {
    const program = `
      import { createRequire } from "node:module";
      await import(${JSON.stringify(pathToFileURL(dist).href)});
      const loaded = Object.keys(createRequire("/")("node:module")._cache);
      console.log(loaded.filter((file) => /peculiar|asn1js/.test(file)).length);
    `;
    expect(execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" })).toBe("0\n");
  });
});
