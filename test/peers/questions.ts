/** Thousands of questions by chance: what exists, what nearly exists, what cannot exist, in every kind of zone. */
import type { Query } from "./client.ts";
import type { ZonePlan } from "./plan.ts";
import type { Dice } from "./random.ts";

export interface Question extends Query {
  /** The zone that was aimed at; aliases may lead elsewhere. */
  readonly zone: ZonePlan;
}

const commonTypes = ["A", "AAAA", "MX", "TLSA", "TXT", "NS", "SOA", "DS", "DNSKEY", "CNAME", "SRV", "CAA"];
const rareTypes = [
  "DNAME",
  "SSHFP",
  "NAPTR",
  "PTR",
  "NSEC3PARAM",
  "CDS",
  "UNKNOWN_64",
  "UNKNOWN_65",
  "UNKNOWN_65280",
  "UNKNOWN_65281",
];

export function questions(zones: readonly ZonePlan[], count: number, chance: Dice): readonly Question[] {
  const wounded = zones.filter(({ wound }) => wound !== null);
  const unsigned = zones.filter(({ signing }) => signing === null);
  const sound = zones.filter(({ wound, signing }) => wound === null && signing !== null);
  return Array.from({ length: count }, () => {
    const kind = chance.below(10);
    const zone = chance.pick(kind < 2 ? wounded : kind < 4 ? unsigned : sound);
    return questionIn(zone, chance);
  });
}

function questionIn(zone: ZonePlan, chance: Dice): Question {
  const owners = ownersOf(zone);
  let name: string;
  let type: string;
  if (chance.chance(0.5)) {
    const [owner, types] = chance.pick([...owners]);
    name = owner;
    type = chance.chance(0.7) ? chance.pick([...types]) : anyType(chance);
  } else {
    name = inventedName(zone, [...owners.keys()], chance);
    type = anyType(chance);
  }
  const edns = chance.chance(0.85);
  return {
    zone,
    name: printable(chance.chance(0.1) ? randomCase(name, chance) : name),
    type,
    edns,
    dnssecOk: edns && chance.chance(0.7),
    checkingDisabled: chance.chance(0.12),
    authenticData: chance.chance(0.3),
  };
}

const anyType = (chance: Dice): string => chance.pick(chance.chance(0.8) ? commonTypes : rareTypes);

/** Owners of the zone's records with the types they have. */
function ownersOf(zone: ZonePlan): Map<string, Set<string>> {
  const owners = new Map<string, Set<string>>([
    [zone.apex, new Set(["NS", "SOA", ...(zone.signing === null ? [] : ["DNSKEY", "DS"])])],
  ]);
  for (const record of zone.records) {
    const [owner, type] = record.split(" ") as [string, string];
    const name =
      owner === "@" ? zone.apex : owner.endsWith(".") ? owner : `${owner}.${zone.apex === "." ? "" : zone.apex}`;
    owners.set(name, (owners.get(name) ?? new Set()).add(numbered(type)));
  }
  return owners;
}

function numbered(type: string): string {
  if (type === "HTTPS") return "UNKNOWN_65";
  if (type === "SVCB") return "UNKNOWN_64";
  return type.replace(/^TYPE/, "UNKNOWN_");
}

function inventedName(zone: ZonePlan, owners: readonly string[], chance: Dice): string {
  const below = (...labels: readonly string[]): string => `${labels.join(".")}.${zone.apex === "." ? "" : zone.apex}`;
  switch (chance.below(10)) {
    case 0:
    case 1:
      return below(chance.label());
    case 2:
      return below(chance.label(), chance.label());
    case 3:
      return below(chance.label(), "wild");
    case 4:
      return below(chance.label(), chance.label(), "wild");
    case 5:
      return below(chance.label(), "elsewhere");
    case 6:
      return below(chance.pick(["www", chance.label()]), chance.pick(["old", "away", "away.away"]));
    case 7:
      return below(chance.pick(["ent", "of.ent", "_tcp.mx", "_tcp", `${chance.label()}.ent`]));
    case 8:
      return `${chance.label()}.${chance.pick(owners)}`.replace(/\.\.$/, ".");
    default:
      return below(chance.pick(["www", "mx", "_25._tcp.mx"]), chance.pick(["unsigned", "signed", chance.label()]));
  }
}

function randomCase(name: string, chance: Dice): string {
  return Array.from(name, (letter) => (chance.chance(0.5) ? letter.toUpperCase() : letter.toLowerCase())).join("");
}

/** dns-packet writes names without the final dot. */
const printable = (name: string): string => (name === "." ? "." : name.replace(/\.$/, ""));

/** The line that asks the same with dig. */
export function digLine(question: Query, port: number): string {
  const type = question.type.replace("UNKNOWN_", "TYPE");
  const flags = [
    question.dnssecOk ? "+dnssec" : "",
    question.edns ? "" : "+noedns",
    question.checkingDisabled ? "+cd" : "",
    question.authenticData ? "+ad" : "+noad",
  ].filter((flag) => flag !== "");
  return `dig @127.0.0.1 -p ${port} '${question.name}' ${type} ${flags.join(" ")}`;
}
