import { describe, expect, test } from "vitest";
import type { CryptoEngine } from "../../src/crypto/engine.ts";
import { type Claim, proveDenial, proveNoCloserMatch, proveNoDs } from "../../src/dnssec/denial.ts";
import type { Judge } from "../../src/dnssec/judge.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import { engine, expandedTo, forged, judge, optOut, question, TestZone, unsigned } from "./denying.ts";
import { judgeWith, name } from "./signing.ts";

const zone = new TestZone("example.");
const apex = zone.match("example.", "NS SOA RRSIG DNSKEY NSEC3PARAM");
const mail = zone.match("mail.example.", "A RRSIG");

function prove(claim: Claim, asked: [string, string], authority: readonly RRset[], by: Judge = judge()) {
  return proveDenial(question(...asked), claim, { authority, zone: zone.trust, by });
}

/** The kind, with "opt-out: " where only that is proven; or the failure's code. */
function whatIsProven(claim: Claim, asked: [string, string], ...authority: readonly RRset[]): string {
  const verdict = prove(claim, asked, authority);
  switch (verdict.kind) {
    case "proven":
      return verdict.denial.value.kind;
    case "insecure":
      return verdict.why.kind === "opt-out" ? `opt-out: ${verdict.why.denial.value.kind}` : verdict.why.kind;
    case "failed":
      return verdict.failure.code;
  }
}

const nodata = (asked: string, type: string, ...authority: readonly RRset[]) =>
  whatIsProven("no data", [asked, type], ...authority);
const nxdomain = (asked: string, ...authority: readonly RRset[]) =>
  whatIsProven("name error", [asked, "A"], ...authority);

describe("no data with NSEC3", () => {
  test("an NSEC3 of the name that does not list the type (R-5155-2)", () => {
    expect(nodata("mail.example.", "TLSA", mail)).toBe("no data");
    expect(nodata("mail.example.", "A", mail)).toBe("denial does not prove it");
    expect(nodata("MAIL.example.", "TLSA", mail), "hashes are of lower case").toBe("no data");
  });

  test("with CNAME, nothing is denied (R-6840-3, ATTACKS A-37)", () => {
    expect(nodata("alias.example.", "A", zone.match("alias.example.", "CNAME RRSIG"))).toBe("denial does not prove it");
  });

  test("an empty non-terminal has an NSEC3 without types (R-5155-6)", () => {
    expect(nodata("ent.example.", "A", zone.match("ent.example.", ""))).toBe("no data");
    expect(nodata("ent.example.", "ANY", zone.match("ent.example.", ""))).toBe("no data");
    expect(nodata("mail.example.", "ANY", mail)).toBe("denial does not prove it");
  });

  test("the flag does not matter where a record matches: secure (val_nsec3_entnodata_optout_match)", () => {
    expect(nodata("ent.example.", "A", zone.match("ent.example.", "", optOut))).toBe("no data");
  });

  test("the parent's record at a delegation denies DS only", () => {
    const sub = zone.match("sub.example.", "NS");
    expect(nodata("sub.example.", "DS", sub)).toBe("no data");
    expect(nodata("sub.example.", "A", sub)).toBe("denial does not prove it");
  });

  test("the apex cannot deny its own DS", () => {
    expect(nodata("example.", "DS", apex)).toBe("denial does not prove it");
    const child = zone.match("sub.example.", "NS SOA RRSIG");
    expect(nodata("sub.example.", "DS", child)).toBe("denial does not prove it");
  });

  test("at a wildcard: closest encloser, next closer, and the wildcard without the type (RFC 5155 §8.7)", () => {
    const wildcard = zone.match("*.example.", "MX RRSIG");
    const cover = zone.cover("x.example.");
    expect(nodata("x.example.", "A", apex, cover, wildcard)).toBe("no data at a wildcard");
    expect(nodata("y.x.example.", "A", apex, cover, wildcard)).toBe("no data at a wildcard");
    expect(nodata("x.example.", "MX", apex, cover, wildcard)).toBe("denial does not prove it");
    expect(nodata("x.example.", "A", apex, wildcard)).toBe("denial does not prove it");
    expect(nodata("x.example.", "A", cover, wildcard)).toBe("denial does not prove it");
    const delegated = zone.match("*.example.", "NS");
    expect(nodata("x.example.", "DS", apex, cover, delegated), "ATTACKS A-27").toBe("denial does not prove it");
    expect(nodata("x.example.", "DS", apex, cover, wildcard)).toBe("no data at a wildcard");
    const alias = zone.match("*.example.", "CNAME RRSIG");
    expect(nodata("x.example.", "A", apex, cover, alias), "val_nsec3_nodatawccname").toBe("denial does not prove it");
  });
});

