/** The library's entrance: a resolver on this machine's clock, network and cryptography, from IANA's root unless told otherwise. */
import { readFileSync } from "node:fs";
import { nativeEngine } from "../crypto/native.ts";
import { anchorsFromXml, anchorsFromZoneText } from "../dnssec/anchors.ts";
import type { TrustAnchor } from "../dnssec/trust-anchor.ts";
import { withGenuineSignals } from "../env/abort.ts";
import type { ResolutionEvent } from "../env/events.ts";
import { hasGlobalIpv6, systemClock, systemRandom } from "../env/system.ts";
import { systemExchange } from "../net/exchange.ts";
import { addressFromRdata } from "../wire/address.ts";
import type { Name } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import { parseZone } from "../wire/zonefile.ts";
import type { Hint, Resolver, ResolverParts } from "./api.ts";
import { settingsWith } from "./options.ts";
import { createResolver as fromParts } from "./resolver.ts";

export interface ResolverOptions extends Partial<Omit<ResolverParts, "env" | "hints" | "anchors">> {
  /** Instead of this machine's clock, randomness and sockets: a lab, a test. */
  readonly env?: ResolverParts["env"];
  /** Root servers; as text, in zone-file form. Default: IANA's. */
  readonly rootHints?: string | readonly Hint[];
  /** As text: DS or DNSKEY RRs in zone-file form. Default: IANA's root anchors (KSK-2017 and KSK-2024). */
  readonly trustAnchors?: string | readonly TrustAnchor[];
  /** Hears everything worth telling, of all questions. Must not throw. */
  readonly onEvent?: (event: ResolutionEvent) => void;
}

/**
 * A validating resolver in this process. Nothing is asked before the first question, and nothing keeps the process alive
 * after `close()`. Throws TypeError or RangeError for options that cannot be used, with their name and range.
 */
export function createResolver(options: ResolverOptions = {}): Resolver {
  const { rootHints, trustAnchors, onEvent, env, engine, ...rest } = options;
  const hints =
    rootHints === undefined
      ? builtInHints()
      : typeof rootHints === "string"
        ? hintsFromText(rootHints, "root hints")
        : rootHints;
  const anchors =
    trustAnchors === undefined
      ? builtInAnchors()
      : typeof trustAnchors === "string"
        ? anchorsFromZoneText(trustAnchors, "trust anchors")
        : trustAnchors;
  if (hints.length === 0) throw new TypeError("root hints name no server with an address");
  const known = { hints, anchors, engine: engine ?? nativeEngine(), ...rest };
  if (env !== undefined) {
    const world = withGenuineSignals(env);
    return fromParts({ ...known, env: onEvent === undefined ? world : { ...world, emit: onEvent } });
  }
  // A machine without IPv6 need not find out anew with every server.
  const changes = { ...(hasGlobalIpv6() ? {} : { ipv6: false }), ...options.settings };
  const settings = settingsWith(changes);
  const network = systemExchange({ clock: systemClock, random: systemRandom, settings });
  const resolver = fromParts({
    ...known,
    settings: changes,
    env: { clock: systemClock, random: systemRandom, exchange: network.exchange, emit: onEvent ?? (() => {}) },
  });
  return closingAlso(resolver, () => network.close());
}

/** Root servers from a hints file: the NS RRs of the root and the addresses of their targets. RFC 9609 §2. */
export function hintsFromText(text: string, source: string): Hint[] {
  const records = parseZone(text, { source });
  const addresses = new Map<string, { name: Name; addresses: string[] }>();
  for (const record of records) {
    if (record.type !== TYPE.A && record.type !== TYPE.AAAA) continue;
    const known = addresses.get(record.name.key) ?? { name: record.name, addresses: [] };
    known.addresses.push(addressFromRdata(record.type, record.rdata));
    addresses.set(record.name.key, known);
  }
  return [...addresses.values()];
}

export function builtInHints(): Hint[] {
  return hintsFromText(readFileSync(packageFile("root.hints"), "latin1"), "trust-anchors/root.hints");
}

/** 2025-01-01: the youngest built-in anchor is older. */
const BUILT_IN_SINCE = 1_735_689_600;

export function builtInAnchors(now = systemClock.unixSeconds()): TrustAnchor[] {
  const text = readFileSync(packageFile("root-anchors.xml"), "utf8");
  // A machine that starts in 1970 must not start without anchors; until its clock is set, every signature fails.
  return [...anchorsFromXml(text, Math.max(now, BUILT_IN_SINCE), "trust-anchors/root-anchors.xml")];
}

/** Shipped beside dist/, and beside src/ in a checkout. */
function packageFile(name: string): URL {
  return new URL(`../../trust-anchors/${name}`, import.meta.url);
}

function closingAlso(resolver: Resolver, closeNetwork: () => Promise<void>): Resolver {
  const close = async (): Promise<void> => {
    await resolver.close();
    await closeNetwork();
  };
  return {
    resolve: (name, type, options) => resolver.resolve(name, type, options),
    cached: (question, options) => resolver.cached(question, options),
    resolveUnchecked: (name, type, options) => resolver.resolveUnchecked(name, type, options),
    prime: () => resolver.prime(),
    memory: resolver.memory,
    close,
    [Symbol.asyncDispose]: close,
  };
}
