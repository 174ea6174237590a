/** Zones that cost a careless validator seconds, one for each row of the bench; by number, docs/attacks.md. */
import { addZone, alter, type Injury, reserver, rrsetOf, together } from "../../src/lab/injure.ts";
import { decoyKey, keyTrap } from "../../src/lab/key-trap.ts";
import type { Quirk } from "../../src/lab/server.ts";
import { withSignatures } from "../../src/lab/sign-zone.ts";
import type { KeyPlan, SigningPlan, WorldDescription, ZoneDescription } from "../../src/lab/world.ts";
import type { Zone } from "../../src/lab/zone.ts";
import { Name } from "../../src/wire/name.ts";
import { TYPE } from "../../src/wire/registry.ts";

/** Not loopback: Knot Resolver takes no such glue. */
export const NETWORK = "10.53";

export interface Attack {
  readonly row: string;
  readonly what: string;
  readonly question: readonly [name: string, type: string];
}

type Build = { readonly attack: Attack; readonly world: Injury };

const P256: KeyPlan = { role: "csk", algorithm: 13 };
const key = (algorithm: number, bits = 2048): SigningPlan => ({ keys: [{ role: "csk", algorithm, bits }] });
const deep = Array.from({ length: 100 }, () => "a").join(".");

let made = 0;
function zone(
  row: string,
  what: string,
  given: {
    readonly ask?: (apex: string) => readonly [string, string];
    readonly signing?: SigningPlan;
    readonly records?: string;
    readonly ds?: ZoneDescription["ds"];
    readonly edit?: (zone: Zone) => void;
    readonly quirk?: (apex: string) => Quirk;
  },
): Build {
  const apex = `z${made++}.t.`;
  const { ask = (zone) => [`www.${zone}`, "A"] as const, quirk, records = "", edit, ds } = given;
  const description: ZoneDescription = {
    apex,
    records: `@ MX 10 mx\nmx A 192.0.2.25\nwww A 192.0.2.80\n${records}`,
    signing: given.signing ?? { keys: [P256] },
    ...(ds === undefined ? {} : { ds }),
    ...(edit === undefined ? {} : { edit }),
  };
  const server = quirk === undefined ? [] : [reserver(`ns.${apex}`, quirk(apex))];
  return { attack: { row, what, question: ask(apex) }, world: together(addZone(description), ...server) };
}

/** `count` copies of a signature, each wrong in another octet. */
function wrongCopies(zone: Zone, count: number): void {
  alter(zone, [`www.${zone.apex}`, TYPE.A], ({ signatures }) => ({
    signatures: Array.from({ length: count }, (_, i) => {
      const copy = signatures[0]!.slice();
      copy[copy.length - 1 - (i % 60)]! ^= 1 + Math.floor(i / 60);
      return copy;
    }),
  }));
}

function hashTrap(row: string, what: string): Build {
  const tag = 4711;
  return zone(row, what, {
    ds: () =>
      Array.from({ length: 200 }, (_, i) =>
        Uint8Array.of(tag >> 8, tag & 255, 8, 2, ...new Uint8Array(32).fill(i + 1)),
      ),
    edit: (zone) => {
      const keys = rrsetOf(zone, `${zone.apex}`, TYPE.DNSKEY);
      const decoys = Array.from({ length: 200 }, (_, i) => decoyKey(tag, i));
      zone.set(withSignatures(zone, { ...keys, data: [...keys.data, ...decoys] }));
    },
  });
}

/** Swapping 16-bit words keeps the tag; a point off the curve is no key. */
function brokenKeys(zone: Zone): void {
  const keys = rrsetOf(zone, `${zone.apex}`, TYPE.DNSKEY);
  const own = zone.signedWith!.keys.find(({ role }) => role === "zsk")!;
  const swapped = Array.from({ length: 31 }, (_, i) => {
    const copy = own.rdata.slice();
    for (const at of [4 + 2 * i, 5 + 2 * i]) [copy[at], copy[at + 2]] = [copy[at + 2]!, copy[at]!];
    return copy;
  });
  zone.set(withSignatures(zone, { ...keys, data: [...swapped, ...keys.data] as [Uint8Array, ...Uint8Array[]] }));
}

