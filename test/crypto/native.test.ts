import { createHash, verify } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { supportedAlgorithms } from "../../src/crypto/algorithms.ts";
import { hostEngine, hostEngineOn, loadPortableEngine, refusedAlgorithms } from "../../src/crypto/load.ts";
import { type Host, nativeEngine, nativeEngineOn, nodeCrypto } from "../../src/crypto/native.ts";
import { engines, judge, native, portable, rightlyJudged } from "./engines.ts";
import { goodVectors, rfc4035, rfc5702Sha512, rfc6605, rfc8080 } from "./rfc-vectors.ts";

/** An OpenSSL under a policy: throws where the real one would. */
function hostWithout(refused: "SHA-1" | "Ed448" | "everything"): Host {
  const refuse = (): never => {
    throw new Error("error:0A000086: forbidden by policy");
  };
  return {
    createHash: ((name: string) =>
      refused === "SHA-1" && name === "sha1" ? refuse() : createHash(name)) as Host["createHash"],
    createPublicKey: ((input: { key: { crv?: string } }) =>
      refused === "everything" || (refused === "Ed448" && input.key.crv === "Ed448")
        ? refuse()
        : nodeCrypto.createPublicKey(input as never)) as Host["createPublicKey"],
    verify: (hash, data, key, signature) =>
      refused === "SHA-1" && hash === "sha1" ? refuse() : verify(hash, data, key, signature),
  };
}

describe("a host that can all", () => {
  test("is this one, or the other tests of the native engine test the portable one", () => {
    expect(refusedAlgorithms()).toEqual([]);
  });

  test("needs no portable engine", async () => {
    const engine = await hostEngine();
    expect(engine.name).toBe("native");
    expect(rightlyJudged(engine)).toEqual([5, 10, 13, 14, 15, 16]);
  });
});

describe("a host whose policy forbids SHA-1", () => {
  const host = hostWithout("SHA-1");

  test("refuses 5 and 7, as the test signature shows", () => {
    expect(refusedAlgorithms(host)).toEqual([5, 7]);
  });

  test("RSASHA1 falls to BigInt, without any other engine", () => {
    const engine = nativeEngineOn(host, {});
    expect(rightlyJudged(engine)).toEqual([5, 10, 13, 14, 15, 16]);
    expect(judge(engine, { ...rfc4035[0]!, algorithm: 7 })).toBe("good");
  });

  test("DS digests and NSEC3 hashes with SHA-1 go on", () => {
    const engine = nativeEngineOn(host, {});
    expect(engine.digest(1, Uint8Array.of(1))).toEqual(native.digest(1, Uint8Array.of(1)));
    expect(engine.nsec3Hash(Uint8Array.of(0), Uint8Array.of(1), 2)).toEqual(
      native.nsec3Hash(Uint8Array.of(0), Uint8Array.of(1), 2),
    );
  });

  test("the limits for RSA keys are the same there", () => {
    const engine = nativeEngineOn(host, { rsaMinBits: 2048 });
    expect(judge(engine, rfc4035[0]!)).toBe("no key");
  });
});

describe("a host without Ed448", () => {
  const host = hostWithout("Ed448");

  test("refuses 16", () => {
    expect(refusedAlgorithms(host)).toEqual([16]);
  });

  test("the engine for it verifies all the same", async () => {
    const engine = await hostEngineOn(host, {});
    expect(rightlyJudged(engine)).toEqual([5, 10, 13, 14, 15, 16]);
    expect(judge(engine, { ...rfc8080[2]!, publicKey: new Uint8Array(57) })).toBe("no key");
  });

  test("without a portable engine Ed448 still counts as supported, so its zones are bogus and never insecure", () => {
    const engine = nativeEngineOn(host, {});
    expect(engine.algorithms).toEqual(supportedAlgorithms);
    expect(judge(engine, rfc8080[2]!)).toBe("no key");
    expect(rightlyJudged(engine)).toEqual([5, 10, 13, 14, 15]);
  });
});

describe("a host that imports no key at all", () => {
  const host = hostWithout("everything");

  test("is helped by the portable engine with every algorithm", async () => {
    expect(refusedAlgorithms(host)).toEqual([...supportedAlgorithms]);
    expect(rightlyJudged(await hostEngineOn(host, {}))).toEqual([5, 10, 13, 14, 15, 16]);
  });
});

