import { describe, expect, it } from "vitest";
import { anchorsFromZoneText } from "../../src/dnssec/anchors.ts";
import type { Ask } from "../../src/env/env.ts";
import { virtualClock } from "../../src/env/virtual.ts";
import { keyTrap } from "../../src/lab/key-trap.ts";
import { sendsGarbage, silent, wrongId, wrongQuestion } from "../../src/lab/quirks.ts";
import type { Quirk } from "../../src/lab/server.ts";
import { dsRdata } from "../../src/lab/signer.ts";
import { buildWorld, type WorldDescription } from "../../src/lab/world.ts";
import { demoWorld, tellingQuestions } from "../../src/lab/worlds/demo.ts";
import { LAB_NOW, world } from "../../src/lab/wounds.ts";
import { keyTag } from "../../src/wire/key-tag.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, TYPE } from "../../src/wire/registry.ts";
import { addressOf, ask, rrsets, summary } from "./ask.ts";

const forever = new AbortController().signal;

function asking(address: string, name: string, more: Partial<Ask> = {}): Ask {
  return {
    server: { address, port: 53 },
    transport: "udp",
    question: { name: Name.parse(name), type: TYPE.A, class: CLASS.IN },
    rd: false,
    cd: true,
    edns: { udpSize: 1232, options: [] },
    timeoutMs: 1500,
    ...more,
  };
}

const tiny = (...quirks: readonly Quirk[]): WorldDescription => ({
  zones: [{ apex: ".", signing: null, records: "www A 192.0.2.1" }],
  servers: [{ name: "ns.", quirks }],
});

describe("a described world", () => {
  it("gets delegations, DS and glue by itself, and the root's servers as hints", () => {
    const lab = world();
    expect(lab.hints.map(({ name }) => `${name}`)).toEqual(["ns."]);
    const [address] = lab.hints[0]!.addresses;
    expect(address).toMatch(/^127\.53\./);
    expect(summary(ask(lab, "ns", ["www.good.lab", "A"]).authority)).toEqual(["lab. NS", "lab. DS", "lab. RRSIG DS"]);
  });

  it("has its root's DS as trust anchors, in the form that the resolver reads", () => {
    const lab = world();
    const [anchor] = anchorsFromZoneText(lab.anchors, "lab");
    const ksk = lab.zone(".").signedWith!.keys.find(({ role }) => role === "ksk")!;
    expect(anchor!.zone.isRoot).toBe(true);
    expect(anchor!.ds.map((ds) => [ds.keyTag, ...ds.digest])).toEqual([[ksk.tag, ...dsRdata(ksk).subarray(4)]]);
  });

  it("puts glue for a server of a sibling zone beside the delegation", () => {
    const lab = buildWorld(
      {
        zones: [
          { apex: ".", signing: null },
          { apex: "tld.", signing: null },
          { apex: "a.tld.", signing: null, servers: ["ns.b.tld."] },
          { apex: "b.tld.", signing: null, servers: ["ns.b.tld."] },
          { apex: "c.tld.", signing: null, servers: ["ns.elsewhere."] },
        ],
      },
      LAB_NOW,
    );
    expect(rrsets(ask(lab, "ns.tld", ["www.a.tld", "A"]).additional)).toEqual(["ns.b.tld. A"]);
    expect(rrsets(ask(lab, "ns.tld", ["www.c.tld", "A"]).additional)).toEqual([]);
    expect(rrsets(ask(lab, "ns", ["ns.elsewhere", "A"]).answer)).toEqual(["ns.elsewhere. A"]);
  });

  it("is refused with a sentence where it contradicts itself", () => {
    expect(() => buildWorld({ zones: [], servers: [{ name: "ns.nowhere." }] }, LAB_NOW)).toThrow(
      "no zone of the lab names the server ns.nowhere.",
    );
    expect(() => world().zone("nowhere")).toThrow("the lab has no zone nowhere");
    expect(() => buildWorld({ zones: [{ apex: "a.", records: "www.b. A 192.0.2.1" }] }, LAB_NOW)).toThrow(
      "not within the lab zone a.",
    );
    expect(() => world().wound("no such wound")).toThrow('no wound "no such wound"');
  });

  it("of the demo has a server for each telling question's zone, and names no question twice", () => {
    const lab = buildWorld(demoWorld, LAB_NOW);
    const titles = tellingQuestions.map(({ name, type }) => `${name} ${type}`);
    expect(new Set(titles).size).toBe(titles.length);
    for (const { name } of tellingQuestions)
      expect([...lab.zones.values()].some(({ apex }) => !apex.isRoot && Name.parse(name).isWithin(apex))).toBe(true);
  });
});

