import { describe, expect, it } from "vitest";
import { buildWorld } from "../../src/lab/world.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { LAB_NOW, world } from "../../src/lab/wounds.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import { ask, rrsets, summary, texts } from "./ask.ts";

const lab = world();

describe("a referral", () => {
  it("to a signed zone brings NS, DS with its signature, and glue, and is not authoritative", () => {
    const reply = ask(lab, "ns.lab", ["www.good.lab", "A"]);
    expect(reply).toMatchObject({ rcode: RCODE.NOERROR, aa: false, tc: false, answer: [] });
    expect(summary(reply.authority)).toEqual(["good.lab. NS", "good.lab. DS", "good.lab. RRSIG DS"]);
    expect(summary(reply.additional)).toEqual(["ns.good.lab. A"]);
  });

  it("to an unsigned zone brings the NSEC that has NS and no DS", () => {
    const reply = ask(lab, "ns.lab", ["host.plain.lab", "A"]);
    expect(summary(reply.authority)).toEqual(["plain.lab. NS", "plain.lab. NSEC", "plain.lab. RRSIG NSEC"]);
    expect(texts(reply.authority, "NSEC")).toEqual(["lab. NS RRSIG NSEC"]);
  });

  it("to an unsigned zone below NSEC3 brings the NSEC3 of the cut", () => {
    const reply = ask(lab, "ns.hash", ["host.plain.hash", "A"]);
    expect(texts(reply.authority, "NSEC3")).toEqual([expect.stringMatching(/^1 0 0 - \S+ NS$/)]);
  });

  it("to an opted-out zone brings the closest provable encloser and the span over the next closer name", () => {
    const reply = ask(lab, "ns.optout", ["host.plain.optout", "A"]);
    const spans = texts(reply.authority, "NSEC3");
    expect(spans.length).toBeGreaterThanOrEqual(1);
    expect(spans.every((text) => text.startsWith("1 1 0 - "))).toBe(true);
    expect(spans.some((text) => /\bSOA\b/.test(text))).toBe(true);
  });

  it("without DO is NS and glue only", () => {
    const reply = ask(lab, "ns.lab", ["www.good.lab", "A"], { edns: { dnssecOk: false } });
    expect(summary(reply.authority)).toEqual(["good.lab. NS"]);
    expect(summary(reply.additional)).toEqual(["ns.good.lab. A"]);
  });
});

