/**
 * What a question costs, counted and not timed: waits of one round trip, questions sent, signatures checked, keys imported,
 * NSEC3 hashes and DS digests, each exactly. A change of design that makes questions dearer fails here; one that makes them
 * cheaper comes with new numbers.
 */
import { describe, expect, test } from "vitest";
import type { CryptoEngine } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { seededRandom, virtualClock } from "../../src/env/virtual.ts";
import { buildWorld, type WorldDescription } from "../../src/lab/world.ts";
import { createResolver } from "../../src/resolver/create.ts";

const NOW = 1_800_000_000;
const ROUND_TRIP_MS = 20;
const mail = `
  @            MX    10 mx
  mx           A     5.1.2.25
  mx           AAAA  2a00::25
  _25._tcp.mx  TLSA  3 1 1 ${"5a".repeat(32)}
  www          A     5.1.2.80
`;
const two = {
  keys: [
    { role: "ksk", algorithm: 13 },
    { role: "zsk", algorithm: 13 },
  ],
} as const;
const world: WorldDescription = {
  zones: [
    { apex: ".", signing: two },
    { apex: "nsec.", signing: two },
    { apex: "nsec3.", signing: { ...two, denial: { iterations: 0 } } },
    { apex: "optout.", signing: { ...two, denial: { optOut: true } } },
    { apex: "one.nsec.", records: mail },
    { apex: "two.nsec3.", records: mail, signing: { denial: { iterations: 0 } } },
    { apex: "three.nsec3.", records: mail },
    { apex: "four.nsec.", records: mail },
    { apex: "away.nsec.", records: mail, servers: ["ns.two.nsec3."] },
    { apex: "hosted.nsec.", records: "@ MX 10 mx.two.nsec3." },
    { apex: "open.optout.", records: mail, signing: null },
  ],
};
const servers = [
  ...new Set(world.zones.flatMap(({ apex, servers: named }) => named ?? [`ns.${apex === "." ? "" : apex}`])),
];

type Step = readonly string[];
interface Work {
  readonly waits: number;
  readonly sent: number;
  readonly signatures: number;
  readonly imports: number;
  readonly hashes: number;
  readonly digests: number;
}

/** What the last steps cost, after those that are `known`. */
async function workOf(steps: readonly Step[], known: readonly Step[] = []): Promise<Work> {
  const clock = virtualClock({ unixSeconds: NOW });
  const latency = servers.map((name) => ({ name, latencyMs: ROUND_TRIP_MS }));
  const lab = buildWorld({ ...world, servers: latency }, NOW, { clock });
  const counts = { signatures: 0, imports: 0, hashes: 0, digests: 0 };
  const resolver = createResolver({
    env: { clock, random: seededRandom(7), exchange: lab.exchange, emit: () => {} },
    engine: counting(nativeEngine(), counts),
    rootHints: lab.hints,
    trustAnchors: lab.anchors,
    settings: { queryPrivate: true },
  });
  try {
    return await clock.run(async () => {
      const ask = async (step: Step): Promise<void> => {
        const answers = await Promise.all(
          step.map((question) => resolver.resolve(...(question.split(" ") as [string, string]))),
        );
        for (const { verdict } of answers) expect(["secure", "insecure"]).toContain(verdict.status);
      };
      for (const step of known) await ask(step);
      const before = { ...counts, sent: lab.count(), ms: clock.monotonicMs() };
      for (const step of steps) await ask(step);
      return {
        waits: Math.round((clock.monotonicMs() - before.ms) / ROUND_TRIP_MS),
        sent: lab.count() - before.sent,
        signatures: counts.signatures - before.signatures,
        imports: counts.imports - before.imports,
        hashes: counts.hashes - before.hashes,
        digests: counts.digests - before.digests,
      };
    });
  } finally {
    await clock.run(() => resolver.close());
  }
}

type Counts = Record<"signatures" | "imports" | "hashes" | "digests", number>;

