import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AliasLink, Answer } from "../../src/dnssec/answer.ts";
import { failure } from "../../src/dnssec/proof.ts";
import { bogus, mintSecure } from "../../src/dnssec/verdict.ts";
import { systemClock } from "../../src/env/system.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import { type Client, createResponder } from "../../src/server/responder.ts";
import { decodeMessage } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import {
  a,
  answer,
  cname,
  data,
  denial,
  fakeResolver,
  LONG,
  NOW,
  nsec,
  question,
  secure,
  signed,
  soa,
  txt,
} from "./answers.ts";
import { see } from "./replies.ts";
import { type EdnsShape, type QueryShape, query } from "./requests.ts";

const local: Client = { address: "127.0.0.1", port: 40000, transport: "udp" };

/** A resolver whose answer for www.example. A can be exchanged, counting how often it is looked at. */
function bench() {
  let nowMs = 5000;
  let looks = 0;
  let now = NOW;
  const known = new Map<string, Answer>();
  const put = (last: number, ttl = 300) => {
    known.set(
      "www.example. 1",
      answer(question("www.example.", 1), secure(data("www.example.", [signed(a("www.example.", last, ttl))]))),
    );
  };
  put(1);
  const big = [
    signed(txt("big.example.", 255)),
    ...Array.from({ length: 8 }, (_, i) => signed(txt("big.example.", 240 + i))),
  ];
  known.set("big.example. 16", answer(question("big.example.", 16), secure(data("big.example.", big))));
  const resolver = {
    ...fakeResolver(),
    cached: ({ name, type }: { readonly name: { lowerCased(): object }; readonly type: number }) => {
      looks += 1;
      return known.get(`${name.lowerCased()} ${type}`);
    },
  };
  const { respond } = createResponder({
    resolver,
    clock: { ...systemClock, monotonicMs: () => nowMs, unixSeconds: () => now },
  });
  return {
    put,
    forget: () => known.clear(),
    fail: () => {
      const broken = bogus(failure("signature expired", Name.parse("www.example."), "it expired"));
      known.set("www.example. 1", answer(question("www.example.", 1), broken));
    },
    jump: (seconds: number) => {
      now += seconds;
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
    looks: () => looks,
    ask: async (shape: QueryShape, from: Client = local) => see(await respond(query(shape), from)),
    raw: (shape: QueryShape, from: Client = local) => respond(query(shape), from),
  };
}

describe("what is asked again", () => {
  it("is not looked up again, and carries the id of the one who asks", async () => {
    const { ask, raw, looks } = bench();
    const first = await ask({ id: 1, edns: { dnssecOk: true } });
    const second = await ask({ id: 0xfffe, edns: { dnssecOk: true } });
    expect(looks()).toBe(1);
    expect(first.message.id).toBe(1);
    expect(second.message).toEqual({ ...first.message, id: 0xfffe });
    expect(raw({ id: 3, edns: { dnssecOk: true } })).not.toBe(raw({ id: 3, edns: { dnssecOk: true } }));
  });

  it("given out once, octets are the caller's: scribbling on them harms nobody", async () => {
    const { ask, raw } = bench();
    for (let i = 0; i < 3; i++) (raw({}) as Uint8Array).fill(0xff);
    expect((await ask({})).answer).toEqual(["www.example. A 300"]);
  });

  it("counts down in place, and is looked up again when half of its TTL is over", async () => {
    const { ask, put, pass, looks } = bench();
    put(1, 9);
    expect((await ask({})).answer).toEqual(["www.example. A 9"]);
    put(2, 100);
    pass(999);
    expect((await ask({})).answer).toEqual(["www.example. A 9"]);
    pass(1);
    expect((await ask({})).answer).toEqual(["www.example. A 8"]);
    pass(2999);
    expect((await ask({})).answer).toEqual(["www.example. A 6"]);
    expect(looks()).toBe(1);
    pass(1);
    expect((await ask({})).answer).toEqual(["www.example. A 100"]);
    expect(looks()).toBe(2);
  });

  it("is looked up again after ten seconds, whatever its TTL is", async () => {
    const { ask, pass, looks } = bench();
    pass(5000); // the beginning of a span
    await ask({});
    pass(9999);
    expect((await ask({})).answer).toEqual(["www.example. A 291"]);
    expect(looks()).toBe(1);
    pass(1);
    expect((await ask({})).answer).toEqual(["www.example. A 300"]);
    expect(looks()).toBe(2);
  });

  it("with a TTL of 0 or 1, or without any, lives as long as the second does", async () => {
    for (const ttl of [0, 1]) {
      const { ask, put, pass, looks } = bench();
      put(1, ttl);
      pass(300);
      await ask({});
      pass(699);
      expect((await ask({})).answer).toEqual([`www.example. A ${ttl}`]);
      expect(looks()).toBe(1);
      pass(1);
      await ask({});
      expect(looks()).toBe(2);
    }
    const { ask, fail, pass, looks } = bench();
    fail();
    for (let i = 0; i < 2; i++) expect((await ask({})).rcode).toBe("SERVFAIL");
    expect(looks()).toBe(1);
    pass(1000);
    await ask({});
    expect(looks()).toBe(2);
  });

  it("does not outlive its signatures, where the clock jumps", async () => {
    const { ask, pass, jump, looks } = bench();
    await ask({});
    pass(1000);
    jump(86400);
    await ask({});
    expect(looks()).toBe(2);
  });

  it("differs by letters, DO, AD, CD, RD, EDNS size and transport", async () => {
    const { ask, looks } = bench();
    const shapes: QueryShape[] = [
      {},
      { name: "WWW.example." },
      { ad: true },
      { cd: true },
      { edns: {} },
      { edns: { dnssecOk: true } },
      { edns: { udpSize: 4096 } },
    ];
    for (const shape of [...shapes, ...shapes]) {
      const seen = await ask(shape);
      expect(`${seen.message.question[0]!.name}`).toBe(shape.name ?? "www.example.");
      expect(seen.message.ad).toBe(shape.ad === true || shape.edns?.dnssecOk === true);
      expect(seen.message.cd).toBe(shape.cd === true);
      expect(seen.answer).toHaveLength(shape.edns?.dnssecOk ? 2 : 1);
    }
    expect(looks()).toBe(shapes.length);
    await ask({}, { ...local, transport: "tcp" });
    expect(looks()).toBe(shapes.length + 1);
  });

  it("helps no stranger: who may not ask is refused although the reply lies ready", async () => {
    const { ask } = bench();
    await ask({});
    expect((await ask({}, { ...local, address: "192.0.2.1" })).rcode).toBe("REFUSED");
  });

  it("a truncated reply is not what TCP gets, and large replies are not kept", async () => {
    const { ask, looks } = bench();
    const big: QueryShape = { name: "big.example.", type: 16, edns: { dnssecOk: true } };
    expect((await ask(big)).message.tc).toBe(true);
    const tcp: Client = { ...local, transport: "tcp" };
    for (let i = 0; i < 2; i++) {
      const seen = await ask(big, tcp);
      expect(seen.message.tc).toBe(false);
      expect(seen.octets).toBeGreaterThan(1232);
    }
    expect(looks()).toBe(3);
  });

  it("RD=0 is decided each time", async () => {
    const { ask, looks } = bench();
    await ask({ rd: false });
    await ask({ rd: false });
    expect(looks()).toBe(2);
  });

  it("has an end: a flood of different questions in one second is answered all the same", async () => {
    const { raw, ask, looks } = bench();
    for (let i = 0; i < 9000; i++) raw({ edns: { options: [0xff, 0xfe, 0, 2, i >>> 8, i & 255] } });
    expect((await ask({ edns: { options: [0xff, 0xfe, 0, 2, 0, 0] } })).rcode).toBe("NOERROR");
    expect(looks()).toBe(9000);
    expect((await ask({ ad: true })).rcode).toBe("NOERROR");
    expect((await ask({ ad: true })).rcode).toBe("NOERROR");
    expect(looks()).toBe(9002); // full: not remembered
  });
});

/** A resolver that has all of it since the beginning, and whose TTLs count down as a cache's do. */
function aging(ttls: readonly [number, number, number]) {
  let nowMs = 0;
  const aged = (ttl: number) => Math.max(0, ttl - Math.floor(nowMs / 1000));
  const old = (set: RRset): RRset => ({ ...signed(set), ttl: aged(set.ttl) });
  const answers = (): readonly Answer[] => {
    const [first, second, third] = ttls;
    const proof = { parts: [], validUntil: LONG };
    const link: AliasLink = {
      from: Name.parse("alias.example."),
      to: Name.parse("www.example."),
      verdict: mintSecure(
        {
          alias: old(cname("alias.example.", "www.example.", second)),
          target: Name.parse("www.example."),
          authority: [old(nsec("alias.example.", "b.example.", [1, 46], third))],
        },
        proof,
      ),
    };
    const www = secure(data("www.example.", [old(a("www.example.", 1, first))]));
    const gone = [old(soa("example.", first)), old(nsec("a.example.", "z.example.", [1], second))];
    const long = [5, 6, 7].map((length, i) => old(txt("long.example.", length * 30, ttls[i]!)));
    return [
      answer(question("www.example.", 1), www, { ttl: aged(first) }),
      answer(question("alias.example.", 1), www, { aliases: [link], ttl: aged(Math.min(...ttls)) }),
      answer(question("gone.example.", 1), secure(denial("name error", "gone.example.", gone)), { ttl: aged(first) }),
      answer(question("long.example.", 1), secure(data("long.example.", long)), {
        ttl: aged(Math.min(...ttls)),
      }),
    ];
  };
  const resolver = {
    ...fakeResolver(),
    cached: ({ name }: { readonly name: Name }) => answers().find((each) => each.question.name.equals(name)),
  };
  const clock = { ...systemClock, monotonicMs: () => nowMs, unixSeconds: () => NOW + Math.floor(nowMs / 1000) };
  const fresh = (octets: Uint8Array, from: Client) => createResponder({ resolver, clock }).respond(octets, from);
  const { respond } = createResponder({ resolver, clock });
  return {
    respond,
    fresh,
    at: (ms: number) => {
      nowMs = ms;
    },
  };
}

const hex = (reply: unknown) => Buffer.from(reply as Uint8Array).toString("hex");

const shapes: fc.Arbitrary<QueryShape> = fc.record({
  id: fc.nat(0xffff),
  name: fc.constantFrom<string[]>(
    "www.example.",
    "WwW.example.",
    "alias.example.",
    "ALIAS.Example.",
    "gone.example.",
    "long.example.",
  ),
  ad: fc.boolean(),
  cd: fc.boolean(),
  edns: fc.option<EdnsShape>(fc.record({ dnssecOk: fc.boolean(), udpSize: fc.constantFrom(512, 700, 1232, 4096) })),
});
const ttl = fc.oneof(
  fc.nat(25),
  fc.integer({ min: 26, max: 0x7fffffff }),
  fc.constantFrom(255, 256, 257, 65535, 65536),
);
const ttls = fc.tuple(ttl, ttl, ttl);

describe("a reply that counts down", () => {
  it("is octet for octet the one that would be built at that moment", () => {
    fc.assert(
      fc.property(ttls, shapes, fc.array(fc.nat(4), { maxLength: 15 }), (kept, shape, steps) => {
        const { respond, fresh, at } = aging(kept);
        const octets = query(shape);
        let second = 0;
        for (const step of steps) {
          second += step;
          for (const part of [0, 999]) {
            at(second * 1000 + part);
            expect(hex(respond(octets, local))).toBe(hex(fresh(octets, local)));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("at moments between seconds has TTLs that are never below those, and at most one above", () => {
    fc.assert(
      fc.property(ttls, shapes, fc.array(fc.nat(3000), { maxLength: 20 }), (kept, shape, steps) => {
        const { respond, fresh, at } = aging(kept);
        let nowMs = 0;
        for (const step of steps) {
          nowMs += step;
          at(nowMs);
          const given = decodeMessage(respond(query(shape), local) as Uint8Array);
          const wanted = decodeMessage(fresh(query(shape), local) as Uint8Array);
          for (const section of ["answer", "authority"] as const) {
            expect(given[section].length).toBe(wanted[section].length);
            for (const [i, record] of given[section].entries()) {
              const more = record.ttl - wanted[section][i]!.ttl;
              expect(more === 0 || more === 1).toBe(true);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