describe("name errors with NSEC3 (R-5155-1)", () => {
  const cover = zone.cover("x.example.");
  const wildcard = zone.cover("*.example.");

  test("closest encloser matched, next closer covered, wildcard covered", () => {
    expect(nxdomain("x.example.", apex, cover, wildcard)).toBe("name error");
    expect(nxdomain("a.b.x.example.", apex, cover, wildcard)).toBe("name error");
  });

  test.each([
    ["the closest encloser", [cover, wildcard]],
    ["the next closer", [apex, wildcard]],
    ["the wildcard", [apex, cover]],
  ])("without %s it is not proven", (_, authority) => {
    expect(nxdomain("x.example.", ...authority)).toBe("denial does not prove it");
  });

  test("the closest encloser is the longest one: below mail.example, *.mail.example must be denied", () => {
    const below = zone.cover("x.mail.example.");
    expect(nxdomain("x.mail.example.", mail, below, wildcard)).toBe("denial does not prove it");
    expect(nxdomain("x.mail.example.", mail, below, zone.cover("*.mail.example."))).toBe("name error");
  });

  test("whatever the server claims, the records decide", () => {
    expect(nodata("x.example.", "A", apex, cover, wildcard)).toBe("name error");
    expect(nxdomain("mail.example.", zone.match("mail.example.", "MX RRSIG"))).toBe("no data");
  });

  test("a closest encloser with NS or DNAME hides what lies below (R-5155-5, R-6840-1)", () => {
    const below = [zone.cover("www.sub.example."), zone.cover("*.sub.example.")];
    expect(nxdomain("www.sub.example.", zone.match("sub.example.", "A RRSIG"), ...below)).toBe("name error");
    expect(nxdomain("www.sub.example.", zone.match("sub.example.", "NS"), ...below)).toBe("denial does not prove it");
    expect(nxdomain("www.sub.example.", zone.match("sub.example.", "NS DS RRSIG"), ...below)).toBe(
      "denial does not prove it",
    );
    expect(nxdomain("www.sub.example.", zone.match("sub.example.", "DNAME RRSIG"), ...below)).toBe(
      "denial does not prove it",
    );
  });

  test("a delegation above the closest encloser hides it too", () => {
    const deep = [
      zone.match("b.sub.example.", "A RRSIG"),
      zone.cover("a.b.sub.example."),
      zone.cover("*.b.sub.example."),
    ];
    expect(nxdomain("a.b.sub.example.", ...deep)).toBe("name error");
    expect(nxdomain("a.b.sub.example.", zone.match("sub.example.", "NS"), ...deep)).toBe("denial does not prove it");
  });

  test("the last record leads back to the first", () => {
    const low = new Uint8Array(20).fill(0);
    const all = zone.nsec3(new Uint8Array(20).fill(1), low, "A RRSIG"); // 0101… is lower than any hash here
    expect(nxdomain("x.example.", apex, all)).toBe("name error");
    const one = zone.nsec3(zone.hash("example."), zone.hash("example."), "NS SOA RRSIG");
    expect(nxdomain("x.example.", one), "a chain of one").toBe("name error");
  });
});