describe("an answer", () => {
  it("carries its signature if the client wants it, and AA", () => {
    const reply = ask(lab, "ns.good.lab", ["www.good.lab", "A"]);
    expect(reply).toMatchObject({ aa: true, authority: [] });
    expect(summary(reply.answer)).toEqual(["www.good.lab. A", "www.good.lab. RRSIG A"]);
    expect(summary(ask(lab, "ns.good.lab", ["www.good.lab", "A"], { edns: null }).answer)).toEqual(["www.good.lab. A"]);
  });

  it("of MX brings the addresses of the exchange", () => {
    const reply = ask(lab, "ns.good.lab", ["good.lab", "MX"]);
    expect(rrsets(reply.additional)).toEqual(["mx.good.lab. A", "mx.good.lab. AAAA"]);
  });

  it("keeps the question's letter case and the owner's own", () => {
    const reply = ask(lab, "ns.good.lab", ["wWw.GoOd.LaB", "A"]);
    expect(`${reply.question[0]!.name}`).toBe("wWw.GoOd.LaB.");
    expect(reply.answer[0]!.name.equals(reply.question[0]!.name)).toBe(true);
  });

  it("follows an alias inside the zone, and leaves one that leads out", () => {
    expect(rrsets(ask(lab, "ns.good.lab", ["alias.good.lab", "A"]).answer)).toEqual([
      "alias.good.lab. CNAME",
      "www.good.lab. A",
    ]);
    const away = ask(lab, "ns.good.lab", ["away.good.lab", "A"]);
    expect(rrsets(away.answer)).toEqual(["away.good.lab. CNAME"]);
    expect(away).toMatchObject({ rcode: RCODE.NOERROR, authority: [] });
    expect(rrsets(ask(lab, "ns.good.lab", ["alias.good.lab", "CNAME"]).answer)).toEqual(["alias.good.lab. CNAME"]);
  });

  it("ends in a loop of aliases with each of them once", () => {
    expect(rrsets(ask(lab, "ns.good.lab", ["round.good.lab", "A"]).answer)).toEqual([
      "round.good.lab. CNAME",
      "about.good.lab. CNAME",
    ]);
  });

  it("through a DNAME has a CNAME made from it, which nobody signed", () => {
    const reply = ask(lab, "ns.good.lab", ["www.old.good.lab", "A"]);
    expect(summary(reply.answer)).toEqual([
      "old.good.lab. DNAME",
      "old.good.lab. RRSIG DNAME",
      "www.old.good.lab. CNAME",
      "www.new.good.lab. A",
      "www.new.good.lab. RRSIG A",
    ]);
    expect(texts(reply.answer, "CNAME")).toEqual(["www.new.good.lab."]);
    // At the DNAME's own name it is data like any other.
    expect(rrsets(ask(lab, "ns.good.lab", ["old.good.lab", "DNAME"]).answer)).toEqual(["old.good.lab. DNAME"]);
  });

  it("is YXDOMAIN where a DNAME makes a name that is too long", () => {
    const long = buildWorld(
      {
        zones: [
          ...soundWorld.zones.filter(({ apex }) => apex !== "good.lab."),
          { apex: "good.lab.", records: `old DNAME ${"x".repeat(60)}.${"y".repeat(60)}.good.lab.` },
        ],
      },
      LAB_NOW,
    );
    const label = "z".repeat(63);
    const reply = ask(long, "ns.good.lab", [`${label}.${label}.old.good.lab`, "A"]);
    expect(reply.rcode).toBe(RCODE.YXDOMAIN);
    expect(rrsets(reply.answer)).toEqual(["old.good.lab. DNAME"]);
  });

  it("from a wildcard has the asked name, and the proof that no closer one exists", () => {
    const reply = ask(lab, "ns.good.lab", ["any.wild.good.lab", "A"]);
    expect(summary(reply.answer)).toEqual(["any.wild.good.lab. A", "any.wild.good.lab. RRSIG A"]);
    expect(rrsets(reply.authority)).toEqual(["*.wild.good.lab. NSEC"]);
    expect(texts(reply.answer, "RRSIG")[0]).toMatch(/^A 13 3 /);
    const hashed = ask(lab, "ns.good.hash", ["a.b.wild.good.hash", "A"]);
    expect(rrsets(hashed.answer)).toEqual(["a.b.wild.good.hash. A"]);
    expect(texts(hashed.authority, "NSEC3")).toHaveLength(1);
  });

  it("of a name beside a wildcard is its own", () => {
    expect(texts(ask(lab, "ns.good.lab", ["closer.wild.good.lab", "A"]).answer, "A")).toEqual(["192.0.2.98"]);
    // RFC 4592 §2.2.1: what exists blocks the wildcard for all below it.
    expect(ask(lab, "ns.good.lab", ["x.closer.wild.good.lab", "A"]).rcode).toBe(RCODE.NXDOMAIN);
  });

  it("to ANY is everything, or one RRset if the server prefers", () => {
    expect(rrsets(ask(lab, "ns.good.lab", ["www.good.lab", "ANY"]).answer)).toEqual([
      "www.good.lab. A",
      "www.good.lab. TXT",
      "www.good.lab. NSEC",
    ]);
    const minimal = buildWorld({ ...soundWorld, servers: [{ name: "ns.good.lab.", anyStyle: "minimal" }] }, LAB_NOW);
    expect(summary(ask(minimal, "ns.good.lab", ["www.good.lab", "ANY"]).answer)).toEqual([
      "www.good.lab. A",
      "www.good.lab. RRSIG A",
    ]);
  });

  it("to RRSIG and NSEC is what stands beside the data, even at an alias", () => {
    expect(summary(ask(lab, "ns.good.lab", ["www.good.lab", "RRSIG"]).answer)).toEqual([
      "www.good.lab. RRSIG A",
      "www.good.lab. RRSIG TXT",
      "www.good.lab. RRSIG NSEC",
    ]);
    expect(rrsets(ask(lab, "ns.good.lab", ["alias.good.lab", "NSEC"]).answer)).toEqual(["alias.good.lab. NSEC"]);
  });
});

