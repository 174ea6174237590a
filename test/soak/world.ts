/**
 * An Internet without end: servers that have an answer to every question, each of another kind, made up on the spot and
 * signed so that the fuzzer's unsafe engine believes it. What a hostile zone can make a resolver keep is in here: distinct
 * names and types, RRsets of many kilobytes, denials of both families, aliases, zones by the million with keys of their own,
 * servers by the million that are lame or silent, bitmaps of all types, forgeries.
 */
import { createHash } from "node:crypto";
import type { Ask, Exchange, ExchangeResult } from "../../src/env/env.ts";
import { nsec3Hash, nsec3Owner } from "../../src/lab/chains.ts";
import { countedLabels } from "../../src/rrset/canonical.ts";
import { keyTag } from "../../src/wire/key-tag.ts";
import { decodeMessage, encodeMessage, type Message, type ResourceRecord } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { encodeRdata } from "../../src/wire/rdata.ts";
import { CLASS, RCODE, TYPE } from "../../src/wire/registry.ts";

export const NOW = 1_790_000_000;
export const HINT = { name: Name.parse("ns.root"), addresses: ["10.0.0.1"] };

const TTL = 3600;
const SIGNATURE = Uint8Array.of(1, ...new Uint8Array(63).fill(7));
const FORGED = Uint8Array.of(0, ...new Uint8Array(63).fill(7));
const SMALL_KEY = Uint8Array.of(1, 1, 3, 13, ...new Uint8Array(64).fill(9));

/** A bitmap of every type but A, NS, CNAME and DNAME: 8 KiB that say nothing. */
const ALL_TYPES = allTypes();

export const anchors = `. IN DS ${keyTag(SMALL_KEY)} 13 2 ${digestOf(Name.root, SMALL_KEY).toString("hex")}\n`;

/** What is asked of number `i`, and which status must come out. */
export interface Kind {
  readonly question: (i: number) => readonly [name: string, type: string];
  readonly status: "secure" | "insecure" | "bogus" | "indeterminate";
}

const label = (i: number): string => `n${i.toString(16).padStart(8, "0")}`;
const plain = (zone: string) => (i: number) => [`${label(i)}.${zone}`, "A"] as const;

/** The top-level domain of each is its name. */
export const kinds = {
  data: { question: (i) => [`${label(i)}.data`, `TYPE${65280 + (i % 200)}`], status: "secure" },
  large: { question: (i) => [`${label(i)}.large`, "TXT"], status: "secure" },
  nsec: { question: plain("nsec"), status: "secure" },
  hashed: { question: plain("hashed"), status: "secure" },
  bitmap: { question: plain("bitmap"), status: "secure" },
  alias: { question: plain("alias"), status: "secure" },
  bogus: { question: plain("bogus"), status: "bogus" },
  open: { question: plain("open"), status: "insecure" },
  zones: { question: (i) => [`www.${label(i)}.zones`, "A"], status: "secure" },
  keys: { question: (i) => [`www.${label(i)}.keys`, "A"], status: "secure" },
  islands: { question: (i) => [`www.${label(i)}.islands`, "A"], status: "insecure" },
  lame: { question: (i) => [`www.${label(i)}.lame`, "A"], status: "indeterminate" },
  silent: { question: (i) => [`www.${label(i)}.silent`, "A"], status: "indeterminate" },
} satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof kinds;

/** How often each is asked of hundred. */
const shares: Readonly<Record<KindName, number>> = {
  data: 31,
  open: 15,
  nsec: 13,
  bogus: 12,
  hashed: 8,
  alias: 5,
  zones: 5,
  islands: 3,
  silent: 2,
  lame: 2,
  large: 2,
  bitmap: 1,
  keys: 1,
};

/** Kinds as often as they are to be asked, well mixed. */
export function mixture(): readonly KindName[] {
  const names = Object.keys(shares) as KindName[];
  const all = names.flatMap((name) =>
    Array.from({ length: shares[name] }, (_, i) => ({ name, at: (i + 0.5) / shares[name] })),
  );
  return all.sort((a, b) => a.at - b.at).map(({ name }) => name);
}

/** Zones below these top-level domains are delegated, one for each question. */
const delegating = new Set<string>(["zones", "keys", "islands", "lame", "silent"] satisfies KindName[]);
const unsigned = new Set<string>(["islands", "lame", "silent"] satisfies KindName[]);

export interface Soak {
  readonly exchange: Exchange;
  readonly asked: () => number;
}

export function soakWorld(): Soak {
  let asked = 0;
  return {
    asked: () => asked,
    exchange: (ask) => {
      asked += 1;
      const octets = answerTo(ask);
      const result: ExchangeResult =
        octets === null
          ? { kind: "timeout", discarded: 0 }
          : { kind: "reply", message: decodeMessage(octets), octets: octets.length, rttMs: 1 };
      // Now and then a turn of the event loop, as with sockets.
      if (asked % 64 !== 0) return Promise.resolve(result);
      return new Promise((resolve) => setImmediate(resolve, result));
    },
  };
}

