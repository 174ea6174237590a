/** DS digest types. IANA "Digest Algorithms" of DS RRs; RFC 4034 §5.1.3, RFC 4509, RFC 6605 §2. Supported means: has a hash. */
import type { HashName } from "./algorithms.ts";

export const digestTypes: ReadonlyMap<number, DigestType> = new Map<number, DigestType>([
  [1, { mnemonic: "SHA-1", hash: "sha1", octets: 20 }],
  [2, { mnemonic: "SHA-256", hash: "sha256", octets: 32 }],
  [3, { mnemonic: "GOST R 34.11-94", hash: null, octets: 32 }],
  [4, { mnemonic: "SHA-384", hash: "sha384", octets: 48 }],
  [5, { mnemonic: "GOST R 34.11-2012", hash: null, octets: 32 }],
  [6, { mnemonic: "SM3", hash: null, octets: 32 }],
]);

export interface DigestType {
  readonly mnemonic: string;
  readonly hash: HashName | null;
  readonly octets: number;
}

/** What an engine computes. SHA-1 among them: that it gives way to a stronger digest beside it is the judge's rule. */
export const supportedDigests: ReadonlySet<number> = new Set(
  [...digestTypes].filter(([, row]) => row.hash !== null).map(([number]) => number),
);

export function digestToText(type: number): string {
  return digestTypes.get(type)?.mnemonic ?? String(type);
}
