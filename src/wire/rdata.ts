/** RDATA of every type: to uncompressed octets at the border, to values on demand, to text and back. RFC 1035 §3.3, RFC 3597. */
import { Reader, WireError, Writer } from "./cursor.ts";
import type { Field } from "./fields.ts";
import type { Name } from "./name.ts";
import { type Row, type RowValue, rows } from "./rdata-table.ts";
import { type RRType, typeToText } from "./registry.ts";
import { hex, hexToOctets, TextError, type Token, Tokens, tokensOf } from "./text.ts";

type Rows = typeof rows;
/** The value of a type's RDATA; `{ octets }` for types without a row, and who knows what if the type is not known. */
export type RdataOf<T extends RRType> = number extends T
  ? object
  : T extends keyof Rows
    ? RowValue<Rows[T]>
    : { readonly octets: Uint8Array };

export type Rrsig = RdataOf<46>;
export type Dnskey = RdataOf<48>;
export type Ds = RdataOf<43>;
export type Nsec = RdataOf<47>;
export type Nsec3 = RdataOf<50>;
export type Soa = RdataOf<6>;
export type Tlsa = RdataOf<52>;
export type Srv = RdataOf<33>;

interface Plan {
  readonly fields: readonly (readonly [key: string, field: Field<unknown>])[];
  /** What to pass over, fields of fixed size added up. */
  readonly steps: readonly (number | Field<unknown>)[];
  /** The one length there is, if any octets of that length will do; null for most types. */
  readonly size: number | null;
  /** Names may come compressed, so octets may have to be rewritten. */
  readonly pointers: boolean;
  readonly compressible: boolean;
  readonly canonicalNames: boolean;
}

const plans: ReadonlyMap<RRType, Plan> = new Map(
  Object.entries(rows as unknown as Readonly<Record<string, Row>>).map(([type, row]) => [Number(type), planOf(row)]),
);

function planOf(row: Row): Plan {
  const fields = Object.entries(row) as unknown as readonly (readonly [string, Field<unknown>])[];
  const names = fields.flatMap(([, field]) => (field.name === undefined ? [] : [field.name]));
  const steps: (number | Field<unknown>)[] = [];
  for (const [, field] of fields) {
    const last = steps.at(-1);
    if (field.size === undefined) steps.push(field);
    else if (typeof last === "number") steps[steps.length - 1] = last + field.size;
    else steps.push(field.size);
  }
  return {
    fields,
    steps,
    size: steps.length === 1 && typeof steps[0] === "number" ? steps[0] : null,
    pointers: names.some((name) => name.pointers),
    compressible: names.some((name) => name.compressible),
    canonicalNames: names.some((name) => name.canonical),
  };
}

/** Names in RDATA of these types are compressed when we write messages. RFC 3597 §4. */
export function hasCompressibleNames(type: RRType): boolean {
  return plans.get(type)?.compressible ?? false;
}

/**
 * The RDATA at the reader, `length` octets in a whole message, as uncompressed octets, letters as they came. It is
 * checked against its type, so later decodes cannot fail. WireError if malformed, too short or too long.
 */
export function readRdata(type: RRType, reader: Reader, length: number): Uint8Array {
  const { offset } = reader;
  const end = offset + length;
  if (length > reader.remaining) reader.fail(`RDLENGTH ${length}, ${reader.remaining} octets left`);
  const plan = plans.get(type);
  let rdata: Uint8Array | null = null;
  if (plan !== undefined && plan.size !== length) {
    const inner = new Reader(reader.octets, offset, end);
    inner.names = reader.names;
    if (plan.pointers) rdata = expanded(plan, inner);
    else for (const step of plan.steps) pass(step, inner);
    if (inner.remaining > 0) inner.fail(`${inner.remaining} octets too many in ${typeToText(type)} RDATA`);
  }
  reader.offset = end;
  return rdata ?? reader.keep(offset, end);
}

function pass(step: number | Field<unknown>, reader: Reader): void {
  if (typeof step === "number") reader.skip(step);
  else if (step.skip === undefined) step.read(reader);
  else step.skip(reader);
}

