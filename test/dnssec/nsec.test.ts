import { describe, expect, test } from "vitest";
import { proveDenial, proveNoCloserMatch, proveNoDs } from "../../src/dnssec/denial.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import { expandedTo, forged, judge, question, TestZone, unsigned } from "./denying.ts";
import { name } from "./signing.ts";

/*
 * example.          SOA NS DNSKEY MX
 * alias.example.    CNAME
 * dname.example.    DNAME, with nothing below
 * mail.example.     A
 * deep.a.ent.example. A        so that ent and a.ent are empty non-terminals
 * sub.example.      NS         an unsigned delegation
 * signed.example.   NS DS
 * *.wild.example.   TXT
 */
const zone = new TestZone("example.");
const apex = zone.nsec("example.", "alias.example.", "NS SOA MX RRSIG NSEC DNSKEY");
const alias = zone.nsec("alias.example.", "dname.example.", "CNAME RRSIG NSEC");
const dname = zone.nsec("dname.example.", "deep.a.ent.example.", "DNAME RRSIG NSEC");
const deep = zone.nsec("deep.a.ent.example.", "mail.example.", "A RRSIG NSEC");
const mail = zone.nsec("mail.example.", "signed.example.", "A RRSIG NSEC");
const signed = zone.nsec("signed.example.", "sub.example.", "NS DS RRSIG NSEC");
const sub = zone.nsec("sub.example.", "*.wild.example.", "NS RRSIG NSEC");
const wild = zone.nsec("*.wild.example.", "example.", "TXT RRSIG NSEC");

function prove(asked: string, type: string, ...authority: readonly RRset[]) {
  return proveDenial(question(asked, type), "no data", { authority, zone: zone.trust, by: judge() });
}

function whatIsProven(asked: string, type: string, ...authority: readonly RRset[]): string {
  const verdict = prove(asked, type, ...authority);
  if (verdict.kind === "proven") return verdict.denial.value.kind;
  return verdict.kind === "failed" ? verdict.failure.code : verdict.why.kind;
}

describe("no data with NSEC", () => {
  test("an NSEC at the name that does not list the type", () => {
    expect(whatIsProven("mail.example.", "TLSA", mail)).toBe("no data");
  });

  test("one that lists it proves the contrary", () => {
    expect(prove("mail.example.", "A", mail)).toMatchObject({
      kind: "failed",
      failure: { code: "denial does not prove it", ede: 12, detail: expect.stringContaining("mail.example. has A") },
    });
  });

  test("letter case of owner and question is no matter", () => {
    expect(whatIsProven("MaIl.ExAmPlE.", "TLSA", mail)).toBe("no data");
  });

  test("with a CNAME at the name, nothing is denied (RFC 6840 §4.3, ATTACKS A-37)", () => {
    expect(whatIsProven("alias.example.", "A", alias)).toBe("denial does not prove it");
    expect(whatIsProven("alias.example.", "CNAME", alias)).toBe("denial does not prove it");
  });

  test("an empty non-terminal has no data, at each of its labels (ATTACKS A-36)", () => {
    expect(whatIsProven("ent.example.", "A", dname)).toBe("no data");
    expect(whatIsProven("a.ent.example.", "A", dname)).toBe("no data");
    expect(whatIsProven("b.ent.example.", "A", dname), "beside it: the wildcard is not denied").not.toBe("no data");
  });

  test("for ANY there must be nothing at all (RFC 6840 §4.2)", () => {
    const bare = zone.nsec("bare.example.", "mail.example.", "RRSIG NSEC");
    expect(whatIsProven("bare.example.", "ANY", bare)).toBe("no data");
    expect(whatIsProven("mail.example.", "ANY", mail)).toBe("denial does not prove it");
    expect(whatIsProven("ent.example.", "ANY", dname)).toBe("no data");
  });

  test("at a wildcard: the name is covered, and the wildcard lacks the type", () => {
    expect(whatIsProven("x.wild.example.", "A", wild)).toBe("no data at a wildcard");
    expect(whatIsProven("x.y.wild.example.", "A", wild)).toBe("no data at a wildcard");
    expect(whatIsProven("x.wild.example.", "TXT", wild)).toBe("denial does not prove it");
  });

  test("a wildcard that is an empty non-terminal is expanded to nothing (DANE.md 1.4)", () => {
    const ent = zone.nsec("deep.a.ent.example.", "_25._tcp.*.hosts.example.", "A RRSIG NSEC");
    const below = zone.nsec("_25._tcp.*.hosts.example.", "mail.example.", "TLSA RRSIG NSEC");
    expect(whatIsProven("x.hosts.example.", "A", below, ent)).toBe("no data at a wildcard");
    expect(whatIsProven("a.b.hosts.example.", "A", below, ent)).toBe("no data at a wildcard");
    expect(whatIsProven("x.hosts.example.", "A", below), "the wildcard is not told of").not.toMatch("no data");
    expect(whatIsProven("*.hosts.example.", "A", ent), "asked for by its own name").toBe("no data");
  });

  test("a wildcard's NSEC with CNAME or NS denies nothing", () => {
    const cname = zone.nsec("*.wild.example.", "example.", "CNAME RRSIG NSEC");
    expect(whatIsProven("x.wild.example.", "A", cname)).toBe("denial does not prove it");
    const ns = zone.nsec("*.wild.example.", "example.", "NS RRSIG NSEC");
    expect(whatIsProven("x.wild.example.", "A", ns)).toBe("denial does not prove it");
    expect(whatIsProven("x.wild.example.", "DS", ns)).toBe("denial does not prove it");
    expect(whatIsProven("x.wild.example.", "DS", wild), "without NS it does").toBe("no data at a wildcard");
  });

  test("the parent's NSEC at a delegation denies DS and nothing else (R-4035-7)", () => {
    expect(whatIsProven("sub.example.", "DS", sub)).toBe("no data");
    for (const type of ["A", "SOA", "MX", "TLSA"]) {
      expect(whatIsProven("sub.example.", type, sub), type).toBe("denial does not prove it");
    }
  });

  test("the NSEC of the apex lists SOA, and denies no DS: that is the parent's (ATTACKS A-26)", () => {
    expect(whatIsProven("example.", "DS", apex)).toBe("denial does not prove it");
    expect(whatIsProven("example.", "A", apex)).toBe("no data");
  });

  test("only the root may deny its own DS", () => {
    const root = new TestZone(".");
    const nsec = root.nsec(".", "com.", "NS SOA RRSIG NSEC DNSKEY");
    const context = { authority: [nsec], zone: root.trust, by: judge() };
    expect(proveDenial(question(".", "DS"), "no data", context).kind).toBe("proven");
    expect(proveDenial(question(".", "NS"), "no data", context).kind).toBe("failed");
  });
});

