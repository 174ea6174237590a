/** Forwarders that are only tried first: if none helps, the zone's own servers are asked. What comes is proven either way. */
import { describe, expect, test } from "vitest";
import type { ExchangeResult } from "../../src/env/env.ts";
import { Name } from "../../src/wire/name.ts";
import { OPCODE, RCODE, TYPE } from "../../src/wire/registry.ts";
import { type Path, type Scene, scene } from "./scene.ts";

const FORWARDER = "192.0.2.53";
const forwards = (otherwise?: "fail" | "own walk", zone = "good.lab") => ({
  parts: {
    forwards: [
      {
        zone: Name.parse(zone),
        servers: [{ address: FORWARDER, port: 53 }],
        ...(otherwise === undefined ? {} : { otherwise }),
      },
    ],
  },
});

const toForwarder =
  (fate: Path): Path =>
  (ask) =>
    ask.server.address === FORWARDER ? fate(ask) : undefined;

function reply(rcode: number, rdata: Uint8Array | null = null): Path {
  return ({ question }): ExchangeResult => ({
    kind: "reply",
    octets: 60,
    rttMs: 1,
    message: {
      ...{ id: 1, qr: true, aa: false, tc: false, rd: true, ra: true, ad: false, cd: true },
      opcode: OPCODE.QUERY,
      rcode,
      question: [question],
      answer: rdata === null ? [] : [{ name: question.name, type: question.type, class: 1, ttl: 60, rdata }],
      authority: [],
      additional: [],
      edns: { version: 0, udpSize: 1232, dnssecOk: true, compactOk: false, options: [] },
    },
  });
}

const heard = (it: Scene): number => it.asks.filter(({ server }) => server.address === FORWARDER).length;

describe("a forwarder that", () => {
  test.each([
    ["is silent", () => "silence" as const],
    ["says SERVFAIL", reply(RCODE.SERVFAIL)],
    ["says REFUSED", reply(RCODE.REFUSED)],
    [
      "says what is not proven",
      (ask) => (ask.question.type === TYPE.A ? reply(0, Uint8Array.of(6, 6, 6, 6))(ask) : "silence"),
    ],
  ] as readonly (readonly [string, Path])[])(
    "%s is gone round if it was to be tried first, and only then",
    async (_, fate) => {
      for (const zone of ["good.lab", "."])
        await scene(forwards("own walk", zone), async (it) => {
          it.path = toForwarder(fate);
          expect((await it.ask("www.good.lab")).says).toBe("secure answer");
          expect(heard(it)).toBeGreaterThan(0);
        });
      for (const otherwise of [undefined, "fail"] as const)
        await scene(forwards(otherwise), async (it) => {
          it.path = toForwarder(fate);
          expect((await it.ask("www.good.lab")).says).toMatch(/^(indeterminate|bogus)/);
          // the DS of a forward zone is its parent's to tell
          const around = it.asks.filter(({ question, rd }) => !rd && question.type !== TYPE.DS);
          expect(around.filter(({ question }) => question.name.isWithin(Name.parse("good.lab")))).toEqual([]);
        });
    },
  );
});
