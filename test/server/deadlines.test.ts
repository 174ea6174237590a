/** Whatever name servers do, a client of the daemon hears something before glibc gives up, and if it is a failure, why. */
import { createSocket } from "node:dgram";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import { type Injury, reserver, together } from "../../src/lab/injure.ts";
import { fails, forType, silent } from "../../src/lab/quirks.ts";
import { createResolver } from "../../src/resolver/create.ts";
import { servedWithinMs } from "../../src/server/limits.ts";
import { createResponder } from "../../src/server/responder.ts";
import { edeOf } from "../../src/wire/edns.ts";
import { decodeMessage } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { EDE, RCODE, TYPE } from "../../src/wire/registry.ts";
import { later, type Path, scene, silenceBelow } from "../resolver/scene.ts";
import { local } from "./bench.ts";
import { query } from "./requests.ts";

const GLIBC_MS = 5000;
const settings = { totalTimeoutMs: servedWithinMs };
const why = [EDE.NO_REACHABLE_AUTHORITY, EDE.NETWORK_ERROR];

interface Heard {
  readonly rcode: number;
  readonly ad: boolean;
  readonly ede: readonly number[];
  readonly tookMs: number;
}

/** What a client hears of `name type`. */
async function heard(name: string, type: number, world: Injury | null, path: Path = () => undefined): Promise<Heard> {
  let result: Heard | null = null;
  await scene({ settings, ...(world === null ? {} : { world }) }, async (it) => {
    it.path = path;
    const { respond } = createResponder({ resolver: it.resolver, clock: it.clock });
    const startMs = it.clock.monotonicMs();
    result = await it.clock.run(async () => {
      const octets = await respond(query({ name, type, edns: { dnssecOk: true } }), local);
      const message = decodeMessage(octets as Uint8Array);
      const tookMs = it.clock.monotonicMs() - startMs;
      return { rcode: message.rcode, ad: message.ad, ede: edeOf(message.edns!).map(({ code }) => code), tookMs };
    });
  });
  return result!;
}

const slow =
  (latencyMs: number): Injury =>
  (world) => ({
    ...world,
    servers: world.servers!.map((server) => (server.name === "ns.good.lab." ? { ...server, latencyMs } : server)),
  });

describe("within 4.5 s", () => {
  it("leaves glibc half a second", () => expect(servedWithinMs).toBeLessThanOrEqual(GLIBC_MS - 500));

  it.each<[string, string, number, Injury | null, Path?]>([
    ["no server at all answers", "www.good.lab", TYPE.A, null, () => "silence"],
    ["only the root answers", "_25._tcp.mx.good.lab", TYPE.TLSA, null, silenceBelow("lab")],
    ["a zone's servers are dead", "www.good.lab", TYPE.A, null, silenceBelow("good.lab")],
    ["keys are not given out", "www.good.lab", TYPE.A, reserver("ns.good.lab.", silent(forType(TYPE.DNSKEY)))],
    [
      "TLSA is dropped where there is one",
      "_25._tcp.mx.good.lab",
      TYPE.TLSA,
      reserver("ns.good.lab.", silent(forType(TYPE.TLSA))),
    ],
    [
      "TLSA is refused where there is one",
      "_25._tcp.mx.good.lab",
      TYPE.TLSA,
      reserver("ns.good.lab.", fails(RCODE.REFUSED, forType(TYPE.TLSA))),
    ],
  ])("%s: SERVFAIL that says why", async (_, name, type, world, path) => {
    const { rcode, ad, ede, tookMs } = await heard(name, type, world, path);
    expect({ rcode, ad }).toEqual({ rcode: RCODE.SERVFAIL, ad: false });
    expect(
      ede.some((code) => why.includes(code as (typeof why)[number])),
      `EDE ${ede}`,
    ).toBe(true);
    expect(tookMs).toBeLessThanOrEqual(servedWithinMs);
  });

  it.each([
    ["drops", silent(forType(TYPE.TLSA))],
    ["refuses", fails(RCODE.REFUSED, forType(TYPE.TLSA))],
  ])("a server that %s TLSA of a host without any: the rescue comes in time, proven", async (_, quirk) => {
    const { rcode, ad, tookMs } = await heard("_25._tcp.mx2.good.lab", TYPE.TLSA, reserver("ns.good.lab.", quirk));
    expect({ rcode, ad }).toEqual({ rcode: RCODE.NXDOMAIN, ad: true });
    expect(tookMs).toBeLessThanOrEqual(servedWithinMs);
  });

  it("and even from a server that takes 700 ms for everything", async () => {
    const world = together(reserver("ns.good.lab.", silent(forType(TYPE.TLSA))), slow(700));
    const { rcode, ad, tookMs } = await heard("_25._tcp.mx2.good.lab", TYPE.TLSA, world);
    expect({ rcode, ad }).toEqual({ rcode: RCODE.NXDOMAIN, ad: true });
    expect(tookMs).toBeLessThanOrEqual(servedWithinMs);
  });
});

describe("with stale data allowed", () => {
  const known = async (name: string, type: string) => {
    let rcode = -1;
    let tookMs = -1;
    await scene({ settings: { ...settings, serveStale: true } }, async (it) => {
      const { respond } = createResponder({ resolver: it.resolver, clock: it.clock });
      await it.ask(name, type);
      await later(it.clock, 3601);
      it.path = silenceBelow("lab");
      const startMs = it.clock.monotonicMs();
      await it.clock.run(async () => {
        const number = type === "TLSA" ? TYPE.TLSA : TYPE.A;
        rcode = decodeMessage((await respond(query({ name, type: number }), local)) as Uint8Array).rcode;
        tookMs = it.clock.monotonicMs() - startMs;
      });
    });
    return { rcode, tookMs };
  };

  it("an address is given after 1.8 s", async () =>
    expect(await known("www.good.lab", "A")).toEqual({ rcode: RCODE.NOERROR, tookMs: 1800 }));

  it("a TLSA record never: it may have been withdrawn", async () => {
    const { rcode, tookMs } = await known("_25._tcp.mx.good.lab", "TLSA");
    expect(rcode).toBe(RCODE.SERVFAIL);
    expect(tookMs).toBeLessThanOrEqual(servedWithinMs);
  });
});

it("on real sockets, with a root server that takes questions and says nothing", async () => {
  const hole = createSocket("udp4");
  await new Promise<void>((resolve) => hole.bind(0, "127.0.0.1", resolve));
  const { port } = hole.address();
  const resolver = createResolver({
    rootHints: [{ name: Name.parse("hole.test."), addresses: ["127.0.0.1"], port }],
    settings: { totalTimeoutMs: 700, queryPrivate: true },
  });
  const { respond } = createResponder({ resolver, clock: systemClock });
  const message = decodeMessage((await respond(query({ edns: { dnssecOk: true } }), local)) as Uint8Array);
  expect(message.rcode).toBe(RCODE.SERVFAIL);
  expect(edeOf(message.edns!)[0]).toMatchObject({ code: EDE.NO_REACHABLE_AUTHORITY });
  expect(edeOf(message.edns!)[0]!.text).toMatch(/within 700 ms|127\.0\.0\.1/);
  await resolver.close();
  hole.close();
});
