/** Tools to change one thing of a world's description, and of a signed zone so that only that one thing is wrong. */
import { createHash } from "node:crypto";
import { Name } from "../wire/name.ts";
import type { RRType } from "../wire/registry.ts";
import { rdataFrom } from "./foreign.ts";
import type { Quirk } from "./server.ts";
import { withSignatures } from "./sign-zone.ts";
import { type RrsigFields, type SigningKey, signersOf, signRRset, type Validity } from "./signer.ts";
import type { ServerDescription, WorldDescription, ZoneDescription } from "./world.ts";
import type { LabRRset, Zone } from "./zone.ts";

export type Injury = (world: WorldDescription) => WorldDescription;

/** The description of one zone, changed. */
export function rezone(
  apex: string,
  change: Partial<ZoneDescription> | ((zone: ZoneDescription) => Partial<ZoneDescription>),
): Injury {
  return (world) => {
    if (!world.zones.some((zone) => zone.apex === apex)) throw new TypeError(`the world to wound has no zone ${apex}`);
    const changed = (zone: ZoneDescription) => ({ ...zone, ...(typeof change === "function" ? change(zone) : change) });
    return { ...world, zones: world.zones.map((zone) => (zone.apex === apex ? changed(zone) : zone)) };
  };
}

/** A zone more than there were. */
export function addZone(zone: ZoneDescription): Injury {
  return (world) => ({ ...world, zones: [...world.zones, zone] });
}

/** One more edit of a zone after it was signed. */
export function edit(apex: string, change: (zone: Zone) => void): Injury {
  return rezone(apex, (zone) => ({
    edit(signed) {
      zone.edit?.(signed);
      change(signed);
    },
  }));
}

/** A server of the world with one more quirk, or otherwise changed. */
export function reserver(name: string, ...quirks: readonly Quirk[]): Injury {
  return (world) => {
    const servers = world.servers ?? [];
    const before: ServerDescription = servers.find((server) => server.name === name) ?? { name };
    const after = { ...before, quirks: [...(before.quirks ?? []), ...quirks] };
    return { ...world, servers: [...servers.filter((server) => server !== before), after] };
  };
}

export function together(...injuries: readonly Injury[]): Injury {
  return (world) => injuries.reduce((done, injury) => injury(done), world);
}

export function rrsetOf(zone: Zone, name: string, type: RRType): LabRRset {
  const found = zone.get(Name.parse(name), type);
  if (found === undefined) throw new TypeError(`lab zone ${zone.apex} has no such RRset at ${name}`);
  return found;
}

/** Replaces an RRset as it stands, signatures and all. */
export function alter(
  zone: Zone,
  [name, type]: readonly [string, RRType],
  change: (rrset: LabRRset) => Partial<LabRRset>,
): void {
  const before = rrsetOf(zone, name, type);
  zone.set({ ...before, ...change(before) });
}

/** New data for an RRset, properly signed. */
export function replaceData(zone: Zone, where: readonly [string, RRType], data: LabRRset["data"]): void {
  alter(zone, where, (rrset) => withSignatures(zone, { ...rrset, data }));
}

/** Signs again, with signatures that say something else, yet are right as such. */
export function resign(
  zone: Zone,
  rrset: LabRRset,
  otherwise: Partial<RrsigFields> & { readonly validity?: Validity; readonly keys?: readonly SigningKey[] },
): LabRRset {
  const { signedWith } = zone;
  if (signedWith === null) throw new TypeError(`lab zone ${zone.apex} is not signed`);
  const { validity = signedWith, keys = signersOf(signedWith.keys, rrset.type), ...fields } = otherwise;
  return { ...rrset, signatures: keys.map((key) => signRRset(rrset, key, validity, fields)) };
}

/** The octets of an RRSIG's signature, flipped at their end. */
export function corrupted(rrsig: Uint8Array): Uint8Array {
  const wrong = rrsig.slice();
  wrong[wrong.length - 1]! ^= 0xff;
  return wrong;
}

/** DS RDATA with any numbers and a digest that fits nothing. */
export function strangeDs(
  key: SigningKey,
  { digestType = 2, algorithm = key.algorithm, octets = 32 } = {},
): Uint8Array {
  const digest = createHash("sha512").update(key.rdata).update("strange").digest().subarray(0, octets);
  return rdataFrom("DS", { keyTag: key.tag, algorithm, digestType, digest });
}
