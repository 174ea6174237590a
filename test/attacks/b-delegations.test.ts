/** ATTACKS section B, second half: denials from the wrong zone, at the wrong name, unsigned, outdated or malformed. */
import { describe, expect, test } from "vitest";
import { nsec3Rdata, nsecRdata } from "../../src/lab/chains.ts";
import { addZone, edit, type Injury, reserver, resign, rezone, rrsetOf, together } from "../../src/lab/injure.ts";
import { changes, isDenial } from "../../src/lab/quirks.ts";
import { withSignatures } from "../../src/lab/sign-zone.ts";
import { keyFor, signRRset } from "../../src/lab/signer.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import type { LabRRset, Zone } from "../../src/lab/zone.ts";
import { Name } from "../../src/wire/name.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import { attack } from "./fixture.ts";
import { asksWithin, lying, rr } from "./path.ts";

const validity = { inception: LAB_NOW - 3600, expiration: LAB_NOW + 86400 };
const sub = addZone({ apex: "sub.good.lab.", records: "host A 192.0.2.70" });
const subName = Name.parse("sub.good.lab");

function nsec(owner: string, next: string, types: readonly number[]): LabRRset {
  return {
    name: Name.parse(owner),
    type: TYPE.NSEC,
    ttl: 300,
    data: [nsecRdata(Name.parse(next), types)],
    signatures: [],
  };
}

/** Signed by a zone of the lab that has one CSK or the keys of the roots. */
function signedBy(zone: string, rrset: LabRRset, role: "zsk" | "csk", labels?: number): LabRRset {
  const key = keyFor({ zone: Name.parse(zone), role, algorithm: 13 });
  return { ...rrset, signatures: [signRRset(rrset, key, validity, labels === undefined ? {} : { labels })] };
}

/** The referral to sub.good.lab. without its DS, and with something else instead. */
const instead = (
  server: string,
  child: Name,
  denial: (authority: readonly LabRRset[]) => readonly LabRRset[],
): Injury =>
  reserver(
    server,
    changes(
      ({ answer, authority }) => ({
        answer: answer.filter(({ type }) => type !== TYPE.DS),
        authority: [...authority.filter(({ type }) => type === TYPE.NS), ...denial(authority)],
      }),
      ({ question }) => question.name.isWithin(child),
    ),
  );
const noDs = [TYPE.NS, TYPE.RRSIG, TYPE.NSEC];

describe("no DS, says who?", () => {
  const cases: Readonly<Record<string, Injury>> = {
    "A-23: the grandparent": instead("ns.good.lab.", subName, () => [
      signedBy("lab.", nsec("sub.good.lab", "zzz.good.lab", noDs), "zsk"),
    ]),
    "A-24: somebody below the name": instead("ns.good.lab.", subName, () => [
      signedBy("sub.good.lab.", nsec("sub.good.lab", "zzz.sub.good.lab", noDs), "csk"),
    ]),
    "A-27: a wildcard with NS, expanded": instead("ns.good.lab.", subName, () => [
      { ...signedBy("good.lab.", nsec("*.good.lab", "a.good.lab", noDs), "csk", 2), name: subName },
    ]),
    "A-32: an NSEC of the zone, but of another name": instead("ns.good.lab.", subName, () => [
      signedBy("good.lab.", nsec("aaa.good.lab", "aab.good.lab", noDs), "csk"),
    ]),
  };
  for (const [row, injury] of Object.entries(cases)) {
    test(`${row}: refused, and the signed child is not insecure`, async () => {
      await attack({ world: together(sub, injury) }, async (scene) => {
        const victim = await scene.ask("host.sub.good.lab");
        expect(victim).toMatchObject({ status: "bogus", data: [] });
        expect(victim.cost.signatures).toBeLessThanOrEqual(16);
        expect(await scene.ask("host.sub.good.lab"), "from memory").toMatchObject({
          status: "bogus",
          cost: { packets: 0 },
        });
        expect(await scene.ask("www.good.lab"), "the parent is what it was").toMatchObject({ status: "secure" });
      });
    });
  }

  const child = Name.parse("good.hash");
  test("A-33: an unsigned opt-out NSEC3 beside genuine ones makes nothing insecure", async () => {
    const span = nsec3Rdata({
      iterations: 0,
      salt: new Uint8Array(0),
      optOut: true,
      next: new Uint8Array(20).fill(255),
      types: [],
    });
    const forged: LabRRset = {
      name: Name.parse(`${"0".repeat(32)}.hash`),
      type: TYPE.NSEC3,
      ttl: 300,
      data: [span],
      signatures: [],
    };
    let genuine: readonly LabRRset[] = [];
    const world = together(
      edit("hash.", (zone) => {
        genuine = zone.denials;
      }),
      instead("ns.hash.", child, () => [...genuine.slice(0, 5), forged]),
    );
    await attack({ world }, async (scene) => {
      expect(await scene.ask("www.good.hash")).toMatchObject({ status: "bogus", data: [] });
    });
  });

  test("A-35: an opt-out span does not hide a delegation that has an NSEC3 of its own", async () => {
    let all: readonly LabRRset[] = [];
    const world = together(
      edit("optout.", (zone) => {
        all = zone.denials;
      }),
      instead("ns.optout.", Name.parse("good.optout"), () => all),
    );
    await attack({ world }, async (scene) => {
      expect(await scene.ask("www.good.optout")).toMatchObject({ status: "bogus", data: [] });
      expect(await scene.ask("host.plain.optout"), "where it is right").toMatchObject({
        status: "insecure",
        reason: "opt-out",
      });
      const absent = await scene.ask("nobody.optout");
      expect(absent).toMatchObject({ status: "insecure", reason: "opt-out", data: [] });
      expect(absent.answer.authenticated).toBe(false);
    });
  });
});

