/** From a configuration to what the server and the resolver are made of. UsageError for files that cannot be used. */
import { accessSync, constants, mkdirSync } from "node:fs";
import type { AnchorStore } from "../resolver/api.ts";
import type { ResolverOptions } from "../resolver/create.ts";
import { type AccessRule, loopbackRules } from "../server/access.ts";
import { parsePrefix } from "../server/addresses.ts";
import type { ServerCookies } from "../server/cookies.ts";
import type { IdentityFiles, TlsIdentity } from "../server/identity.ts";
import { Name } from "../wire/name.ts";
import { alike, type Configuration } from "./configuration.ts";
import { cookiesFrom } from "./cookies.ts";
import { identityFilesOf, identityFrom } from "./listening.ts";
import { anchorStoreIn } from "./state.ts";
import { anchorsFrom, hintsFrom } from "./trust-files.ts";
import { UsageError } from "./usage-error.ts";

/** What a configuration says, and what was in the files that it names when they were read last. */
export interface Plan {
  readonly rules: readonly AccessRule[];
  readonly cookies: ServerCookies | null;
  readonly identityFiles: IdentityFiles | null;
  /** What was in them. */
  readonly identity: TlsIdentity | null;
  readonly resolver: ResolverOptions;
}

/** UsageError for whatever cannot be used, certificates included. */
export function planOf(configuration: Configuration, now: number): Plan {
  const identityFiles = identityFilesOf(configuration);
  return {
    identityFiles,
    identity: identityFiles === null ? null : identityFrom(identityFiles),
    rules: accessRules(configuration),
    resolver: resolverOptionsOf(configuration, now),
    cookies: cookiesOf(configuration),
  };
}

/** Loopback first. */
function accessRules(configuration: Configuration): readonly AccessRule[] {
  const { options } = configuration;
  const of = alike(configuration, "allow-with-cookie");
  if (options["allow-with-cookie"].length > 0 && options["cookie-secret-file"] === null)
    throw new UsageError(`${of("allow-with-cookie")} needs ${of("cookie-secret-file")}`);
  const rules = (texts: readonly string[], decision: AccessRule["decision"]): readonly AccessRule[] =>
    texts.map((text) => ({ prefix: parsePrefix(text), decision }));
  return [...loopbackRules, ...rules(options.allow, "allow"), ...rules(options["allow-with-cookie"], "cookie")];
}

function cookiesOf({ options }: Configuration): ServerCookies | null {
  const file = options["cookie-secret-file"];
  return file === null ? null : cookiesFrom(file);
}

export function nsidOf({ options }: Configuration): Uint8Array | null {
  return options.nsid === null ? null : new TextEncoder().encode(options.nsid);
}

/** All but events, environment and managed anchors. */
export function resolverOptionsOf({ options, settings, zones }: Configuration, now: number): ResolverOptions {
  const hints = options["root-hints"];
  const anchors = options["trust-anchor-file"];
  return {
    ...(hints === null ? {} : { rootHints: hintsFrom(hints) }),
    ...(anchors.length === 0 ? {} : { trustAnchors: anchorsFrom(anchors, now) }),
    privateAddresses: options["private-address"],
    privateDomains: options["private-domain"].map((text) => Name.parse(text)),
    forwards: zones.forwards,
    stubs: zones.stubs,
    negativeAnchors: zones.negativeAnchors
      .filter(({ until }) => until === null || until > now)
      .map((anchor) => anchor.name),
    settings,
  };
}

/** A disk that is full or read-only must not keep mail from flowing; what is no directory is a mistake. */
export function storeOf({ options, label }: Configuration, warn: (sentence: string) => void): AnchorStore | null {
  const dir = options["state-dir"];
  if (dir === null) return null;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o750 });
    accessSync(dir, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    if (code === "EEXIST" || code === "ENOTDIR") throw new UsageError(`${label("state-dir")} ${dir} is no directory`);
    warn(`${label("state-dir")} ${dir} cannot be written (${code}): key rollovers will be forgotten with this run`);
  }
  return anchorStoreIn(dir);
}
