/** From flags to a resolver: root hints, trust anchors, settings. */
import { anchorsFrom, hintsFrom } from "../daemon/trust-files.ts";
import type { ResolutionEvent } from "../env/events.ts";
import type { Resolver } from "../resolver/api.ts";
import type { Settings } from "../resolver/options.ts";
import { parseNetwork } from "../wire/address.ts";
import { Name } from "../wire/name.ts";
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
}

/** UsageError with file, line and reason where hints or anchors cannot be used. */
export function resolverFrom(given: Given, io: Io, options: SetupOptions = {}): Resolver {
  const hints = given.text("root-hints");
  const anchors = given.texts("trust-anchor-file");
  return io.createResolver({
    ...(hints === undefined ? {} : { rootHints: hintsFrom(hints) }),
    ...(anchors.length === 0 ? {} : { trustAnchors: anchorsFrom(anchors, io.clock.unixSeconds()) }),
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
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
