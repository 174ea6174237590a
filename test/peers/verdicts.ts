/** What the plan says must come out: peers might share a fault, the plan knows what was done to each zone. */
import { askServer, type Endpoint } from "./client.ts";
import { type Outcome, outcome } from "./compare.ts";
import { parentOf, type ZonePlan } from "./plan.ts";
import { inParallel } from "./run-tool.ts";
import { type Wound, wounds } from "./wounds.ts";

/** One line for each zone that came out otherwise. */
export async function wrongVerdicts(zones: readonly ZonePlan[], rootwalk: Endpoint): Promise<readonly string[]> {
  const lines = await inParallel(zones, 8, async (zone) => {
    const [name, type] =
      zone.tier === "domain" && zone.apex !== "dns.alpha." ? [`www.${zone.apex}`, "A"] : [zone.apex, "SOA"];
    const question = { name: name === "." ? name : name.slice(0, -1), type };
    const flags = { dnssecOk: true, checkingDisabled: false, authenticData: false, edns: true };
    const seen = outcome(await askServer(rootwalk, { ...question, ...flags }));
    const wanted = expected(zone, zones);
    const got = verdictOf(seen);
    if (got !== wanted.www) return `${name} ${type} is ${got}, should be ${wanted.www}`;
    if (wanted.ede !== undefined && !seen?.ede.includes(wanted.ede)) {
      return `${name} ${type} is ${got} with EDE ${seen?.ede.join(", ") || "none"}, should have ${wanted.ede}`;
    }
    return null;
  });
  return lines.filter((line) => line !== null);
}

function expected(zone: ZonePlan, zones: readonly ZonePlan[]): Pick<Wound, "www" | "ede"> {
  if (zone.wound !== null) return wounds[zone.wound];
  if (zone.signing === null || zone.island === true) return { www: "insecure" };
  return zone.apex === "." ? { www: "secure" } : { www: expected(parentOf(zone.apex, zones), zones).www };
}

const NO_REACHABLE_AUTHORITY = 22;

function verdictOf(seen: Outcome | null): Wound["www"] {
  if (seen === null) return "unanswered";
  if (seen.rcode === "SERVFAIL") return seen.ede.includes(NO_REACHABLE_AUTHORITY) ? "unanswered" : "bogus";
  return seen.ad ? "secure" : "insecure";
}
