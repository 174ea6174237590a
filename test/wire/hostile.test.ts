import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WireError } from "../../src/wire/cursor.ts";
import { decodeMessage, encodeMessage, type Message } from "../../src/wire/message.ts";
import { rdataToText } from "../../src/wire/rdata.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { edns, message, record, rrsig } from "./messages.ts";
import { ascii, hex, raw, u16 } from "./octets.ts";

describe("hostile octets", () => {
  const base = encodeMessage(
    message({
      answer: [
        record("www.example.com", TYPE.TLSA, "3 1 1 AABB"),
        record("www.example.com", TYPE.RRSIG, rrsig("TLSA")),
      ],
      authority: [
        record("example.com", TYPE.SOA, "a.example.com. b.example.com. 1 2 3 4 5"),
        record("example.com", TYPE.NSEC, "a.example.com. A NSEC"),
        record("example.com", TYPE.NSEC3, "1 0 0 - 00 A"),
      ],
      additional: [
        record("x.example.com", TYPE.SVCB, "1 . port=1"),
        record("x.example.com", TYPE.NAPTR, '1 2 "" "" "" a.'),
      ],
      edns: { ...edns, options: [{ code: 10, data: ascii("12345678") }] },
    }),
  );

  function mayFail(wire: Uint8Array): void {
    let decoded: Message;
    try {
      decoded = decodeMessage(wire);
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
      return;
    }
    // What was accepted can be written again, and then says the same.
    for (const each of [...decoded.answer, ...decoded.authority, ...decoded.additional])
      rdataToText(each.type, each.rdata);
    const again = decodeMessage(encodeMessage(decoded));
    expect(again.answer.map(({ rdata }) => hex(rdata))).toEqual(decoded.answer.map(({ rdata }) => hex(rdata)));
  }

  test("at random", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (wire) => mayFail(wire)),
      { numRuns: 2000 },
    );
  });

  test("with a plausible header", () => {
    const counts = fc.tuple(fc.nat(2), fc.nat(3), fc.nat(2), fc.nat(2));
    fc.assert(
      fc.property(counts, fc.uint8Array({ maxLength: 200 }), (each, body) => mayFail(raw(each, body))),
      { numRuns: 2000 },
    );
  });

  test("a good message with octets changed", () => {
    const changes = fc.array(fc.tuple(fc.integer({ min: 2, max: base.length - 1 }), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(changes, (changed) => {
        const wire = base.slice();
        for (const [at, octet] of changed) wire[at] = octet;
        mayFail(wire);
      }),
      { numRuns: 3000 },
    );
  });

  test("a pointer at every place", () => {
    for (let at = 12; at < base.length - 1; at++) {
      for (const to of [0, 12, at - 2, at, at + 2, 0x3fff]) {
        const wire = base.slice();
        wire.set(u16(0xc000 | Math.max(0, to)), at);
        mayFail(wire);
      }
    }
  });
});

test("a large message, whose names are kept while it is read, reads as a small one does", () => {
  // The same records, alone and behind 5,000 octets of something else.
  const chain = (from: number, count: number): number[] => {
    const out: number[] = [];
    let before = 12;
    for (let i = 0; i < count; i++) {
      const here = from + out.length;
      out.push(
        1,
        97 + (i % 26),
        0xc0 | (before >> 8),
        before & 255,
        0,
        2,
        0,
        1,
        0,
        0,
        0,
        60,
        0,
        4,
        1,
        98,
        0xc0 | (here >> 8),
        here & 255,
      );
      before = here;
    }
    return out;
  };
  const question = [3, 119, 119, 119, 1, 120, 0, 0, 1, 0, 1];
  const padding = [0, 0, 16, 0, 1, 0, 0, 0, 0, 0x13, 0x88, ...new Array<number>(5000).fill(200)];
  padding[11] = 255;
  for (let at = 11; at < padding.length; at += 256) padding[at] = Math.min(255, padding.length - at - 1);
  const message = (records: readonly number[], count: number): Uint8Array =>
    Uint8Array.of(0, 0, 0x84, 0, 0, 1, 0, count, 0, 0, 0, 0, ...question, ...records);
  const start = 12 + question.length;
  for (const count of [1, 5, 63, 64, 65, 66, 100]) {
    const read = (octets: Uint8Array): string => {
      try {
        return decodeMessage(octets)
          .answer.filter(({ type }) => type === 2)
          .map(({ name, rdata }) => `${name} ${[...rdata].join(".")}`)
          .join("\n");
      } catch (error) {
        return (error as Error).message.replace(/ at octet.*/, "");
      }
    };
    const small = read(message(chain(start, count), count));
    const large = read(message([...padding, ...chain(start + padding.length, count)], count + 1));
    expect(large).toBe(small);
  }
});
