import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { enginesWith, type Judgement, judge } from "./engines.ts";
import { goodVectors, shortVectors } from "./rfc-vectors.ts";
import { flipped, type Vector } from "./vector.ts";

/** Engines differ in speed alone. Edwards keys off the curve are null for one and useless for the other: no difference. */
const [native, portable] = enginesWith({ rsaMinBits: 512 });

function agreed(vector: Omit<Vector, "title">): Judgement {
  const [first, second] = [judge(native!, vector), judge(portable!, vector)];
  expect(second === "good", `native: ${first}, portable: ${second}`).toBe(first === "good");
  if (vector.algorithm < 15) expect(second).toBe(first);
  return first;
}

const vectors = [...goodVectors, ...shortVectors];

beforeAll(() => {
  // noble fills its tables at first use: not on the clock of whichever test comes first.
  for (const vector of vectors) judge(portable!, vector);
});

test.each(vectors)("both engines accept $title", (vector) => {
  expect(agreed(vector)).toBe("good");
});

/** A bit of the key or of the signature may be the one that does not matter, as in an RSA key's leading zeros; data's all do. */
describe.each([5, 7, 8, 10, 13, 14, 15, 16])("algorithm %i", (algorithm) => {
  const own = vectors.filter((vector) => vector.algorithm === algorithm);
  const runs = { numRuns: algorithm < 13 ? 150 : 25 };
  const anyVector = fc.constantFrom(...own);
  const anyBit = fc.nat(1 << 20);

  test("a bit flipped in the data is wrong on both", () => {
    fc.assert(
      fc.property(anyVector, anyBit, (vector, bit) => {
        expect(agreed({ ...vector, data: flipped(vector.data, bit) })).toBe("wrong");
      }),
      runs,
    );
  });

  test("a bit flipped in the signature is wrong on both", () => {
    fc.assert(
      fc.property(anyVector, anyBit, (vector, bit) => {
        expect(agreed({ ...vector, signature: flipped(vector.signature, bit) })).toBe("wrong");
      }),
      runs,
    );
  });

  test("a bit flipped in the key is never good, and the same on both", () => {
    fc.assert(
      fc.property(anyVector, anyBit, (vector, bit) => {
        expect(agreed({ ...vector, publicKey: flipped(vector.publicKey, bit) })).not.toBe("good");
      }),
      runs,
    );
  });

  test("keys and signatures cut short, made longer or replaced by anything are the same on both", () => {
    const anyOctets = fc.uint8Array({ maxLength: 140 });
    const change = fc.oneof(
      fc.record({ publicKey: anyOctets }),
      fc.record({ signature: anyOctets }),
      fc.record({ data: anyOctets }),
      fc.record({ cutKey: fc.nat(140) }),
      fc.record({ cutSignature: fc.nat(140) }),
    );
    fc.assert(
      fc.property(anyVector, change, (vector, made) => {
        const changed = { ...vector, ...made };
        if ("cutKey" in made) changed.publicKey = vector.publicKey.slice(0, made.cutKey);
        if ("cutSignature" in made) changed.signature = vector.signature.slice(0, made.cutSignature);
        agreed(changed);
      }),
      runs,
    );
  });

  test("under any other number the vector is the same on both, and good only where the number means the same", () => {
    for (const vector of own) {
      for (let other = 0; other <= 255; other++) {
        const same = other === algorithm || (algorithm + other === 12 && (other === 5 || other === 7));
        expect(agreed({ ...vector, algorithm: other }) === "good", `${other}`).toBe(same);
      }
    }
  });
});
