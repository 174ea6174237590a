/** Root hints and trust anchors from files that an operator names. UsageError with file, line and reason. */
import { readFileSync } from "node:fs";
import { AnchorError, anchorsFromXml, anchorsFromZoneText, mergeAnchors } from "../dnssec/anchors.ts";
import type { TrustAnchor } from "../dnssec/trust-anchor.ts";
import type { UnixSeconds } from "../env/env.ts";
import type { Hint } from "../resolver/api.ts";
import { hintsFromText } from "../resolver/create.ts";
import { ZoneFileError } from "../wire/zonefile.ts";
import { UsageError } from "./usage-error.ts";

export function hintsFrom(file: string): readonly Hint[] {
  const hints = inWords(() => hintsFromText(textOf(file, "root hints"), file));
  if (hints.length === 0) throw new UsageError(`${file}: no root server with an address in it`);
  return hints;
}

/** Zone-file text or IANA's XML, of all files together. */
export function anchorsFrom(files: readonly string[], now: UnixSeconds): readonly TrustAnchor[] {
  const anchors = files.flatMap((file) => {
    const text = textOf(file, "trust anchors");
    const isXml = /^\uFEFF?\s*</.test(text);
    const found = inWords(() => (isXml ? anchorsFromXml(text, now, file) : anchorsFromZoneText(text, file)));
    if (found.length === 0) throw new UsageError(`${file}: no DS or DNSKEY record in it`);
    return found;
  });
  return mergeAnchors(anchors);
}

/** The text of a file that the user named; `what` is said to be in it. */
export const textOf = (file: string, what: string): string => octetsOf(file, `${what} from ${file}`).toString();

/** A file that the user named; `what` cannot be read if it cannot. */
export function octetsOf(file: string, what = file): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`cannot read ${what}: ${code === undefined ? message : reasonFor(code)}`);
  }
}

/** The parsers' errors name file, line and reason already. */
function inWords<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof AnchorError || error instanceof ZoneFileError) throw new UsageError(error.message);
    throw error;
  }
}

export function reasonFor(code: string): string {
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "permission denied";
    case "EISDIR":
      return "it is a directory";
    default:
      return code;
  }
}
