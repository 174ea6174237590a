/**
 * A proven name error as what it says of other names: its records deny every name in the same gap, below the same closest
 * encloser. RFC 8198 §5.1, §5.2. Whatever else the judge looks at is the same for all of them, so a name is compared with
 * the gap and not judged from the beginning. The judge stays the reference (test/dnssec/gap.test.ts).
 */
import { compareOctets } from "../rrset/canonical.ts";
import { isOfType, type RRset, rdataOf } from "../rrset/rrset.ts";
import { keyIsWithin, type Name, sharedLength } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";
import type { AnswerData } from "./answer.ts";
import { closestEncloser, covers, type Span } from "./nsec.ts";
import { covers as coversHash, type HashSpan, hashInOwner } from "./nsec3.ts";
import { mintSecure, type Secure } from "./verdict.ts";

/** Of a name, once. RFC 5155 §5 with no additional iterations. */
export type HashOnce = (name: Name, salt: Uint8Array) => Uint8Array;

export class Gap {
  readonly #verdict: Secure<AnswerData>;
  readonly #denies: (name: Name) => boolean;

  private constructor(verdict: Secure<AnswerData>, denies: (name: Name) => boolean) {
    this.#verdict = verdict;
    this.#denies = denies;
  }

  /** Null where a verdict tells nothing of other names: no name error, a compact one (RFC 9824), one of hashes hashed again. */
  static of(verdict: Secure<AnswerData>, zone: Name, hash: HashOnce): Gap | null {
    if (verdict.value.kind !== "name error") return null;
    const denies = gapInNames(verdict.value) ?? gapInHashes(verdict.value, zone, hash);
    return denies === null ? null : new Gap(verdict, denies);
  }

  /** The same denial, of `name`; null if these records do not deny it. Its authority section is the same array. */
  seenFrom(name: Name): Secure<AnswerData> | null {
    if (!this.#denies(name)) return null;
    const { value, proof } = this.#verdict;
    const { kind, rrsets, authority, rcode } = value;
    return mintSecure({ kind, name, rrsets, authority, rcode }, proof);
  }
}

function gapInNames({ name, authority }: AnswerData): ((other: Name) => boolean) | null {
  const spans = spansOf(authority);
  const span = spans.find((one) => covers(one, name));
  if (span === undefined || !agree(spans, (one, { owner }) => covers(one, owner) || one.owner.equals(owner)))
    return null;
  const { labelCount, key } = closestEncloser(span, name);
  const owner = span.owner.key;
  const next = span.next.key;
  return (other) =>
    // The encloser itself would be an empty non-terminal, and names beside it have another.
    other.labelCount > labelCount &&
    covers(span, other) &&
    keyIsWithin(other.key, key) &&
    Math.max(sharedLength(other.key, owner), sharedLength(other.key, next)) === key.length;
}

/** A zone may contradict itself: one record denies what another one has, or delegates. Then it depends on their order. */
function agree<T>(spans: readonly T[], speaksOf: (one: T, other: T) => boolean): boolean {
  return spans.every((one) => spans.every((other) => one === other || !speaksOf(one, other)));
}

function spansOf(authority: readonly RRset[]): Span[] {
  return authority.flatMap((rrset) =>
    isOfType(rrset, TYPE.NSEC) ? rdataOf(rrset).map(({ next }) => ({ owner: rrset.name, next })) : [],
  );
}

/** Of names directly below the encloser, each of which is its own next closer name: one hash tells of them. */
function gapInHashes({ name, authority }: AnswerData, zone: Name, hash: HashOnce): ((other: Name) => boolean) | null {
  const encloser = name.parent();
  const spans = hashSpansOf(authority, zone);
  const salt = spans?.[0]?.salt;
  if (encloser === null || spans === null || salt === undefined) return null;
  const own = hash(name, salt);
  const span = spans.find((one) => coversHash(one, own));
  const above = hash(encloser, salt);
  const matches = ({ owner }: HashSpan, hashed: Uint8Array): boolean => compareOctets(owner, hashed) === 0;
  if (span === undefined || !spans.some((one) => matches(one, above))) return null;
  if (!agree(spans, (one, { owner }) => coversHash(one, owner) || matches(one, owner))) return null;
  return (other) =>
    other.labelCount === encloser.labelCount + 1 && other.isWithin(encloser) && coversHash(span, hash(other, salt));
}

function hashSpansOf(authority: readonly RRset[], zone: Name): (HashSpan & { readonly salt: Uint8Array })[] | null {
  const spans: (HashSpan & { readonly salt: Uint8Array })[] = [];
  for (const rrset of authority) {
    if (!isOfType(rrset, TYPE.NSEC3)) continue;
    const owner = hashInOwner(rrset.name, zone);
    for (const { nextHashed: next, salt, iterations } of rdataOf(rrset)) {
      if (owner === null || iterations !== 0) return null;
      spans.push({ owner, next, salt });
    }
  }
  return spans;
}
