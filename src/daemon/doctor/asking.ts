/** Questions of a doctor: one server, one transport, no retries but one for a datagram that was lost. */
import type { ExchangeResult, ServerAddress, Transport } from "../../env/env.ts";
import type { Message } from "../../wire/message.ts";
import type { Name } from "../../wire/name.ts";
import { CLASS, type RRType } from "../../wire/registry.ts";
import type { Examined } from "./finding.ts";

const TIMEOUT_MS = 5000;
const TRIES = 2;
/** What crosses every network in one piece (RFC 9715). */
export const UDP_OCTETS = 1232;

export interface DoctorQuestion {
  readonly server: ServerAddress;
  readonly transport: Transport;
  readonly name: Name;
  readonly type: RRType;
  /** "validated": RD. "unchecked": RD and CD. "authority": neither. */
  readonly as: "validated" | "unchecked" | "authority";
  readonly class?: number;
}

export type Heard =
  | { readonly kind: "reply"; readonly message: Message; readonly octets: number; readonly rttMs: number }
  | { readonly kind: "nothing"; readonly why: string };

export async function hear({ exchange }: Examined, question: DoctorQuestion): Promise<Heard> {
  const { server, transport, name, type, as } = question;
  let last: Heard = { kind: "nothing", why: "no answer" };
  for (let tries = 0; tries < TRIES; tries++) {
    const result = await exchange(
      {
        server,
        transport,
        question: { name, type, class: question.class ?? CLASS.IN },
        rd: as !== "authority",
        cd: as === "unchecked",
        edns: { udpSize: UDP_OCTETS, options: [] },
        timeoutMs: TIMEOUT_MS,
      },
      new AbortController().signal,
    );
    if (result.kind === "reply") return result;
    last = { kind: "nothing", why: whyNothing(result) };
  }
  return last;
}

/** Over UDP, and over TCP where that is truncated. */
export async function hearWhole(examined: Examined, question: Omit<DoctorQuestion, "transport">): Promise<Heard> {
  const first = await hear(examined, { ...question, transport: "udp" });
  return first.kind === "reply" && !first.message.tc ? first : hear(examined, { ...question, transport: "tcp" });
}

function whyNothing(result: Exclude<ExchangeResult, { kind: "reply" }>): string {
  switch (result.kind) {
    case "timeout":
      return "no answer";
    case "unreachable":
      return result.code;
    case "garbled":
      return result.why;
    case "near miss":
      return "an answer with the wrong id";
  }
}