describe("name errors with NSEC", () => {
  test("the name is covered, and so is the wildcard that could answer", () => {
    expect(whatIsProven("nx.example.", "A", mail, apex)).toBe("name error");
    expect(whatIsProven("nx.example.", "A", mail)).toBe("denial does not prove it");
    expect(whatIsProven("nx.example.", "A", apex)).toBe("denial does not prove it");
  });

  test("one NSEC may do both", () => {
    const only = zone.nsec("example.", "zz.example.", "NS SOA RRSIG NSEC");
    const verdict = prove("nx.example.", "A", only);
    expect(verdict).toMatchObject({ kind: "proven", denial: { value: { kind: "name error", records: [{}] } } });
  });

  test("the last NSEC leads back to the apex and covers all that follows", () => {
    expect(whatIsProven("zzz.example.", "A", wild, apex)).toBe("name error");
  });

  test("a zone of one name: its NSEC leads to itself and covers everything else", () => {
    const lone = zone.nsec("example.", "example.", "NS SOA RRSIG NSEC DNSKEY");
    expect(whatIsProven("a.b.example.", "A", lone)).toBe("name error");
    expect(whatIsProven("example.", "A", lone)).toBe("no data");
  });

  test("below a name that exists, its own wildcard must be denied, not that of the apex (wrong closest encloser)", () => {
    expect(whatIsProven("x.mail.example.", "A", mail, apex)).toBe("name error");
    const beside = zone.nsec("example.", "mail.example.", "NS SOA RRSIG NSEC DNSKEY");
    const below = zone.nsec("x.mail.example.", "z.mail.example.", "A RRSIG NSEC");
    expect(whatIsProven("y.mail.example.", "A", below, beside)).toBe("denial does not prove it");
  });

  test("a closest encloser that is an empty non-terminal", () => {
    expect(whatIsProven("b.ent.example.", "A", deep, dname)).toBe("name error");
  });

  test("under a literal wildcard name, nothing special happens (RFC 4592 §2.3)", () => {
    expect(whatIsProven("*.wild.example.", "A", wild)).toBe("no data");
  });
});

