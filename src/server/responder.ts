/** Bytes in, bytes out: every rule that a client meets, without sockets. RFC 1035 §4, RFC 4035 §3.2, RFC 6891 §6, RFC 8914. */
import type { Answer } from "../dnssec/answer.ts";
import type { Clock } from "../env/env.ts";
import type { Resolver } from "../resolver/api.ts";
import { type EdnsOption, keepaliveOption } from "../wire/edns.ts";
import type { Message } from "../wire/message.ts";
import { CLASS, EDE, isMetaType, OPCODE, OPTION, RCODE, TYPE, typeToText } from "../wire/registry.ts";
import { type Access, createAccess, loopbackRules } from "./access.ts";
import type { Prefix } from "./addresses.ts";
import type { ServerCookies } from "./cookies.ts";
import { DenialTemplates, type WrittenReply } from "./denial-templates.ts";
import { defaultServerLimits, type ServerLimits } from "./limits.ts";
import { Rate } from "./rate.ts";
import { bareReply, chaosReply, errorReply, type Reply, refusal, replyFromAnswer, replyUnchecked } from "./reply.ts";
import { ReplyMemory, type Status } from "./reply-memory.ts";
import { type Query, readRequest } from "./request.ts";
import { type ClientTransport, written } from "./written.ts";

export type { ClientTransport } from "./written.ts";

export interface Client {
  readonly address: string;
  readonly port: number;
  readonly transport: ClientTransport;
  /** Aborts when the client is gone: a closed connection. */
  readonly signal?: AbortSignal;
}

/** Never throws and never rejects. Null: the client is not answered. Bytes at once if nothing had to be asked. */
export type Respond = (request: Uint8Array, from: Client) => Uint8Array | null | Promise<Uint8Array | null>;

export interface Responder {
  readonly respond: Respond;
}

export type ServerEvent =
  /** `again`: nobody looked for an answer, for one of this status was given a moment ago. */
  | { readonly kind: "answered"; readonly from: Client; readonly reply: Message; readonly again: Status | null }
  | { readonly kind: "unreadable"; readonly from: Client; readonly why: string }
  | { readonly kind: "dropped"; readonly from: Client; readonly why: string }
  /** Comes before "answered" or "dropped": the question was not looked at for what it asks. */
  | { readonly kind: "turned away"; readonly from: Client; readonly why: TurnedAway }
  /** A mistake of ours; the client got SERVFAIL. */
  | { readonly kind: "fault"; readonly from: Client; readonly error: unknown };

/** Why: no rule allows it, no cookie proves the address, too many came in a second, too many wait. And what became of it. */
export type TurnedAway =
  | "access refused"
  | "access dropped"
  | "cookie refused"
  | "rate dropped"
  | "rate truncated"
  | "rate failed"
  | "waiting failed";

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
  /** What clients that ask for NSID are told (RFC 5001), 512 octets at most; null: nothing. */
  readonly nsid?: Uint8Array | null;
  /** Null: cookies of clients are not answered. */
  readonly cookies?: ServerCookies | null;
  readonly limits?: ServerLimits;
  readonly emit?: (event: ServerEvent) => void;
}

/** More than anybody needs to tell machines apart, and less than a datagram. */
export const NSID_OCTETS = 512;

export function createResponder(options: ResponderOptions): Responder {
  return new DnsResponder(options);
}

class DnsResponder implements Responder {
  readonly #resolver: ResponderOptions["resolver"];
  readonly #clock: Clock;
  readonly #access: Access;
  readonly #mayPeek: readonly Prefix[];
  readonly #limits: ServerLimits;
  readonly #emit: (event: ServerEvent) => void;
  readonly #nsid: Uint8Array | null;
  readonly #cookies: ServerCookies | null;
  readonly #chaos: ReadonlyMap<string, string | null>;
  readonly #memory: ReplyMemory;
  readonly #denials = new DenialTemplates();
  readonly #rate: Rate;

