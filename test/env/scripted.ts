/** An Exchange that a function answers, with latency on the virtual clock: the network of a test. */

import type { Ask, Clock, Exchange, ExchangeResult } from "../../src/env/env.ts";
import { WireError } from "../../src/wire/cursor.ts";
import { decodeMessage, encodeMessage, type Message } from "../../src/wire/message.ts";

export type Scripted =
  | Message
  /** Read as if from the network: what is malformed counts as discarded over UDP and as garbled over TCP. */
  | Uint8Array
  | "drop"
  | "near miss"
  | { readonly unreachable: string }
  | { readonly garbled: string };

export interface ScriptedExchange {
  readonly clock: Clock;
  /** 10 unless told; a function can let a server be slow. */
  readonly latencyMs?: number | ((ask: Ask) => number);
  readonly handle: (ask: Ask) => Scripted;
}

export function scriptedExchange({ clock, latencyMs = 10, handle }: ScriptedExchange): Exchange {
  return async (ask, signal) => {
    if (signal.aborted) return { kind: "timeout", discarded: 0 };
    const sentMs = clock.monotonicMs();
    const result = read(handle(ask), ask);
    const delayMs = typeof latencyMs === "number" ? latencyMs : latencyMs(ask);
    const comesInTime = result.kind !== "timeout" && delayMs < ask.timeoutMs;
    await clock.sleep(comesInTime ? delayMs : ask.timeoutMs, signal);
    if (signal.aborted) return { kind: "timeout", discarded: 0 };
    if (!comesInTime) return result.kind === "timeout" ? result : { kind: "timeout", discarded: 0 };
    return result.kind === "reply" ? { ...result, rttMs: clock.monotonicMs() - sentMs } : result;
  };
}

function read(scripted: Scripted, ask: Ask): ExchangeResult {
  if (scripted === "drop") return { kind: "timeout", discarded: 0 };
  if (scripted === "near miss") return { kind: "near miss" };
  if (scripted instanceof Uint8Array) return readOctets(scripted, ask);
  if ("unreachable" in scripted) return { kind: "unreachable", code: scripted.unreachable };
  if ("garbled" in scripted) return { kind: "garbled", why: scripted.garbled };
  return { kind: "reply", message: scripted, octets: encodeMessage(scripted).length, rttMs: 0 };
}

function readOctets(octets: Uint8Array, ask: Ask): ExchangeResult {
  try {
    return { kind: "reply", message: decodeMessage(octets), octets: octets.length, rttMs: 0 };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return ask.transport === "udp" ? { kind: "timeout", discarded: 1 } : { kind: "garbled", why: error.message };
  }
}
