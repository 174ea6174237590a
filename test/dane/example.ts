import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as startTls } from "node:tls";
import { type MailHost, planDelivery, withoutTls } from "../../src/dane/smtp-plan.ts";
import { verifyDane } from "../../src/dane/verify.ts";
import type { Resolver } from "../../src/resolver/api.ts";

/** A connection over which mail for the domain may go. Throws, with the reason, if there is none. */
export async function openSession(resolver: Resolver, domain: string, port = 25): Promise<Socket> {
  const plan = await planDelivery(resolver, domain);
  if (plan.do !== "deliver") throw new Error(`${plan.do} ${plan.status}: ${plan.reason}`);
  const reasons: string[] = [];
  for (const host of plan.hosts) {
    try {
      return await openHost(host, port);
    } catch (error) {
      reasons.push(`${host.name} ${(error as Error).message}`);
    }
  }
  throw new Error(`defer: ${reasons.join("; ")}`);
}

async function openHost({ name, addresses, action }: MailHost, port: number): Promise<Socket> {
  if (action.do === "skip") throw new Error(`${action.status}: ${action.reason}`);
  const socket = connect({ host: addresses[0]!, port });
  try {
    await reply(socket);
    const offers = await say(socket, "EHLO client.example");
    if (!offers.includes("STARTTLS")) {
      const refused = withoutTls(action, `${name}`);
      if (refused !== null) throw new Error(`${refused.status}: ${refused.reason}`);
      return socket;
    }
    await say(socket, "STARTTLS");
    // Not `rejectUnauthorized`: what public CAs say does not matter here. A new session each time: a resumed one shows no certificates.
    const tls = startTls({
      socket,
      rejectUnauthorized: false,
      ...(action.sni === null ? {} : { servername: action.sni }),
    });
    await once(tls, "secureConnect");
    if (action.do === "authenticate") {
      const match = verifyDane(tls, action);
      if (match.kind === "refused") throw new Error(`${match.status}: ${match.reason}`);
    }
    return tls;
  } catch (error) {
    socket.destroy();
    throw error;
  }
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
