/**
 * A gap denies no name that the judge, given the same records, would not find denied as well (RFC 8198 §5.1, §5.2): in zones
 * that contradict themselves, where every record is signed and no two need agree, and in true ones.
 */
import fc from "fast-check";
import type { AnswerData } from "../../src/dnssec/answer.ts";
import { Gap } from "../../src/dnssec/gap.ts";
import { validateResponse } from "../../src/dnssec/response.ts";
import { Secure, type Verdict } from "../../src/dnssec/verdict.ts";
import { nsec3Hash, nsec3Owner, nsec3Rdata, nsecRdata } from "../../src/lab/chains.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { neighbour } from "../dnssec/denying.ts";
import { APEX, modelOf, signed, trustedZone, truthOf } from "./model.ts";
import { authorityOf, judge, mustBe, scene } from "./proofs.ts";
import type { Target } from "./targets.ts";

const salt = Uint8Array.of(5);
const soa = modelOf([], { kind: "nsec" }).loot.find(
  ({ type, name }) => type === TYPE.SOA && name.equals(APEX),
) as RRset<typeof TYPE.SOA>;

const labels = fc.constantFrom("a", "b", "k", "m", "*", "zz", "!", "A");
const inZone = fc.array(labels, { maxLength: 3 }).map((path) => Name.parse([...path, "z", "p"].join(".")));
const types = fc.constantFrom<readonly number[]>(
  [TYPE.A, TYPE.RRSIG],
  [TYPE.NS],
  [TYPE.NS, TYPE.DS],
  [TYPE.DNAME],
  [TYPE.NS, TYPE.SOA],
  [TYPE.CNAME],
  [],
);

const inNames: fc.Arbitrary<RRset> = fc
  .record({ owner: inZone, next: inZone, types })
  .map(({ owner, next, types: here }) => bySigner(owner, TYPE.NSEC, nsecRdata(next, [...here, TYPE.RRSIG, TYPE.NSEC])));

/** A hash, or one of its two neighbours: what matches a name, and what goes just around it. */
const hashed = fc.record({ name: inZone, step: fc.constantFrom<-1 | 0 | 1>(-1, 0, 0, 1) }).map(({ name, step }) => {
  const hash = nsec3Hash(name, salt, 0);
  return step === 0 ? hash : neighbour(hash, step);
});

const inHashes: fc.Arbitrary<RRset> = fc
  .record({ owner: hashed, next: hashed, types, optOut: fc.constantFrom(false, false, false, true) })
  .map(({ owner, ...rest }) => withHash(owner, rest));

/** Without it there is hardly a closest encloser. */
const apexMatched = withHash(nsec3Hash(APEX, salt, 0), {
  next: neighbour(nsec3Hash(APEX, salt, 0), 1),
  types: [TYPE.NS, TYPE.SOA],
  optOut: false,
});

function withHash(
  owner: Uint8Array,
  fields: Pick<Parameters<typeof nsec3Rdata>[0], "next" | "types" | "optOut">,
): RRset {
  return bySigner(nsec3Owner(owner, APEX), TYPE.NSEC3, nsec3Rdata({ iterations: 0, salt, ...fields }));
}

function bySigner(name: Name, type: number, rdata: Uint8Array): RRset {
  return signed({ name, type, ttl: 60, data: [rdata], signatures: [] }, APEX);
}

/** Signed records of which no two need agree, a name that they may deny, and others to tell of. */
export const selfContradicting = fc.record({
  authority: fc.oneof(
    fc.array(inNames, { minLength: 1, maxLength: 4 }),
    fc.array(inHashes, { minLength: 1, maxLength: 5 }).map((others) => [...others, apexMatched]),
  ),
  first: inZone,
  others: fc.array(inZone, { minLength: 1, maxLength: 8 }),
});

export const gapProperties: readonly Target[] = [
  {
    name: "gaps",
    holds: "what a gap tells of a name is what the judge finds in the same records, however they contradict each other",
    property: fc.property(selfContradicting, ({ authority, first, others }) => {
      tellsTheSame(authority, first, others);
    }),
  },
  {
    name: "gaps of zones",
    holds: "a name that a gap denies does not exist in the zone, whatever a thief adds to the proof",
    property: fc.property(scene, fc.array(inZone, { minLength: 1, maxLength: 8 }), (input, others) => {
      const verdict = judged(input.name, [soa, ...authorityOf(input)]);
      const gap = gapOf(verdict);
      for (const other of others) {
        if (gap?.seenFrom(other) == null) continue;
        const { kind } = truthOf(input.model, other, TYPE.A);
        mustBe(kind === "name error", () => `${other} is denied, but the zone says ${kind}`);
      }
    }),
  },
];

/** How many of `others` the gap spoke of. */
export function tellsTheSame(authority: readonly RRset[], first: Name, others: readonly Name[]): number {
  const gap = gapOf(judged(first, [soa, ...authority]));
  if (gap === null) return 0;
  let told = 0;
  for (const other of others) {
    const seen = gap.seenFrom(other);
    if (seen === null) continue;
    told += 1;
    const verdict = judged(other, seen.value.authority);
    mustBe(Secure.is(seen), () => `what is told of ${other} is not minted`);
    if (verdict.status !== "secure")
      throw new Error(`${other} is denied by the gap, and ${verdict.status} to the judge`);
    const { value } = verdict;
    mustBe(
      value.kind === "name error" && value.rcode === seen.value.rcode,
      () => `${other}: ${value.kind} to the judge`,
    );
    mustBe(seen.value.name.equals(other) && value.name.equals(other), () => `${seen.value.name} for ${other}`);
    mustBe(seen.proof.validUntil <= verdict.proof.validUntil, () => `${other} is denied for too long`);
    mustBe(
      value.authority.every((needed) => seen.value.authority.includes(needed)),
      () => `the judge needs other records for ${other}`,
    );
  }
  return told;
}

function judged(name: Name, authority: readonly RRset[]): Verdict<AnswerData> {
  const { by } = judge();
  const question = { name, type: TYPE.A, class: 1 };
  return validateResponse({ kind: "name error", question, soa, authority }, trustedZone(by), by);
}

function gapOf(verdict: Verdict<AnswerData>): Gap | null {
  if (verdict.status !== "secure") return null;
  return Gap.of(verdict, APEX, (name, by) => nsec3Hash(name, by, 0));
}
