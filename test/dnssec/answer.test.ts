import { describe, expect, test } from "vitest";
import { type AliasLink, type AnswerData, explainVerdict, joinAnswer } from "../../src/dnssec/answer.ts";
import { failure } from "../../src/dnssec/proof.ts";
import { validateAlias, validateResponse } from "../../src/dnssec/response.ts";
import { bogus, indeterminate, type Verdict } from "../../src/dnssec/verdict.ts";
import { overlongAlias } from "../../src/dnssec/views.ts";
import { negativelyAnchored, unanchored, type ZoneTrust } from "../../src/dnssec/zone.ts";
import { encodeRdata } from "../../src/wire/rdata.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { judge, optOut, question, TestZone } from "./denying.ts";
import { addresses, makeRRset, NOW, name, sign, withSignatures } from "./signing.ts";

const zone = new TestZone("example.");
const asked = question("a.example.", "A");
const secureEnd = validateResponse(
  {
    kind: "answer",
    question: question("b.example.", "A"),
    rrsets: [zone.sign(addresses("b.example.", 1))],
    authority: [],
  },
  zone.trust,
  judge(),
);
const insecureEnd = endIn(negativelyAnchored(name("example.")));
const bogusEnd = bogus(
  failure("signature wrong", name("b.example."), "RRSIG of b.example. A by key 1 does not verify"),
);
const lost = indeterminate(
  failure("no reachable authority", name("b.example."), "no answer from the servers of example."),
);

function endIn(trust: ZoneTrust): Verdict<AnswerData> {
  const rrsets = [addresses("b.example.", 1)] as const;
  return validateResponse(
    { kind: "answer", question: question("b.example.", "A"), rrsets, authority: [] },
    trust,
    judge(),
  );
}

function link(trust: ZoneTrust, expiration = NOW + 5000, ttl = 3600): AliasLink {
  const bare = makeRRset("a.example.", TYPE.CNAME, [encodeRdata(TYPE.CNAME, { target: name("b.example.") })], ttl);
  const alias = withSignatures(bare, sign(bare, zone.key, "example.", { expiration }));
  const response = { kind: "alias", question: asked, alias, target: null, received: null, authority: [] } as const;
  return { from: name("a.example."), to: name("b.example."), verdict: validateAlias(response, trust, judge()) };
}

const secureLink = link(zone.trust);
const insecureLink = link(unanchored(name("example.")));
const brokenLink: AliasLink = { ...secureLink, verdict: bogusEnd };
const lostLink: AliasLink = { ...secureLink, verdict: lost };

const join = (links: readonly AliasLink[], last: Verdict<AnswerData>) =>
  joinAnswer({ question: asked, links, last, notes: [] });

describe("the least trusted of all decides", () => {
  test.each([
    ["secure", [secureLink], secureEnd, "secure"],
    ["an insecure link", [secureLink, insecureLink], secureEnd, "insecure"],
    ["an insecure end", [secureLink], insecureEnd, "insecure"],
    ["a link not found out", [insecureLink, lostLink], secureEnd, "indeterminate"],
    ["an end not found out", [insecureLink], lost, "indeterminate"],
    ["a bogus link", [secureLink, brokenLink], secureEnd, "bogus"],
    ["a bogus end", [insecureLink], bogusEnd, "bogus"],
    ["bogus behind indeterminate", [lostLink], bogusEnd, "bogus"],
  ] as const)("%s", (_, links, last, status) => {
    const answer = join(links, last);
    expect(answer.verdict.status).toBe(status);
    expect(answer.authenticated).toBe(status === "secure");
  });

  test("without aliases the verdict is the data's own", () => {
    expect(join([], secureEnd).verdict).toBe(secureEnd);
    expect(join([], insecureEnd).verdict).toBe(insecureEnd);
    expect(join([], bogusEnd).verdict).toBe(bogusEnd);
  });

  test("an insecure link gives its reason to data that are secure themselves", () => {
    const { verdict } = join([insecureLink], secureEnd);
    expect(verdict).toMatchObject({
      status: "insecure",
      why: { kind: "no trust anchor" },
      value: { name: name("b.example.") },
    });
  });

  test("the first reason counts", () => {
    expect(join([insecureLink], insecureEnd).verdict).toMatchObject({ why: { kind: "no trust anchor" } });
  });
});

describe("what is proven", () => {
  test("the proofs of links and data together, until the first of them ends", () => {
    const { verdict, validUntil } = join([secureLink], secureEnd);
    if (verdict.status !== "secure") throw new Error(verdict.status);
    expect(verdict.proof.parts.map(({ rrset }) => rrset.type)).toEqual([TYPE.CNAME, TYPE.A]);
    expect(validUntil).toBe(NOW + 5000);
  });

  test("nothing until any time, if not all is secure", () => {
    expect(join([insecureLink], secureEnd).validUntil).toBe(null);
    expect(join([], bogusEnd).validUntil).toBe(null);
  });
});

