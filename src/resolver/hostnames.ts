/** Host names as Node's programs write them: IDNs in Unicode, no final dot, no escapes for octets that need none. */
import { domainToASCII } from "node:url";
import { Name } from "../wire/name.ts";
import { argumentError, DnsError } from "./dns-error.ts";

/** Throws EBADNAME. Every name is absolute: no search list is applied. */
export function nameFromHostname(hostname: string, syscall: string): Name {
  if (typeof hostname !== "string")
    throw argumentError("ERR_INVALID_ARG_TYPE", `the host name is a string, not ${typeof hostname}`);
  const ascii = isAscii(hostname) ? hostname : domainToASCII(hostname);
  try {
    if (ascii === "" && hostname !== "") throw new TypeError(`"${hostname}" is no IDN`);
    return Name.parse(ascii);
  } catch (error) {
    throw new DnsError("EBADNAME", { syscall, hostname, answer: null, reason: (error as TypeError).message });
  }
}

/** Without the final dot; the root is "", as in node:dns, where a null MX has the exchange "". RFC 7505. */
export function hostnameFromName(name: Name): string {
  return name.toString().slice(0, -1);
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
