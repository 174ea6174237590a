import { describe, expect, test } from "vitest";
import { validateResponse } from "../../src/dnssec/response.ts";
import { verifyRRset } from "../../src/dnssec/signature.ts";
import { judgeCut } from "../../src/dnssec/zone.ts";
import { isOfType, type RRset } from "../../src/rrset/rrset.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import * as appendix from "./rfc5155-appendix-a.ts";
import { expandedTo, question, VectorZone } from "./vector-zone.ts";

const zone = new VectorZone(appendix);
const trust = zone.secure();

/** Whose hash each record's owner is, or what falls between its owner and the next: the table of Appendix A. */
const hashed = {
  "example.": "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom",
  "ns1.example.": "2t7b4g4vsa5smi47k61mv5bv1a22bojr",
  "x.y.w.example.": "2vptu5timamqttgl4luu9kg21e0aor3s",
  "a.example.": "35mthgpgcu1qg68fab165klnsnk3dpvl",
  "x.w.example.": "b4um86eghhds6nea196smvmlo4ors995",
  "ai.example.": "gjeqe526plbf1g8mklp59enfd789njgi",
  "y.w.example.": "ji6neoaepv8b5o6k4ev33abha8ht9fgc",
  "w.example.": "k8udemvp1j2f7eg6jebps17vp3n8i58h",
  "ns2.example.": "q04jkcevqvmu85r014c7dkba38o0ji5r",
  "*.w.example.": "r53bq7cc2uvmubfu5ocmm6pers9tk9en",
  "xx.example.": "t644ebqk9bibcna874givr6joj62mlhv",
} as const;

function nsec3Of(...names: readonly (keyof typeof hashed)[]): RRset[] {
  return names.map((name) => zone.rrset(`${hashed[name]}.example.`, TYPE.NSEC3));
}

function denial(kind: "no data" | "name error", asked: ReturnType<typeof question>, nsec3: readonly RRset[]) {
  const soa = zone.rrset("example.", TYPE.SOA);
  if (!isOfType(soa, TYPE.SOA)) throw new Error("no SOA");
  return validateResponse({ kind, question: asked, soa, authority: [soa, ...nsec3] }, trust, zone.judge());
}

function expectEachNeeded(
  kind: "no data" | "name error",
  asked: ReturnType<typeof question>,
  nsec3: readonly RRset[],
): void {
  for (const missing of nsec3) {
    const rest = nsec3.filter((rrset) => rrset !== missing);
    expect(denial(kind, asked, rest).status, `without ${missing.name}`).toBe("bogus");
  }
}

describe("RFC 5155 Appendix A: the signed zone", () => {
  const signed = zone.rrsets.filter((rrset) => rrset.signatures.length > 0);

  test.each(signed.map((rrset) => [`${rrset.name} type ${rrset.type}`, rrset] as const))("%s verifies", (_, rrset) => {
    expect(verifyRRset(rrset, trust, zone.judge()).kind).toBe("verified");
  });

  test.each(Object.entries(hashed))("the hash of %s is %s", (name, expected) => {
    const octets = zone
      .judge()
      .engine.nsec3Hash(Name.parse(name).canonicalWire, Uint8Array.of(0xaa, 0xbb, 0xcc, 0xdd), 12);
    let text = "";
    let bits = 0n;
    for (const octet of octets) bits = (bits << 8n) | BigInt(octet);
    for (let i = 31n; i >= 0n; i--) text += "0123456789abcdefghijklmnopqrstuv"[Number((bits >> (5n * i)) & 31n)];
    expect(text).toBe(expected);
  });
});

