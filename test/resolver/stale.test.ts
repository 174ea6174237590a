/** RFC 8767: what is past its TTL is better than nothing, for those who say so, as long as its signatures hold. */
import { describe, expect, test } from "vitest";
import { alter, rezone, rrsetOf } from "../../src/lab/injure.ts";
import { createResponder } from "../../src/server/responder.ts";
import { decodeMessage } from "../../src/wire/message.ts";
import { EDE, RCODE, TYPE } from "../../src/wire/registry.ts";
import { query } from "../server/requests.ts";
import { later, type Scene, scene, silenceBelow } from "./scene.ts";

const serveStale = { serveStale: true };
const taken = { stale: "allowed" } as const;
const TTL = 3600;

/** From now on, good.lab's server has another address for www, under the old signature. */
function forgeWww(it: Scene): void {
  alter(it.lab.zone("good.lab."), ["www.good.lab.", TYPE.A], () => ({ data: [Uint8Array.of(6, 6, 6, 6)] }));
}

/** Asks once, lets the TTL run out, and cuts the wire to good.lab. */
async function known(it: Scene, name = "www.good.lab", type = "A"): Promise<void> {
  await it.ask(name, type);
  await later(it.clock, TTL + 1);
  it.path = silenceBelow("lab");
}

describe("where a refresh gets no answer", () => {
  test("whoever takes stale data has it after 1.8 s, secure as before, for 30 s, with EDE 3", () =>
    scene({ settings: serveStale }, async (it) => {
      await known(it);
      const seen = await it.ask("www.good.lab", "A", taken);
      expect(seen).toMatchObject({ says: "secure answer", tookMs: 1800 });
      expect(seen.answer).toMatchObject({ freshness: "stale", ttl: 30, authenticated: true });
      expect(seen.ede).toContain(EDE.STALE_ANSWER);
    }));

  test("nobody has it who did not say so, and nobody at all while the option is off", async () => {
    await scene({ settings: serveStale }, async (it) => {
      await known(it);
      expect((await it.ask("www.good.lab")).says).toBe("indeterminate: no reachable authority");
    });
    await scene({}, async (it) => {
      await known(it);
      expect((await it.ask("www.good.lab", "A", taken)).says).toBe("indeterminate: no reachable authority");
    });
  });

  test("once it has failed, the next client has stale data at once, and no packet is sent until it may be tried again", () =>
    scene({ settings: serveStale }, async (it) => {
      await known(it);
      await it.ask("www.good.lab");
      const seen = await it.ask("www.good.lab", "A", taken);
      expect(seen).toMatchObject({ says: "secure answer", tookMs: 0, packets: [] });
      expect(seen.ede).toEqual(expect.arrayContaining([EDE.STALE_ANSWER, EDE.NO_REACHABLE_AUTHORITY]));
      await later(it.clock, 6);
      expect((await it.ask("www.good.lab", "A", taken)).packets).not.toEqual([]);
    }));

  test("a name that did not exist still does not: EDE 19", () =>
    scene({ settings: serveStale }, async (it) => {
      await known(it, "nobody.good.lab");
      const seen = await it.ask("nobody.good.lab", "A", taken);
      expect(seen.says).toBe("secure name error");
      expect(seen.ede).toContain(EDE.STALE_NXDOMAIN);
      expect(seen.answer.ttl).toBe(30);
    }));

  test("an alias leads on, each link as old as it is", () =>
    scene({ settings: serveStale }, async (it) => {
      await known(it, "far.good.lab");
      it.path = ({ question }) => (question.type === TYPE.A ? "silence" : undefined);
      const seen = await it.ask("far.good.lab", "A", taken);
      expect(seen.answer).toMatchObject({ freshness: "stale", authenticated: true });
      expect(seen.answer.aliases.map(({ to }) => `${to}`)).toEqual(["www.good.hash."]);
    }));

  test("what is older than staleMaxTtl is gone", () =>
    scene({ settings: { ...serveStale, staleMaxTtl: 60 } }, async (it) => {
      await known(it);
      await later(it.clock, 60);
      expect((await it.ask("www.good.lab", "A", taken)).says).toBe("indeterminate: no reachable authority");
    }));

  test("a client that gives up is not kept waiting", () =>
    scene({ settings: serveStale }, async (it) => {
      await known(it);
      const gone = new AbortController();
      void it.clock.sleep(500).then(() => gone.abort());
      const seen = await it.ask("www.good.lab", "A", { ...taken, signal: gone.signal });
      expect(seen).toMatchObject({ says: "indeterminate: aborted", tookMs: 500 });
    }));
});