function expired(zone: Zone): void {
  alter(zone, [`www.${zone.apex}`, TYPE.A], ({ signatures }) => ({
    signatures: Array.from({ length: 500 }, (_, i) => {
      const copy = signatures[0]!.slice();
      new DataView(copy.buffer).setUint32(8, new DataView(copy.buffer).getUint32(12) + 1 + i);
      return copy;
    }),
  }));
}

function manyTypes(zone: Zone): void {
  for (let type = 65280; type < 65340; type++) {
    const rrset = {
      name: Name.parse(`any.${zone.apex}`),
      type,
      ttl: 300,
      data: [Uint8Array.of(1)] as const,
      signatures: [],
    };
    zone.set(withSignatures(zone, { ...rrset, data: [Uint8Array.of(1)] }));
  }
}

const askAny = (apex: string) => [`any.${apex}`, "ANY"] as const;
const salted = (iterations: number, salt = 255): SigningPlan => ({
  denial: { iterations, salt: new Uint8Array(salt).fill(7) },
});

/** Eight NSEC3 RRsets or fewer: all that are there, each signed. */
const allDenials = (chosen: (zone: Zone) => Zone["denials"]) => {
  let all: Zone["denials"] = [];
  return {
    edit: (zone: Zone) => {
      all = chosen(zone);
    },
    quirk: (): Quirk => ({
      replies: (reply) => {
        const isNegative = reply.answer.length === 0 && reply.authority.length > 0;
        if (!isNegative) return reply;
        const kept = reply.authority.filter(
          ({ name, type }) => !all.some((other) => other.type === type && other.name.equals(name)),
        );
        return { ...reply, authority: [...kept, ...all] };
      },
    }),
  };
};

const hosts = (count: number): string => Array.from({ length: count }, (_, i) => `h${i} A 192.0.2.1`).join("\n");

/** Over UDP only TC, over TCP what `make` gives. */
const sendsWhole = (make: (octets: Uint8Array) => Uint8Array): Quirk => ({
  sends: (octets, query, transport) => {
    if (query.question.type !== TYPE.A) return octets;
    if (transport === "tcp") return make(octets);
    const short = octets.slice(0, 12 + query.question.name.wire.length + 4);
    short[2]! |= 2;
    short.fill(0, 6, 12);
    return short;
  },
});

/** 3,500 owners, each a label and a pointer to the one before; every sixtieth begins anew. */
function pointerChains(octets: Uint8Array): Uint8Array {
  const questionEnd = 12 + nameLength(octets, 12) + 4;
  const out = [...octets.subarray(0, questionEnd)];
  let before = 12;
  let count = 0;
  while (out.length < 65_500 - 18) {
    const here = out.length;
    const target = count % 60 === 0 || before > 0x3fff ? 12 : before;
    out.push(1, 97 + (count % 26), 0xc0 | (target >> 8), target & 255, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1);
    before = here;
    count += 1;
  }
  const result = Uint8Array.from(out);
  result.set([0x84, 0, 0, 1, count >> 8, count & 255, 0, 0, 0, 0], 2);
  return result;
}

function manyOptions(octets: Uint8Array): Uint8Array {
  const questionEnd = 12 + nameLength(octets, 12) + 4;
  const options = 16_000;
  const result = new Uint8Array(questionEnd + 11 + 4 * options);
  result.set(octets.subarray(0, questionEnd));
  result.set([0x84, 0, 0, 1, 0, 0, 0, 0, 0, 1], 2);
  result.set([0, 0, 41, 4, 208, 0, 0, 128, 0, (4 * options) >> 8, (4 * options) & 255], questionEnd);
  for (let i = 0; i < options; i++) result.set([0, 3 + (i % 10), 0, 0], questionEnd + 11 + 4 * i);
  return result;
}

