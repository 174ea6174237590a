import { authenticate } from "mailauth";
import { mailauthResolver, type Resolver } from "rootwalk";

/** SPF, DKIM and DMARC of a message that came in, by records that nobody forged on the way. */
export function judge(
  resolver: Resolver,
  message: string,
  from: { readonly ip: string; readonly helo: string; readonly sender: string },
) {
  return authenticate(message, { ...from, mta: "mx.example.net", resolver: mailauthResolver(resolver) });
}
