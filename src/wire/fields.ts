/** Field codecs: what RDATA is made of. Each knows its wire form and its presentation form. RFC 1035 §3.3, RFC 3597. */
import { addressToOctets, octetsToAddress } from "./address.ts";
import { readBitmap, writeBitmap } from "./bitmap.ts";
import type { Reader, Writer } from "./cursor.ts";
import { Name } from "./name.ts";
import { type RRType, typeFromText, typeToText } from "./registry.ts";
import { base32hex, base32hexToOctets, escapedText, hex, hexToOctets, type Tokens } from "./text.ts";

export interface Field<V> {
  read(reader: Reader): V;
  write(writer: Writer, value: V): void;
  print(value: V): string;
  parse(tokens: Tokens): V;
  /** This field is a name: may it be compressed in messages, and is it lower-cased in canonical form? */
  readonly name?: { readonly compressible: boolean; readonly canonical: boolean; readonly pointers: boolean };
}

function integer(octets: 1 | 2 | 4, read: (r: Reader) => number, write: (w: Writer, v: number) => void): Field<number> {
  return { read, write, print: String, parse: (tokens) => tokens.integer(2 ** (8 * octets) - 1) };
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
  print: (value) => new Date(value * 1000).toISOString().replace(/[-:T]|\..*$/g, ""),
  parse: (tokens) => {
    const text = tokens.next("a time");
    const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text);
    if (match !== null) {
      const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      return (Date.UTC(year, month - 1, day, hour, minute, second) / 1000) % 2 ** 32;
    }
    if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
    return tokens.fail(`"${text}" is no time: YYYYMMDDHHmmSS or seconds expected`);
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
    const named = algorithms[text.toUpperCase()];
    if (named !== undefined) return named;
    if (/^\d{1,3}$/.test(text) && Number(text) < 256) return Number(text);
    return tokens.fail(`"${text}" is no algorithm`);
  },
};

function nameField(kind: {
  readonly compressible: boolean;
  readonly canonical: boolean;
  readonly pointers: boolean;
}): Field<Name> {
  return {
    read: (reader) => (kind.pointers ? Name.read(reader) : Name.readUncompressed(reader)),
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

export const ipv4: Field<string> = {
  read: (reader) => octetsToAddress(reader.take(4)),
  write: (writer, value) => writer.bytes(addressToOctets(value)!),
  print: (value) => value,
  parse: (tokens) => tokens.address(4),
};

export const ipv6: Field<string> = {
  read: (reader) => octetsToAddress(reader.take(16)),
  write: (writer, value) => writer.bytes(addressToOctets(value)!),
  print: (value) => value,
  parse: (tokens) => tokens.address(16),
};

/** One character-string. RFC 1035 §3.3. */
export const string: Field<Uint8Array> = {
  read: (reader) => reader.take(reader.u8()),
  write: (writer, value) => {
    writer.u8(value.length);
    writer.bytes(value);
  },
  print: escapedText,
  parse: (tokens) => tokens.characterString(),
};

/** CAA's tag: a word in zone files. RFC 8659 §4.1. */
export const tag: Field<Uint8Array> = {
  ...string,
  read: (reader) => {
    const value = string.read(reader);
    return value.length === 0 ? reader.fail("empty tag") : value;
  },
  print: (value) => escapedText(value).slice(1, -1),
};

export const strings: Field<readonly Uint8Array[]> = {
  read: (reader) => {
    const all = [string.read(reader)];
    while (reader.remaining > 0) all.push(string.read(reader));
    return all;
  },
  write: (writer, values) => {
    for (const value of values) string.write(writer, value);
  },
  print: (values) => values.map(escapedText).join(" "),
  parse: (tokens) => {
    const all = [tokens.characterString()];
    while (!tokens.done) all.push(tokens.characterString());
    return all;
  },
};

/** What is left, as one quoted text without a length octet. */
export const restText: Field<Uint8Array> = {
  read: (reader) => reader.rest(),
  write: (writer, value) => writer.bytes(value),
  print: escapedText,
  parse: (tokens) => tokens.characterString(65535),
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
    write: (writer, value) => writer.bytes(value),
    print,
    parse,
  };
}

export const restHex = rest(
  0,
  (value) => (value.length === 0 ? "" : hex(value)),
  (tokens) => tokens.restHex(),
);
export const restBase64 = rest(
  0,
  (value) => Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64"),
  (tokens) => tokens.restBase64(),
);
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
  write: string.write,
  print: base32hex,
  parse: (tokens) => {
    const text = tokens.next("a hash");
    return base32hexToOctets(text) ?? tokens.fail(`"${text}" is no hash in base32hex`);
  },
};

export const bitmap: Field<ReadonlySet<RRType>> = {
  read: readBitmap,
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