describe("where a refresh comes", () => {
  test("in time, the answer is fresh and nothing is said of stale data", () =>
    scene({ settings: serveStale }, async (it) => {
      await known(it);
      it.path = () => undefined;
      const seen = await it.ask("www.good.lab", "A", taken);
      expect(seen).toMatchObject({ says: "secure answer", ede: [], tookMs: 0 });
      expect(seen.answer.freshness).toBeUndefined();
      expect(seen.answer.ttl).toBe(TTL);
    }));

  test("late, it goes on after the client has been answered, and the next one has fresh data", () =>
    scene({ settings: { ...serveStale, staleClientTimeoutMs: 200 } }, async (it) => {
      await known(it);
      const restored = it.clock.monotonicMs() + 1000;
      const cut = silenceBelow("lab");
      it.path = (ask) => (it.clock.monotonicMs() < restored ? cut(ask) : undefined);
      const first = await it.ask("www.good.lab", "A", taken);
      expect(first).toMatchObject({ tookMs: 200, ede: [EDE.STALE_ANSWER] });
      await later(it.clock, 5);
      const second = await it.ask("www.good.lab", "A", taken);
      expect(second).toMatchObject({ says: "secure answer", packets: [], ede: [] });
      expect(second.answer.ttl).toBeGreaterThan(TTL - 10);
    }));

  test("with nothing to wait for (0 ms), stale data is given at once and refreshed behind it", () =>
    scene({ settings: { ...serveStale, staleClientTimeoutMs: 0 } }, async (it) => {
      await known(it);
      it.path = () => undefined;
      expect(await it.ask("www.good.lab", "A", taken)).toMatchObject({ tookMs: 0, ede: [EDE.STALE_ANSWER] });
      await later(it.clock, 1);
      expect(await it.ask("www.good.lab", "A", taken)).toMatchObject({ packets: [], ede: [] });
    }));

  test("with TTL 0, what was known before is forgotten all the same", () =>
    scene(
      { settings: serveStale, world: rezone("plain.lab.", { records: "host 5 A 192.0.2.90\ngone 5 A 192.0.2.91" }) },
      async (it) => {
        await it.ask("host.plain.lab");
        await later(it.clock, 6);
        alter(it.lab.zone("plain.lab."), ["host.plain.lab.", TYPE.A], () => ({ ttl: 0 }));
        expect((await it.ask("host.plain.lab", "A", taken)).answer.ttl).toBe(0);
        it.path = silenceBelow("lab");
        expect((await it.ask("host.plain.lab", "A", taken)).says).toBe("indeterminate: no reachable authority");
      },
    ));
});

