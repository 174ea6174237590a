/**
 * Authenticated denial with names in the clear. RFC 4034 §4, RFC 4035 §5.4, RFC 6840 §4; compact form RFC 9824.
 *
 * An NSEC RR says: `owner` exists and has these types, and between `owner` and `next` no name of the zone exists.
 *
 *   matches             the owner is the name
 *   covers              owner < name < next in canonical order; the last NSEC of a zone leads back to the apex
 *   empty non-terminal  a name without records and with names below it: an NSEC covers it, and `next` lies below it
 *   closest encloser    the longest ancestor that exists of a name that does not: what the name shares with the owner or
 *                       with `next` of the NSEC that covers it, whichever is longer
 *   hides               an NSEC at a delegation or at a DNAME says nothing about names below it
 *   compact denial      an NSEC made up for the name itself, listing NXNAME if the name does not exist
 */
import { isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import type { Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import type { Nsec } from "../wire/rdata.ts";
import { type RRType, TYPE } from "../wire/registry.ts";
import {
  asVerified,
  type DenyingRecord,
  type Finding,
  hidesBelow,
  isCut,
  notShown,
  whatCutShows,
  whyNotDenied,
} from "./denying.ts";
import type { Judge } from "./judge.ts";
import { type Failure, failure } from "./proof.ts";
import { verifyRRset } from "./signature.ts";
import type { SecureZone } from "./zone-trust.ts";

interface NsecRecord extends DenyingRecord {
  readonly owner: Name;
  readonly next: Name;
}

/** What the NSEC RRs show about a name and type, whatever the rcode says: the rcode is not signed. RFC 4035 §5.4. */
export function whatNsecShows(records: NsecRecords, question: Question): Finding {
  const { name, type } = question;
  const match = records.matching(name);
  if (match !== null) return whatMatchShows(match, type);
  const cover = records.covering(name);
  if (cover === null) return notShown(`no NSEC RR matches or covers ${name}`);
  const hidden = whyHidden(cover, name);
  if (hidden !== null) return notShown(hidden);
  if (isEmptyNonTerminal(cover, name)) return shown("no data", null, [cover]);
  const encloser = closestEncloser(cover, name);
  return whatWildcardShows(records, { encloser, type, cover });
}

/** There is nothing at `name`; now the wildcard that would answer instead. RFC 4035 §3.1.3.2, §3.1.3.4. */
function whatWildcardShows(
  records: NsecRecords,
  { encloser, type, cover }: { readonly encloser: Name; readonly type: RRType; readonly cover: NsecRecord },
): Finding {
  const wildcard = encloser.wildcard()!; // no longer than the name that it is the closest encloser of
  const match = records.matching(wildcard);
  if (match !== null) {
    const why = whyNotDenied(match.types, type, wildcard);
    if (why !== null) return notShown(why);
    // RFC 4592 §4.2: what NS at a wildcard means is undefined, so it must not deny a delegation (ATTACKS A-27).
    if (isCut(match.types)) return notShown(`${wildcard} has NS, and a wildcard delegates nothing`);
    return shown("no data at a wildcard", encloser, [cover, match]);
  }
  const above = records.covering(wildcard);
  if (above === null) return notShown(`no NSEC RR matches or covers ${wildcard}`);
  const hidden = whyHidden(above, wildcard);
  if (hidden !== null) return notShown(hidden);
  // A wildcard that is an empty non-terminal exists, and is expanded to nothing: RFC 4592 §2.2.2, §2.2.3.
  if (isEmptyNonTerminal(above, wildcard)) return shown("no data at a wildcard", encloser, [cover, above]);
  return shown("name error", encloser, [cover, above]);
}

function whatMatchShows(match: NsecRecord, type: RRType): Finding {
  const why = whyNotDenied(match.types, type, match.owner);
  if (why !== null) return notShown(why);
  return shown(isCompactNameError(match.types) ? "compact name error" : "no data", null, [match]);
}

/** RFC 9824 §3.1: NXNAME with nothing but what denial itself needs. With data beside it, it means nothing. */
function isCompactNameError(types: ReadonlySet<RRType>): boolean {
  if (!types.has(TYPE.NXNAME)) return false;
  for (const type of types) if (type !== TYPE.NXNAME && type !== TYPE.RRSIG && type !== TYPE.NSEC) return false;
  return true;
}

/** What the NSEC RRs show about a name that a referral claims to be delegated without DS. RFC 4035 §5.2, RFC 6840 §4.4. */
export function whatNsecShowsOfCut(records: NsecRecords, cut: Name): Finding {
  const match = records.matching(cut);
  if (match !== null) return whatCutShows(match, cut);
  const cover = records.covering(cut);
  if (cover === null) return notShown(`no NSEC RR matches or covers ${cut}`);
  const hidden = whyHidden(cover, cut);
  if (hidden !== null) return notShown(hidden);
  const encloser = isEmptyNonTerminal(cover, cut) ? null : closestEncloser(cover, cut);
  return shown("no delegation", encloser, [cover]);
}

/** Is the wildcard below `source` the closest match for `name`? RFC 4035 §5.3.4. */
export function whetherNsecShowsNoCloserMatch(records: NsecRecords, name: Name, source: Name): Finding {
  const cover = records.covering(name);
  if (cover === null) return notShown(`no NSEC RR covers ${name}`);
  const hidden = whyHidden(cover, name);
  if (hidden !== null) return notShown(hidden);
  const encloser = closestEncloser(cover, name); // the name itself, if that is an empty non-terminal
  if (!encloser.equals(source)) {
    return notShown(`the closest encloser of ${name} is ${encloser}, and the wildcard is of ${source}`);
  }
  return shown("no closer match", source, [cover]);
}

function shown(
  what: Extract<Finding, { kind: "shown" }>["what"],
  closestEncloser: Name | null,
  records: readonly NsecRecord[],
): Finding {
  return { kind: "shown", what, closestEncloser, optOut: false, records: [...new Set(records)] };
}

/** What an NSEC RR says of names: none of its zone lies between the two. */
export interface Span {
  readonly owner: Name;
  readonly next: Name;
}

/** Canonical order is the order of keys. RFC 4034 §6.1. */
export function covers({ owner, next }: Span, name: Name): boolean {
  if (owner.key < next.key) return owner.key < name.key && name.key < next.key;
  return owner.key < name.key || name.key < next.key; // leads back to the apex, or is malformed, which shows on use
}

function isEmptyNonTerminal({ next }: Span, name: Name): boolean {
  return next.isStrictlyWithin(name);
}

/** Of a name that the span covers; the name itself, if it is an empty non-terminal. */
export function closestEncloser({ owner, next }: Span, name: Name): Name {
  const left = name.commonAncestor(owner);
  const right = name.commonAncestor(next);
  return left.labelCount > right.labelCount ? left : right;
}

/** RFC 6840 §4.1. */
function whyHidden(cover: NsecRecord, name: Name): string | null {
  if (!name.isStrictlyWithin(cover.owner) || !hidesBelow(cover.types)) return null;
  const what = isCut(cover.types) ? "a delegation" : "a DNAME";
  return `the NSEC RR that covers ${name} is that of ${what} above it, ${cover.owner}`;
}

interface Candidate extends Span {
  readonly rrset: RRset<typeof TYPE.NSEC>;
  readonly types: ReadonlySet<RRType>;
  /** Undefined until it was needed; null if it does not count. */
  record: NsecRecord | null | undefined;
}

/**
 * The NSEC RRs of one response. Each is verified when it is first needed, and one that fails counts no more than if it
 * were not there (ATTACKS A-32).
 */
export class NsecRecords {
  readonly #candidates: readonly Candidate[];
  readonly #zone: SecureZone;
  readonly #by: Judge;
  /** Why the first one that would have mattered did not count. */
  failure: Failure | null = null;
  /** A signed record that no signer makes: nothing may be concluded from its zone's chain. */
  malformed: Failure | null = null;

  constructor(authority: readonly RRset[], zone: SecureZone, by: Judge) {
    this.#zone = zone;
    this.#by = by;
    const candidates: Candidate[] = [];
    for (const rrset of authority) {
      if (!isOfType(rrset, TYPE.NSEC)) continue;
      for (const nsec of rdataOf(rrset)) candidates.push(candidate(rrset, nsec));
    }
    this.#candidates = candidates;
  }

  get present(): boolean {
    return this.#candidates.length > 0;
  }

  matching(name: Name): NsecRecord | null {
    return this.#first((one) => one.owner.equals(name));
  }

  covering(name: Name): NsecRecord | null {
    return this.#first((one) => covers(one, name));
  }

  #first(answers: (one: Candidate) => boolean): NsecRecord | null {
    for (const one of this.#candidates) {
      if (!answers(one)) continue;
      if (one.record === undefined) one.record = this.#verify(one);
      if (one.record !== null) return one.record;
    }
    return null;
  }

  #verify({ rrset, owner, next, types }: Candidate): NsecRecord | null {
    const verified = verifyRRset(rrset, this.#zone, this.#by);
    if (verified.kind === "failed") {
      this.failure ??= verified.failure;
      return null;
    }
    if (verified.wildcard !== null) {
      // Its span is that of *.encloser, wherever a server says it stands (CVE-2017-15105; ATTACKS A-27).
      const detail = `NSEC of ${owner} is an expansion of *.${verified.wildcard.isRoot ? "" : verified.wildcard} and proves nothing`;
      this.failure ??= failure("denial does not prove it", owner, detail);
      return null;
    }
    const flaw = this.#flawOf({ owner, next }, rrset);
    if (flaw !== null) {
      this.malformed ??= failure("denial malformed", owner, `NSEC of ${owner} ${flaw}`);
      return null;
    }
    return { owner, next, types, rrset: asVerified(rrset, verified, this.#by), part: verified.part };
  }

  #flawOf({ owner, next }: Span, rrset: RRset): string | null {
    const zone = this.#zone.name;
    if (rrset.data.length > 1) return `consists of ${rrset.data.length} records`;
    // Else a zone could deny the names of its siblings (CVE-2026-13321; ATTACKS A-21).
    if (!next.isWithin(zone)) return `leads to ${next}, outside of ${zone}`;
    // RFC 4034 §4.1.1: only the last one leads back, and to the apex.
    if (next.key <= owner.key && !next.equals(zone)) return `leads back to ${next}, which is not the apex of ${zone}`;
    return null;
  }
}

function candidate(rrset: RRset<typeof TYPE.NSEC>, { next, types }: Nsec): Candidate {
  return { rrset, owner: rrset.name, next, types, record: undefined };
}
