/** The tree as a plan: which zones there are, who signs and serves each, what was done to it, what is in it. */
import { type Authority, addressRecords, authorityOf, type Program, type Tier } from "./addresses.ts";
import { domainRecords } from "./contents.ts";
import type { Dice } from "./random.ts";
import { type WoundName, woundNames } from "./wounds.ts";

export type Signer = "bind" | "ldns" | "knot";
export type Denial = "nsec" | "nsec3" | "opt-out";

export interface Signing {
  readonly signer: Signer;
  readonly algorithm: number;
  readonly denial: Denial;
  /** One key for everything, or a KSK and a ZSK. */
  readonly keys: "single" | "split";
  readonly iterations: number;
  readonly salt: string;
}

export interface ZonePlan {
  readonly apex: string;
  readonly tier: Tier;
  readonly programs: readonly Program[];
  readonly signing: Signing | null;
  /** Zone-file lines relative to the apex; delegations are added from the children's plans. */
  readonly records: readonly string[];
  readonly nameServers: readonly string[];
  /** Address records the parent needs, with absolute owners. */
  readonly glue: readonly string[];
  readonly wound: WoundName | null;
  /** Signed, but no DS above says so. */
  readonly island?: boolean;
}

const signers: readonly Signer[] = ["bind", "ldns", "knot"];
const algorithms = [8, 10, 13, 14, 15, 16];
const denials: readonly Denial[] = ["nsec", "nsec3", "opt-out"];
const programs: readonly Program[] = ["nsd", "knotd", "named"];

/** The hosting company: most domains have their name servers here, in a zone that must itself be found and proven. */
const HOSTING = "dns.alpha.";
export const UNSIGNED_TLD = "omega.";

const soa = "@ SOA ns.nic hostmaster.nic 1 7200 3600 1209600 300";
const signing = (signer: Signer, algorithm: number, denial: Denial, rest: Partial<Signing> = {}): Signing => ({
  signer,
  algorithm,
  denial,
  keys: "split",
  iterations: 0,
  salt: "",
  ...rest,
});

const topLevel: ReadonlyMap<string, Signing | null> = new Map([
  ["alpha.", signing("bind", 13, "nsec")],
  ["beta.", signing("ldns", 8, "nsec3")],
  ["gamma.", signing("knot", 13, "opt-out")],
  ["delta.", signing("ldns", 15, "nsec", { keys: "single" })],
  ["epsilon.", signing("bind", 14, "opt-out", { iterations: 5, salt: "AB12" })],
  ["zeta.", signing("knot", 10, "nsec3", { keys: "single" })],
  [UNSIGNED_TLD, null],
]);

/** Parents before children. */
export function planTree(authorities: readonly Authority[], chance: Dice): readonly ZonePlan[] {
  const zones: ZonePlan[] = [rootZone(authorities)];
  for (const [apex, how] of topLevel) zones.push(topLevelZone(apex, how, authorities));
  zones.push(hostingZone(authorities));
  const tlds = [...topLevel.keys()].filter((apex) => apex !== UNSIGNED_TLD);
  const combinations = signers.flatMap((signer) =>
    algorithms.flatMap((algorithm) => denials.map((denial) => ({ signer, algorithm, denial }))),
  );
  const apexes = combinations.map((of, i) => `${of.signer}-${of.algorithm}-${of.denial}.${tlds[i % tlds.length]}`);
  combinations.forEach((of, i) => {
    const apex = apexes[i]!;
    const keys = i % 4 === 1 ? "single" : "split";
    const servedBy = i % 7 === 6 ? [programs[i % 3]!] : [programs[i % 3]!, programs[(i + 1) % 3]!];
    const domain = domainZone(apex, signing(of.signer, of.algorithm, of.denial, { keys }), servedBy, authorities, {
      ownServers: i % 2 === 0,
      records: domainRecords({ index: i, next: apexes[(i + 7) % apexes.length]!, unsigned: "u0.omega." }, chance),
    });
    zones.push(domain);
    // children on their parent's servers: the cut is never shown by a referral
    if (i % 3 === 0) zones.push(childZone(`unsigned.${apex}`, null, domain, chance));
    if (i % 9 === 4)
      zones.push(childZone(`signed.${apex}`, signing(signers[i % 3]!, 13, denials[i % 3]!), domain, chance));
  });
  const unsignedParents = [UNSIGNED_TLD, UNSIGNED_TLD, ...tlds];
  unsignedParents.forEach((parent, i) => {
    const records = domainRecords({ index: i, next: apexes[i]!, unsigned: "u1.omega." }, chance);
    zones.push(
      domainZone(`u${i}.${parent}`, null, [programs[i % 3]!], authorities, { ownServers: i % 2 === 1, records }),
    );
  });
  zones.push({
    ...domainZone("island.omega.", signing("ldns", 13, "nsec"), ["nsd"], authorities, {
      ownServers: true,
      records: domainRecords({ index: 5, next: apexes[1]!, unsigned: "u0.omega." }, chance),
    }),
    island: true,
  });
  return [...zones, ...woundedZones(tlds, apexes, authorities, chance)];
}