test("A-28: a wildcard's proof that comes from the parent's zone is none", async () => {
  let parents: readonly LabRRset[] = [];
  const world = together(
    edit("lab.", (zone) => {
      parents = zone.denials;
    }),
    reserver(
      "ns.good.lab.",
      changes(
        ({ authority }) => ({ authority: [...authority.filter((rrset) => !isDenial(rrset)), ...parents] }),
        ({ question }) => question.name.equals(Name.parse("a.wild.good.lab")),
      ),
    ),
  );
  await attack({ world }, async (scene) => {
    expect(await scene.ask("a.wild.good.lab")).toMatchObject({
      status: "bogus",
      reason: "signature by wrong zone",
      data: [],
      ede: [6],
    });
  });
});

test("A-30: what the parent says of a child's host beside an answer, signed or not, answers nobody", async () => {
  const planted: LabRRset = {
    name: Name.parse("host.sub.good.lab"),
    type: TYPE.A,
    ttl: 3600,
    data: [Uint8Array.of(6, 6, 6, 6)],
    signatures: [],
  };
  const world = together(
    sub,
    reserver(
      "ns.good.lab.",
      changes(
        ({ additional }) => ({ additional: [...additional, signedBy("good.lab.", planted, "csk")] }),
        ({ question }) => question.type === TYPE.MX,
      ),
    ),
  );
  await attack({ world }, async (scene) => {
    expect(await scene.ask("good.lab", "MX")).toMatchObject({ status: "secure" });
    const victim = await scene.ask("host.sub.good.lab");
    expect(victim).toMatchObject({ status: "secure", data: ["192.0.2.70"] });
    expect(scene.packets.at(-1)!.to).toBe(scene.addressOf("ns.sub.good.lab."));
  });
});

test("A-31: NSEC RRs that nobody judged, planted by a question with CD=1, deny nothing", async () => {
  let planting = false;
  const path = lying((_message, ask) =>
    planting && asksWithin(ask, "good.lab")
      ? {
          rcode: RCODE.NXDOMAIN,
          answer: [],
          authority: [
            rr("good.lab", TYPE.NSEC, nsecRdata(Name.parse("zzz.good.lab"), [TYPE.SOA, TYPE.RRSIG, TYPE.NSEC])),
          ],
        }
      : undefined,
  );
  await attack({ path }, async (scene) => {
    await scene.ask("mx.good.lab");
    planting = true;
    for (const name of ["nobody.good.lab", "www.good.lab", "zz.good.lab"])
      expect((await scene.meanwhile(() => scene.resolver.resolveUnchecked(name, "A"))).rcode).toBe(RCODE.NXDOMAIN);
    planting = false;
    for (const name of ["www.good.lab", "mx2.good.lab"]) {
      const victim = await scene.ask(name);
      expect(victim).toMatchObject({ status: "secure", cost: { packets: 1 } });
      expect(victim.data.length).toBe(1);
    }
  });
});