describe("NSEC RRs that prove nothing", () => {
  test("of a delegation, about names below it (RFC 6840 §4.1, ATTACKS A-25)", () => {
    expect(whatIsProven("www.sub.example.", "A", sub, apex)).toBe("denial does not prove it");
    expect(whatIsProven("www.signed.example.", "A", signed, apex)).toBe("denial does not prove it");
    const plain = zone.nsec("sub.example.", "*.wild.example.", "A RRSIG NSEC");
    expect(whatIsProven("www.sub.example.", "A", plain, apex), "the same without NS").toBe("name error");
  });

  test("of a DNAME, about names below it", () => {
    expect(whatIsProven("www.dname.example.", "A", dname, apex)).toBe("denial does not prove it");
    expect(whatIsProven("dname.example.", "A", dname), "but at the name itself").toBe("no data");
  });

  test("that lead outside of the zone: a zone must not deny its siblings (ATTACKS A-21)", () => {
    const evil = new TestZone("evil.example.");
    const beyond = evil.nsec("nx.evil.example.", "zzz.example.", "A RRSIG NSEC");
    const context = { authority: [beyond], zone: evil.trust, by: judge() };
    const inside = proveDenial(question("nz.evil.example.", "A"), "name error", context);
    expect(inside).toMatchObject({ kind: "failed", failure: { code: "denial malformed", ede: 6 } });
    const victim = proveDenial(question("victim.example.", "A"), "name error", context);
    expect(victim).toMatchObject({ kind: "failed", failure: { code: "denial does not prove it" } });
  });

  test("that lead back, but not to the apex", () => {
    const back = zone.nsec("sub.example.", "mail.example.", "A RRSIG NSEC");
    expect(whatIsProven("zz.example.", "A", back, apex)).toBe("denial malformed");
  });

  test("that were expanded from a wildcard (CVE-2017-15105, ATTACKS A-27)", () => {
    const replayed = expandedTo(wild, "www.wild.example.");
    expect(whatIsProven("www.wild.example.", "A", replayed)).toBe("denial does not prove it");
    expect(prove("www.wild.example.", "A", replayed)).toMatchObject({
      failure: { detail: expect.stringContaining("expansion of *.wild.example.") },
    });
    expect(whatIsProven("www.wild.example.", "A", wild), "where it really stands").toBe("no data at a wildcard");
  });

  test("that are forged, unsigned, or another zone's (ATTACKS A-24, A-31, A-32)", () => {
    expect(whatIsProven("mail.example.", "TLSA", forged(mail))).toBe("signature wrong");
    expect(whatIsProven("mail.example.", "TLSA", unsigned(mail))).toBe("signatures missing");
    const child = new TestZone("mail.example.");
    const own = child.nsec("mail.example.", "mail.example.", "NS SOA RRSIG NSEC");
    expect(whatIsProven("mail.example.", "TLSA", own)).toBe("signature by wrong zone");
  });

  test("and they do no harm beside a good one", () => {
    const child = new TestZone("mail.example.");
    const noise = [forged(mail), unsigned(mail), child.nsec("mail.example.", "mail.example.", "NS SOA RRSIG NSEC")];
    const verdict = prove("mail.example.", "TLSA", ...noise, mail, forged(apex), unsigned(deep));
    expect(verdict).toMatchObject({
      kind: "proven",
      denial: { value: { records: [{ name: name("mail.example.") }] } },
    });
  });

  test("records without a part in the proof are not even verified", () => {
    const by = judge();
    const fresh = zone.nsec("mail.example.", "signed.example.", "A RRSIG NSEC");
    const authority = [apex, alias, dname, deep, fresh, signed, sub, wild];
    proveDenial(question("mail.example.", "TLSA"), "no data", { authority, zone: zone.trust, by });
    expect(by.work.spent.signatures).toBe(1);
  });

  test("nothing at all came", () => {
    expect(prove("mail.example.", "TLSA")).toMatchObject({ failure: { code: "denial missing", ede: 12 } });
  });
});

describe("compact denial (RFC 9824)", () => {
  test("NXNAME at the name means that it does not exist (R-9824-1)", () => {
    const nx = zone.nsec("nx.example.", "\\000.nx.example.", "RRSIG NSEC NXNAME");
    expect(whatIsProven("nx.example.", "A", nx)).toBe("compact name error");
    expect(whatIsProven("nx.example.", "TLSA", nx)).toBe("compact name error");
  });

  test("without NXNAME it is no data: an empty non-terminal, or another type (R-9824-3, ATTACKS A-45)", () => {
    const ent = zone.nsec("nx.example.", "\\000.nx.example.", "RRSIG NSEC");
    expect(whatIsProven("nx.example.", "A", ent)).toBe("no data");
  });

  test("neither says anything of names below (ATTACKS A-45)", () => {
    const nx = zone.nsec("nx.example.", "\\000.nx.example.", "RRSIG NSEC NXNAME");
    expect(whatIsProven("a.nx.example.", "A", nx)).toBe("denial does not prove it");
  });

  test("NXNAME beside data means nothing", () => {
    const both = zone.nsec("nx.example.", "\\000.nx.example.", "A RRSIG NSEC NXNAME");
    expect(whatIsProven("nx.example.", "TLSA", both)).toBe("no data");
    expect(whatIsProven("nx.example.", "A", both)).toBe("denial does not prove it");
  });

  test("a referral's NSEC may lead to the next possible name (R-9824-4)", () => {
    const narrow = zone.nsec("sub.example.", "sub\\000.example.", "NS RRSIG NSEC");
    expect(whatCut("sub.example.", narrow)).toBe("unsigned delegation");
  });

  test("minimally covering records prove a name error (RFC 4470)", () => {
    const around = zone.nsec("nw~.example.", "nx\\000.example.", "RRSIG NSEC");
    const wildcard = zone.nsec("\\).example.", "+.example.", "RRSIG NSEC");
    expect(whatIsProven("nx.example.", "A", around, wildcard)).toBe("name error");
  });
});