function nameLength(octets: Uint8Array, from: number): number {
  let at = from;
  while (octets[at] !== 0) at += octets[at]! + 1;
  return at + 1 - from;
}

const text = (i: number, length: number): Uint8Array =>
  Uint8Array.of(length, ...new Uint8Array(length).fill(97 + (i % 26), 1), ...[]).fill(255 - i, 1, 2);

function bitmaps(zone: Zone): Zone["denials"] {
  const windows = Array.from({ length: 256 }, (_, window) => [window, 32, ...new Array<number>(32).fill(255)]).flat();
  return Array.from({ length: 6 }, (_, i) => {
    const name = Name.parse(`b${i}.${zone.apex}`);
    const data: [Uint8Array] = [Uint8Array.of(...name.child("x")!.wire, ...windows)];
    return { name, type: TYPE.NSEC, ttl: 300, data, signatures: zone.denials[0]!.signatures };
  });
}

/** A chain of aliases, each by a wildcard of its own, so that each link needs its own proof. */
const wildChain = Array.from({ length: 11 }, (_, i) => `*.w${i} CNAME a.w${i + 1}`).join("\n");

const builds: readonly Build[] = [
  zone("A-02", "KeyTrap: 20 keys of one tag × 20 signatures", {
    edit: (zone) => keyTrap(zone, { keys: 20, signatures: 20 }),
  }),
  zone("A-02", "KeyTrap: 250 keys × 340 signatures", { edit: (zone) => keyTrap(zone, { keys: 250, signatures: 340 }) }),
  zone("A-01", "SigJam: 1 key × 340 signatures", { edit: (zone) => wrongCopies(zone, 340) }),
  zone("A-01", "SigJam, P-384", { signing: key(14), edit: (zone) => wrongCopies(zone, 340) }),
  zone("A-01", "SigJam, Ed448", { signing: key(16), edit: (zone) => wrongCopies(zone, 340) }),
  zone("A-01", "SigJam, RSA-4096", { signing: key(8, 4096), edit: (zone) => wrongCopies(zone, 100) }),
  zone("A-03", "LockCram: 250 keys × 1 signature", { edit: (zone) => keyTrap(zone, { keys: 250, signatures: 1 }) }),
  hashTrap("A-04", "HashTrap: 200 DS × 200 keys"),
  zone("A-05", "AnyTrap: 60 signed types", { edit: manyTypes, ask: askAny }),
  zone("A-05", "AnyTrap, P-384", { signing: key(14), edit: manyTypes, ask: askAny }),
  zone("A-05", "AnyTrap, Ed448", { signing: key(16), edit: manyTypes, ask: askAny }),
  zone("A-05", "AnyTrap, RSA-4096", { signing: key(8, 4096), edit: manyTypes, ask: askAny }),
  zone("A-06", "31 keys that are no keys", {
    signing: {
      keys: [
        { role: "ksk", algorithm: 13 },
        { role: "zsk", algorithm: 13 },
      ],
    },
    edit: brokenKeys,
  }),
  zone("A-07", "500 expired signatures", { edit: expired }),
  zone("A-09", "NSEC3: 50 iterations, salt of 255, 102 labels", {
    signing: salted(50),
    ask: (apex) => [`${deep}.${apex}`, "A"],
  }),
  zone("A-09", "NSEC3: 500 iterations, 102 labels", { signing: salted(500), ask: (apex) => [`${deep}.${apex}`, "A"] }),
  zone("A-09", "NSEC3: 1000 rounds without salt, 102 labels", {
    signing: salted(50, 0),
    ask: (apex) => [`${deep}.${apex}`, "A"],
  }),
  zone("A-12", "40 NSEC3 RRsets in one answer", {
    signing: salted(1, 2),
    records: hosts(40),
    ask: (apex) => [`nobody.${apex}`, "A"],
    ...allDenials((zone) => zone.denials),
  }),
  zone("A-12", "8 NSEC3 RRsets, P-384", {
    signing: { ...key(14), ...salted(1, 2) },
    records: hosts(4),
    ask: (apex) => [`nobody.${apex}`, "A"],
    ...allDenials((zone) => zone.denials),
  }),
  zone("A-74", "11 aliases of wildcards, a proof for each, P-384", {
    signing: key(14),
    records: wildChain,
    ask: (apex) => [`a.w0.${apex}`, "A"],
  }),
  zone("A-90", "64 KiB of pointer chains", { quirk: () => sendsWhole(pointerChains) }),
  zone("A-91", "250 names without a common suffix", {
    records: Array.from({ length: 250 }, (_, i) => `names MX ${i} mail${i}.company${i}.tld${i}.`).join("\n"),
    ask: (apex) => [`names.${apex}`, "MX"],
  }),
  zone("A-92", "16,000 EDNS options", { quirk: () => sendsWhole(manyOptions) }),
  zone("A-93", "RRset of 1,900 records", {
    records: Array.from({ length: 1900 }, (_, i) => `many A 10.0.${i >> 8}.${i & 255}`).join("\n"),
    ask: (apex) => [`many.${apex}`, "A"],
  }),
  zone("A-93", "64 KiB signed: 230 texts in reverse order", {
    edit: (zone) => {
      const data = Array.from({ length: 230 }, (_, i) => text(i, 230)) as unknown as [Uint8Array];
      zone.set(
        withSignatures(zone, { name: Name.parse(`text.${zone.apex}`), type: TYPE.TXT, ttl: 300, data, signatures: [] }),
      );
    },
    ask: (apex) => [`text.${apex}`, "TXT"],
  }),
  zone("A-94", "6 NSEC with bitmaps of all types", {
    ask: (apex) => [`nobody.${apex}`, "A"],
    ...allDenials(bitmaps),
  }),
];

