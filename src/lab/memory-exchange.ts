/** The way from a question to a lab server and back without sockets, with what a careful client would do at its end. */
import type { Ask, Clock, Exchange, ExchangeResult, Transport } from "../env/env.ts";
import { decodeMessage, encodeQuery, type Message, type Question } from "../wire/message.ts";
import { answer, type LabServer } from "./server.ts";

/** One question as a server saw it. */
export interface Asked {
  readonly server: string;
  readonly transport: Transport;
  readonly question: Question;
}

export interface Memory {
  readonly exchange: Exchange;
  readonly asked: readonly Asked[];
  readonly count: (server?: string) => number;
  readonly answer: (octets: Uint8Array, address: string, transport: Transport) => Uint8Array | null;
}

/** Questions kept in `asked`. */
const KEPT = 4096;

export function memoryExchange(servers: readonly LabServer[], clock: Clock | null): Memory {
  const byAddress = new Map(servers.flatMap((server) => server.addresses.map((address) => [address, server] as const)));
  const counts = new Map<string, number>();
  const asked: Asked[] = [];
  let id = 0;

  const answerAt = (octets: Uint8Array, address: string, transport: Transport): Uint8Array | null => {
    const server = byAddress.get(address);
    if (server === undefined) return null;
    const name = `${server.name}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const question = questionOf(octets);
    if (question !== null) asked.push({ server: name, transport, question });
    if (asked.length > KEPT) asked.splice(0, KEPT / 2);
    return answer(octets, server, transport);
  };

  return {
    asked,
    count: (server) =>
      server === undefined ? [...counts.values()].reduce((a, b) => a + b, 0) : (counts.get(rooted(server)) ?? 0),
    answer: answerAt,
    exchange: async (ask, signal) => {
      id = (id + 1) & 0xffff;
      const octets = answerAt(encodeQuery({ ...ask, id }), ask.server.address, ask.transport);
      const latency = byAddress.get(ask.server.address)?.latencyMs ?? 0;
      const seen: ExchangeResult =
        octets === null ? { kind: "timeout", discarded: 0 } : read(octets, ask, { id, rttMs: latency });
      const waitMs = seen.kind === "timeout" || latency > ask.timeoutMs ? ask.timeoutMs : latency;
      if (clock !== null && waitMs > 0) await clock.sleep(waitMs, signal);
      if (signal.aborted || latency > ask.timeoutMs) return { kind: "timeout", discarded: 0 };
      return seen;
    },
  };
}

/** What a client must refuse before it believes that this is its reply. RFC 5452 §9.1. */
function read(octets: Uint8Array, ask: Ask, sent: { readonly id: number; readonly rttMs: number }): ExchangeResult {
  const foreign: ExchangeResult =
    ask.transport === "udp"
      ? { kind: "timeout", discarded: 1 }
      : { kind: "garbled", why: "not the reply to what was asked" };
  let message: Message;
  try {
    message = decodeMessage(octets);
  } catch (error) {
    return ask.transport === "udp" ? foreign : { kind: "garbled", why: (error as Error).message };
  }
  if (!message.qr) return foreign;
  if (message.id !== sent.id) return ask.transport === "udp" ? { kind: "near miss" } : foreign;
  const [question] = message.question;
  // A server that could not read the question cannot repeat it.
  if (question === undefined ? message.rcode === 0 : !sameQuestion(question, ask.question)) return foreign;
  return { kind: "reply", message, octets: octets.length, rttMs: sent.rttMs };
}

function sameQuestion(a: Question, b: Question): boolean {
  return a.type === b.type && a.class === b.class && a.name.equals(b.name);
}

function questionOf(octets: Uint8Array): Question | null {
  try {
    return decodeMessage(octets).question[0] ?? null;
  } catch {
    return null;
  }
}

function rooted(name: string): string {
  return name.endsWith(".") ? name : `${name}.`;
}
