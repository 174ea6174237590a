/**
 * What node:crypto does not show of a certificate: the public key as it stands there, extensions, the signature's algorithm.
 * RFC 5280 §4.1. The reading is that of @peculiar/asn1-schema and @peculiar/asn1-x509; what they read counts only if it
 * is DER to the octet, that is, if writing it again gives the same octets. What does not fit is null, never a guess.
 */
import { createRequire } from "node:module";
import type * as Schemas from "@peculiar/asn1-schema";
import type * as X509 from "@peculiar/asn1-x509";

export interface CertificateParts {
  /** SubjectPublicKeyInfo: what selector 1 speaks of. RFC 6698 §2.1.2. */
  readonly publicKeyInfo: Uint8Array;
  /** AlgorithmIdentifier of the signature, parameters included. */
  readonly signatureAlgorithm: Uint8Array;
  /** A Name: the RDNSequence. */
  readonly subject: Uint8Array;
  readonly extensions: readonly Extension[];
}

export interface Extension {
  /** Dotted, as in "2.5.29.19". */
  readonly id: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

export function certificateParts(der: Uint8Array): CertificateParts | null {
  const read = readDer(der, ({ Certificate }) => Certificate);
  if (read === null) return null;
  const extensions = [...(read.body.extensions ?? [])].map(({ id, critical = false, value }) => ({
    id,
    critical,
    value: new Uint8Array(value),
  }));
  // RFC 5280 §4.2: no extension twice. The library reads an empty number as "".
  if (extensions.some(({ id }) => id === "") || new Set(extensions.map(({ id }) => id)).size !== extensions.length)
    return null;
  return {
    publicKeyInfo: read.body.publicKeyInfo.valueBeforeDecodeView,
    signatureAlgorithm: read.signatureAlgorithm.valueBeforeDecodeView,
    subject: read.body.subject.valueBeforeDecodeView,
    extensions,
  };
}

/** RFC 4055 §3.1: for RSASSA-PSS the hash is a parameter, and SHA-1 where it is absent. */
export function signatureAlgorithm(
  octets: Uint8Array,
): { readonly id: string; readonly pssHash: string | null } | null {
  const read = readDer(octets, ({ x509 }) => x509.AlgorithmIdentifier);
  if (read === null) return null;
  const { algorithm: id, parameters } = read;
  const pss = parameters == null ? null : readDer(new Uint8Array(parameters), ({ PssParameters }) => PssParameters);
  return { id, pssHash: pss?.hash?.algorithm ?? null };
}

/** RFC 5280 §4.2.1.12: dotted, as in "1.3.6.1.5.5.7.3.1". */
export function extendedKeyUsage(value: Uint8Array): readonly string[] | null {
  const read = readDer(value, ({ x509 }) => x509.ExtendedKeyUsage);
  return read === null || [...read].includes("") ? null : [...read];
}

/** RFC 5280 §4.2.1.3: digitalSignature, keyEncipherment or keyAgreement. */
export function mayServeTls(keyUsage: Uint8Array): boolean {
  const read = readDer(keyUsage, ({ x509 }) => x509.KeyUsage);
  const { digitalSignature, keyEncipherment, keyAgreement } = library().x509.KeyUsageFlags;
  return read !== null && (read.toNumber() & (digitalSignature | keyEncipherment | keyAgreement)) !== 0;
}

/** RFC 5280 §4.2.1.9: how many issuers may stand below; null if it does not say, or says what no path can meet. */
export function pathLength(basicConstraints: Uint8Array): number | null | "unreadable" {
  const read = readDer(basicConstraints, ({ x509 }) => x509.BasicConstraints);
  if (read === null) return "unreadable";
  const { pathLenConstraint } = read;
  if (pathLenConstraint === undefined) return null;
  // The library gives large numbers as text.
  const length = Number(pathLenConstraint);
  return length >= 0 ? length : "unreadable";
}

/** RFC 5280 §4.2.1.6, as far as name constraints ask. */
export type GeneralName =
  | { readonly form: "dns"; readonly text: string }
  /** Its RDNs, each in DER. */
  | { readonly form: "directory"; readonly rdns: readonly Uint8Array[] }
  | { readonly form: "mail" | "uri" | "address" | "id" | "other" };

export function alternativeNames(value: Uint8Array): readonly GeneralName[] | null {
  const read = readDer(value, ({ x509 }) => x509.SubjectAlternativeName);
  return read === null ? null : [...read].map(generalName);
}

/** The RDNs of a Name, each in DER. */
export function rdnsOf(name: Uint8Array): readonly Uint8Array[] | null {
  const read = readDer(name, ({ x509 }) => x509.Name);
  return read === null ? null : rdnsFrom(read);
}

export interface Subtrees {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** RFC 5280 §4.2.1.10: minimum and maximum are not used; what has them cannot be read. */
export function nameConstraints(value: Uint8Array): Subtrees | null {
  const read = readDer(value, ({ x509 }) => x509.NameConstraints);
  if (read === null) return null;
  const [permitted, excluded] = [read.permittedSubtrees, read.excludedSubtrees].map((list) => [...(list ?? [])]);
  const all = [...permitted!, ...excluded!];
  if (all.some(({ minimum, maximum }) => Number(minimum) !== 0 || maximum !== undefined)) return null;
  const bases = (list: typeof all): readonly GeneralName[] => list.map(({ base }) => generalName(base));
  return { permitted: bases(permitted!), excluded: bases(excluded!) };
}

function generalName(name: X509.GeneralName): GeneralName {
  if (name.dNSName !== undefined) return { form: "dns", text: name.dNSName };
  if (name.directoryName !== undefined) return { form: "directory", rdns: rdnsFrom(name.directoryName) };
  if (name.rfc822Name !== undefined) return { form: "mail" };
  if (name.uniformResourceIdentifier !== undefined) return { form: "uri" };
  if (name.iPAddress !== undefined) return { form: "address" };
  if (name.registeredID !== undefined) return { form: "id" };
  return { form: "other" };
}

function rdnsFrom(name: X509.Name): readonly Uint8Array[] {
  return [...name].map((rdn) => new Uint8Array(library().schemas.AsnSerializer.serialize(rdn)));
}

/** Is this one SEQUENCE in DER, and nothing behind it? */
export function isSequence(octets: Uint8Array): boolean {
  return readDer(octets, ({ Sequence }) => Sequence) !== null;
}

/**
 * A server chooses what it sends. Real certificates have 1 to 4 kB, some 100 elements, and are 12 deep; those for post-quantum
 * signatures have up to 50 kB.
 */
const limits = { maxContentLength: 65_536, maxNodes: 5000, maxDepth: 32, parseEmbedded: false };

/** Null for what is not of this type, or not DER. Octets given are not changed; those returned may be parts of them. */
function readDer<T>(octets: Uint8Array, pick: (types: Library) => new () => T): T | null {
  const types = library();
  try {
    const { AsnParser, AsnSerializer } = types.schemas;
    const read = AsnParser.parse(octets, pick(types), { berOptions: limits });
    return Buffer.compare(new Uint8Array(AsnSerializer.serialize(read)), octets) === 0 ? read : null;
  } catch {
    return null;
  }
}

/** An element that is kept as it stands. */
interface Element {
  readonly valueBeforeDecodeView: Uint8Array;
}

interface ReadCertificate {
  readonly body: {
    readonly publicKeyInfo: Element;
    readonly subject: Element;
    readonly extensions?: Iterable<{ readonly id: string; readonly critical?: boolean; readonly value: ArrayBuffer }>;
  };
  readonly signatureAlgorithm: Element;
}

interface Library {
  readonly schemas: typeof Schemas;
  readonly x509: typeof X509;
  readonly Certificate: new () => ReadCertificate;
  readonly PssParameters: new () => { readonly hash?: X509.AlgorithmIdentifier };
  readonly Sequence: new () => Iterable<unknown>;
}

let loaded: Library | null = null;

/** Loaded when the first certificate is looked into: it takes some 50 ms, and most users of a resolver never need it. */
function library(): Library {
  if (loaded !== null) return loaded;
  const require = createRequire(import.meta.url);
  const schemas = require("@peculiar/asn1-schema") as typeof Schemas;
  const x509 = require("@peculiar/asn1-x509") as typeof X509;
  loaded = { schemas, x509, ...typesBy(schemas, x509) };
  return loaded;
}

/** X.509's own Certificate reads all names and keys; this one only what is asked for, and keeps the rest as it stands. */
function typesBy(
  { AsnArray, AsnProp, AsnPropTypes, AsnType, AsnTypeTypes }: typeof Schemas,
  x509: typeof X509,
): Omit<Library, "schemas" | "x509"> {
  type Field = Parameters<typeof AsnProp>[0];
  const sequence = <T>(fields: Readonly<Record<string, Field>>): (new () => T) => {
    const type = class {} as new () => T;
    for (const [name, field] of Object.entries(fields)) AsnProp(field)(type.prototype as object, name);
    AsnType({ type: AsnTypeTypes.Sequence })(type as new () => object);
    return type;
  };
  const sequenceOf = <T>(itemType: Field["type"]): (new () => Iterable<T>) => {
    const type = class extends AsnArray<T> {};
    AsnType({ type: AsnTypeTypes.Sequence, itemType })(type);
    return type;
  };
  const whole = {
    type: AsnPropTypes.Any,
    converter: { fromASN: (element: unknown) => element, toASN: (element: unknown) => element },
  } as unknown as Field;
  const bits = { type: AsnPropTypes.BitString, implicit: true, optional: true };
  const extension = sequence({
    id: { type: AsnPropTypes.ObjectIdentifier },
    // Without a default: FALSE may stand there, as some CAs write it.
    critical: { type: AsnPropTypes.Boolean, optional: true },
    value: { type: AsnPropTypes.OctetString },
  });
  const body = sequence<ReadCertificate["body"]>({
    version: { type: AsnPropTypes.Integer, context: 0, optional: true },
    serialNumber: whole,
    signature: whole,
    issuer: whole,
    validity: whole,
    subject: whole,
    publicKeyInfo: whole,
    issuerUniqueId: { ...bits, context: 1 },
    subjectUniqueId: { ...bits, context: 2 },
    extensions: { type: sequenceOf(extension as new () => object), context: 3, optional: true },
  });
  return {
    Certificate: sequence<ReadCertificate>({
      body: { type: body },
      signatureAlgorithm: whole,
      signature: whole,
    }),
    PssParameters: sequence({
      hash: { type: x509.AlgorithmIdentifier, context: 0, optional: true },
      maskGenerator: { type: x509.AlgorithmIdentifier, context: 1, optional: true },
      saltLength: { type: AsnPropTypes.Integer, context: 2, optional: true },
      trailer: { type: AsnPropTypes.Integer, context: 3, optional: true },
    }),
    Sequence: sequenceOf(AsnPropTypes.Any),
  };
}
