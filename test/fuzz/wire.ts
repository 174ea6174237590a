/** Octets from nobody knows where: messages, RDATA of every type, EDNS, names. Only WireError may come out; and what was read can be written. */
import fc from "fast-check";
import { matchAnswer } from "../../src/net/match.ts";
import { readRequest } from "../../src/server/request.ts";
import { Reader, WireError } from "../../src/wire/cursor.ts";
import { edeOf } from "../../src/wire/edns.ts";
import { decodeMessage, encodeMessage, type Message } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import {
  canonicalRdata,
  decodeRdata,
  encodeRdata,
  rdataFromText,
  rdataToText,
  readRdata,
} from "../../src/wire/rdata.ts";
import { TYPE } from "../../src/wire/registry.ts";
import type { Target } from "./targets.ts";

export const types = fc.oneof(fc.constantFrom<number>(...Object.values(TYPE)), fc.integer({ min: 1, max: 65535 }));

const label = fc.uint8Array({ minLength: 1, maxLength: 12 });
export const wireName = fc
  .array(label, { maxLength: 6 })
  .map((labels) => Uint8Array.from([...labels.flatMap((one) => [one.length, ...one]), 0]));
/** A name as it may stand in a message: pointers to anywhere among them. */
const pointed = fc.oneof(
  wireName,
  fc
    .tuple(fc.array(label, { maxLength: 3 }), fc.nat(0x3fff))
    .map(([labels, to]) =>
      Uint8Array.from([...labels.flatMap((one) => [one.length, ...one]), 0xc0 | (to >> 8), to & 255]),
    ),
  fc.constantFrom(Uint8Array.of(0xc0, 12), Uint8Array.of(0xc0, 13), Uint8Array.of(0x40, 1)),
);
const rdata = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.array(fc.oneof(pointed, fc.uint8Array({ maxLength: 8 })), { maxLength: 4 }).map(joined),
);

const record = fc
  .tuple(
    pointed,
    types,
    fc.constantFrom(1, 1, 1, 3, 255, 1232),
    fc.integer({ min: 0, max: 0xffffffff }),
    rdata,
    fc.integer({ min: -2, max: 2 }),
  )
  .map(([owner, type, klass, ttl, data, off]) =>
    joined([
      owner,
      u16(type),
      u16(klass),
      u16(ttl >>> 16),
      u16(ttl & 0xffff),
      u16(Math.max(0, data.length + (off === 2 ? 1 : 0))),
      data,
    ]),
  );

/** Shaped like a message, wrong in places. */
export const nearlyMessage = fc
  .tuple(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    wireName,
    types,
    fc.array(record, { maxLength: 8 }),
    fc.array(fc.nat(6), { minLength: 4, maxLength: 4 }),
    fc.boolean(),
  )
  .map(([head, name, type, records, counts, honest]) => {
    const told = honest ? [1, records.length, 0, 0] : counts;
    return joined([head, ...told.map(u16), name, u16(type), u16(1), ...records]);
  });

const mutated = fc
  .tuple(
    nearlyMessage,
    fc.array(fc.tuple(fc.nat(400), fc.nat(255), fc.constantFrom("set", "cut", "insert")), { maxLength: 6 }),
  )
  .map(([octets, changes]) => {
    const changed = [...octets];
    for (const [at, value, how] of changes) {
      const where = at % (changed.length + 1);
      if (how === "set" && where < changed.length) changed[where] = value;
      else if (how === "cut") changed.splice(where, 1);
      else changed.splice(where, 0, value);
    }
    return Uint8Array.from(changed);
  });

const octets = fc.oneof(nearlyMessage, mutated, fc.uint8Array({ maxLength: 200 }));

/** RDATA that may be written in several ways: padded bitmaps, prefixes with stray bits. What came is kept as it came. */
const manyForms: ReadonlySet<number> = new Set([TYPE.A6, TYPE.NXT, TYPE.NSEC, TYPE.NSEC3, TYPE.CSYNC, TYPE.LOC]);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 255);
}

function wireErrorOnly<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

