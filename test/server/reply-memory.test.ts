import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/dnssec/answer.ts";
import { systemClock } from "../../src/env/system.ts";
import { type Client, createResponder } from "../../src/server/responder.ts";
import { a, answer, data, fakeResolver, NOW, question, secure, signed, txt } from "./answers.ts";
import { see } from "./replies.ts";
import { type QueryShape, query } from "./requests.ts";

const local: Client = { address: "127.0.0.1", port: 40000, transport: "udp" };

/** A resolver whose answer for www.example. A can be exchanged, counting how often it is looked at. */
function bench() {
  let nowMs = 5000;
  let looks = 0;
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
    clock: { ...systemClock, monotonicMs: () => nowMs, unixSeconds: () => NOW },
  });
  return {
    put,
    forget: () => known.clear(),
    pass: (ms: number) => {
      nowMs += ms;
    },
    looks: () => looks,
    ask: async (shape: QueryShape, from: Client = local) => see(await respond(query(shape), from)),
    raw: (shape: QueryShape, from: Client = local) => respond(query(shape), from),
  };
}

describe("what is asked again within a second", () => {
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

  it("is looked up again in the next second, with its new TTL", async () => {
    const { ask, put, pass, looks } = bench();
    await ask({});
    put(1, 299);
    pass(999);
    expect((await ask({})).answer).toEqual(["www.example. A 300"]);
    pass(1);
    expect((await ask({})).answer).toEqual(["www.example. A 299"]);
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