describe("opt-out (ATTACKS A-35)", () => {
  const cover = zone.cover("x.example.", optOut);
  const wildcard = zone.cover("*.example.", optOut);

  test("a name error is proven and insecure, and the wildcard must still be denied", () => {
    expect(nxdomain("x.example.", apex, cover, wildcard)).toBe("opt-out: name error");
    expect(nxdomain("x.example.", apex, cover)).toBe("denial does not prove it");
  });

  test("the flag counts at the next closer name only (RFC 5155 §9.2)", () => {
    expect(nxdomain("x.example.", apex, zone.cover("x.example."), wildcard)).toBe("name error");
    expect(nxdomain("x.example.", apex, cover, zone.cover("*.example."))).toBe("opt-out: name error");
  });

  test("no data for DS, and for what lies above unsigned delegations only", () => {
    expect(nodata("x.example.", "DS", apex, cover)).toBe("opt-out: no data");
    expect(nodata("x.example.", "A", apex, cover), "val_nsec3_entnodata_optout").toBe("opt-out: no data");
    expect(nodata("x.example.", "DS", apex, zone.cover("x.example."))).toBe("denial does not prove it");
    expect(nodata("x.example.", "DS", cover)).toBe("denial does not prove it");
  });

  test("a name that has an NSEC3 is not in the span, whatever covers its hash", () => {
    const signed = zone.match("x.example.", "NS DS RRSIG");
    expect(nodata("x.example.", "DS", apex, cover, signed)).toBe("denial does not prove it");
    expect(cutIs("x.example.", apex, cover, signed)).toBe("denial does not prove it");
    expect(cutIs("www.x.example.", apex, cover, signed), "nor is what lies below").toBe("denial does not prove it");
    expect(nxdomain("www.x.example.", apex, cover, signed, wildcard)).toBe("denial does not prove it");
    expect(cutIs("x.example.", apex, cover), "without it, it is").toBe("unsigned delegation, opt-out");
  });

  test("flags other than 0 and 1 are not opt-out but unknown: the record is ignored (R-5155-3)", () => {
    expect(nodata("x.example.", "DS", apex, zone.cover("x.example.", { flags: 3 }))).not.toMatch("opt-out");
    expect(nodata("mail.example.", "TLSA", zone.match("mail.example.", "A", { flags: 2 }))).toBe("denial malformed");
  });
});

describe("what does not count", () => {
  test("an unknown hash algorithm (R-5155-3)", () => {
    expect(nodata("mail.example.", "TLSA", zone.match("mail.example.", "A", { algorithm: 7 }))).toBe(
      "denial malformed",
    );
    expect(nodata("mail.example.", "TLSA", zone.match("mail.example.", "A", { algorithm: 7 }), mail)).toBe("no data");
  });

  test("several parameters in one response: bogus (R-5155-3, ATTACKS A-34)", () => {
    const other = zone.match("other.example.", "A RRSIG", { iterations: 1 });
    expect(nodata("mail.example.", "TLSA", mail, other)).toBe("denial malformed");
    expect(nodata("mail.example.", "TLSA", mail, zone.match("other.example.", "A RRSIG"))).toBe("no data");
    const salted = zone.match("other.example.", "A RRSIG", { salt: Uint8Array.of(1) });
    expect(nodata("mail.example.", "TLSA", mail, salted)).toBe("denial malformed");
    expect(nodata("mail.example.", "TLSA", mail, forged(other)), "unless it is forged").toBe("no data");
  });

  test("an owner more than one label below the zone (R-5155-4)", () => {
    const deep = zone.sign({ ...mail, name: name(`${mail.name}`.replace("example.", "x.example.")), signatures: [] });
    expect(nodata("mail.example.", "TLSA", deep)).toBe("denial malformed");
    const long = zone.sign({ ...mail, name: name(`a${mail.name}`), signatures: [] });
    expect(nodata("mail.example.", "TLSA", long), "no hash").toBe("denial malformed");
    const letters = zone.sign({ ...mail, name: name(`${"z".repeat(32)}.example.`), signatures: [] });
    expect(nodata("mail.example.", "TLSA", letters), "no base32hex").toBe("denial malformed");
  });

  test("a child zone that is named like a hash of its parent (CVE-2026-10723, ATTACKS A-22)", () => {
    const hash = `${mail.name}`;
    const child = new TestZone(hash);
    const own = child.sign({ ...mail, signatures: [] });
    expect(nodata("mail.example.", "TLSA", own)).toBe("signature by wrong zone");
    const verdict = proveDenial(question(hash, "TLSA"), "no data", {
      authority: [own],
      zone: child.trust,
      by: judge(),
    });
    expect(verdict).toMatchObject({ kind: "failed", failure: { code: "denial malformed" } });
  });

  test("forged, unsigned and expanded records", () => {
    expect(nodata("mail.example.", "TLSA", forged(mail))).toBe("signature wrong");
    expect(nodata("mail.example.", "TLSA", unsigned(mail))).toBe("signatures missing");
    expect(nodata("mail.example.", "TLSA", forged(mail), mail)).toBe("no data");
    const wildcard = zone.sign({ ...mail, name: name("*.example."), signatures: [] });
    expect(nodata("mail.example.", "TLSA", expandedTo(wildcard, `${mail.name}`))).toBe("denial missing");
  });

  test("a forged opt-out span beside good records does not make anything insecure (ATTACKS A-33)", () => {
    const cover = zone.cover("x.example.", optOut);
    expect(cutIs("x.example.", apex, forged(cover))).toBe("signature wrong");
    expect(cutIs("x.example.", apex, forged(cover), zone.cover("x.example."))).toBe("no delegation");
  });
});

