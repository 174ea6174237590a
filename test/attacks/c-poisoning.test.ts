/**
 * ATTACKS section C: records that nobody asked for. The victims are unsigned zones, where no signature would notice, and
 * what counts is what the next question meets: the old servers, the old addresses.
 */
import { describe, expect, test } from "vitest";
import { rezone } from "../../src/lab/injure.ts";
import type { WorldDescription } from "../../src/lab/world.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, RCODE, TYPE } from "../../src/wire/registry.ts";
import { attack } from "./fixture.ts";
import { a, asks, asksWithin, cname, dname, lying, ns, rr } from "./path.ts";

const EVIL = "6.6.6.6";
const HOST = "192.0.2.90";
const poison = {
  authority: [ns("plain.lab", "ns.evil"), ns("lab", "ns.evil")],
  additional: [a("ns.evil", EVIL), a("ns.plain.lab", EVIL)],
};

const moreHosts = rezone("plain.lab.", {
  records: `host A ${HOST}\nother A ${HOST}\nthird A ${HOST}\nalias CNAME host.plain.hash.`,
});

describe("A-55: NS that nobody asked for", () => {
  const shapes = {
    "a positive answer": ["host.plain.lab", {}],
    "no data": ["host.plain.lab", { answer: [] }],
    "a name error": ["nobody.plain.lab", {}],
    "an overlong DNAME": ["host.plain.lab", { rcode: RCODE.YXDOMAIN, answer: [] }],
  } as const;
  for (const [what, [name, change]] of Object.entries(shapes)) {
    test(`A-55: beside ${what}: dropped, with its glue, and the next question goes to the old servers`, async () => {
      const path = lying((message, ask) =>
        asks(ask, name) && ask.server.address !== EVIL
          ? { ...change, authority: [...message.authority, ...poison.authority], additional: poison.additional }
          : undefined,
      );
      await attack({ world: moreHosts, path }, async (scene) => {
        await scene.ask(name);
        const next = await scene.ask("other.plain.lab");
        expect(next).toMatchObject({ status: "insecure", data: [HOST], cost: { packets: 1 } });
        const sibling = await scene.ask("www.good.lab");
        expect(sibling).toMatchObject({ status: "secure" });
        expect(scene.packets.some(({ to }) => to === EVIL)).toBe(false);
        expect(scene.packets.at(-1)!.to).toBe(scene.addressOf("ns.good.lab"));
      });
    });
  }
});

test("A-56: a neighbour's NS in a referral is dropped", async () => {
  const path = lying((message, ask) =>
    asksWithin(ask, "plain.lab") && ask.question.type !== TYPE.DS && message.aa === false
      ? {
          authority: [ns("plain.hash", "ns.evil"), ns("good.lab", "ns.evil"), ...message.authority],
          additional: [...message.additional, a("ns.evil", EVIL)],
        }
      : undefined,
  );
  await attack({ path }, async (scene) => {
    expect(await scene.ask("host.plain.lab")).toMatchObject({ status: "insecure", data: [HOST] });
    expect(await scene.ask("host.plain.hash")).toMatchObject({ status: "insecure", data: ["192.0.2.91"] });
    expect(await scene.ask("www.good.lab")).toMatchObject({ status: "secure" });
    expect(scene.packets.some(({ to }) => to === EVIL)).toBe(false);
    expect(scene.packets.length).toBeLessThanOrEqual(16);
  });
});

test("A-57: an address for the parent's server beside an answer replaces nothing and answers nobody", async () => {
  const path = lying((message, ask) =>
    asks(ask, "host.plain.lab")
      ? {
          authority: [
            ...message.authority,
            rr("plain.lab", TYPE.MX, Uint8Array.of(0, 1, ...Name.parse("ns.plain.lab").wire)),
          ],
          additional: [a("ns.plain.lab", EVIL, { ttl: 86400 })],
        }
      : undefined,
  );
  await attack({ world: moreHosts, path }, async (scene) => {
    await scene.ask("host.plain.lab");
    const next = await scene.ask("other.plain.lab");
    expect(next).toMatchObject({ data: [HOST], cost: { packets: 1 } });
    const server = await scene.ask("ns.plain.lab");
    expect(server.data).toEqual([scene.addressOf("ns.plain.lab")]);
    expect(scene.packets.some(({ to }) => to === EVIL)).toBe(false);
  });
});

