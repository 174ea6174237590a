/** A network that loses, delays, repeats, cuts and garbles, by plan: for laws such as "no lost packet makes bogus secure". */
import { Ending } from "../../src/env/abort.ts";
import type { Ask, Clock, Exchange, ExchangeResult, Random } from "../../src/env/env.ts";
import { matchAnswer } from "../../src/net/match.ts";
import { encodeMessage, type Message } from "../../src/wire/message.ts";

export type Fault =
  /** Question or answer is lost. */
  | { readonly kind: "drop" }
  | { readonly kind: "delay"; readonly ms: number }
  /** The question arrives twice; the first answer counts. */
  | { readonly kind: "duplicate" }
  /** Over UDP: TC is set and some records are missing. */
  | { readonly kind: "truncate" }
  /** One to three octets of the answer are others. */
  | { readonly kind: "corrupt" }
  /** The answer waits until a later one has overtaken it, or until half the time is over. */
  | { readonly kind: "reorder" }
  | { readonly kind: "unreachable"; readonly code: string };

/** `index` counts the asks from 0. */
export type FaultPlan = (ask: Ask, index: number) => Fault | null;

export interface FaultyExchange {
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly random: Random;
  readonly plan: FaultPlan;
  /** Told of each fault that was done, for the transcript. */
  readonly onFault?: (fault: Fault, ask: Ask, index: number) => void;
}

export function withFaults({ exchange, clock, random, plan, onFault }: FaultyExchange): Exchange {
  let asked = 0;
  const overtaken = new Set<Ending>();

  async function suffer(fault: Fault, ask: Ask, signal: AbortSignal): Promise<ExchangeResult> {
    switch (fault.kind) {
      case "drop":
        await clock.sleep(ask.timeoutMs, signal);
        return silence;
      case "unreachable":
        return { kind: "unreachable", code: fault.code };
      case "duplicate": {
        const loser = Ending.with(signal);
        const first = await Promise.race([exchange(ask, loser), exchange(ask, loser)]);
        loser.abort();
        return first;
      }
      case "delay": {
        const startMs = clock.monotonicMs();
        const result = await exchange(ask, signal);
        return later(result, fault.ms, ask.timeoutMs - (clock.monotonicMs() - startMs), signal);
      }
      case "reorder": {
        const result = await exchange(ask, signal);
        await nextToPass(ask.timeoutMs / 2, signal);
        return result;
      }
      case "truncate": {
        const result = await exchange(ask, signal);
        if (result.kind !== "reply" || ask.transport !== "udp") return result;
        return { ...result, message: truncated(result.message, random) };
      }
      case "corrupt": {
        const startMs = clock.monotonicMs();
        const result = corrupted(await exchange(ask, signal), ask, random);
        // What was discarded as malformed is waited for in vain.
        if (result.kind === "timeout") await clock.sleep(ask.timeoutMs - (clock.monotonicMs() - startMs), signal);
        return result;
      }
    }
  }

  async function later(
    result: ExchangeResult,
    ms: number,
    leftMs: number,
    signal: AbortSignal,
  ): Promise<ExchangeResult> {
    await clock.sleep(Math.max(0, Math.min(ms, leftMs)), signal);
    if (ms >= leftMs) return silence;
    return result.kind === "reply" ? { ...result, rttMs: result.rttMs + ms } : result;
  }

  async function nextToPass(patienceMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const enough = Ending.with(signal);
    overtaken.add(enough);
    await clock.sleep(patienceMs, enough);
    overtaken.delete(enough);
    enough.abort();
  }

  return async (ask, signal) => {
    const index = asked++;
    const fault = plan(ask, index);
    if (fault !== null) onFault?.(fault, ask, index);
    const result = fault === null ? await exchange(ask, signal) : await suffer(fault, ask, signal);
    if (fault?.kind !== "reorder") for (const waiting of [...overtaken]) waiting.abort();
    return signal.aborted ? silence : result;
  };
}

/** One packet suffers, all others pass. */
export function onlyAt(index: number, fault: Fault): FaultPlan {
  return (_ask, at) => (at === index ? fault : null);
}

/** Each kind with its chance from 0 to 1, drawn for every ask; together at most 1. */
export function randomFaults(random: Random, chances: Partial<Record<Fault["kind"], number>>): FaultPlan {
  const entries = Object.entries(chances) as [Fault["kind"], number][];
  const sum = entries.reduce((total, [, chance]) => total + chance, 0);
  if (!(sum <= 1 + 1e-9) || entries.some(([, chance]) => !(chance >= 0))) {
    throw new RangeError(`chances of faults add up to ${sum}: from 0 to 1 each, and together, expected`);
  }
  return (ask) => {
    let draw = random.integer(2 ** 32) / 2 ** 32;
    for (const [kind, chance] of entries) {
      if (draw < chance) return faultOf(kind, ask, random);
      draw -= chance;
    }
    return null;
  };
}

const silence: ExchangeResult = { kind: "timeout", discarded: 0 };

function faultOf(kind: Fault["kind"], ask: Ask, random: Random): Fault {
  switch (kind) {
    case "delay":
      return { kind, ms: random.integer(ask.timeoutMs + 1) };
    case "unreachable":
      return { kind, code: random.integer(2) === 0 ? "ECONNREFUSED" : "ENETUNREACH" };
    case "drop":
    case "duplicate":
    case "truncate":
    case "corrupt":
    case "reorder":
      return { kind };
  }
}

function truncated(message: Message, random: Random): Message {
  const kept = random.integer(message.answer.length + 1);
  return { ...message, tc: true, answer: message.answer.slice(0, kept), authority: [], additional: [] };
}

/** Octets change under way, and the answer is then taken or not by the same checks as one from a socket. */
function corrupted(result: ExchangeResult, ask: Ask, random: Random): ExchangeResult {
  if (result.kind !== "reply" || result.message.question.length !== 1) return result;
  const original = encodeMessage(result.message);
  const octets = original.slice();
  for (let flips = 1 + random.integer(3); flips > 0; flips--) {
    octets[random.integer(octets.length)]! ^= 1 + random.integer(255);
  }
  // The original bears the id and the question of the query, in the same places.
  const match = matchAnswer(octets, { query: original, transport: ask.transport, letters: "any case" });
  switch (match.kind) {
    case "ours":
      return { ...result, message: match.message };
    case "near miss":
      return ask.transport === "udp" ? match : { kind: "garbled", why: "wrong id" };
    case "foreign":
      return ask.transport === "udp" ? { kind: "timeout", discarded: 1 } : { kind: "garbled", why: match.why };
  }
}
