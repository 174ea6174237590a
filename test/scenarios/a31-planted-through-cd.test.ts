/** a client with CD=1 brings a forged denial into the resolver; another one, who trusts it, must not meet it. */
import { expect, test } from "vitest";
import { nsecRdata } from "../../src/lab/chains.ts";
import { Name } from "../../src/wire/name.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import { asks, rr } from "../attacks/path.ts";
import { story } from "./story.ts";

test("A-31: what was never judged denies nothing: not the name, not its neighbours", () =>
  story({}, async (it) => {
    const everything = nsecRdata(Name.parse("good.lab"), [TYPE.NS, TYPE.SOA, TYPE.RRSIG, TYPE.NSEC]);
    it.lie((message, ask) =>
      asks(ask, "ghost.good.lab")
        ? {
            rcode: RCODE.NXDOMAIN,
            authority: [
              ...message.authority.filter(({ type }) => type === TYPE.SOA),
              rr("good.lab", TYPE.NSEC, everything),
            ],
          }
        : undefined,
    );
    const planted = await it.meanwhile(() => it.resolver.resolveUnchecked("ghost.good.lab", "A"));
    expect(planted.rcode).toBe(RCODE.NXDOMAIN);
    it.transcript();
    expect(await it.ask("www.good.lab")).toMatchObject({ status: "secure", data: ["192.0.2.80"] });
    expect(await it.ask("mx.good.lab")).toMatchObject({ status: "secure", data: ["192.0.2.25"] });
    expect(it.transcript()).toEqual(
      expect.arrayContaining(["www.good.lab. A > ns.good.lab.", "mx.good.lab. A > ns.good.lab."]),
    );
    // who asks for the planted name itself and trusts us hears that it is forged
    expect(await it.ask("ghost.good.lab")).toMatchObject({ status: "bogus", data: [] });
  }));

test("A-31: forged data that a CD client was given is not the next client's answer", () =>
  story({}, async (it) => {
    it.lie((_, ask) =>
      asks(ask, "www.good.lab", TYPE.A)
        ? { answer: [rr("www.good.lab", TYPE.A, Uint8Array.of(6, 6, 6, 6))], authority: [] }
        : undefined,
    );
    const planted = await it.meanwhile(() => it.resolver.resolveUnchecked("www.good.lab", "A"));
    expect(planted.answer).toHaveLength(1);
    it.lie(null);
    expect(await it.ask("www.good.lab")).toMatchObject({ status: "secure", data: ["192.0.2.80"] });
  }));