describe("A-58: aliases out of the zone", () => {
  test("A-58: a DNAME above the zone that was asked is dropped; its neighbours stay where they are", async () => {
    const path = lying((_, ask) =>
      asks(ask, "host.plain.lab")
        ? { answer: [dname("lab", "evil"), cname("host.plain.lab", "host.plain.evil")] }
        : undefined,
    );
    await attack({ world: moreHosts, path }, async (scene) => {
      await scene.ask("host.plain.lab");
      expect(await scene.ask("other.plain.lab")).toMatchObject({ data: [HOST], cost: { packets: 1 } });
      expect(await scene.ask("www.good.lab")).toMatchObject({ status: "secure", data: ["192.0.2.80"] });
      const refused = scene.events.filter((event) => event.kind === "refused");
      expect(refused.map((event) => `${event.kind === "refused" && event.name}`)).toContain("lab.");
    });
  });

  test("A-58: what an alias leads to in another zone is asked there", async () => {
    const path = lying((_, ask) =>
      asks(ask, "alias.plain.lab")
        ? { answer: [cname("alias.plain.lab", "host.plain.hash"), a("host.plain.hash", EVIL)] }
        : undefined,
    );
    await attack({ world: moreHosts, path }, async (scene) => {
      const victim = await scene.ask("alias.plain.lab");
      expect(victim).toMatchObject({ status: "insecure", data: ["192.0.2.91"] });
      expect((await scene.ask("host.plain.hash")).data).toEqual(["192.0.2.91"]);
    });
  });
});

test("A-59: a neighbour's DS in a referral is dropped: neither bogus nor signed does it make anybody", async () => {
  const ds = Uint8Array.of(0x12, 0x34, 13, 2, ...new Uint8Array(32).fill(7));
  const path = lying((message, ask) =>
    asksWithin(ask, "good.lab") && !message.aa
      ? { authority: [rr("plain.lab", TYPE.DS, ds), rr("hash", TYPE.DS, ds), ...message.authority] }
      : undefined,
  );
  await attack({ path }, async (scene) => {
    expect(await scene.ask("www.good.lab")).toMatchObject({ status: "secure" });
    expect(await scene.ask("host.plain.lab")).toMatchObject({ status: "insecure", reason: "unsigned delegation" });
    expect(await scene.ask("www.good.hash")).toMatchObject({ status: "secure" });
  });
});

/** guest.hash. is served by a host of plain.lab., so glue from hash. is nobody's word. */
const guest = (world: WorldDescription): WorldDescription => ({
  ...world,
  zones: [
    ...world.zones,
    { apex: "guest.hash.", servers: ["ns.plain.lab."], signing: null, records: "www A 192.0.2.66" },
  ],
});

test("A-60: glue for a host of another zone is ignored, and the name is looked up", async () => {
  const path = lying((message, ask) =>
    asksWithin(ask, "guest.hash") && !message.aa && message.authority.some(({ type }) => type === TYPE.NS)
      ? { additional: [a("ns.plain.lab", EVIL)] }
      : undefined,
  );
  await attack({ world: guest, path }, async (scene) => {
    const victim = await scene.ask("www.guest.hash");
    expect(victim).toMatchObject({ status: "insecure", data: ["192.0.2.66"] });
    expect(victim.cost.packets).toBeLessThanOrEqual(16);
    expect((await scene.ask("ns.plain.lab")).data).toEqual([scene.addressOf("ns.plain.lab")]);
    expect(scene.packets.some(({ to }) => to === EVIL)).toBe(false);
  });
});

