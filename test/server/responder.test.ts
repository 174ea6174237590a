import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/dnssec/answer.ts";
import type { Clock } from "../../src/env/env.ts";
import { systemClock } from "../../src/env/system.ts";
import { createAccess } from "../../src/server/access.ts";
import { parsePrefix } from "../../src/server/addresses.ts";
import { type Client, createResponder, type ResponderOptions, type ServerEvent } from "../../src/server/responder.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import {
  a,
  answer,
  broken,
  cname,
  data,
  denial,
  dname,
  type FakeWorld,
  fakeResolver,
  insecure,
  LONG,
  NOW,
  nsec,
  question,
  rrset,
  secure,
  signed,
  soa,
  txt,
} from "./answers.ts";
import { type Seen, see } from "./replies.ts";
import { type QueryShape, query } from "./requests.ts";

const clock: Clock = { ...systemClock, unixSeconds: () => NOW };
const local: Client = { address: "127.0.0.1", port: 40000, transport: "udp" };
const overTcp: Client = { ...local, transport: "tcp" };
const stranger: Client = { ...local, address: "192.0.2.99" };
const DO = { edns: { dnssecOk: true } };

function bench(world: FakeWorld, options: Partial<ResponderOptions> = {}) {
  const resolver = fakeResolver(world);
  const events: ServerEvent[] = [];
  const responder = createResponder({ resolver, clock, emit: (event) => events.push(event), ...options });
  return {
    resolver,
    events,
    respond: responder.respond,
    ask: async (shape: QueryShape, from: Client = local): Promise<Seen> =>
      see(await responder.respond(query(shape), from)),
  };
}

const www = signed(a("www.example.", 1));
const wwwAnswer = answer(question("www.example.", TYPE.A), secure(data("www.example.", [www])));

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

describe("what is not looked up", () => {
  it.each<[string, QueryShape, string, number[]]>([
    ["EDNS version 1", { edns: { version: 1 } }, "BADVERS", []],
    ["AXFR", { type: 252, edns: {} }, "REFUSED", [21]],
    ["IXFR without SOA", { type: 251, edns: {} }, "REFUSED", [21]],
    ["OPT", { type: 41, edns: {} }, "FORMERR", [30]],
    ["TKEY", { type: 249, edns: {} }, "FORMERR", [30]],
    ["TSIG", { type: 250, edns: {} }, "FORMERR", [30]],
    ["MAILB", { type: 253, edns: {} }, "FORMERR", [30]],
    ["MAILA", { type: 254, edns: {} }, "FORMERR", [30]],
    ["a meta type nobody has defined", { type: 200, edns: {} }, "FORMERR", [30]],
    ["type 0", { type: 0, edns: {} }, "FORMERR", [30]],
    ["type 65535", { type: 65535, edns: {} }, "FORMERR", [30]],
    ["class HS", { class: 4, edns: {} }, "REFUSED", [21]],
    ["class ANY", { class: 255, edns: {} }, "REFUSED", [21]],
    ["class NONE", { class: 254, edns: {} }, "REFUSED", [21]],
    ["class 0", { class: 0, edns: {} }, "REFUSED", [21]],
    ["class CH, any name", { class: 3, edns: {}, type: 16 }, "REFUSED", [21]],
  ])("%s", async (_, shape, rcode, codes) => {
    const { ask, resolver } = bench({});
    const seen = await ask(shape);
    expect(seen.rcode).toBe(rcode);
    expect(seen.ede.map(({ code }) => code)).toEqual(codes);
    expect(seen.message).toMatchObject({ ad: false, aa: false, ra: false });
    expect(seen.message.edns?.version).toBe(0);
    expect(resolver.asked).toEqual([]);
  });

  it("ANY and unknown types are", async () => {
    const { ask, resolver } = bench({});
    await ask({ type: 255 });
    await ask({ type: 65280 });
    expect(resolver.asked).toEqual(["resolve www.example. ANY", "resolve www.example. TYPE65280"]);
  });

  it("ANY without DO leaves out what only authenticates", async () => {
    const any = answer(
      question("www.example.", 255),
      secure(data("www.example.", [www, signed(nsec("www.example.", "x.example.", [1, 46, 47]))])),
    );
    const { ask } = bench({ answers: [any] });
    expect((await ask({ type: 255 })).answer).toEqual(["www.example. A 300"]);
    expect((await ask({ type: 255, ...DO })).answer).toHaveLength(4);
  });

  it("version.bind and id.server say what the operator lets them say", async () => {
    const { ask } = bench({}, { version: "rootwalk 9.9", identity: null });
    const version = await ask({ name: "VERSION.bind.", type: 16, class: 3 });
    expect(version).toMatchObject({ rcode: "NOERROR", answer: ["VERSION.bind. TXT 0"] });
    expect(version.message.answer[0]).toMatchObject({
      class: 3,
      rdata: Uint8Array.of(12, ...Buffer.from("rootwalk 9.9")),
    });
    expect((await ask({ name: "version.server.", type: 255, class: 3 })).rcode).toBe("NOERROR");
    expect((await ask({ name: "version.bind.", type: 1, class: 3 })).rcode).toBe("REFUSED");
    expect((await ask({ name: "id.server.", type: 16, class: 3 })).rcode).toBe("REFUSED");
    expect((await bench({}, { identity: "mx1" }).ask({ name: "hostname.bind.", type: 16, class: 3 })).rcode).toBe(
      "NOERROR",
    );
  });
});

