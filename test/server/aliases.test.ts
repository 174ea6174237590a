import { describe, expect, it } from "vitest";
import { Name } from "../../src/wire/name.ts";
import { a, answer, broken, cname, data, denial, dname, nsec, question, secure, signed, soa } from "./answers.ts";
import { bench, DO, www, wwwAnswer } from "./bench.ts";
import type { QueryShape } from "./requests.ts";

describe("aliases", () => {
  const link = (
    from: string,
    to: string,
    alias: ReturnType<typeof cname>,
    authority = [] as ReturnType<typeof soa>[],
  ) => ({
    from: Name.parse(from),
    to: Name.parse(to),
    verdict: secure({ alias, target: Name.parse(to), authority }),
  });

  it("stand in order before the data; a DNAME is followed by its synthesised CNAME, unsigned", async () => {
    const chain = answer(question("x.old.example.", 1), secure(data("www.example.", [www])), {
      aliases: [
        link("x.old.example.", "x.new.example.", signed(dname("old.example.", "new.example.", 77))),
        link("x.new.example.", "www.example.", signed(cname("x.new.example.", "www.example."))),
      ],
    });
    const { answer: records, message } = await bench({ answers: [chain] }).ask({ name: "x.old.example.", ...DO });
    expect(records).toEqual([
      "old.example. DNAME 77",
      "old.example. RRSIG 77",
      "x.old.example. CNAME 77",
      "x.new.example. CNAME 300",
      "x.new.example. RRSIG 300",
      "www.example. A 300",
      "www.example. RRSIG 300",
    ]);
    expect(message.answer[2]!.rdata).toEqual(Name.parse("x.new.example.").wire);
    expect(message.ad).toBe(true);
  });

  it("a DNAME that makes too long a name is given once, with YXDOMAIN and no CNAME (RFC 6672 §2.2)", async () => {
    const long = signed(dname("old.example.", "new.example."));
    const name = Name.parse("x.old.example.");
    const overlong = answer(question("x.old.example.", 1), secure({ ...data("old.example.", [long]), rcode: 6 }), {
      aliases: [{ from: name, to: name, verdict: secure({ alias: long, target: null, authority: [] }) }],
    });
    const seen = await bench({ answers: [overlong] }).ask({ name: "x.old.example." });
    expect(seen).toMatchObject({ rcode: "YXDOMAIN", answer: ["old.example. DNAME 300"] });
  });

  it("a proof that several links need is given once", async () => {
    const proofRecord = signed(nsec("wild.example.", "x.example.", [46, 47]));
    const chain = answer(question("one.wild.example.", 1), secure(data("www.example.", [www], [proofRecord])), {
      aliases: [
        link("one.wild.example.", "www.example.", signed(cname("one.wild.example.", "www.example.")), [proofRecord]),
      ],
    });
    const seen = await bench({ answers: [chain] }).ask({ name: "one.wild.example.", ...DO });
    expect(seen.authority).toEqual(["wild.example. NSEC 300", "wild.example. RRSIG 300"]);
  });

  it("an alias to a name that does not exist: the alias, NXDOMAIN, SOA", async () => {
    const dangling = answer(
      question("gone.example.", 1),
      secure(denial("name error", "void.example.", [signed(soa("example."))])),
      {
        aliases: [link("gone.example.", "void.example.", signed(cname("gone.example.", "void.example.")))],
      },
    );
    const seen = await bench({ answers: [dangling] }).ask({ name: "gone.example." });
    expect(seen).toMatchObject({
      rcode: "NXDOMAIN",
      answer: ["gone.example. CNAME 300"],
      authority: ["example. SOA 300"],
    });
  });
});

describe("compact denial (RFC 9824)", () => {
  const compact = answer(
    question("no.example.", 1),
    secure(
      denial("name error", "no.example.", [
        signed(soa("example.")),
        signed(nsec("no.example.", "\\000.no.example.", [46, 47, 128])),
      ]),
    ),
  );
  const { ask } = bench({ cached: [compact] });

  it.each<[string, QueryShape, string]>([
    ["no EDNS", {}, "NXDOMAIN"],
    ["EDNS without DO", { edns: {} }, "NXDOMAIN"],
    ["DO", { edns: { dnssecOk: true } }, "NOERROR"],
    ["DO and CO", { edns: { dnssecOk: true, compactOk: true } }, "NXDOMAIN"],
  ])("a client with %s", async (_, shape, rcode) => {
    const seen = await ask({ name: "no.example.", ...shape });
    expect(seen.rcode).toBe(rcode);
    expect(seen.message.edns?.compactOk ?? false).toBe(shape.edns?.compactOk ?? false);
  });

  it("an NSEC of another name with NXNAME is no compact denial of this one", async () => {
    const other = answer(
      question("no.example.", 1),
      secure(denial("name error", "no.example.", [signed(nsec("m.example.", "o.example.", [46, 47, 128]))])),
    );
    expect((await bench({ cached: [other] }).ask({ name: "no.example.", ...DO })).rcode).toBe("NXDOMAIN");
  });

  it("NXNAME itself cannot be asked for (R-9824-2)", async () => {
    const { ask: again, resolver } = bench({});
    expect(await again({ type: 128, edns: {} })).toMatchObject({ rcode: "FORMERR", ede: [{ code: 30 }] });
    expect(resolver.asked).toEqual([]);
  });
});

describe("CD", () => {
  const bogus = answer(question("bad.example.", 1), broken("bogus", "signature wrong", "bad.example.", "…"));
  const unchecked = {
    question: question("bad.example.", 1),
    rcode: 0,
    answer: [signed(a("bad.example.", 66))],
    authority: [signed(nsec("a.example.", "c.example.", [46, 47]))],
    ede: [],
  };

  it("gives data that nobody judged, copied CD, no AD, and not our cached failure (R-4035-9)", async () => {
    const { ask, resolver } = bench({ cached: [bogus], unchecked: [unchecked] });
    const seen = await ask({ name: "bad.example.", cd: true, ad: true, ...DO });
    expect(seen).toMatchObject({ rcode: "NOERROR", answer: ["bad.example. A 300", "bad.example. RRSIG 300"] });
    expect(seen.message).toMatchObject({ cd: true, ad: false, ra: true });
    expect(resolver.asked).toEqual(["unchecked bad.example. A"]);
    expect((await ask({ name: "bad.example.", cd: true })).answer).toEqual(["bad.example. A 300"]);
    expect((await ask({ name: "bad.example.", cd: true })).authority).toEqual([]);
  });

  it("is answered from what was validated, if there is any", async () => {
    const { ask, resolver } = bench({ cached: [wwwAnswer] });
    expect((await ask({ cd: true })).answer).toEqual(["www.example. A 300"]);
    expect(resolver.asked).toEqual([]);
  });

  it("and the same question without CD fails as before", async () => {
    const { ask } = bench({ cached: [bogus], unchecked: [unchecked] });
    await ask({ name: "bad.example.", cd: true });
    expect(await ask({ name: "bad.example." })).toMatchObject({ rcode: "SERVFAIL", answer: [] });
  });
});
