/** From a scenario's configuration to the parts of a resolver. FORMAT.md §6.1, §6.2. */
import type { TrustAnchor } from "../../src/dnssec/anchors.ts";
import type { UnixSeconds } from "../../src/env/env.ts";
import type { Settings } from "../../src/resolver/options.ts";
import type { ForwardZone, Hint, StubZone } from "../../src/resolver/resolver.ts";
import type { AccessRule } from "../../src/server/access.ts";
import { type Prefix, parsePrefix } from "../../src/server/addresses.ts";
import { ServerCookies } from "../../src/server/cookies.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { anchorsFromLines } from "./anchors.ts";
import { configuredIn } from "./autotrust.ts";
import type { Roots } from "./fallback.ts";
import { LOCAL_SERVER, localRecords } from "./local-data.ts";
import { fromHex } from "./octets.ts";
import { type Missing, settingsFrom } from "./options.ts";
import { dateFromText } from "./rdata-text.ts";
import type { Clause, Scenario } from "./scenario.ts";

export interface Environment {
  readonly hints: readonly Hint[];
  readonly roots: Roots;
  readonly forwards: readonly ForwardZone[];
  readonly stubs: readonly StubZone[];
  readonly anchors: readonly TrustAnchor[];
  readonly negativeAnchors: readonly Name[];
  readonly settings: Partial<Settings>;
  /** Prefixes of addresses that public names must not have, and the names that may. */
  readonly privateAddresses: readonly string[];
  readonly privateDomains: readonly Name[];
  /** Null: signatures are judged by the clock of the scenario, which starts at 0. */
  readonly date: UnixSeconds | null;
  readonly rules: readonly AccessRule[];
  readonly nsid: Uint8Array | null;
  readonly cookies: ServerCookies | null;
  /** Clients that may look into the cache without asking for recursion. */
  readonly snoopers: readonly Prefix[];
  /** Whether to shorten names; Deckard runs a file that does not say both ways. */
  readonly minimise: readonly boolean[];
  /** What the configuration wants and this resolver does not offer. */
  readonly missing: readonly Missing[];
}

/** The address that "everything else" is delegated from where a file names no root: nobody answers there. */
const BUILT_IN_ROOT = { name: Name.parse("a.root-servers.net."), addresses: ["198.41.0.4"] };

export function environmentOf(scenario: Scenario): Environment {
  const { config, dialect } = scenario;
  const server = config.clauses.filter((clause) => clause.name === "server" || clause.name === "deckard");
  const stubClauses = config.clauses.filter((clause) => clause.name === "stub-zone");
  const forwardClauses = config.clauses.filter((clause) => clause.name === "forward-zone");
  const all = (name: string): string[] => server.flatMap((clause) => valuesOf(clause, name));
  const last = (name: string): string | undefined => all(name).at(-1);

  const rootStubs = stubClauses.filter((clause) => zoneOf(clause).isRoot);
  const rootAddresses = [
    ...rootStubs.flatMap((clause) => addressesOf(clause, "stub-addr")),
    ...all("stub-addr").map(bare),
  ];
  const roots =
    rootAddresses.length > 0
      ? { name: Name.parse(last("stub-name") ?? "k.root-servers.net."), addresses: rootAddresses }
      : BUILT_IN_ROOT;
  const forwardAll = all("forward-addr").map(bare);
  const { settings, missing } = settingsFrom(scenario);
  const modules = last("module-config");
  const validates = modules === undefined || modules.includes("validator");
  const minimisation = last("qname-minimisation") ?? last("query-minimization");

  return {
    hints: [roots],
    roots,
    forwards: [
      ...forwardClauses.map((clause) => ({
        zone: zoneOf(clause),
        servers: serversOf(clause, "forward-addr"),
        otherwise: valuesOf(clause, "forward-first").some(isYes) ? ("own walk" as const) : ("fail" as const),
      })),
      ...(forwardAll.length > 0 ? [{ zone: Name.root, servers: forwardAll.map(onPort53) }] : []),
    ],
    stubs: [
      ...stubClauses
        .filter((clause) => !zoneOf(clause).isRoot)
        .map((clause) => ({ zone: zoneOf(clause), servers: serversOf(clause, "stub-addr") })),
      ...localRecords(scenario).map(({ name }) => ({ zone: name, servers: [onPort53(LOCAL_SERVER)] })),
    ],
    anchors: validates ? [...anchorsFromLines(all("trust-anchor")), ...configuredIn(config.autotrust)] : [],
    negativeAnchors: all("domain-insecure").map((text) => Name.parse(text)),
    settings,
    privateAddresses: all("private-address"),
    privateDomains: all("private-domain").map((text) => Name.parse(text)),
    date: dateOf(last("val-override-date") ?? last("val-override-timestamp"), scenario),
    rules: [...accessRules(server), { prefix: parsePrefix("127.0.0.0/8"), decision: "allow" }],
    nsid: nsidFrom(last("nsid")),
    cookies: isYes(last("answer-cookie") ?? "no") ? new ServerCookies([fromHex(last("cookie-secret") ?? "")]) : null,
    snoopers: server.flatMap((clause) =>
      clause.options
        .filter((option) => option.name === "access-control" && option.values[1] === "allow_snoop")
        .map((option) => parsePrefix(option.values[0]!)),
    ),
    minimise: minimisation === undefined ? (dialect === "deckard" ? [true, false] : [true]) : [isYes(minimisation)],
    missing,
  };
}