function whatCut(cut: string, ...evidence: readonly RRset[]): string {
  const verdict = proveNoDs(zone.trust, { zone: name(cut), ds: null, evidence }, judge());
  if (!("status" in verdict)) return verdict.code;
  return verdict.status === "secure" ? verdict.value.kind : verdict.why.kind;
}

describe("delegations without DS", () => {
  test("NS without DS and SOA (RFC 6840 §4.4)", () => {
    expect(whatCut("sub.example.", sub)).toBe("unsigned delegation");
    expect(whatCut("signed.example.", signed)).toBe("denial does not prove it");
    const side = zone.nsec("sub.example.", "*.wild.example.", "NS SOA RRSIG NSEC");
    expect(whatCut("sub.example.", side)).toBe("denial does not prove it");
  });

  test("no NS: there is no delegation here, so no unsigned one", () => {
    expect(whatCut("mail.example.", mail)).toBe("no delegation");
    expect(whatCut("ent.example.", dname)).toBe("no delegation");
    expect(whatCut("nx.example.", mail)).toBe("no delegation");
  });

  test("a delegation above hides it (ATTACKS A-23)", () => {
    expect(whatCut("grand.signed.example.", signed)).toBe("denial does not prove it");
    expect(whatCut("grand.sub.example.", sub)).toBe("denial does not prove it");
  });

  test("an expanded wildcard with NS is no delegation (val_wcnsec_nods, ATTACKS A-27)", () => {
    const ns = zone.nsec("*.example.", "alias.example.", "NS RRSIG NSEC");
    expect(whatCut("sub.example.", expandedTo(ns, "sub.example."))).toBe("denial does not prove it");
  });

  test("the child's own word does not count (ATTACKS A-24, A-26)", () => {
    const child = new TestZone("sub.example.");
    const own = child.nsec("sub.example.", "sub.example.", "NS RRSIG NSEC");
    expect(whatCut("sub.example.", own)).toBe("signature by wrong zone");
    const cut = { zone: name("sub.example."), ds: null, evidence: [own] };
    expect(proveNoDs(child.trust, cut, judge())).toMatchObject({ code: "denial does not prove it" });
  });

  test("stuffing beside it changes nothing (ATTACKS A-32)", () => {
    const lure = zone.nsec("alias.example.", "zz.example.", "A RRSIG NSEC");
    expect(whatCut("sub.example.", forged(lure), sub)).toBe("unsigned delegation");
    expect(whatCut("sub.example.", forged(sub), unsigned(sub))).toBe("signature wrong");
  });
});

describe("no closer match for a wildcard", () => {
  const closer = (asked: string, source: string, ...authority: readonly RRset[]): string => {
    const verdict = proveNoCloserMatch(name(asked), name(source), { authority, zone: zone.trust, by: judge() });
    return verdict.kind === "failed" ? verdict.failure.code : verdict.kind;
  };

  test("the name is covered, and the wildcard's parent is its closest encloser", () => {
    expect(closer("x.wild.example.", "wild.example.", wild)).toBe("proven");
    expect(closer("x.y.wild.example.", "wild.example.", wild)).toBe("proven");
    expect(closer("x.wild.example.", "wild.example.")).toBe("wildcard without proof");
    expect(closer("x.wild.example.", "wild.example.", apex, mail)).toBe("wildcard without proof");
  });

  test("a closer name exists, so the wildcard does not apply (R-4592-1, ATTACKS A-29)", () => {
    const between = zone.nsec("a.y.wild.example.", "example.", "A RRSIG NSEC");
    expect(closer("x.y.wild.example.", "wild.example.", between)).toBe("wildcard without proof");
    const ent = zone.nsec("*.wild.example.", "a.x.wild.example.", "TXT RRSIG NSEC");
    expect(closer("x.wild.example.", "wild.example.", ent), "the name is an empty non-terminal").toBe(
      "wildcard without proof",
    );
  });

  test("proof from another zone is none (ATTACKS A-28)", () => {
    const parent = new TestZone("example.");
    const foreign = parent.nsec("*.wild.example.", "example.", "TXT RRSIG NSEC");
    expect(closer("x.wild.example.", "wild.example.", foreign)).toBe("no key for signature");
  });

  test("of a delegation above it is none", () => {
    expect(closer("x.sub.example.", "example.", sub)).toBe("wildcard without proof");
  });
});
