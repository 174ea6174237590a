import { describe, expect, test } from "vitest";
import { failure } from "../../src/dnssec/proof.ts";
import { negativeTtl, signersOf, validateAlias, validateResponse } from "../../src/dnssec/response.ts";
import { bogus } from "../../src/dnssec/verdict.ts";
import { negativelyAnchored, type ZoneTrust } from "../../src/dnssec/zone.ts";
import { isOfType, type RRset } from "../../src/rrset/rrset.ts";
import { encodeRdata } from "../../src/wire/rdata.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { expandedTo, forged, judge, optOut, question, TestZone, unsigned } from "./denying.ts";
import { addresses, DAY, makeRRset, NOW, name, sign, withSignatures } from "./signing.ts";

const zone = new TestZone("example.");
const www = zone.sign(addresses("www.example.", 1));
const insecure = negativelyAnchored(name("example."));

function answer(asked: [string, string], rrsets: readonly RRset[], authority: readonly RRset[] = []) {
  return { kind: "answer", question: question(...asked), rrsets: rrsets as readonly [RRset], authority } as const;
}

function denied(kind: "no data" | "name error", asked: [string, string], authority: readonly RRset[]) {
  const soa = authority.find((rrset) => isOfType(rrset, TYPE.SOA)) as RRset<typeof TYPE.SOA> | undefined;
  return { kind, question: question(...asked), soa: soa ?? null, authority } as const;
}

const judged = (response: Parameters<typeof validateResponse>[0], trust: ZoneTrust = zone.trust, by = judge()) =>
  validateResponse(response, trust, by);

function cname(owner: string, target: string): RRset<typeof TYPE.CNAME> {
  return makeRRset(owner, TYPE.CNAME, [encodeRdata(TYPE.CNAME, { target: name(target) })]);
}

function dname(owner: string, target: string): RRset<typeof TYPE.DNAME> {
  return makeRRset(owner, TYPE.DNAME, [encodeRdata(TYPE.DNAME, { target: name(target) })]);
}

describe("answers", () => {
  test("signed by the zone: secure, with what it rests on", () => {
    const verdict = judged(answer(["www.example.", "A"], [www]));
    expect(verdict).toMatchObject({
      status: "secure",
      value: { kind: "answer", name: name("www.example."), rcode: 0, authority: [] },
      proof: { parts: [{ rrset: www }], validUntil: NOW + 10 * DAY },
    });
  });

  test("without signatures: bogus, EDE 10, never insecure (R-4035-8, ATTACKS A-41)", () => {
    expect(judged(answer(["www.example.", "A"], [unsigned(www)]))).toMatchObject({
      status: "bogus",
      failure: { code: "signatures missing", ede: 10 },
    });
    expect(judged(answer(["www.example.", "A"], [forged(www)]))).toMatchObject({
      status: "bogus",
      failure: { code: "signature wrong", ede: 6 },
    });
  });

  test("TTLs end with the signature (R-4035-5, ATTACKS A-46)", () => {
    const bare = unsigned(www);
    const soon = withSignatures(bare, sign(bare, zone.key, "example.", { expiration: NOW + 30 }));
    expect(judged(answer(["www.example.", "A"], [soon]))).toMatchObject({ value: { rrsets: [{ ttl: 30 }] } });
    const raised = { ...www, ttl: 1_000_000 };
    expect(judged(answer(["www.example.", "A"], [raised])), "the original TTL").toMatchObject({
      value: { rrsets: [{ ttl: 3600 }] },
    });
  });

  test("NS and other records beside it are dropped (ATTACKS A-55)", () => {
    const ns = makeRRset("example.", TYPE.NS, [encodeRdata(TYPE.NS, { target: name("ns.evil.") })]);
    const verdict = judged(answer(["www.example.", "A"], [www], [ns]));
    expect(verdict).toMatchObject({ status: "secure", value: { authority: [] } });
  });

  test("somebody else's RRset is no answer: a mistake of the caller", () => {
    const other = zone.sign(addresses("other.example.", 2));
    expect(() => judged(answer(["www.example.", "A"], [other]))).toThrow(TypeError);
    expect(() => judged(answer(["www.example.", "AAAA"], [www]))).toThrow("www.example. A was given");
  });

  test("a CNAME question is answered by the CNAME, DNSKEY and SOA questions by theirs, whatever else is there (A-38)", () => {
    const alias = zone.sign(cname("www.example.", "x.example."));
    expect(judged(answer(["www.example.", "CNAME"], [alias])).status).toBe("secure");
    expect(judged(answer(["www.example.", "A"], [www])).status).toBe("secure");
    expect(judged(answer(["example.", "SOA"], [zone.soa()])).status).toBe("secure");
  });
});

