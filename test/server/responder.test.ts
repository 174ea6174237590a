import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/dnssec/answer.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import {
  a,
  answer,
  broken,
  cname,
  data,
  denial,
  fakeResolver,
  insecure,
  LONG,
  NOW,
  nsec,
  question,
  secure,
  signed,
  soa,
} from "./answers.ts";
import { bench, DO, www, wwwAnswer } from "./bench.ts";
import type { QueryShape } from "./requests.ts";

describe("the flags of a reply", () => {
  it("QR, RA, RD copied, AA never; the id and the question with its letters", async () => {
    const { ask } = bench({ answers: [wwwAnswer] });
    const { message } = await ask({ name: "wWw.eXample.", id: 0xcafe });
    expect(message).toMatchObject({
      id: 0xcafe,
      qr: true,
      aa: false,
      tc: false,
      rd: true,
      ra: true,
      cd: false,
      opcode: 0,
    });
    expect(`${message.question[0]!.name}`).toBe("wWw.eXample.");
    expect(`${message.answer[0]!.name}`).toBe("wWw.eXample.");
    expect(message.answer[0]!.rdata).toEqual(Uint8Array.of(192, 0, 2, 1));
  });

  it.each<[string, QueryShape, boolean]>([
    ["neither DO nor AD", {}, false],
    ["AD", { ad: true }, true],
    ["DO", DO, true],
    ["EDNS without DO", { edns: {} }, false],
    ["DO and CD", { ...DO, cd: true }, false],
  ])("a secure answer to a client with %s: AD as RFC 6840 §5.7 says", async (_, shape, ad) => {
    const { ask } = bench({ cached: [wwwAnswer] });
    expect((await ask(shape)).message.ad).toBe(ad);
  });

  it("an insecure answer never has AD", async () => {
    const plain = answer(question("www.example.", 1), insecure(data("www.example.", [a("www.example.", 1)])));
    const { ask } = bench({ answers: [plain] });
    expect((await ask({ ad: true, ...DO })).message.ad).toBe(false);
  });

  it("a secure end behind an insecure alias has no AD", async () => {
    const mixed = answer(question("alias.example.", 1), secure(data("www.example.", [www])), {
      aliases: [
        {
          from: Name.parse("alias.example."),
          to: Name.parse("www.example."),
          verdict: insecure({
            alias: cname("alias.example.", "www.example."),
            target: Name.parse("www.example."),
            authority: [],
          }),
        },
      ],
    });
    const seen = await bench({ answers: [mixed] }).ask({ name: "alias.example.", ad: true });
    expect(seen.message.ad).toBe(false);
    expect(seen.answer).toEqual(["alias.example. CNAME 300", "www.example. A 300"]);
  });
});

describe("what could not be proven", () => {
  const bogus = answer(
    question("bad.example.", 1),
    broken(
      "bogus",
      "signature expired",
      "bad.example.",
      "RRSIG of bad.example. A by key 7 expired on 2026-03-01 00:00:00 UTC",
    ),
  );

  it("bogus is SERVFAIL without AD, without data, with the reason", async () => {
    const seen = await bench({ answers: [bogus] }).ask({ name: "bad.example.", ad: true, ...DO });
    expect(seen).toMatchObject({ rcode: "SERVFAIL", answer: [], authority: [] });
    expect(seen.message).toMatchObject({ ad: false, ra: true });
    expect(seen.ede).toEqual([
      { code: 7, text: "RRSIG of bad.example. A by key 7 expired on 2026-03-01 00:00:00 UTC" },
    ]);
  });

  it("AD stays clear even if an answer claims to be authenticated and failed", async () => {
    const { ask } = bench({ answers: [{ ...bogus, authenticated: true }] });
    expect((await ask({ name: "bad.example.", ad: true })).message.ad).toBe(false);
  });

  it("a client without EDNS gets no OPT, hence no reason", async () => {
    const { message } = await bench({ answers: [bogus] }).ask({ name: "bad.example." });
    expect(message.edns).toBeNull();
    expect(message.additional).toEqual([]);
  });

  it("nobody answered: SERVFAIL with EDE 22", async () => {
    const seen = await bench({}).ask({ name: "far.example.", edns: {} });
    expect(seen).toMatchObject({ rcode: "SERVFAIL", ede: [{ code: 22, text: "no server of far.example. answered" }] });
  });

  it("text is printable, short, and each code comes once, three at most", async () => {
    const noisy: Answer = {
      ...bogus,
      ede: [
        { code: 6, text: `\u0000\u001b[31m${"ä".repeat(300)}` },
        { code: 6, text: "again" },
        { code: 1, text: "" },
        { code: 2, text: "" },
        { code: 3, text: "one too many" },
      ],
    };
    const { ede } = await bench({ answers: [noisy] }).ask({ name: "bad.example.", edns: {} });
    expect(ede.map(({ code }) => code)).toEqual([6, 1, 2]);
    expect(ede[0]!.text).toMatch(/^[\x20-\x7e]{1,160}$/);
  });

  it("a resolver that throws costs one SERVFAIL and an event, not the process", async () => {
    const resolver = { ...fakeResolver(), resolve: () => Promise.reject(new Error("a bug")) };
    const { ask, events } = bench({}, { resolver });
    expect((await ask({ edns: {} })).rcode).toBe("SERVFAIL");
    const thrower = {
      ...fakeResolver(),
      cached: () => {
        throw new Error("a bug");
      },
    };
    const second = bench({}, { resolver: thrower });
    expect((await second.ask({ edns: {} })).ede).toEqual([{ code: 0, text: "internal error" }]);
    expect([...events, ...second.events].map((event) => event.kind)).toEqual(["fault", "fault"]);
  });
});

