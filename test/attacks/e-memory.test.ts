/**
 * ATTACKS section E, second half: what fills memory, clocks that lie, anchors that are damaged, and clients that send
 * garbage. Memory is read off the heap after a collection, so bounds are generous.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { anchorsFromXml, anchorsFromZoneText } from "../../src/dnssec/anchors.ts";
import { chainAndSign } from "../../src/lab/sign-zone.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import { createResolver } from "../../src/resolver/create.ts";
import { createAccess } from "../../src/server/access.ts";
import { defaultServerLimits } from "../../src/server/limits.ts";
import { createResponder } from "../../src/server/responder.ts";
import { decodeMessage, encodeQuery } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, RCODE, TYPE } from "../../src/wire/registry.ts";
import { attack } from "./fixture.ts";
import { asksWithin, lying, rr } from "./path.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heapMB(): number {
  collect();
  return process.memoryUsage().heapUsed / 1048576;
}

describe("A-98: a cache that is full", () => {
  const anything = (ttl: number, octets: number) =>
    lying((_message, ask) =>
      asksWithin(ask, "plain.lab") && ask.question.name.labelCount > 2
        ? { rcode: RCODE.NOERROR, answer: [rr(`${ask.question.name}`, TYPE.TXT, txt(octets), { ttl })], authority: [] }
        : undefined,
    );
  const txt = (octets: number): Uint8Array =>
    Uint8Array.from({ length: octets + Math.ceil(octets / 255) }, (_, i) => (i % 256 === 0 ? 255 : 120)).subarray(
      0,
      Math.floor(octets / 256) * 256,
    );

  for (const [what, ttl, octets, count] of [
    ["large answers", 86400, 4096, 1000],
    ["small answers", 86400, 256, 3000],
    ["answers of one second", 1, 256, 2000],
  ] as const) {
    test(`A-98: ${count} ${what} under one name leave a cache of 1 MiB at its size`, async () => {
      await attack({ path: anything(ttl, octets), settings: { cacheOctets: 1048576 } }, async (scene) => {
        await scene.ask("first.plain.lab", "TXT");
        const before = heapMB();
        for (let batch = 0; batch < count; batch += 200) {
          await scene.meanwhile(() =>
            Promise.all(
              Array.from({ length: 200 }, (_, i) => scene.resolver.resolve(`r${batch + i}.plain.lab`, "TXT")),
            ),
          );
          scene.packets.length = 0;
          scene.events.length = 0;
        }
        expect(heapMB() - before, "MB of heap").toBeLessThan(20);
        expect((await scene.ask("last.plain.lab", "TXT")).status).toBe("insecure");
      });
    });
  }

  test("A-98: a zone that goes over from NSEC to NSEC3 while its denials are cached is answered all the time", async () => {
    await attack({}, async (scene) => {
      await scene.ask("nobody.good.lab");
      const zone = scene.lab.zone("good.lab.");
      zone.denialStyle = { kind: "nsec3", iterations: 1, salt: Uint8Array.of(1), optOut: false };
      chainAndSign(zone);
      for (const name of ["nobody.good.lab", "zzz.good.lab", "nobody2.good.lab", "www.good.lab"]) {
        const seen = await scene.ask(name);
        expect(seen.status, name).toBe("secure");
      }
      zone.denialStyle = { kind: "nsec" };
      chainAndSign(zone);
      await scene.clock.advance(400_000);
      for (const name of ["nobody.good.lab", "aaa.good.lab"])
        expect((await scene.ask(name)).status, name).toBe("secure");
    });
  });
});

test("A-94: denials with bitmaps of 8 KB, again and again: bounded like everything else", async () => {
  const windows = Array.from({ length: 256 }, (_, window) => [window, 32, ...new Array<number>(32).fill(1)]).flat();
  const path = lying((message, ask) =>
    asksWithin(ask, "plain.lab") && ask.question.name.labelCount > 2
      ? {
          rcode: RCODE.NXDOMAIN,
          answer: [],
          authority: [
            ...message.authority,
            ...Array.from({ length: 6 }, (_, i) =>
              rr(`n${i}.plain.lab`, TYPE.NSEC, Uint8Array.of(...ask.question.name.wire, ...windows), { ttl: 3600 }),
            ),
          ],
        }
      : undefined,
  );
  await attack({ path, settings: { cacheOctets: 1048576 } }, async (scene) => {
    await scene.ask("first.plain.lab");
    const before = heapMB();
    for (let batch = 0; batch < 400; batch += 100) {
      await scene.meanwhile(() =>
        Promise.all(Array.from({ length: 100 }, (_, i) => scene.resolver.resolve(`r${batch + i}.plain.lab`, "A"))),
      );
      scene.packets.length = 0;
      scene.events.length = 0;
    }
    expect(heapMB() - before, "MB of heap").toBeLessThan(25);
  });
});

describe("A-99: clocks and anchors", () => {
  for (const [what, now] of [
    ["1970", 86400],
    ["2106, where 32 bits end", 2 ** 32 - 1800],
    ["2200", Date.UTC(2200, 0, 1) / 1000],
  ] as const) {
    test(`A-99: where it is ${what} for everybody, all is secure: times are serial numbers`, async () => {
      await attack({ now }, async (scene) => {
        expect(await scene.ask("www.good.lab")).toMatchObject({ status: "secure" });
        expect(await scene.ask("nobody.good.hash")).toMatchObject({ status: "secure" });
      });
    });
  }

  test("A-99: a clock that jumps to 1970 or to 2060 makes signed names bogus, never insecure", async () => {
    await attack({}, async (scene) => {
      for (const [year, code] of [
        [1970, 8],
        [2060, 7],
      ] as const) {
        scene.clock.setUnixSeconds(Date.UTC(year, 5, 1) / 1000);
        const answer = await scene.clock.run(() => scene.resolver.resolve("www.good.lab", "A"));
        expect(answer.verdict.status).toBe("bogus");
        expect(answer.ede.map((ede) => ede.code)).toContain(code);
        await scene.clock.advance(70_000);
      }
      scene.clock.setUnixSeconds(LAB_NOW + 100);
      await scene.clock.advance(70_000);
      expect(await scene.ask("mx.good.lab"), "set right again").toMatchObject({ status: "secure" });
    });
  });

  const stores: Readonly<Record<string, () => string | null>> = {
    empty: () => "",
    "cut off": () => "rootwalk anchor state 1\nzone .\nkey",
    octets: () => "\u0000\u0001\u00ff".repeat(100),
    unreadable: () => {
      throw new Error("permission denied");
    },
  };
  for (const [what, load] of Object.entries(stores)) {
    test(`A-99: a stored anchor state that is ${what}, on a full disk: told, and the built-in anchors decide`, async () => {
      const full = (): void => {
        throw new Error("the disk is full");
      };
      await attack({ parts: { managedAnchors: { store: { load, store: full } } } }, async (scene) => {
        expect(await scene.ask("www.good.lab")).toMatchObject({ status: "secure" });
        expect(await scene.ask("nobody.good.lab")).toMatchObject({ status: "secure" });
        expect(scene.events.map(({ kind }) => kind).join(" ")).toContain("anchor");
      });
    });
  }

  test("A-99: anchors that are cut off, empty or nonsense are an error that names them; nothing starts without", () => {
    const whole =
      '<?xml version="1.0"?><TrustAnchor id="x" source="x"><Zone>.</Zone><KeyDigest id="K" validFrom="2017-02-02T00:00:00+00:00"><KeyTag>20326</KeyTag><Algorithm>8</Algorithm><DigestType>2</DigestType><Digest>E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D</Digest></KeyDigest></TrustAnchor>';
    expect(anchorsFromXml(whole, LAB_NOW, "anchors.xml")).toHaveLength(1);
    for (const cut of [0, 20, 60, 120, 200, whole.length - 5]) {
      expect(() => anchorsFromXml(whole.slice(0, cut), LAB_NOW, "anchors.xml"), `cut at ${cut}`).toThrow(
        /anchors\.xml/,
      );
    }
    expect(() => anchorsFromZoneText(". IN DS 20326 8 2 abc", "anchors.txt")).toThrow(/anchors\.txt/);
    expect(() => createResolver({ trustAnchors: ". IN DS x" })).toThrow(/trust anchors/);
  });
});

describe("A-96: garbage from clients", () => {
  const from = { address: "127.0.0.1", port: 4242, transport: "udp" } as const;
  const plain = (type: number, klass: number = CLASS.IN): Uint8Array =>
    encodeQuery({
      id: 9,
      question: { name: Name.parse("www.good.lab"), type, class: klass },
      rd: true,
      cd: false,
      edns: null,
    });
  const patched = (octets: Uint8Array, at: number, value: number): Uint8Array => {
    const copy = octets.slice();
    copy[at] = value;
    return copy;
  };
  const cases: Readonly<Record<string, readonly [Uint8Array, number | null]>> = {
    "a response (two resolvers that talk in circles)": [patched(plain(TYPE.A), 2, 0x81), null],
    "eleven octets": [plain(TYPE.A).subarray(0, 11), null],
    "two questions": [patched(plain(TYPE.A), 5, 2), RCODE.FORMERR],
    "no question": [patched(plain(TYPE.A), 5, 0), RCODE.FORMERR],
    NOTIFY: [patched(plain(TYPE.A), 2, 0x21), RCODE.NOTIMP],
    UPDATE: [patched(plain(TYPE.A), 2, 0x29), RCODE.NOTIMP],
    "class ANY": [plain(TYPE.A, CLASS.ANY), RCODE.REFUSED],
    "class CH": [plain(TYPE.A, CLASS.CH), RCODE.REFUSED],
    NXNAME: [plain(TYPE.NXNAME), RCODE.FORMERR],
    OPT: [plain(TYPE.OPT), RCODE.FORMERR],
    TSIG: [plain(250), RCODE.FORMERR],
    AXFR: [plain(252), RCODE.REFUSED],
    IXFR: [plain(251), RCODE.REFUSED],
    MAILB: [plain(253), RCODE.FORMERR],
    "a question cut off": [plain(TYPE.A).subarray(0, 20), RCODE.FORMERR],
  };
  test("A-96: none of it is asked further, none of it comes back larger, and what comes back is no echo", async () => {
    await attack({}, async (scene) => {
      const { respond } = createResponder({ resolver: scene.resolver, clock: scene.clock });
      const { packets } = scene.cost;
      for (const [what, [octets, rcode]] of Object.entries(cases)) {
        const reply = await respond(octets, from);
        if (rcode === null) expect(reply, what).toBeNull();
        else {
          const message = decodeMessage(reply!);
          expect(message.rcode, what).toBe(rcode);
          expect(message.ad).toBe(false);
          expect(reply!.length, what).toBeLessThanOrEqual(Math.max(12, octets.length));
        }
      }
      expect(scene.cost.packets).toBe(packets);
      const good = await scene.meanwhile(async () => respond(plain(TYPE.A), from));
      expect(decodeMessage(good!).answer.length).toBeGreaterThan(0);
    });
  });

  test("A-96: a flood from one address, forged perhaps: after a second's worth nothing leaves that is larger than what came", async () => {
    await attack({}, async (scene) => {
      await scene.ask("www.good.lab");
      const access = createAccess({ otherwise: "allow" });
      const { respond } = createResponder({ resolver: scene.resolver, clock: scene.clock, access });
      const { questionsPerSecond } = defaultServerLimits;
      const { packets } = scene.cost;
      const query = plain(TYPE.A);
      const sizes: number[] = [];
      for (let i = 0; i < 3 * questionsPerSecond; i++) {
        const reply = await respond(query, { ...from, address: "192.0.2.66" });
        if (reply !== null && reply.length > query.length) sizes.push(reply.length);
      }
      expect(sizes.length).toBeLessThanOrEqual(questionsPerSecond);
      expect(scene.cost.packets).toBe(packets);
      const other = await respond(query, { ...from, address: "192.0.2.67" });
      expect(decodeMessage(other!).answer.length).toBe(1);
    });
  });
});
