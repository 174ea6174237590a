/**
 * The zones that real name servers serve in the benches: a signed root, five TLDs of different kinds, 200 signed domains over
 * all algorithms, 2,000 plain names, and one zone of 100,000 signed RRsets. Signed by the lab, written once as zone files
 * and kept below node_modules/.cache until their signatures grow old.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabRRset } from "../../src/lab/rrset.ts";
import { buildWorld, type KeyPlan, type WorldDescription, type ZoneDescription } from "../../src/lab/world.ts";
import type { Zone } from "../../src/lab/zone.ts";
import { TYPE, typeToText } from "../../src/wire/registry.ts";

export type Tier = "root" | "tld" | "domain";

export interface ServedZone {
  readonly apex: string;
  readonly tier: Tier;
  readonly file: string;
}

export interface ServedWorld {
  /** Unix seconds. */
  readonly signedAt: number;
  readonly zones: readonly ServedZone[];
  /** Addresses of the name servers by tier, all in 127.53/16. */
  readonly addresses: Readonly<Record<Tier, readonly string[]>>;
  readonly hints: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  /** DS RRs of the root in presentation form, one a line. */
  readonly anchors: string;
}

const counts: readonly (readonly [algorithm: number, count: number])[] = [
  [13, 80],
  [8, 60],
  [15, 30],
  [10, 10],
  [14, 10],
  [16, 10],
];
const algorithms = counts.flatMap(([algorithm, count]) => Array.from({ length: count }, () => algorithm));
const tlds = ["nsec", "nsec3", "optout", "rsa"];

/** Apexes of the signed mail domains, algorithms mixed as a mail server would meet them. */
export const signedDomains: readonly string[] = algorithms.map((_, i) => `d${i}.${tlds[i % tlds.length]}.`);
export const PLAIN_NAMES = 2000;
export const BIG_NAMES = 100_000;
/** RRset `i` of the big zone, to be asked with type TXT. */
export const bigName = (i: number): string => `n${i}.big.nsec.`;
export const NSEC_ZONE = "d0.nsec.";
export const NSEC3_ZONE = "hashed.nsec.";

const MAIL = `
  @            MX    10 mx
  mx           A     192.0.2.25
  mx           AAAA  2001:db8::25
  _25._tcp.mx  TLSA  3 1 1 ${"5a".repeat(32)}
  www          A     192.0.2.80
`;
const both = (algorithm: number): readonly KeyPlan[] => [
  { role: "ksk", algorithm, bits: 2048 },
  { role: "zsk", algorithm, bits: 2048 },
];
const csk = (algorithm: number) => ({ keys: [{ role: "csk", algorithm, bits: 2048 }] as const });

function description(): WorldDescription {
  const plain = Array.from({ length: PLAIN_NAMES }, (_, i) => `p${i} A 192.0.2.${i % 250}`).join("\n");
  // About 170 octets with its RRSIG: what a TLSA RRset has.
  const big = Array.from({ length: BIG_NAMES }, (_, i) => `n${i} TXT "${String(i).padStart(34, "x")}"`).join("\n");
  const hundred = Array.from({ length: 100 }, (_, i) => `h${i} A 192.0.2.${i}`).join("\n");
  const signed: ZoneDescription[] = signedDomains.map((apex, i) => ({
    apex,
    records: MAIL,
    signing: csk(algorithms[i]!),
  }));
  return {
    zones: [
      { apex: ".", signing: { keys: both(8) } },
      { apex: "nsec.", signing: { keys: both(13) } },
      { apex: "nsec3.", signing: { keys: both(13), denial: { iterations: 0 } } },
      { apex: "optout.", signing: { keys: both(13), denial: { optOut: true } } },
      { apex: "rsa.", signing: { keys: both(8) } },
      { apex: "plain.", signing: null },
      ...signed,
      { apex: "names.plain.", records: plain, signing: null },
      { apex: "big.nsec.", records: big, signing: csk(13) },
      { apex: NSEC3_ZONE, records: hundred, signing: { ...csk(13), denial: { iterations: 0 } } },
      // Name servers in another domain of another TLD; a mail host in another domain; an insecure delegation.
      { apex: "away.nsec.", records: MAIL, servers: ["ns.d1.nsec3."], signing: csk(13) },
      { apex: "hosted.nsec.", records: "@ MX 10 mx.d1.nsec3.", signing: csk(13) },
      { apex: "open.optout.", records: MAIL, signing: null },
    ],
  };
}

/** Signatures live 14 days; half of that is left when they are made anew. */
const KEPT_SECONDS = 7 * 86_400;
const folder = "node_modules/.cache/bench-world";

/** From the folder where it was kept, else made: some 40 s, most of them 300,000 signatures. */
export function servedWorld(): ServedWorld {
  const wanted = description();
  const id = createHash("sha256").update(JSON.stringify(wanted)).digest("hex").slice(0, 16);
  const index = join(folder, `${id}.json`);
  try {
    const kept = JSON.parse(readFileSync(index, "utf8")) as ServedWorld;
    if (Date.now() / 1000 - kept.signedAt < KEPT_SECONDS) return kept;
  } catch {
    // none is kept
  }
  console.log("signing the zones of the benches: done once a week");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const made = write(wanted);
  writeFileSync(index, JSON.stringify(made));
  return made;
}

function write(wanted: WorldDescription): ServedWorld {
  const signedAt = Math.floor(Date.now() / 1000);
  const world = buildWorld(wanted, signedAt);
  const addresses: Record<Tier, string[]> = { root: [], tld: [], domain: [] };
  for (const server of world.servers) {
    const labels = [...server.zones.values()].map((zone) => zone.apex.labelCount);
    addresses[tierOf(Math.max(...labels))].push(...server.addresses);
  }
  const zones = [...world.zones.values()].map((zone, i): ServedZone => {
    const file = join(process.cwd(), folder, `${i}.zone`);
    writeFileSync(file, zoneText(zone));
    return { apex: `${zone.apex}`, tier: tierOf(zone.apex.labelCount), file };
  });
  const hints = world.hints.map(({ name, addresses: at }) => ({ name: `${name}`, addresses: at }));
  return { signedAt, zones, addresses, hints, anchors: world.anchors };
}

const tierOf = (labels: number): Tier => (labels === 0 ? "root" : labels === 1 ? "tld" : "domain");

/** SOA first; RDATA in the form of RFC 3597 §5, which every server reads. */
function zoneText(zone: Zone): string {
  const rrsets = [...zone.nodes.values()].flatMap((node) => [...node.rrsets.values()]);
  const lines: string[] = [];
  for (const rrset of [...rrsets, ...zone.denials]) {
    const at = rrset.type === TYPE.SOA ? 0 : lines.length;
    lines.splice(at, 0, ...linesOf(rrset));
  }
  return `${lines.join("\n")}\n`;
}

function linesOf({ name, type, ttl, data, signatures }: LabRRset): string[] {
  const line = (as: string, rdata: Uint8Array): string =>
    `${name} ${ttl} IN ${as} \\# ${rdata.length} ${Buffer.from(rdata).toString("hex")}`;
  return [
    ...data.map((rdata) => line(typeToText(type), rdata)),
    ...signatures.map((signature) => line("RRSIG", signature)),
  ];
}
