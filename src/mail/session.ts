/**
 * From a plan to a socket over which mail may go: connects, says EHLO and STARTTLS, checks who answered, and passes over
 * what the plan passes over. Mail software takes the socket as if it had just connected. RFC 3207, RFC 7672 §2.2.
 */
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as startTls, type TLSSocket } from "node:tls";
import { type Code, retold, type Told, told } from "../dane/codes.ts";
import type { Verified } from "../dane/match.ts";
import type { DeliveryPlan, MailHost } from "../dane/smtp-plan.ts";
import { verifyDane } from "../dane/verify.ts";
import type { Timer, UnixSeconds } from "../env/env.ts";
import { systemClock } from "../env/system.ts";
import { Conversation, type Fault, type Reply } from "./conversation.ts";
import { type PlannedHost, planWithoutTls } from "./plan-mail.ts";
import { verifyWebPki } from "./webpki.ts";

/** Of `planDelivery`, or of `planMail`. */
export type SessionHost = MailHost | PlannedHost;

export type Session = OpenSession | NoSession;

export interface OpenSession {
  readonly kind: "open";
  /**
   * The server's greeting is in it again, to be read first, and EHLO is to be said (anew: RFC 3207 §4.2). After TLS the
   * server offers no STARTTLS any more. Errors come as events; destroy it when done.
   */
  readonly socket: Socket | TLSSocket;
  readonly security: "authenticated" | "encrypted" | "in the clear";
  readonly host: SessionHost;
  readonly address: string;
  /** What the certificate matched, where it was authenticated by DANE; null where MTA-STS asked for a certificate by a CA. */
  readonly match: Verified | null;
  /** What was tried before, in order, with what TLSRPT wants to know of it. */
  readonly tried: readonly Attempt[];
}

/** Nobody may have the mail, for now or at all. */
export interface NoSession extends Told {
  readonly kind: "none";
  readonly do: "defer" | "bounce";
  readonly tried: readonly Attempt[];
}

/** A host that did not get the mail, and why. */
export interface Attempt extends Told {
  readonly host: SessionHost;
  /** Null: it was not connected to. */
  readonly address: string | null;
}

/** Milliseconds. */
export interface SessionPatience {
  readonly connectMs: number;
  readonly greetingMs: number;
  readonly replyMs: number;
  readonly handshakeMs: number;
}

/** RFC 5321 §4.5.3.2 asks for five minutes where mail is under way; a host that is passed over costs less. */
const sessionPatience: SessionPatience = {
  connectMs: 30_000,
  greetingMs: 300_000,
  replyMs: 300_000,
  handshakeMs: 60_000,
};

export interface SessionOptions {
  /** For EHLO: this machine's name in DNS, or "[192.0.2.1]". */
  readonly helo: string;
  /** Default: 25. */
  readonly port?: number;
  readonly localAddress?: string;
  readonly signal?: AbortSignal;
  readonly patience?: Partial<SessionPatience>;
  /** More for the handshake. What decides whom to believe is not among it. */
  readonly tls?: Pick<
    ConnectionOptions,
    "cert" | "ciphers" | "ecdhCurve" | "key" | "maxVersion" | "minVersion" | "sigalgs"
  >;
  /** When the certificates must be good; default: now. */
  readonly now?: UnixSeconds;
  readonly timer?: Timer;
}

/** A domain may publish any number; the same limit for all hosts together. */
const MOST_ADDRESSES = 20;

