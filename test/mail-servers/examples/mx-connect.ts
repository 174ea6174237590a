import mxConnect from "mx-connect";
import { mxConnectDns, planDelivery, type Resolver, startSession } from "rootwalk";
import { type Mail, sendOver } from "./nodemailer.ts";

/** mx-connect finds and connects, rootwalk checks who answered. Rejects where nobody may have the mail. */
export async function deliver(
  resolver: Resolver,
  message: Mail,
  { helo, port }: { readonly helo: string; readonly port?: number },
) {
  const target = message.to.slice(message.to.lastIndexOf("@") + 1);
  const { resolveRecords, resolveTlsa, checkDnssecSecure } = mxConnectDns(resolver);
  const plan = await planDelivery(resolver, target);
  const ignoreMXHosts: string[] = [];
  let last: Error | undefined;
  for (let tries = 0; tries < 20; tries++) {
    const mx = await mxConnect({
      target,
      port,
      ignoreMXHosts,
      mxLastError: last,
      dnsOptions: { resolveRecords },
      dane: { enabled: true, resolveTlsa, checkDnssecSecure },
    });
    const host = plan.hosts.find(({ addresses }) => addresses.includes(mx.host));
    if (host === undefined) throw new Error(`defer: ${mx.host} is not in the plan`);
    const session = await startSession(mx.socket, host, { helo });
    if (session.kind === "open") return sendOver(session, message, helo);
    last = Object.assign(new Error(`defer ${session.status}: ${session.reason}`), { cause: session });
    ignoreMXHosts.push(mx.host); // the next one
  }
  throw last;
}
