/** the NSEC of a wildcard delegation, shown under the name of a signed one, where it says "no DS". RFC 4035 §5.4. */
import { expect, test } from "vitest";
import { nsecRdata } from "../../src/lab/chains.ts";
import { addZone } from "../../src/lab/injure.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { a, asks, asksWithin } from "../attacks/path.ts";
import { EVIL, isReferral, story, without } from "./story.ts";

test("A-27: a wildcard's NSEC denies no DS but its own", () =>
  story({ world: addZone({ apex: "sub.good.lab.", records: "www A 192.0.2.71" }) }, async (it) => {
    const replayed = it.signed("good.lab.", {
      name: "*.good.lab.",
      as: "sub.good.lab.",
      type: TYPE.NSEC,
      data: [nsecRdata(Name.parse("_25._tcp.mx.good.lab"), [TYPE.NS, TYPE.RRSIG, TYPE.NSEC])],
    });
    it.lie((message, ask) => {
      if (isReferral(message, "sub.good.lab"))
        return { authority: [...without(message.authority, TYPE.DS), ...replayed] };
      if (asks(ask, "sub.good.lab", TYPE.DS)) return { answer: [], authority: replayed };
      if (asksWithin(ask, "sub.good.lab") && ask.question.type === TYPE.A)
        return { answer: [a("www.sub.good.lab", EVIL)], authority: [] };
      return undefined;
    });
    const victim = await it.ask("www.sub.good.lab");
    expect(victim).toMatchObject({ status: "bogus", data: [] });
    expect(it.transcript()).toContain("sub.good.lab. DS > ns.good.lab.");
    it.lie(null);
    await it.clock.advance(61_000);
    expect(await it.ask("www.sub.good.lab")).toMatchObject({ status: "secure", data: ["192.0.2.71"] });
  }));
