/**
 * THE table of the daemon's options beside the resolver's settings (resolver/options.ts) and the server's limits
 * (server/limits.ts): one row each. Flags, environment, configuration file, checks, help and docs/options.md come from it.
 */
import type { NumberRow, SwitchRow } from "../resolver/options.ts";
import { parsePrefix, serverAddressFrom } from "../server/addresses.ts";
import { NSID_OCTETS } from "../server/responder.ts";
import { parseNetwork, parseServerAddress } from "../wire/address.ts";
import { Name } from "../wire/name.ts";

/** Throws TypeError or RangeError with a sentence that quotes the text and says what is expected. */
export type Check = (text: string) => unknown;

/** What takes a change of the option when the configuration is read again. */
export type Applies =
  /** At once, for the next question. */
  | "live"
  /** New sockets are opened, then those that are no longer wanted are closed. */
  | "sockets"
  /** A new resolver takes over. */
  | "resolver"
  /** Nothing but a restart. */
  | "restart";

export interface TextRow {
  readonly kind: "text";
  readonly value: string | null;
  /** The word that stands for the value in the help: FILE, ADDR:PORT. */
  readonly shape: string;
  readonly check: Check | null;
  readonly applies: Applies;
  readonly why: string;
}

export interface ListRow extends Omit<TextRow, "kind" | "value"> {
  readonly kind: "list";
  readonly value: readonly string[];
}

export interface ChoiceRow {
  readonly kind: "choice";
  readonly value: string;
  readonly choices: readonly string[];
  readonly applies: Applies;
  readonly why: string;
}

export type DaemonRow =
  | TextRow
  | ListRow
  | ChoiceRow
  | (SwitchRow & { readonly applies: Applies })
  | (NumberRow & { readonly applies: Applies });

const text = (shape: string, applies: Applies, why: string, check: Check | null = null): TextRow => ({
  kind: "text",
  value: null,
  shape,
  check,
  applies,
  why,
});
const list = (shape: string, applies: Applies, why: string, check: Check | null = null): ListRow => ({
  kind: "list",
  value: [],
  shape,
  check,
  applies,
  why,
});
const off = (applies: Applies, why: string): SwitchRow & { readonly applies: Applies } => ({
  kind: "switch",
  value: false,
  applies,
  why,
});

export const DNS_PORT = 53;
export const TLS_PORT = 853;
export const HTTPS_PORT = 443;

const number = (value: number, min: number, max: number, unit: NumberRow["unit"], applies: Applies, why: string) => ({
  kind: "number" as const,
  value,
  min,
  max,
  unit,
  applies,
  why,
});
const choice = (value: string, choices: readonly string[], applies: Applies, why: string): ChoiceRow => ({
  kind: "choice",
  value,
  choices,
  applies,
  why,
});

function portAddress(written: string): void {
  if (parseServerAddress(written, -1) === null)
    throw new TypeError(`"${written}" is no address with a port: write 127.0.0.1:9153`);
}

const address: Check = (written) => serverAddressFrom(written, DNS_PORT);
const prefix: Check = parsePrefix;

function nsid(written: string): void {
  const { length } = new TextEncoder().encode(written);
  if (length > NSID_OCTETS) throw new RangeError(`has ${length} octets: ${NSID_OCTETS} at most`);
}

function network(written: string): void {
  if (parseNetwork(written) === null) throw new TypeError(`"${written}" is no prefix: write 10.0.0.0/8 or fd00::/8`);
}

function name(written: string): void {
  try {
    Name.parse(written);
  } catch (error) {
    throw new TypeError(`"${written}" is no name: ${(error as Error).message}`);
  }
}