describe("trust", () => {
  const shortLived = rezone("good.lab.", {
    signing: { validity: (now) => ({ inception: now - 60, expiration: now + TTL + 600 }) },
  });

  test("data is stale as long as its signatures hold, and gone with them: never secure, and not unproven either", () =>
    scene({ settings: serveStale, world: shortLived }, async (it) => {
      await known(it);
      expect((await it.ask("www.good.lab", "A", taken)).says).toBe("secure answer");
      await later(it.clock, 600);
      const seen = await it.ask("www.good.lab", "A", taken);
      expect(seen.says).toBe("indeterminate: no reachable authority");
      expect(seen.answer.authenticated).toBe(false);
    }));

  test("a forged refresh changes nothing: stale data with its own proof, and the reason beside it", () =>
    scene({ settings: serveStale }, async (it) => {
      await it.ask("www.good.lab");
      await later(it.clock, TTL + 1);
      forgeWww(it);
      const seen = await it.ask("www.good.lab", "A", taken);
      expect(seen.says).toBe("secure answer");
      expect(seen.ede).toEqual([EDE.STALE_ANSWER, EDE.DNSSEC_BOGUS]);
      expect((await it.ask("www.good.lab")).says).toBe("bogus: signature wrong");
    }));

  test("after a forged refresh the next try comes as soon as after any other failure, and the truth is fresh again", () =>
    scene({ settings: serveStale }, async (it) => {
      await it.ask("www.good.lab");
      await later(it.clock, TTL + 1);
      const genuine = rrsetOf(it.lab.zone("good.lab."), "www.good.lab.", TYPE.A);
      forgeWww(it);
      expect((await it.ask("www.good.lab", "A", taken)).answer.freshness).toBe("stale");
      it.lab.zone("good.lab.").set(genuine);
      await later(it.clock, 6);
      const seen = await it.ask("www.good.lab", "A", taken);
      expect(seen).toMatchObject({ says: "secure answer", ede: [] });
      expect(seen.answer.ttl).toBe(TTL);
    }));

  test("what was bogus is never stale data", () =>
    scene({ settings: serveStale }, async (it) => {
      forgeWww(it);
      expect((await it.ask("www.good.lab", "A", taken)).says).toBe("bogus: signature wrong");
      await later(it.clock, TTL + 1);
      it.path = silenceBelow("lab");
      expect((await it.ask("www.good.lab", "A", taken)).says).toBe("indeterminate: no reachable authority");
    }));

  test("while the failure is fresh, the other zones are as they were", () =>
    scene({ settings: serveStale, world: shortLived }, async (it) => {
      await known(it);
      expect((await it.ask("www.good.hash", "A", taken)).says).toBe("secure answer");
    }));
});

describe("the daemon", () => {
  /** Over the responder, as a mail server would. */
  async function told(it: Scene, name: string, type: number, cd = false) {
    const { respond } = createResponder({ resolver: it.resolver, clock: it.clock });
    const octets = query({ name, type, cd, edns: { dnssecOk: true } });
    const reply = await it.clock.run(async () => respond(octets, { address: "127.0.0.1", port: 9, transport: "udp" }));
    return decodeMessage(reply!);
  }

  test("gives stale addresses with AD, and never stale TLSA records", () =>
    scene({ settings: serveStale }, async (it) => {
      await it.ask("mx.good.lab");
      await it.ask("_25._tcp.mx.good.lab", "TLSA");
      await later(it.clock, TTL + 1);
      it.path = silenceBelow("lab");
      const address = await told(it, "mx.good.lab.", TYPE.A);
      expect(address).toMatchObject({ rcode: RCODE.NOERROR, ad: true });
      expect(address.answer[0]?.ttl).toBe(30);
      expect(await told(it, "_25._tcp.mx.good.lab.", TYPE.TLSA)).toMatchObject({ rcode: RCODE.SERVFAIL, ad: false });
      // and again, now that both failures are remembered
      expect(await told(it, "mx.good.lab.", TYPE.A)).toMatchObject({ rcode: RCODE.NOERROR, ad: true });
      expect(await told(it, "_25._tcp.mx.good.lab.", TYPE.TLSA)).toMatchObject({ rcode: RCODE.SERVFAIL, ad: false });
    }));

  test("gives clients that judge for themselves (CD) nothing stale", () =>
    scene({ settings: serveStale }, async (it) => {
      await known(it);
      expect(await told(it, "www.good.lab.", TYPE.A, true)).toMatchObject({ rcode: RCODE.SERVFAIL });
    }));

  test("does not repeat stale data for a second once there is fresh data", () =>
    scene({ settings: { ...serveStale, staleClientTimeoutMs: 0 } }, async (it) => {
      await known(it);
      it.path = () => undefined;
      const stale = await told(it, "www.good.lab.", TYPE.A);
      await later(it.clock, 0.01);
      const fresh = await told(it, "www.good.lab.", TYPE.A);
      expect([stale.answer[0]?.ttl, fresh.answer[0]?.ttl]).toEqual([30, TTL]);
    }));
});