describe("RD=0", () => {
  it("is shown what the cache holds, on this machine, and is refused the rest with EDE 20", async () => {
    const { ask, resolver } = bench({ cached: [wwwAnswer] });
    expect(await ask({ rd: false })).toMatchObject({ rcode: "NOERROR", answer: ["www.example. A 300"] });
    const seen = await ask({ name: "other.example.", rd: false, edns: {} });
    expect(seen).toMatchObject({ rcode: "REFUSED", ede: [{ code: 20 }] });
    expect(resolver.asked).toEqual([]);
  });

  it("of others: refused, so that nobody can look at what was asked here", async () => {
    const access = createAccess({ rules: [{ prefix: parsePrefix("192.0.2.0/24"), decision: "allow" }] });
    const { ask } = bench({ cached: [wwwAnswer] }, { access });
    expect((await ask({}, stranger)).rcode).toBe("NOERROR");
    expect(await ask({ rd: false, edns: {} }, stranger)).toMatchObject({ rcode: "REFUSED", ede: [{ code: 20 }] });
  });
});

describe("who asks", () => {
  it("strangers are refused with EDE 18, whatever they ask", async () => {
    const { ask, resolver } = bench({ cached: [wwwAnswer] });
    for (const shape of [{}, { class: 3, name: "version.bind.", type: 16 }, { type: 252 }]) {
      expect(await ask({ ...shape, edns: {} }, stranger)).toMatchObject({
        rcode: "REFUSED",
        answer: [],
        ede: [{ code: 18 }],
      });
    }
    expect(resolver.asked).toEqual([]);
  });

  it("or not answered at all", async () => {
    const { respond, events } = bench({ cached: [wwwAnswer] }, { access: createAccess({ otherwise: "drop" }) });
    expect(respond(query(), stranger)).toBeNull();
    expect(events.map((event) => event.kind)).toEqual(["dropped"]);
  });

  it("one client cannot have any number of questions waiting: EDE 32, and room again when they are answered", async () => {
    const { respond, resolver, ask } = bench(
      { answers: [wwwAnswer] },
      { access: createAccess({ waitingPerClient: 2 }) },
    );
    resolver.hold();
    const first = respond(query(), local);
    const second = respond(query(), local);
    expect(see(respond(query({ edns: {} }), local) as Uint8Array)).toMatchObject({
      rcode: "SERVFAIL",
      ede: [{ code: 32 }],
    });
    const other = respond(query(), { ...local, address: "127.0.0.2" });
    resolver.release();
    for (const waiting of [first, second, other]) expect(see(await waiting).rcode).toBe("NOERROR");
    expect((await ask({})).rcode).toBe("NOERROR");
  });

  it("a question answered from the cache waits for nothing: bytes at once", () => {
    const { respond } = bench({ cached: [wwwAnswer] });
    expect(respond(query(), local)).toBeInstanceOf(Uint8Array);
  });
});

