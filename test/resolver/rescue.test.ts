/** DANE.md 1.4: servers that drop or refuse questions for TLSA, and hosts that have none. */
import { describe, expect, test } from "vitest";
import type { ExchangeResult } from "../../src/env/env.ts";
import { alter, edit, type Injury, reserver, together } from "../../src/lab/injure.ts";
import { fails, forType, silent } from "../../src/lab/quirks.ts";
import { proofQuestion } from "../../src/resolver/rescue.ts";
import { type RRset, signatureRecords, toRecords } from "../../src/rrset/rrset.ts";
import type { Message, Question } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, EDE, OPCODE, RCODE, TYPE, typeFromText, typeToText } from "../../src/wire/registry.ts";
import { scene } from "./scene.ts";

const GLIBC_MS = 4500;
const atGoodLab = (quirk: ReturnType<typeof silent>): Injury => reserver("ns.good.lab.", quirk);
const dropped = atGoodLab(silent(forType(TYPE.TLSA)));

const failures: readonly (readonly [string, Injury])[] = [
  ["drops", dropped],
  ["refuses", atGoodLab(fails(RCODE.REFUSED, forType(TYPE.TLSA)))],
  ["SERVFAILs", atGoodLab(fails(RCODE.SERVFAIL, forType(TYPE.TLSA)))],
  ["does not implement", atGoodLab(fails(RCODE.NOTIMP, forType(TYPE.TLSA)))],
];

/** NXDOMAIN with these records, signatures and all. */
function nameError(question: Question, authority: readonly RRset[]): ExchangeResult {
  const flags = { qr: true, aa: true, tc: false, rd: false, ra: false, ad: false, cd: true };
  const message: Message = {
    ...flags,
    id: 1,
    opcode: OPCODE.QUERY,
    rcode: RCODE.NXDOMAIN,
    question: [question],
    answer: [],
    authority: authority.flatMap((rrset) => [...toRecords(rrset), ...signatureRecords(rrset)]),
    additional: [],
    edns: { version: 0, udpSize: 1232, dnssecOk: true, compactOk: false, options: [] },
  };
  return { kind: "reply", message, octets: 400, rttMs: 1 };
}

describe.each(failures)("a server that %s TLSA", (_, world) => {
  test("of a host without `_tcp`: it has none, and that is proven", () =>
    scene({ world }, async (it) => {
      const seen = await it.ask("_25._tcp.mx2.good.lab", "TLSA");
      expect(seen.says).toBe("secure name error");
      expect(seen.answer).toMatchObject({ authenticated: true, rcode: RCODE.NXDOMAIN });
      expect(seen.tookMs).toBeLessThan(1600);
      expect(seen.ede).toEqual([EDE.SYNTHESIZED]);
      expect(seen.packets).toContain("_tcp.mx2.good.lab. A");
      expect((await it.ask("_25._tcp.mx2.good.lab", "TLSA")).packets).toEqual([]);
    }));

  test("of a host with TLSA RRs: nothing is proven, and mail must wait", () =>
    scene({ world, settings: { totalTimeoutMs: GLIBC_MS } }, async (it) => {
      const seen = await it.ask("_25._tcp.mx.good.lab", "TLSA");
      expect(seen.says).toMatch(/^indeterminate: (no reachable authority|too late)$/);
      expect(seen.answer.rcode).toBe(RCODE.SERVFAIL);
      expect(seen.tookMs).toBeLessThanOrEqual(GLIBC_MS);
    }));
});

