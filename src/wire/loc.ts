/** A place on the earth, as LOC records have it. RFC 1876 §2, §3. */
import type { Field } from "./fields.ts";
import { hex, type Tokens } from "./text.ts";

export interface Location {
  readonly version: number;
  /** Mantissa in the upper four bits, power of ten in the lower: centimetres. */
  readonly size: number;
  readonly horizontalPrecision: number;
  readonly verticalPrecision: number;
  /** Thousandths of a second of arc, 2^31 the equator. */
  readonly latitude: number;
  /** 2^31 the prime meridian. */
  readonly longitude: number;
  /** Centimetres above 100 km below the reference spheroid. */
  readonly altitude: number;
}

export const location: Field<Location> = {
  size: 16,
  read: (reader) => ({
    version: reader.u8(),
    size: reader.u8(),
    horizontalPrecision: reader.u8(),
    verticalPrecision: reader.u8(),
    latitude: reader.u32(),
    longitude: reader.u32(),
    altitude: reader.u32(),
  }),
  write(writer, place) {
    writer.u8(place.version);
    for (const value of [place.size, place.horizontalPrecision, place.verticalPrecision]) writer.u8(value);
    for (const value of [place.latitude, place.longitude, place.altitude]) writer.u32(value);
  },
  print(place) {
    const { size, horizontalPrecision, verticalPrecision, latitude, longitude, altitude } = place;
    const precisions = [size, horizontalPrecision, verticalPrecision];
    // RFC 1876 §2: what another version's fields mean is unknown, and §3 has no text for digits above nine.
    if (place.version !== 0 || precisions.some((value) => value >> 4 > 9 || (value & 15) > 9)) return generic(place);
    if (!inRange(latitude, 90) || !inRange(longitude, 180)) return generic(place);
    const sizes = precisions.map((value) => metres((value >> 4) * 10 ** (value & 15)));
    return [angle(latitude, "NS"), angle(longitude, "EW"), metres(altitude - REFERENCE), ...sizes].join(" ");
  },
  parse(tokens) {
    const latitude = parseAngle(tokens, "NS", 90);
    const longitude = parseAngle(tokens, "EW", 180);
    const altitude = parseMetres(tokens.next("an altitude")) ?? tokens.fail("the altitude is no number of metres");
    if (altitude < -REFERENCE || altitude + REFERENCE > 0xffffffff) tokens.fail(`an altitude of ${altitude / 100} m`);
    const [size, horizontalPrecision, verticalPrecision] = [0x12, 0x16, 0x13].map((otherwise) =>
      tokens.done ? otherwise : parsePrecision(tokens),
    ) as [number, number, number];
    return {
      version: 0,
      size,
      horizontalPrecision,
      verticalPrecision,
      latitude,
      longitude,
      altitude: altitude + REFERENCE,
    };
  },
};

const MIDDLE = 2 ** 31;
const DEGREE = 3_600_000;
const REFERENCE = 10_000_000;

const inRange = (value: number, degrees: number): boolean => Math.abs(value - MIDDLE) <= degrees * DEGREE;

function generic(place: Location): string {
  const octets = new Uint8Array(16);
  octets.set([place.version, place.size, place.horizontalPrecision, place.verticalPrecision]);
  const view = new DataView(octets.buffer);
  [place.latitude, place.longitude, place.altitude].forEach((value, i) => {
    view.setUint32(4 + 4 * i, value);
  });
  return `\\# 16 ${hex(octets)}`;
}

function angle(value: number, hemispheres: "NS" | "EW"): string {
  const thousandths = Math.abs(value - MIDDLE);
  const degrees = Math.floor(thousandths / DEGREE);
  const minutes = Math.floor(thousandths / 60_000) % 60;
  const seconds = ((thousandths % 60_000) / 1000).toFixed(3);
  return `${degrees} ${minutes} ${seconds} ${hemispheres[value >= MIDDLE ? 0 : 1]}`;
}

const metres = (centimetres: number): string => `${(centimetres / 100).toFixed(2)}m`;

/** Degrees, then minutes and seconds if they are not zero, then the hemisphere, which may stand right behind a number. */
function parseAngle(tokens: Tokens, hemispheres: "NS" | "EW", limit: number): number {
  let thousandths = 0;
  for (const unit of [DEGREE, 60_000, 1000, 0]) {
    const text = tokens.next(`a number or one of ${hemispheres}`).toUpperCase();
    const match = /^([0-9]{1,3}(?:\.[0-9]{1,3})?)?([NSEW])?$/.exec(text);
    const most = unit === DEGREE ? limit : 59.999;
    const [, number, hemisphere] = match ?? [];
    if (match === null || (number !== undefined && unit === 0) || Number(number ?? 0) > most)
      tokens.fail(`"${text}" is no part of a latitude or longitude`);
    if (number?.includes(".") && unit !== 1000) tokens.fail(`"${text}" has a fraction, which only seconds may have`);
    thousandths += Math.round(Number(number ?? 0) * unit);
    if (hemisphere === undefined) continue;
    if (!hemispheres.includes(hemisphere) || thousandths > limit * DEGREE) break;
    return MIDDLE + (hemisphere === hemispheres[0] ? thousandths : -thousandths);
  }
  return tokens.fail(`an angle of at most ${limit} degrees ends in ${hemispheres[0]} or ${hemispheres[1]}`);
}

/** In centimetres. */
function parseMetres(text: string): number | null {
  return /^-?[0-9]{1,8}(?:\.[0-9]{1,2})?m?$/i.test(text) ? Math.round(Number.parseFloat(text) * 100) : null;
}

function parsePrecision(tokens: Tokens): number {
  const text = tokens.next("a size");
  const centimetres = parseMetres(text);
  if (centimetres === null || centimetres < 0) tokens.fail(`"${text}" is no size in metres`);
  let mantissa = centimetres;
  let power = 0;
  for (; mantissa > 9; power++) mantissa = Math.floor(mantissa / 10);
  return (mantissa << 4) | power;
}
