/** beside an answer, the parent's server shows an address below the child's cut, with a signature of the parent's own. */
import { expect, test } from "vitest";
import { rezone } from "../../src/lab/injure.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { asks } from "../attacks/path.ts";
import { evil, story } from "./story.ts";

const world = rezone("lab.", { records: "@ MX 10 svc.good.lab." });

test("A-30: an address expanded from the parent's wildcard is no answer for the child, now or later", () =>
  story({ world }, async (it) => {
    const beside = it.signed("lab.", { name: "*.lab.", as: "svc.good.lab.", type: TYPE.A, data: [evil] });
    it.lie((message, ask) =>
      asks(ask, "lab", TYPE.MX) ? { additional: [...message.additional, ...beside] } : undefined,
    );
    expect(await it.ask("lab", "MX")).toMatchObject({ status: "secure" });
    it.transcript();
    expect(await it.ask("svc.good.lab")).toMatchObject({ status: "secure", data: [] }); // there is no such host
    expect(it.transcript()).toContain("svc.good.lab. A > ns.good.lab.");
  }));

test("A-30: in the answer section it is refused as well", () =>
  story({ world }, async (it) => {
    const answer = it.signed("lab.", { name: "svc.good.lab.", type: TYPE.A, data: [evil] });
    it.lie((_, ask) => (asks(ask, "svc.good.lab", TYPE.A) ? { rcode: 0, answer, authority: [] } : undefined));
    expect(await it.ask("svc.good.lab")).toMatchObject({
      status: "bogus",
      reason: "signature by wrong zone",
      data: [],
    });
  }));
