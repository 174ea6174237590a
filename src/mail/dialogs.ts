/**
 * What is said before TLS begins, one generator per protocol: it yields what to send (null: nothing) and gets the next
 * line. No sockets here, so that every odd server can be played on paper. RFC 3207, RFC 2033, RFC 9051, RFC 2595, RFC 5804.
 */

export const starttlsProtocols = ["smtp", "lmtp", "imap", "pop3", "sieve"] as const;

export type StarttlsProtocol = (typeof starttlsProtocols)[number];

export interface Turn {
  /** A line without its end; null to go on listening. */
  readonly send: string | null;
  readonly waitFor: "greeting" | "reply";
}

export type DialogEnd =
  /** The next octet on the wire, either way, belongs to TLS. */
  | { readonly kind: "ready" }
  | { readonly kind: "no starttls"; readonly reason: string }
  /** The server wants nothing of us, now (`temporary`) or at all. */
  | { readonly kind: "refused"; readonly temporary: boolean; readonly reason: string }
  | { readonly kind: "garbled"; readonly reason: string };

export type Dialog = Generator<Turn, DialogEnd, string>;

/** `client`: our name, for protocols that ask for one. */
export function dialogFor(protocol: StarttlsProtocol, client: string): Dialog {
  switch (protocol) {
    case "smtp":
      return smtp(`EHLO ${client}`);
    case "lmtp":
      return smtp(`LHLO ${client}`);
    case "imap":
      return imap();
    case "pop3":
      return pop3();
    case "sieve":
      return sieve();
  }
}

/** A server may not send lines for ever. RFC 5321 sets no limit; real replies to EHLO have some 15. */
const MOST_LINES = 100;

const greetingTurn: Turn = { send: null, waitFor: "greeting" };
const listen: Turn = { send: null, waitFor: "reply" };
const say = (send: string): Turn => ({ send, waitFor: "reply" });

interface Reply {
  readonly code: number;
  /** Texts of its lines, without the code. */
  readonly texts: readonly string[];
}

/** RFC 5321 §4.2: "250-" continues, "250 " ends, and the code is the same on all lines. */
function* smtpReply(first: Turn): Generator<Turn, Reply | DialogEnd, string> {
  const texts: string[] = [];
  let code: string | null = null;
  for (let turn = first; texts.length < MOST_LINES; turn = { ...first, send: null }) {
    const line = yield turn;
    const match = /^([2-5][0-9]{2})(?:([ -])(.*))?$/s.exec(line);
    if (match === null || (code !== null && match[1] !== code)) return garbled(line);
    code = match[1]!;
    texts.push(match[3] ?? "");
    if (match[2] !== "-") return { code: Number(code), texts };
  }
  return { kind: "garbled", reason: `a reply of more than ${MOST_LINES} lines` };
}

function* smtp(hello: string): Dialog {
  const greeting = yield* smtpReply(greetingTurn);
  if ("kind" in greeting) return greeting;
  if (greeting.code !== 220) return refused("the greeting", greeting);
  const offers = yield* smtpReply(say(hello));
  if ("kind" in offers) return offers;
  if (offers.code === 421) return refused(hello, offers);
  if (offers.code !== 250) return noStarttls(`${hello}: ${text(offers)}`);
  // RFC 5321 §4.1.1.1: the first line names the server, each other one an extension.
  const extensions = offers.texts.slice(1);
  if (!extensions.some((offer) => /^starttls(?:\s|$)/i.test(offer)))
    return noStarttls(`it offers ${extensions.join(", ") || "nothing"}`);
  const answer = yield* smtpReply(say("STARTTLS"));
  if ("kind" in answer) return answer;
  return answer.code === 220 ? { kind: "ready" } : refused("STARTTLS", answer);
}

