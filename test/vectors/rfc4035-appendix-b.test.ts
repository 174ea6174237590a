import { describe, expect, test } from "vitest";
import { validateResponse } from "../../src/dnssec/response.ts";
import { verifyRRset } from "../../src/dnssec/signature.ts";
import { judgeCut } from "../../src/dnssec/zone.ts";
import { isOfType, type RRset } from "../../src/rrset/rrset.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import * as appendix from "./rfc4035-appendix-a.ts";
import { expandedTo, question, VectorZone } from "./vector-zone.ts";

const zone = new VectorZone(appendix);
const trust = zone.secure();

function denial(kind: "no data" | "name error", asked: ReturnType<typeof question>, authority: readonly RRset[]) {
  const soa = authority.find((rrset) => isOfType(rrset, TYPE.SOA)) ?? null;
  return validateResponse({ kind, question: asked, soa, authority } as never, trust, zone.judge());
}

/** Each record of a denial is needed: without it, the rest proves nothing. */
function expectEachNeeded(
  kind: "no data" | "name error",
  asked: ReturnType<typeof question>,
  authority: readonly RRset[],
): void {
  for (const missing of authority.filter(({ type }) => type === TYPE.NSEC)) {
    const verdict = denial(
      kind,
      asked,
      authority.filter((rrset) => rrset !== missing),
    );
    expect(verdict.status, `without ${missing.name}`).toBe("bogus");
  }
}

describe("RFC 4035 Appendix A: the signed zone", () => {
  const signed = zone.rrsets.filter((rrset) => rrset.signatures.length > 0);

  test("holds 26 signed RRsets", () => {
    expect(signed).toHaveLength(26);
  });

  test.each(signed.map((rrset) => [`${rrset.name} type ${rrset.type}`, rrset] as const))("%s verifies", (_, rrset) => {
    expect(verifyRRset(rrset, trust, zone.judge()).kind).toBe("verified");
  });

  test("glue and the NS of delegations are not signed", () => {
    const unsigned = zone.rrsets.filter((rrset) => rrset.signatures.length === 0);
    expect(unsigned.map((rrset) => `${rrset.name} ${rrset.type}`)).toEqual([
      "a.example. 2",
      "ns1.a.example. 1",
      "ns2.a.example. 1",
      "b.example. 2",
      "ns1.b.example. 1",
      "ns2.b.example. 1",
    ]);
  });
});

