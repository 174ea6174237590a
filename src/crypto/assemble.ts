/** What the engines have in common: a key is a check made once and kept, SHA-1 is our own, and nothing throws. */
import { type HashName, supportedAlgorithms } from "./algorithms.ts";
import { digestTypes, supportedDigests } from "./digests.ts";
import type { CryptoEngine, VerifyKey } from "./engine.ts";
import { nsec3Hash, sha1 } from "./sha1.ts";

/** Does this signature over this data come from the key? May throw, which means no. */
export type Check = (data: Uint8Array, signature: Uint8Array) => boolean;

export interface EngineParts {
  readonly name: string;
  /** Null, or an exception, for a key that is malformed or refused. The octets are a copy that may be kept. */
  readonly checkFor: (algorithm: number, publicKey: Uint8Array) => Check | null;
  readonly hash: (name: Exclude<HashName, "sha1">, data: Uint8Array) => Uint8Array;
}

export function assemble(parts: EngineParts): CryptoEngine {
  return {
    name: parts.name,
    algorithms: supportedAlgorithms,
    digests: supportedDigests,
    importKey(algorithm, publicKey) {
      try {
        // Not by slice(): a Buffer, as sockets give them, answers that with a view of the packet.
        const check = parts.checkFor(algorithm, new Uint8Array(publicKey));
        return check === null ? null : new ImportedKey(algorithm, check);
      } catch {
        return null;
      }
    },
    verify(key, data, signature) {
      try {
        return key instanceof ImportedKey && key.check(data, signature);
      } catch {
        return false;
      }
    },
    digest(type, data) {
      const hash = digestTypes.get(type)?.hash ?? null;
      return hash === null ? null : hashWith(parts, hash, data);
    },
    nsec3Hash,
  };
}

/** SHA-1 never leaves the house: DS digests, NSEC3 and RSASHA1 must not depend on the host's policy. */
export function hashWith(parts: Pick<EngineParts, "hash">, name: HashName, data: Uint8Array): Uint8Array {
  return name === "sha1" ? sha1(data) : parts.hash(name, data);
}

class ImportedKey implements VerifyKey {
  readonly algorithm: number;
  readonly check: Check;

  constructor(algorithm: number, check: Check) {
    this.algorithm = algorithm;
    this.check = check;
  }
}