describe("A-61: addresses where no name server of a zone lives", () => {
  const useless = ["0.0.0.0", "127.0.0.1", "10.1.2.3", "169.254.1.1", "224.0.0.1", "255.255.255.255"];
  for (const address of useless) {
    test(`A-61: glue ${address} is never asked; a good server beside it is`, async () => {
      const path = lying((message, ask) =>
        asksWithin(ask, "plain.lab") && !message.aa
          ? {
              authority: [ns("plain.lab", "bad.plain.lab"), ...message.authority],
              additional: [...message.additional, a("bad.plain.lab", address)],
            }
          : undefined,
      );
      await attack({ path }, async (scene) => {
        expect(await scene.ask("host.plain.lab")).toMatchObject({ status: "insecure", data: [HOST] });
        expect(scene.packets.some(({ to }) => to === address)).toBe(false);
      });
    });
  }

  test("A-61: where it is the only glue, the question fails without a packet to it and without a loop", async () => {
    const path = lying((message, ask) =>
      asksWithin(ask, "plain.lab") && !message.aa
        ? { additional: [a("ns.plain.lab", "127.0.0.1"), rr("ns.plain.lab", TYPE.AAAA, new Uint8Array(16))] }
        : undefined,
    );
    await attack({ path }, async (scene) => {
      const victim = await scene.ask("host.plain.lab");
      expect(victim).toMatchObject({ status: "indeterminate", reason: "no reachable authority", ede: [22] });
      expect(victim.cost.packets).toBeLessThanOrEqual(12);
      expect(scene.packets.some(({ to }) => to === "127.0.0.1" || to === "::")).toBe(false);
      expect((await scene.ask("host.plain.lab")).cost.packets, "asked again at once").toBe(0);
    });
  });

  test("A-61: a child whose glue is its parent's own server is lame: no loop, nothing forgotten", async () => {
    const selfPointed = lying((message, ask) =>
      asksWithin(ask, "plain.lab") && !message.aa && message.authority.some(({ type }) => type === TYPE.NS)
        ? { additional: [a("ns.plain.lab", ask.server.address)] }
        : undefined,
    );
    await attack({ path: selfPointed }, async (scene) => {
      const victim = await scene.ask("host.plain.lab");
      expect(victim).toMatchObject({ status: "indeterminate", reason: "no reachable authority" });
      expect(victim.cost.packets).toBeLessThanOrEqual(12);
      expect(await scene.ask("www.good.lab")).toMatchObject({ status: "secure" });
    });
  });
});

describe("A-63: MaginotDNS: configured zones obey the same bailiwick", () => {
  const SERVER = "193.53.0.4";
  const forged = [a("www.good.hash", EVIL), a("host.plain.hash", EVIL)];
  const path = lying((message, ask) =>
    ask.server.address === SERVER
      ? {
          answer: [...message.answer, ...forged],
          authority: [ns("hash", "ns.evil"), ns(".", "ns.evil")],
          additional: [a("ns.evil", EVIL)],
        }
      : undefined,
  );
  for (const mode of ["stubs", "forwards"] as const) {
    test(`A-63: of ${mode}, records above the zone are dropped`, async () => {
      const servers = [{ address: SERVER, port: 53 }];
      await attack(
        { world: moreHosts, path, parts: { [mode]: [{ zone: Name.parse("plain.lab"), servers }] } },
        async (scene) => {
          expect(scene.addressOf("ns.plain.lab")).toBe(SERVER);
          expect(await scene.ask("host.plain.lab")).toMatchObject({ status: "insecure", data: [HOST] });
          expect(await scene.ask("alias.plain.lab")).toMatchObject({ status: "insecure", data: ["192.0.2.91"] });
          expect((await scene.ask("host.plain.hash")).data).toEqual(["192.0.2.91"]);
          expect(await scene.ask("www.good.hash")).toMatchObject({ status: "secure" });
          expect(scene.packets.some(({ to }) => to === EVIL)).toBe(false);
        },
      );
    });
  }
});

test("A-64: a forged name error for a client with CD=1 leaves what is proven alone", async () => {
  let forging = false;
  const path = lying((_, ask) =>
    forging && asksWithin(ask, "good.lab") ? { rcode: RCODE.NXDOMAIN, answer: [], authority: [] } : undefined,
  );
  await attack({ path }, async (scene) => {
    expect(await scene.ask("www.good.lab")).toMatchObject({ status: "secure" });
    forging = true;
    const unchecked = await scene.meanwhile(() => scene.resolver.resolveUnchecked("www.good.lab", "A"));
    const other = await scene.meanwhile(() => scene.resolver.resolveUnchecked("mx.good.lab", "A"));
    expect([unchecked.rcode, other.rcode]).toEqual([RCODE.NXDOMAIN, RCODE.NXDOMAIN]);
    forging = false;
    expect(await scene.ask("www.good.lab")).toMatchObject({
      status: "secure",
      data: ["192.0.2.80"],
      cost: { packets: 0 },
    });
    expect(await scene.ask("mx.good.lab")).toMatchObject({
      status: "secure",
      data: ["192.0.2.25"],
      cost: { signatures: 1 },
    });
  });
});