describe("RFC 4035 Appendix B: responses", () => {
  test("B.1 an answer is secure", () => {
    const [mx] = zone.all("x.w.example. MX");
    const verdict = validateResponse(
      { kind: "answer", question: question("x.w.example.", TYPE.MX), rrsets: [mx!], authority: [] },
      trust,
      zone.judge(),
    );
    expect(verdict).toMatchObject({ status: "secure", value: { kind: "answer", rcode: 0 } });
  });

  test("B.2 a name error needs the NSEC that covers the name and the one that covers the wildcard", () => {
    const asked = question("ml.example.", TYPE.A);
    const authority = zone.all("example. SOA", "b.example. NSEC", "example. NSEC");
    const verdict = denial("name error", asked, authority);
    expect(verdict).toMatchObject({ status: "secure", value: { kind: "name error", rcode: 3 } });
    expectEachNeeded("name error", asked, authority);
  });

  test("B.3 no data needs the NSEC of the name", () => {
    const asked = question("ns1.example.", TYPE.MX);
    const authority = zone.all("example. SOA", "ns1.example. NSEC");
    expect(denial("no data", asked, authority)).toMatchObject({ status: "secure", value: { kind: "no data" } });
    expectEachNeeded("no data", asked, authority);
    expect(denial("no data", question("ns1.example.", TYPE.A), authority).status).toBe("bogus");
  });

  test("B.4 a referral to a signed zone has a proven DS", () => {
    const [ds] = zone.all("a.example. DS");
    const cut = { zone: Name.parse("a.example."), ds: ds as never, evidence: [] };
    expect(judgeCut(trust, cut, zone.judge())).toMatchObject({ kind: "signed", ds: { status: "secure" } });
  });

  test("B.5 a referral to an unsigned zone has an NSEC with NS and without DS", () => {
    const evidence = zone.all("b.example. NSEC");
    const cut = { zone: Name.parse("b.example."), ds: null, evidence };
    expect(judgeCut(trust, cut, zone.judge())).toMatchObject({
      kind: "insecure",
      why: { kind: "unsigned delegation" },
    });
    expect(judgeCut(trust, { ...cut, evidence: [] }, zone.judge()).kind).toBe("failed");
    const signed = { ...cut, zone: Name.parse("a.example."), evidence: zone.all("a.example. NSEC") };
    expect(judgeCut(trust, signed, zone.judge()).kind).toBe("failed");
  });

  test("B.6 a wildcard expansion needs an NSEC that covers the name", () => {
    const [wildcard] = zone.all("*.w.example. MX");
    const asked = question("a.z.w.example.", TYPE.MX);
    const mx = expandedTo(wildcard!, "a.z.w.example.");
    const answer = (authority: readonly RRset[]) =>
      validateResponse({ kind: "answer", question: asked, rrsets: [mx], authority }, trust, zone.judge());
    expect(answer(zone.all("example. NS", "x.y.w.example. NSEC"))).toMatchObject({
      status: "secure",
      value: { rrsets: [{ name: mx.name }], authority: [{ type: TYPE.NSEC }] },
    });
    expect(answer([])).toMatchObject({ status: "bogus", failure: { code: "wildcard without proof" } });
    expect(answer(zone.all("xx.example. NSEC"))).toMatchObject({ status: "bogus" });
  });

  test("B.7 no data at a wildcard needs the NSEC that covers the name and the wildcard's own", () => {
    const asked = question("a.z.w.example.", TYPE.AAAA);
    const authority = zone.all("example. SOA", "x.y.w.example. NSEC", "*.w.example. NSEC");
    expect(denial("no data", asked, authority)).toMatchObject({ status: "secure", value: { kind: "no data" } });
    expectEachNeeded("no data", asked, authority);
    expect(denial("no data", question("a.z.w.example.", TYPE.MX), authority).status).toBe("bogus");
  });

  test("B.8 the child's denial of its own DS is no proof (§5.2)", () => {
    const authority = zone.all("example. SOA", "example. NSEC");
    const verdict = denial("no data", question("example.", TYPE.DS), authority);
    expect(verdict).toMatchObject({ status: "bogus", failure: { code: "denial does not prove it" } });
  });
});

describe("RFC 4035 Appendix A: what nobody may conclude from it", () => {
  test("a signature does not count one second after its end", () => {
    const late = { ...zone.judge(), now: Date.UTC(2004, 4, 9, 18, 36, 20) / 1000 };
    const [mx] = zone.all("x.w.example. MX");
    const response = {
      kind: "answer",
      question: question("x.w.example.", TYPE.MX),
      rrsets: [mx!],
      authority: [],
    } as const;
    expect(validateResponse(response, trust, late)).toMatchObject({
      status: "bogus",
      failure: { code: "signature expired", ede: 7 },
    });
  });

  test("the NSEC of a delegation denies nothing below it (RFC 6840 §4.1)", () => {
    const authority = zone.all("example. SOA", "b.example. NSEC", "example. NSEC");
    expect(denial("name error", question("mc.b.example.", TYPE.MX), authority).status).toBe("bogus");
  });

  test("w.example. is an empty non-terminal, whatever the rcode says", () => {
    const authority = zone.all("example. SOA", "ns2.example. NSEC");
    for (const rcode of ["no data", "name error"] as const) {
      const verdict = denial(rcode, question("w.example.", TYPE.A), authority);
      expect(verdict).toMatchObject({ status: "secure", value: { kind: "no data", rcode: 0 } });
    }
  });
});
