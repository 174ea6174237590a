/** ATTACKS section F: attempts to switch DANE off, seen by a mail server's own calls over the whole resolver. */
import { describe, expect, test } from "vitest";
import { planDelivery } from "../../src/dane/smtp-plan.ts";
import { lookupTlsa } from "../../src/dane/tlsa-lookup.ts";
import { addZone, edit, type Injury, rezone, together } from "../../src/lab/injure.ts";
import { keyTrap } from "../../src/lab/key-trap.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import { attack, type Scene, wound } from "./fixture.ts";
import { asks, lying } from "./path.ts";

const tlsaOf = (scene: Scene, host: string) => scene.meanwhile(() => lookupTlsa(scene.resolver, host, 25, "tcp"));

describe("A-100: TLSA questions fail while all else is well", () => {
  for (const name of [
    "TLSA dropped",
    "TLSA refused",
    "TLSA SERVFAIL",
    "TLSA NOTIMP",
    "existing type denied",
    "TLSA changed",
  ]) {
    test(`A-100: ${name}: nobody knows, so mail waits; never "no TLSA here"`, async () => {
      await attack({ world: wound(name) }, async (scene) => {
        expect(await scene.ask("mx.good.lab")).toMatchObject({ status: "secure" });
        const victim = await scene.ask("_25._tcp.mx.good.lab", "TLSA");
        expect(victim.status).toMatch(/bogus|indeterminate/);
        expect(victim.data).toEqual([]);
        expect((await tlsaOf(scene, "mx.good.lab")).kind).toBe("unknown");
        const plan = await scene.meanwhile(() => planDelivery(scene.resolver, "good.lab"));
        expect(plan.hosts.map(({ action }) => action.do)).toEqual(["skip"]);
      });
    });
  }

  test("A-100: with its signatures stripped on the way, a TLSA RRset is bogus, not absent", async () => {
    const path = lying((message, ask) =>
      ask.question.type === TYPE.TLSA
        ? { answer: message.answer.filter(({ type }) => type !== TYPE.RRSIG) }
        : undefined,
    );
    await attack({ path }, async (scene) => {
      expect((await tlsaOf(scene, "mx.good.lab")).kind).toBe("unknown");
    });
  });
});

test("A-101: no TLSA says an opt-out span: as insecure as the zone that is not there, and it is told", async () => {
  await attack({}, async (scene) => {
    const victim = await scene.ask("_25._tcp.nobody.optout", "TLSA");
    expect(victim).toMatchObject({ status: "insecure", reason: "opt-out", data: [] });
    expect(victim.answer.authenticated).toBe(false);
    expect(await tlsaOf(scene, "nobody.optout")).toMatchObject({ kind: "absent", because: { status: "insecure" } });
  });
});

test("A-102: through an alias that nobody signed, TLSA at the target is not used: there is nothing at the initial name", async () => {
  const world: Injury = rezone("plain.lab.", { records: "mail CNAME mx.good.lab.\n@ MX 10 mail" });
  await attack({ world }, async (scene) => {
    expect((await tlsaOf(scene, "mx.good.lab")).kind, "the target by itself").toBe("usable");
    expect((await tlsaOf(scene, "mail.plain.lab")).kind).toBe("absent");
    const plan = await scene.meanwhile(() => planDelivery(scene.resolver, "plain.lab"));
    expect(plan.hosts.map(({ action }) => action.do)).toEqual(["opportunistic"]);
  });
});

describe("A-103: _tcp denied by mistake", () => {
  test("A-103: an unsigned name error for _tcp does not hide _25._tcp", async () => {
    await attack({ world: wound("name error at an empty non-terminal") }, async (scene) => {
      const victim = await scene.ask("_25._tcp.host.plain.lab", "TLSA");
      expect(victim).toMatchObject({ status: "insecure" });
      expect(victim.data.length).toBe(1);
    });
  });

  test("A-103: nor does one for the host itself, which only a shortened question meets", async () => {
    const path = lying((_message, ask) =>
      asks(ask, "host.plain.lab", TYPE.A) ? { rcode: RCODE.NXDOMAIN, answer: [] } : undefined,
    );
    const world = rezone("plain.lab.", { records: `_25._tcp.host TLSA 3 1 1 ${"ab".repeat(32)}` });
    await attack({ world, path, settings: { strictMinimise: true } }, async (scene) => {
      expect((await scene.ask("_25._tcp.host.plain.lab", "TLSA")).data.length).toBe(1);
    });
  });

  test("A-103: a proven one is final", async () => {
    await attack({}, async (scene) => {
      expect(await scene.ask("_tcp.www.good.lab")).toMatchObject({ status: "secure" });
      const victim = await scene.ask("_25._tcp.www.good.lab", "TLSA");
      expect(victim).toMatchObject({ status: "secure", data: [], cost: { packets: 0 } });
    });
  });
});

describe("A-104: large TLSA RRsets", () => {
  const many = (count: number, octets: number): Injury =>
    rezone("good.lab.", ({ records }) => ({
      records: `${records}\n${Array.from({ length: count }, (_, i) => `_25._tcp.many TLSA 3 0 0 ${(0x10000 + i).toString(16).padEnd(octets * 2, "5")}`).join("\n")}`,
    }));

  test("A-104: 200 whole certificates, 60 KB by TCP, are delivered", async () => {
    await attack({ world: many(200, 290) }, async (scene) => {
      const victim = await scene.ask("_25._tcp.many.good.lab", "TLSA");
      expect(victim).toMatchObject({ status: "secure" });
      expect(victim.data.length).toBe(200);
      expect(victim.cost.octets).toBeLessThanOrEqual(256 * 1024);
      expect((await tlsaOf(scene, "many.good.lab")).kind).toMatch(/usable|unusable/);
    });
  });

  test("A-104: more than 256 are an error, and nobody takes it for none", async () => {
    await attack({ world: many(300, 40) }, async (scene) => {
      const victim = await scene.ask("_25._tcp.many.good.lab", "TLSA");
      expect(victim).toMatchObject({ status: "indeterminate", data: [] });
      expect((await tlsaOf(scene, "many.good.lab")).kind).toBe("unknown");
    });
  });
});

test("A-105: a mail exchanger in a zone that is a trap is skipped with a reason; the other one gets the mail", async () => {
  const world = together(
    addZone({ apex: "trap.lab.", records: "www A 192.0.2.9" }),
    edit("trap.lab.", (zone) => keyTrap(zone, { keys: 250, signatures: 340 })),
    rezone("good.lab.", ({ records }) => ({ records: `${records}\n@ MX 5 www.trap.lab.` })),
  );
  await attack({ world }, async (scene) => {
    const plan = await scene.meanwhile(() => planDelivery(scene.resolver, "good.lab"));
    expect(plan.do).toBe("deliver");
    expect(plan.hosts.map(({ name, action }) => `${name} ${action.do}`)).toEqual([
      "www.trap.lab. skip",
      "mx.good.lab. authenticate",
    ]);
    expect(scene.cost.signatures).toBeLessThanOrEqual(64);
  });
});
