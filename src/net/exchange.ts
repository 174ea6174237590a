/** Questions to real servers: builds the query, picks id and letters, and takes only its answer. RFC 5452 §9, RFC 7766. */
import { isIP } from "node:net";
import type { Ask, Clock, Exchange, ExchangeResult, Random, Timer } from "../env/env.ts";
import { Reader } from "../wire/cursor.ts";
import { encodeQuery, type Question } from "../wire/message.ts";
import { Name } from "../wire/name.ts";
import type { StreamResult } from "./connection.ts";
import { type Expected, matchAnswer } from "./match.ts";
import { type StreamOptions, streamClient } from "./stream.ts";
import { type UdpOptions, type UdpResult, udpClient } from "./udp.ts";

export interface SystemExchangeOptions {
  readonly clock: Clock & Timer;
  readonly random: Random;
  readonly settings: { readonly randomCase: boolean };
  readonly udp?: Omit<UdpOptions, "clock" | "random">;
  readonly stream?: Omit<StreamOptions, "clock" | "random">;
}

export interface SystemExchange {
  /** Resolves always; after `close`, to a timeout. */
  readonly exchange: Exchange;
  /** Ends what is in flight and leaves no handle behind. Idempotent. */
  close(): Promise<void>;
}

export function systemExchange({ clock, random, settings, udp, stream }: SystemExchangeOptions): SystemExchange {
  const datagrams = udpClient({ ...udp, clock, random });
  const streams = streamClient({ ...stream, clock, random });

  async function overUdp(ask: Ask, signal: AbortSignal): Promise<ExchangeResult> {
    // Letters in random case only where a forger might guess: nobody guesses a TCP connection.
    const question = settings.randomCase
      ? { ...ask.question, name: withRandomCase(ask.question.name, random) }
      : ask.question;
    const letters: Expected["letters"] = settings.randomCase ? "as sent" : "any case";
    let sentMs = clock.monotonicMs();
    const result = await datagrams.ask(
      {
        server: ask.server,
        octets: encode(ask, question, random.integer(65536)),
        match: (octets, query) => matchAnswer(octets, { query, transport: "udp", letters }),
        timeoutMs: ask.timeoutMs,
        signal,
        background: ask.background === true,
      },
      () => {
        sentMs = clock.monotonicMs();
      },
    );
    return withRtt(result, clock.monotonicMs() - sentMs);
  }

  async function overTcp(ask: Ask, signal: AbortSignal): Promise<ExchangeResult> {
    const sentMs = clock.monotonicMs();
    const result = await streams.ask(ask.server, {
      octets: encode(ask, ask.question, 0), // the connection gives it an id
      match: (octets, query) => matchAnswer(octets, { query, transport: "tcp", letters: "any case" }),
      timeoutMs: ask.timeoutMs,
      signal,
      background: ask.background === true,
    });
    return withRtt(result, clock.monotonicMs() - sentMs);
  }

  async function exchange(ask: Ask, signal: AbortSignal): Promise<ExchangeResult> {
    const { address, port } = ask.server;
    // A name here would make the system resolve it, and port 0 throws: neither may come from a delegation.
    if (isIP(address) === 0 || port < 1 || port > 65535) return { kind: "unreachable", code: "EINVAL" };
    switch (ask.transport) {
      case "udp":
        return overUdp(ask, signal);
      case "tcp":
        return overTcp(ask, signal);
    }
  }

  return {
    exchange,
    async close() {
      await Promise.all([datagrams.close(), streams.close()]);
    },
  };
}

function encode(ask: Ask, question: Question, id: number): Uint8Array {
  return encodeQuery({ id, question, rd: ask.rd, cd: ask.cd, edns: ask.edns });
}

function withRtt(result: UdpResult | StreamResult, rttMs: number): ExchangeResult {
  if (result.kind !== "ours") return result;
  return { kind: "reply", message: result.message, octets: result.octets, rttMs };
}

/** Each letter in upper or lower case, at random. Length octets, at most 63, are no letters. */
function withRandomCase(name: Name, random: Random): Name {
  const wire = name.wire.slice();
  const coins = random.octets(Math.ceil(wire.length / 8));
  for (let i = 0; i < wire.length; i++) {
    const isLetter = (wire[i]! | 0x20) >= 0x61 && (wire[i]! | 0x20) <= 0x7a;
    if (isLetter && ((coins[i >> 3]! >> (i & 7)) & 1) === 1) wire[i]! ^= 0x20;
  }
  return Name.readUncompressed(new Reader(wire));
}
