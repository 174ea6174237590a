/**
 * The few octets of a certificate that node:crypto does not show: the public key as it stands there, extensions, the
 * signature's algorithm. RFC 5280 §4.1. Everything else about certificates is node:crypto's work, which has parsed these
 * very octets before they come here; what does not fit is null, never a guess.
 */

export interface Tlv {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag and length included. */
  readonly whole: Uint8Array;
}

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

export const TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OID: 0x06,
  SEQUENCE: 0x30,
} as const;
/** [0] EXPLICIT version and [3] EXPLICIT extensions. */
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;

export function certificateParts(der: Uint8Array): CertificateParts | null {
  const certificate = sequence(der);
  const body = certificate?.[0];
  const signatureAlgorithm = certificate?.[1];
  if (body?.tag !== TAG.SEQUENCE || signatureAlgorithm?.tag !== TAG.SEQUENCE) return null;
  const fields = elements(body.content);
  if (fields === null) return null;
  // version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, then what is optional
  const first = fields[0]?.tag === VERSION ? 1 : 0;
  const subject = fields[first + 4];
  const key = fields[first + 5];
  if (subject?.tag !== TAG.SEQUENCE || key?.tag !== TAG.SEQUENCE) return null;
  const wrapped = fields.slice(first + 6).find(({ tag }) => tag === EXTENSIONS);
  const extensions = wrapped === undefined ? [] : extensionsOf(wrapped.content);
  if (extensions === null) return null;
  return {
    publicKeyInfo: key.whole,
    signatureAlgorithm: signatureAlgorithm.whole,
    subject: subject.whole,
    extensions,
  };
}

function extensionsOf(octets: Uint8Array): readonly Extension[] | null {
  const list = sequence(octets);
  if (list === null) return null;
  const extensions: Extension[] = [];
  for (const { tag, content } of list) {
    const parts = tag === TAG.SEQUENCE ? elements(content) : null;
    const id = parts?.[0]?.tag === TAG.OID ? oidText(parts[0].content) : null;
    const value = parts?.at(-1);
    if (parts === null || id === null || value?.tag !== TAG.OCTET_STRING) return null;
    const flag = parts.length === 3 ? parts[1] : undefined;
    if (parts.length > 3 || (flag !== undefined && flag.tag !== TAG.BOOLEAN)) return null;
    extensions.push({ id, critical: flag !== undefined && flag.content[0] !== 0, value: value.content });
  }
  // RFC 5280 §4.2: no extension twice.
  return new Set(extensions.map(({ id }) => id)).size === extensions.length ? extensions : null;
}

/** The elements of the one SEQUENCE that `octets` are; null if they are anything else. */
export function sequence(octets: Uint8Array): readonly Tlv[] | null {
  const outer = elements(octets);
  return outer?.length === 1 && outer[0]!.tag === TAG.SEQUENCE ? elements(outer[0]!.content) : null;
}

/** Octets as elements one after the other, to the last octet; null if they are not. Lengths definite and minimal (DER). */
export function elements(octets: Uint8Array): readonly Tlv[] | null {
  const found: Tlv[] = [];
  for (let at = 0; at < octets.length; ) {
    const tag = octets[at]!;
    const first = octets[at + 1];
    if ((tag & 0x1f) === 0x1f || first === undefined) return null;
    let length = first;
    let start = at + 2;
    if (first >= 0x80) {
      const size = first & 0x7f;
      if (size === 0 || size > 3 || start + size > octets.length) return null;
      length = 0;
      for (let i = 0; i < size; i++) length = (length << 8) | octets[start + i]!;
      if (length < 0x80 || length < 2 ** (8 * (size - 1))) return null;
      start += size;
    }
    if (start + length > octets.length) return null;
    found.push({ tag, content: octets.subarray(start, start + length), whole: octets.subarray(at, start + length) });
    at = start + length;
  }
  return found;
}

export function oidText(content: Uint8Array): string | null {
  const arcs: number[] = [];
  let value = 0;
  for (const [i, octet] of content.entries()) {
    value = value * 128 + (octet & 0x7f);
    if (!Number.isSafeInteger(value)) return null;
    if (octet >= 0x80) {
      if (i === content.length - 1) return null;
      continue;
    }
    if (arcs.length === 0)
      arcs.push(Math.min(2, Math.floor(value / 40)), value - 40 * Math.min(2, Math.floor(value / 40)));
    else arcs.push(value);
    value = 0;
  }
  return arcs.length === 0 ? null : arcs.join(".");
}