function answerTo({ question, server }: Ask): Uint8Array | null {
  const { name, type } = question;
  const depth = name.labelCount;
  const tld = depth === 0 ? "" : `${name.ancestor(1)}`.slice(0, -1);
  const zone = zoneAt(server.address, name, tld);
  if (tld === "silent" && zone.labelCount === 2) return null;
  if (tld === "lame" && zone.labelCount === 2) return message(question, { rcode: RCODE.REFUSED });
  const cut = cutBelow(zone, name, tld);
  if (cut !== null) {
    if (type === TYPE.DS && name.equals(cut))
      return message(question, {
        aa: true,
        answer: isUnsigned(cut) ? [] : ds(cut, zone),
        authority: isUnsigned(cut) ? noDs(cut, zone) : [],
      });
    return message(question, {
      authority: [ns(cut), ...(isUnsigned(cut) ? noDs(cut, zone) : ds(cut, zone))],
      additional: [glue(cut)],
    });
  }
  if (name.equals(zone)) {
    if (type === TYPE.DNSKEY) return message(question, { aa: true, answer: signed(zone, keysOf(zone)) });
    if (type === TYPE.NS) return message(question, { aa: true, answer: signed(zone, [ns(zone)]) });
  }
  return message(question, { aa: true, ...leaf(name, type, zone, tld) });
}

type Sections = Partial<Pick<Message, "aa" | "rcode" | "answer" | "authority" | "additional">>;

function leaf(name: Name, type: number, zone: Name, tld: string): Sections {
  const address = record(name, TYPE.A, Uint8Array.of(192, 0, 2, 1));
  switch (tld) {
    case "large": {
      const text = new Uint8Array(250).fill(0x61);
      text[0] = 249;
      return {
        answer: signed(
          zone,
          Array.from({ length: 30 }, (_, i) => record(name, TYPE.TXT, Object.assign(text.slice(), { 1: 0x30 + i }))),
        ),
      };
    }
    case "nsec": {
      const text = `${name}`.split(".")[0]!;
      const owner = Name.parse(
        `${text.slice(0, -1)}${String.fromCharCode(text.charCodeAt(text.length - 1) - 1)}~.nsec`,
      );
      return {
        rcode: RCODE.NXDOMAIN,
        authority: [
          ...soa(zone),
          ...signed(zone, [nsec(owner, Name.parse(`${text}!.nsec`), new Set([TYPE.A]))]),
          ...signed(zone, [nsec(zone, Name.parse("+.nsec"), new Set([TYPE.SOA, TYPE.NS]))]),
        ],
      };
    }
    case "hashed":
      return {
        rcode: RCODE.NXDOMAIN,
        authority: [
          ...soa(zone),
          ...signed(zone, [nsec3(zone, zone, 0)]),
          ...signed(zone, [nsec3(name, zone, 1)]),
          ...signed(zone, [nsec3(zone.wildcard()!, zone, 1)]),
        ],
      };
    case "bitmap": {
      const rdata = Uint8Array.of(...name.child("x")!.wire, ...ALL_TYPES);
      return { authority: [...soa(zone), ...signed(zone, [record(name, TYPE.NSEC, rdata)])] };
    }
    case "alias":
      if (`${name}`.startsWith("to.")) return { answer: signed(zone, [address]) };
      return { answer: signed(zone, [record(name, TYPE.CNAME, name.child("to")!.wire)]) };
    case "bogus":
      return { answer: signed(zone, [address], FORGED) };
    case "open":
      return { answer: [address] };
    case "data":
      return { answer: signed(zone, [record(name, type, Uint8Array.of(1, 2, 3, 4))]) };
    case "islands":
      return { answer: [address] };
    default:
      return { answer: signed(zone, [address]) };
  }
}

/** Servers have the address of the zone they serve: 10.0.0.1 the root, 10.0.0.2 the TLDs, any other one a delegated zone. */
function zoneAt(address: string, name: Name, tld: string): Name {
  if (address === "10.0.0.1" || tld === "") return Name.root;
  if (address === "10.0.0.2" || name.labelCount < 2) return name.ancestor(1);
  return name.ancestor(2);
}

function cutBelow(zone: Name, name: Name, tld: string): Name | null {
  if (zone.isRoot) return name.labelCount >= 1 && tld !== "root" ? name.ancestor(1) : null;
  return zone.labelCount === 1 && name.labelCount >= 2 && delegating.has(tld) ? name.ancestor(2) : null;
}

function isUnsigned(cut: Name): boolean {
  const tld = `${cut.ancestor(1)}`.slice(0, -1);
  return cut.labelCount === 1 ? tld === "open" : unsigned.has(tld);
}

const record = (name: Name, type: number, rdata: Uint8Array): ResourceRecord => ({
  name,
  type,
  class: CLASS.IN,
  ttl: TTL,
  rdata,
});

