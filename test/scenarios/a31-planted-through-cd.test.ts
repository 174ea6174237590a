/** a client with CD=1 brings forged data into the resolver; another one, who trusts it, must not meet it. */
import { expect, test } from "vitest";
import { TYPE } from "../../src/wire/registry.ts";
import { asks, rr } from "../attacks/path.ts";
import { story } from "./story.ts";

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
