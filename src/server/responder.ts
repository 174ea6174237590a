/** Bytes in, bytes out: every rule that a client meets, without sockets. RFC 1035 §4, RFC 4035 §3.2, RFC 6891 §6, RFC 8914. */
import type { Answer } from "../dnssec/answer.ts";
import type { Clock, Transport } from "../env/env.ts";
import type { Resolver } from "../resolver/api.ts";
import { type EdnsOption, edeOption, keepaliveOption } from "../wire/edns.ts";
import { encodeMessage, type Message, type Question } from "../wire/message.ts";
import { CLASS, EDE, isMetaType, OPCODE, RCODE, TYPE, typeToText } from "../wire/registry.ts";
import { type Access, createAccess, loopbackRules } from "./access.ts";
import type { Prefix } from "./addresses.ts";
import { defaultServerLimits, type ServerLimits } from "./limits.ts";
import {
  bareReply,
  chaosReply,
  errorReply,
  presentable,
  type Reply,
  refusal,
  replyFromAnswer,
  replyUnchecked,
} from "./reply.ts";
import { type Query, readRequest } from "./request.ts";

export interface Client {
  readonly address: string;
  readonly port: number;
  readonly transport: Transport;
  /** Aborts when the client is gone: a closed connection. */
  readonly signal?: AbortSignal;
}

/** Never throws and never rejects. Null: the client is not answered. Bytes at once if nothing had to be asked. */
export type Respond = (request: Uint8Array, from: Client) => Uint8Array | null | Promise<Uint8Array | null>;

export interface Responder {
  readonly respond: Respond;
}

export type ServerEvent =
  | { readonly kind: "answered"; readonly from: Client; readonly question: Question; readonly reply: Message }
  | { readonly kind: "unreadable"; readonly from: Client; readonly why: string }
  | { readonly kind: "dropped"; readonly from: Client; readonly why: string }
  /** A mistake of ours; the client got SERVFAIL. */
  | { readonly kind: "fault"; readonly from: Client; readonly error: unknown };

export interface ResponderOptions {
  readonly resolver: Pick<Resolver, "resolve" | "cached" | "resolveUnchecked">;
  readonly clock: Clock;
  /** Default: loopback only. */
  readonly access?: Access;
  /** Clients that may look into the cache with RD=0; others are told that we are no authority. Default: loopback. */
  readonly mayPeek?: readonly Prefix[];
  /** TXT for `version.bind` and `version.server` in class CH; null: refused. */
  readonly version?: string | null;
  /** TXT for `id.server` and `hostname.bind`; null: refused. */
  readonly identity?: string | null;
  readonly limits?: ServerLimits;
  readonly emit?: (event: ServerEvent) => void;
}

