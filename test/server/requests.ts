/** Queries octet by octet, well-formed or not: written here and not by the product's own encoder. */
import { Name } from "../../src/wire/name.ts";

export interface QueryShape {
  readonly id?: number;
  readonly name?: string;
  readonly type?: number;
  readonly class?: number;
  readonly opcode?: number;
  readonly qr?: boolean;
  readonly rd?: boolean;
  readonly ad?: boolean;
  readonly cd?: boolean;
  readonly tc?: boolean;
  /** Null: no OPT. */
  readonly edns?: EdnsShape | null;
  /** Raw additional records before the OPT, counted. */
  readonly additional?: readonly Uint8Array[];
  /** Header counts that lie. */
  readonly counts?: readonly [number, number, number, number];
  readonly trailing?: readonly number[];
}

export interface EdnsShape {
  readonly version?: number;
  readonly udpSize?: number;
  readonly dnssecOk?: boolean;
  readonly compactOk?: boolean;
  /** Raw RDATA. */
  readonly options?: readonly number[];
}

export function query(shape: QueryShape = {}): Uint8Array {
  const { id = 0x1234, opcode = 0, edns = null, additional = [] } = shape;
  const flags =
    (shape.qr ? 0x8000 : 0) |
    (opcode << 11) |
    (shape.tc ? 0x0200 : 0) |
    ((shape.rd ?? true) ? 0x0100 : 0) |
    (shape.ad ? 0x0020 : 0) |
    (shape.cd ? 0x0010 : 0);
  const counts = shape.counts ?? [1, 0, 0, additional.length + (edns === null ? 0 : 1)];
  return Uint8Array.from([
    ...u16(id),
    ...u16(flags),
    ...counts.flatMap(u16),
    ...Name.parse(shape.name ?? "www.example.").wire,
    ...u16(shape.type ?? 1),
    ...u16(shape.class ?? 1),
    ...additional.flatMap((record) => [...record]),
    ...(edns === null ? [] : opt(edns)),
    ...(shape.trailing ?? []),
  ]);
}

export function opt(shape: EdnsShape): Uint8Array {
  const { version = 0, udpSize = 1232, options = [] } = shape;
  const flags = (shape.dnssecOk ? 0x8000 : 0) | (shape.compactOk ? 0x4000 : 0);
  return Uint8Array.from([
    0,
    ...u16(41),
    ...u16(udpSize),
    0,
    version,
    ...u16(flags),
    ...u16(options.length),
    ...options,
  ]);
}

export function u16(value: number): number[] {
  return [value >>> 8, value & 0xff];
}
