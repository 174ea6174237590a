/** RDATA that ends in the middle, or holds what cannot be. As octets, since no encoder would write them. */
import { describe, expect, test } from "vitest";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { asks, asksWithin, rr } from "../attacks/path.ts";
import { story } from "./story.ts";

const name = [...Name.parse("a.good.lab").wire];
const cut = name.slice(0, -3);
const hash = new Array<number>(20).fill(7);
const rrsig = (signature: readonly number[]): number[] => [
  ...[0, 1, 13, 3, 0, 0, 14, 16, 0x7f, 0, 0, 0, 0x60, 0, 0, 0, 0x12, 0x34],
  ...Name.parse("good.lab").wire,
  ...signature,
];

const malformed: readonly (readonly [string, number, readonly number[]])[] = [
  ["RP cut within its second name", TYPE.RP, [...name, ...cut]],
  ["PX cut within its second name", 26, [0, 1, ...name, ...cut]],
  ["KX cut within its name", 36, [0, 1, ...cut]],
  ["SRV cut within its target", TYPE.SRV, [0, 1, 0, 1, 0, 25, ...cut]],
  ["NAPTR cut within its replacement", TYPE.NAPTR, [0, 1, 0, 1, 0, 0, 0, ...cut]],
  ["MX without a name", TYPE.MX, [0, 10]],
  ["SOA without its numbers", TYPE.SOA, [...name, ...name, 0, 0]],
  ["DNSKEY of four octets and no key", TYPE.DNSKEY, [1, 1, 3, 13]],
  ["DS of three octets", TYPE.DS, [0, 1, 13]],
  ["RRSIG without a signature", TYPE.RRSIG, rrsig([])],
  ["RRSIG cut within its signer", TYPE.RRSIG, rrsig([]).slice(0, 22)],
  ["NSEC whose windows go backwards", TYPE.NSEC, [...name, 1, 1, 64, 0, 1, 64]],
  ["NSEC with an empty window", TYPE.NSEC, [...name, 0, 0]],
  ["NSEC with a window of 33 octets", TYPE.NSEC, [...name, 0, 33, ...new Array<number>(33).fill(1)]],
  ["NSEC3 with a hash of no octets", TYPE.NSEC3, [1, 0, 0, 0, 0, 0, 0, 1, 64]],
  ["NSEC3 whose hash runs past its end", TYPE.NSEC3, [1, 0, 0, 0, 0, 255, ...hash]],
  ["NSEC3 whose salt runs past its end", TYPE.NSEC3, [1, 0, 0, 0, 200, 1, 2]],
  ["TLSA of two octets", TYPE.TLSA, [3, 1]],
  ["SVCB with keys out of order", TYPE.SVCB, [0, 1, 0, 0, 3, 0, 2, 1, 187, 0, 1, 0, 3, 2, 104, 50]],
];

describe("somebody sends", () => {
  test.each(malformed)("A-47: %s: no exception, no data, and the rest goes on as before", (_, type, octets) =>
    story({}, async (it) => {
      const record = rr("x.good.lab", type, Uint8Array.from(octets));
      it.lie((message, ask) => {
        if (asks(ask, "x.good.lab")) return { rcode: 0, answer: [record], authority: [] };
        // and beside genuine answers, where nobody asked for it
        return asksWithin(ask, "good.lab") && message.aa ? { additional: [...message.additional, record] } : undefined;
      });
      for (const asked of [type, TYPE.A]) {
        const seen = await it.meanwhile(() => it.resolver.resolve("x.good.lab", asked));
        expect(["bogus", "indeterminate"]).toContain(seen.verdict.status);
      }
      it.lie(null);
      expect(await it.ask("www.good.lab")).toMatchObject({ status: "secure", data: ["192.0.2.80"] });
    }),
  );
});
