/**
 * One question to one server until it has said something or failed: UDP, TCP when an answer is truncated or somebody
 * seems to be guessing ids, without EDNS where a server cannot have it, cookies. RFC 7766 §5, RFC 6891 §7, RFC 7873 §5.3.
 */
import type { WorkBudget } from "../dnssec/work.ts";
import type { Ask, Env, ExchangeResult, ServerAddress, Transport } from "../env/env.ts";
import { cookieOf, cookieOption } from "../wire/edns.ts";
import type { Message, Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { RCODE } from "../wire/registry.ts";
import type { InfraView } from "./servers.ts";

export interface AskContext {
  readonly env: Env;
  readonly infra: InfraView;
  readonly work: WorkBudget;
  /** False once this name, or this name and type, was asked too often for one client question. */
  readonly mayAsk: (question: Question) => boolean;
  readonly ednsUdpSize: number;
  readonly sendTimeoutMs: number;
}

export interface Target {
  readonly server: ServerAddress;
  readonly transport: Transport;
  readonly rd: boolean;
  /** The zone whose servers are asked, for the record. */
  readonly zone: Name;
  /** It is, or nobody has shown that it is not: a referral without a word about DS may have lost it on the way. */
  readonly signed: boolean;
}

export type Reply =
  | {
      readonly kind: "message";
      readonly message: Message;
      readonly transport: Transport;
      readonly octets: number;
      readonly rttMs: number;
    }
  | { readonly kind: "silent"; readonly why: string; readonly transport: Transport }
  /** The client question's budget is spent: stop everything. */
  | { readonly kind: "spent" };

/** Turns that one try may take: TCP after UDP, without EDNS, with another cookie. Bounds A-76 (CVE-2026-5950). */
const MAX_TURNS = 4;

export async function askServer(
  question: Question,
  target: Target,
  context: AskContext,
  signal: AbortSignal,
): Promise<Reply> {
  const { infra, env } = context;
  let { transport } = target;
  // Where signatures are needed, EDNS is tried each time: that it seemed broken may have been somebody's forgery
  // (CVE-2026-52690), and without it every answer is bogus.
  let edns = target.signed || !(infra.health(target.server)?.ednsBroken ?? false);
  let cookies = transport === "udp";
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    if (!context.mayAsk(question) || !context.work.take("queries")) return { kind: "spent" };
    const ask = askFor(question, target, transport, edns, cookies, context);
    env.emit({ kind: "asked", question, server: target.server, transport, zone: target.zone });
    infra.began(target.server);
    const result = await env.exchange(ask, signal);
    infra.ended(target.server);
    if (signal.aborted) return { kind: "silent", why: "no longer needed", transport };
    const next = read(result, ask, target, context);
    switch (next.act) {
      case "take":
        return { ...next.reply, kind: "message", transport };
      case "give up":
        env.emit({ kind: "no reply", question, server: target.server, transport, why: next.why });
        return { kind: "silent", why: next.why, transport };
      case "spent":
        return { kind: "spent" };
      case "stream":
        transport = "tcp";
        cookies = false;
        break;
      case "without EDNS":
        edns = false;
        break;
      case "other cookie":
        break;
    }
  }
  return { kind: "silent", why: "goes round in circles", transport };
}

type Next =
  | { readonly act: "take"; readonly reply: ServerReply }
  | { readonly act: "give up"; readonly why: string }
  | { readonly act: "stream" | "without EDNS" | "other cookie" | "spent" };

function askFor(
  question: Question,
  target: Target,
  transport: Transport,
  edns: boolean,
  cookies: boolean,
  context: AskContext,
): Ask {
  const options = edns && cookies ? [cookieOption(clientCookie(target.server, context))] : [];
  return {
    server: target.server,
    transport,
    question,
    rd: target.rd,
    // We validate ourselves, so a validator on the way must not keep data from us. RFC 6840 §5.9.
    cd: edns,
    edns: edns ? { udpSize: context.ednsUdpSize, options } : null,
    timeoutMs: context.sendTimeoutMs,
  };
}

