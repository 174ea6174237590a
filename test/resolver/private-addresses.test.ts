/** DNS rebinding: names from outside that claim addresses inside. */
import { describe, expect, test } from "vitest";
import { rezone } from "../../src/lab/injure.ts";
import { PrivateAddresses } from "../../src/resolver/private-addresses.ts";
import { addressFromRdata } from "../../src/wire/address.ts";
import { Name } from "../../src/wire/name.ts";
import { EDE, RCODE } from "../../src/wire/registry.ts";
import { type Scene, type Seen, scene } from "./scene.ts";

const inside = ["10.0.0.0/8", "192.168.0.0/16", "fd00::/8"];
const world = rezone("plain.lab.", {
  records: `
    rebind A    10.1.2.3
    mixed  A    192.0.2.90
    mixed  A    10.1.2.3
    six    AAAA fd12::1
    mapped AAAA ::ffff:10.1.2.3
    sixto4 AAAA 2002:a01:203::1
    outer  AAAA 2001:db8::1
    alias  CNAME rebind
    text   TXT  "10.1.2.3"
  `,
});
const signed = rezone("good.lab.", { records: "www A 10.1.2.3\nout A 192.0.2.1" });

const addresses = ({ answer: { verdict } }: Seen): string[] =>
  "value" in verdict
    ? verdict.value.rrsets.flatMap((rrset) => rrset.data.map((data) => addressFromRdata(rrset.type, data)))
    : [];

const filtered = (play: (it: Scene) => Promise<void>, more: object = {}) =>
  scene({ world, parts: { privateAddresses: inside, ...more } }, play);

describe("an unsigned name with an address inside", () => {
  test("has no such address, and the client is told why", () =>
    filtered(async (it) => {
      const seen = await it.ask("rebind.plain.lab");
      expect(seen.says).toBe("insecure no data");
      expect(seen.ede).toEqual([EDE.BLOCKED]);
      expect(seen.answer.rcode).toBe(RCODE.NOERROR);
      expect((await it.ask("rebind.plain.lab")).packets).toEqual([]);
    }));

  test("keeps the addresses that are not inside", () =>
    filtered(async (it) => {
      const seen = await it.ask("mixed.plain.lab");
      expect(addresses(seen)).toEqual(["192.0.2.90"]);
      expect(seen.ede).toEqual([EDE.BLOCKED]);
    }));

  test.each(["six", "mapped", "sixto4"])("in IPv6 as well: %s", (host) =>
    filtered(async (it) => expect((await it.ask(`${host}.plain.lab`, "AAAA")).says).toBe("insecure no data")),
  );

  test("behind an alias as well", () =>
    filtered(async (it) => expect((await it.ask("alias.plain.lab")).says).toBe("insecure no data")));

  test("is not hidden from who judges for himself: he must not get it either", () =>
    filtered(async (it) => {
      const unchecked = await it.clock.run(() => it.resolver.resolveUnchecked("rebind.plain.lab", "A"));
      expect(unchecked.answer).toEqual([]);
      expect(unchecked.ede.map(({ code }) => code)).toEqual([EDE.BLOCKED]);
    }));
});

describe("everything else is as it was", () => {
  test("addresses outside, other types, names of the operator's own", async () => {
    await filtered(async (it) => {
      expect(addresses(await it.ask("outer.plain.lab", "AAAA"))).toEqual(["2001:db8::1"]);
      expect((await it.ask("text.plain.lab", "TXT")).says).toBe("insecure answer");
      expect(addresses(await it.ask("localhost"))).toEqual(["127.0.0.1"]);
    });
    await filtered(async (it) => expect(addresses(await it.ask("rebind.plain.lab"))).toEqual(["10.1.2.3"]), {
      privateDomains: [Name.parse("PLAIN.lab.")],
    });
  });

  test("without the option", () =>
    scene({ world }, async (it) => expect(addresses(await it.ask("rebind.plain.lab"))).toEqual(["10.1.2.3"])));
});

test("a signed name with an address inside fails as a whole: a part of it would prove nothing", () =>
  scene({ world: signed, parts: { privateAddresses: inside } }, async (it) => {
    const seen = await it.ask("www.good.lab");
    expect(seen.says).toBe("indeterminate: private address");
    expect(seen.answer.rcode).toBe(RCODE.SERVFAIL);
    expect(seen.ede).toEqual([EDE.BLOCKED]);
    expect((await it.ask("out.good.lab")).says).toBe("secure answer");
  }));

test.each(["10.0.0.0/33", "fd00::/129", "10.0.0", "example.com", ""])(
  "%s is no prefix, and the error says so",
  (text) => {
    expect(() => new PrivateAddresses([text], [])).toThrow(`"${text}" is no prefix`);
  },
);
