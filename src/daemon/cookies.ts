/** From a file of secrets to server cookies. RFC 9018 §5: the first secret makes them, those after it are still accepted. */
import { ServerCookies } from "../server/cookies.ts";
import { textOf } from "./trust-files.ts";
import { UsageError } from "./usage-error.ts";

const SECRET = /^[0-9a-f]{32}$/i;

/** One secret a line, 32 hexadecimal digits; blank lines and lines that begin with # are passed over. */
export function cookiesFrom(file: string): ServerCookies {
  const secrets: Uint8Array[] = [];
  for (const [i, line] of textOf(file, "cookie secrets").split("\n").entries()) {
    const secret = line.trim();
    if (secret === "" || secret.startsWith("#")) continue;
    // The line itself is not shown: it is a secret, or nearly one.
    if (!SECRET.test(secret)) throw new UsageError(`${file}:${i + 1}: a secret is 32 hexadecimal digits`);
    secrets.push(Uint8Array.from(Buffer.from(secret, "hex")));
  }
  if (secrets.length === 0) throw new UsageError(`${file}: no secret in it`);
  return new ServerCookies(secrets);
}
