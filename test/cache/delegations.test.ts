/** How long a delegation holds: as long as its parent said, or less. */
import { describe, expect, test } from "vitest";
import { DelegationCache } from "../../src/cache/delegations.ts";
import { virtualClock } from "../../src/env/virtual.ts";
import type { Delegation } from "../../src/iterator/delegation.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import { Name } from "../../src/wire/name.ts";

const zone = Name.parse("example.com");
const www = Name.parse("www.example.com");

function delegation(name: Name, ttl: number): Delegation {
  const servers = [{ name: Name.parse("ns.example.net"), addresses: ["192.0.2.1"] }];
  return { zone: name, parent: name.parent(), ds: null, evidence: [], servers, mode: "authoritative", ttl, port: 53 };
}

function cache(minTtl = 60) {
  const clock = virtualClock({ unixSeconds: LAB_NOW });
  const delegations = new DelegationCache(clock, { maxOctets: 1_000_000, minTtl, maxTtl: 86400 });
  delegations.startAt({ ...delegation(Name.root, 3600), parent: null });
  delegations.remember(delegation(zone, 86400));
  const knownAfter = async (seconds: number): Promise<boolean> => {
    await clock.advance(seconds * 1000);
    return delegations.get(zone) !== undefined;
  };
  return { clock, delegations, knownAfter };
}

describe("what the child says of its own NS RRs", () => {
  test("ends its delegation sooner than the parent said", async () => {
    const { delegations, knownAfter } = cache();
    delegations.shorten(zone, 300);
    expect(await knownAfter(299)).toBe(true);
    expect(await knownAfter(2)).toBe(false);
  });

  test("never prolongs it: a zone that lost its delegation cannot keep it alive (CVE-2026-40622)", async () => {
    const { delegations, knownAfter } = cache();
    for (let day = 0; day < 3; day++) {
      delegations.shorten(zone, 604800);
      await knownAfter(43200);
    }
    expect(await knownAfter(0)).toBe(false);
  });

  test("cannot make us ask the parent again and again", async () => {
    const { delegations, knownAfter } = cache();
    delegations.shorten(zone, 0);
    expect(await knownAfter(59)).toBe(true);
  });

  test("means nothing for a zone that is not known, or that the operator configured", () => {
    const { delegations } = cache();
    delegations.shorten(Name.parse("other.example"), 1);
    delegations.shorten(Name.root, 1);
    expect(delegations.get(Name.root)).toBeDefined();
  });
});

describe("the root's delegation", () => {
  const rootBy = (address: string): Delegation => {
    const servers = [{ name: Name.parse("ns.root"), addresses: [address] }];
    return { ...delegation(Name.root, 3600), parent: null, servers };
  };
  const addressOf = (delegations: DelegationCache) => delegations.get(Name.root)!.servers[0]!.addresses[0];

  test("is what the root said of itself for as long as it said, and the hints before and after", async () => {
    const { clock, delegations } = cache();
    delegations.startAt(rootBy("192.0.2.10"));
    expect(addressOf(delegations)).toBe("192.0.2.10");
    delegations.remember(rootBy("192.0.2.11"));
    expect(addressOf(delegations)).toBe("192.0.2.11");
    await clock.advance(3601_000);
    expect(addressOf(delegations)).toBe("192.0.2.10");
    expect(delegations.closest(www).zone.isRoot).toBe(false);
    await clock.advance(86_400_000);
    expect(delegations.closest(www).zone.isRoot).toBe(true);
  });

  test("is the operator's where he named servers for it, whatever was learned, from a snapshot for example", () => {
    const { delegations } = cache();
    delegations.startAt(rootBy("192.0.2.10"));
    delegations.remember(rootBy("192.0.2.11"));
    delegations.configure(rootBy("10.0.0.1"));
    delegations.remember(rootBy("192.0.2.12"));
    expect(addressOf(delegations)).toBe("10.0.0.1");
    expect(delegations.closest(Name.parse("other.example")).servers[0]!.addresses).toEqual(["10.0.0.1"]);
  });
});

describe("who asks ahead of expiry", () => {
  test("asks the parent again for what is about to end as well, and leaves the rest alone", async () => {
    const { clock, delegations } = cache();
    delegations.remember(delegation(Name.parse("com"), 172800));
    await clock.advance(86400 * 0.89 * 1000);
    delegations.forgetEnding(www, 0.1);
    expect(delegations.get(zone)).toBeDefined();
    await clock.advance(86400 * 0.02 * 1000);
    delegations.forgetEnding(Name.parse("www.example.org"), 0.1);
    expect(delegations.get(zone)).toBeDefined();
    delegations.forgetEnding(www, 0.1);
    expect(delegations.get(zone)).toBeUndefined();
    expect(delegations.closest(www).zone.isRoot).toBe(true);
  });
});
