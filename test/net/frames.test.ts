import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameDecoder, frame } from "../../src/net/frames.ts";

const concat = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

describe("frames on a stream", () => {
  it("come out whole however the stream is cut (RFC 7766 §8)", () => {
    const messages = fc.array(fc.uint8Array({ minLength: 1, maxLength: 700 }), { maxLength: 8 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (sent, cuts) => {
        const stream = concat(sent.map(frame));
        const decoder = new FrameDecoder();
        const got: Uint8Array[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const end = Math.min(stream.length, at + cuts[i % cuts.length]!);
          got.push(...decoder.push(stream.slice(at, end)));
          at = end;
        }
        expect(got).toEqual(sent);
        expect(decoder.isPartial).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it("of length zero are skipped and counted", () => {
    const decoder = new FrameDecoder();
    const stream = concat([new Uint8Array(4), frame(Uint8Array.of(7)), new Uint8Array(2), frame(Uint8Array.of(8, 9))]);
    expect(decoder.push(stream)).toEqual([Uint8Array.of(7), Uint8Array.of(8, 9)]);
    expect(decoder.emptyFrames).toBe(3);
  });

  it("that were begun are known to be owed, from the first octet on", () => {
    const decoder = new FrameDecoder();
    expect(decoder.isPartial).toBe(false);
    decoder.push(Uint8Array.of(0));
    expect(decoder.isPartial).toBe(true);
    decoder.push(Uint8Array.of(2, 5));
    expect(decoder.isPartial).toBe(true);
    expect(decoder.push(Uint8Array.of(6))).toEqual([Uint8Array.of(5, 6)]);
    expect(decoder.isPartial).toBe(false);
  });

  it("that announce 65535 octets and send ten take room for ten", () => {
    // 1,000 connections that do this must not cost 65 MB (ATTACKS A-95).
    const decoders = Array.from({ length: 1000 }, () => new FrameDecoder());
    globalThis.gc?.();
    const before = process.memoryUsage().arrayBuffers;
    for (const decoder of decoders) decoder.push(Uint8Array.of(255, 255, 1, 2, 3, 4, 5, 6, 7, 8));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    expect(decoders.every((decoder) => decoder.isPartial)).toBe(true);
  });

  it("of 65535 octets pass, octet by octet too", () => {
    const message = Uint8Array.from({ length: 65535 }, (_, i) => i);
    const decoder = new FrameDecoder();
    const got: Uint8Array[] = [];
    for (const octet of frame(message)) got.push(...decoder.push(Uint8Array.of(octet)));
    expect(got).toEqual([message]);
  });

  it("cannot hold more than 65535 octets", () => {
    expect(() => frame(new Uint8Array(65536))).toThrow(RangeError);
  });
});
