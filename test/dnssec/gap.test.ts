/** What a gap tells of other names, and when it tells nothing. Any records against the judge: ../fuzz/gaps.ts. RFC 8198 §5.1, §5.2. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Gap } from "../../src/dnssec/gap.ts";
import { validateResponse } from "../../src/dnssec/response.ts";
import { type RRset, rdataOf } from "../../src/rrset/rrset.ts";
import type { Name } from "../../src/wire/name.ts";
import { selfContradicting, tellsTheSame } from "../fuzz/gaps.ts";
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

  test("records that contradict each other tell nothing of other names", () => {
    const alone = zone.nsec("example.", "example.", "NS SOA RRSIG NSEC");
    const cut = zone.nsec("\\000.example.", "a.example.", "NS RRSIG NSEC");
    expect(judged("b.example.", [cut, alone]).status).toBe("secure");
    expect(gapFrom("b.example.", [cut, alone])).toBeNull();
    const last = zone.nsec("a.b.example.", "example.", "A RRSIG NSEC");
    const first = zone.nsec("example.", "z.example.", "NS SOA RRSIG NSEC");
    expect(judged("c.example.", [last, first]).status).toBe("secure");
    expect(gapFrom("c.example.", [last, first])).toBeNull();
  });
});

describe("gaps between hashes", () => {
  const apex = zone.match("example.", "NS SOA RRSIG");
  // All that lies between the end of the apex's own span and the apex: the two agree.
  const wide = zone.nsec3(rdataOf(apex)[0]!.nextHashed, zone.hash("example."), "A RRSIG");
  const records = [apex, wide];

  test("one hash tells of a name directly below the closest encloser", () => {
    const gap = gapFrom("b.example.", records)!;
    expect(gap.seenFrom(name("c.example."))?.value.kind).toBe("name error");
    expect(gap.seenFrom(name("d.c.example."))).toBeNull();
    expect(gap.seenFrom(name("example."))).toBeNull();
    expect(gap.seenFrom(name("c.other."))).toBeNull();
  });

  test("records that contradict each other tell nothing of other names", () => {
    const narrow = zone.cover("*.example.");
    expect(judged("b.example.", [apex, narrow, wide]).status).toBe("secure");
    expect(gapFrom("b.example.", [apex, narrow, wide])).toBeNull();
  });
});

describe("gaps in any zone", () => {
  test("tell of other names often enough for the fuzzer to mean something", () => {
    const tried = fc.sample(selfContradicting, { seed: 7, numRuns: 4000 });
    const told = tried.map(({ authority, first, others }) => tellsTheSame(authority, first, others));
    expect(told.filter((count) => count > 0).length).toBeGreaterThan(100);
  });
});
