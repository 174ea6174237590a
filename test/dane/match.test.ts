import { X509Certificate } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { type DaneMatch, type Matching, matchCertificate } from "../../src/dane/match.ts";
import { anyUsagePolicy, smtpPolicy } from "../../src/dane/records.ts";
import { chain, LAB_NOW, names, rrsetOf, unsafeSecure } from "./harness.ts";

const mx = names("mx.ta.lab");

function match(records: readonly string[], sent: string, by: Partial<Matching> = {}): DaneMatch {
  return matchCertificate(unsafeSecure(...records), chain(sent), {
    names: mx,
    now: LAB_NOW,
    policy: smtpPolicy,
    ...by,
  });
}

/** "verified at 1" or the code of the refusal. */
function outcome(records: readonly string[], sent: string, by: Partial<Matching> = {}): string {
  const found = match(records, sent, by);
  return found.kind === "verified" ? `verified at ${found.depth}` : found.code;
}

describe("DANE-EE(3)", () => {
  it.each(["3 0 0", "3 0 1", "3 0 2", "3 1 0", "3 1 1", "3 1 2"])("%s names the server's own", (form) => {
    expect(outcome([`${form} leaf`], "leaf")).toBe("verified at 0");
    expect(outcome([`${form} !leaf`], "leaf")).toBe("no record matches");
  });

  it("does not look at dates, names, or what else was sent", () => {
    expect(outcome(["3 1 1 self-expired"], "self-expired other root", { names: [] })).toBe("verified at 0");
    expect(outcome(["3 0 1 leaf-future"], "leaf-future")).toBe("verified at 0");
    expect(outcome(["3 0 1 leaf-critical"], "leaf-critical")).toBe("verified at 0");
  });

  it("means the server's own certificate, and no other that was sent", () => {
    expect(outcome(["3 1 1 intermediate"], "leaf intermediate root")).toBe("no record matches");
  });

  it("by key lives through a renewal, by certificate it does not", () => {
    expect(outcome(["3 1 1 leaf"], "leaf-domain")).toBe("verified at 0");
    expect(outcome(["3 0 1 leaf"], "leaf-domain")).toBe("no record matches");
  });

  it("tells which record matched", () => {
    const found = match(["3 1 1 !leaf", "3 0 2 leaf"], "leaf");
    expect(found).toMatchObject({ kind: "verified", record: { usage: 3, selector: 0, matchingType: 2 }, name: null });
    expect(found.reason).toMatch(/^TLSA 3 0 2 [0-9a-f]{16}… matches at depth 0$/);
  });
});