describe("wildcard answers (RFC 4035 §5.3.4, ATTACKS A-29)", () => {
  const wildcard = zone.sign(makeRRset("*.example.", TYPE.A, [Uint8Array.of(192, 0, 2, 9)]));
  const expanded = expandedTo(wildcard, "x.example.");
  const cover = zone.nsec("www.example.", "example.", "A RRSIG NSEC");

  test("secure with the denial of a closer match, which is given out with them", () => {
    const verdict = judged(answer(["x.example.", "A"], [expanded], [cover]));
    expect(verdict).toMatchObject({
      status: "secure",
      value: { rrsets: [{ name: name("x.example.") }], authority: [{ type: TYPE.NSEC }] },
      proof: { parts: [{}, {}] },
    });
  });

  test("without it: bogus", () => {
    expect(judged(answer(["x.example.", "A"], [expanded]))).toMatchObject({
      status: "bogus",
      failure: { code: "wildcard without proof", ede: 12 },
    });
    expect(judged(answer(["x.example.", "A"], [expanded], [forged(cover)]))).toMatchObject({
      status: "bogus",
      failure: { code: "signature wrong" },
    });
  });

  test("for a name that exists: bogus, even with the zone's genuine NSEC of it", () => {
    const existing = expandedTo(wildcard, "www.example.");
    expect(judged(answer(["www.example.", "A"], [existing], [cover])).status).toBe("bogus");
  });

  test("the wildcard asked for by its own name needs no proof (R-4592-2)", () => {
    expect(judged(answer(["*.example.", "A"], [wildcard])).status).toBe("secure");
  });

  test("the wildcard of a longer name than its signature says", () => {
    const deep = expandedTo(wildcard, "a.b.example.");
    const between = zone.nsec("b.example.", "www.example.", "A RRSIG NSEC");
    expect(judged(answer(["a.b.example.", "A"], [deep], [between])), "b.example exists").toMatchObject({
      status: "bogus",
      failure: { code: "wildcard without proof" },
    });
    expect(judged(answer(["x.y.example.", "A"], [expandedTo(wildcard, "x.y.example.")], [cover])).status).toBe(
      "secure",
    );
  });

  test("under opt-out: insecure, with the data", () => {
    const verdict = judged(answer(["x.example.", "A"], [expanded], [zone.cover("x.example.", optOut)]));
    expect(verdict).toMatchObject({
      status: "insecure",
      why: { kind: "opt-out", denial: { status: "secure" } },
      value: { rrsets: [{ name: name("x.example.") }] },
    });
  });

  test("with a costly NSEC3 chain: insecure; what needs no denial stays secure (ATTACKS A-44)", () => {
    const costly = zone.nsec3(new Uint8Array(20).fill(3), new Uint8Array(20).fill(9), "A", { iterations: 151 });
    expect(judged(answer(["x.example.", "A"], [expanded], [costly]))).toMatchObject({
      status: "insecure",
      why: { kind: "too many iterations", iterations: 151 },
    });
    expect(judged(answer(["www.example.", "A"], [www], [costly])).status).toBe("secure");
  });
});