/** Never rejects for what the network does. TypeError for a name that EHLO cannot carry. */
export async function openSession(
  plan: Told & Pick<DeliveryPlan, "do"> & { readonly hosts: readonly SessionHost[] },
  options: SessionOptions,
): Promise<Session> {
  checkHelo(options.helo);
  const tried: Attempt[] = [];
  if (plan.do !== "deliver") return { kind: "none", do: plan.do, ...retold(plan), tried };
  let addresses = 0;
  for (const host of plan.hosts) {
    if (host.action.do === "skip") tried.push({ host, address: null, ...retold(host.action) });
    for (const address of host.action.do === "skip" ? [] : host.addresses) {
      if (++addresses > MOST_ADDRESSES || (tried.length > 0 && options.signal?.aborted)) break;
      const outcome = await openAddress(host, address, options);
      if (outcome.kind === "open") return { ...outcome, host, address, tried };
      tried.push({ host, address, ...retold(outcome) });
    }
  }
  return { kind: "none", do: "defer", ...whyNone(tried), tried };
}

function checkHelo(helo: string): void {
  if (!/^[\x21-\x7e]{1,255}$/.test(helo))
    throw new TypeError(`"${helo}" is no name to say EHLO with: mail.example.com or [192.0.2.1] expected`);
}

/** What a report would want to know before anything else, of those that are worth another try. */
function whyNone(tried: readonly Attempt[]): Told {
  const temporary = tried.filter(({ status }) => status?.startsWith("4"));
  const first = temporary.find(({ tlsrpt }) => tlsrpt !== null) ?? temporary[0];
  return first === undefined ? told("connection failed", "the plan names no address") : retold(first);
}

interface Refusal extends Told {
  readonly kind: "refused";
}

const refusal = (code: Code, reason: string): Refusal => ({ kind: "refused", ...told(code, reason) });

type Outcome = Pick<OpenSession, "kind" | "socket" | "security" | "match"> | Refusal;

async function openAddress(host: SessionHost, address: string, options: SessionOptions): Promise<Outcome> {
  const { port = 25, localAddress } = options;
  const target = { host: address, port, ...(localAddress === undefined ? {} : { localAddress }) };
  const first = await converse(connect(target), host, { ...options, address, starttls: "if offered" });
  if (first !== "try in the clear") return first;
  // On a new connection: the old one is in the middle of a handshake.
  const second = await converse(connect(target), host, { ...options, address, starttls: "no more" });
  return second === "try in the clear" ? refusal("handshake failed", `${address}: TLS fails`) : second;
}

/**
 * The same on a connection that somebody else opened to an address of this host, before anything was read from it. Where the
 * handshake fails and the clear is allowed, the host is refused all the same: that takes another connection.
 */
export async function startSession(
  socket: Socket,
  host: SessionHost,
  options: Omit<SessionOptions, "port" | "localAddress">,
): Promise<OpenSession | (NoSession & { readonly do: "defer" })> {
  checkHelo(options.helo);
  if (host.action.do === "skip") {
    socket.destroy();
    return {
      kind: "none",
      do: "defer",
      ...retold(host.action),
      tried: [{ host, address: null, ...retold(host.action) }],
    };
  }
  const address = socket.remoteAddress ?? host.addresses[0] ?? "";
  const outcome = await converse(socket, host, { ...options, address, starttls: "if offered" });
  if (typeof outcome === "object" && outcome.kind === "open") return { ...outcome, host, address, tried: [] };
  const why = outcome === "try in the clear" ? told("handshake failed", `${address}: TLS fails`) : retold(outcome);
  return { kind: "none", do: "defer", ...why, tried: [{ host, address, ...why }] };
}

type Trial = SessionOptions & { readonly address: string; readonly starttls: "if offered" | "no more" };

