/** Certificates and keys from files: PEM with any number of blocks, or one thing in DER. RFC 7468, RFC 5280, RFC 2986. */
import { createPrivateKey, createPublicKey, type KeyObject, type X509Certificate } from "node:crypto";
import { certificateFromDer, publicKeyFromDer, publicKeyInfoOf } from "../dane/certificate.ts";

/** What TLSA records can be made from. */
export interface KeyMaterial {
  /** Where it came from, for sentences: "fullchain.pem". */
  readonly source: string;
  readonly what: "certificate" | "request" | "public key" | "private key";
  /** The server's own; null for a bare key. */
  readonly certificate: X509Certificate | null;
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKeyInfo: Uint8Array;
  /** Certificates behind the first, in order. */
  readonly issuers: readonly X509Certificate[];
}

/** A file that is none of these, with the reason. */
export class KeyMaterialError extends Error {
  override readonly name = "KeyMaterialError";
}

/** Larger than any chain; smaller than what is given by mistake. */
const MOST_OCTETS = 1_048_576;

/** `octets`: the file. Its first certificate is the server's, others are issuers; a private key beside them is left out. */
export async function readKeyMaterial(octets: Uint8Array, source: string): Promise<KeyMaterial> {
  const fail = (why: string): never => {
    throw new KeyMaterialError(`${source}: ${why}`);
  };
  if (octets.length === 0) return fail("the file is empty");
  if (octets.length > MOST_OCTETS) return fail(`the file has more than ${MOST_OCTETS} octets`);
  const text = Buffer.from(octets).toString("latin1");
  if (!text.includes("-----BEGIN ")) return fromDer(octets, source);
  const blocks = pemBlocks(text, fail);
  const certificates = blocks
    .filter(({ label }) => /^(?:X509 |TRUSTED )?CERTIFICATE$/.test(label))
    .map(({ label, der }) => {
      if (label === "TRUSTED CERTIFICATE")
        return fail("TRUSTED CERTIFICATE is OpenSSL's own form: convert it with openssl x509");
      return certificateFromDer(der) ?? fail("a certificate in it cannot be read");
    });
  const [certificate, ...issuers] = certificates;
  if (certificate !== undefined) return ofCertificate(certificate, issuers, source);
  const [block, ...more] = blocks.filter(({ label }) => label !== "EC PARAMETERS" && label !== "DH PARAMETERS");
  if (block === undefined) return fail("no certificate, request or key in it");
  if (more.length > 0) return fail(`it holds ${block.label} and ${more[0]!.label}: one of them expected`);
  switch (block.label) {
    case "CERTIFICATE REQUEST":
    case "NEW CERTIFICATE REQUEST":
      return ofKey(await requestKey(block.der, source), "request", source);
    case "PUBLIC KEY":
      return ofKey(publicKeyFromDer(block.der) ?? fail("the public key in it cannot be read"), "public key", source);
    case "RSA PUBLIC KEY":
      return ofKey(
        attempt(() => createPublicKey(block.pem)) ?? fail("the public key in it cannot be read"),
        "public key",
        source,
      );
    case "PRIVATE KEY":
    case "RSA PRIVATE KEY":
    case "EC PRIVATE KEY": {
      if (/^Proc-Type: 4,ENCRYPTED/m.test(block.pem)) return fail(ENCRYPTED);
      const key = attempt(() => createPublicKey(createPrivateKey(block.pem)));
      return ofKey(key ?? fail("the private key in it cannot be read"), "private key", source);
    }
    case "ENCRYPTED PRIVATE KEY":
      return fail(ENCRYPTED);
    default:
      return fail(`${block.label} is no certificate, request or key`);
  }
}

const ENCRYPTED =
  "the private key is encrypted: give the certificate, the request, or the public key (openssl pkey -pubout)";

interface PemBlock {
  readonly label: string;
  readonly der: Uint8Array;
  readonly pem: string;
}

function pemBlocks(text: string, fail: (why: string) => never): readonly PemBlock[] {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----\r?\n([\s\S]*?)-----END \1-----/g)];
  if (blocks.length !== text.split("-----BEGIN ").length - 1) fail("a block in it does not end as it began");
  return blocks.map(([pem, label, body]) => {
    // RFC 1421 headers of encrypted keys; RFC 7468 knows none.
    const base64 = body!.replace(/^(?:[\w-]+: .*\r?\n)+\r?\n/, "").replace(/\s/g, "");
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) fail(`the ${label} in it is not base64`);
    return { label: label!, der: Buffer.from(base64, "base64"), pem };
  });
}

/** In the order of what can be told apart; no two of them parse as each other. */
async function fromDer(octets: Uint8Array, source: string): Promise<KeyMaterial> {
  const der = Buffer.from(octets);
  const certificate = certificateFromDer(der);
  if (certificate !== null) return ofCertificate(certificate, [], source);
  const key = publicKeyFromDer(der);
  if (key !== null) return ofKey(key, "public key", source);
  for (const type of ["pkcs8", "sec1", "pkcs1"] as const) {
    const secret = attempt(() => createPublicKey(createPrivateKey({ key: der, format: "der", type })));
    if (secret !== null) return ofKey(secret, "private key", source);
  }
  try {
    return ofKey(await requestKey(der, source), "request", source);
  } catch (error) {
    if (!(error instanceof KeyMaterialError)) throw error;
    throw new KeyMaterialError(`${source}: no certificate, request or key, neither in PEM nor in DER`);
  }
}

function ofCertificate(certificate: X509Certificate, issuers: readonly X509Certificate[], source: string): KeyMaterial {
  const publicKeyInfo = publicKeyInfoOf(certificate);
  if (publicKeyInfo === null)
    throw new KeyMaterialError(`${source}: the certificate is not formed as RFC 5280 wants it`);
  return { source, what: "certificate", certificate, publicKeyInfo, issuers };
}

function ofKey(key: KeyObject, what: KeyMaterial["what"], source: string): KeyMaterial {
  const publicKeyInfo = key.export({ type: "spki", format: "der" });
  return { source, what, certificate: null, publicKeyInfo, issuers: [] };
}

/** RFC 2986 §4. The library is loaded for requests only. */
async function requestKey(der: Uint8Array, source: string): Promise<KeyObject> {
  const unreadable = new KeyMaterialError(`${source}: the certificate request in it cannot be read`);
  const [{ AsnParser, AsnSerializer }, { CertificationRequest }] = await Promise.all([
    import("@peculiar/asn1-schema"),
    import("@peculiar/asn1-csr"),
  ]);
  const key = attempt(() => {
    const request = AsnParser.parse(der, CertificationRequest);
    // Octets behind it, or lengths that are not DER, would be overlooked.
    if (Buffer.compare(Buffer.from(AsnSerializer.serialize(request)), der) !== 0) return null;
    return publicKeyFromDer(Buffer.from(AsnSerializer.serialize(request.certificationRequestInfo.subjectPKInfo)));
  });
  if (key === null) throw unreadable;
  return key;
}

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}
