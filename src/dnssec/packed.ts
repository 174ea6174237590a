/**
 * Judged answers in a few hundred octets, for a cache that holds very many and looks at few: as objects an answer of one
 * signed RRset takes some 4 KB of V8's heap. What is packed was minted here and what comes out is minted here: nothing else
 * can make a `PackedAnswer`, its octets never leave it, and what cannot be packed without loss is not packed.
 */
import { equalOctets } from "../rrset/canonical.ts";
import type { RRset } from "../rrset/rrset.ts";
import { Reader, WireError, Writer } from "../wire/cursor.ts";
import { Name } from "../wire/name.ts";
import { decodeRdata, encodeRdata, type Rrsig } from "../wire/rdata.ts";
import { TYPE } from "../wire/registry.ts";
import type { AnswerData } from "./answer.ts";
import type { ProofPart, ZoneProof } from "./proof.ts";
import { Insecure, mintInsecure, mintSecure, Secure, type WhyInsecure } from "./verdict.ts";

/** By which key, in which chain, an RRset of a secure answer was verified; or for which reason an answer is insecure. */
type Grounds = readonly Ground[] | WhyInsecure;
type Ground = Pick<ProofPart, "key" | "zone">;

const kinds = ["answer", "no data", "name error"] as const satisfies readonly AnswerData["kind"][];

const packing: unique symbol = Symbol("packing");

export class PackedAnswer {
  /** One octet a character: a string is the smallest thing that V8 keeps octets in. */
  readonly #octets: string;
  readonly #grounds: Grounds;

  private constructor(token: typeof packing, octets: string, grounds: Grounds) {
    if (token !== packing) throw new TypeError("answers are packed by PackedAnswer.of only");
    this.#octets = octets;
    this.#grounds = grounds;
  }

  /** Null: it holds something that this form has no place for. */
  static of(verdict: Secure<AnswerData> | Insecure<AnswerData>): PackedAnswer | null {
    if (!Secure.is(verdict) && !Insecure.is(verdict)) throw new TypeError("only what validation made can be packed");
    const { value } = verdict;
    const rrsets = [...value.rrsets, ...value.authority];
    if (rrsets.length > 255 || rrsets.some((rrset) => rrset.data.length > 255)) return null;
    const writer = new Writer(MAX_OCTETS, 256);
    writer.u8(kinds.indexOf(value.kind));
    writer.u16(value.rcode);
    writer.bytes(value.name.wire);
    writer.u8(value.rrsets.length);
    writer.u8(value.authority.length);
    try {
      for (const rrset of rrsets) writeRRset(writer, rrset, value.name);
      if (verdict.status === "insecure") {
        return new PackedAnswer(packing, textOf(writer.finish()), verdict.why);
      }
      const { parts, validUntil } = verdict.proof;
      if (!Number.isInteger(validUntil) || validUntil < 0 || validUntil >= 2 ** 48) return null;
      writer.u16(Math.floor(validUntil / 2 ** 32));
      writer.u32(validUntil % 2 ** 32);
      const grounds = sharedGrounds(parts);
      writer.u8(parts.length);
      for (const part of parts) {
        if (!writePart(writer, part, rrsets)) return null;
        writer.u8(grounds.findIndex((ground) => isGroundOf(part, ground)));
      }
      return new PackedAnswer(packing, textOf(writer.finish()), grounds);
    } catch (error) {
      if (error instanceof WireError) return null; // longer than a writer takes
      throw error;
    }
  }

  /** Octets of the string. */
  get length(): number {
    return this.#octets.length;
  }

  /** What it rests on, shared with other answers: the reason for which it is insecure, or the chains of its zones. */
  get grounds(): WhyInsecure | readonly ZoneProof[] {
    const grounds = this.#grounds;
    return "kind" in grounds ? grounds : grounds.map(({ zone }) => zone);
  }