describe("DO", () => {
  const denied = answer(
    question("none.example.", 1),
    secure(
      denial("name error", "none.example.", [
        signed(soa("example.")),
        signed(nsec("m.example.", "o.example.", [1, 46, 47])),
      ]),
    ),
  );
  const wildcard = answer(
    question("a.wild.example.", 1),
    secure(
      data(
        "a.wild.example.",
        [signed(a("a.wild.example.", 9))],
        [signed(nsec("wild.example.", "x.example.", [46, 47]))],
      ),
    ),
  );
  const nsecItself = answer(
    question("m.example.", TYPE.NSEC),
    secure(data("m.example.", [signed(nsec("m.example.", "o.example.", [1, 46, 47]))])),
  );
  const { ask } = bench({ cached: [wwwAnswer, denied, wildcard, nsecItself] });

  it("with it signatures stand behind what they sign; without it there are none (R-4035-2)", async () => {
    expect((await ask(DO)).answer).toEqual(["www.example. A 300", "www.example. RRSIG 300"]);
    expect((await ask({})).answer).toEqual(["www.example. A 300"]);
    expect((await ask({ edns: {} })).answer).toEqual(["www.example. A 300"]);
  });

  it("DO is copied, our size is 1232, version 0", async () => {
    expect((await ask(DO)).message.edns).toMatchObject({ dnssecOk: true, udpSize: 1232, version: 0 });
    expect((await ask({ edns: { udpSize: 4096 } })).message.edns).toMatchObject({ dnssecOk: false, udpSize: 1232 });
  });

  it("a denial: SOA for all, NSEC and signatures for DO", async () => {
    const plain = await ask({ name: "none.example." });
    expect(plain).toMatchObject({ rcode: "NXDOMAIN", answer: [], authority: ["example. SOA 300"] });
    const full = await ask({ name: "none.example.", ...DO });
    expect(full.authority).toEqual([
      "example. SOA 300",
      "example. RRSIG 300",
      "m.example. NSEC 300",
      "m.example. RRSIG 300",
    ]);
    expect(full.message.ad).toBe(true);
  });

  it("the proof of a wildcard only for DO", async () => {
    expect((await ask({ name: "a.wild.example." })).authority).toEqual([]);
    expect((await ask({ name: "a.wild.example.", ...DO })).authority).toEqual([
      "wild.example. NSEC 300",
      "wild.example. RRSIG 300",
    ]);
  });

  it("NSEC asked for by name is given to everybody, its signature is not", async () => {
    expect((await ask({ name: "m.example.", type: TYPE.NSEC })).answer).toEqual(["m.example. NSEC 300"]);
  });
});

describe("TTLs", () => {
  it("are those of the RRsets, and never longer than the signatures hold", async () => {
    const soon = answer(
      question("soon.example.", 1),
      secure(data("soon.example.", [a("soon.example.", 1, 3600)]), NOW + 42.9),
    );
    expect((await bench({ answers: [soon] }).ask({ name: "soon.example." })).answer).toEqual(["soon.example. A 42"]);
  });

  it("are not negative when a signature has just ended", async () => {
    const over = answer(question("over.example.", 1), secure(data("over.example.", [a("over.example.", 1)]), NOW - 1));
    expect((await bench({ answers: [over] }).ask({ name: "over.example." })).answer).toEqual(["over.example. A 0"]);
  });

  it("an insecure answer keeps its own", async () => {
    const plain = answer(question("p.example.", 1), insecure(data("p.example.", [a("p.example.", 1, 86400)])));
    expect((await bench({ answers: [plain] }).ask({ name: "p.example." })).answer).toEqual(["p.example. A 86400"]);
    expect(LONG).toBeGreaterThan(NOW);
  });
});
