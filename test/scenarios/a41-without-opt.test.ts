/** somebody takes the OPT record away, and with it all that it brought. */
import { expect, test } from "vitest";
import { TYPE } from "../../src/wire/registry.ts";
import { asks, asksWithin } from "../attacks/path.ts";
import { story } from "./story.ts";

test("A-41: replies without OPT and without signatures are bogus, never insecure, and EDNS goes on being used", () =>
  story({}, async (it) => {
    expect(await it.ask("mx.good.lab")).toMatchObject({ status: "secure" });
    it.lie((message, ask) =>
      asksWithin(ask, "good.lab")
        ? { edns: null, answer: message.answer.filter(({ type }) => type !== TYPE.RRSIG), authority: [] }
        : undefined,
    );
    expect(await it.ask("www.good.lab")).toMatchObject({ status: "bogus", reason: "signatures missing", data: [] });
    it.lie(null);
    expect(await it.ask("www.good.lab", "TXT")).toMatchObject({ status: "secure", data: ['"hello"'] });
    expect(it.packets.every(({ ask }) => ask.edns !== null)).toBe(true);
  }));

test("A-41: a denial of the DS from which the proof was taken is no unsigned delegation", () =>
  story({}, async (it) => {
    it.lie((message, ask) =>
      asksWithin(ask, "good.lab") && (!message.aa || asks(ask, "good.lab", TYPE.DS))
        ? {
            edns: null,
            answer: [],
            authority: message.authority.filter(({ type }) => type === TYPE.NS || type === TYPE.SOA),
          }
        : undefined,
    );
    const victim = await it.ask("www.good.lab");
    expect(victim).toMatchObject({ status: "bogus", data: [] });
    expect(it.transcript()).toContain("good.lab. DS > ns.lab.");
  }));