function cutIs(cut: string, ...evidence: readonly RRset[]): string {
  const verdict = proveNoDs(zone.trust, { zone: name(cut), ds: null, evidence }, judge());
  if (!("status" in verdict)) return verdict.code;
  if (verdict.status === "insecure") return verdict.why.kind;
  return verdict.value.optOut ? `${verdict.value.kind}, opt-out` : verdict.value.kind;
}

describe("delegations without DS", () => {
  test("a record of the cut with NS, without DS and SOA", () => {
    expect(cutIs("sub.example.", zone.match("sub.example.", "NS"))).toBe("unsigned delegation");
    expect(cutIs("sub.example.", zone.match("sub.example.", "NS DS RRSIG"))).toBe("denial does not prove it");
    expect(cutIs("sub.example.", zone.match("sub.example.", "NS SOA RRSIG")), "val_nsec3_nods_soa").toBe(
      "denial does not prove it",
    );
    expect(cutIs("mail.example.", mail)).toBe("no delegation");
  });

  test("covered without opt-out: there is no such delegation (val_nsec3_nods_badopt)", () => {
    expect(cutIs("sub.example.", apex, zone.cover("sub.example."))).toBe("no delegation");
    expect(cutIs("sub.example.", zone.cover("sub.example.", optOut))).toBe("denial does not prove it");
  });

  test("a grandparent cannot answer for a name below its child (ATTACKS A-23)", () => {
    const child = zone.match("c.example.", "NS DS RRSIG");
    expect(cutIs("grand.c.example.", child, zone.cover("grand.c.example.", optOut))).toBe("denial does not prove it");
  });
});

describe("no closer match for a wildcard (RFC 5155 §8.8)", () => {
  const closer = (asked: string, source: string, ...authority: readonly RRset[]): string => {
    const verdict = proveNoCloserMatch(name(asked), name(source), { authority, zone: zone.trust, by: judge() });
    return verdict.kind === "failed" ? verdict.failure.code : verdict.kind;
  };

  test("the next closer name is covered", () => {
    expect(closer("a.x.wild.example.", "wild.example.", zone.cover("x.wild.example."))).toBe("proven");
    expect(closer("a.x.wild.example.", "wild.example.", zone.cover("a.x.wild.example."))).toBe(
      "wildcard without proof",
    );
    expect(closer("a.x.wild.example.", "wild.example.", zone.match("x.wild.example.", ""))).toBe(
      "wildcard without proof",
    );
    expect(closer("a.x.wild.example.", "wild.example.")).toBe("wildcard without proof");
  });

  test("under opt-out it is insecure", () => {
    expect(closer("x.wild.example.", "wild.example.", zone.cover("x.wild.example.", optOut))).toBe("insecure");
  });

  test("the next closer name from the parent zone is no proof (ATTACKS A-28)", () => {
    const parent = new TestZone(".");
    expect(closer("x.wild.example.", "wild.example.", parent.cover("x.wild.example."))).toBe("denial malformed");
  });
});

/** Counts hashes where they are computed. */
function countingHashes(): { readonly engine: CryptoEngine; readonly calls: { hashes: number; rounds: number } } {
  const calls = { hashes: 0, rounds: 0 };
  const nsec3Hash: CryptoEngine["nsec3Hash"] = (owner, salt, iterations) => {
    calls.hashes += 1;
    calls.rounds += iterations + 1;
    return engine.nsec3Hash(owner, salt, iterations);
  };
  return { engine: { ...engine, nsec3Hash }, calls };
}