describe("the proof", () => {
  test("must be secure: an unsigned zone's word is not enough", () =>
    scene({ world: reserver("ns.plain.lab.", silent(forType(TYPE.TLSA))) }, async (it) => {
      const seen = await it.ask("_25._tcp.host.plain.lab", "TLSA");
      expect(seen.packets).toContain("_tcp.host.plain.lab. A");
      expect(seen.says).toBe("indeterminate: no reachable authority");
    }));

  test("must be secure: an opt-out span denies no name", () =>
    scene({ world: reserver("ns.optout.", silent(forType(TYPE.TLSA))) }, async (it) => {
      expect((await it.ask("nobody.optout")).says).toBe("insecure name error");
      expect((await it.ask("_25._tcp.nobody.optout", "TLSA")).says).toBe("indeterminate: no reachable authority");
    }));

  test("must be a proof: who drops the TLSA question of a host that has one and forges the denial gains nothing", () =>
    scene({ world: dropped }, async (it) => {
      const { verdict } = (await it.ask("_tcp.mx2.good.lab")).answer;
      const genuine = verdict.status === "secure" ? verdict.value.authority : [];
      let forged = 0;
      it.path = ({ question }) => {
        if (`${question.name}` !== "_tcp.mx.good.lab.") return undefined;
        forged += 1;
        return nameError(question, genuine);
      };
      expect((await it.ask("_25._tcp.mx.good.lab", "TLSA")).says).toMatch(/^indeterminate/);
      expect(forged).toBeGreaterThan(0);
    }));

  test("is not looked for where the answer came but is bogus", () =>
    scene(
      {
        world: edit("good.lab.", (zone) =>
          alter(zone, ["_25._tcp.mx.good.lab.", TYPE.TLSA], ({ data: [first] }) => ({
            data: [Uint8Array.from([...first!.subarray(0, -1), 0xff])],
          })),
        ),
      },
      async (it) => {
        const seen = await it.ask("_25._tcp.mx.good.lab", "TLSA");
        expect(seen.says).toBe("bogus: signature wrong");
        expect(seen.packets).not.toContain("_tcp.mx.good.lab. A");
      },
    ));

  test("is not asked for where the answer comes in time", () =>
    scene({}, async (it) => {
      const seen = await it.ask("_25._tcp.mx2.good.lab", "TLSA");
      expect(seen).toMatchObject({ says: "secure name error", ede: [], tookMs: 0 });
      expect(seen.packets).not.toContain("_tcp.mx2.good.lab. A");
    }));

  test("serves every service name: SRV, SMIMEA, DMARC", () =>
    scene(
      { world: together(atGoodLab(silent(forType(TYPE.SRV))), atGoodLab(fails(RCODE.REFUSED, forType(TYPE.TXT)))) },
      async (it) => {
        expect((await it.ask("_imaps._tcp.mx2.good.lab", "SRV")).says).toBe("secure name error");
        expect((await it.ask("_dmarc.good.lab", "TXT")).says).toBe("secure name error");
        expect((await it.ask("www.good.lab", "TXT")).says).toBe("indeterminate: no reachable authority");
      },
    ));

  test("comes from memory if it is known", () =>
    scene({ world: dropped }, async (it) => {
      await it.ask("_tcp.mx2.good.lab");
      // RFC 8020: nothing below a name that does not exist is asked for at all
      expect(await it.ask("_25._tcp.mx2.good.lab", "TLSA")).toMatchObject({ says: "secure name error", packets: [] });
    }));

  test("a server that answers late is still heard", () =>
    scene({ world: (world) => ({ ...world, servers: [{ name: "ns.good.lab.", latencyMs: 1200 }] }) }, async (it) => {
      await it.ask("mx.good.lab");
      const seen = await it.ask("_25._tcp.mx.good.lab", "TLSA");
      expect(seen).toMatchObject({ says: "secure answer", tookMs: 1200 });
      expect(seen.packets).toContain("_tcp.mx.good.lab. A");
    }));
});

describe("the question that tells", () => {
  const told = (name: string, type: string): string | null => {
    const found = proofQuestion({ name: Name.parse(name), type: typeFromText(type)!, class: CLASS.IN });
    return found === null ? null : `${found.name} ${typeToText(found.type)}`;
  };

  test.each([
    ["_25._tcp.mx.example.", "TLSA", "_tcp.mx.example. A"],
    ["_25._TCP.mx.example.", "TLSA", "_TCP.mx.example. A"],
    ["_dmarc.example.", "TXT", "_dmarc.example. A"],
    ["_a._b._c.example.", "SRV", "_c.example. A"],
    ["_tcp.mx.example.", "A", null],
    ["www.example.", "TLSA", null],
    ["mx._tcp.example.", "TLSA", null],
    [".", "NS", null],
  ])("for %s %s is %s", (name, type, expected) => {
    expect(told(name, type)).toBe(expected);
  });
});
