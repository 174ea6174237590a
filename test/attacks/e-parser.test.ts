/** ATTACKS section E, first half: octets that cost much to read or to write. What is read comes from a server, what is written goes to a client. */
import { describe, expect, test } from "vitest";
import { reserver } from "../../src/lab/injure.ts";
import type { Quirk } from "../../src/lab/server.ts";
import { createResponder } from "../../src/server/responder.ts";
import { decodeMessage, encodeMessage, encodeQuery } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, OPTION, RCODE, TYPE, typeToText } from "../../src/wire/registry.ts";
import { attack } from "./fixture.ts";
import { asks, lying, rr } from "./path.ts";

const sends = (make: (octets: Uint8Array) => Uint8Array): Quirk => ({ sends: (octets) => make(octets) });
const header = (id: Uint8Array, counts: readonly number[]): Uint8Array =>
  Uint8Array.of(id[0]!, id[1]!, 0x84, 0, ...counts.flatMap((count) => [count >> 8, count & 255]));

/** The question as it came, then whatever `tail` says about the offset where it begins. */
function following(octets: Uint8Array, counts: readonly number[], tail: (at: number) => readonly number[]): Uint8Array {
  const { question } = decodeMessage(octets);
  const asked = [...question[0]!.name.wire, 0, question[0]!.type, 0, 1];
  return Uint8Array.of(...header(octets, counts), ...asked, ...tail(12 + asked.length));
}
const fixed = [0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 6, 6, 6, 6];

describe("A-90: names that are costly to read", () => {
  const bombs: Readonly<Record<string, (octets: Uint8Array) => Uint8Array>> = {
    "a pointer to itself": (octets) => following(octets, [1, 1, 0, 0], (at) => [0xc0 | (at >> 8), at & 255, ...fixed]),
    "a pointer forward": (octets) =>
      following(octets, [1, 1, 0, 0], (at) => [0xc0 | ((at + 2) >> 8), (at + 2) & 255, 0, ...fixed]),
    "a pointer into the header": (octets) => following(octets, [1, 1, 0, 0], () => [0xc0, 2, ...fixed]),
    "two pointers to each other": (octets) =>
      following(octets, [1, 1, 0, 0], (at) => [
        1,
        97,
        0xc0 | ((at + 4) >> 8),
        (at + 4) & 255,
        0xc0 | (at >> 8),
        at & 255,
        ...fixed,
      ]),
    "a chain of 10,000 pointers": (octets) =>
      following(octets, [1, 1, 0, 0], (at) => {
        const chain = Array.from({ length: 8000 }, (_, i) =>
          i === 0 ? [0xc0, 12] : [0xc0 | ((at + 2 * i - 2) >> 8), (at + 2 * i - 2) & 255],
        );
        return [...chain.flat(), ...fixed];
      }),
    "256 octets in all": (octets) =>
      following(octets, [1, 1, 0, 0], () => [...Array.from({ length: 128 }, () => [1, 97]).flat(), 0, ...fixed]),
    "a label of an unknown kind": (octets) => following(octets, [1, 1, 0, 0], () => [0x41, 97, 0, ...fixed]),
  };
  for (const [what, make] of Object.entries(bombs)) {
    test(`A-90: ${what}: no message, and no time lost`, async () => {
      await attack({ world: reserver("ns.plain.lab.", sends(make)) }, async (scene) => {
        const startMs = performance.now();
        const victim = await scene.ask("host.plain.lab");
        expect(victim).toMatchObject({ status: "indeterminate", data: [], ede: [22] });
        expect(performance.now() - startMs, "all tries together").toBeLessThan(500);
        expect(victim.cost.packets).toBeLessThanOrEqual(12);
      });
    });
  }

  test("A-90: 4,000 records whose owners are read through chains of pointers take time in proportion to the message", async () => {
    const make = (octets: Uint8Array): Uint8Array =>
      following(octets, [1, 3000, 0, 0], (at) => {
        const labels = Array.from({ length: 120 }, () => [1, 97]).flat();
        const first = [...labels, 0, ...fixed];
        const pointer = [0xc0 | (at >> 8), at & 255];
        return [...first, ...Array.from({ length: 2999 }, () => [...pointer, ...fixed]).flat()];
      });
    await attack({ world: reserver("ns.plain.lab.", sends(make)) }, async (scene) => {
      const startMs = performance.now();
      expect((await scene.ask("host.plain.lab")).status).toMatch(/insecure|indeterminate/);
      expect(performance.now() - startMs).toBeLessThan(1000);
    });
  });
});

