/**
 * A small signed Internet in memory: zones described in presentation form, signed, delegated and glued together, with a
 * name server for each. Delegations, DS RRs, glue and servers' addresses are not written down but derived, so that a
 * sound description gives a sound world, and what a wound breaks is the one thing it names.
 */
import type { Clock, Exchange, UnixSeconds } from "../env/env.ts";
import { Name, type NameKey } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import { parseZone } from "../wire/zonefile.ts";
import type { AnyStyle } from "./authority.ts";
import { rdataFrom } from "./foreign.ts";
import { type Asked, memoryExchange } from "./memory-exchange.ts";
import { type LabServer, type Quirk, zoneFor } from "./server.ts";
import { signZone } from "./sign-zone.ts";
import { dsRdata, type KeyRequest, keyFor, SEP_KEY_FLAGS, type SigningKey, type Validity } from "./signer.ts";
import { type DenialStyle, Zone } from "./zone.ts";

export interface WorldDescription {
  readonly zones: readonly ZoneDescription[];
  /** Only servers that are peculiar; the others exist because a zone names them. */
  readonly servers?: readonly ServerDescription[];
}

export interface ServerDescription {
  readonly name: string;
  readonly quirks?: readonly Quirk[];
  readonly latencyMs?: number;
  readonly anyStyle?: AnyStyle;
}

export interface ZoneDescription {
  readonly apex: string;
  /** Names of its servers, "ns.<apex>" by default. */
  readonly servers?: readonly string[];
  /** Presentation form, names relative to the apex. SOA, NS, delegations and glue are added where they are missing. */
  readonly records?: string;
  /** Null: an unsigned zone. By default ECDSA P-256, one CSK, NSEC. */
  readonly signing?: SigningPlan | null;
  /** The DS RDATA that its parent publishes; by default SHA-256 of each key with the SEP flag. */
  readonly ds?: (keys: readonly SigningKey[]) => readonly Uint8Array[];
  /** The last word, after signing. */
  readonly edit?: (zone: Zone) => void;
}

export interface SigningPlan {
  readonly keys?: readonly KeyPlan[];
  readonly denial?: "nsec" | { readonly iterations?: number; readonly salt?: Uint8Array; readonly optOut?: boolean };
  readonly validity?: (now: UnixSeconds) => Validity;
}

export type KeyPlan = Omit<KeyRequest, "zone">;

export interface World {
  readonly description: WorldDescription;
  readonly now: UnixSeconds;
  readonly zones: ReadonlyMap<NameKey, Zone>;
  readonly servers: readonly LabServer[];
  /** Asks the world's servers; a server's latency passes on the clock if the world was built with one. */
  readonly exchange: Exchange;
  /** Servers of the root. */
  readonly hints: readonly { readonly name: Name; readonly addresses: readonly string[] }[];
  /** DS RRs of the root in presentation form, one a line. */
  readonly anchors: string;
  /** The last questions that came, by exchange or by socket; `count` is exact for ever. */
  readonly asked: readonly Asked[];
  /** Questions that came to one server, or to all. */
  count(server?: string): number;
  /** Has the server of this address answer, as `exchange` and the sockets do; null: nothing comes back. */
  answer(octets: Uint8Array, address: string, transport: "udp" | "tcp"): Uint8Array | null;
  zone(apex: string): Zone;
}

export interface WorldOptions {
  readonly clock?: Clock;
  /** The first two octets of the servers' addresses; 127.x can also be bound to sockets. */
  readonly network?: string;
}

const NETWORK = "127.53";
const TTL = 3600;
const HOUR = 3600;
const DAY = 86400;
/** As long as the root's own signatures live. */
const SIGNATURE_LIFE = 14 * DAY;