describe("QTYPE ANY (RFC 6840 §4.2, RFC 8482)", () => {
  const text = zone.sign(makeRRset("www.example.", TYPE.TXT, [Uint8Array.of(1, 65)]));

  test("each RRset must verify", () => {
    expect(judged(answer(["www.example.", "ANY"], [www, text]))).toMatchObject({
      status: "secure",
      value: { rrsets: [{}, {}] },
      proof: { parts: [{}, {}] },
    });
    expect(judged(answer(["www.example.", "ANY"], [www, forged(text)])).status).toBe("bogus");
  });

  test("one RRset is enough of an answer (R-8482-1)", () => {
    expect(judged(answer(["www.example.", "ANY"], [text])).status).toBe("secure");
  });

  test("no more than the cap is validated, and no more is given out (ATTACKS A-05)", () => {
    const many = Array.from({ length: 30 }, (_, i) =>
      zone.sign(makeRRset("www.example.", 65280 + i, [Uint8Array.of(i)])),
    );
    const by = judge();
    const verdict = validateResponse(answer(["www.example.", "ANY"], many), zone.trust, by, { anyRRsets: 5 });
    expect(verdict).toMatchObject({ status: "secure" });
    expect(verdict.status === "secure" && verdict.value.rrsets).toHaveLength(5);
    expect(by.work.spent.signatures).toBe(5);
    const byDefault = judged(answer(["www.example.", "ANY"], many));
    expect(byDefault.status === "secure" && byDefault.value.rrsets).toHaveLength(24);
  });

  test("a wildcard's RRsets need one proof for all of them", () => {
    const wild = [TYPE.A, TYPE.TXT].map((type) =>
      zone.sign(makeRRset("*.example.", type, [Uint8Array.of(3, 1, 2, 3)])),
    );
    const expanded = wild.map((rrset) => expandedTo(rrset, "x.example."));
    const cover = zone.nsec("www.example.", "example.", "A RRSIG NSEC");
    const by = judge();
    expect(judged(answer(["x.example.", "ANY"], expanded, [cover]), zone.trust, by).status).toBe("secure");
    expect(by.work.spent.signatures).toBe(3);
    expect(judged(answer(["x.example.", "ANY"], expanded)).status, "val_nsec3_wcany_nodeny").toBe("bogus");
  });
});

describe("questions for RRSIGs: given out, never secure (val_rrsig)", () => {
  const rrsig = makeRRset("www.example.", TYPE.RRSIG, [encodeRdata(TYPE.RRSIG, www.signatures[0]!)]);

  test("whether they came by themselves or beside what they sign", () => {
    const expected = {
      status: "insecure",
      why: { kind: "unsigned type" },
      value: { kind: "answer", rrsets: [{ type: TYPE.RRSIG, data: rrsig.data }] },
    };
    expect(judged(answer(["www.example.", "RRSIG"], [rrsig]))).toMatchObject(expected);
    expect(judged(answer(["www.example.", "RRSIG"], [www]))).toMatchObject(expected);
    expect(judged(answer(["www.example.", "ANY"], [rrsig]))).toMatchObject(expected);
  });

  test("beside data, ANY leaves them out", () => {
    expect(judged(answer(["www.example.", "ANY"], [rrsig, www]))).toMatchObject({
      status: "secure",
      value: { rrsets: [{ type: TYPE.A }] },
    });
  });
});

