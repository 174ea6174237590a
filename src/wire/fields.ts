/** Field codecs: what RDATA is made of. Each knows its wire form and its presentation form. RFC 1035 §3.3, RFC 3597. */
import { addressToOctets, octetsToAddress } from "./address.ts";
import { readBitmap, skipBitmap, writeBitmap } from "./bitmap.ts";
import type { Reader, Writer } from "./cursor.ts";
import { Name } from "./name.ts";
import { type RRType, typeFromText, typeToText } from "./registry.ts";
import { base32hex, base32hexToOctets, base64, escapedText, hex, hexToOctets, type Tokens } from "./text.ts";
import { timeFromText, timeToText } from "./time.ts";

export interface Field<V> {
  /** Its octets, where that is always the same number and any octets will do. */
  readonly size?: number;
  read(reader: Reader): V;
  /** Passes over the field with the same checks as `read`, and builds nothing; `read` does where it is missing. */
  skip?(reader: Reader): void;
  /** RangeError if the value does not fit the field: it would be written as another one. */
  write(writer: Writer, value: V): void;
  print(value: V): string;
  parse(tokens: Tokens): V;
  /** This field is a name: may it be compressed in messages, and is it lower-cased in canonical form? */
  readonly name?: NameRules;
}

export interface NameRules {
  readonly compressible: boolean;
  readonly canonical: boolean;
  readonly pointers: boolean;
  /** Where the name starts, if not where the field does. */
  readonly at?: (octets: Uint8Array, start: number) => number;
}

function integer(octets: 1 | 2 | 4, read: (r: Reader) => number, write: (w: Writer, v: number) => void): Field<number> {
  const max = 2 ** (8 * octets) - 1;
  return {
    size: octets,
    read,
    write: (writer, value) => {
      if (!Number.isInteger(value) || value < 0 || value > max)
        throw new RangeError(`${value} is no whole number up to ${max}`);
      write(writer, value);
    },
    print: String,
    parse: (tokens) => tokens.integer(max),
  };
}

export const u8 = integer(
  1,
  (r) => r.u8(),
  (w, v) => w.u8(v),
);
export const u16 = integer(
  2,
  (r) => r.u16(),
  (w, v) => w.u16(v),
);
export const u32 = integer(
  4,
  (r) => r.u32(),
  (w, v) => w.u32(v),
);

/** RRSIG's times: YYYYMMDDHHmmSS or seconds. RFC 4034 §3.2. */
export const time: Field<number> = {
  ...u32,
  print: timeToText,
  parse: (tokens) => {
    const text = tokens.next("a time");
    return timeFromText(text) ?? tokens.fail(`"${text}" is no time: YYYYMMDDHHmmSS or seconds expected`);
  },
};

/** A TTL-like number: 3600, or 1h30m as zone files have it. */
export const period: Field<number> = { ...u32, parse: (tokens) => tokens.ttl() };

export const rrType: Field<RRType> = {
  ...u16,
  print: typeToText,
  parse: (tokens) => {
    const text = tokens.next("an RR type");
    return typeFromText(text) ?? tokens.fail(`"${text}" is no RR type`);
  },
};

// biome-ignore format: a table reads better packed
const algorithms: Readonly<Record<string, number>> = {
  RSAMD5: 1, DH: 2, DSA: 3, RSASHA1: 5, "DSA-NSEC3-SHA1": 6, "RSASHA1-NSEC3-SHA1": 7, RSASHA256: 8, RSASHA512: 10,
  "ECC-GOST": 12, ECDSAP256SHA256: 13, ECDSAP384SHA384: 14, ED25519: 15, ED448: 16, INDIRECT: 252, PRIVATEDNS: 253, PRIVATEOID: 254,
};

/** An algorithm number, or its mnemonic where zone files have it. */
export const algorithm: Field<number> = {
  ...u8,
  parse: (tokens) => {
    const text = tokens.next("an algorithm");
    const named = text.toUpperCase();
    if (Object.hasOwn(algorithms, named)) return algorithms[named]!;
    if (/^\d{1,3}$/.test(text) && Number(text) < 256) return Number(text);
    return tokens.fail(`"${text}" is no algorithm`);
  },
};

