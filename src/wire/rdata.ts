/** RDATA of every type: to uncompressed octets at the border, to values on demand, to text and back. RFC 1035 §3.3, RFC 3597. */
import { Reader, WireError, Writer } from "./cursor.ts";
import type { Field } from "./fields.ts";
import { Name } from "./name.ts";
import { type Row, type RowValue, rows } from "./rdata-table.ts";
import { type RRType, typeToText } from "./registry.ts";
import { hex, hexToOctets, TextError, Tokens } from "./text.ts";

type Rows = typeof rows;
/** The value of a type's RDATA; `{ octets }` for types without a row. */
export type RdataOf<T extends RRType> = T extends keyof Rows ? RowValue<Rows[T]> : { readonly octets: Uint8Array };

export type Rrsig = RdataOf<46>;
export type Dnskey = RdataOf<48>;
export type Ds = RdataOf<43>;
export type Nsec = RdataOf<47>;
export type Nsec3 = RdataOf<50>;
export type Soa = RdataOf<6>;
export type Tlsa = RdataOf<52>;
export type Mx = RdataOf<15>;
export type Srv = RdataOf<33>;

interface Plan {
  readonly fields: readonly (readonly [key: string, field: Field<unknown>])[];
  /** Some name may be compressed in messages, so octets must be rewritten. */
  readonly pointers: boolean;
  readonly canonicalNames: boolean;
}

const plans: ReadonlyMap<RRType, Plan> = new Map(
  Object.entries(rows as unknown as Readonly<Record<string, Row>>).map(([type, row]) => {
    const fields = Object.entries(row) as unknown as readonly (readonly [string, Field<unknown>])[];
    const names = fields.flatMap(([, field]) => (field.name === undefined ? [] : [field.name]));
    const plan: Plan = {
      fields,
      pointers: names.some((name) => name.pointers),
      canonicalNames: names.some((name) => name.canonical),
    };
    return [Number(type), plan];
  }),
);

/** Names in RDATA of these types are compressed when we write messages. RFC 3597 §4. */
export function hasCompressibleNames(type: RRType): boolean {
  return plans.get(type)?.fields.some(([, field]) => field.name?.compressible) ?? false;
}

/**
 * The RDATA at the reader, `length` octets in a whole message, as uncompressed octets, letters as they came. It is
 * checked against its type, so later decodes cannot fail. WireError if malformed, too short or too long.
 */
export function readRdata(type: RRType, reader: Reader, length: number): Uint8Array {
  const { offset } = reader;
  if (length > reader.remaining) reader.fail(`RDLENGTH ${length}, ${reader.remaining} octets left`);
  const plan = plans.get(type);
  if (plan === undefined) return reader.take(length).slice();
  const inner = new Reader(reader.octets, offset, offset + length);
  const writer = plan.pointers ? new Writer(65535, length + 256) : null;
  for (const [, field] of plan.fields) {
    const value = field.read(inner);
    if (writer !== null) field.write(writer, value);
  }
  if (inner.remaining > 0) inner.fail(`${inner.remaining} octets too many in ${typeToText(type)} RDATA`);
  reader.offset = offset + length;
  return writer === null ? reader.octets.slice(offset, offset + length) : writer.finish().slice();
}

/** The fields of RDATA that `readRdata` or `encodeRdata` made. Octets in the value are views. */
export function decodeRdata<T extends RRType>(type: T, octets: Uint8Array): RdataOf<T> {
  const plan = plans.get(type);
  if (plan === undefined) return { octets } as RdataOf<T>;
  const reader = new Reader(octets);
  const value: Record<string, unknown> = {};
  for (const [key, field] of plan.fields) value[key] = field.read(reader);
  if (reader.remaining > 0) reader.fail(`${reader.remaining} octets too many in ${typeToText(type)} RDATA`);
  return value as RdataOf<T>;
}

export function encodeRdata<T extends RRType>(type: T, value: RdataOf<T>): Uint8Array {
  const plan = plans.get(type);
  if (plan === undefined) return (value as { octets: Uint8Array }).octets;
  const writer = new Writer();
  for (const [key, field] of plan.fields) field.write(writer, (value as Record<string, unknown>)[key]);
  return writer.finish().slice();
}

