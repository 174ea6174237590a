/** a wildcard's answer with the proof that nothing is closer taken from the parent's chain. RFC 5155 §8.8. */
import { expect, test } from "vitest";
import { nsec3Hash, nsec3Owner, nsec3Rdata } from "../../src/lab/chains.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { asks } from "../attacks/path.ts";
import { story, withoutDenials } from "./story.ts";

test("A-28: the parent's NSEC3 chain proves nothing about names in the child", () =>
  story({}, async (it) => {
    const name = Name.parse("a.wild.good.hash");
    const hash = nsec3Hash(name, new Uint8Array(0), 0);
    const around = (by: number): Uint8Array => {
      const other = hash.slice();
      other[19]! += by;
      return other;
    };
    // hash. itself signs a span around the hash of a name that is not its own.
    const span = it.signed("hash.", {
      name: `${nsec3Owner(around(-1), Name.parse("hash"))}`,
      type: TYPE.NSEC3,
      data: [nsec3Rdata({ iterations: 0, salt: new Uint8Array(0), optOut: false, next: around(1), types: [TYPE.A] })],
    });
    it.lie((message, ask) =>
      asks(ask, "a.wild.good.hash", TYPE.A)
        ? { authority: [...withoutDenials(message.authority), ...span] }
        : undefined,
    );
    const victim = await it.ask("a.wild.good.hash");
    expect(victim).toMatchObject({ status: "bogus", reason: "wildcard without proof", data: [] });
    it.lie(null);
    expect(await it.ask("b.wild.good.hash")).toMatchObject({ status: "secure", data: ["192.0.2.102"] });
  }));
