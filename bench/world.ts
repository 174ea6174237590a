/** The Internet of the benches: a signed root, four TLDs of different kinds, signed mail domains over all algorithms. */
import type { Ask, Exchange } from "../src/env/env.ts";
import type { KeyPlan, World, WorldDescription, ZoneDescription } from "../src/lab/world.ts";
import { decodeMessage, encodeQuery } from "../src/wire/message.ts";

/** Per hundred domains, about as they are met in the wild. */
const algorithms: readonly (readonly [algorithm: number, count: number])[] = [
  [13, 40],
  [8, 30],
  [15, 15],
  [10, 5],
  [14, 5],
  [16, 5],
];

/** Apexes of signed mail domains that stand in the TLD of their kind. */
export const domains: readonly string[] = algorithms
  .flatMap(([algorithm, count]) => Array.from({ length: count }, () => algorithm))
  .map((_, i) => `d${i}.${["nsec", "nsec3", "optout"][i % 3]}.`);

const algorithmOf = algorithms.flatMap(([algorithm, count]) => Array.from({ length: count }, () => algorithm));

function mailDomain(apex: string, rest: Partial<ZoneDescription> = {}): ZoneDescription {
  const records = `
    @            MX    10 mx
    mx           A     192.0.2.25
    mx           AAAA  2001:db8::25
    _25._tcp.mx  TLSA  3 1 1 ${"5a".repeat(32)}
    www          A     192.0.2.80
  `;
  return { apex, records, ...rest };
}

const both = (algorithm: number): readonly KeyPlan[] => [
  { role: "ksk", algorithm, bits: 2048 },
  { role: "zsk", algorithm, bits: 2048 },
];

export const benchWorld: WorldDescription = {
  zones: [
    { apex: ".", signing: { keys: both(8) } },
    { apex: "nsec.", signing: { keys: both(13) } },
    { apex: "nsec3.", signing: { keys: both(13), denial: { iterations: 0 } } },
    { apex: "optout.", signing: { keys: both(13), denial: { optOut: true } } },
    { apex: "plain.", signing: null },
    ...domains.map((apex, i) =>
      mailDomain(apex, { signing: { keys: [{ role: "csk", algorithm: algorithmOf[i]!, bits: 2048 }] } }),
    ),
    // Its name servers in another domain of another TLD, and its mail host in a third.
    mailDomain("away.nsec.", { servers: ["ns.d1.nsec3."] }),
    { apex: "hosted.nsec.", records: "@ MX 10 mx.d1.nsec3." },
    mailDomain("open.optout.", { signing: null }),
    mailDomain("open.plain.", { signing: null }),
  ],
};

/** The world's answers without what it costs to make them: each is made once, then given out again. */
export function replayed(world: World): { readonly exchange: Exchange; readonly asked: () => number } {
  const replies = new Map<string, Uint8Array>();
  let asked = 0;
  const replyTo = (ask: Ask): Uint8Array | null => {
    const key = `${ask.server.address} ${ask.transport} ${ask.question.type} ${ask.question.name.key}`;
    let reply = replies.get(key);
    if (reply === undefined) {
      // Without a cookie, which would fit one resolver only.
      const edns = ask.edns === null ? null : { ...ask.edns, options: [] };
      const made = world.answer(encodeQuery({ ...ask, id: 0, edns }), ask.server.address, ask.transport);
      if (made === null) return null;
      reply = made;
      replies.set(key, reply);
    }
    return reply;
  };
  return {
    asked: () => asked,
    exchange: async (ask) => {
      asked += 1;
      const octets = replyTo(ask);
      if (octets === null) return { kind: "timeout", discarded: 0 };
      return { kind: "reply", message: decodeMessage(octets), octets: octets.length, rttMs: 1 };
    },
  };
}