  /** What was packed, in new objects: equal in every value, its proof resting on the same keys and chain. */
  unpacked(): Secure<AnswerData> | Insecure<AnswerData> {
    const reader = new Reader(octetsOf(this.#octets), 0, this.#octets.length, true);
    const kind = kinds[reader.u8()]!;
    const rcode = reader.u16();
    const name = Name.readUncompressed(reader);
    const answers = reader.u8();
    const authorities = reader.u8();
    const rrsets = readMany(answers + authorities, () => readRRset(reader, name));
    const value = { kind, name, rrsets: rrsets.slice(0, answers), authority: rrsets.slice(answers), rcode };
    const grounds = this.#grounds;
    if ("kind" in grounds) return mintInsecure(value, grounds);
    const validUntil = reader.u16() * 2 ** 32 + reader.u32();
    const parts = readMany(reader.u8(), () => readPart(reader, rrsets, grounds));
    return mintSecure(value, { parts, validUntil });
  }
}

const MAX_OCTETS = 65535;

function writeRRset(writer: Writer, { name, type, ttl, data, signatures }: RRset, owner: Name): void {
  const same = name === owner || equalOctets(name.wire, owner.wire);
  writer.u8(same ? 1 : 0);
  if (!same) writer.bytes(name.wire);
  writer.u16(type);
  writer.u32(ttl);
  writer.u8(data.length);
  for (const rdata of data) {
    writer.u16(rdata.length);
    writer.bytes(rdata);
  }
  writer.u8(signatures.length);
  for (const signature of signatures) {
    const rdata = encodeRdata(TYPE.RRSIG, signature);
    writer.u16(rdata.length);
    writer.bytes(rdata);
  }
}

function readRRset(reader: Reader, owner: Name): RRset {
  const name = reader.u8() === 1 ? owner : Name.readUncompressed(reader);
  const type = reader.u16();
  const ttl = reader.u32();
  const data = readMany(reader.u8(), () => readOctets(reader));
  const signatures = readMany(reader.u8(), (): Rrsig => decodeRdata(TYPE.RRSIG, readOctets(reader)));
  return { name, type, ttl, data: data as [Uint8Array, ...Uint8Array[]], signatures };
}

/** With no more room than for these: an array that grows by itself has room for 17. */
function readMany<T>(count: number, read: () => T): T[] {
  const values = new Array<T>(count);
  for (let i = 0; i < count; i++) values[i] = read();
  return values;
}

function readOctets(reader: Reader): Uint8Array {
  const length = reader.u16();
  const start = reader.offset;
  reader.skip(length);
  return reader.keep(start, reader.offset);
}

/** A proof's RRset is one of the answer's, with another TTL at most; false if it is not. */
function writePart(writer: Writer, { rrset, signature }: ProofPart, rrsets: readonly RRset[]): boolean {
  const at = rrsets.findIndex(
    (one) => one.data === rrset.data && one.type === rrset.type && one.signatures === rrset.signatures,
  );
  const by = rrset.signatures.indexOf(signature);
  if (at < 0 || by < 0 || !equalOctets(rrsets[at]!.name.wire, rrset.name.wire)) return false;
  writer.u8(at);
  writer.u8(by);
  writer.u32(rrset.ttl);
  return true;
}

function readPart(reader: Reader, rrsets: readonly RRset[], grounds: readonly Ground[]): ProofPart {
  const given = rrsets[reader.u8()]!;
  const signature = given.signatures[reader.u8()]!;
  const ttl = reader.u32();
  const rrset = ttl === given.ttl ? given : { ...given, ttl };
  const { key, zone } = grounds[reader.u8()]!;
  return { rrset, signature, key, zone };
}

/** Those of the last answer of each zone: nearly all answers of a zone have the same, and keep them once. */
const lastGrounds = new WeakMap<ZoneProof, readonly Ground[]>();

function sharedGrounds(parts: readonly ProofPart[]): readonly Ground[] {
  const [first] = parts;
  if (first === undefined) return [];
  const known = lastGrounds.get(first.zone);
  if (known !== undefined && hasExactly(known, parts)) return known;
  const grounds: Ground[] = [];
  for (const part of parts) {
    const { key, zone } = part;
    if (!grounds.some((ground) => isGroundOf(part, ground))) grounds.push({ key, zone });
  }
  lastGrounds.set(first.zone, grounds);
  return grounds;
}

/** Each part has its ground, and each ground a part: what an answer does not rest on must not be weighed with it. */
function hasExactly(grounds: readonly Ground[], parts: readonly ProofPart[]): boolean {
  return (
    parts.every((part) => grounds.some((ground) => isGroundOf(part, ground))) &&
    grounds.every((ground) => parts.some((part) => isGroundOf(part, ground)))
  );
}

const isGroundOf = (part: ProofPart, { key, zone }: Ground): boolean => part.key === key && part.zone === zone;

/** In pieces that fit the stack as arguments. */
function textOf(octets: Uint8Array): string {
  if (octets.length <= PIECE) return characters(octets);
  let text = "";
  for (let at = 0; at < octets.length; at += PIECE) text += characters(octets.subarray(at, at + PIECE));
  return text;
}

/** `apply` reads the octets where they are; spread, they would be iterated into an array of 17 KB first. */
const characters = (octets: Uint8Array): string => String.fromCharCode.apply(null, octets as unknown as number[]);

const PIECE = 4096;

function octetsOf(text: string): Uint8Array {
  const octets = new Uint8Array(text.length);
  for (let i = 0; i < octets.length; i++) octets[i] = text.charCodeAt(i);
  return octets;
}