export function buildWorld(description: WorldDescription, now: UnixSeconds, options: WorldOptions = {}): World {
  const plans = planZones(description, now);
  const servers = serversOf(description, plans, options.network ?? NETWORK);
  for (const plan of plans) addOwnRecords(plan);
  for (const server of servers) addAddresses(server, plans);
  for (const plan of plans) delegate(plan, parentOf(plan, plans));
  for (const plan of plans) addGlue(plan, parentOf(plan, plans), servers);
  for (const { zone, keys, denial, validity } of plans) {
    if (keys.length > 0) signZone(zone, { keys, denial, ...validity });
  }
  for (const {
    zone,
    description: { edit },
  } of plans)
    edit?.(zone);
  return worldOf(description, now, { plans, servers, clock: options.clock ?? null });
}

interface Plan {
  readonly description: ZoneDescription;
  readonly zone: Zone;
  readonly servers: readonly Name[];
  readonly keys: readonly SigningKey[];
  readonly denial: DenialStyle;
  readonly validity: Validity;
}

function planZones(description: WorldDescription, now: UnixSeconds): Plan[] {
  return description.zones.map((zone) => {
    const apex = Name.parse(zone.apex);
    const signing = zone.signing === undefined ? {} : zone.signing;
    const keyPlans: readonly KeyPlan[] = signing === null ? [] : (signing.keys ?? [{ role: "csk", algorithm: 13 }]);
    return {
      description: zone,
      zone: new Zone(apex),
      servers: (zone.servers ?? [apex.isRoot ? "ns." : `ns.${apex}`]).map((name) => Name.parse(name)),
      keys: keyPlans.map((plan) => keyFor({ ...plan, zone: apex })),
      denial: denialStyle(signing?.denial ?? "nsec"),
      validity: signing?.validity?.(now) ?? { inception: now - HOUR, expiration: now + SIGNATURE_LIFE },
    };
  });
}

function denialStyle(denial: NonNullable<SigningPlan["denial"]>): DenialStyle {
  if (denial === "nsec") return { kind: "nsec" };
  const { iterations = 0, salt = new Uint8Array(0), optOut = false } = denial;
  return { kind: "nsec3", iterations, salt, optOut };
}

/** One server per name, each with an address of its own, numbered as the zones name them. */
function serversOf(description: WorldDescription, plans: readonly Plan[], network: string): LabServer[] {
  const names = new Map<NameKey, Name>();
  for (const plan of plans) for (const name of plan.servers) names.set(name.key, name);
  const peculiar = new Map((description.servers ?? []).map((server) => [Name.parse(server.name).key, server]));
  for (const [key, { name }] of peculiar)
    if (!names.has(key)) throw new TypeError(`no zone of the lab names the server ${name}`);
  return [...names.values()].map((name, i) => {
    const own = peculiar.get(name.key);
    const zones = plans.filter((plan) => plan.servers.some((server) => server.equals(name))).map(({ zone }) => zone);
    return {
      name,
      addresses: [`${network}.${(i + 1) >>> 8}.${(i + 1) & 255}`],
      zones: new Map(zones.map((zone) => [zone.apex.key, zone])),
      quirks: own?.quirks ?? [],
      latencyMs: own?.latencyMs ?? 0,
      anyStyle: own?.anyStyle ?? "full",
    };
  });
}

function addOwnRecords({ zone, description, servers }: Plan): void {
  const { apex } = zone;
  // A description's own indentation must not mean "the owner of the line before".
  const text = (description.records ?? "").replace(/^[ \t]+/gm, "");
  const options = { origin: apex, defaultTtl: TTL, source: `records of ${apex}` };
  for (const { name, type, ttl, rdata } of parseZone(text, options)) zone.add({ name, type, ttl, rdata });
  if (zone.get(apex, TYPE.SOA) === undefined)
    zone.add({ name: apex, type: TYPE.SOA, ttl: TTL, rdata: soaRdata(apex, servers[0]!) });
  if (zone.get(apex, TYPE.NS) === undefined)
    for (const server of servers) zone.add({ name: apex, type: TYPE.NS, ttl: TTL, rdata: server.wire });
}