describe("a DS", () => {
  it("is the parent's, also at its cut", () => {
    const reply = ask(lab, "ns.lab", ["good.lab", "DS"]);
    expect(reply.aa).toBe(true);
    expect(summary(reply.answer)).toEqual(["good.lab. DS", "good.lab. RRSIG DS"]);
  });

  it("that does not exist is denied by the parent with its SOA", () => {
    const reply = ask(lab, "ns.lab", ["plain.lab", "DS"]);
    expect(rrsets(reply.authority)).toEqual(["lab. SOA", "plain.lab. NSEC"]);
  });

  it("is denied by the child's server, which does not have it", () => {
    const reply = ask(lab, "ns.good.lab", ["good.lab", "DS"]);
    expect(reply.answer).toEqual([]);
    expect(rrsets(reply.authority)).toEqual(["good.lab. SOA", "good.lab. NSEC"]);
  });

  it("comes from the parent's zone where one server has both", () => {
    const both = buildWorld(
      { zones: soundWorld.zones.map((zone) => (zone.apex === "good.lab." ? { ...zone, servers: ["ns.lab."] } : zone)) },
      LAB_NOW,
    );
    expect(rrsets(ask(both, "ns.lab", ["good.lab", "DS"]).answer)).toEqual(["good.lab. DS"]);
    expect(ask(both, "ns.lab", ["www.good.lab", "A"])).toMatchObject({ aa: true });
  });
});

describe("a denial", () => {
  it("of a name: SOA, the NSEC over it and the NSEC over its wildcard", () => {
    const reply = ask(lab, "ns.good.lab", ["nobody.good.lab", "A"]);
    expect(reply).toMatchObject({ rcode: RCODE.NXDOMAIN, aa: true });
    expect(rrsets(reply.authority)).toEqual(["good.lab. SOA", "www.new.good.lab. NSEC", "good.lab. NSEC"]);
    expect(summary(reply.authority).filter((line) => line.includes("RRSIG"))).toHaveLength(3);
  });

  it("of a name with NSEC3: closest encloser, next closer, wildcard", () => {
    const reply = ask(lab, "ns.good.hash", ["a.nobody.good.hash", "A"]);
    expect(reply.rcode).toBe(RCODE.NXDOMAIN);
    expect(new Set(rrsets(reply.authority)).size).toBeGreaterThanOrEqual(3);
    expect(texts(reply.authority, "NSEC3").some((text) => /\bSOA\b/.test(text))).toBe(true);
  });

  it("of a type: the NSEC at the name, without that type", () => {
    const reply = ask(lab, "ns.good.lab", ["mx2.good.lab", "TLSA"]);
    expect(reply.rcode).toBe(RCODE.NOERROR);
    expect(rrsets(reply.authority)).toEqual(["good.lab. SOA", "mx2.good.lab. NSEC"]);
    expect(texts(reply.authority, "NSEC")[0]).toMatch(/ A RRSIG NSEC$/);
  });

  it("of any type at an empty non-terminal: the NSEC before it; with NSEC3 its own, with no types", () => {
    const reply = ask(lab, "ns.good.lab", ["empty.good.lab", "A"]);
    expect(reply.rcode).toBe(RCODE.NOERROR);
    expect(texts(reply.authority, "NSEC")).toEqual([expect.stringMatching(/^leaf\.empty\.good\.lab\. /)]);
    const hashed = ask(lab, "ns.good.hash", ["empty.good.hash", "A"]);
    expect(texts(hashed.authority, "NSEC3")).toEqual([expect.stringMatching(/^1 0 1 ABCD \w+$/i)]);
  });

  it("of a type at a wildcard: the NSEC over the name and the wildcard's own", () => {
    expect(rrsets(ask(lab, "ns.good.lab", ["any.wild.good.lab", "MX"]).authority)).toEqual([
      "good.lab. SOA",
      "*.wild.good.lab. NSEC",
    ]);
    const hashed = texts(ask(lab, "ns.good.hash", ["any.wild.good.hash", "MX"]).authority, "NSEC3");
    expect(hashed.length).toBeGreaterThanOrEqual(2);
    expect(hashed.some((text) => text.endsWith(" A RRSIG"))).toBe(true);
  });

  it("has the SOA with the TTL that its last field allows", () => {
    const soa = ask(lab, "ns.good.lab", ["nobody.good.lab", "A"]).authority.find(({ type }) => type === TYPE.SOA);
    expect(soa?.ttl).toBe(300);
  });

  it("without DO is the SOA alone", () => {
    const reply = ask(lab, "ns.good.hash", ["nobody.good.hash", "A"], { edns: { dnssecOk: false } });
    expect(summary(reply.authority)).toEqual(["good.hash. SOA"]);
  });
});