/** A referral that brings all of a zone's NSEC RRs. */
const evidence: Build = (() => {
  let all: Zone["denials"] = [];
  const parent: ZoneDescription = {
    apex: "evidence.t.",
    records: hosts(220),
    edit: (zone) => {
      all = zone.denials;
    },
  };
  const quirk: Quirk = {
    replies: (reply) =>
      reply.aa || reply.answer.length > 0
        ? reply
        : { ...reply, authority: [...reply.authority.filter(({ type }) => type !== TYPE.NSEC), ...all] },
  };
  return {
    attack: { row: "A-32", what: "a referral with 220 NSEC RRs", question: ["www.child.evidence.t.", "A"] },
    world: together(
      addZone(parent),
      addZone({ apex: "child.evidence.t.", signing: null, records: "www A 192.0.2.80" }),
      reserver("ns.evidence.t.", quirk),
    ),
  };
})();

const costlyCut: Build = {
  attack: { row: "A-10", what: "65,535 iterations at an unsigned delegation", question: ["www.child.costly.t.", "A"] },
  world: together(
    addZone({ apex: "costly.t.", signing: { denial: { iterations: 65535 } } }),
    addZone({ apex: "child.costly.t.", signing: null, records: "www A 192.0.2.80" }),
  ),
};

const all = [...builds, evidence, costlyCut].sort((a, b) => (a.attack.row < b.attack.row ? -1 : 1));
export const attacks: readonly Attack[] = all.map(({ attack }) => attack);

/** Good neighbours: one is asked all the time, the others warm a program up. */
export const BYSTANDER = "www.good.t.";
export const warmUp: readonly string[] = Array.from({ length: 400 }, (_, i) => `h${i}.good${i % 20}.t.`);

const sound: WorldDescription = {
  zones: [
    { apex: "." },
    { apex: "t." },
    { apex: "good.t.", records: "www A 192.0.2.80" },
    ...Array.from({ length: 20 }, (_, i) => ({ apex: `good${i}.t.`, records: hosts(400) })),
  ],
};

export const attackWorld: WorldDescription = together(...all.map(({ world }) => world))(sound);
