/** of a zone signed with two algorithms, somebody leaves only the weaker one's signatures. RFC 6840 §5.11. */
import { expect, test } from "vitest";
import { rezone } from "../../src/lab/injure.ts";
import { type RRType, TYPE } from "../../src/wire/registry.ts";
import { asksWithin } from "../attacks/path.ts";
import { story } from "./story.ts";

const RSASHA256 = 8;
const ECDSAP256 = 13;
const world = rezone("good.lab.", {
  signing: {
    keys: [
      { role: "csk", algorithm: RSASHA256 },
      { role: "csk", algorithm: ECDSAP256 },
    ],
  },
});
const algorithmOf = (rrsig: Uint8Array): number => rrsig[2]!;
const only = (algorithm: number | null) => (record: { readonly type: RRType; readonly rdata: Uint8Array }) =>
  record.type !== TYPE.RRSIG || algorithmOf(record.rdata) === algorithm;

test.each([RSASHA256, ECDSAP256])("A-40: any valid path is enough: algorithm %i alone", (algorithm) =>
  story({ world }, async (it) => {
    it.lie((message, ask) =>
      asksWithin(ask, "good.lab") && message.aa
        ? { answer: message.answer.filter(only(algorithm)), authority: message.authority.filter(only(algorithm)) }
        : undefined,
    );
    expect(await it.ask("www.good.lab")).toMatchObject({ status: "secure", data: ["192.0.2.80"] });
    expect(await it.ask("nobody.good.lab")).toMatchObject({ status: "secure", data: [] });
  }),
);

test("A-40: none is not enough, and an RRset's own signature must be there, not only its neighbours'", () =>
  story({ world }, async (it) => {
    it.lie((message, ask) =>
      asksWithin(ask, "good.lab") && ask.question.type === TYPE.A
        ? { answer: message.answer.filter(only(null)) }
        : undefined,
    );
    expect(await it.ask("www.good.lab")).toMatchObject({ status: "bogus", reason: "signatures missing", ede: [10] });
    expect(it.transcript()).toContain("good.lab. DNSKEY > ns.good.lab.");
  }));
