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