function woundedZones(
  tlds: readonly string[],
  apexes: readonly string[],
  authorities: readonly Authority[],
  chance: Dice,
): ZonePlan[] {
  return woundNames().map(({ name, denial, signer, algorithm, iterations, lame, zone }, i) => {
    // named answers without DNSSEC from a zone without NSEC, and knotd 3.2.6 ends with SIGSEGV; NSD serves what it has
    const holder = zone !== undefined || i % 2 === 0 ? "nsd" : "knotd";
    const how = signing(signer ?? signers[i % 2]!, algorithm ?? 13, denial, { iterations: iterations ?? 0 });
    const listed: Program[] = lame === "half" ? [holder, "named"] : [holder];
    const records = domainRecords({ index: i, next: apexes[i]!, unsigned: "u0.omega." }, chance);
    const domain = domainZone(`${name}.${tlds[i % tlds.length]}`, how, listed, authorities, {
      ownServers: false,
      records,
    });
    return { ...domain, programs: [holder], wound: name };
  });
}

function rootZone(authorities: readonly Authority[]): ZonePlan {
  const servers = authorities.filter(({ tier }) => tier === "root").map((at) => ({ name: `${at.program}.roots.`, at }));
  return {
    apex: ".",
    tier: "root",
    programs: servers.map(({ at }) => at.program),
    signing: signing("bind", 8, "nsec"),
    records: [soa, ...servers.flatMap(({ name, at }) => [`@ NS ${name}`, ...addressRecords(name, at)])],
    nameServers: servers.map(({ name }) => name),
    glue: [],
    wound: null,
  };
}

function topLevelZone(apex: string, how: Signing | null, authorities: readonly Authority[]): ZonePlan {
  const servers = authorities
    .filter(({ tier }) => tier === "tld")
    .map((at) => ({ name: `${at.program}.nic.${apex}`, at }));
  const glue = servers.flatMap(({ name, at }) => addressRecords(name, at));
  return {
    apex,
    tier: "tld",
    programs: servers.map(({ at }) => at.program),
    signing: how,
    records: [soa, ...servers.map(({ name }) => `@ NS ${name}`), ...glue, "www.nic A 198.51.100.1", "@ TXT registry"],
    nameServers: servers.map(({ name }) => name),
    glue,
    wound: null,
  };
}

function hostingZone(authorities: readonly Authority[]): ZonePlan {
  const hosts = programs.map((program) => `${program}.${HOSTING}`);
  const glue = programs.flatMap((program) =>
    addressRecords(`${program}.${HOSTING}`, authorityOf(authorities, "domain", program)),
  );
  return {
    apex: HOSTING,
    tier: "domain",
    programs,
    signing: signing("bind", 13, "nsec"),
    records: [soa, ...hosts.map((host) => `@ NS ${host}`), ...glue],
    nameServers: hosts,
    glue,
    wound: null,
  };
}

function domainZone(
  apex: string,
  how: Signing | null,
  servedBy: readonly Program[],
  authorities: readonly Authority[],
  { ownServers, records }: { readonly ownServers: boolean; readonly records: readonly string[] },
): ZonePlan {
  const nameServers = servedBy.map((program) => (ownServers ? `ns-${program}.${apex}` : `${program}.${HOSTING}`));
  const glue = ownServers
    ? servedBy.flatMap((program) =>
        addressRecords(`ns-${program}.${apex}`, authorityOf(authorities, "domain", program)),
      )
    : [];
  return {
    apex,
    tier: "domain",
    programs: servedBy,
    signing: how,
    records: [soa, ...nameServers.map((host) => `@ NS ${host}`), ...glue, ...records],
    nameServers,
    glue,
    wound: null,
  };
}

function childZone(apex: string, how: Signing | null, parent: ZonePlan, chance: Dice): ZonePlan {
  return {
    apex,
    tier: "domain",
    programs: parent.programs,
    signing: how,
    records: [
      soa,
      ...parent.nameServers.map((host) => `@ NS ${host}`),
      ...domainRecords({ index: 1, next: parent.apex, unsigned: "u0.omega." }, chance),
    ],
    nameServers: parent.nameServers,
    glue: [],
    wound: null,
  };
}

/** The zone that delegates `apex`. */
export function parentOf(apex: string, zones: readonly ZonePlan[]): ZonePlan {
  let above = apex;
  while (above !== ".") {
    above = above.slice(above.indexOf(".") + 1) || ".";
    const found = zones.find((zone) => zone.apex === above);
    if (found !== undefined) return found;
  }
  throw new TypeError(`nobody delegates ${apex}`);
}