describe("denials", () => {
  const nsec = zone.nsec("www.example.", "example.", "A RRSIG NSEC");
  const apex = zone.nsec("example.", "www.example.", "NS SOA RRSIG NSEC");

  test("give out the SOA and the records that prove it, and nothing else", () => {
    const ns = makeRRset("example.", TYPE.NS, [encodeRdata(TYPE.NS, { target: name("ns.example.") })]);
    const verdict = judged(denied("no data", ["www.example.", "TLSA"], [zone.soa(), ns, apex, nsec]));
    expect(verdict).toMatchObject({
      status: "secure",
      value: { kind: "no data", rcode: 0, rrsets: [], authority: [{ type: TYPE.SOA }, { name: name("www.example.") }] },
      proof: { parts: [{}, {}] },
    });
    expect(verdict.status === "secure" && verdict.value.authority).toHaveLength(2);
  });

  test("the rcode follows from the proof (val_nodata_entnx)", () => {
    expect(judged(denied("name error", ["www.example.", "TLSA"], [zone.soa(), nsec]))).toMatchObject({
      status: "secure",
      value: { kind: "no data", rcode: 0 },
    });
    expect(judged(denied("no data", ["x.example.", "A"], [zone.soa(), nsec, apex]))).toMatchObject({
      status: "secure",
      value: { kind: "name error", rcode: 3 },
    });
  });

  test("compact ones are name errors (R-9824-1)", () => {
    const compact = zone.nsec("x.example.", "\\000.x.example.", "RRSIG NSEC NXNAME");
    expect(judged(denied("no data", ["x.example.", "A"], [zone.soa(), compact]))).toMatchObject({
      status: "secure",
      value: { kind: "name error", rcode: 3 },
    });
  });

  test("without records: bogus, EDE 12", () => {
    expect(judged(denied("name error", ["x.example.", "A"], [zone.soa()]))).toMatchObject({
      status: "bogus",
      failure: { code: "denial missing", ede: 12 },
    });
  });

  test("a SOA that does not verify: bogus, with a hint at what may have happened (DANE.md 1.4)", () => {
    const authority = [forged(zone.soa()), nsec];
    expect(judged(denied("no data", ["www.example.", "TLSA"], authority))).toMatchObject({
      status: "bogus",
      failure: { code: "signature wrong", detail: expect.stringContaining("was the serial edited after signing?") },
    });
    expect(judged(denied("no data", ["www.example.", "TLSA"], [unsigned(zone.soa()), nsec]))).toMatchObject({
      status: "bogus",
      failure: { code: "signatures missing" },
    });
    expect(judged(denied("no data", ["www.example.", "TLSA"], [nsec])).status, "no SOA is no fault").toBe("secure");
  });

  test("of DS from the child's side: bogus (ATTACKS A-26)", () => {
    const child = new TestZone("sub.example.");
    const own = child.nsec("sub.example.", "sub.example.", "NS SOA RRSIG NSEC DNSKEY");
    const response = denied("no data", ["sub.example.", "DS"], [child.soa(), own]);
    expect(judged(response, child.trust).status).toBe("bogus");
    expect(judged(response, zone.trust).status).toBe("bogus");
    const fromParent = zone.nsec("sub.example.", "www.example.", "NS RRSIG NSEC");
    expect(judged(denied("no data", ["sub.example.", "DS"], [zone.soa(), fromParent]))).toMatchObject({
      status: "secure",
      value: { kind: "no data" },
    });
  });

  test("under opt-out: insecure, and the SOA must verify all the same", () => {
    const records = [
      zone.match("example.", "NS SOA"),
      zone.cover("x.example.", optOut),
      zone.cover("*.example.", optOut),
    ];
    expect(judged(denied("name error", ["x.example.", "TLSA"], [zone.soa(), ...records]))).toMatchObject({
      status: "insecure",
      why: { kind: "opt-out" },
      value: { kind: "name error", rcode: 3, authority: [{}, {}, {}, {}] },
    });
    expect(judged(denied("name error", ["x.example.", "TLSA"], [forged(zone.soa()), ...records])).status).toBe("bogus");
  });

  test("a referral to an unsigned zone in an opt-out span is no denial, though its records look like one", () => {
    const ns = (owner: string) => makeRRset(owner, TYPE.NS, [encodeRdata(TYPE.NS, { target: name("ns.example.") })]);
    const records = [zone.match("example.", "NS SOA"), zone.cover("sub.example.", optOut)];
    for (const asked of ["sub.example.", "www.sub.example."]) {
      expect(judged(denied("no data", [asked, "A"], [ns("sub.example."), ...records]))).toMatchObject({
        status: "bogus",
        failure: { detail: expect.stringContaining("a referral to sub.example.") },
      });
      expect(judged(denied("no data", [asked, "A"], records)).status, "without NS").toBe("insecure");
      expect(judged(denied("no data", [asked, "A"], [ns("example."), ...records])).status, "the zone's").toBe(
        "insecure",
      );
      expect(judged(denied("no data", [asked, "A"], [zone.soa(), ns("sub.example."), ...records])).status, "SOA").toBe(
        "insecure",
      );
    }
    expect(judged(denied("no data", ["sub.example.", "DS"], [ns("sub.example."), ...records])).status).toBe("insecure");
  });

  test("with too many iterations: insecure, as the server says", () => {
    const costly = zone.match("x.example.", "A", { iterations: 51 });
    for (const kind of ["no data", "name error"] as const) {
      expect(judged(denied(kind, ["x.example.", "TLSA"], [costly]))).toMatchObject({
        status: "insecure",
        value: { kind, authority: [{ type: TYPE.NSEC3 }] },
      });
    }
  });
});

