/** Somebody in the path, or a server that lies: messages changed on their way back, at the level of records. */
import type { Ask, Exchange } from "../../src/env/env.ts";
import { addressToOctets } from "../../src/wire/address.ts";
import type { Message, ResourceRecord } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, RCODE, TYPE } from "../../src/wire/registry.ts";

export type Lie = (message: Message, ask: Ask) => Partial<Message> | null | undefined;

/** Changes replies; null loses one, undefined leaves it as it was. */
export function lying(...lies: readonly Lie[]): (exchange: Exchange) => Exchange {
  return (exchange) => async (ask, signal) => {
    const result = await exchange(ask, signal);
    if (result.kind !== "reply") return result;
    let { message } = result;
    for (const lie of lies) {
      const change = lie(message, ask);
      if (change === null) return { kind: "timeout", discarded: 0 };
      message = { ...message, ...change };
    }
    return { ...result, message };
  };
}

export function asks(ask: Ask, name: string, type?: number): boolean {
  return ask.question.name.equals(Name.parse(name)) && (type === undefined || ask.question.type === type);
}

export function asksWithin(ask: Ask, zone: string): boolean {
  return ask.question.name.isWithin(Name.parse(zone));
}

interface RecordShape {
  readonly ttl?: number;
  readonly class?: number;
}

export function rr(name: string, type: number, rdata: Uint8Array, shape: RecordShape = {}): ResourceRecord {
  return { name: Name.parse(name), type, class: shape.class ?? CLASS.IN, ttl: shape.ttl ?? 3600, rdata };
}

export function a(name: string, address: string, shape: RecordShape = {}): ResourceRecord {
  return rr(name, TYPE.A, addressToOctets(address)!, shape);
}

export const ns = (zone: string, server: string, shape: RecordShape = {}): ResourceRecord =>
  rr(zone, TYPE.NS, Name.parse(server).wire, shape);

export const cname = (name: string, target: string, shape: RecordShape = {}): ResourceRecord =>
  rr(name, TYPE.CNAME, Name.parse(target).wire, shape);

export const dname = (name: string, target: string): ResourceRecord => rr(name, TYPE.DNAME, Name.parse(target).wire);

/** An authoritative answer of one's own to whatever was asked. */
export function answerOf(ask: Ask, records: readonly ResourceRecord[], more: Partial<Message> = {}): Message {
  return {
    id: 0,
    opcode: 0,
    rcode: RCODE.NOERROR,
    qr: true,
    aa: true,
    tc: false,
    rd: ask.rd,
    ra: false,
    ad: false,
    cd: ask.cd,
    question: [ask.question],
    answer: records,
    authority: [],
    additional: [],
    edns: ask.edns === null ? null : { version: 0, udpSize: 1232, dnssecOk: true, compactOk: false, options: [] },
    ...more,
  };
}
