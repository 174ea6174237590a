/** From flags to a resolver: root hints, trust anchors, settings. */
import { readFileSync } from "node:fs";
import { AnchorError, anchorsFromXml, anchorsFromZoneText, mergeAnchors } from "../dnssec/anchors.ts";
import type { TrustAnchor } from "../dnssec/trust-anchor.ts";
import type { ResolutionEvent } from "../env/events.ts";
import type { Hint, Resolver } from "../resolver/api.ts";
import { hintsFromText, type ResolverOptions } from "../resolver/create.ts";
import type { Settings } from "../resolver/options.ts";
import { parseNetwork } from "../wire/address.ts";
import { Name } from "../wire/name.ts";
import { ZoneFileError } from "../wire/zonefile.ts";
import { type Io, type OptionRows, UsageError } from "./command.ts";
import { type Given, settingRows, settingsFrom } from "./options.ts";

/** Options of every command that resolves. */
export const resolverRows: OptionRows = {
  "root-hints": {
    value: "FILE",
    why: "names and addresses of the root servers, as NS, A and AAAA records in zone-file format; default: IANA's, built in",
  },
  "trust-anchor-file": {
    value: "FILE",
    repeatable: true,
    why: "DS or DNSKEY records of the zones to trust, in zone-file format, or IANA's root-anchors.xml; instead of the built-in anchors of the root",
  },
  "private-address": {
    value: "PREFIX",
    repeatable: true,
    why: "addresses that public names must not have, 10.0.0.0/8 or fd00::/8: unsigned ones are left out, signed names that have one fail; against DNS rebinding",
  },
  "private-domain": { value: "NAME", repeatable: true, why: "names at and below which such addresses are right" },
  ...settingRows,
};

export interface SetupOptions {
  readonly settings?: Partial<Settings>;
  readonly onEvent?: (event: ResolutionEvent) => void;
  readonly managedAnchors?: ResolverOptions["managedAnchors"];
}

/** UsageError with file, line and reason where hints or anchors cannot be used. */
export function resolverFrom(given: Given, io: Io, options: SetupOptions = {}): Resolver {
  const rootHints = hintsFrom(given);
  const trustAnchors = anchorsFrom(given, io);
  return io.createResolver({
    ...(rootHints === null ? {} : { rootHints }),
    ...(trustAnchors === null ? {} : { trustAnchors }),
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
    ...(options.managedAnchors === undefined ? {} : { managedAnchors: options.managedAnchors }),
    privateAddresses: given.texts("private-address").map((text) => {
      if (parseNetwork(text) === null)
        throw new UsageError(`--private-address: "${text}" is no prefix: write 10.0.0.0/8 or fd00::/8`);
      return text;
    }),
    privateDomains: given.texts("private-domain").map((text) => nameFrom(text, "--private-domain")),
    settings: { ...settingsFrom(given), ...options.settings },
  });
}

function nameFrom(text: string, option: string): Name {
  try {
    return Name.parse(text);
  } catch (error) {
    throw new UsageError(`${option}: "${text}" is no name: ${(error as Error).message}`);
  }
}

function hintsFrom(given: Given): readonly Hint[] | null {
  const file = given.text("root-hints");
  if (file === undefined) return null;
  const hints = inWords(() => hintsFromText(textOf(file, "root hints"), file));
  if (hints.length === 0) throw new UsageError(`${file}: no root server with an address in it`);
  return hints;
}

function anchorsFrom(given: Given, io: Io): readonly TrustAnchor[] | null {
  const files = given.texts("trust-anchor-file");
  if (files.length === 0) return null;
  const anchors = files.flatMap((file) => {
    const text = textOf(file, "trust anchors");
    const isXml = /^\uFEFF?\s*</.test(text);
    const found = inWords(() =>
      isXml ? anchorsFromXml(text, io.clock.unixSeconds(), file) : anchorsFromZoneText(text, file),
    );
    if (found.length === 0) throw new UsageError(`${file}: no DS or DNSKEY record in it`);
    return found;
  });
  return mergeAnchors(anchors);
}

function textOf(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`cannot read ${what} from ${file}: ${code === undefined ? message : reasonFor(code)}`);
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

function reasonFor(code: string): string {
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
