/** Service parameters of SVCB and HTTPS RRs. RFC 9460 §2. */
import { addressToOctets, octetsToAddress } from "./address.ts";
import { Reader, WireError, Writer } from "./cursor.ts";
import type { Field } from "./fields.ts";
import { base64, base64ToOctets, escapedText, TextError, type Tokens, unescaped } from "./text.ts";

const keys = [
  "mandatory",
  "alpn",
  "no-default-alpn",
  "port",
  "ipv4hint",
  "ech",
  "ipv6hint",
  "dohpath",
  "ohttp",
] as const;

const keyToText = (key: number): string => keys[key] ?? `key${key}`;

function keyFromText(text: string): number {
  const known = (keys as readonly string[]).indexOf(text);
  if (known >= 0) return known;
  const match = /^key(\d{1,5})$/.exec(text);
  if (match === null || Number(match[1]) > 65534) throw new TextError(`"${text}" is no service parameter`);
  return Number(match[1]);
}

type Params = ReadonlyMap<number, Uint8Array>;

/**
 * The parameters of an SVCB or HTTPS RR, or null if they are malformed: keys strictly ascending, values well-formed,
 * `mandatory` naming only what is there (RFC 9460 §2.2, §8). A resolver passes malformed ones on; who uses them asks here.
 */
export function serviceParams(octets: Uint8Array): Params | null {
  const params = new Map<number, Uint8Array>();
  const reader = new Reader(octets);
  let previous = -1;
  while (reader.remaining > 0) {
    if (reader.remaining < 4) return null;
    const key = reader.u16();
    const length = reader.u16();
    if (key <= previous || length > reader.remaining) return null;
    previous = key;
    const value = reader.take(length);
    if (malformed(key, value) !== null) return null;
    params.set(key, value);
  }
  return mandatoryKeys(params).every((key) => params.has(key)) ? params : null;
}

/** Service parameters stay octets, malformed or not. */
export const svcbParams: Field<Uint8Array> = {
  read: (reader) => reader.rest(),
  write: (writer, octets) => writer.bytes(octets),
  print(octets) {
    const params = serviceParams(octets);
    if (params === null) throw new WireError("malformed service parameters", 0);
    return [...params]
      .map(([key, value]) => (value.length === 0 ? keyToText(key) : `${keyToText(key)}=${printValue(key, value)}`))
      .join(" ");
  },
  parse(tokens) {
    const params = new Map<number, Uint8Array>();
    while (!tokens.done) {
      const [key, value] = parseParam(tokens);
      if (params.has(key)) throw new TextError(`service parameter ${keyToText(key)} twice`);
      params.set(key, value);
    }
    for (const key of mandatoryKeys(params)) {
      if (!params.has(key)) throw new TextError(`mandatory service parameter ${keyToText(key)} is missing`);
    }
    const writer = new Writer();
    for (const [key, value] of [...params].sort(([a], [b]) => a - b)) {
      writer.u16(key);
      writer.u16(value.length);
      writer.bytes(value);
    }
    return writer.finish().slice();
  },
};

function malformed(key: number, value: Uint8Array): string | null {
  switch (key) {
    case 0:
      return mandatoryFault(value);
    case 1:
      return alpnFault(value);
    case 2:
      return value.length === 0 ? null : "has a value";
    case 3:
      return value.length === 2 ? null : `${value.length} octets, 2 expected`;
    case 4:
      return value.length > 0 && value.length % 4 === 0 ? null : `${value.length} octets are no IPv4 addresses`;
    case 6:
      return value.length > 0 && value.length % 16 === 0 ? null : `${value.length} octets are no IPv6 addresses`;
    default:
      return null;
  }
}

function mandatoryFault(value: Uint8Array): string | null {
  if (value.length === 0 || value.length % 2 !== 0) return `${value.length} octets are no list of keys`;
  let previous = 0; // 0, "mandatory" itself, may not be listed
  for (let i = 0; i < value.length; i += 2) {
    const key = (value[i]! << 8) | value[i + 1]!;
    if (key <= previous) return `key ${key} after ${previous}`;
    previous = key;
  }
  return null;
}