describe("DANE-TA(2)", () => {
  it.each(["2 0 0", "2 0 1", "2 0 2", "2 1 0", "2 1 1", "2 1 2"])("%s names a CA that was sent", (form) => {
    expect(outcome([`${form} root`], "leaf intermediate root")).toBe("verified at 2");
    expect(outcome([`${form} intermediate`], "leaf intermediate root")).toBe("verified at 1");
    expect(outcome([`${form} intermediate`], "leaf intermediate")).toBe("verified at 1");
    expect(outcome([`${form} other`], "leaf intermediate root")).toBe("no record matches");
  });

  it("takes the others in any order, however many of them are strangers", () => {
    expect(outcome(["2 0 1 root"], "leaf other root sub intermediate other")).toBe("verified at 2");
  });

  it("does not count a CA that was sent but did not sign", () => {
    const found = match(["2 0 1 other"], "leaf intermediate other");
    expect(found).toMatchObject({
      kind: "refused",
      code: "certificate not trusted",
      tlsrpt: "certificate-not-trusted",
    });
    expect(found.reason).toBe("CN=Other Root has a TLSA record, but CN=Leaf does not lead to it");
  });

  it("needs every certificate of the path", () => {
    expect(outcome(["2 0 1 root"], "leaf root")).toBe("certificate not trusted");
    expect(outcome(["2 0 1 root"], "leaf intermediate")).toBe("no record matches");
  });

  it("is not fooled by an issuer of the right name with another key", () => {
    expect(outcome(["2 0 1 intermediate-forged"], "leaf intermediate-forged")).toBe("certificate not trusted");
    expect(outcome(["2 0 1 root"], "leaf intermediate-forged intermediate root")).toBe("verified at 2");
  });

  it("never means the server's own certificate", () => {
    expect(outcome(["2 0 1 leaf"], "leaf intermediate root")).toBe("no record matches");
    expect(outcome(["2 1 1 leaf-ca"], "leaf-ca")).toBe("no record matches");
    expect(outcome(["2 1 1 leaf-ca"], "leaf-ca leaf-ca")).toBe("certificate not trusted");
    // Self-signed: another certificate of the same name and key is not its issuer.
    expect(match(["2 1 1 leaf-ca"], "leaf-ca leaf-ca-again").reason).toContain("does not lead to it");
  });

  it("with the whole certificate in DNS need not be sent; with a digest it must", () => {
    expect(outcome(["2 0 0 root"], "leaf intermediate")).toBe("verified at 2");
    expect(outcome(["2 0 0 root"], "leaf-by-root")).toBe("verified at 1");
    expect(outcome(["2 0 1 root"], "leaf-by-root")).toBe("no record matches");
    expect(outcome(["2 0 0 other"], "leaf intermediate")).toBe("no record matches");
  });

  it("with the bare key in DNS verifies the top signature", () => {
    expect(outcome(["2 1 0 root"], "leaf-by-root")).toBe("verified at 1");
    expect(outcome(["2 1 0 root"], "leaf intermediate")).toBe("verified at 2");
    expect(outcome(["2 1 0 other"], "leaf intermediate")).toBe("no record matches");
    expect(outcome(["2 1 0 root"], "leaf")).toBe("no record matches");
  });

  it("with the bare key in DNS is judged by its certificate all the same, if that was sent", () => {
    expect(outcome(["2 1 0 intermediate"], "leaf")).toBe("verified at 1");
    expect(outcome(["2 1 0 intermediate"], "leaf intermediate-expired")).toBe("certificate expired");
    expect(outcome(["2 1 0 intermediate"], "leaf intermediate-without")).toBe("certificate not trusted");
  });

  it("may be an RSA key, and sign with PSS", () => {
    expect(outcome(["2 1 1 authority-rsa"], "leaf-by-rsa authority-rsa")).toBe("verified at 1");
    expect(outcome(["2 1 1 authority-rsa"], "leaf-pss authority-rsa")).toBe("verified at 1");
  });

  it("finds another way where one of several issuers leads nowhere", () => {
    expect(outcome(["2 0 1 root"], "leaf intermediate-by-other intermediate root other")).toBe("verified at 2");
    expect(outcome(["2 0 1 root"], "leaf intermediate-expired intermediate root")).toBe("verified at 2");
  });

  it.each([
    ["the server's certificate", "leaf-expired intermediate root"],
    ["an intermediate", "leaf intermediate-expired root"],
    ["the anchor itself", "leaf intermediate root-expired"],
  ])("checks dates: %s has expired", (_, sent) => {
    expect(outcome(["2 1 1 root"], sent)).toBe("certificate expired");
  });

  it("tells a certificate of the future from an expired one", () => {
    const found = match(["2 1 1 root"], "leaf-future intermediate root");
    expect(found.kind === "refused" && found.code).toBe("certificate not trusted");
    expect(found.reason).toBe("CN=Leaf is valid from Jan  1 00:00:00 2100 GMT");
  });

  it.each([
    ["an issuer that is no CA", "2 1 1 root", "leaf intermediate-no-ca root", "CN=Intermediate is no CA"],
    [
      "an issuer for clients only",
      "2 1 1 root",
      "leaf intermediate-client root",
      "CN=Intermediate is not meant for TLS servers",
    ],
    [
      "a certificate for clients only",
      "2 1 1 root",
      "leaf-client intermediate root",
      "CN=Leaf is not meant for TLS servers",
    ],
    [
      "a path longer than its issuer allows",
      "2 1 1 root",
      "leaf-by-sub sub intermediate-short root",
      "CN=Intermediate allows 0 issuers below it, and there are 1",
    ],
    [
      "a name that its issuer may not certify",
      "2 1 1 root",
      "leaf intermediate-narrow root",
      "CN=Leaf lies outside the name constraints of CN=Intermediate",
    ],
    [
      "a name that its issuer must not certify",
      "2 1 1 root",
      "leaf intermediate-without root",
      "CN=Leaf lies outside the name constraints of CN=Intermediate",
    ],
    [
      "a common name under name constraints",
      "2 1 1 root",
      "leaf-cn intermediate-wide root",
      "CN=mx.ta.lab has no DNS names, but lies under the name constraints of CN=Intermediate",
    ],
    [
      "a critical extension that nobody knows",
      "2 1 1 root",
      "leaf-critical intermediate root",
      "CN=Leaf has the critical extension 1.3.6.1.4.1.99999.1, which is not known",
    ],
    [
      "a signature with SHA-1",
      "2 1 1 root",
      "leaf-sha1 intermediate root",
      "CN=Leaf is signed with an algorithm that is too weak or not known",
    ],
    [
      "a signature with SHA-1 by PSS",
      "2 1 1 authority-rsa",
      "leaf-pss-sha1 authority-rsa",
      "CN=Leaf is signed with an algorithm that is too weak or not known",
    ],
    [
      "a short RSA key",
      "2 1 1 authority-weak",
      "leaf-by-weak authority-weak",
      "CN=Leaf is signed by an RSA key of 1024 bits",
    ],
    [
      "a short RSA key that is in DNS",
      "2 1 0 authority-weak",
      "leaf-by-weak",
      "CN=Leaf is signed by an RSA key of 1024 bits",
    ],
    [
      "a key that is not meant for TLS",
      "2 1 1 root",
      "leaf-no-tls intermediate root",
      "CN=Leaf has a key that is not meant for TLS",
    ],
  ])("refuses %s", (_, tlsa, sent, reason) => {
    expect(match([tlsa], sent)).toMatchObject({ kind: "refused", code: "certificate not trusted", reason });
  });

  it("takes names that its issuer may certify", () => {
    expect(outcome(["2 1 1 root"], "leaf intermediate-wide root")).toBe("verified at 2");
    expect(outcome(["2 1 1 root"], "leaf intermediate-short root")).toBe("verified at 2");
  });
});

