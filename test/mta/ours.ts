/** A small sending mail server made of the library's parts, so that it can be watched beside Postfix: plan, STARTTLS, check, message. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as startTls } from "node:tls";
import { type Told, told } from "../../src/dane/codes.ts";
import {
  type DeliveryOptions,
  type DeliveryPlan,
  type MailHost,
  planDelivery,
  withoutTls,
} from "../../src/dane/smtp-plan.ts";
import { verifyDane } from "../../src/dane/verify.ts";
import type { Resolver } from "../../src/resolver/api.ts";
import type { Seen } from "./agreement.ts";
import { messageTo, SENDER } from "./mail.ts";

const SMTP_PORT = 25;

export async function deliverOurselves(resolver: Resolver, recipient: string, options: DeliveryOptions): Promise<Seen> {
  const domain = recipient.slice(recipient.indexOf("@") + 1);
  const plan = await planDelivery(resolver, domain, options);
  let last: Told = plan;
  for (const host of plan.hosts) {
    const attempt = await deliverTo(host, plan, recipient);
    if ("tls" in attempt) return { status: "sent", ...attempt };
    last = attempt;
  }
  const status = plan.do === "bounce" ? "bounced" : "deferred";
  return { status, dsn: last.status ?? "", reason: last.code };
}

async function deliverTo(host: MailHost, plan: DeliveryPlan, recipient: string): Promise<Told | { tls: Words }> {
  const { name, addresses, action } = host;
  if (action.do === "skip") return action;
  const socket = connect({ host: addresses[0]!, port: SMTP_PORT });
  try {
    await reply(socket);
    if (!(await say(socket, "EHLO ours.invalid")).includes("STARTTLS")) {
      const refused = withoutTls(action, `${name}`);
      if (refused !== null) return refused;
      await send(socket, recipient);
      return { tls: "none" };
    }
    await say(socket, "STARTTLS");
    const secured = startTls({
      socket,
      rejectUnauthorized: false,
      ...(action.sni === null ? {} : { servername: action.sni }),
    });
    await once(secured, "secureConnect");
    if (action.do === "authenticate") {
      const match = verifyDane(secured, action);
      if (match.kind === "refused") return match;
    }
    await say(secured, "EHLO ours.invalid");
    await send(secured, recipient);
    if (action.do !== "authenticate") return { tls: "Untrusted" };
    return { tls: plan.nextHop === "secure" ? "Verified" : "Trusted" };
  } catch (error) {
    return told("address failed", `${name}: ${(error as Error).message}`);
  } finally {
    socket.destroy();
  }
}

type Words = Extract<Seen, { status: "sent" }>["tls"];

async function send(socket: Socket, recipient: string): Promise<void> {
  await say(socket, `MAIL FROM:<${SENDER}>`);
  await say(socket, `RCPT TO:<${recipient}>`);
  await say(socket, "DATA");
  await say(socket, `${messageTo(recipient)}.`);
  socket.write("QUIT\r\n");
}

function say(socket: Socket, line: string): Promise<string> {
  socket.write(`${line}\r\n`);
  return reply(socket);
}

async function reply(socket: Socket): Promise<string> {
  let text = "";
  while (!/^\d{3} .*\r\n$/m.test(text)) text += String((await once(socket, "data"))[0]);
  if (!/^[23]/.test(text)) throw new Error(text.trim());
  return text;
}