describe("A-91: names that are costly to write", () => {
  const targets = Array.from({ length: 250 }, (_, i) => Name.parse(`${`a${i}b`.repeat(8)}.x${i}.y${i}`));
  const mx = targets.map((target) => rr("names.plain.lab", TYPE.MX, Uint8Array.of(0, 10, ...target.wire)));

  test("A-91: 250 names that share nothing are given to a client, fast and whole", async () => {
    const path = lying((_message, ask) =>
      asks(ask, "names.plain.lab", TYPE.MX) ? { rcode: RCODE.NOERROR, answer: mx } : undefined,
    );
    await attack({ path }, async (scene) => {
      const { respond } = createResponder({ resolver: scene.resolver, clock: scene.clock });
      const query = encodeQuery({
        id: 7,
        question: { name: Name.parse("names.plain.lab"), type: TYPE.MX, class: CLASS.IN },
        rd: true,
        cd: false,
        edns: null,
      });
      const from = { address: "127.0.0.1", port: 7, transport: "tcp" } as const;
      const reply = await scene.meanwhile(async () => respond(query, from));
      expect(decodeMessage(reply!).answer.length).toBe(250);
      const startMs = performance.now();
      for (let i = 0; i < 20; i++) encodeMessage({ ...decodeMessage(reply!) });
      expect((performance.now() - startMs) / 20, "milliseconds to read and write it").toBeLessThan(20);
    });
  });
});

describe("A-92: many options", () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      code: i % 3 === 0 ? OPTION.NSID : i % 3 === 1 ? OPTION.COOKIE : OPTION.PADDING,
      data: new Uint8Array(0),
    }));

  test("A-92: 16,000 options from a server: the answer counts, the options do not", async () => {
    const path = lying((message, ask) =>
      asks(ask, "host.plain.lab") && message.edns !== null
        ? { edns: { ...message.edns, options: many(16_000) } }
        : undefined,
    );
    const raw =
      (exchange: Parameters<typeof path>[0]): typeof exchange =>
      async (ask, signal) => {
        const result = await path(exchange)(ask, signal);
        if (result.kind !== "reply" || !asks(ask, "host.plain.lab")) return result;
        const message = decodeMessage(encodeMessage(result.message));
        expect(message.edns!.options.length).toBeLessThanOrEqual(32);
        return { ...result, message };
      };
    await attack({ path: raw }, async (scene) => {
      expect(await scene.ask("host.plain.lab")).toMatchObject({ status: "insecure", data: ["192.0.2.90"] });
    });
  });

  test("A-92: thousands from a client: one answer, each option of ours once", async () => {
    await attack({}, async (scene) => {
      const { respond } = createResponder({ resolver: scene.resolver, clock: scene.clock });
      const query = encodeQuery({
        id: 7,
        question: { name: Name.parse("www.good.lab"), type: TYPE.A, class: CLASS.IN },
        rd: true,
        cd: false,
        edns: { udpSize: 1232, options: many(5000) },
      });
      const startMs = performance.now();
      const reply = await scene.meanwhile(async () =>
        respond(query, { address: "127.0.0.1", port: 7, transport: "tcp" }),
      );
      expect(performance.now() - startMs).toBeLessThan(500);
      const codes = decodeMessage(reply!).edns!.options.map(({ code }) => code);
      expect(new Set(codes).size).toBe(codes.length);
      expect(reply!.length).toBeLessThan(query.length);
    });
  });
});

describe("A-93: large RRsets and many types", () => {
  test("A-93: 10,000 addresses at one name are refused, and not kept", async () => {
    const path = lying((_message, ask) =>
      asks(ask, "host.plain.lab")
        ? {
            answer: Array.from({ length: 10_000 }, (_, i) =>
              rr("host.plain.lab", TYPE.A, Uint8Array.of(192, 0, i >> 8, i & 255)),
            ),
          }
        : undefined,
    );
    await attack({ path }, async (scene) => {
      const victim = await scene.ask("host.plain.lab");
      expect(victim).toMatchObject({ status: "indeterminate", data: [], ede: [22] });
      expect(victim.detail).toContain("256");
    });
  });

  test("A-93: 250 records are not too many", async () => {
    const path = lying((_message, ask) =>
      asks(ask, "host.plain.lab")
        ? { answer: Array.from({ length: 250 }, (_, i) => rr("host.plain.lab", TYPE.A, Uint8Array.of(192, 0, 2, i))) }
        : undefined,
    );
    await attack({ path }, async (scene) => {
      expect((await scene.ask("host.plain.lab")).data.length).toBe(250);
    });
  });

  test("A-93: of 5,000 types at one name, ANY gets the first few", async () => {
    const path = lying((_message, ask) =>
      asks(ask, "host.plain.lab", TYPE.ANY)
        ? { answer: Array.from({ length: 5000 }, (_, i) => rr("host.plain.lab", 1000 + i, Uint8Array.of(1))) }
        : undefined,
    );
    await attack({ path }, async (scene) => {
      const victim = await scene.ask("host.plain.lab", "ANY");
      expect(victim.data.length).toBeLessThanOrEqual(24);
    });
  });
});