describe("aliases", () => {
  const alias = (
    asked: [string, string],
    rrset: RRset,
    more: { received?: RRset; authority?: readonly RRset[] } = {},
  ) =>
    validateAlias(
      {
        kind: "alias",
        question: question(...asked),
        alias: rrset,
        target: null, // what the walker made of it is not believed
        received: more.received ?? null,
        authority: more.authority ?? [],
      },
      zone.trust,
      judge(),
    );

  test("a signed CNAME is secure, and its target is read from the record", () => {
    expect(alias(["a.example.", "A"], zone.sign(cname("a.example.", "b.example.")))).toMatchObject({
      status: "secure",
      value: { target: name("b.example."), alias: { type: TYPE.CNAME } },
    });
    expect(alias(["a.example.", "A"], cname("a.example.", "b.example."))).toMatchObject({
      status: "bogus",
      failure: { code: "signatures missing" },
    });
  });

  test("a wildcard CNAME needs the denial of a closer match", () => {
    const wild = expandedTo(zone.sign(cname("*.example.", "b.example.")), "x.example.");
    const cover = zone.nsec("www.example.", "example.", "A RRSIG NSEC");
    expect(alias(["x.example.", "A"], wild, { authority: [cover] })).toMatchObject({
      status: "secure",
      value: { authority: [{ type: TYPE.NSEC }] },
    });
    expect(alias(["x.example.", "A"], wild)).toMatchObject({
      status: "bogus",
      failure: { code: "wildcard without proof" },
    });
    expect(alias(["x.example.", "A"], wild, { authority: [zone.cover("x.example.", optOut)] })).toMatchObject({
      status: "insecure",
      why: { kind: "opt-out" },
    });
  });

  test("two CNAMEs at a name leave the choice to whoever sends them: bogus", () => {
    const both = makeRRset("a.example.", TYPE.CNAME, [
      ...cname("a.example.", "b.example.").data,
      ...cname("a.example.", "c.example.").data,
    ]);
    expect(alias(["a.example.", "A"], zone.sign(both))).toMatchObject({
      status: "bogus",
      failure: { code: "alias wrong" },
    });
  });

  const moved = zone.sign(dname("old.example.", "new.example."));

  test("a signed DNAME makes an unsigned CNAME good (R-6672-1)", () => {
    const received = cname("a.b.old.example.", "a.b.new.example.");
    for (const more of [{}, { received }]) {
      expect(alias(["a.b.old.example.", "A"], moved, more)).toMatchObject({
        status: "secure",
        value: { target: name("a.b.new.example."), alias: { type: TYPE.DNAME } },
      });
    }
  });

  test("a CNAME that leads elsewhere is wrong (R-6672-2, ATTACKS A-39)", () => {
    const received = cname("a.old.example.", "a.evil.example.");
    expect(alias(["a.old.example.", "A"], moved, { received })).toMatchObject({
      status: "bogus",
      failure: { code: "alias wrong", ede: 6, detail: expect.stringContaining("a.evil.example.") },
    });
    const elsewhere = cname("b.old.example.", "a.new.example.");
    expect(alias(["a.old.example.", "A"], moved, { received: elsewhere })).toMatchObject({ status: "bogus" });
  });

  test("even if it is signed: the DNAME decides", () => {
    const received = zone.sign(cname("a.old.example.", "a.evil.example."));
    expect(alias(["a.old.example.", "A"], moved, { received }).status).toBe("bogus");
  });

  test("a DNAME expanded from a wildcard proves nothing (R-6672-4, val_dnamewc)", () => {
    const wild = expandedTo(zone.sign(dname("*.example.", "new.example.")), "sub.example.");
    const cover = zone.nsec("a.example.", "example.", "A RRSIG NSEC");
    expect(alias(["www.sub.example.", "A"], wild, { authority: [cover] })).toMatchObject({
      status: "bogus",
      failure: { code: "alias wrong" },
    });
  });

  test("a target longer than 255 octets is none, and no CNAME may claim one (R-6672-3)", () => {
    const label = "x".repeat(60);
    const far = zone.sign(dname("old.example.", `${label}.${label}.${label}.example.`));
    const asked = `${"y".repeat(60)}.yyy.old.example.`;
    expect(alias([asked, "A"], far)).toMatchObject({ status: "secure", value: { target: null } });
    expect(alias([asked, "A"], far, { received: cname(asked, "short.example.") }).status).toBe("bogus");
  });

  test("at the DNAME's own name it is no alias: a mistake of the caller", () => {
    expect(() => alias(["old.example.", "A"], moved)).toThrow(TypeError);
    expect(() => alias(["b.example.", "A"], zone.sign(cname("a.example.", "c.example.")))).toThrow(TypeError);
  });
});