function nameField(kind: NameRules): Field<Name> {
  return {
    read: (reader) => (kind.pointers ? Name.read(reader) : Name.readUncompressed(reader)),
    skip: Name.skipUncompressed,
    write: (writer, name) => writer.bytes(name.wire),
    print: String,
    parse: (tokens) => tokens.name(),
    name: kind,
  };
}

/** RFC 1035's own names: compressed in messages. RFC 3597 §4. */
export const compressedName = nameField({ compressible: true, canonical: true, pointers: true });
/** Never compressed by us, decompressed if others do; lower-cased when signed. RFC 3597 §4, RFC 4034 §6.2. */
export const canonicalName = nameField({ compressible: false, canonical: true, pointers: true });
/** RRSIG's signer: never compressed by anybody, lower-cased when signed. RFC 4034 §3.1.7, RFC 6840 §5.1. */
export const signerName = nameField({ compressible: false, canonical: true, pointers: false });
/** NSEC's next name, SVCB's target: never compressed, signed as they came. RFC 6840 §5.1. */
export const plainName = nameField({ compressible: false, canonical: false, pointers: false });

export const ipv4 = address(4);
export const ipv6 = address(16);

function address(size: 4 | 16): Field<string> {
  return {
    size,
    read: (reader) => octetsToAddress(reader.take(size)),
    write: (writer, value) => {
      const octets = addressToOctets(value);
      if (octets?.length !== size) throw new RangeError(`"${value}" is no IPv${size === 4 ? 4 : 6} address`);
      writer.bytes(octets);
    },
    print: (value) => value,
    parse: (tokens) => tokens.address(size),
  };
}

/** A fixed number of octets as groups of hexadecimal digits: EUI-48 (RFC 7043 §3.2), NID and L64 (RFC 6742 §2). */
export function grouped(groups: number, digits: number, separator: string): Field<Uint8Array> {
  const size = (groups * digits) / 2;
  const pattern = new RegExp(`^[0-9a-f]{1,${digits}}(${separator}[0-9a-f]{1,${digits}}){${groups - 1}}$`, "i");
  return {
    size,
    read: (reader) => reader.take(size),
    write: (writer, value) => {
      if (value.length !== size) throw new RangeError(`${value.length} octets: ${size} expected`);
      writer.bytes(value);
    },
    print: (value) =>
      hex(value)
        .toLowerCase()
        .match(new RegExp(`.{${digits}}`, "g"))!
        .join(separator),
    parse: (tokens) => {
      const text = tokens.next("hexadecimal groups");
      if (!pattern.test(text)) tokens.fail(`"${text}" is not ${groups} groups of ${digits} hexadecimal digits`);
      return hexToOctets(
        text
          .split(separator)
          .map((group) => group.padStart(digits, "0"))
          .join(""),
      )!;
    },
  };
}

/** One character-string. RFC 1035 §3.3. */
export const string: Field<Uint8Array> = {
  read: (reader) => reader.take(reader.u8()),
  skip: (reader) => reader.skip(reader.u8()),
  write: (writer, value) => {
    if (value.length > 255) throw new RangeError(`a character-string of ${value.length} octets: at most 255 allowed`);
    writer.u8(value.length);
    writer.bytes(value);
  },
  print: escapedText,
  parse: (tokens) => tokens.characterString(),
};

/** A character-string, or nothing at the end of the RDATA: ISDN's subaddress. RFC 1183 §3.2. */
export const optionalString: Field<Uint8Array | null> = {
  read: (reader) => (reader.remaining === 0 ? null : string.read(reader)),
  write: (writer, value) => {
    if (value !== null) string.write(writer, value);
  },
  print: (value) => (value === null ? "" : escapedText(value)),
  parse: (tokens) => (tokens.done ? null : tokens.characterString()),
};