describe("nothing of what failed is exposed", () => {
  test("a bogus link hides the data behind it, and keeps those before it (R-4035, D-6)", () => {
    const answer = join([secureLink, brokenLink, insecureLink], secureEnd);
    expect(answer.aliases).toEqual([secureLink, brokenLink]);
    expect("value" in answer.verdict).toBe(false);
    expect(answer.rcode).toBe(2);
    expect(JSON.stringify(answer.verdict)).not.toContain("192");
  });

  test("links before a bogus end keep their own verdicts", () => {
    const answer = join([secureLink], bogusEnd);
    expect(answer.aliases[0]?.verdict.status).toBe("secure");
    expect(answer).toMatchObject({ rcode: 2, ttl: 0, authenticated: false });
  });
});

describe("rcode and TTL", () => {
  test("NXDOMAIN at the end of an alias is NXDOMAIN (RFC 6604 §3)", () => {
    const cover = zone.nsec("a.example.", "example.", "CNAME RRSIG NSEC");
    const apex = zone.nsec("example.", "a.example.", "NS SOA RRSIG NSEC");
    const soa = zone.soa(300, 900);
    const response = {
      kind: "name error",
      question: question("b.example.", "A"),
      soa,
      authority: [soa, cover, apex],
    } as const;
    const answer = join([secureLink], validateResponse(response, zone.trust, judge()));
    expect(answer).toMatchObject({ rcode: 3, authenticated: true, ttl: 300 });
  });

  test("the least TTL of all", () => {
    expect(join([link(zone.trust, NOW + 5000, 60)], secureEnd).ttl).toBe(60);
    expect(join([secureLink], secureEnd).ttl).toBe(3600);
    expect(join([link(zone.trust, NOW + 40)], secureEnd).ttl, "cut by the signature").toBe(40);
  });

  test("a denial without SOA is not to be kept", () => {
    const response = { kind: "no data", question: asked, soa: null, authority: [] } as const;
    expect(join([], validateResponse(response, unanchored(name("example.")), judge())).ttl).toBe(0);
  });

  test("YXDOMAIN lasts as long as the DNAME that makes it", () => {
    const { verdict } = secureLink;
    if (verdict.status !== "secure") throw new Error(verdict.status);
    expect(join([secureLink], overlongAlias(verdict))).toMatchObject({ rcode: 6, ttl: 3600, authenticated: true });
  });
});

describe("extended errors", () => {
  const codes = (links: readonly AliasLink[], last: Verdict<AnswerData>) =>
    join(links, last).ede.map(({ code }) => code);

  test("of failures, with their sentence, once", () => {
    expect(join([secureLink], bogusEnd).ede).toEqual([{ code: 6, text: bogusEnd.failure.detail }]);
    expect(codes([brokenLink], secureEnd)).toEqual([6]);
    expect(codes([], lost)).toEqual([22]);
  });

  test("of reasons for insecure that an operator should know (REQUIREMENTS §5)", () => {
    expect(codes([], insecureEnd)).toEqual([33]);
    expect(codes([], endIn(unanchored(name("example."))))).toEqual([]);
    const costly = zone.match("b.example.", "A", { iterations: 51 });
    const tooCostly = {
      kind: "no data",
      question: question("b.example.", "MX"),
      soa: null,
      authority: [costly],
    } as const;
    expect(codes([], validateResponse(tooCostly, zone.trust, judge()))).toEqual([27]);
    const span = [zone.match("example.", "NS SOA"), zone.cover("b.example.", optOut)];
    const out = { kind: "no data", question: question("b.example.", "DS"), soa: null, authority: span } as const;
    expect(codes([], validateResponse(out, zone.trust, judge())), "opt-out is ordinary").toEqual([]);
    expect(codes([], secureEnd)).toEqual([]);
  });

  test("notes come last", () => {
    const notes = [{ code: 13, text: "remembered" }];
    expect(joinAnswer({ question: asked, links: [], last: bogusEnd, notes }).ede.map(({ code }) => code)).toEqual([
      6, 13,
    ]);
  });
});

describe("in words", () => {
  test.each([
    [secureEnd, "secure until 2026-03-11 00:00:00 UTC"],
    [insecureEnd, "insecure: negative trust anchor at example."],
    [bogusEnd, "bogus: RRSIG of b.example. A by key 1 does not verify"],
    [lost, "indeterminate: no answer from the servers of example."],
  ])("%#", (verdict, text) => {
    expect(explainVerdict(verdict)).toBe(text);
  });
});