// biome-ignore format: a table reads better packed
export const daemonOptions = {
  // who is answered
  listen: list("ADDR:PORT", "sockets", "where to listen instead of 127.0.0.1:53 and [::1]:53; 0.0.0.0 and [::] mean every address this machine has now", address),
  "tls-listen": list("ADDR:PORT", "sockets", "where to listen for DNS over TLS (RFC 7858), port 853 unless it says another; needs tls-certificate and tls-key", address),
  "https-listen": list("ADDR:PORT", "sockets", "where to listen for DNS over HTTPS (RFC 8484), port 443 unless it says another; the path is /dns-query", address),
  "tls-certificate": text("FILE", "live", "certificate for TLS and HTTPS in PEM, then those that lead to its authority's; read again when it changes"),
  "tls-key": text("FILE", "live", "its private key in PEM, without a passphrase"),
  allow: list("PREFIX", "live", "clients that may ask besides loopback, 192.0.2.0/24 or 2001:db8::/32; others are refused", prefix),
  "allow-with-cookie": list("PREFIX", "live", "the same, but over UDP only with a DNS cookie, which nobody has who forged his address (RFC 7873); needs cookie-secret-file", prefix),
  "cookie-secret-file": text("FILE", "live", "answer the DNS cookies of clients, made with the first secret of this file, 32 hexadecimal digits a line; those made with the others are still good (RFC 9018)"),
  // what is said of this server
  identity: text("TEXT", "live", "what id.server and hostname.bind say (class CH, TXT); refused unless given"),
  nsid: text("TEXT", "live", "what clients are told that ask for NSID (RFC 5001); nothing unless given", nsid),
  "hide-version": off("live", "refuse version.bind and version.server"),
  // what is trusted
  "root-hints": text("FILE", "resolver", "names and addresses of the root servers, as NS, A and AAAA records in zone-file format; default: IANA's, built in"),
  "trust-anchor-file": list("FILE", "resolver", "DS or DNSKEY records of the zones to trust, in zone-file format, or IANA's root-anchors.xml; instead of the built-in anchors of the root"),
  "static-trust-anchors": off("resolver", "trust anchors stay as they are configured, whatever their zones announce; otherwise they follow key rollovers (RFC 5011)"),
  "private-address": list("PREFIX", "resolver", "addresses that public names must not have, 10.0.0.0/8 or fd00::/8: unsigned ones are left out, signed names that have one fail; against DNS rebinding", network),
  "private-domain": list("NAME", "resolver", "names at and below which such addresses are right", name),
  // how it is run
  "state-dir": text("DIR", "restart", "where the trust anchors' key rollovers are remembered from run to run (RFC 5011); made if it is missing"),
  snapshot: text("FILE", "restart", "where the cache is saved every 15 minutes and when the daemon stops, so that it is warm after a restart; what is in it is proven again before it is used, and unsigned answers are not in it; default: cache.snapshot in state-dir"),
  workers: number(1, 1, 64, "count", "restart", "processes that answer on the same addresses; each has its part of cache-octets. One that dies is started again; this process then answers nothing itself"),
  "control-socket": text("PATH", "restart", "where rootwalk ctl reaches the daemon; default: control.sock in $RUNTIME_DIRECTORY, or in state-dir; nowhere if neither is given"),
  metrics: text("ADDR:PORT", "restart", "serve /metrics (Prometheus) and /health over HTTP there; ask for a loopback address unless a monitor comes from elsewhere", portAddress),
  http: text("ADDR:PORT", "restart", "serve the dashboard over HTTP there; loopback addresses only, for it asks for no password", portAddress),
  "http-public": off("restart", "let the dashboard be on an address that others can reach, though it asks for no password"),
  "http-name": list("NAME", "restart", "names under which browsers may know the dashboard, besides localhost and addresses; others are refused, against DNS rebinding", name),
  // what is written down
  "log-level": choice("info", ["error", "warn", "info", "debug", "trace"], "live", "what is logged on stderr; bogus and indeterminate answers are told at info, with their reasons"),
  "log-format": choice("human", ["human", "json"], "restart", "lines for people (with systemd's levels where its journal listens), or JSON objects"),
  "log-lines": number(20, 1, 10000, "count", "restart", "lines in a second; ten times as many at once. What is beyond is counted, so that no attacker fills a disk; unbound at debug and trace"),
  trace: off("live", "print each step of every walk, on stderr"),
} satisfies Record<string, DaemonRow>;

type ValueOf<R extends DaemonRow> = R extends ListRow
  ? readonly string[]
  : R extends TextRow
    ? string | null
    : R extends ChoiceRow
      ? R["choices"][number]
      : R extends SwitchRow
        ? boolean
        : number;

export type DaemonOption = keyof typeof daemonOptions;
export type DaemonOptions = { readonly [K in DaemonOption]: ValueOf<(typeof daemonOptions)[K]> };