const ns = (zone: Name): ResourceRecord => record(zone, TYPE.NS, zone.child("ns")!.wire);

function glue(zone: Name): ResourceRecord {
  const octets =
    zone.labelCount === 1 ? Uint8Array.of(10, 0, 0, 2) : createHash("sha1").update(zone.wire).digest().subarray(0, 4);
  octets[0] = zone.labelCount === 1 ? 10 : 11 + (octets[0]! % 100);
  return record(zone.child("ns")!, TYPE.A, octets);
}

function keysOf(zone: Name): ResourceRecord[] {
  const own = record(zone, TYPE.DNSKEY, keyOf(zone));
  if (zone.labelCount !== 2 || !`${zone}`.endsWith(".keys.")) return [own];
  // As many others as a stream carries, of a size that costs.
  const others = Array.from({ length: 60 }, (_, i) => {
    const key = new Uint8Array(4 + 1 + 3 + 256).fill(i + 1);
    key.set([1, 0, 3, 8, 3, 1, 0, 1]);
    return record(zone, TYPE.DNSKEY, key);
  });
  return [own, ...others];
}

function keyOf(zone: Name): Uint8Array {
  if (zone.labelCount < 2) return SMALL_KEY;
  const key = SMALL_KEY.slice();
  key.set(createHash("sha256").update(zone.wire).digest(), 4);
  return key;
}

function ds(cut: Name, parent: Name): ResourceRecord[] {
  const key = keyOf(cut);
  const tag = keyTag(key);
  return signed(parent, [record(cut, TYPE.DS, Uint8Array.of(tag >> 8, tag & 255, 13, 2, ...digestOf(cut, key)))]);
}

const noDs = (cut: Name, parent: Name): ResourceRecord[] =>
  signed(parent, [nsec(cut, cut.child("x")!, new Set([TYPE.NS]))]);

function nsec(owner: Name, next: Name, types: Set<number>): ResourceRecord {
  for (const own of [TYPE.RRSIG, TYPE.NSEC]) types.add(own);
  return record(owner, TYPE.NSEC, encodeRdata(TYPE.NSEC, { next, types }));
}

/** Owner `before` hashes before the name's: 0 matches, 1 covers. */
function nsec3(name: Name, zone: Name, before: number): ResourceRecord {
  const hash = Uint8Array.from(nsec3Hash(name, new Uint8Array(0), 0));
  const next = hash.slice();
  hash[19] = (hash[19]! - before + 256) & 255;
  next[19] = (next[19]! + 1) & 255;
  const types = new Set([TYPE.A, TYPE.RRSIG]);
  const rdata = { hashAlgorithm: 1, flags: 0, iterations: 0, salt: new Uint8Array(0), nextHashed: next, types };
  return record(nsec3Owner(hash, zone), TYPE.NSEC3, encodeRdata(TYPE.NSEC3, rdata));
}

function soa(zone: Name): ResourceRecord[] {
  const numbers = new Uint8Array(20);
  new DataView(numbers.buffer).setUint32(16, TTL);
  return signed(zone, [record(zone, TYPE.SOA, Uint8Array.of(...zone.wire, ...zone.wire, ...numbers))]);
}

function signed(zone: Name, records: readonly ResourceRecord[], signature: Uint8Array = SIGNATURE): ResourceRecord[] {
  const [first] = records;
  const rdata = encodeRdata(TYPE.RRSIG, {
    typeCovered: first!.type,
    algorithm: 13,
    labels: countedLabels(first!.name),
    originalTtl: TTL,
    expiration: NOW + 864000,
    inception: NOW - 864000,
    keyTag: keyTag(keyOf(zone)),
    signer: zone,
    signature,
  });
  return [...records, record(first!.name, TYPE.RRSIG, rdata)];
}

function digestOf(zone: Name, key: Uint8Array): Buffer {
  return createHash("sha256").update(zone.canonicalWire).update(key).digest();
}

function message(question: Ask["question"], sections: Sections): Uint8Array {
  return encodeMessage({
    id: 0,
    qr: true,
    opcode: 0,
    aa: false,
    tc: false,
    rd: false,
    ra: false,
    ad: false,
    cd: false,
    rcode: RCODE.NOERROR,
    question: [question],
    answer: [],
    authority: [],
    additional: [],
    edns: { version: 0, udpSize: 1232, dnssecOk: true, compactOk: false, options: [] },
    ...sections,
  });
}

function allTypes(): Uint8Array {
  const octets = new Uint8Array(256 * 34).fill(255);
  for (let window = 0; window < 256; window++) octets.set([window, 32], window * 34);
  for (const absent of [TYPE.A, TYPE.NS, TYPE.CNAME, TYPE.DNAME]) octets[2 + (absent >> 3)]! &= ~(0x80 >> (absent & 7));
  return octets;
}
