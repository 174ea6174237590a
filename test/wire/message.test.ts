import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { edeOption } from "../../src/wire/edns.ts";
import { decodeMessage, encodeMessage, encodeQuery, type Message, peekHeader } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { rdataToText } from "../../src/wire/rdata.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import { edns, message, name, pointer, record, rrsig } from "./messages.ts";
import { expectWireError, hex, octets, raw, rawRecord } from "./octets.ts";

describe("the header (RFC 1035 §4.1.1)", () => {
  test.each([
    ["qr", 0x8000],
    ["aa", 0x0400],
    ["tc", 0x0200],
    ["rd", 0x0100],
    ["ra", 0x0080],
    ["ad", 0x0020],
    ["cd", 0x0010],
  ] as const)("%s has its own bit", (flag, bit) => {
    const none = { qr: false, aa: false, tc: false, rd: false, ra: false, ad: false, cd: false };
    const encoded = encodeMessage(message({ ...none, [flag]: true }));
    expect((encoded[2]! << 8) | encoded[3]!).toBe(bit);
    expect(decodeMessage(encoded)).toMatchObject({ ...none, [flag]: true });
    expect(peekHeader(encoded)).toMatchObject({ ...none, [flag]: true });
  });

  test("opcode, rcode, id and counts", () => {
    const answer = [record("a.", TYPE.A, "192.0.2.1")];
    const encoded = encodeMessage(message({ opcode: 4, rcode: 9, answer, edns }));
    const header = { id: 0x1234, opcode: 4, rcode: 9 };
    expect(decodeMessage(encoded)).toMatchObject(header);
    expect(peekHeader(encoded)).toMatchObject({ ...header, counts: [1, 1, 0, 1] });
    expect(peekHeader(encoded.subarray(0, 12))).not.toBeNull();
    expect(peekHeader(encoded.subarray(0, 11))).toBeNull();
  });

  test("the reserved bit is ignored", () => {
    const encoded = encodeMessage(message());
    encoded[3]! |= 0x40;
    expect(decodeMessage(encoded)).toEqual(decodeMessage(encodeMessage(message())));
  });
});

