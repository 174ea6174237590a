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