describe("names", () => {
  const shows = (leaf: string, ...wanted: string[]) =>
    outcome(["2 1 1 root"], `${leaf} intermediate root`, { names: names(...wanted) });

  it("one of several is enough", () => {
    expect(shows("leaf-domain", "mx.ta.lab", "ta.lab")).toBe("verified at 2");
    expect(shows("leaf-domain", "mx.ta.lab")).toBe("name mismatch");
    expect(shows("leaf")).toBe("name mismatch");
  });
  it("letter case does not matter", () => expect(shows("leaf", "MX.Ta.LAB")).toBe("verified at 2"));
  it("the common name counts where there are no DNS names", () => {
    expect(shows("leaf-cn", "mx.ta.lab")).toBe("verified at 2");
    expect(shows("leaf-cn-and-san", "mx.ta.lab")).toBe("name mismatch");
  });
  it("a wildcard is a whole label and stands for one", () => {
    expect(shows("leaf-wildcard", "mx.ta.lab")).toBe("verified at 2");
    expect(shows("leaf-wildcard", "ta.lab")).toBe("name mismatch");
    expect(shows("leaf-wildcard", "a.b.ta.lab")).toBe("name mismatch");
    expect(shows("leaf-partial-wildcard", "mx.ta.lab")).toBe("name mismatch");
  });
  it("a name that no certificate can show matches none", () => {
    expect(shows("leaf", "mx\\.ta.lab", ".", "*.ta.lab", "mx\\000.ta.lab")).toBe("name mismatch");
    expect(shows("leaf-wildcard", "a\\.b.ta.lab")).toBe("name mismatch");
  });
  it("the refusal says what was looked for and what was there", () => {
    const found = match(["2 1 1 root"], "leaf-elsewhere intermediate root", { names: names("mx.ta.lab", "ta.lab") });
    expect(found).toMatchObject({ tlsrpt: "certificate-host-mismatch", status: "4.7.5", exchange: "4.7.325" });
    expect(found.reason).toBe("the certificate is for DNS:elsewhere.example, and mx.ta.lab. or ta.lab. was looked for");
  });
});

describe("digest agility", () => {
  it("the strongest digest of a usage and selector decides", () => {
    expect(outcome(["3 1 1 leaf", "3 1 2 !leaf"], "leaf")).toBe("no record matches");
    expect(outcome(["3 1 1 !leaf", "3 1 2 leaf"], "leaf")).toBe("verified at 0");
  });
  it("for each usage and selector on its own", () => {
    expect(outcome(["3 1 1 leaf", "3 0 2 !leaf"], "leaf")).toBe("verified at 0");
    expect(outcome(["3 1 1 leaf", "2 1 2 !root"], "leaf")).toBe("verified at 0");
  });
  it("full data always counts", () => {
    expect(outcome(["3 1 0 leaf", "3 1 2 !leaf"], "leaf")).toBe("verified at 0");
    expect(outcome(["3 1 0 root", "3 1 1 leaf"], "leaf")).toBe("verified at 0");
  });
  it("a malformed strong digest does not outrank a good weak one", () => {
    expect(outcome(["3 1 1 leaf", "3 1 2 abcd"], "leaf")).toBe("verified at 0");
  });
  it("can be turned round, and off", () => {
    const records = ["3 1 1 leaf", "3 1 2 !leaf"];
    expect(outcome(records, "leaf", { policy: { ...smtpPolicy, digests: [1, 2] } })).toBe("verified at 0");
    expect(outcome(records, "leaf", { policy: { ...smtpPolicy, agility: "all" } })).toBe("verified at 0");
    expect(outcome(["3 1 1 leaf"], "leaf", { policy: { ...smtpPolicy, digests: [2] } })).toBe("no record matches");
  });
});