function mustBe(holds: boolean, why: string): void {
  if (!holds) throw new Error(why);
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export const wireProperties: readonly Target[] = [
  {
    name: "messages",
    holds: "octets are a message or a WireError; a message can be written, and reads the same again",
    property: fc.property(octets, (input) => {
      const copy = input.slice();
      const message = wireErrorOnly(() => decodeMessage(input));
      mustBe(same(copy, input), "reading changed the octets");
      if (message === null) return;
      if (message.edns !== null) edeOf(message.edns);
      const again = decodeMessage(encodeMessage(message));
      mustBe(sameMessage(message, again), "another message after writing and reading");
    }),
  },
  {
    name: "truncation",
    holds: "a message written for any size is no larger, reads again, and is whole or says that it is not",
    property: fc.property(octets, fc.integer({ min: 512, max: 1500 }), (input, maxSize) => {
      const message = wireErrorOnly(() => decodeMessage(input));
      if (message === null || message.question.length > 1) return;
      const written = encodeMessage(message, { maxSize });
      mustBe(written.length <= Math.max(maxSize, 512), `${written.length} octets written for ${maxSize}`);
      const again = decodeMessage(written);
      mustBe(again.tc || again.answer.length === message.answer.length, "answers are missing, and TC is not set");
    }),
  },
  {
    name: "answers to a question",
    holds: "whatever arrives is ours, near or foreign, and nothing foreign has our question and id",
    property: fc.property(octets, fc.boolean(), (input, tcp) => {
      const query = decodeOwn(input);
      if (query === null) return;
      for (const letters of ["as sent", "any case"] as const)
        matchAnswer(input, { query, transport: tcp ? "tcp" : "udp", letters });
    }),
  },
  {
    name: "requests",
    holds: "a client's octets are a query, an error or dropped; never an exception",
    property: fc.property(octets, (input) => {
      const request = readRequest(input);
      mustBe(request.kind !== "query" || request.question.name.wire.length <= 255, "a name longer than 255 octets");
    }),
  },
  {
    name: "RDATA",
    holds: "RDATA of any type is a WireError or reads, writes, prints and parses back to the same octets",
    property: fc.property(types, rdata, (type, input) => {
      const plain = wireErrorOnly(() => readRdata(type, new Reader(input), input.length));
      if (plain === null) return;
      const value = decodeRdata(type, plain);
      if (manyForms.has(type)) return;
      mustBe(same(encodeRdata(type, value), plain), `type ${type}: other octets after decoding and encoding`);
      const canonical = canonicalRdata(type, plain);
      mustBe(same(canonicalRdata(type, canonical), canonical), `type ${type}: the canonical form is not stable`);
      const text = rdataToText(type, plain);
      mustBe(same(rdataFromText(type, text), plain), `type ${type}: "${text}" parses to other octets`);
    }),
  },
  {
    name: "names",
    holds: "a name reads, prints, parses back, and its key orders like its canonical wire form",
    property: fc.property(wireName, wireName, (a, b) => {
      const [one, other] = [
        wireErrorOnly(() => Name.read(new Reader(a))),
        wireErrorOnly(() => Name.read(new Reader(b))),
      ];
      if (one === null || other === null) return;
      mustBe(
        Name.parse(`${one}`).wire.length === one.wire.length && same(Name.parse(`${one}`).wire, one.wire),
        `"${one}" parses to another name`,
      );
      mustBe(one.equals(other) === (one.key === other.key), "equality and keys differ");
      mustBe(
        one.isWithin(other) === (one.labelCount >= other.labelCount && one.ancestor(other.labelCount).equals(other)),
        "isWithin and ancestors differ",
      );
    }),
  },
];

/** Some of the time the query is the answer's own question. */
function decodeOwn(input: Uint8Array): Uint8Array | null {
  const message = wireErrorOnly(() => decodeMessage(input));
  const question = message?.question[0];
  if (message === null || question === undefined) return null;
  return encodeMessage({
    ...message,
    qr: false,
    question: [question],
    answer: [],
    authority: [],
    additional: [],
    edns: null,
  });
}

function sameMessage(a: Message, b: Message): boolean {
  const text = (message: Message): string =>
    JSON.stringify(
      {
        ...message,
        edns:
          message.edns === null
            ? null
            : { ...message.edns, options: message.edns.options.map(({ code, data }) => [code, ...data]) },
      },
      (_key, value: unknown) => (value instanceof Name ? value.key : value instanceof Uint8Array ? [...value] : value),
    );
  return text(a) === text(b);
}
