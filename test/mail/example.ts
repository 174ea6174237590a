import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as startTls, type TLSSocket } from "node:tls";
import type { Told } from "../../src/dane/codes.ts";
import { verifyDane } from "../../src/dane/verify.ts";
import { type PlannedAction, type PlannedHost, planMail, planWithoutTls } from "../../src/mail/plan-mail.ts";
import type { Sts } from "../../src/mail/sts.ts";
import type { TlsrptCollector } from "../../src/mail/tlsrpt-collector.ts";
import { policyResults } from "../../src/mail/tlsrpt-results.ts";
import { verifyWebPki } from "../../src/mail/webpki.ts";
import type { Resolver } from "../../src/resolver/api.ts";

interface Sender {
  readonly resolver: Resolver;
  readonly sts: Sts;
  readonly reports: TlsrptCollector;
  readonly port?: number;
  /** For `ca`, where this machine's CAs are not the ones to trust. */
  readonly tls?: ConnectionOptions;
}

/** A connection to a host that may get mail for the domain. Throws, with the reason, if there is none. */
export async function openSession(sender: Sender, domain: string): Promise<{ host: PlannedHost; socket: Socket }> {
  const plan = await planMail(sender.resolver, sender.sts, domain);
  const reasons: string[] = [];
  for (const host of plan.hosts) {
    const attempt = await tryHost(host, sender);
    if (attempt.kind !== "unreachable" && plan.domain !== null)
      sender.reports.add(domain, policyResults(plan, host, attempt), {
        receivingMxHostname: `${host.name}`.slice(0, -1),
      });
    if (attempt.kind === "open") return { host, socket: attempt.socket };
    reasons.push(`${host.name} ${attempt.kind === "refused" ? told(attempt.failure) : attempt.reason}`);
  }
  throw new Error(`${plan.do === "bounce" ? "bounce" : "defer"}: ${reasons.join("; ") || told(plan)}`);
}

type Attempt =
  | { readonly kind: "open"; readonly socket: Socket; readonly failure: null; readonly test: Told | null }
  | { readonly kind: "refused"; readonly failure: Told }
  | { readonly kind: "unreachable"; readonly reason: string };

async function tryHost({ name, addresses, action }: PlannedHost, { port = 25, tls = {} }: Sender): Promise<Attempt> {
  if (action.do === "skip") return { kind: "refused", failure: action };
  const socket = connect({ host: addresses[0]!, port });
  let step: "talking" | "starting TLS" = "talking";
  try {
    await reply(socket);
    const offers = await say(socket, "EHLO client.example");
    if (!offers.includes("STARTTLS")) {
      const failure = planWithoutTls(action, `${name}`);
      if (failure !== null) return refused(socket, failure);
      return { kind: "open", socket, failure: null, test: missed(null, action) };
    }
    await say(socket, "STARTTLS");
    step = "starting TLS";
    const servername = action.sni === null ? {} : { servername: action.sni };
    // Not `rejectUnauthorized`: who must be there is looked at below. A new session each time: a resumed one shows no certificates.
    const secured = startTls({ ...tls, socket, rejectUnauthorized: false, ...servername });
    await once(secured, "secureConnect");
    const failure = whyNot(secured, action);
    if (failure !== null) return refused(secured, failure);
    return { kind: "open", socket: secured, failure: null, test: missed(secured, action) };
  } catch (error) {
    const failure = step === "talking" ? null : planWithoutTls(action, `${name}`, "failed");
    if (failure !== null) return refused(socket, failure);
    socket.destroy();
    return { kind: "unreachable", reason: (error as Error).message };
  }
}

/** Null if this server is the right one, or any will do. */
function whyNot(socket: TLSSocket, action: PlannedAction): Told | null {
  switch (action.do) {
    case "authenticate": {
      const match = verifyDane(socket, action);
      return match.kind === "refused" ? match : null;
    }
    case "webpki": {
      const match = verifyWebPki(socket, action);
      return match.kind === "refused" ? match : null;
    }
    case "encrypt":
    case "opportunistic":
      return null;
    case "skip":
      return action;
  }
}

/** What a policy in mode testing would have refused: for the report only. */
function missed(socket: TLSSocket | null, action: PlannedAction): Told | null {
  const test = "test" in action ? action.test : null;
  if (test === null || test.kind === "failed") return test?.failure ?? null;
  return socket === null ? planWithoutTls(test.action, test.action.sni) : whyNot(socket, test.action);
}

function refused(socket: Socket, failure: Told): Attempt {
  socket.destroy();
  return { kind: "refused", failure };
}

function told({ status, reason }: Told): string {
  return `${status} ${reason}`;
}

function say(socket: Socket, line: string): Promise<string> {
  socket.write(`${line}\r\n`);
  return reply(socket);
}

/** One SMTP reply, all of its lines. */
async function reply(socket: Socket): Promise<string> {
  let text = "";
  while (!/^\d{3} .*\r\n$/m.test(text)) text += String((await once(socket, "data"))[0]);
  if (!/^[23]/.test(text)) throw new Error(text.trim());
  return text;
}