/** CAA's tag: a word in zone files. RFC 8659 §4.1. */
export const tag: Field<Uint8Array> = {
  read: (reader) => {
    const value = string.read(reader);
    return value.length === 0 ? reader.fail("empty tag") : value;
  },
  write: (writer, value) => {
    if (value.length === 0) throw new RangeError("an empty tag: 1 to 255 octets expected");
    string.write(writer, value);
  },
  // Others than letters and digits are against RFC 8659 §4.1, and then they may mean something to a zone file.
  print: (value) => {
    const text = escapedText(value);
    return /^"[A-Za-z0-9]+"$/.test(text) ? text.slice(1, -1) : text;
  },
  parse: (tokens) => tokens.characterString(),
};

export const strings: Field<readonly Uint8Array[]> = {
  read: (reader) => {
    const all = [string.read(reader)];
    while (reader.remaining > 0) all.push(string.read(reader));
    return all;
  },
  skip: (reader) => {
    do reader.skip(reader.u8());
    while (reader.remaining > 0);
  },
  write: (writer, values) => {
    if (values.length === 0) throw new RangeError("no character-string: one or more expected");
    for (const value of values) string.write(writer, value);
  },
  print: (values) => values.map(escapedText).join(" "),
  parse: (tokens) => {
    const all = [tokens.characterString()];
    while (!tokens.done) all.push(tokens.characterString());
    return all;
  },
};

function rest(
  atLeast: number,
  print: (value: Uint8Array) => string,
  parse: (tokens: Tokens) => Uint8Array,
): Field<Uint8Array> {
  return {
    read: (reader) => {
      if (reader.remaining < atLeast) reader.fail(`${atLeast} octets needed, ${reader.remaining} left`);
      return reader.rest();
    },
    skip: (reader) => {
      if (reader.remaining < atLeast) reader.fail(`${atLeast} octets needed, ${reader.remaining} left`);
      reader.offset = reader.end;
    },
    write: (writer, value) => {
      if (value.length < atLeast) throw new RangeError(`${value.length} octets: at least ${atLeast} expected`);
      writer.bytes(value);
    },
    print,
    parse,
  };
}

/** What is left, as one quoted text without a length octet. */
export const restText = rest(0, escapedText, (tokens) => tokens.characterString(65535));
export const restHex = rest(0, hex, (tokens) => tokens.restHex());
export const restBase64 = rest(0, base64, (tokens) => tokens.restBase64());
/** A signature: at least one octet. */
export const signatureOctets = rest(1, restBase64.print, restBase64.parse);

/** NSEC3's salt: a length octet; "-" if empty. RFC 5155 §3.3. */
export const salt: Field<Uint8Array> = {
  ...string,
  print: (value) => (value.length === 0 ? "-" : hex(value)),
  parse: (tokens) => {
    const text = tokens.next("a salt");
    return text === "-" ? new Uint8Array(0) : (hexToOctets(text) ?? tokens.fail(`"${text}" is no salt in hexadecimal`));
  },
};

/** NSEC3's next hashed owner: a length octet, never empty; base32hex without padding. RFC 5155 §3.3. */
export const hashed: Field<Uint8Array> = {
  read: (reader) => {
    const length = reader.u8();
    return length === 0 ? reader.fail("empty hash") : reader.take(length);
  },
  skip: (reader) => {
    const length = reader.u8();
    if (length === 0) reader.fail("empty hash");
    reader.skip(length);
  },
  write: (writer, value) => {
    if (value.length === 0) throw new RangeError("an empty hash: 1 to 255 octets expected");
    string.write(writer, value);
  },
  print: base32hex,
  parse: (tokens) => {
    const text = tokens.next("a hash");
    return base32hexToOctets(text) ?? tokens.fail(`"${text}" is no hash in base32hex`);
  },
};

export const bitmap: Field<ReadonlySet<RRType>> = {
  read: readBitmap,
  skip: skipBitmap,
  write: writeBitmap,
  print: (types) =>
    [...types]
      .sort((a, b) => a - b)
      .map(typeToText)
      .join(" "),
  parse: (tokens) => {
    const types = new Set<RRType>();
    while (!tokens.done) types.add(rrType.parse(tokens));
    return types;
  },
};
