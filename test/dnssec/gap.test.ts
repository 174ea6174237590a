/** A gap denies no name that the judge, given the same records, would not find denied as well. RFC 8198 §5.1, §5.2. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Gap } from "../../src/dnssec/gap.ts";
import { validateResponse } from "../../src/dnssec/response.ts";
import { Secure } from "../../src/dnssec/verdict.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import type { Name } from "../../src/wire/name.ts";
import { engine, judge, question, TestZone } from "./denying.ts";
import { name } from "./signing.ts";

const zone = new TestZone("example.");
const soa = zone.soa();
const hash = (of: Name, salt: Uint8Array): Uint8Array => engine.nsec3Hash(of.canonicalWire, salt, 0);

function judged(of: string, authority: readonly RRset[]) {
  const response = { kind: "name error", question: question(of, "A"), soa, authority: [soa, ...authority] } as const;
  return validateResponse(response, zone.trust, judge());
}

function gapFrom(of: string, authority: readonly RRset[]): Gap | null {
  const verdict = judged(of, authority);
  return verdict.status === "secure" ? Gap.of(verdict, zone.trust.name, hash) : null;
}

/** Whatever the gap tells, the judge tells; how often it told anything. */
function tellsTheSame(authorities: fc.Arbitrary<readonly RRset[]>, runs: number): number {
  let told = 0;
  fc.assert(
    fc.property(
      authorities,
      someName,
      fc.array(someName, { minLength: 1, maxLength: 6 }),
      (authority, first, others) => {
        const gap = gapFrom(first, authority);
        if (gap === null) return;
        for (const other of others) {
          const seen = gap.seenFrom(name(other));
          if (seen === null) continue;
          const [, ...records] = seen.value.authority;
          const verdict = judged(other, records);
          told++;
          expect(Secure.is(seen)).toBe(true);
          expect(verdict.status).toBe("secure");
          if (verdict.status !== "secure") continue;
          const { name: denied, authority: kept, ...rest } = seen.value;
          const { name: _, authority: needed, ...judgedRest } = verdict.value;
          expect(denied.equals(name(other))).toBe(true);
          expect(rest).toEqual(judgedRest);
          // Where the spans of a zone contradict each other, the judge may need fewer of them.
          expect(needed.every((rrset) => kept.includes(rrset))).toBe(true);
          expect(seen.proof.validUntil).toBeLessThanOrEqual(verdict.proof.validUntil);
        }
      },
    ),
    { numRuns: runs },
  );
  return told;
}

const labels = ["a", "b", "ent", "k", "m", "*", "sub", "dname", "wild", "zz", "A", "\\000"];
const someName = fc
  .array(fc.constantFrom(...labels), { minLength: 0, maxLength: 3 })
  .map((chosen) => [...chosen, "example."].join("."));
const someTypes = fc.constantFrom("A RRSIG NSEC", "NS RRSIG NSEC", "DNAME RRSIG NSEC", "NS SOA RRSIG NSEC", "TXT");

describe("gaps between names", () => {
  const wide = [zone.nsec("example.", "deep.ent.example.", "NS SOA RRSIG NSEC")];

  test("the neighbours of a name that does not exist do not exist either", () => {
    const gap = gapFrom("b.example.", wide)!;
    const seen = gap.seenFrom(name("c.example."))!;
    expect(seen.value).toMatchObject({ kind: "name error", rcode: 3 });
    expect(seen.value.authority).toBe(gap.seenFrom(name("x.d.example."))!.value.authority);
  });

  test("an empty non-terminal, what lies below it, the ends and what is elsewhere are not told about", () => {
    const gap = gapFrom("b.example.", wide)!;
    for (const other of ["ent.example.", "a.ent.example.", "example.", "deep.ent.example.", "z.example.", "b.other."])
      expect(gap.seenFrom(name(other)), other).toBeNull();
  });

  test("a type that is missing tells nothing of other names", () => {
    const [match] = [zone.nsec("mail.example.", "z.example.", "A RRSIG NSEC")];
    const response = {
      kind: "no data",
      question: question("mail.example.", "MX"),
      soa,
      authority: [soa, match!],
    } as const;
    const verdict = validateResponse(response, zone.trust, judge());
    expect(verdict.status === "secure" && Gap.of(verdict, zone.trust.name, hash)).toBeNull();
  });

  test("whatever the zone says", () => {
    const someNsec = fc.tuple(someName, someName, someTypes).map((parts) => JSON.stringify(parts));
    const made = new Map<string, RRset>();
    const authorities = fc.array(someNsec, { minLength: 1, maxLength: 3 }).map((all) =>
      all.map((text) => {
        const [owner, next, types] = JSON.parse(text);
        const known = made.get(text) ?? zone.nsec(owner, next, types);
        made.set(text, known);
        return known;
      }),
    );
    expect(tellsTheSame(authorities, 4000)).toBeGreaterThan(300);
  });
});

describe("gaps between hashes", () => {
  const apex = zone.match("example.", "NS SOA RRSIG");
  const all = [
    apex,
    zone.cover("*.example."),
    zone.cover("b.example."),
    zone.match("ent.example.", ""),
    zone.cover("*.ent.example."),
  ];
  const wide = zone.nsec3(new Uint8Array(20), new Uint8Array(20).fill(255), "A RRSIG");

  test("one hash tells of a name directly below the closest encloser", () => {
    const records = [apex, zone.cover("*.example."), wide];
    const gap = gapFrom("b.example.", records)!;
    expect(gap.seenFrom(name("c.example."))?.value.kind).toBe("name error");
    expect(gap.seenFrom(name("d.c.example."))).toBeNull();
    expect(gap.seenFrom(name("example."))).toBeNull();
    expect(gap.seenFrom(name("c.other."))).toBeNull();
  });

  test("whatever the zone says", () => {
    const authorities = fc.subarray([...all, wide, zone.cover("k.ent.example."), zone.match("a.example.", "A RRSIG")]);
    expect(tellsTheSame(authorities, 3000)).toBeGreaterThan(100);
  });
});