describe("PKIX-EE(1) and PKIX-TA(0)", () => {
  const to = (anchor: string) => ({ kind: "valid", anchor: chain(anchor)[0]! }) as const;
  const valid = to("root");
  const pkix = (records: readonly string[], by: Partial<Matching> = {}) =>
    outcome(records, "leaf intermediate", { policy: anyUsagePolicy, pkix: valid, ...by });

  it("need public PKIX as well", () => {
    expect(pkix(["1 1 1 leaf"])).toBe("verified at 0");
    expect(pkix(["0 1 1 root"])).toBe("verified at 2");
    expect(pkix(["0 1 1 intermediate"])).toBe("verified at 1");
    for (const record of ["1 1 1 leaf", "0 1 1 root"]) {
      expect(outcome([record], "leaf intermediate root", { policy: anyUsagePolicy })).toBe("certificate not trusted");
      expect(pkix([record], { pkix: { kind: "invalid", reason: "self-signed" } })).toBe("certificate not trusted");
    }
  });
  it("are about the certificates named", () => {
    expect(pkix(["1 1 1 intermediate"])).toBe("no record matches");
    expect(pkix(["0 1 1 leaf"])).toBe("no record matches");
    expect(pkix(["0 1 1 other"])).toBe("no record matches");
  });
  it("check names", () => {
    expect(pkix(["1 1 1 leaf"], { names: names("other.lab") })).toBe("name mismatch");
    expect(pkix(["0 1 1 root"], { names: names("other.lab") })).toBe("name mismatch");
  });
  it("want a path to the CA that was trusted, by what was sent", () => {
    for (const record of ["0 1 1 root", "1 1 1 leaf"]) {
      expect(outcome([record], "leaf", { policy: anyUsagePolicy, pkix: valid })).toBe("certificate not trusted");
      expect(outcome([record], "leaf intermediate-forged", { policy: anyUsagePolicy, pkix: valid })).toBe(
        "certificate not trusted",
      );
      expect(pkix([record], { pkix: to("other") })).toBe("certificate not trusted");
      expect(outcome([record], "leaf-expired intermediate", { policy: anyUsagePolicy, pkix: valid })).toBe(
        "certificate expired",
      );
    }
    const sent = "leaf intermediate-expired intermediate-by-other intermediate";
    expect(outcome(["0 0 1 intermediate"], sent, { policy: anyUsagePolicy, pkix: valid })).toBe("verified at 1");
    expect(outcome(["0 0 1 intermediate-by-other"], sent, { policy: anyUsagePolicy, pkix: valid })).toBe(
      "no record matches",
    );
  });
  it("do not mind an old root of the same key, sent beside the CA's current one that was trusted", () => {
    const old = (record: string, sent = "leaf intermediate root-expired", anchor = "root-expired") =>
      outcome([record], sent, { policy: anyUsagePolicy, pkix: to(anchor) });
    expect(old("1 1 1 leaf")).toBe("verified at 0");
    expect(old("0 1 1 intermediate")).toBe("verified at 1");
    expect(old("0 1 1 root")).toBe("verified at 2");
    expect(old("0 0 1 root-expired")).toBe("no record matches");
    expect(old("1 1 1 leaf", "leaf intermediate-expired root-expired")).toBe("certificate expired");
    expect(old("1 1 1 leaf", "leaf intermediate-forged root-expired")).toBe("certificate not trusted");
    expect(old("1 1 1 self-expired", "self-expired", "self-expired")).toBe("certificate expired");
  });
  it("count for nothing in SMTP", () => {
    expect(pkix(["1 1 1 leaf"], { policy: smtpPolicy })).toBe("no record matches");
  });
});

describe("matchCertificate", () => {
  it("refuses an empty chain", () => expect(outcome(["3 1 1 leaf"], "")).toBe("no certificate"));

  it("throws for records that nobody proved, whatever they look like", () => {
    const forged = { status: "secure", value: rrsetOf("3 1 1 leaf"), proof: { parts: [], validUntil: LAB_NOW } };
    const by = { names: mx, now: LAB_NOW, policy: smtpPolicy };
    expect(() => matchCertificate(forged as never, chain("leaf"), by)).toThrow("not secure");
    expect(() => matchCertificate(rrsetOf("3 1 1 leaf") as never, chain("leaf"), by)).toThrow("not secure");
  });

  it("is not kept busy by a server that sends hundreds of certificates", () => {
    const many = `leaf ${"intermediate intermediate-by-other intermediate-expired root other sub ".repeat(50)}`.trim();
    const verify = vi.spyOn(X509Certificate.prototype, "verify");
    expect(outcome(["2 0 1 leaf-rsa"], many)).toBe("no record matches");
    expect(verify.mock.calls.length).toBeLessThanOrEqual(64);
    verify.mockRestore();
  });
});