function alpnFault(value: Uint8Array): string | null {
  if (value.length === 0) return "empty";
  for (let at = 0; at < value.length; at += value[at]! + 1) {
    if (value[at] === 0 || at + 1 + value[at]! > value.length) return "malformed list";
  }
  return null;
}

function mandatoryKeys(params: Params): number[] {
  const value = params.get(0) ?? new Uint8Array(0);
  return Array.from({ length: value.length / 2 }, (_, i) => (value[2 * i]! << 8) | value[2 * i + 1]!);
}

function printValue(key: number, value: Uint8Array): string {
  const every = (size: number): Uint8Array[] =>
    Array.from({ length: value.length / size }, (_, i) => value.subarray(i * size, (i + 1) * size));
  switch (key) {
    case 0:
      return every(2)
        .map((pair) => keyToText((pair[0]! << 8) | pair[1]!))
        .join(",");
    case 1:
      return alpnText(value);
    case 3:
      return String((value[0]! << 8) | value[1]!);
    case 4:
      return every(4).map(octetsToAddress).join(",");
    case 5:
      return base64(value);
    case 6:
      return every(16).map(octetsToAddress).join(",");
    default:
      return escapedText(value);
  }
}

function alpnText(value: Uint8Array): string {
  const reader = new Reader(value);
  const ids: string[] = [];
  // Commas and backslashes inside an id are escaped once for the list and once for the text (RFC 9460 appendix A.1).
  while (reader.remaining > 0)
    ids.push(escapedText(reader.take(reader.u8())).slice(1, -1).replace(/\\\\/g, "\\\\\\\\").replace(/,/g, "\\\\,"));
  return `"${ids.join(",")}"`;
}

function parseParam(tokens: Tokens): [number, Uint8Array] {
  const word = tokens.next("a service parameter");
  const equals = word.indexOf("=");
  const key = keyFromText(equals < 0 ? word : word.slice(0, equals));
  let text = equals < 0 ? "" : word.slice(equals + 1);
  const following = tokens.peek();
  if (equals === word.length - 1 && following?.quoted) text = tokens.next("");
  const value = parseValue(key, text);
  const why = malformed(key, value);
  if (why !== null) throw new TextError(`service parameter ${keyToText(key)}: ${why}`);
  return [key, value];
}

function parseValue(key: number, text: string): Uint8Array {
  const joined = (parts: readonly (readonly number[] | Uint8Array)[]): Uint8Array =>
    Uint8Array.from(parts.flatMap((part) => [...part]));
  const address = (part: string): Uint8Array => {
    const octets = addressToOctets(part);
    if (octets?.length !== (key === 4 ? 4 : 16)) throw new TextError(`"${part}" is no address for ${keyToText(key)}`);
    return octets;
  };
  const sized = (id: readonly number[]): number[] => {
    if (id.length > 255) throw new TextError(`service parameter ${keyToText(key)}: an item of ${id.length} octets`);
    return [id.length, ...id];
  };
  switch (key) {
    case 0:
      return joined(
        text
          .split(",")
          .map(keyFromText)
          .sort((a, b) => a - b)
          .map((k) => [k >> 8, k & 0xff]),
      );
    case 1:
      return joined(splitList(unescaped(text)).map(sized));
    case 3: {
      if (!/^\d{1,5}$/.test(text) || Number(text) > 65535) throw new TextError(`"${text}" is no port`);
      return Uint8Array.from([Number(text) >> 8, Number(text) & 0xff]);
    }
    case 4:
    case 6:
      return joined(text.split(",").map(address));
    case 5:
      return base64ToOctets(text) ?? refuse(`"${text}" is not base64`);
    default:
      return unescaped(text);
  }
}

function refuse(reason: string): never {
  throw new TextError(reason);
}

/** Splits at commas that are not escaped. RFC 9460 appendix A.1. */
function splitList(octets: Uint8Array): number[][] {
  const items: number[][] = [[]];
  for (let i = 0; i < octets.length; i++) {
    if (octets[i] === 0x5c && i + 1 < octets.length) items.at(-1)!.push(octets[++i]!);
    else if (octets[i] === 0x2c) items.push([]);
    else items.at(-1)!.push(octets[i]!);
  }
  return items;
}
