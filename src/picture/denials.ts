/** What one NSEC or NSEC3 RR says about a question, in words. RFC 4034 §4, RFC 5155 §7, §8. */
import { nsec3Hash } from "../crypto/sha1.ts";
import { compareOctets } from "../rrset/canonical.ts";
import { isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import type { Name } from "../wire/name.ts";
import { type RRType, TYPE, typeToText } from "../wire/registry.ts";
import { base32hex, base32hexToOctets } from "../wire/text.ts";

/** Denials of more iterations are not computed for a picture; a resolver believes none of them. RFC 9276 §3.2. */
const HASHED_AT_MOST = 150;
const LISTED_TYPES = 8;

export interface Denied {
  readonly name: Name;
  /** Null: the absence of a closer match for a wildcard. */
  readonly type: RRType | null;
  readonly zone: Name;
}

/** Title and lines for one of the records that deny `denied`. */
export function denialText(
  rrset: RRset,
  denied: Denied,
): { readonly title: string; readonly lines: readonly string[] } {
  if (isOfType(rrset, TYPE.NSEC)) return nsecText(rrset, denied);
  if (isOfType(rrset, TYPE.NSEC3)) return nsec3Text(rrset, denied);
  return { title: `${rrset.name} ${typeToText(rrset.type)}`, lines: [] };
}

function nsecText(rrset: RRset<typeof TYPE.NSEC>, denied: Denied): ReturnType<typeof denialText> {
  const { next, types } = rdataOf(rrset)[0]!;
  const { name: owner } = rrset;
  const said = candidates(denied).flatMap((name) => {
    if (owner.equals(name)) return [matched(name, types, denied)];
    if (!spans(owner.key, next.key, name.key)) return [];
    if (next.isStrictlyWithin(name)) return [`${name} is only a part of longer names`];
    return [`there is no ${name}`];
  });
  return { title: `NSEC ${owner}`, lines: [...said, `next name: ${next}`, typesLine(types)] };
}

function nsec3Text(rrset: RRset<typeof TYPE.NSEC3>, denied: Denied): ReturnType<typeof denialText> {
  const { nextHashed, types, iterations, salt, flags } = rdataOf(rrset)[0]!;
  const hash = rrset.name.labels()[0]!;
  const owner = base32hexToOctets(Buffer.from(hash).toString("latin1"));
  const optOut = (flags & 1) !== 0;
  const said =
    owner === null || iterations > HASHED_AT_MOST
      ? []
      : candidates(denied).flatMap((name) => {
          const digest = nsec3Hash(name.canonicalWire, salt, iterations);
          if (compareOctets(owner, digest) === 0) return [matched(name, types, denied)];
          if (!covers(owner, nextHashed, digest)) return [];
          if (optOut && name.isWildcard) return [];
          return [optOut ? `no signed delegation ${name} (opt-out)` : `there is no ${name}`];
        });
  const parameters = [`${iterations} ${iterations === 1 ? "iteration" : "iterations"}`, optOut ? "opt-out" : ""];
  return {
    title: `NSEC3 ${short(Buffer.from(hash).toString("latin1"))}`,
    lines: [
      ...said,
      `next hash: ${short(base32hex(nextHashed))}`,
      typesLine(types),
      parameters.filter((part) => part !== "").join(", "),
    ],
  };
}

/** The names that a proof may be about: the name, its ancestors in the zone, and a wildcard below each of these. */
function candidates({ name, zone }: Denied): readonly Name[] {
  const all: Name[] = [];
  for (let labels = name.labelCount; labels >= zone.labelCount; labels--) {
    const ancestor = name.ancestor(labels);
    all.push(ancestor);
    const wildcard = labels < name.labelCount ? ancestor.wildcard() : null;
    if (wildcard !== null && !wildcard.equals(name)) all.push(wildcard);
  }
  return all;
}

function matched(name: Name, types: ReadonlySet<RRType>, { name: asked, type }: Denied): string {
  const isItself = name.equals(asked) || name.isWildcard;
  if (type !== null && isItself && !types.has(type)) return `${name} is there, without ${typeToText(type)}`;
  return `${name} is there`;
}

function spans(owner: string, next: string, name: string): boolean {
  return owner < next ? owner < name && name < next : owner < name || name < next;
}

function covers(owner: Uint8Array, next: Uint8Array, hash: Uint8Array): boolean {
  const above = compareOctets(owner, hash) < 0;
  const below = compareOctets(hash, next) < 0;
  return compareOctets(owner, next) < 0 ? above && below : above || below;
}

function typesLine(types: ReadonlySet<RRType>): string {
  const all = [...types].map(typeToText);
  if (all.length === 0) return "types: none";
  const rest = all.length - LISTED_TYPES;
  return `types: ${all.slice(0, LISTED_TYPES).join(" ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

function short(hash: string): string {
  return hash.length > 12 ? `${hash.slice(0, 10).toLowerCase()}…` : hash;
}
