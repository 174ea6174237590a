import { afterAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import { tellingQuestions } from "../../src/lab/worlds/demo.ts";
import { type Client, createResponder } from "../../src/server/responder.ts";
import { TYPE, typeFromText } from "../../src/wire/registry.ts";
import { labResolver } from "./lab.ts";
import { type Seen, see } from "./replies.ts";
import { type QueryShape, query } from "./requests.ts";

const resolver = labResolver();
const { respond } = createResponder({ resolver, clock: systemClock });
afterAll(() => resolver.close());

const local: Client = { address: "127.0.0.1", port: 40000, transport: "udp" };
const ask = async (shape: QueryShape, from = local): Promise<Seen> => see(await respond(query(shape), from));

describe("the lab's telling questions, as a client sees the answers", () => {
  it.each(tellingQuestions)("$name $type: $expect", async ({ name, type, expect: expected }) => {
    const shape: QueryShape = { name, type: typeFromText(type)!, edns: { dnssecOk: true } };
    const cold = await ask(shape);
    switch (expected) {
      case "secure":
        expect(cold.message).toMatchObject({ rcode: 0, ad: true });
        if (!cold.message.tc) expect(cold.answer.some((line) => line.includes(" RRSIG "))).toBe(true);
        break;
      case "denied":
        expect(cold.message.ad).toBe(true);
        expect(cold.authority.some((line) => line.includes(" NSEC"))).toBe(true);
        break;
      case "insecure":
        expect(cold.message.ad).toBe(false);
        expect(["NOERROR", "NXDOMAIN"]).toContain(cold.rcode);
        break;
      case "bogus":
      case "no answer":
        expect(cold).toMatchObject({ rcode: "SERVFAIL", answer: [], authority: [] });
        expect(cold.message.ad).toBe(false);
        expect(cold.ede.length).toBeGreaterThan(0);
        break;
    }
    const warm = await ask(shape);
    expect({ rcode: warm.rcode, ad: warm.message.ad }).toEqual({ rcode: cold.rcode, ad: cold.message.ad });
    const ttlless = (lines: readonly string[]) => lines.map((line) => line.replace(/ [0-9]+$/, ""));
    expect(ttlless(warm.answer)).toEqual(ttlless(cold.answer));
    const plain = await ask({ name, type: shape.type! });
    expect([...plain.answer, ...plain.authority].join("\n")).not.toMatch(/ (RRSIG|NSEC|NSEC3) /);
    expect(plain.message).toMatchObject({ ad: false, rcode: cold.message.rcode });
  });

  it(". NS has AD: Postfix asks before it believes in DNSSEC (DANE.md 1.1)", async () => {
    const { message, answer } = await ask({ name: ".", type: TYPE.NS, ad: true });
    expect(message).toMatchObject({ rcode: 0, ad: true });
    expect(answer.length).toBeGreaterThan(0);
  });

  it("CD shows what is bogus, without AD", async () => {
    const seen = await ask({ name: "www.expired.broken", type: TYPE.A, cd: true, edns: { dnssecOk: true } });
    expect(seen.message).toMatchObject({ rcode: 0, ad: false, cd: true });
    expect(seen.answer).toHaveLength(2);
    expect((await ask({ name: "www.expired.broken", type: TYPE.A })).rcode).toBe("SERVFAIL");
  });

  it("a certificate in a TLSA is truncated by UDP and whole by TCP", async () => {
    const shape: QueryShape = { name: "_25._tcp.big.good.lab", type: TYPE.TLSA, edns: { dnssecOk: true } };
    expect((await ask(shape)).message.tc).toBe(true);
    const whole = await ask(shape, { ...local, transport: "tcp" });
    expect(whole.message).toMatchObject({ tc: false, ad: true });
    expect(whole.octets).toBeGreaterThan(1232);
  });
});