export function createResponder(options: ResponderOptions): Responder {
  const { resolver, clock } = options;
  const access = options.access ?? createAccess();
  const mayPeek = options.mayPeek ?? loopbackRules.map((rule) => rule.prefix);
  const limits = options.limits ?? defaultServerLimits;
  const emit = options.emit ?? (() => {});
  const chaos = new Map<string, string | null>();
  for (const name of ["version.bind.", "version.server."]) chaos.set(name, options.version ?? null);
  for (const name of ["id.server.", "hostname.bind."]) chaos.set(name, options.identity ?? null);

  function respond(request: Uint8Array, from: Client): Uint8Array | null | Promise<Uint8Array | null> {
    try {
      return respondTo(request, from);
    } catch (error) {
      return afterFault(request, from, error);
    }
  }

  function respondTo(octets: Uint8Array, from: Client): Uint8Array | null | Promise<Uint8Array | null> {
    const decision = access.decide(from.address);
    if (decision === "drop") return drop(from, "access");
    const request = readRequest(octets);
    switch (request.kind) {
      case "not a query":
        return drop(from, request.why);
      case "unreadable":
        emit({ kind: "unreadable", from, why: request.why });
        return bareReply(request);
      case "query": {
        const reply =
          decision === "refuse"
            ? refusal(request, EDE.PROHIBITED, `${from.address} may not ask here`)
            : (withoutLookup(request) ?? fromCache(request, from));
        return reply === null ? lookUp(request, from) : finish(request, reply, from);
      }
    }
  }

  /** Questions whose answer does not depend on the DNS. */
  function withoutLookup(query: Query): Reply | null {
    if (query.edns !== null && query.edns.version !== 0) return errorReply(query, RCODE.BADVERS, []);
    const { class: klass, type } = query.question;
    if (klass === CLASS.CH) return aboutOurselves(query);
    if (klass !== CLASS.IN) return refusal(query, EDE.NOT_SUPPORTED, "class IN only");
    if (type === TYPE.AXFR || type === TYPE.IXFR) {
      return refusal(query, EDE.NOT_SUPPORTED, "zones are transferred by their authorities");
    }
    // RFC 9824 §3.5 for NXNAME; the others are no data of any zone either (RFC 6895 §3.1).
    if ((type !== TYPE.ANY && isMetaType(type)) || type === 65535) {
      const text = `${typeToText(type)} cannot be asked for`;
      return errorReply(query, RCODE.FORMERR, [{ code: EDE.INVALID_QUERY_TYPE, text }]);
    }
    return null;
  }

  function aboutOurselves(query: Query): Reply {
    const { name, type } = query.question;
    const text = chaos.get(name.lowerCased().toString()) ?? null;
    if (text === null || (type !== TYPE.TXT && type !== TYPE.ANY)) {
      return refusal(query, EDE.NOT_SUPPORTED, "class IN only");
    }
    return chaosReply(query, text);
  }

  function fromCache(query: Query, from: Client): Reply | null {
    const answer = resolver.cached(query.question);
    if (query.rd)
      return answer !== undefined && serves(query, answer) ? replyFromAnswer(query, answer, clock.unixSeconds()) : null;
    if (answer !== undefined && serves(query, answer) && mayPeek.some((prefix) => prefix.has(from.address))) {
      return replyFromAnswer(query, answer, clock.unixSeconds());
    }
    return refusal(query, EDE.NOT_AUTHORITATIVE, "recursion was not asked for (RD=0)");
  }

  function lookUp(query: Query, from: Client): Uint8Array | Promise<Uint8Array | null> {
    if (!access.enter(from.address)) {
      const text = "too many questions of this client are waiting";
      return finish(query, errorReply(query, RCODE.SERVFAIL, [{ code: EDE.OVER_QUOTA, text }]), from);
    }
    return ask(query, from)
      .then((reply) => finish(query, reply, from))
      .catch((error: unknown) => fault(query, from, error))
      .finally(() => access.leave(from.address));
  }

  async function ask(query: Query, from: Client): Promise<Reply> {
    const { name, type } = query.question;
    const how = from.signal === undefined ? {} : { signal: from.signal };
    if (query.cd) return replyUnchecked(query, await resolver.resolveUnchecked(name, type, how));
    return replyFromAnswer(query, await resolver.resolve(name, type, how), clock.unixSeconds());
  }

  function finish(query: Query, reply: Reply, from: Client): Uint8Array {
    const octets = written(query, reply, { from, limits });
    emit({ kind: "answered", from, question: query.question, reply: reply.message });
    return octets;
  }

  function drop(from: Client, why: string): null {
    emit({ kind: "dropped", from, why });
    return null;
  }

  function afterFault(octets: Uint8Array, from: Client, error: unknown): Uint8Array | null {
    const request = readRequest(octets);
    if (request.kind === "query") return fault(request, from, error);
    emit({ kind: "fault", from, error });
    return null;
  }

  /** SERVFAIL with a word, or a bare header if it was the writing that failed. */
  function fault(query: Query, from: Client, error: unknown): Uint8Array {
    emit({ kind: "fault", from, error });
    try {
      const text = "internal error";
      return written(query, errorReply(query, RCODE.SERVFAIL, [{ code: EDE.OTHER, text }]), { from, limits });
    } catch {
      return bareReply({ id: query.id, opcode: OPCODE.QUERY, rcode: RCODE.SERVFAIL });
    }
  }

  return { respond };
}

/** May this cached answer be given to this query? RFC 4035 §4.7: with CD, failures of ours are no answer. */
function serves(query: Query, answer: Answer): boolean {
  return !query.cd || answer.verdict.status === "secure" || answer.verdict.status === "insecure";
}

interface Writing {
  readonly from: Client;
  readonly limits: ServerLimits;
}

function written(query: Query, reply: Reply, to: Writing): Uint8Array {
  const maxSize = largestReply(query, to);
  if (query.edns === null) return encodeMessage(reply.message, { maxSize });
  const ede = presentable(reply.ede);
  const keepalive = keepaliveOptions(query, to);
  const whole = encodeMessage(withOptions(reply.message, [...keepalive, ...ede.map(edeOption)]), { maxSize });
  if (ede.length === 0 || (whole.length <= maxSize && !isTruncated(whole))) return whole;
  // The codes matter more than their texts, and the records more than either.
  const codes = ede.map(({ code }) => edeOption({ code, text: "" }));
  return encodeMessage(withOptions(reply.message, [...keepalive, ...codes]), { maxSize });
}

function withOptions(message: Message, options: readonly EdnsOption[]): Message {
  return message.edns === null ? message : { ...message, edns: { ...message.edns, options } };
}

function isTruncated(octets: Uint8Array): boolean {
  return (octets[2]! & 0x02) !== 0;
}

/** RFC 6891 §6.2.5: 512 without EDNS. RFC 9715 §3: 1232 at most, however much the client would take. */
function largestReply(query: Query, to: Writing): number {
  switch (to.from.transport) {
    case "udp":
      return Math.min(query.edns?.udpSize ?? 512, to.limits.udpPayload);
    case "tcp":
      return 65535;
  }
}

/** RFC 7828 §3.2.2, §3.3.1: only to a client that asked, never over UDP; in tenths of a second. */
function keepaliveOptions(query: Query, to: Writing): readonly EdnsOption[] {
  if (to.from.transport !== "tcp" || query.edns?.keepalive !== true) return [];
  return [keepaliveOption(Math.min(0xffff, Math.floor(to.limits.idleMs / 100)))];
}