/** The form that is signed: names of the types of RFC 4034 §6.2, as amended by RFC 6840 §5.1, in lower case. */
export function canonicalRdata(type: RRType, octets: Uint8Array): Uint8Array {
  const plan = plans.get(type);
  if (plan === undefined || !plan.canonicalNames || !hasUpperCase(octets)) return octets;
  const reader = new Reader(octets);
  const writer = new Writer(65535, octets.length);
  for (const [, field] of plan.fields) {
    const value = field.read(reader);
    field.write(writer, value instanceof Name && field.name?.canonical ? value.lowerCased() : value);
  }
  return writer.finish();
}

/** Calls back for every name in the RDATA and for the octets between them, in order: for writers that compress. */
export function rdataParts(
  type: RRType,
  octets: Uint8Array,
  onName: (name: Name) => void,
  onOctets: (octets: Uint8Array) => void,
): void {
  const plan = plans.get(type)!;
  const reader = new Reader(octets);
  for (const [, field] of plan.fields) {
    const start = reader.offset;
    const value = field.read(reader);
    if (value instanceof Name) onName(value);
    else onOctets(octets.subarray(start, reader.offset));
  }
}

/** Presentation form; the generic one of RFC 3597 for types without a row and for what its own form cannot say. */
export function rdataToText(type: RRType, octets: Uint8Array): string {
  const plan = plans.get(type);
  if (plan === undefined) return genericText(octets);
  try {
    const reader = new Reader(octets);
    return plan.fields
      .map(([, field]) => field.print(field.read(reader)))
      .filter((text) => text !== "")
      .join(" ");
  } catch (error) {
    if (error instanceof WireError) return genericText(octets);
    throw error;
  }
}

const genericText = (octets: Uint8Array): string =>
  octets.length === 0 ? "\\# 0" : `\\# ${octets.length} ${hex(octets)}`;

/** Presentation form, or `\# length hex` for any type (RFC 3597 §5). TextError if it is neither. */
export function rdataFromText(type: RRType, text: string | Tokens, origin?: Name): Uint8Array {
  const tokens = typeof text === "string" ? new Tokens(splitText(text), origin) : text;
  if (tokens.peek()?.text === "\\#") return genericRdata(type, tokens);
  const plan = plans.get(type);
  if (plan === undefined) throw new TextError(`RDATA of ${typeToText(type)} is written as \\# length hex`);
  const writer = new Writer();
  for (const [, field] of plan.fields) field.write(writer, field.parse(tokens));
  if (!tokens.done) throw new TextError(`"${tokens.next("")}" is too much for ${typeToText(type)}`);
  return checked(type, writer.finish().slice());
}

/** What follows `\#`, as opaque octets whatever the type: for tests that need RDATA its type would not allow. */
export function uncheckedGenericRdata(tokens: Tokens): Uint8Array {
  tokens.next("\\#");
  const length = tokens.integer(65535);
  const octets = hexToOctets(tokens.rest());
  if (octets?.length !== length)
    throw new TextError(`\\# ${length}: ${octets?.length ?? "no"} octets of hexadecimal follow`);
  return octets;
}

function genericRdata(type: RRType, tokens: Tokens): Uint8Array {
  return checked(type, uncheckedGenericRdata(tokens));
}

function checked(type: RRType, octets: Uint8Array): Uint8Array {
  try {
    return readRdata(type, new Reader(octets), octets.length);
  } catch (error) {
    if (error instanceof WireError) throw new TextError(`${typeToText(type)}: ${error.message}`);
    throw error;
  }
}

function splitText(text: string): { text: string; quoted: boolean }[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|((?:[^\s"\\]|\\.)+)/gs)].map((match) => ({
    text: match[1] ?? match[2]!,
    quoted: match[1] !== undefined,
  }));
}

function hasUpperCase(octets: Uint8Array): boolean {
  for (const octet of octets) if (octet >= 0x41 && octet <= 0x5a) return true;
  return false;
}
