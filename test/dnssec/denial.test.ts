import { describe, expect, test } from "vitest";
import { proveDenial, proveNoDs } from "../../src/dnssec/denial.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import { forged, judge, optOut, question, TestZone } from "./denying.ts";
import { DAY, NOW, name, sign, withSignatures } from "./signing.ts";

const zone = new TestZone("example.");
const nsec = zone.nsec("mail.example.", "zz.example.", "A RRSIG NSEC");
const nsec3 = zone.match("mail.example.", "A RRSIG");
const costly = zone.match("mail.example.", "A RRSIG", { iterations: 500 });

function prove(authority: readonly RRset[], by = judge()) {
  return proveDenial(question("mail.example.", "TLSA"), "no data", { authority, zone: zone.trust, by });
}

describe("a denial that is proven", () => {
  test("says what it rests on, and nothing more", () => {
    const verdict = prove([zone.nsec("a.example.", "mail.example.", "A RRSIG NSEC"), nsec]);
    if (verdict.kind !== "proven") throw new Error(verdict.kind);
    const { value, proof } = verdict.denial;
    expect(value).toMatchObject({ kind: "no data", family: "NSEC", optOut: false, zone: name("example."), type: 52 });
    expect(value.records.map((rrset) => rrset.name)).toEqual([name("mail.example.")]);
    expect(proof.parts).toHaveLength(1);
    expect(proof.parts[0]).toMatchObject({ rrset: nsec, zone: zone.trust.proof });
  });

  test("holds no longer than its weakest signature, and its records no longer than they may be kept", () => {
    const bare = withSignatures(nsec);
    const soon = withSignatures(bare, sign(bare, zone.key, "example.", { expiration: NOW + 100 }));
    const verdict = prove([soon]);
    if (verdict.kind !== "proven") throw new Error(verdict.kind);
    expect(verdict.denial.proof.validUntil).toBe(NOW + 100);
    expect(verdict.denial.value.records[0]!.ttl).toBe(100);
    const late = prove([soon], judge({ now: NOW + 101 }));
    expect(late).toMatchObject({ kind: "failed", failure: { code: "signature expired", ede: 7 } });
  });

  test("holds no longer than the chain above it", () => {
    const bare = withSignatures(nsec);
    const long = withSignatures(bare, sign(bare, zone.key, "example.", { expiration: NOW + 90 * DAY }));
    const verdict = prove([long]);
    if (verdict.kind !== "proven") throw new Error(verdict.kind);
    expect(verdict.denial.proof.validUntil).toBe(zone.trust.validUntil);
  });
});

describe("two families in one response, as in a zone that changes from one to the other", () => {
  test("either proves it", () => {
    expect(prove([nsec, nsec3])).toMatchObject({ kind: "proven", denial: { value: { family: "NSEC" } } });
    expect(prove([nsec3])).toMatchObject({ kind: "proven", denial: { value: { family: "NSEC3" } } });
    expect(prove([forged(nsec), nsec3])).toMatchObject({ kind: "proven", denial: { value: { family: "NSEC3" } } });
    expect(prove([nsec, forged(nsec3)])).toMatchObject({ kind: "proven", denial: { value: { family: "NSEC" } } });
  });

  test("half a proof from each is none", () => {
    const asked = question("nx.example.", "A");
    const cover = zone.nsec("mail.example.", "zz.example.", "A RRSIG NSEC");
    const wildcard = zone.cover("*.example.");
    const apex = zone.match("example.", "NS SOA RRSIG");
    const verdict = proveDenial(asked, "name error", {
      authority: [cover, wildcard, apex],
      zone: zone.trust,
      by: judge(),
    });
    expect(verdict).toMatchObject({ kind: "failed", failure: { code: "denial does not prove it" } });
  });

  test("too many iterations do not weaken what NSEC proves", () => {
    expect(prove([nsec, costly]).kind).toBe("proven");
    expect(prove([costly])).toMatchObject({ kind: "insecure", why: { kind: "too many iterations" } });
  });
});

describe("a denial that fails says why", () => {
  test("in a sentence with names", () => {
    const has = prove([zone.nsec("mail.example.", "zz.example.", "TLSA RRSIG NSEC")]);
    expect(has).toMatchObject({
      failure: {
        at: name("mail.example."),
        detail: "It is not proven by example. that mail.example. has no TLSA: mail.example. has TLSA",
      },
    });
    expect(prove([])).toMatchObject({
      failure: { detail: "No NSEC or NSEC3 RR of example. came to prove that mail.example. has no TLSA" },
    });
  });

  test("a broken signature is told before a missing record", () => {
    expect(prove([forged(nsec)])).toMatchObject({ failure: { code: "signature wrong", ede: 6 } });
    expect(prove([forged(nsec3)])).toMatchObject({ failure: { code: "signature wrong", ede: 6 } });
  });

  test("a budget that ran out is told as such", () => {
    const fresh = zone.nsec("mail.example.", "zz.example.", "A RRSIG NSEC");
    expect(prove([fresh], judge({ limits: { signatures: 0 } }))).toMatchObject({
      kind: "failed",
      failure: { code: "too much validation work" },
    });
    expect(prove([nsec3], judge({ limits: { hashes: 0 } }))).toMatchObject({
      kind: "failed",
      failure: { code: "too much validation work" },
    });
  });
});

describe("who may deny what", () => {
  test("a zone denies nothing outside of itself, though its last NSEC seems to cover all that follows", () => {
    const last = zone.nsec("zz.example.", "example.", "A RRSIG NSEC");
    const apex = zone.nsec("example.", "a.example.", "NS SOA RRSIG NSEC");
    const context = { authority: [last, apex], zone: zone.trust, by: judge() };
    expect(proveDenial(question("zzz.example.", "A"), "name error", context).kind).toBe("proven");
    expect(proveDenial(question("victim.", "A"), "name error", context)).toMatchObject({
      kind: "failed",
      failure: { detail: expect.stringContaining("victim. is not within example.") },
    });
  });

  test("nor the DS of its own apex, even with an NSEC that lacks SOA", () => {
    const lure = zone.nsec("example.", "zz.example.", "NS RRSIG NSEC");
    const context = { authority: [lure], zone: zone.trust, by: judge() };
    expect(proveDenial(question("example.", "DS"), "no data", context)).toMatchObject({ kind: "failed" });
    expect(proveNoDs(zone.trust, { zone: name("example."), ds: null, evidence: [lure] }, judge())).toMatchObject({
      code: "denial does not prove it",
    });
  });
});

describe("what an unsigned delegation rests on", () => {
  test("a Secure denial, so that the reason for insecure is proven itself", () => {
    const evidence = [zone.nsec("sub.example.", "zz.example.", "NS RRSIG NSEC")];
    const verdict = proveNoDs(zone.trust, { zone: name("sub.example."), ds: null, evidence }, judge());
    expect(verdict).toMatchObject({ status: "secure", value: { kind: "unsigned delegation", optOut: false } });
  });

  test("under opt-out, the span and the closest encloser", () => {
    const evidence = [zone.match("example.", "NS SOA"), zone.cover("sub.example.", optOut)];
    const verdict = proveNoDs(zone.trust, { zone: name("sub.example."), ds: null, evidence }, judge());
    expect(verdict).toMatchObject({
      status: "secure",
      value: { kind: "unsigned delegation", optOut: true, closestEncloser: name("example.") },
    });
    if (!("status" in verdict) || verdict.status !== "secure") throw new Error("not secure");
    expect(verdict.proof.parts).toHaveLength(2);
  });
});
