/** a referral to an unsigned child carries more NSEC RRs than the one that belongs to it. */
import { expect, test } from "vitest";
import { nsecRdata } from "../../src/lab/chains.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { rr } from "../attacks/path.ts";
import { isReferral, story } from "./story.ts";

const over = nsecRdata(Name.parse("plain.lab"), [TYPE.NS, TYPE.RRSIG, TYPE.NSEC]);

test("A-32: a forged NSEC over a signed neighbour changes nothing for the neighbour", () =>
  story({}, async (it) => {
    it.lie((message) =>
      isReferral(message, "plain.lab")
        ? { authority: [...message.authority, rr("a.lab", TYPE.NSEC, over), rr("good.lab", TYPE.NSEC, over)] }
        : undefined,
    );
    expect(await it.ask("host.plain.lab")).toMatchObject({ status: "insecure", reason: "unsigned delegation" });
    it.transcript();
    expect(await it.ask("www.good.lab")).toMatchObject({ status: "secure", data: ["192.0.2.80"] });
    expect(it.transcript()).toContain("www.good.lab. A > ns.good.lab.");
  }));

test("A-32: one with the zone's own signature, but of another name, does not stand in for the cut's", () =>
  story({}, async (it) => {
    const other = it.signed("lab.", { name: "elsewhere.lab.", type: TYPE.NSEC, data: [over] });
    it.lie((message, ask) => {
      if (isReferral(message, "good.lab"))
        return { authority: [...message.authority.filter(({ type }) => type === TYPE.NS), ...other] };
      return ask.question.type === TYPE.DS && `${ask.question.name}` === "good.lab."
        ? { answer: [], authority: other }
        : undefined;
    });
    const victim = await it.ask("www.good.lab");
    expect(victim).toMatchObject({ status: "bogus", data: [] });
    expect(it.transcript()).toContain("good.lab. DS > ns.lab.");
  }));