describe("the exchange in memory", () => {
  it("answers, and counts what each server was asked", async () => {
    const lab = world();
    const root = addressOf(lab, "ns");
    const result = await lab.exchange(asking(root, "www.good.lab"), forever);
    expect(result).toMatchObject({ kind: "reply", rttMs: 0, message: { aa: false } });
    await lab.exchange(asking(addressOf(lab, "ns.lab"), "www.good.lab", { transport: "tcp" }), forever);
    await lab.exchange(asking(root, "lab"), forever);
    expect([lab.count("ns"), lab.count("ns.lab."), lab.count("ns.hash"), lab.count()]).toEqual([2, 1, 0, 3]);
    expect(lab.asked.map(({ server, transport, question }) => `${server} ${transport} ${question.name}`)).toEqual([
      "ns. udp www.good.lab.",
      "ns.lab. tcp www.good.lab.",
      "ns. udp lab.",
    ]);
  });

  it("takes a server's latency, and times out where that is longer than the patience", async () => {
    const clock = virtualClock({ unixSeconds: LAB_NOW });
    const lab = buildWorld({ ...tiny(), servers: [{ name: "ns.", latencyMs: 80 }] }, LAB_NOW, { clock });
    const at = addressOf(lab, "ns");
    expect(await clock.run(() => lab.exchange(asking(at, "www"), forever))).toMatchObject({ kind: "reply", rttMs: 80 });
    expect(clock.monotonicMs()).toBe(80);
    expect(await clock.run(() => lab.exchange(asking(at, "www", { timeoutMs: 50 }), forever))).toEqual({
      kind: "timeout",
      discarded: 0,
    });
    expect(clock.monotonicMs()).toBe(130);
  });

  it("waits for silence as long as the client does, and not at all without a clock", async () => {
    const clock = virtualClock({ unixSeconds: LAB_NOW });
    const lab = buildWorld(tiny(silent()), LAB_NOW, { clock });
    expect(await clock.run(() => lab.exchange(asking(addressOf(lab, "ns"), "www"), forever))).toEqual({
      kind: "timeout",
      discarded: 0,
    });
    expect(clock.monotonicMs()).toBe(1500);
    expect(await clock.run(() => lab.exchange(asking("127.53.99.1", "www"), forever))).toEqual({
      kind: "timeout",
      discarded: 0,
    });
    const timeless = buildWorld(tiny(silent()), LAB_NOW);
    expect(await timeless.exchange(asking(addressOf(timeless, "ns"), "www"), forever)).toEqual({
      kind: "timeout",
      discarded: 0,
    });
  });

  it("ends with a timeout when it is aborted", async () => {
    const clock = virtualClock({ unixSeconds: LAB_NOW });
    const lab = buildWorld({ ...tiny(), servers: [{ name: "ns.", latencyMs: 1000 }] }, LAB_NOW, { clock });
    const abort = new AbortController();
    const waiting = lab.exchange(asking(addressOf(lab, "ns"), "www"), abort.signal);
    abort.abort();
    expect(await waiting).toEqual({ kind: "timeout", discarded: 0 });
  });

  it.each([
    ["garbage", sendsGarbage(), { kind: "timeout", discarded: 1 }, { kind: "garbled" }],
    ["another id", wrongId(), { kind: "near miss" }, { kind: "garbled" }],
    ["another question", wrongQuestion(Name.parse("evil")), { kind: "timeout", discarded: 1 }, { kind: "garbled" }],
  ] as const)("refuses %s as a client on sockets does", async (_, quirk, udp, tcp) => {
    const lab = buildWorld(tiny(quirk), LAB_NOW);
    const at = addressOf(lab, "ns");
    expect(await lab.exchange(asking(at, "www"), forever)).toMatchObject(udp);
    expect(await lab.exchange(asking(at, "www", { transport: "tcp" }), forever)).toMatchObject(tcp);
  });
});

describe("a key trap", () => {
  it("has as many keys and signatures of one tag as it says, in a keyset that is properly signed", () => {
    const lab = buildWorld(
      {
        zones: [
          {
            apex: "trap.",
            signing: { keys: [{ role: "csk", algorithm: 8 }] },
            records: "www A 192.0.2.1",
            edit: (zone) => keyTrap(zone, { keys: 12, signatures: 7 }),
          },
        ],
      },
      LAB_NOW,
    );
    const zone = lab.zone("trap");
    const keys = zone.get(zone.apex, TYPE.DNSKEY)!;
    const signatures = zone.get(Name.parse("www.trap"), TYPE.A)!.signatures;
    const tags = keys.data.map(keyTag);
    const trapped = tags.filter((tag) => tag === tags[1]);
    expect(trapped).toHaveLength(12);
    expect(new Set(keys.data.map((rdata) => Buffer.from(rdata).toString("hex"))).size).toBe(13);
    expect(signatures).toHaveLength(7);
    for (const rrsig of signatures) expect((rrsig[16]! << 8) | rrsig[17]!).toBe(tags[1]);
    expect(keys.signatures).toHaveLength(1);
  });
});