/** With its names in full. */
function expanded({ steps }: Plan, reader: Reader): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const step of steps) {
    const start = reader.offset;
    if (typeof step !== "number" && step.name !== undefined) {
      parts.push((step.read(reader) as Name).wire);
    } else {
      pass(step, reader);
      parts.push(reader.octets.subarray(start, reader.offset));
    }
    length += parts.at(-1)!.length;
  }
  if (steps.length === 1) return parts[0]!;
  if (length > 65535) reader.fail(`RDATA of ${length} octets once its names are in full`);
  const octets = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    octets.set(part, at);
    at += part.length;
  }
  return octets;
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

/** RangeError if a value does not fit its field. */
export function encodeRdata<T extends RRType>(type: T, value: RdataOf<T>): Uint8Array {
  const plan = plans.get(type);
  if (plan === undefined) return (value as { octets: Uint8Array }).octets;
  const writer = new Writer(65535, 128);
  for (const [key, field] of plan.fields) field.write(writer, (value as Record<string, unknown>)[key]);
  return writer.finish().slice();
}

/** The form that is signed: names of the types of RFC 4034 §6.2, as amended by RFC 6840 §5.1, in lower case. */
export function canonicalRdata(type: RRType, octets: Uint8Array): Uint8Array {
  const plan = plans.get(type);
  if (plan === undefined || !plan.canonicalNames || !hasUpperCase(octets, 0, octets.length)) return octets;
  const reader = new Reader(octets);
  let canonical: Uint8Array | null = null;
  for (const step of plan.steps) {
    const start = reader.offset;
    pass(step, reader);
    if (typeof step === "number" || step.name?.canonical !== true) continue;
    const nameAt = step.name.at?.(octets, start) ?? start;
    if (!hasUpperCase(octets, nameAt, reader.offset)) continue;
    canonical ??= new Uint8Array(octets);
    for (let i = nameAt; i < reader.offset; i++) if (isUpperCase(octets[i]!)) canonical[i] = octets[i]! + 32;
  }
  return canonical ?? octets;
}

/** Calls back for every name in the RDATA and for the octets between them, in order: for writers that compress. */
export function rdataParts(
  type: RRType,
  octets: Uint8Array,
  onName: (name: Name) => void,
  onOctets: (octets: Uint8Array) => void,
): void {
  const reader = new Reader(octets);
  for (const step of plans.get(type)!.steps) {
    const start = reader.offset;
    if (typeof step !== "number" && step.name !== undefined) {
      onName(step.read(reader) as Name);
    } else {
      pass(step, reader);
      onOctets(octets.subarray(start, reader.offset));
    }
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
  const tokens = typeof text === "string" ? new Tokens(wordsOf(text), origin) : text;
  const first = tokens.peek();
  if (first?.text === "\\#" && !first.quoted) return checked(type, () => uncheckedGenericRdata(tokens));
  const plan = plans.get(type);
  if (plan === undefined) throw new TextError(`RDATA of ${typeToText(type)} is written as \\# length hex`);
  return checked(type, () => {
    const writer = new Writer();
    for (const [, field] of plan.fields) field.write(writer, field.parse(tokens));
    if (!tokens.done) throw new TextError(`"${tokens.next("")}" is too much for ${typeToText(type)}`);
    return writer.finish();
  });
}

/** What follows `\#`, as opaque octets whatever the type: for tests that need RDATA its type would not allow. */
function uncheckedGenericRdata(tokens: Tokens): Uint8Array {
  tokens.next("\\#");
  const length = tokens.integer(65535);
  const octets = hexToOctets(tokens.rest());
  if (octets?.length !== length)
    throw new TextError(`\\# ${length}: ${octets?.length ?? "no"} octets of hexadecimal follow`);
  return octets;
}

/** What the text says must be what a message could hold. */
function checked(type: RRType, make: () => Uint8Array): Uint8Array {
  try {
    const octets = make();
    return readRdata(type, new Reader(octets), octets.length);
  } catch (error) {
    if (error instanceof WireError || error instanceof RangeError)
      throw new TextError(`${typeToText(type)}: ${error.message}`);
    throw error;
  }
}

/** Parentheses mean nothing where there are no lines. */
function wordsOf(text: string): Token[] {
  return [...tokensOf(text)].filter((token) => typeof token !== "string");
}

function hasUpperCase(octets: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (isUpperCase(octets[i]!)) return true;
  return false;
}

/** Length octets within names are at most 63, below "A". */
const isUpperCase = (octet: number): boolean => octet >= 0x41 && octet <= 0x5a;