function counting(engine: CryptoEngine, counts: Counts): CryptoEngine {
  return {
    name: engine.name,
    algorithms: engine.algorithms,
    digests: engine.digests,
    verify(key, data, signature) {
      counts.signatures += 1;
      return engine.verify(key, data, signature);
    },
    importKey(algorithm, publicKey) {
      counts.imports += 1;
      return engine.importKey(algorithm, publicKey);
    },
    nsec3Hash(name, salt, iterations) {
      counts.hashes += 1;
      return engine.nsec3Hash(name, salt, iterations);
    },
    digest(type, data) {
      counts.digests += 1;
      return engine.digest(type, data);
    },
  };
}

const asMailServer = (domain: string, host: string): readonly Step[] => [
  [`${domain} MX`],
  [`${host} A`, `${host} AAAA`, `_25._tcp.${host} TLSA`],
];
const tldKnown: readonly Step[] = [["four.nsec. MX"], ["three.nsec3. MX"]];
/** In the order of `Work`. */
type Row = readonly [what: string, work: readonly number[], steps: readonly Step[], known?: readonly Step[]];

const cold: readonly Row[] = [
  ["MX", [3, 7, 6, 5, 0, 3], [["one.nsec. MX"]]],
  ["MX, NSEC3 all the way", [3, 7, 6, 5, 0, 3], [["two.nsec3. MX"]]],
  ["MX, name servers in another domain", [5, 12, 6, 5, 0, 3], [["away.nsec. MX"]]],
  ["TLSA", [3, 7, 6, 5, 0, 3], [["_25._tcp.mx.one.nsec. TLSA"]]],
  ["NXDOMAIN under NSEC", [3, 7, 8, 5, 0, 3], [["nobody.one.nsec. A"]]],
  ["NXDOMAIN under NSEC3", [3, 7, 8, 5, 5, 3], [["nobody.two.nsec3. A"]]],
  ["TLSA no data", [3, 7, 7, 5, 0, 3], [["www.one.nsec. TLSA"]]],
  ["A below an opt-out span", [3, 6, 5, 4, 2, 2], [["www.open.optout. A"]]],
  ["as a mail server", [4, 10, 9, 5, 0, 3], asMailServer("one.nsec.", "mx.one.nsec.")],
  ["the same, MX host in another domain", [6, 14, 13, 8, 0, 5], asMailServer("hosted.nsec.", "mx.two.nsec3.")],
  ["TLD known: MX", [2, 3, 3, 1, 0, 1], [["one.nsec. MX"]], tldKnown],
  ["TLD known: TLSA", [2, 3, 3, 1, 0, 1], [["_25._tcp.mx.one.nsec. TLSA"]], tldKnown],
  ["TLD known: as a mail server", [3, 6, 6, 1, 0, 1], asMailServer("one.nsec.", "mx.one.nsec."), tldKnown],
  ["TLD known: MX host in another domain", [4, 8, 8, 2, 0, 2], asMailServer("hosted.nsec.", "mx.two.nsec3."), tldKnown],
];

const cached: readonly Row[] = [
  ["MX again", [0, 0, 0, 0, 0, 0], [["one.nsec. MX"]], [["one.nsec. MX"]]],
  ["TLSA again", [0, 0, 0, 0, 0, 0], [["_25._tcp.mx.one.nsec. TLSA"]], [["_25._tcp.mx.one.nsec. TLSA"]]],
  [
    "as a mail server again",
    [0, 0, 0, 0, 0, 0],
    asMailServer("one.nsec.", "mx.one.nsec."),
    asMailServer("one.nsec.", "mx.one.nsec."),
  ],
  ["NXDOMAIN again", [0, 0, 0, 0, 0, 0], [["nobody.one.nsec. A"]], [["nobody.one.nsec. A"]]],
  ["another name that the same NSEC denies", [0, 0, 0, 0, 0, 0], [["nobodz.one.nsec. A"]], [["nobody.one.nsec. A"]]],
  [
    "another name that the same NSEC3 RRs deny",
    [0, 0, 0, 0, 1, 0],
    [["nobody1.two.nsec3. A"]],
    [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((i) => [`nobody${i}.two.nsec3. A`]),
  ],
];

describe.each([
  ["cold", cold],
  ["cached", cached],
] as const)("%s: waits, questions, signatures, imports, hashes, digests", (_, rows) => {
  for (const [what, expected, steps, known] of rows) {
    test(`${what}: ${expected.join(", ")}`, async () => {
      expect(Object.values(await workOf(steps, known))).toEqual(expected);
    });
  }
});