function soaRdata(apex: Name, mname: Name): Uint8Array {
  const rname = apex.isRoot ? "hostmaster" : `hostmaster.${apex}`;
  return rdataFrom("SOA", {
    mname: `${mname}`,
    rname,
    serial: 1,
    refresh: 7200,
    retry: HOUR,
    expire: SIGNATURE_LIFE,
    minimum: 300,
  });
}

/** A server's address is data of the deepest zone that its name lies in. */
function addAddresses(server: LabServer, plans: readonly Plan[]): void {
  const home = deepest(plans, (apex) => server.name.isWithin(apex));
  if (home !== null) addAddressRecords(home.zone, server);
}

function addAddressRecords(zone: Zone, server: LabServer): void {
  for (const address of server.addresses) {
    zone.add({ name: server.name, type: TYPE.A, ttl: TTL, rdata: Uint8Array.from(address.split("."), Number) });
  }
}

/** NS and DS in the parent. A delegation that the parent's own text holds stays as it stands there. */
function delegate(child: Plan, parent: Zone | null): void {
  if (parent === null) return;
  const { apex } = child.zone;
  if (parent.get(apex, TYPE.NS) === undefined)
    for (const server of child.servers) parent.add({ name: apex, type: TYPE.NS, ttl: TTL, rdata: server.wire });
  for (const rdata of dsOf(child)) parent.add({ name: apex, type: TYPE.DS, ttl: TTL, rdata });
}

/** Addresses that lie below one of the parent's own cuts, sibling glue included; after all cuts are made. */
function addGlue(child: Plan, parent: Zone | null, servers: readonly LabServer[]): void {
  if (parent === null) return;
  for (const server of servers) {
    if (!server.name.isWithin(parent.apex) || parent.standing(server.name) === "authoritative") continue;
    if (child.servers.some((name) => name.equals(server.name))) addAddressRecords(parent, server);
  }
}

function parentOf(child: Plan, plans: readonly Plan[]): Zone | null {
  return deepest(plans, (apex) => child.zone.apex.isStrictlyWithin(apex))?.zone ?? null;
}

function dsOf({ description, keys }: Plan): readonly Uint8Array[] {
  return description.ds?.(keys) ?? sepKeys(keys).map((key) => dsRdata(key));
}

function sepKeys(keys: readonly SigningKey[]): readonly SigningKey[] {
  return keys.filter((key) => ((key.rdata[0]! << 8) | key.rdata[1]!) === SEP_KEY_FLAGS);
}

function deepest(plans: readonly Plan[], fits: (apex: Name) => boolean): Plan | null {
  let found: Plan | null = null;
  for (const plan of plans) {
    if (fits(plan.zone.apex) && plan.zone.apex.labelCount >= (found?.zone.apex.labelCount ?? 0)) found = plan;
  }
  return found;
}

interface Parts {
  readonly plans: readonly Plan[];
  readonly servers: readonly LabServer[];
  readonly clock: Clock | null;
}

function worldOf(description: WorldDescription, now: UnixSeconds, { plans, servers, clock }: Parts): World {
  const zones = new Map(plans.map(({ zone }) => [zone.apex.key, zone]));
  const root = plans.find(({ zone }) => zone.apex.isRoot);
  const memory = memoryExchange(servers, clock);
  return {
    description,
    now,
    zones,
    servers,
    exchange: memory.exchange,
    hints: servers
      .filter((server) => zoneFor(Name.root, TYPE.NS, server) !== null)
      .map(({ name, addresses }) => ({ name, addresses })),
    anchors: root === undefined ? "" : dsOf(root).map(dsText).join(""),
    asked: memory.asked,
    count: memory.count,
    answer: memory.answer,
    zone(apex) {
      const zone = zones.get(Name.parse(apex).key);
      if (zone === undefined) throw new TypeError(`the lab has no zone ${apex}`);
      return zone;
    },
  };
}

function dsText(rdata: Uint8Array): string {
  const tag = (rdata[0]! << 8) | rdata[1]!;
  return `. IN DS ${tag} ${rdata[2]} ${rdata[3]} ${Buffer.from(rdata.subarray(4)).toString("hex")}\n`;
}