describe("reading", () => {
  test("the same owner by pointer is the same name, and letters stay as they came", () => {
    const question = name("wWw.Example.COM").wire;
    const decoded = decodeMessage(
      raw(
        [1, 3, 0, 0],
        question,
        octets("0001 0001"),
        rawRecord(pointer(12), TYPE.A, [192, 0, 2, 1]),
        rawRecord(pointer(12), TYPE.A, [192, 0, 2, 2]),
        rawRecord(pointer(16), TYPE.NS, [2, 0x4e, 0x53, ...pointer(12)]),
      ),
    );
    expect(decoded.answer.map((each) => each.name.toString())).toEqual([
      "wWw.Example.COM.",
      "wWw.Example.COM.",
      "Example.COM.",
    ]);
    expect(decoded.answer[0]!.name).toBe(decoded.question[0]!.name);
    expect(rdataToText(TYPE.NS, decoded.answer[2]!.rdata)).toBe("NS.wWw.Example.COM.");
  });

  test("a pointer to a record's own beginning is no repetition of the name before", () => {
    const owner = name("a.b").wire;
    const at = 12 + rawRecord(owner, TYPE.A, [1, 2, 3, 4]).length;
    expectWireError(
      () =>
        decodeMessage(
          raw([0, 2, 0, 0], rawRecord(owner, TYPE.A, [1, 2, 3, 4]), rawRecord(pointer(at), TYPE.A, [1, 2, 3, 4])),
        ),
      /backward/,
    );
  });

  test("owners that alternate are told apart", () => {
    const [a, b] = [name("a.example").wire, name("b.example").wire];
    const first = rawRecord(a, TYPE.A, [1, 1, 1, 1]);
    const decoded = decodeMessage(
      raw(
        [0, 5, 0, 0],
        first,
        rawRecord(b, TYPE.A, [2, 2, 2, 2]),
        rawRecord(pointer(12), TYPE.A, [1, 1, 1, 2]),
        rawRecord(pointer(12 + first.length), TYPE.A, [2, 2, 2, 3]),
        rawRecord([0], TYPE.A, [3, 3, 3, 3]),
      ),
    );
    expect(decoded.answer.map(({ name: owner }) => owner.toString())).toEqual([
      "a.example.",
      "b.example.",
      "a.example.",
      "b.example.",
      ".",
    ]);
  });

  test.each([
    ["00000000", 0],
    ["7fffffff", 2 ** 31 - 1],
    ["80000000", 2 ** 31 - 1],
    ["ffffffff", 2 ** 31 - 1],
  ])("a TTL of 0x%s is %i seconds (RFC 8767 §4)", (ttl, seconds) => {
    const decoded = decodeMessage(raw([0, 1, 0, 0], octets(`00 0001 0001 ${ttl} 0004 c0000201`)));
    expect(decoded.answer[0]!.ttl).toBe(seconds);
  });

  test("octets behind the message are ignored", () => {
    const encoded = encodeMessage(message({ edns }));
    expect(decodeMessage(Uint8Array.from([...encoded, 1, 2, 3]))).toEqual(decodeMessage(encoded));
  });

  test.each([
    ["nothing", new Uint8Array(0), /no header/],
    ["eleven octets", new Uint8Array(11), /no header/],
    ["a question that is not there", raw([1, 0, 0, 0]), /counts promise/],
    ["65535 of everything", raw([65535, 65535, 65535, 65535], [0, 0, 1, 0, 1]), /counts promise/],
    ["a question without class", raw([1, 0, 0, 0], octets("01 61 00 0001")), /needed/],
    ["a record without RDLENGTH", raw([0, 1, 0, 0], octets("01 61 00 0001 0001 00000000")), /needed/],
    ["an RDLENGTH beyond the end", raw([0, 1, 0, 0], octets("00 0001 0001 00000000 0005 01020304")), /RDLENGTH 5/],
    ["an A record of three octets", raw([0, 1, 0, 0], rawRecord([0], TYPE.A, [1, 2, 3])), /octets needed/],
    ["malformed RDATA among the additional", raw([0, 0, 0, 1], rawRecord([0], TYPE.MX, [1, 2])), /runs past/],
  ])("%s is malformed", (_what, wire, why) => {
    expectWireError(() => decodeMessage(wire), why);
  });

  test("cut off anywhere, a message is malformed", () => {
    const whole = encodeMessage(
      message({
        answer: [
          record("www.example.com", TYPE.CNAME, "a.example.com."),
          record("www.example.com", TYPE.RRSIG, rrsig("CNAME")),
        ],
        authority: [record("example.com", TYPE.NSEC, "a.example.com. A NSEC")],
        edns: { ...edns, options: [edeOption({ code: 6, text: "x" })] },
      }),
    );
    for (let length = 0; length < whole.length; length++)
      expectWireError(() => decodeMessage(whole.subarray(0, length)));
  });

  test.each([300, 5000])("nothing of a decoded message lies in the octets it came from (%i octets)", (size) => {
    const answer = Array.from({ length: Math.ceil(size / 150) }, () =>
      record("www.example.com", TYPE.RRSIG, rrsig("A")),
    );
    const wire = Buffer.from(
      encodeMessage(message({ answer, edns: { ...edns, options: [{ code: 10, data: octets("0102030405060708") }] } })),
    );
    const decoded = decodeMessage(wire);
    const before = JSON.stringify(decoded.answer.map(({ rdata }) => hex(rdata)));
    wire.fill(0xee);
    expect(JSON.stringify(decoded.answer.map(({ rdata }) => hex(rdata)))).toBe(before);
    expect(hex(decoded.edns!.options[0]!.data)).toBe("0102030405060708");
    expect(decoded.answer.every(({ rdata }) => rdata.constructor === Uint8Array)).toBe(true);
  });

  test("four thousand records are read at once", () => {
    const body = Array.from({ length: 4000 }, (_, i) => rawRecord(pointer(12), TYPE.A, [10, 0, i >> 8, i & 255]));
    const started = performance.now();
    const decoded = decodeMessage(raw([1, 4000, 0, 0], name("a").wire, octets("0001 0001"), ...body));
    expect(decoded.answer.length).toBe(4000);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe("writing", () => {
  test("names are compressed, those in RDATA of RFC 1035 types too", () => {
    const encoded = encodeMessage(
      message({
        answer: [record("www.example.com", TYPE.CNAME, "web.example.com.")],
        authority: [record("example.com", TYPE.NS, "ns.example.com.")],
      }),
    );
    expect(hex(encoded.subarray(12))).toBe(
      hex(
        Uint8Array.from([
          ...name("www.example.com").wire,
          ...octets("0001 0001"),
          ...octets("c00c 0005 0001 0000012c 0006 03 776562 c010"),
          ...octets("c010 0002 0001 0000012c 0005 02 6e73 c010"),
        ]),
      ),
    );
  });

  test.each([
    [TYPE.SRV, "1 2 25 www.example.com."],
    [TYPE.DNAME, "www.example.com."],
    [TYPE.RRSIG, rrsig("A")],
    [TYPE.NSEC, "www.example.com. A"],
    [TYPE.NAPTR, '1 2 "" "" "" www.example.com.'],
  ])("names in RDATA of type %i are not (RFC 3597 §4)", (type, text) => {
    const { rdata } = record("www.example.com", type, text);
    expect(hex(encodeMessage(message({ answer: [record("www.example.com", type, text)] })))).toContain(hex(rdata));
  });

  test("a name in other letters is not replaced", () => {
    const answer = [
      record("WWW.example.com", TYPE.A, "192.0.2.1"),
      record("www.example.com", TYPE.NS, "Ns.EXAMPLE.com."),
    ];
    const decoded = decodeMessage(encodeMessage(message({ answer })));
    expect(decoded.answer[0]!.name.toString()).toBe("WWW.example.com.");
    expect(rdataToText(TYPE.NS, decoded.answer[1]!.rdata)).toBe("Ns.EXAMPLE.com.");
  });

  test("no pointer leads beyond 16383", () => {
    const filler = record("filler.test", TYPE.NULL, `\\# 16400 ${"00".repeat(16400)}`);
    const answer = [filler, record("late.test", TYPE.A, "192.0.2.1"), record("late.test", TYPE.A, "192.0.2.2")];
    expect(decodeMessage(encodeMessage(message({ answer }))).answer.map((each) => each.name.toString())).toEqual([
      "filler.test.",
      "late.test.",
      "late.test.",
    ]);
  });

  test("1500 names that share nothing are written in no time (CVE-2024-8508)", () => {
    const answer = Array.from({ length: 1500 }, (_, i) =>
      record("www.example.com", TYPE.NS, `${"a.".repeat(10)}n${i}.`),
    );
    const whole = message({ answer });
    encodeMessage(whole);
    const started = performance.now();
    const encoded = encodeMessage(whole);
    expect(performance.now() - started).toBeLessThan(250);
    expect(decodeMessage(encoded).answer.length).toBe(1500);
  });

  test("what is written and read again is the same", () => {
    const owners = fc.constantFrom("www.example.com", "EXAMPLE.com", ".", "a.b.c.example.com", "other.test");
    const records = fc.array(
      fc
        .tuple(
          owners,
          fc.constantFrom(
            [TYPE.A, "192.0.2.1"],
            [TYPE.NS, "ns.EXAMPLE.com."],
            [TYPE.MX, "1 www.example.com."],
            [TYPE.TXT, '"x"'],
            [TYPE.SOA, "a.example.com. b.example.com. 1 2 3 4 5"],
            [TYPE.SRV, "1 2 3 www.example.com."],
            [65280, "\\# 2 c00c"],
          ) as fc.Arbitrary<readonly [number, string]>,
          fc.nat(2 ** 31 - 1),
        )
        .map(([owner, [type, text], ttl]) => record(owner, type, text, ttl)),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(records, records, records, fc.boolean(), (answer, authority, additional, withEdns) => {
        const whole = message({
          answer,
          authority,
          additional,
          edns: withEdns ? edns : null,
          rcode: withEdns ? 23 : 3,
        });
        const decoded = decodeMessage(encodeMessage(whole));
        const plain = (each: Message) =>
          JSON.stringify(each, (_key, value) => (value instanceof Uint8Array ? hex(value) : value));
        expect(plain(decoded)).toBe(plain(whole));
      }),
    );
  });

  test("an rcode above 15 needs EDNS; without, it does not become a harmless one", () => {
    expect(decodeMessage(encodeMessage(message({ rcode: RCODE.BADVERS, edns }))).rcode).toBe(RCODE.BADVERS);
    expect(decodeMessage(encodeMessage(message({ rcode: RCODE.BADVERS }))).rcode).toBe(RCODE.SERVFAIL);
  });
});

describe("queries", () => {
  test("with EDNS: DO set, letters as given", () => {
    const question = { name: name("wWw.ExAmple"), type: TYPE.TLSA, class: 1 };
    const encoded = encodeQuery({ id: 7, question, rd: false, cd: true, edns: { udpSize: 1232, options: [] } });
    expect(hex(encoded)).toBe(
      hex(
        Uint8Array.from([
          ...octets("0007 0010 0001 0000 0000 0001"),
          ...question.name.wire,
          ...octets("0034 0001 00 0029 04d0 00 00 8000 0000"),
        ]),
      ),
    );
    expect(decodeMessage(encoded)).toMatchObject({
      id: 7,
      qr: false,
      cd: true,
      edns: { dnssecOk: true, udpSize: 1232 },
    });
  });

  test("without EDNS: no OPT record", () => {
    const question = { name: Name.root, type: TYPE.NS, class: 1 };
    const encoded = encodeQuery({ id: 65535, question, rd: true, cd: false, edns: null });
    expect(hex(encoded)).toBe("ffff0100000100000000000000" + "00020001");
  });
});
