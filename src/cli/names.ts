/** Names as people write them, in the form in which DNS knows them. RFC 5891 A-labels. */
import { domainToASCII } from "node:url";
import { Name } from "../wire/name.ts";
import { UsageError } from "./command.ts";

/** UsageError for a name that is none. */
export function nameFrom(text: string): Name {
  try {
    return Name.parse(/[^ -~]/.test(text) ? toAscii(text) : text);
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

/** The same as text, without a dot at the end. */
export function asciiName(text: string): string {
  const name = nameFrom(text);
  return name.isRoot ? "." : `${name}`.slice(0, -1);
}

function toAscii(text: string): string {
  const ascii = domainToASCII(text);
  if (ascii === "") throw new UsageError(`"${text}" is no internationalised domain name`);
  return ascii;
}
