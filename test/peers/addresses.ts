/** Which program answers for which tier of the tree, and where. */

export type Program = "nsd" | "knotd" | "named";
export type Tier = "root" | "tld" | "domain";

export interface Authority {
  readonly id: string;
  readonly program: Program;
  readonly tier: Tier;
  readonly addresses: readonly string[];
}

/**
 * A network namespace of our own may use any address; on the host's loopback only 127/8 exists. Tiers are served by
 * separate processes: one process that held the root and a TLD would answer for both and never refer anybody.
 */
export type Place = "namespace" | "loopback";

const allPrograms: readonly Program[] = ["nsd", "knotd", "named"];
const tiers: readonly Tier[] = ["root", "tld", "domain"];

export function authoritiesAt(place: Place): readonly Authority[] {
  return tiers.flatMap((tier, t) =>
    allPrograms.flatMap((program, p) => {
      const host = 10 * (t + 1) + p + 1;
      const addresses =
        place === "namespace" ? [`192.0.2.${host}`, `2001:db8::${host}`] : loopback(tier, program, host);
      return addresses.length === 0 ? [] : [{ id: `${program}-${tier}`, program, tier, addresses }];
    }),
  );
}

/** named listens only on addresses that an interface has: there is one, and so one tier. */
function loopback(tier: Tier, program: Program, host: number): readonly string[] {
  if (program !== "named") return [`127.53.53.${host}`];
  return tier === "domain" ? ["127.0.0.1"] : [];
}

export function authorityOf(authorities: readonly Authority[], tier: Tier, program: Program): Authority {
  const found = authorities.find((each) => each.tier === tier && each.program === program);
  if (found === undefined) throw new TypeError(`no ${program} serves the ${tier} tier`);
  return found;
}

/** Address records of a name server, as zone-file lines. */
export function addressRecords(owner: string, authority: Authority): string[] {
  return authority.addresses.map((address) => `${owner} ${address.includes(":") ? "AAAA" : "A"} ${address}`);
}