describe("RFC 5155 Appendix B: responses", () => {
  test("B.1 a name error under opt-out is proven, and insecure (§9.2)", () => {
    const asked = question("a.c.x.w.example.", TYPE.A);
    // covers the next closer c.x.w; matches the closest encloser x.w; covers the wildcard *.x.w
    const nsec3 = nsec3Of("example.", "x.w.example.", "a.example.");
    expect(denial("name error", asked, nsec3)).toMatchObject({
      status: "insecure",
      why: {
        kind: "opt-out",
        denial: { value: { kind: "name error", optOut: true, closestEncloser: Name.parse("x.w.example.") } },
      },
      value: { kind: "name error", rcode: 3 },
    });
    expectEachNeeded("name error", asked, nsec3);
  });

  test("B.2 no data is secure where an NSEC3 matches, opt-out or not", () => {
    const asked = question("ns1.example.", TYPE.MX);
    const nsec3 = nsec3Of("ns1.example.");
    expect(denial("no data", asked, nsec3)).toMatchObject({ status: "secure", value: { kind: "no data", rcode: 0 } });
    expectEachNeeded("no data", asked, nsec3);
    expect(denial("no data", question("ns1.example.", TYPE.A), nsec3).status).toBe("bogus");
  });

  test("B.2.1 an empty non-terminal has an NSEC3 without types", () => {
    const asked = question("y.w.example.", TYPE.A);
    expect(denial("no data", asked, nsec3Of("y.w.example."))).toMatchObject({
      status: "secure",
      value: { kind: "no data" },
    });
    expect(denial("no data", asked, nsec3Of("w.example.")).status).toBe("bogus");
  });

  test("B.3 a referral to an unsigned zone in an opt-out span", () => {
    const cut = { zone: Name.parse("c.example."), ds: null, evidence: nsec3Of("a.example.", "example.") };
    expect(judgeCut(trust, cut, zone.judge())).toMatchObject({ kind: "insecure", why: { kind: "opt-out" } });
    for (const alone of ["a.example.", "example."] as const) {
      expect(judgeCut(trust, { ...cut, evidence: nsec3Of(alone) }, zone.judge()).kind, `${alone} alone`).toBe("failed");
    }
    const signed = { zone: Name.parse("a.example."), ds: null, evidence: nsec3Of("a.example.", "example.") };
    expect(judgeCut(trust, signed, zone.judge()).kind, "a.example has DS").toBe("failed");
  });

  test("B.4 a wildcard expansion needs an NSEC3 that covers the next closer name", () => {
    const asked = question("a.z.w.example.", TYPE.MX);
    const mx = expandedTo(zone.rrset("*.w.example.", TYPE.MX), "a.z.w.example.");
    const answer = (authority: readonly RRset[]) =>
      validateResponse({ kind: "answer", question: asked, rrsets: [mx], authority }, trust, zone.judge());
    expect(answer(nsec3Of("ns2.example."))).toMatchObject({ status: "insecure", why: { kind: "opt-out" } });
    expect(answer([])).toMatchObject({ status: "bogus", failure: { code: "wildcard without proof" } });
    expect(answer(nsec3Of("example.", "w.example.", "xx.example."))).toMatchObject({ status: "bogus" });
  });

  test("B.5 no data at a wildcard: closest encloser, next closer, wildcard", () => {
    const asked = question("a.z.w.example.", TYPE.AAAA);
    const nsec3 = nsec3Of("w.example.", "ns2.example.", "*.w.example.");
    expect(denial("no data", asked, nsec3)).toMatchObject({
      status: "insecure",
      why: { kind: "opt-out", denial: { value: { kind: "no data at a wildcard" } } },
    });
    expect(denial("no data", asked, nsec3Of("ns2.example.", "*.w.example.")).status).toBe("bogus");
    expect(denial("no data", asked, nsec3Of("w.example.", "*.w.example.")).status).toBe("bogus");
    // without the wildcard it is still an opt-out span, and its answer no less insecure
    expect(denial("no data", asked, nsec3Of("w.example.", "ns2.example.")).status).toBe("insecure");
    expect(denial("no data", question("a.z.w.example.", TYPE.MX), nsec3).status).toBe("bogus");
  });

  test("B.6 the child's denial of its own DS is no proof", () => {
    expect(denial("no data", question("example.", TYPE.DS), nsec3Of("example.")).status).toBe("bogus");
  });
});

describe("RFC 5155 Appendix A: an owner that is a hash, and a name besides", () => {
  test("2t7b4g4v… has an address of its own, and its NSEC3 denies nothing there", () => {
    const owner = `${hashed["ns1.example."]}.example.`;
    const address = zone.rrset(owner, TYPE.A);
    const asked = question(owner, TYPE.A);
    const response = { kind: "answer", question: asked, rrsets: [address], authority: [] } as const;
    expect(validateResponse(response, trust, zone.judge()).status).toBe("secure");
    expect(denial("no data", question(owner, TYPE.MX), nsec3Of("ns1.example.")).status).toBe("bogus");
    // kohar7mb… is the hash of that name
    const own = zone.rrset("kohar7mbb8dc2ce8a9qvl8hon4k53uhi.example.", TYPE.NSEC3);
    expect(denial("no data", question(owner, TYPE.MX), [own]).status).toBe("secure");
  });
});

describe("RFC 9276 §3.2 on the same zone", () => {
  test("12 iterations are too many where 10 are allowed: insecure after the signature, and nothing is hashed", () => {
    const judge = zone.judge({ nsec3Iterations: 10 });
    const response = {
      kind: "no data",
      question: question("ns1.example.", TYPE.MX),
      soa: null,
      authority: nsec3Of("ns1.example."),
    } as const;
    expect(validateResponse(response, trust, judge)).toMatchObject({
      status: "insecure",
      why: { kind: "too many iterations", iterations: 12 },
    });
    expect(judge.work.spent.hashes).toBe(0);
  });
});
