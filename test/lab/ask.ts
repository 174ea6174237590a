/** One question to one lab server, and its reply as our own codec reads it. */
import type { Transport } from "../../src/env/env.ts";
import type { World } from "../../src/lab/world.ts";
import type { EdnsOption } from "../../src/wire/edns.ts";
import { decodeMessage, encodeMessage, type Message, type ResourceRecord } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { rdataToText } from "../../src/wire/rdata.ts";
import { CLASS, typeFromText, typeToText } from "../../src/wire/registry.ts";

export interface AskOptions {
  readonly transport?: Transport;
  /** Null: no OPT RR. */
  readonly edns?: {
    readonly udpSize?: number;
    readonly dnssecOk?: boolean;
    readonly version?: number;
    readonly options?: readonly EdnsOption[];
  } | null;
  readonly opcode?: number;
  readonly class?: number;
  readonly id?: number;
}

export function query(name: string, type: string, options: AskOptions = {}): Uint8Array {
  const edns = options.edns === undefined ? {} : options.edns;
  return encodeMessage({
    id: options.id ?? 4711,
    opcode: options.opcode ?? 0,
    rcode: 0,
    qr: false,
    aa: false,
    tc: false,
    rd: false,
    ra: false,
    ad: false,
    cd: false,
    question: [{ name: Name.parse(name), type: typeFromText(type)!, class: options.class ?? CLASS.IN }],
    answer: [],
    authority: [],
    additional: [],
    edns: edns === null ? null : { version: 0, udpSize: 1232, dnssecOk: true, compactOk: false, options: [], ...edns },
  });
}

export function addressOf(world: World, server: string): string {
  const found = world.servers.find(({ name }) => name.equals(Name.parse(server)));
  if (found === undefined) throw new TypeError(`no server ${server} in this world`);
  return found.addresses[0]!;
}

export function octetsFrom(
  world: World,
  server: string,
  question: readonly [string, string],
  options: AskOptions = {},
): Uint8Array | null {
  return world.answer(query(...question, options), addressOf(world, server), options.transport ?? "udp");
}

export function ask(
  world: World,
  server: string,
  question: readonly [string, string],
  options: AskOptions = {},
): Message {
  const octets = octetsFrom(world, server, question, options);
  if (octets === null) throw new TypeError(`${server} was silent`);
  return decodeMessage(octets);
}

/** "www.good.lab. A", each RRset once, in order. */
export function summary(records: readonly ResourceRecord[]): string[] {
  return [
    ...new Set(
      records.map(
        ({ name, type, rdata }) =>
          `${name} ${typeToText(type)}${type === 46 ? ` ${typeToText((rdata[0]! << 8) | rdata[1]!)}` : ""}`,
      ),
    ),
  ];
}

/** Without signatures. */
export function rrsets(records: readonly ResourceRecord[]): string[] {
  return summary(records.filter(({ type }) => type !== 46));
}

export function texts(records: readonly ResourceRecord[], type: string): string[] {
  return records
    .filter((record) => record.type === typeFromText(type))
    .map(({ type: number, rdata }) => rdataToText(number, rdata));
}