describe("silence and bare headers", () => {
  it("responses and scraps are dropped (two resolvers must not talk in circles)", () => {
    const { respond, events } = bench({});
    expect(respond(query({ qr: true }), local)).toBeNull();
    expect(respond(new Uint8Array(11), local)).toBeNull();
    expect(respond(new Uint8Array(0), local)).toBeNull();
    expect(events.map((event) => event.kind)).toEqual(["dropped", "dropped", "dropped"]);
  });

  it("what cannot be read gets twelve octets that hold nothing of it", () => {
    const { respond } = bench({});
    const formerr = respond(query({ id: 0xabcd, counts: [2, 0, 0, 0], cd: true }), local);
    expect(formerr).toEqual(Uint8Array.of(0xab, 0xcd, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0));
    const notimp = respond(query({ id: 0xabcd, opcode: 5 }), local);
    expect(notimp).toEqual(Uint8Array.of(0xab, 0xcd, 0x80 | (5 << 3), 4, 0, 0, 0, 0, 0, 0, 0, 0));
  });

  it("IXFR as a secondary sends it is FORMERR without its SOA", () => {
    const { respond } = bench({});
    expect(respond(query({ type: 251, counts: [1, 0, 1, 0] }), local)).toHaveLength(12);
  });
});

describe("size", () => {
  const big = answer(
    question("big.example.", TYPE.TXT),
    secure(
      data("big.example.", [
        signed(
          rrset(
            "big.example.",
            TYPE.TXT,
            300,
            ...Array.from({ length: 12 }, (_, i) => [200, ...new Array<number>(200).fill(65 + i)]),
          ),
        ),
      ]),
    ),
  );
  const medium = answer(
    question("medium.example.", TYPE.TXT),
    secure(
      data(
        "medium.example.",
        [signed(txt("medium.example.", 250))],
        [signed(txt("a.example.", 250)), signed(txt("b.example.", 250)), signed(txt("c.example.", 250))],
      ),
    ),
  );
  const { ask } = bench({ cached: [big, medium] });
  const name = "big.example.";

  it("by UDP 512 octets without EDNS, the client's size with it, never more than 1232", async () => {
    for (const [edns, limit] of [
      [null, 512],
      [{ udpSize: 100 }, 512],
      [{ udpSize: 900 }, 900],
      [{ udpSize: 65535 }, 1232],
    ] as const) {
      const seen = await ask({ name, type: TYPE.TXT, edns });
      expect(seen.message.tc).toBe(true);
      expect(seen.octets).toBeLessThanOrEqual(limit);
      expect(seen.answer).toEqual([]); // an RRset is given whole or not at all
      expect(seen.message.edns !== null).toBe(edns !== null);
    }
  });

  it("by TCP all of it", async () => {
    const seen = await ask({ name, type: TYPE.TXT, ...DO }, overTcp);
    expect(seen.message.tc).toBe(false);
    expect(seen.answer).toHaveLength(13);
  });

  it("what fits is whole RRsets with their signatures, in order, and TC", async () => {
    const seen = await ask({ name: "medium.example.", type: TYPE.TXT, ...DO });
    expect(seen.message.tc).toBe(true);
    expect(seen.answer).toHaveLength(2);
    expect(seen.authority.length % 2).toBe(0);
    expect(seen.authority.length).toBeLessThan(6);
    expect((await ask({ name: "medium.example.", type: TYPE.TXT, ...DO }, overTcp)).authority).toHaveLength(6);
  });

  it("texts of extended errors go before anything else does", async () => {
    const long = `${"l".repeat(60)}.${"m".repeat(60)}.${"n".repeat(60)}.${"o".repeat(50)}.example.`;
    const wordy = answer(question(long, 1), broken("bogus", "signature wrong", long, ""), {
      ede: [6, 7, 8].map((code) => ({ code, text: "w".repeat(200) })),
    });
    const seen = await bench({ cached: [wordy] }).ask({ name: long, edns: { udpSize: 512 } });
    expect(seen).toMatchObject({ rcode: "SERVFAIL", ede: [6, 7, 8].map((code) => ({ code, text: "" })) });
    expect(seen.message.tc).toBe(false);
    expect(seen.octets).toBeLessThanOrEqual(512);
    expect((await bench({ cached: [wordy] }).ask({ name: long, edns: {} })).ede.map(({ text }) => text.length)).toEqual(
      [160, 160, 160],
    );
  });
});

describe("TCP keepalive (RFC 7828)", () => {
  const { ask } = bench({ cached: [wwwAnswer] });
  const asking = { edns: { options: [0, 11, 0, 0] } };
  const timeouts = (seen: Seen) =>
    seen.message.edns?.options.filter((option) => option.code === 11).map((option) => [...option.data]);

  it("is told to who asks by TCP, in tenths of a second", async () => {
    expect(timeouts(await ask(asking, overTcp))).toEqual([[0, 100]]);
  });

  it("never by UDP, never unasked", async () => {
    expect(timeouts(await ask(asking))).toEqual([]);
    expect(timeouts(await ask({ edns: {} }, overTcp))).toEqual([]);
  });
});
