import { describe, expect, test } from "vitest";
import { decodeMessage, encodeMessage, type ResourceRecord } from "../../src/wire/message.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { edns, message, record, rrsig } from "./messages.ts";

describe("truncation (RFC 2181 §9, RFC 4035 §3.1.1)", () => {
  const many = (owner: string, type: number, count: number): ResourceRecord[] =>
    Array.from({ length: count }, (_, i) => record(owner, type, `"${String(i).padStart(40, "0")}"`));
  const sizes = { maxSize: 512 };

  test("what fits is not touched", () => {
    const whole = message({ answer: many("www.example.com", TYPE.TXT, 3), edns });
    const size = encodeMessage(whole).length;
    expect(encodeMessage(whole, { maxSize: size })).toEqual(encodeMessage(whole));
    expect(decodeMessage(encodeMessage(whole, { maxSize: size - 1 }))).toMatchObject({ tc: true, answer: [] });
  });

  test("additional records go first, and silently", () => {
    const decoded = decodeMessage(
      encodeMessage(
        message({
          answer: many("a.", TYPE.TXT, 3),
          additional: [...many("b.", TYPE.TXT, 1), ...many("c.", TYPE.TXT, 9)],
          edns,
        }),
        sizes,
      ),
    );
    expect(decoded).toMatchObject({ tc: false, answer: { length: 3 }, authority: [], additional: { length: 1 } });
    expect(decoded.edns).not.toBeNull();
  });

  test("then the authority, with TC, and no additional records behind it", () => {
    const decoded = decodeMessage(
      encodeMessage(
        message({
          answer: many("a.", TYPE.TXT, 3),
          authority: many("b.", TYPE.TXT, 9),
          additional: many("c.", TYPE.TXT, 1),
          edns,
        }),
        sizes,
      ),
    );
    expect(decoded).toMatchObject({ tc: true, answer: { length: 3 }, authority: [], additional: [] });
    expect(decoded.edns).not.toBeNull();
  });

  test("then the answer, whole RRsets at a time", () => {
    const decoded = decodeMessage(
      encodeMessage(message({ answer: [...many("a.", TYPE.TXT, 4), ...many("b.", TYPE.TXT, 9)], edns }), sizes),
    );
    expect(decoded).toMatchObject({ tc: true, answer: { length: 4 } });
    const none = decodeMessage(encodeMessage(message({ answer: many("b.", TYPE.TXT, 20), edns }), sizes));
    expect(none).toMatchObject({ tc: true, answer: [], question: { length: 1 } });
    expect(none.edns).not.toBeNull();
  });

  test("an RRset and its RRSIG stay together", () => {
    const answer = [...many("a.", TYPE.TXT, 7), record("a.", TYPE.RRSIG, rrsig("TXT"))];
    const size = encodeMessage(message({ answer: answer.slice(0, 7) })).length;
    expect(decodeMessage(encodeMessage(message({ answer }), { maxSize: size + 20 }))).toMatchObject({
      tc: true,
      answer: [],
    });
    // An RRSIG over something else stands for itself.
    const other = [...answer.slice(0, 7), record("a.", TYPE.RRSIG, rrsig("MX"))];
    expect(decodeMessage(encodeMessage(message({ answer: other }), { maxSize: size + 20 })).answer.length).toBe(7);
  });

  test("pointers do not lead into what was taken back", () => {
    const answer = [record("a.test", TYPE.A, "192.0.2.1")];
    const additional = [
      record("gone.example.org", TYPE.TXT, `"${"x".repeat(250)}"`),
      record("still.example.org", TYPE.A, "192.0.2.1"),
    ];
    const decoded = decodeMessage(encodeMessage(message({ answer, additional, edns }), { maxSize: 200 }));
    expect(decoded.answer.length).toBe(1);
  });

  test("answers above 64 KB are cut, not thrown", () => {
    const large = Array.from({ length: 300 }, (_, i) => record(`n${i}.test`, TYPE.TXT, `"${"x".repeat(250)}"`));
    const encoded = encodeMessage(message({ answer: large, edns }));
    expect(encoded.length).toBeLessThanOrEqual(65535);
    expect(decodeMessage(encoded)).toMatchObject({ tc: true });
    expect(decodeMessage(encoded).answer.length).toBeGreaterThan(200);
    const huge = record("huge.test", TYPE.NULL, `\\# 65535 ${"00".repeat(65535)}`);
    expect(decodeMessage(encodeMessage(message({ answer: [huge] })))).toMatchObject({ tc: true, answer: [] });
  });

  test("no size and no RRset breaks a message", () => {
    const answer = [
      ...many("a.", TYPE.TXT, 2),
      ...many("b.example.com", TYPE.TXT, 3),
      record("b.example.com", TYPE.RRSIG, rrsig("TXT")),
    ];
    const authority = [
      record("example.com", TYPE.NS, "ns.example.com."),
      record("example.com", TYPE.NS, "ns2.example.com."),
    ];
    const whole = message({ answer, authority, additional: many("c.", TYPE.TXT, 4), edns });
    const least = encodeMessage({ ...whole, answer: [], authority: [], additional: [] }).length;
    for (let maxSize = least; maxSize <= encodeMessage(whole).length; maxSize++) {
      const encoded = encodeMessage(whole, { maxSize });
      expect(encoded.length).toBeLessThanOrEqual(maxSize);
      const decoded = decodeMessage(encoded);
      expect([0, 2, 6]).toContain(decoded.answer.length);
      expect([0, 2]).toContain(decoded.authority.length);
      expect(decoded.tc).toBe(decoded.answer.length < 6 || decoded.authority.length < 2);
      expect(decoded.edns).not.toBeNull();
    }
  });
});
