/** Both engines, and a verdict in one word. */
import type { CryptoEngine } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { portableEngine } from "../../src/crypto/portable.ts";
import type { RsaOptions } from "../../src/crypto/rsa.ts";
import { goodVectors } from "./rfc-vectors.ts";
import { flipped, type Vector } from "./vector.ts";

export function enginesWith(options: RsaOptions): readonly CryptoEngine[] {
  return [nativeEngine(options), portableEngine(options)];
}

export const engines: readonly CryptoEngine[] = enginesWith({});

/** No fallback hides behind "native" here: this host must verify all algorithms itself, and `native.test.ts` says so. */
export const [native, portable] = engines as readonly [CryptoEngine, CryptoEngine];

export type Judgement = "good" | "wrong" | "no key";

export function judge(engine: CryptoEngine, vector: Omit<Vector, "title">): Judgement {
  const key = engine.importKey(vector.algorithm, vector.publicKey);
  if (key === null) return "no key";
  return engine.verify(key, vector.data, vector.signature) ? "good" : "wrong";
}

/** The algorithms among the good vectors that this engine judges rightly, good and bad. */
export function rightlyJudged(engine: CryptoEngine): readonly number[] {
  const wrong = goodVectors.filter(
    (vector) =>
      judge(engine, vector) !== "good" ||
      judge(engine, { ...vector, data: flipped(vector.data, 100) }) !== "wrong" ||
      judge(engine, { ...vector, signature: flipped(vector.signature, 100) }) !== "wrong",
  );
  const missed = new Set(wrong.map((vector) => vector.algorithm));
  return [...new Set(goodVectors.map((vector) => vector.algorithm))].filter((algorithm) => !missed.has(algorithm));
}
