/** Which NSEC or NSEC3 RRsets a name server shows to deny something. RFC 4035 §3.1.3, RFC 5155 §7.2. */
import type { Name, NameKey } from "../wire/name.ts";
import { nsec3Hash, nsec3Owner } from "./chains.ts";
import type { DenialStyle, LabRRset, Zone } from "./zone.ts";

export type Claim =
  /** The name exists, the type does not; or there is no DS at a delegation. */
  | "no data"
  | "name error"
  /** The answer was expanded from a wildcard: there is no closer match. */
  | "wildcard answer"
  /** A wildcard matches, but has no such type. */
  | "wildcard no data";

export function denialOf(zone: Zone, claim: Claim, name: Name): LabRRset[] {
  const { denialStyle } = zone;
  if (denialStyle === null || zone.denials.length === 0) return [];
  const shown = denialStyle.kind === "nsec" ? byName(zone, claim, name) : byHash(zone, denialStyle, claim, name);
  return [...new Set(shown)];
}

function byName(zone: Zone, claim: Claim, name: Name): LabRRset[] {
  const at = (where: Name): LabRRset => atOrBefore(zone.denials, where.key);
  switch (claim) {
    case "no data":
    case "wildcard answer":
      return [at(name)];
    case "name error":
    case "wildcard no data":
      return [at(name), at(wildcardBelow(zone.closestEncloser(name)))];
  }
}

type Nsec3Style = DenialStyle & { readonly kind: "nsec3" };

function byHash(zone: Zone, style: Nsec3Style, claim: Claim, name: Name): LabRRset[] {
  const owner = (of: Name): NameKey => nsec3Owner(nsec3Hash(of, style.salt, style.iterations), zone.apex).key;
  const matching = (of: Name): LabRRset | undefined => {
    const key = owner(of);
    return zone.denials.find((rrset) => rrset.name.key === key);
  };
  const covering = (of: Name): LabRRset => atOrBefore(zone.denials, owner(of));
  const encloser = provableEncloser(zone.closestEncloser(name), zone.apex, matching);
  // The root's own closest encloser is itself, with nothing closer to deny.
  const nextCloser = name.ancestor(Math.min(name.labelCount, encloser.name.labelCount + 1));
  switch (claim) {
    case "no data": {
      const exact = matching(name);
      // RFC 5155 §7.2.4, §7.2.7: an opted-out delegation has no NSEC3 of its own.
      return exact === undefined ? [encloser.rrset, covering(nextCloser)] : [exact];
    }
    case "name error":
      return [encloser.rrset, covering(nextCloser), covering(wildcardBelow(encloser.name))];
    case "wildcard answer":
      return [covering(nextCloser)];
    case "wildcard no data": {
      const wildcard = wildcardBelow(encloser.name);
      return [encloser.rrset, covering(nextCloser), matching(wildcard) ?? covering(wildcard)];
    }
  }
}

/** With opt-out an existing ancestor may have no NSEC3: then the next one up. RFC 5155 §7.2.1. */
function provableEncloser(from: Name, apex: Name, matching: (of: Name) => LabRRset | undefined) {
  for (let labels = from.labelCount; labels >= apex.labelCount; labels--) {
    const name = from.ancestor(labels);
    const rrset = matching(name);
    if (rrset !== undefined) return { name, rrset };
  }
  throw new TypeError(`the NSEC3 chain of ${apex} lacks its apex`);
}

/** The last owner not behind `key`; before the first one, the last of all, for a chain is a ring. */
function atOrBefore(chain: readonly LabRRset[], key: NameKey): LabRRset {
  let found = chain[chain.length - 1]!;
  for (const rrset of chain) {
    if (rrset.name.key > key) break;
    found = rrset;
  }
  return found;
}

function wildcardBelow(name: Name): Name {
  const wildcard = name.wildcard();
  if (wildcard === null) throw new TypeError(`${name} is too long to have a wildcard below it`);
  return wildcard;
}