describe("A-65: data beside an error", () => {
  for (const rcode of [RCODE.SERVFAIL, RCODE.REFUSED, RCODE.YXDOMAIN, RCODE.NOTAUTH, RCODE.FORMERR]) {
    test(`A-65: rcode ${rcode}: the records count for nothing`, async () => {
      const path = lying((_, ask) =>
        asks(ask, "host.plain.lab") ? { rcode, answer: [a("host.plain.lab", EVIL)] } : undefined,
      );
      await attack({ path }, async (scene) => {
        const victim = await scene.ask("host.plain.lab");
        expect(victim).toMatchObject({
          status: "indeterminate",
          reason: "no reachable authority",
          data: [],
          ede: [22],
        });
        expect(victim.cost.packets).toBeLessThanOrEqual(14);
        expect(await scene.ask("host.plain.lab")).toMatchObject({ ede: [22, 13], cost: { packets: 0 } });
      });
    });
  }
});

test("A-66: records of class CH in an answer of class IN are dropped, referral or not", async () => {
  const CH = { class: CLASS.CH };
  const path = lying((message, ask) => {
    if (asks(ask, "host.plain.lab") && message.aa)
      return { answer: [a("host.plain.lab", EVIL, CH), ...message.answer] };
    if (asksWithin(ask, "plain.lab") && !message.aa)
      return {
        authority: [ns("plain.lab", "ns.evil.lab", CH), ...message.authority],
        additional: [a("ns.plain.lab", EVIL, CH), ...message.additional],
      };
    return undefined;
  });
  await attack({ path }, async (scene) => {
    expect(await scene.ask("host.plain.lab")).toMatchObject({ status: "insecure", data: [HOST] });
    expect(scene.packets.some(({ to }) => to === EVIL)).toBe(false);
  });
});

describe("A-67: bogus data comes in by no other door", () => {
  /** guest.hash. is served by a host of signed good.lab., whose address is forged. */
  const served = (world: WorldDescription): WorldDescription => ({
    ...world,
    zones: [
      ...world.zones.map((zone) => (zone.apex === "good.lab." ? { ...zone, servers: ["ns.good.lab."] } : zone)),
      { apex: "guest.hash.", servers: ["out.good.lab."], signing: null, records: "www A 192.0.2.66" },
    ],
  });

  test("A-67: a bogus address is no name server's address", async () => {
    const path = lying((message, ask) =>
      asks(ask, "out.good.lab", TYPE.A) && message.answer.length > 0
        ? { answer: message.answer.map((record) => (record.type === TYPE.A ? a("out.good.lab", EVIL) : record)) }
        : undefined,
    );
    await attack({ world: served, path }, async (scene) => {
      const victim = await scene.ask("www.guest.hash");
      expect(victim).toMatchObject({ status: "indeterminate", reason: "no reachable authority" });
      expect(scene.packets.some(({ to }) => to === EVIL)).toBe(false);
    });
  });

  test("A-67: bogus stays bogus from the cache, by every way of asking", async () => {
    const path = lying((message, ask) =>
      asks(ask, "www.good.lab", TYPE.A) && message.aa
        ? { answer: message.answer.map((record) => (record.type === TYPE.A ? a("www.good.lab", EVIL) : record)) }
        : undefined,
    );
    await attack({ path }, async (scene) => {
      expect(await scene.ask("www.good.lab")).toMatchObject({ status: "bogus", reason: "signature wrong", ede: [6] });
      expect(await scene.ask("www.good.lab")).toMatchObject({
        status: "bogus",
        data: [],
        ede: [6, 13],
        cost: { packets: 0, signatures: 0 },
      });
      expect(await scene.ask("alias.good.lab"), "through an alias").toMatchObject({ status: "bogus", data: [] });
      await scene.clock.advance(30_000);
      expect(await scene.ask("www.good.lab"), "half a minute later").toMatchObject({
        status: "bogus",
        cost: { packets: 0 },
      });
      expect(JSON.stringify(scene.events.filter(({ kind }) => kind !== "replied"))).not.toContain(EVIL);
    });
  });
});