export function isYes(text: string): boolean {
  return /^(yes|on|true|1)$/i.test(text);
}

function valuesOf(clause: Clause, name: string): string[] {
  return clause.options.filter((option) => option.name === name).map((option) => option.values.join(" "));
}

function zoneOf(clause: Clause): Name {
  return Name.parse(valuesOf(clause, "name")[0] ?? ".");
}

function addressesOf(clause: Clause, name: string): string[] {
  return valuesOf(clause, name).map(bare);
}

function serversOf(clause: Clause, name: string) {
  return addressesOf(clause, name).map(onPort53);
}

const bare = (text: string): string => text.replace(/@\d+$/, "");
const onPort53 = (address: string) => ({ address, port: 53 });

/** FORMAT.md §6.1: 14 digits are a date in UTC, nothing or 0 the scenario's own clock, -1 "whatever the signatures say". */
function dateOf(text: string | undefined, scenario: Scenario): UnixSeconds | null {
  if (text === undefined || text === "0") return null;
  return text === "-1" ? dateOfSignatures(scenario) : dateFromText(text);
}

/** We judge dates always, so for "any date" the moment at which most signatures of the file hold. RFC 4034 §3.1. */
function dateOfSignatures(scenario: Scenario): UnixSeconds {
  const entries = scenario.ranges.flatMap((range) => range.entries);
  const spans = entries
    .flatMap((entry) => [...entry.answer, ...entry.authority, ...entry.additional])
    .filter((record) => record.type === TYPE.RRSIG)
    .map(({ rdata }) => new DataView(rdata.buffer, rdata.byteOffset, rdata.length))
    .map((fields) => ({ expiration: fields.getUint32(8), inception: fields.getUint32(12) }));
  const holding = (date: number): number =>
    spans.filter(({ inception, expiration }) => inception <= date && date <= expiration).length;
  return spans.reduce((best, { inception }) => (holding(inception) > holding(best) ? inception : best), 0);
}

/** Hexadecimal, or text behind "ascii_". */
function nsidFrom(text: string | undefined): Uint8Array | null {
  if (text === undefined) return null;
  return text.startsWith("ascii_") ? new TextEncoder().encode(text.slice(6)) : fromHex(text);
}

function accessRules(server: readonly Clause[]): AccessRule[] {
  const decisions = { allow: "allow", allow_cookie: "cookie", refuse: "refuse", deny: "drop" } as const;
  return server
    .flatMap((clause) => clause.options)
    .filter((option) => option.name === "access-control")
    .map((option) => {
      const [network = "", action = ""] = option.values;
      const kind = (action in decisions ? action : action.replace(/_.*$/, "")) as keyof typeof decisions;
      return { prefix: parsePrefix(network), decision: decisions[kind] ?? "allow" };
    });
}