describe("A-47, A-97: RDATA that is none", () => {
  const name = [...Name.parse("x.example").wire];
  const junk: readonly (readonly [number, readonly number[]])[] = [
    [TYPE.A, [1, 2, 3]],
    [TYPE.AAAA, [1, 2, 3, 4]],
    [TYPE.SOA, [...name, ...name, 0, 0, 0, 1]],
    [TYPE.PX, [0, 1, ...name, 4, 97]],
    [TYPE.RP, [...name, 9, 97]],
    [TYPE.KX, [0, 1, 7, 97]],
    [TYPE.SRV, [0, 1, 0, 1, 0, 53, 9, 97]],
    [TYPE.NAPTR, [0, 1, 0, 1, 1, 85, 3, 69]],
    [TYPE.MX, [0]],
    [TYPE.DNSKEY, [1, 1, 3]],
    [TYPE.DS, [0, 1, 13]],
    [TYPE.RRSIG, [0, 1, 13, 2, 0, 0, 0, 60, 0, 0, 0, 1, 0, 0, 0, 1, 0, 9, ...name.slice(0, 4)]],
    [TYPE.NSEC, [...name, 1, 1, 64, 0, 1, 64]],
    [TYPE.NSEC, [...name, 0, 0]],
    [TYPE.NSEC, [...name, 0, 33, ...new Array<number>(33).fill(1)]],
    [TYPE.NSEC3, [1, 0, 0, 1, 0, 0]],
    [TYPE.NSEC3, [1, 0, 0, 1, 0, 255, 1]],
    [TYPE.TLSA, [3, 1]],
    [TYPE.CAA, [0, 200, 97]],
    [TYPE.SVCB, [0, 1, ...name, 0, 4, 0, 2, 1, 2, 0, 1, 0, 0]],
    [TYPE.LOC, [1, 2, 3]],
    [TYPE.HINFO, [9, 97]],
    [TYPE.TXT, []],
    [TYPE.SSHFP, [1]],
    [TYPE.CERT, [0, 1]],
    [TYPE.IPSECKEY, [10, 3, 2, 9]],
    [TYPE.HIP, [200, 2, 0, 200]],
    [TYPE.APL, [0, 1, 24, 0x84, 1]],
    [TYPE.CSYNC, [0, 0, 0, 1]],
    [TYPE.URI, [0, 1]],
    [TYPE.EUI48, [1, 2]],
    [128 + 256, []],
  ];
  for (const [type, rdata] of junk) {
    const row = [
      TYPE.DNSKEY,
      TYPE.RRSIG,
      TYPE.NSEC,
      TYPE.NSEC3,
      TYPE.PX,
      TYPE.RP,
      TYPE.KX,
      TYPE.SRV,
      TYPE.NAPTR,
    ].includes(type as never)
      ? "A-47"
      : "A-97";
    test(`${row}: ${typeToText(type)} of ${rdata.length} octets: an error or opaque data, never an exception`, async () => {
      const make = (octets: Uint8Array): Uint8Array => {
        const { question } = decodeMessage(octets);
        const owner = [...question[0]!.name.wire];
        return following(octets, [1, 1, 0, 0], () => [
          ...owner,
          type >> 8,
          type & 255,
          0,
          1,
          0,
          0,
          0,
          60,
          rdata.length >> 8,
          rdata.length & 255,
          ...rdata,
        ]);
      };
      await attack({ world: reserver("ns.plain.lab.", sends(make)) }, async (scene) => {
        const victim = await scene.ask("host.plain.lab", typeToText(type) === "RRSIG" ? "A" : typeToText(type));
        expect(victim.status).toMatch(/insecure|indeterminate/);
        expect(victim.cost.packets).toBeLessThanOrEqual(12);
      });
    });
  }
});
