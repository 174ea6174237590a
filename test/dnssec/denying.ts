/** NSEC and NSEC3 RRs of a test's zone, each wrong in any way that a test wants. */
import { nativeEngine } from "../../src/crypto/native.ts";
import type { Judge } from "../../src/dnssec/judge.ts";
import type { SecureZone } from "../../src/dnssec/zone.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import type { Question } from "../../src/wire/message.ts";
import { encodeRdata } from "../../src/wire/rdata.ts";
import { CLASS, TYPE, typeFromText } from "../../src/wire/registry.ts";
import {
  corrupt,
  expanded,
  type JudgeShape,
  judgeWith,
  makeKey,
  makeRRset,
  name,
  secureZone,
  signed,
  type TestKey,
  withSignatures,
} from "./signing.ts";

export const engine = nativeEngine();

/** A zone with one key, and records that it signs. */
export class TestZone {
  readonly text: string;
  readonly key: TestKey;
  readonly trust: SecureZone;
  /** NSEC3 parameters, and flags where nothing else is said. */
  chain: Chain = { algorithm: 1, flags: 0, iterations: 0, salt: new Uint8Array(0) };

  constructor(text: string) {
    this.text = text;
    this.key = makeKey(13);
    this.trust = secureZone(text, [this.key], engine);
  }

  sign<T extends RRset>(rrset: T): T {
    return signed(rrset, this.text, this.key) as T;
  }

  soa(minimum = 300, ttl = 900): RRset<typeof TYPE.SOA> {
    const rdata = encodeRdata(TYPE.SOA, {
      mname: name(`ns.${this.text}`),
      rname: name(`hostmaster.${this.text}`),
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86400,
      minimum,
    });
    return this.sign(makeRRset(this.text, TYPE.SOA, [rdata], ttl));
  }

  /** `types`: mnemonics, RRSIG and NSEC included. */
  nsec(owner: string, next: string, types: string): RRset<typeof TYPE.NSEC> {
    const rdata = encodeRdata(TYPE.NSEC, { next: name(next), types: typeSet(types) });
    return this.sign(makeRRset(owner, TYPE.NSEC, [rdata]));
  }

  /** An NSEC3 whose owner is the name's hash. */
  match(owner: string, types: string, changes: Nsec3Changes = {}): RRset<typeof TYPE.NSEC3> {
    const hash = this.hash(owner, changes);
    return this.nsec3(hash, neighbour(hash, 1), types, changes);
  }

  /** An NSEC3 around the name's hash. */
  cover(of: string, changes: Nsec3Changes = {}): RRset<typeof TYPE.NSEC3> {
    const hash = this.hash(of, changes);
    return this.nsec3(neighbour(hash, -1), neighbour(hash, 1), "A RRSIG", changes);
  }

  nsec3(owner: Uint8Array, next: Uint8Array, types: string, changes: Nsec3Changes = {}): RRset<typeof TYPE.NSEC3> {
    const { algorithm, flags, iterations, salt } = { ...this.chain, ...changes };
    const rdata = encodeRdata(TYPE.NSEC3, {
      hashAlgorithm: algorithm,
      flags,
      iterations,
      salt,
      nextHashed: next,
      types: typeSet(types),
    });
    return this.sign(makeRRset(`${base32Hex(owner)}.${this.text === "." ? "" : this.text}`, TYPE.NSEC3, [rdata]));
  }

  hash(of: string, changes: Nsec3Changes = {}): Uint8Array {
    const { iterations, salt } = { ...this.chain, ...changes };
    return engine.nsec3Hash(name(of).canonicalWire, salt, iterations);
  }
}

interface Chain {
  readonly algorithm: number;
  readonly flags: number;
  readonly iterations: number;
  readonly salt: Uint8Array;
}

export type Nsec3Changes = Partial<Chain>;

export const optOut: Nsec3Changes = { flags: 1 };

export function judge(shape: JudgeShape = {}): Judge {
  return judgeWith(engine, shape);
}

export function question(owner: string, type: string): Question {
  return { name: name(owner), type: typeFromText(type)!, class: CLASS.IN };
}

/** Its one signature spoilt. */
export function forged<T extends RRset>(rrset: T): T {
  return withSignatures(rrset, ...rrset.signatures.map(corrupt)) as unknown as T;
}

export function unsigned<T extends RRset>(rrset: T): T {
  return withSignatures(rrset) as unknown as T;
}

export function expandedTo<T extends RRset>(rrset: T, owner: string): T {
  return expanded(rrset, owner) as unknown as T;
}

function typeSet(types: string): ReadonlySet<number> {
  return new Set(
    types
      .split(" ")
      .filter((type) => type !== "")
      .map((type) => typeFromText(type)!),
  );
}

/** The next hash, or the one before. */
export function neighbour(hash: Uint8Array, step: 1 | -1): Uint8Array {
  const copy = hash.slice();
  for (let i = copy.length - 1; i >= 0; i--) {
    const sum = copy[i]! + step;
    copy[i] = sum;
    if (sum >= 0 && sum <= 255) break;
  }
  return copy;
}

export function base32Hex(octets: Uint8Array): string {
  let bits = 0n;
  for (const octet of octets) bits = (bits << 8n) | BigInt(octet);
  let text = "";
  for (let at = BigInt(octets.length * 8) - 5n; at >= 0n; at -= 5n) {
    text += "0123456789abcdefghijklmnopqrstuv"[Number((bits >> at) & 31n)];
  }
  return text;
}