test("A-38: an alias beside other data: the type that was asked for wins, every time", async () => {
  const world = rezone("good.lab.", ({ records }) => ({
    records: `${records}\n@ CNAME www.good.hash.\nboth A 192.0.2.11\nboth CNAME www`,
  }));
  await attack({ world }, async (scene) => {
    for (let round = 0; round < 2; round++) {
      expect(await scene.ask("both.good.lab", "A")).toMatchObject({ status: "secure", data: ["192.0.2.11"] });
      expect((await scene.ask("good.lab", "SOA")).status).toBe("secure");
      expect((await scene.ask("good.lab", "DNSKEY")).status).toBe("secure");
      expect((await scene.ask("good.lab", "DS")).status).toBe("secure");
    }
    expect((await scene.ask("both.good.lab", "TXT")).data).toEqual(['"hello"']);
  });
});

describe("A-45: compact denial", () => {
  const compact = (types: readonly number[]): Injury => {
    let signer: Zone | null = null;
    const denied = Name.parse("nobody.good.lab");
    return together(
      edit("good.lab.", (zone) => {
        signer = zone;
      }),
      rezone("good.lab.", ({ records }) => ({ records: `${records}\na.nobody A 192.0.2.71` })),
      reserver(
        "ns.good.lab.",
        changes(
          ({ authority }) => ({
            rcode: RCODE.NOERROR,
            answer: [],
            authority: [
              ...authority.filter((rrset) => !isDenial(rrset)),
              withSignatures(signer!, nsec("nobody.good.lab", "\\000.nobody.good.lab", types)),
            ],
          }),
          ({ question }) => question.name.equals(denied),
        ),
      ),
    );
  };
  test("A-45: without NXNAME the name has no data, and what lies below it is asked", async () => {
    await attack({ world: compact([TYPE.RRSIG, TYPE.NSEC]) }, async (scene) => {
      const victim = await scene.ask("nobody.good.lab");
      expect(victim).toMatchObject({ status: "secure", data: [] });
      expect(victim.answer.rcode).toBe(RCODE.NOERROR);
      expect(await scene.ask("a.nobody.good.lab")).toMatchObject({ status: "secure", data: ["192.0.2.71"] });
    });
  });

  test("A-45: with NXNAME it does not exist, nor does anything below it", async () => {
    await attack({ world: compact([TYPE.RRSIG, TYPE.NSEC, TYPE.NXNAME]) }, async (scene) => {
      expect((await scene.ask("nobody.good.lab")).answer.rcode).toBe(RCODE.NXDOMAIN);
    });
  });
});

test("A-46: what is cached ends with its signature, not with its TTL", async () => {
  const world = edit("good.lab.", (zone) =>
    zone.set(
      resign(zone, rrsetOf(zone, "www.good.lab", TYPE.A), {
        validity: { inception: LAB_NOW - 60, expiration: LAB_NOW + 100 },
      }),
    ),
  );
  await attack({ world }, async (scene) => {
    const victim = await scene.ask("www.good.lab");
    expect(victim.status).toBe("secure");
    expect(victim.answer.ttl).toBeLessThanOrEqual(100);
    await scene.clock.advance(99_000);
    expect(await scene.ask("www.good.lab")).toMatchObject({ status: "secure", cost: { packets: 0 } });
    await scene.clock.advance(2000);
    expect(await scene.ask("www.good.lab")).toMatchObject({
      status: "bogus",
      reason: "signature expired",
      ede: [7],
      data: [],
    });
  });
});

test("A-41: a forged FORMERR does not make a signed zone's server one without EDNS", async () => {
  let forging = true;
  const path = lying((_message, ask) =>
    forging && asksWithin(ask, "good.lab") && ask.edns !== null
      ? { rcode: RCODE.FORMERR, answer: [], authority: [], edns: null }
      : undefined,
  );
  await attack({ path }, async (scene) => {
    const victim = await scene.ask("www.good.lab");
    expect(victim.status).toMatch(/bogus|indeterminate/);
    forging = false;
    await scene.clock.advance(61_000);
    expect(await scene.ask("www.good.lab"), "EDNS is tried again").toMatchObject({ status: "secure" });
  });
});
