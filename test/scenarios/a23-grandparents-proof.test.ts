/** the grandparent says that there is no DS, though the parent is signed and says otherwise. RFC 6840 §4.4. */
import { expect, test } from "vitest";
import { nsecRdata } from "../../src/lab/chains.ts";
import { addZone, together } from "../../src/lab/injure.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { a, asks, asksWithin } from "../attacks/path.ts";
import { EVIL, isReferral, story, without } from "./story.ts";

const world = together(addZone({ apex: "c.lab." }), addZone({ apex: "grand.c.lab.", records: "www A 192.0.2.70" }));

test("A-23: a grandparent's NSEC does not make a signed grandchild insecure, nor does it from memory", () =>
  story({ world }, async (it) => {
    // lab. signs what is not its own: an unsigned delegation two cuts below.
    const nsec = it.signed("lab.", {
      name: "grand.c.lab.",
      type: TYPE.NSEC,
      data: [nsecRdata(Name.parse("zzz.c.lab"), [TYPE.NS, TYPE.RRSIG, TYPE.NSEC])],
    });
    it.lie((message, ask) => {
      if (isReferral(message, "grand.c.lab")) return { authority: [...without(message.authority, TYPE.DS), ...nsec] };
      if (asks(ask, "grand.c.lab", TYPE.DS)) return { answer: [], authority: nsec };
      if (asksWithin(ask, "grand.c.lab") && ask.question.type === TYPE.A)
        return { answer: [a("www.grand.c.lab", EVIL)], authority: [] };
      return undefined;
    });
    const victim = await it.ask("www.grand.c.lab");
    expect(victim).toMatchObject({ status: "bogus", data: [] });
    // The referral proves nothing, so the DS itself is asked for, at the parent.
    expect(it.transcript()).toContain("grand.c.lab. DS > ns.c.lab.");
    it.lie(null);
    expect(await it.ask("host.plain.lab")).toMatchObject({ status: "insecure", reason: "unsigned delegation" });
    await it.clock.advance(61_000);
    expect(await it.ask("www.grand.c.lab")).toMatchObject({ status: "secure", data: ["192.0.2.70"] });
  }));