function clientCookie(server: ServerAddress, context: AskContext): { client: Uint8Array; server: Uint8Array | null } {
  const known = context.infra.health(server)?.cookie ?? null;
  if (known !== null) return known;
  const client = context.env.random.octets(8);
  context.infra.cookie(server, client, null);
  return { client, server: null };
}

function read(result: ExchangeResult, ask: Ask, target: Target, context: AskContext): Next {
  const { infra } = context;
  switch (result.kind) {
    case "reply":
      infra.answered(target.server, result.rttMs);
      if (!context.work.take("octets", result.octets)) return { act: "spent" };
      return readMessage(result, ask, target, context);
    case "timeout":
      infra.failed(target.server);
      return {
        act: "give up",
        why: result.discarded > 0 ? `no usable answer, ${result.discarded} discarded` : "no answer",
      };
    case "unreachable":
      if (!ours.has(result.code)) infra.failed(target.server);
      return { act: "give up", why: result.code };
    case "garbled":
      infra.failed(target.server);
      return { act: "give up", why: result.why };
    case "near miss":
      // A wrong id from the right address and port: nobody can guess a TCP connection. ATTACKS A-50.
      return ask.transport === "udp" ? { act: "stream" } : { act: "give up", why: "wrong id over TCP" };
  }
}

/** What this machine lacks says nothing of a server. */
const ours: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRINUSE"]);

/** Without EDNS. RFC 1035 §4.2.1. */
const LEAST_UDP_OCTETS = 512;

type ServerReply = Extract<ExchangeResult, { readonly kind: "reply" }>;

function readMessage(reply: ServerReply, ask: Ask, target: Target, context: AskContext): Next {
  const { infra } = context;
  const { message } = reply;
  if (ask.transport === "udp" && ask.edns !== null) {
    const cookie = checkCookie(message, target.server, infra);
    if (cookie !== null) return cookie;
  }
  // RFC 7766 §5; a stream has room for everything, so what is truncated there is broken.
  // A datagram larger than we asked for came in fragments, and those can be forged (ATTACKS A-54; RFC 9715 §3).
  if (ask.transport === "udp" && reply.octets > (ask.edns?.udpSize ?? LEAST_UDP_OCTETS)) return { act: "stream" };
  if (message.tc) return ask.transport === "udp" ? { act: "stream" } : { act: "give up", why: "truncated over TCP" };
  if (
    ask.edns !== null &&
    message.edns === null &&
    (message.rcode === RCODE.FORMERR || message.rcode === RCODE.NOTIMP)
  ) {
    // One such answer may be forged: nothing is remembered until the server has answered without EDNS (CVE-2026-52690).
    return { act: "without EDNS" };
  }
  if (ask.edns !== null && message.rcode === RCODE.BADVERS) return { act: "without EDNS" };
  if (ask.edns === null && message.rcode !== RCODE.FORMERR && message.rcode !== RCODE.NOTIMP)
    infra.ednsBroken(target.server);
  return { act: "take", reply };
}

/** RFC 7873 §5.3: another's cookie is a forgery, a missing one from a server that had one is suspicious. */
function checkCookie(message: Message, server: ServerAddress, infra: InfraView): Next | null {
  const known = infra.health(server)?.cookie ?? null;
  if (known === null) return null;
  const got = message.edns === null ? null : cookieOf(message.edns);
  if (got === null) return known.server === null ? null : { act: "stream" };
  if (!sameOctets(got.client, known.client)) return { act: "stream" };
  const learned = got.server !== null && (known.server === null || !sameOctets(known.server, got.server));
  if (got.server !== null) infra.cookie(server, known.client, got.server);
  if (message.rcode !== RCODE.BADCOOKIE) return null;
  return learned ? { act: "other cookie" } : { act: "stream" };
}

function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}
