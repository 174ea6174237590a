/**
 * Cryptography that anybody can forge: a signature is good if its first octet is 1, and every key can be imported. With it
 * inputs made by chance get past signatures, to the rules behind them. Only ever for fuzzing.
 */
import type { CryptoEngine } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";

export const GOOD = Uint8Array.of(1, 7, 7);
export const WRONG = Uint8Array.of(0, 7, 7);

export interface UnsafeEngine extends CryptoEngine {
  readonly done: { verifications: number; imports: number; rounds: number };
}

export function unsafeEngine(): UnsafeEngine {
  const engine = nativeEngine();
  const done = { verifications: 0, imports: 0, rounds: 0 };
  return {
    name: "unsafe: a signature that begins with 1 is good",
    algorithms: engine.algorithms,
    digests: engine.digests,
    done,
    importKey(algorithm) {
      done.imports += 1;
      return { algorithm };
    },
    verify(_key, _data, signature) {
      done.verifications += 1;
      return signature[0] === 1;
    },
    digest: (type, data) => engine.digest(type, data),
    nsec3Hash(name, salt, iterations) {
      done.rounds += (iterations + 1) * Math.ceil((20 + salt.length) / 64);
      return engine.nsec3Hash(name, salt, iterations);
    },
  };
}
