/** a denial whose signer lies below the name that it denies. RFC 4035 §5.3.1: the signer is the owner's zone. */
import { expect, test } from "vitest";
import { nsecRdata } from "../../src/lab/chains.ts";
import { addZone } from "../../src/lab/injure.ts";
import { Name } from "../../src/wire/name.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import { asks } from "../attacks/path.ts";
import { story, without } from "./story.ts";

test("A-24: a child's key denies nothing above the child", () =>
  story({ world: addZone({ apex: "sub.mx.good.lab." }) }, async (it) => {
    expect(await it.ask("sub.mx.good.lab", "SOA")).toMatchObject({ status: "secure" });
    const denial = it.signed("sub.mx.good.lab.", {
      name: "mx.good.lab.",
      type: TYPE.NSEC,
      data: [nsecRdata(Name.parse("www.good.lab"), [TYPE.MX, TYPE.RRSIG, TYPE.NSEC])],
    });
    it.lie((message, ask) =>
      asks(ask, "mx.good.lab", TYPE.A)
        ? { rcode: RCODE.NOERROR, answer: [], authority: [...without(message.authority, TYPE.NSEC), ...denial] }
        : undefined,
    );
    const victim = await it.ask("mx.good.lab");
    expect(victim).toMatchObject({ status: "bogus", reason: "signature by wrong zone", data: [], ede: [6] });
    expect(it.transcript().filter((line) => line.startsWith("mx.good.lab. A"))).toEqual([
      "mx.good.lab. A > ns.good.lab.",
    ]);
    it.lie(null);
    expect(await it.ask("mx.good.lab", "AAAA")).toMatchObject({ status: "secure" });
  }));