describe("zones that are not secure", () => {
  test("insecure: data pass, and are never upgraded, however well signed", () => {
    for (const rrset of [www, unsigned(www), forged(www)]) {
      const verdict = judged(answer(["www.example.", "A"], [rrset]), insecure);
      expect(verdict).toMatchObject({ status: "insecure", why: { kind: "negative trust anchor" } });
    }
    const by = judge();
    judged(answer(["www.example.", "A"], [www]), insecure, by);
    expect(by.work.spent.signatures).toBe(0);
  });

  test("insecure: denials and aliases pass as they came, without NS", () => {
    const ns = makeRRset("example.", TYPE.NS, [encodeRdata(TYPE.NS, { target: name("ns.example.") })]);
    const soa = unsigned(zone.soa());
    expect(judged(denied("name error", ["x.example.", "A"], [soa, ns]), insecure)).toMatchObject({
      status: "insecure",
      value: { kind: "name error", rcode: 3, authority: [{ type: TYPE.SOA }] },
    });
    const response = {
      kind: "alias",
      question: question("a.example.", "A"),
      alias: cname("a.example.", "b.example."),
      target: null,
      received: null,
      authority: [],
    } as const;
    expect(validateAlias(response, insecure, judge())).toMatchObject({
      status: "insecure",
      value: { target: name("b.example.") },
    });
  });

  test("bogus and indeterminate: the same failure, and no data", () => {
    const broken = bogus(failure("no key for DS", name("example."), "x"));
    const verdict = judged(answer(["www.example.", "A"], [www]), broken);
    expect(verdict).toBe(broken);
    expect("value" in verdict).toBe(false);
  });
});

describe("who signed", () => {
  test("the zone of an answer or a denial, each once", () => {
    const nsec = zone.nsec("www.example.", "example.", "A RRSIG NSEC");
    expect(signersOf(answer(["www.example.", "A"], [www]))).toEqual([name("example.")]);
    expect(signersOf(answer(["www.example.", "A"], [unsigned(www)]))).toEqual([]);
    expect(signersOf(denied("no data", ["www.example.", "MX"], [zone.soa(), nsec]))).toEqual([name("example.")]);
  });

  test("not what came beside", () => {
    const child = new TestZone("sub.example.");
    expect(signersOf(answer(["www.example.", "A"], [www], [child.soa()]))).toEqual([name("example.")]);
    const ns = child.sign(makeRRset("sub.example.", TYPE.NS, [encodeRdata(TYPE.NS, { target: name("ns.example.") })]));
    expect(signersOf(denied("no data", ["www.example.", "MX"], [zone.soa(), ns]))).toEqual([name("example.")]);
  });
});

describe("how long a denial may be kept (R-2308-1)", () => {
  test("the lesser of SOA TTL and MINIMUM, and not longer than its proof", () => {
    expect(negativeTtl([zone.soa(300, 900)])).toBe(300);
    expect(negativeTtl([zone.soa(900, 300)])).toBe(300);
    expect(negativeTtl([zone.soa(7200, 7200), zone.nsec("a.example.", "b.example.", "A")])).toBe(3600);
  });

  test("null without a SOA (R-2308-2)", () => {
    expect(negativeTtl([])).toBe(null);
    expect(negativeTtl([zone.nsec("a.example.", "b.example.", "A")])).toBe(null);
  });
});
