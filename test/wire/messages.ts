/** Messages for the tests of wire, from text. */
import type { Message, ResourceRecord } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { rdataFromText } from "../../src/wire/rdata.ts";
import { TYPE } from "../../src/wire/registry.ts";

export const name = (text: string): Name => Name.parse(text);
export const pointer = (at: number): number[] => [0xc0 | (at >> 8), at & 255];

export function record(owner: string, type: number, text: string, ttl = 300): ResourceRecord {
  return { name: name(owner), type, class: 1, ttl, rdata: rdataFromText(type, text) };
}

export function message(parts: Partial<Message> = {}): Message {
  return {
    id: 0x1234,
    qr: true,
    opcode: 0,
    aa: false,
    tc: false,
    rd: true,
    ra: true,
    ad: false,
    cd: false,
    rcode: 0,
    question: [{ name: name("www.example.com"), type: TYPE.A, class: 1 }],
    answer: [],
    authority: [],
    additional: [],
    edns: null,
    ...parts,
  };
}

export const edns = { version: 0, udpSize: 1232, dnssecOk: true, compactOk: false, options: [] };
export const rrsig = (covered: string): string =>
  `${covered} 13 3 300 20260310000000 20260301000000 1 example.com. ${"A".repeat(86)}==`;