/** RFC 9051 §6.2.1, §7.1 */
function* imap(): Dialog {
  const greeting = yield greetingTurn;
  if (/^\* BYE\b/i.test(greeting)) return { kind: "refused", temporary: true, reason: `the greeting: ${greeting}` };
  // RFC 9051 §11.1: who greets with PREAUTH takes no STARTTLS any more.
  if (/^\* PREAUTH\b/i.test(greeting)) return noStarttls(`the greeting is ${greeting}`);
  if (!/^\* OK\b/i.test(greeting)) return garbled(greeting);
  const capabilities: string[] = [];
  const listed = yield* imapCommand("a1", "CAPABILITY", (line) => capabilities.push(line));
  if (listed.kind !== "ready") return listed;
  if (!capabilities.some((line) => /^\* CAPABILITY\b.*\bSTARTTLS\b/i.test(line)))
    return noStarttls(`it offers ${capabilities.join(" ").replace(/^\* CAPABILITY /i, "") || "nothing"}`);
  return yield* imapCommand("a2", "STARTTLS", () => {});
}

function* imapCommand(tag: string, command: string, keep: (line: string) => void): Dialog {
  let turn = say(`${tag} ${command}`);
  for (let lines = 0; lines < MOST_LINES; lines++, turn = listen) {
    const line = yield turn;
    if (/^\* BYE\b/i.test(line)) return { kind: "refused", temporary: true, reason: `${command}: ${line}` };
    if (line.startsWith("* ")) keep(line);
    else if (/^OK\b/i.test(line.slice(tag.length + 1)) && line.startsWith(`${tag} `)) return { kind: "ready" };
    else if (line.startsWith(`${tag} `)) return { kind: "refused", temporary: false, reason: `${command}: ${line}` };
    else return garbled(line);
  }
  return { kind: "garbled", reason: `more than ${MOST_LINES} lines after ${command}` };
}

/** RFC 2595 §4, RFC 2449 §5 */
function* pop3(): Dialog {
  const greeting = yield greetingTurn;
  if (greeting.startsWith("-ERR")) return { kind: "refused", temporary: true, reason: `the greeting: ${greeting}` };
  if (!greeting.startsWith("+OK")) return garbled(greeting);
  const capabilities: string[] = [];
  const first = yield say("CAPA");
  if (first.startsWith("+OK")) {
    for (let line = yield listen; line !== "."; line = yield listen) {
      capabilities.push(line);
      if (capabilities.length > MOST_LINES) return { kind: "garbled", reason: `more than ${MOST_LINES} capabilities` };
    }
    if (!capabilities.some((line) => /^stls$/i.test(line)))
      return noStarttls(`it offers ${capabilities.join(", ") || "nothing"}`);
  } else if (!first.startsWith("-ERR")) return garbled(first);
  // A server that does not know CAPA may still know STLS.
  const answer = yield say("STLS");
  if (answer.startsWith("+OK")) return { kind: "ready" };
  return answer.startsWith("-ERR") ? noStarttls(`STLS: ${answer}`) : garbled(answer);
}

/** RFC 5804 §1.7, §2.2: the greeting is the list of capabilities. */
function* sieve(): Dialog {
  const capabilities: string[] = [];
  for (;;) {
    const line = yield greetingTurn;
    if (/^(?:NO|BYE)\b/i.test(line)) return { kind: "refused", temporary: true, reason: `the greeting: ${line}` };
    if (/^OK\b/i.test(line)) break;
    if (!line.startsWith('"')) return garbled(line);
    capabilities.push(line);
    if (capabilities.length > MOST_LINES) return { kind: "garbled", reason: `more than ${MOST_LINES} capabilities` };
  }
  if (!capabilities.some((line) => /^"STARTTLS"/i.test(line)))
    return noStarttls(`it offers ${capabilities.join(", ") || "nothing"}`);
  const answer = yield say("STARTTLS");
  if (/^OK\b/i.test(answer)) return { kind: "ready" };
  return /^(?:NO|BYE)\b/i.test(answer)
    ? { kind: "refused", temporary: false, reason: `STARTTLS: ${answer}` }
    : garbled(answer);
}

const text = ({ code, texts }: Reply): string => `${code} ${texts.join(" ")}`.trim();

function refused(what: string, reply: Reply): DialogEnd {
  return { kind: "refused", temporary: reply.code < 500, reason: `${what}: ${text(reply)}` };
}

const noStarttls = (reason: string): DialogEnd => ({ kind: "no starttls", reason });
const garbled = (line: string): DialogEnd => ({ kind: "garbled", reason: `"${line.slice(0, 80)}" is no reply` });