  constructor(options: ResponderOptions) {
    this.#resolver = options.resolver;
    this.#clock = options.clock;
    this.#access = options.access ?? createAccess();
    this.#mayPeek = options.mayPeek ?? loopbackRules.map((rule) => rule.prefix);
    this.#memory = new ReplyMemory(options.clock);
    this.#limits = options.limits ?? defaultServerLimits;
    this.#rate = new Rate(this.#limits.questionsPerSecond);
    this.#emit = options.emit ?? (() => {});
    const { version = null, identity = null, nsid = null, cookies = null } = options;
    if (nsid !== null && nsid.length > NSID_OCTETS)
      throw new RangeError(`an NSID of ${nsid.length} octets: ${NSID_OCTETS} at most`);
    this.#nsid = nsid;
    this.#cookies = cookies;
    this.#chaos = new Map([
      ["version.bind.", version],
      ["version.server.", version],
      ["id.server.", identity],
      ["hostname.bind.", identity],
    ]);
  }

  readonly respond: Respond = (request, from) => {
    try {
      return this.#respond(request, from);
    } catch (error) {
      return this.#afterFault(request, from, error);
    }
  };

  #respond(octets: Uint8Array, from: Client): Uint8Array | null | Promise<Uint8Array | null> {
    const decision = this.#access.decide(from.address);
    if (decision === "drop") return this.#drop(from, "access", "access dropped");
    const pace = this.#rate.pace(from.address, this.#clock.monotonicMs());
    if (pace === "drop" && from.transport === "udp")
      return this.#drop(from, "too many questions a second", "rate dropped");
    if (decision === "allow" && pace === "fair") {
      const again = this.#memory.recall(octets, from.transport);
      if (again !== undefined) {
        this.#emit({ kind: "answered", from, reply: again.message, again: again.status });
        return again.octets;
      }
    }
    const request = readRequest(octets);
    switch (request.kind) {
      case "not a query":
        return this.#drop(from, request.why);
      case "unreadable":
        this.#emit({ kind: "unreadable", from, why: request.why });
        return bareReply(request);
      case "query": {
        const local =
          this.#turnedAway(request, decision, from) ??
          (pace === "fair" ? this.#withoutLookup(request) : this.#slowedDown(request, from));
        if (local !== null) return this.#finish(request, local, from);
        return this.#fromCache(request, octets, from) ?? this.#lookUp(request, from);
      }
    }
  }

  /** Null: this client may ask. */
  #turnedAway(query: Query, decision: "allow" | "cookie" | "refuse", from: Client): Reply | null {
    if (decision === "refuse") return this.#turn(from, "access refused", refusedTo(query, from));
    if (this.#cookies === null || query.edns?.version !== 0) {
      if (decision !== "cookie" || from.transport !== "udp") return null;
      return this.#turn(from, "cookie refused", withoutCookie(query));
    }
    // RFC 7873 §5.2.2
    if (query.edns.cookie === "malformed") return errorReply(query, RCODE.FORMERR, []);
    if (decision !== "cookie" || from.transport !== "udp") return null;
    if (query.edns.cookie === null) return this.#turn(from, "cookie refused", withoutCookie(query));
    const { proven } = this.#cookies.standingOf(query.edns.cookie, from.address, this.#clock.unixSeconds());
    // RFC 7873 §5.2.3, §5.2.4
    return proven ? null : this.#turn(from, "cookie refused", errorReply(query, RCODE.BADCOOKIE, []));
  }

  #slowedDown(query: Query, from: Client): Reply {
    return this.#turn(from, from.transport === "udp" ? "rate truncated" : "rate failed", slowedDown(query, from));
  }

  #turn(from: Client, why: TurnedAway, reply: Reply): Reply {
    this.#emit({ kind: "turned away", from, why });
    return reply;
  }

  /** Questions whose answer does not depend on the DNS. */
  #withoutLookup(query: Query): Reply | null {
    if (query.edns !== null && query.edns.version !== 0) return errorReply(query, RCODE.BADVERS, []);
    const { class: klass, type } = query.question;
    if (klass === CLASS.CH) return this.#aboutOurselves(query);
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

  #aboutOurselves(query: Query): Reply {
    const { name, type } = query.question;
    const text = this.#chaos.get(name.lowerCased().toString()) ?? null;
    if (text === null || (type !== TYPE.TXT && type !== TYPE.ANY)) {
      return refusal(query, EDE.NOT_SUPPORTED, "class IN only");
    }
    return chaosReply(query, text);
  }

  /** Null if it must be looked up. */
  #fromCache(query: Query, request: Uint8Array, from: Client): Uint8Array | null {
    const known = this.#resolver.cached(query.question, { stale: staleFor(query) });
    const answer = known !== undefined && serves(query, known) ? known : null;
    if (!query.rd) {
      const isShown = answer !== null && this.#mayPeek.some((prefix) => prefix.has(from.address));
      const reply = isShown
        ? this.#told(query, answer)
        : refusal(query, EDE.NOT_AUTHORITATIVE, "recursion was not asked for (RD=0)");
      return this.#finish(query, reply, from);
    }
    if (answer === null) return null;
    const { octets, reply } = this.#writtenFor(query, answer, from);
    const { message } = reply;
    // There may be a better one in a moment; and a cookie is one client's alone.
    if (answer.freshness !== undefined || (this.#cookies !== null && query.edns?.cookie)) return octets;
    const { verdict, validUntil } = answer;
    // What is made here is as new as ever (RFC 6761 §6.3): remembered for this very second, it has no age to count down.
    const isMadeHere = verdict.status === "insecure" && verdict.why.kind === "local";
    const ttl = isMadeHere ? 0 : answer.ttl;
    this.#memory.remember(request, from.transport, { octets, message, status: verdict.status, ttl, validUntil });
    return octets;
  }

  #writtenFor(query: Query, answer: Answer, from: Client): WrittenReply {
    const second = Math.floor(this.#clock.unixSeconds());
    const alike = this.#denials.recall(query, answer, from.transport, second);
    if (alike !== null) {
      this.#emit({ kind: "answered", from, reply: alike.reply.message, again: null });
      return alike;
    }
    const reply = this.#told(query, answer);
    const octets = this.#finish(query, reply, from);
    this.#denials.remember(query, answer, from.transport, { octets, reply, second });
    return { octets, reply };
  }

  #lookUp(query: Query, from: Client): Uint8Array | Promise<Uint8Array | null> {
    if (!this.#access.enter(from.address)) {
      const text = "too many questions of this client are waiting";
      const reply = errorReply(query, RCODE.SERVFAIL, [{ code: EDE.OVER_QUOTA, text }]);
      return this.#finish(query, this.#turn(from, "waiting failed", reply), from);
    }
    return this.#ask(query, from)
      .then((reply) => this.#finish(query, reply, from))
      .catch((error: unknown) => this.#fault(query, from, error))
      .finally(() => this.#access.leave(from.address));
  }

  async #ask(query: Query, from: Client): Promise<Reply> {
    const { name, type } = query.question;
    const how = { stale: staleFor(query), ...(from.signal === undefined ? {} : { signal: from.signal }) };
    if (query.cd) return replyUnchecked(query, await this.#resolver.resolveUnchecked(name, type, how));
    return this.#told(query, await this.#resolver.resolve(name, type, how));
  }

  #told(query: Query, answer: Answer): Reply {
    return replyFromAnswer(query, answer, this.#clock.unixSeconds());
  }

  #finish(query: Query, reply: Reply, from: Client): Uint8Array {
    const octets = written(query, reply, {
      to: from.transport,
      limits: this.#limits,
      options: this.#options(query, from),
    });
    this.#emit({ kind: "answered", from, reply: reply.message, again: null });
    return octets;
  }

  /** What the client asked to be told beside the answer; each once, however often it asked. */
  #options(query: Query, from: Client): readonly EdnsOption[] {
    const { edns } = query;
    if (edns === null) return [];
    const options: EdnsOption[] = [];
    // RFC 7828 §3.2.2, §3.3.1: only to a client that asked, never over UDP; in tenths of a second.
    if (edns.keepalive && (from.transport === "tcp" || from.transport === "tls"))
      options.push(keepaliveOption(Math.min(0xffff, Math.floor(this.#limits.idleMs / 100))));
    if (edns.nsid && this.#nsid !== null) options.push({ code: OPTION.NSID, data: this.#nsid });
    if (this.#cookies !== null && edns.cookie !== null && edns.cookie !== "malformed")
      options.push(this.#cookies.standingOf(edns.cookie, from.address, this.#clock.unixSeconds()).option);
    return options;
  }

  #drop(from: Client, why: string, turned: TurnedAway | null = null): null {
    if (turned !== null) this.#emit({ kind: "turned away", from, why: turned });
    this.#emit({ kind: "dropped", from, why });
    return null;
  }

  #afterFault(octets: Uint8Array, from: Client, error: unknown): Uint8Array | null {
    const request = readRequest(octets);
    if (request.kind === "query") return this.#fault(request, from, error);
    this.#emit({ kind: "fault", from, error });
    return null;
  }

  /** SERVFAIL with a word, or a bare header if it was the writing that failed. */
  #fault(query: Query, from: Client, error: unknown): Uint8Array {
    this.#emit({ kind: "fault", from, error });
    try {
      const reply = errorReply(query, RCODE.SERVFAIL, [{ code: EDE.OTHER, text: "internal error" }]);
      return written(query, reply, { to: from.transport, limits: this.#limits, options: [] });
    } catch {
      return bareReply({ id: query.id, opcode: OPCODE.QUERY, rcode: RCODE.SERVFAIL });
    }
  }
}

/** No longer than the question, so that it is no use against whoever the address belongs to. */
function slowedDown(query: Query, from: Client): Reply {
  if (from.transport !== "udp") {
    const text = "too many questions a second";
    return errorReply(query, RCODE.SERVFAIL, [{ code: EDE.OVER_QUOTA, text }]);
  }
  const reply = errorReply(query, RCODE.NOERROR, []);
  return { ...reply, message: { ...reply.message, ra: true, tc: true } };
}

function refusedTo(query: Query, from: Client): Reply {
  return refusal(query, EDE.PROHIBITED, `${from.address} may not ask here`);
}

/** Over TCP the client's address is proven without a cookie, so TC sends it there. */
function withoutCookie(query: Query): Reply {
  const reply = refusal(query, EDE.PROHIBITED, "without a cookie only over TCP");
  return { ...reply, message: { ...reply.message, tc: true } };
}

/** A TLSA record that is no longer published must not decide on mail; for the rest the operator's `serveStale` decides. */
function staleFor({ question }: Query): "never" | "allowed" {
  return question.type === TYPE.TLSA ? "never" : "allowed";
}

/** May this cached answer be given to this query? RFC 4035 §4.7: with CD, failures of ours are no answer. */
function serves(query: Query, answer: Answer): boolean {
  return !query.cd || answer.verdict.status === "secure" || answer.verdict.status === "insecure";
}