describe("what hashing may cost", () => {
  const costly = { iterations: 51 };

  test("over the limit: insecure, and not one hash (R-9276-1, ATTACKS A-09)", () => {
    const { engine: counted, calls } = countingHashes();
    const verdict = prove(
      "no data",
      ["mail.example.", "TLSA"],
      [zone.match("mail.example.", "A", costly)],
      judgeWith(counted),
    );
    expect(verdict).toMatchObject({
      kind: "insecure",
      why: { kind: "too many iterations", iterations: 51, cut: name("example.") },
      as: "no data",
    });
    expect(calls.hashes).toBe(0);
  });

  test("at the limit: secure", () => {
    expect(nodata("mail.example.", "TLSA", zone.match("mail.example.", "A", { iterations: 50 }))).toBe("no data");
    expect(nodata("mail.example.", "TLSA", mail)).toBe("no data");
  });

  test("over the limit with a bad signature: bogus (ATTACKS A-44)", () => {
    const bad = forged(zone.match("mail.example.", "A", { iterations: 500 }));
    expect(nodata("mail.example.", "TLSA", bad)).toBe("signature wrong");
    expect(nodata("mail.example.", "TLSA", unsigned(bad))).toBe("signatures missing");
  });

  test("an over-costly record beside a good chain makes nothing insecure", () => {
    expect(nodata("mail.example.", "TLSA", mail, zone.match("x.example.", "A", costly))).toBe("denial malformed");
  });

  test("an unsigned delegation proven with 65535 iterations costs nothing (CVE-2026-1519, ATTACKS A-10)", () => {
    const { engine: counted, calls } = countingHashes();
    // its owner is any hash: to make the true one would cost what the attack wants to cost
    const record = zone.nsec3(new Uint8Array(20).fill(7), new Uint8Array(20).fill(8), "NS", { iterations: 65535 });
    const cut = { zone: name("sub.example."), ds: null, evidence: [record] };
    const verdict = proveNoDs(zone.trust, cut, judgeWith(counted));
    expect(verdict).toMatchObject({ status: "insecure", why: { kind: "too many iterations", iterations: 65535 } });
    expect(calls.hashes).toBe(0);
  });

  test("a long salt counts as well: the budget is in SHA-1 blocks (CVE-2023-50868)", () => {
    const by = judge();
    const salt = new Uint8Array(255).fill(1);
    prove("no data", ["mail.example.", "TLSA"], [zone.match("mail.example.", "A", { iterations: 9, salt })], by);
    expect(by.work.spent.hashes).toBe(10 * 5);
  });

  test("a name of 120 labels costs as many hashes as its closest encloser is deep", () => {
    const { engine: counted, calls } = countingHashes();
    const long = `${"a.".repeat(119)}example.`;
    const cover = zone.cover("a.example.");
    const verdict = prove("name error", [long, "A"], [apex, cover, zone.cover("*.example.")], judgeWith(counted));
    expect(verdict.kind).toBe("proven");
    expect(calls.hashes).toBe(4); // the name itself, the apex, the next closer, the wildcard
  });

  test("out of budget: a failure, never insecure (D-9)", () => {
    const { engine: counted, calls } = countingHashes();
    const long = `${"a.".repeat(119)}example.`;
    const lone = zone.match("far.example.", "A", { iterations: 50 });
    const verdict = prove("name error", [long, "A"], [lone], judgeWith(counted));
    expect(verdict).toMatchObject({ kind: "failed", failure: { code: "too much validation work", ede: 6 } });
    expect(calls.rounds).toBeLessThanOrEqual(1000);
  });

  test("each name is hashed once", () => {
    const { engine: counted, calls } = countingHashes();
    const evidence = [apex, zone.cover("x.example.")];
    prove("name error", ["x.example.", "A"], [...evidence, zone.cover("*.example.")], judgeWith(counted));
    expect(calls.hashes).toBe(3);
  });

  test("more than eight NSEC3 RRsets: bogus before any cryptography (CVE-2026-11605, ATTACKS A-12)", () => {
    const stuffed = Array.from({ length: 8 }, (_, i) => zone.match(`n${i}.example.`, "A RRSIG"));
    const by = judge();
    expect(prove("no data", ["mail.example.", "TLSA"], [mail, ...stuffed], by)).toMatchObject({
      kind: "failed",
      failure: { code: "too much validation work" },
    });
    expect(by.work.spent.signatures).toBe(0);
    expect(prove("no data", ["mail.example.", "TLSA"], [mail, ...stuffed.slice(1)]).kind, "eight").toBe("proven");
  });
});
