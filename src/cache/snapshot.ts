/**
 * What is written down of the caches, so that a daemon that starts again is warm: DNS messages, each with the moment until
 * which it may be used. Nothing of a verdict is in it. What comes from a snapshot is as good as a datagram from anybody.
 */
import type { UnixSeconds } from "../env/env.ts";
import { Reader, WireError, Writer } from "../wire/cursor.ts";
import { decodeMessage, encodeMessage, HEADER_OCTETS, type Message, type ResourceRecord } from "../wire/message.ts";
import { Name } from "../wire/name.ts";
import type { RRType } from "../wire/registry.ts";

export interface Written {
  /** A reply to its question, or a referral: NS, DS and glue. */
  readonly kind: "reply" | "referral";
  readonly message: Message;
  /** Of a referral: how many labels the zone has that refers, and the port of the child's servers. */
  readonly parentLabels: number;
  readonly port: number;
  readonly until: UnixSeconds;
}

/** An entry whose message was not looked at yet, but for its question. */
export interface Unread {
  readonly kind: Written["kind"];
  readonly name: Name;
  readonly type: RRType;
  readonly rcode: number;
  readonly until: UnixSeconds;
  readonly octets: Uint8Array;
}

/** Kind, parent's labels, port, until, length. */
const HEAD_OCTETS = 1 + 1 + 2 + 4 + 4;
const KINDS = ["reply", "referral"] as const;

/** Null where the message does not fit one. `until` is rounded down to a second. */
export function encodeEntry({ kind, message, parentLabels, port, until }: Written): Uint8Array | null {
  const octets = encodeMessage(message);
  if ((octets[2]! & 0x02) !== 0) return null; // TC: records were left out
  const writer = new Writer(HEAD_OCTETS + octets.length, HEAD_OCTETS + octets.length);
  writer.u8(KINDS.indexOf(kind));
  writer.u8(parentLabels);
  writer.u16(port);
  writer.u32(Math.floor(until));
  writer.u32(octets.length);
  writer.bytes(octets);
  return writer.finish();
}

/** The entries of a body, one after the other. Throws WireError for what is none. */
export function* readEntries(body: Uint8Array): Generator<Unread> {
  const reader = new Reader(body);
  while (reader.remaining > 0) {
    const start = reader.offset;
    const kind = KINDS[reader.u8()];
    if (kind === undefined) return reader.fail("no kind of entry");
    reader.skip(3);
    const until = reader.u32();
    const length = reader.u32();
    const at = reader.offset;
    reader.skip(length);
    const question = new Reader(body, at + HEADER_OCTETS, at + length);
    const name = Name.read(question);
    const rcode = body[at + 3]! & 15;
    yield { kind, name, type: question.u16(), rcode, until, octets: body.subarray(start, reader.offset) };
  }
}

/** The whole entry, with TTLs `age` seconds lower; null where one of them has run out, or the message is none. */
export function decodeEntry(octets: Uint8Array, age: number): Written | null {
  const reader = new Reader(octets);
  const kind = KINDS[reader.u8()];
  const parentLabels = reader.u8();
  const port = reader.u16();
  const until = reader.u32();
  reader.skip(4);
  if (kind === undefined) return null;
  let message: Message;
  try {
    message = decodeMessage(reader.rest());
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return null;
  }
  const aged = (records: readonly ResourceRecord[]): ResourceRecord[] =>
    records.map((record) => ({ ...record, ttl: record.ttl - age }));
  const sections = {
    answer: aged(message.answer),
    authority: aged(message.authority),
    additional: aged(message.additional),
  };
  for (const records of Object.values(sections)) if (records.some(({ ttl }) => ttl <= 0)) return null;
  return { kind, message: { ...message, ...sections }, parentLabels, port, until };
}
