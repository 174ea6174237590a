import { describe, expect, it } from "vitest";
import { createAccess } from "../../src/server/access.ts";
import { parsePrefix } from "../../src/server/addresses.ts";
import { answer, data, nsec, question, secure, signed } from "./answers.ts";
import { bench, DO, local, stranger, www, wwwAnswer } from "./bench.ts";
import { see } from "./replies.ts";
import { type QueryShape, query } from "./requests.ts";

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
    expect(events).toMatchObject([
      { kind: "turned away", why: "access dropped" },
      { kind: "dropped", why: "access" },
    ]);
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
