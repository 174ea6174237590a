/** RRSIGs of a wrong owner or class, over types that cannot be signed, and over RRSIGs. RFC 4035 §2.2, §5.3.1. */
import { describe, expect, test } from "vitest";
import type { Message, ResourceRecord } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, TYPE } from "../../src/wire/registry.ts";
import { asks } from "../attacks/path.ts";
import { story, without } from "./story.ts";

const rrsigsIn = (message: Message): ResourceRecord[] => message.answer.filter(({ type }) => type === TYPE.RRSIG);
const covering = (rrsig: ResourceRecord, type: number): ResourceRecord => ({
  ...rrsig,
  rdata: Uint8Array.of(type >> 8, type & 0xff, ...rrsig.rdata.subarray(2)),
});

const lies: Readonly<Record<string, (rrsig: ResourceRecord) => ResourceRecord>> = {
  "of another owner": (rrsig) => ({ ...rrsig, name: Name.parse("mx.good.lab") }),
  "of another class": (rrsig) => ({ ...rrsig, class: CLASS.CH }),
  "over the type ANY": (rrsig) => covering(rrsig, TYPE.ANY),
  "over RRSIGs": (rrsig) => covering(rrsig, TYPE.RRSIG),
  "over type 0": (rrsig) => covering(rrsig, 0),
};

describe("an RRset whose only signature is one", () => {
  test.each(Object.entries(lies))("A-43: %s is unsigned, and nothing else happens", (_, lie) =>
    story({}, async (it) => {
      it.lie((message, ask) =>
        asks(ask, "www.good.lab", TYPE.A)
          ? { answer: [...message.answer.filter(({ type }) => type !== TYPE.RRSIG), ...rrsigsIn(message).map(lie)] }
          : undefined,
      );
      expect(await it.ask("www.good.lab")).toMatchObject({ status: "bogus", reason: "signatures missing", data: [] });
      expect(await it.ask("www.good.lab", "TXT")).toMatchObject({ status: "secure" });
    }),
  );

  test.each(Object.entries(lies))("A-43: %s beside a good one does no harm", (_, lie) =>
    story({}, async (it) => {
      it.lie((message, ask) =>
        asks(ask, "www.good.lab", TYPE.A) ? { answer: [...rrsigsIn(message).map(lie), ...message.answer] } : undefined,
      );
      expect(await it.ask("www.good.lab")).toMatchObject({ status: "secure", data: ["192.0.2.80"] });
    }),
  );
});

test("A-43: who asks for RRSIGs gets what nobody can prove: never secure", () =>
  story({}, async (it) => {
    const seen = await it.ask("www.good.lab", "RRSIG");
    expect(seen.status).not.toBe("secure");
    expect(seen.answer.authenticated).toBe(false);
    it.lie((message, ask) =>
      asks(ask, "mx.good.lab", TYPE.RRSIG) ? { answer: without(message.answer, TYPE.A) } : undefined,
    );
    expect((await it.ask("mx.good.lab", "RRSIG")).status).not.toBe("secure");
  }));