describe("the test signatures", () => {
  test("are tried once, and only for algorithms that come up", () => {
    const createPublicKey = vi.fn(nodeCrypto.createPublicKey);
    const engine = nativeEngineOn({ ...nodeCrypto, createPublicKey }, {});
    expect(createPublicKey).toHaveBeenCalledTimes(0);
    judge(engine, rfc6605[0]!);
    expect(createPublicKey).toHaveBeenCalledTimes(2); // the test signature's key, and the vector's
    judge(engine, rfc6605[0]!);
    expect(createPublicKey).toHaveBeenCalledTimes(3);
  });

  test("are not fooled by a host that verifies nothing, or only pretends to know the key", () => {
    expect(refusedAlgorithms({ ...nodeCrypto, verify: () => false })).toEqual([...supportedAlgorithms]);
  });
});

describe("no engine ever throws", () => {
  const garbage = [0, 1, 2, 31, 32, 33, 56, 57, 58, 63, 64, 65, 95, 96, 97, 113, 114, 115, 128, 512, 1024].flatMap(
    (length) => [
      new Uint8Array(length),
      new Uint8Array(length).fill(0xff),
      Uint8Array.from({ length }, (_, i) => i * 37 + 1),
    ],
  );

  test.each(engines)("the $name engine, whatever the octets", (engine) => {
    for (let algorithm = 0; algorithm <= 255; algorithm++) {
      for (const publicKey of garbage) {
        const key = engine.importKey(algorithm, publicKey);
        if (!supportedAlgorithms.has(algorithm)) expect(key).toBeNull();
        if (key === null) continue;
        expect(key.algorithm).toBe(algorithm);
        for (const signature of garbage) expect(engine.verify(key, signature, signature)).toBe(false);
      }
    }
  });

  test.each(engines)("the $name engine with numbers that are no algorithm", (engine) => {
    for (const algorithm of [-1, 256, 8.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(engine.importKey(algorithm, rfc5702Sha512.publicKey)).toBeNull();
    }
  });

  test.each(engines)("the $name engine with a key that no engine made", (engine) => {
    expect(engine.verify({ algorithm: 13 }, rfc6605[0]!.data, rfc6605[0]!.signature)).toBe(false);
  });
});

describe("keys", () => {
  test.each(engines)("of the $name engine do not change with the packet they were read from", (engine) => {
    for (const vector of goodVectors) {
      const packet = Uint8Array.from(vector.publicKey);
      const key = engine.importKey(vector.algorithm, packet)!;
      packet.fill(0xaa);
      expect(engine.verify(key, vector.data, vector.signature), vector.title).toBe(true);
    }
  });

  test.each(engines)("of the $name engine may be parts of larger arrays, and so may data and signature", (engine) => {
    const within = (octets: Uint8Array): Uint8Array => {
      const packet = new Uint8Array(octets.length + 20).fill(0x55);
      packet.set(octets, 7);
      return packet.subarray(7, 7 + octets.length);
    };
    for (const { algorithm, publicKey, data, signature, title } of goodVectors) {
      const parts = { algorithm, publicKey: within(publicKey), data: within(data), signature: within(signature) };
      expect(judge(engine, parts), title).toBe("good");
    }
  });

  // Node's sockets give Buffers, whose slice() is a view: what is cleared in such a "copy" is cleared in the packet.
  test.each(engines)("data and signatures for the $name engine may be Buffers, and are never written to", (engine) => {
    for (const { algorithm, publicKey, data, signature, title } of goodVectors) {
      const buffers = {
        algorithm,
        publicKey: Buffer.from(publicKey),
        data: Buffer.from(data),
        signature: Buffer.from(signature),
      };
      expect(judge(engine, buffers), title).toBe("good");
      expect(judge(engine, buffers), title).toBe("good");
      expect(Uint8Array.from(buffers.publicKey)).toEqual(publicKey);
      expect(Uint8Array.from(buffers.data)).toEqual(data);
      expect(Uint8Array.from(buffers.signature)).toEqual(signature);
      const key = engine.importKey(algorithm, buffers.publicKey)!;
      buffers.publicKey.fill(0xaa);
      expect(engine.verify(key, buffers.data, buffers.signature), title).toBe(true);
    }
  });

  test("of one engine work with the other", () => {
    const { algorithm, publicKey, data, signature } = rfc6605[0]!;
    expect(portable.verify(native.importKey(algorithm, publicKey)!, data, signature)).toBe(true);
    expect(native.verify(portable.importKey(algorithm, publicKey)!, data, signature)).toBe(true);
  });
});

test("options are checked when an engine is made, by whichever way", async () => {
  expect(() => nativeEngine({ rsaMinBits: 1 })).toThrow(RangeError);
  await expect(hostEngine({ rsaMinBits: 1 })).rejects.toThrow(RangeError);
  await expect(loadPortableEngine({ rsaMaxBits: 1 })).rejects.toThrow(RangeError);
});
