import { describe, expect, it } from "vitest";
import { TYPE } from "../../src/wire/registry.ts";
import { answer, broken, data, question, rrset, secure, signed, txt } from "./answers.ts";
import { bench, DO, overTcp, wwwAnswer } from "./bench.ts";
import type { Seen } from "./replies.ts";

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
