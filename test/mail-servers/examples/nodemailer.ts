import { createTransport, type SendMailOptions } from "nodemailer";
import { type OpenSession, openSession, planDelivery, type Resolver } from "rootwalk";

export type Mail = Omit<SendMailOptions, "to"> & { readonly to: string };

/** Brings mail to the recipient's own mail servers. Rejects where nobody may have it: `error.cause` says what to do, and why. */
export async function deliver(
  resolver: Resolver,
  message: Mail,
  options: { readonly helo: string; readonly port?: number },
) {
  const domain = message.to.slice(message.to.lastIndexOf("@") + 1);
  const session = await openSession(await planDelivery(resolver, domain), options);
  if (session.kind === "none")
    throw new Error(`${session.do} ${session.status}: ${session.reason}`, { cause: session });
  return sendOver(session, message, options.helo);
}

/** Nodemailer speaks over the socket that was opened for it, and is done with TLS before it begins. */
export function sendOver(session: OpenSession, message: Mail, name: string) {
  const transport = createTransport({
    name,
    host: `${session.host.name ?? session.address}`,
    ignoreTLS: true,
    getSocket: (_options, done) => done(null, { connection: session.socket }),
  });
  return transport.sendMail(message).finally(() => session.socket.destroy());
}