async function converse(socket: Socket, host: SessionHost, trial: Trial): Promise<Outcome | "try in the clear"> {
  const { helo, address, signal, timer = systemClock, starttls } = trial;
  const patience = { ...sessionPatience, ...trial.patience };
  const where = `${host.name ?? "the host"} at ${address}`;
  const talk = new Conversation(socket, { timer, signal });
  const end = (code: Code, reason: string): Refusal => {
    socket.destroy();
    return refusal(code, `${where}: ${reason}`);
  };
  const silent = await talk.connected(patience.connectMs);
  if (silent !== null) return end("connection failed", silent.reason);
  const greeting = await talk.reply(patience.greetingMs);
  if (isFault(greeting)) return end("connection failed", greeting.reason);
  if (greeting.code !== 220) return end("session refused", greeting.text);
  const offers = await talk.say(`EHLO ${helo}`, patience.replyMs);
  if (isFault(offers)) return end("connection failed", offers.reason);
  if (offers.code === 421) return end("session refused", offers.text);
  const clear = (how: "not offered" | "failed"): Outcome => {
    const refused = planWithoutTls(host.action, where, how);
    if (refused !== null) {
      socket.destroy();
      return { kind: "refused", ...retold(refused) };
    }
    talk.giveBack(greeting);
    return { kind: "open", socket, security: "in the clear", match: null };
  };
  // RFC 5321 §4.1.1.1: the first line names the server, each other one an extension.
  const offered = offers.code === 250 && offers.lines.slice(1).some((line) => /^STARTTLS\s*$/i.test(line));
  if (!offered || starttls === "no more") return clear(offered ? "failed" : "not offered");
  const ready = await talk.say("STARTTLS", patience.replyMs);
  if (isFault(ready)) return end("connection failed", ready.reason);
  if (ready.code !== 220) return clear("failed");
  // CVE-2011-0411: what stands behind the reply was said by nobody who knows the keys.
  if (talk.unread > 0) return end("handshake failed", "plain text stands behind the reply to STARTTLS");
  const secured = await shakeHands(socket, host, { ...trial, timer, ms: patience.handshakeMs });
  if ("reason" in secured) {
    socket.destroy();
    const refused = planWithoutTls(host.action, where, "failed");
    return refused === null ? "try in the clear" : refusal(refused.code, `${where}: ${secured.reason}`);
  }
  return judge(secured, host, { where, greeting, now: trial.now });
}

function judge(
  socket: TLSSocket,
  { action }: SessionHost,
  { where, greeting, now }: { readonly where: string; readonly greeting: Reply; readonly now: UnixSeconds | undefined },
): Outcome {
  const at = now === undefined ? {} : { now };
  const found =
    action.do === "authenticate"
      ? verifyDane(socket, action, at)
      : action.do === "webpki"
        ? verifyWebPki(socket, action, at)
        : null;
  if (found?.kind === "refused") {
    socket.destroy();
    return refusal(found.code, `${where}: ${found.reason}`);
  }
  socket.unshift(greeting.octets);
  const match = found !== null && "record" in found ? found : null;
  return { kind: "open", socket, security: found === null ? "encrypted" : "authenticated", match };
}

/** TLS with whoever answers: who it is, is looked at afterwards. */
function shakeHands(
  socket: Socket,
  { action }: SessionHost,
  { timer, ms, signal, tls }: Trial & { readonly timer: Timer; readonly ms: number },
): Promise<TLSSocket | Fault> {
  const sni = action.do === "skip" ? null : action.sni;
  // Without a session of an earlier connection: a resumed one shows no certificates.
  const secured = startTls({ ...tls, socket, rejectUnauthorized: false, ...(sni === null ? {} : { servername: sni }) });
  return new Promise((resolve) => {
    const settle = (outcome: TLSSocket | Fault): void => {
      cancel();
      signal?.removeEventListener("abort", onAbort);
      if (outcome !== secured) secured.destroy();
      resolve(outcome);
    };
    const onAbort = (): void => settle({ reason: "nobody waits for it any more" });
    const cancel = timer.after(ms, () => settle({ reason: `no TLS handshake within ${ms / 1000} s` }));
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
    secured.once("secureConnect", () => settle(secured));
    // It stays, so that an error before the program listens is no uncaught one.
    secured.on("error", (error) => settle({ reason: `the TLS handshake failed: ${error.message}` }));
    secured.once("close", () => settle({ reason: "the server closed the connection in the TLS handshake" }));
  });
}

function isFault(outcome: Reply | Fault): outcome is Fault {
  return "reason" in outcome;
}
