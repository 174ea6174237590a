/** Fields of types that nobody uses any more, but whose names RFC 4034 §6.2 has lower-cased: A6 (RFC 2874) and NXT (RFC 2535 §5.2). */
import { addressToOctets, octetsToAddress } from "./address.ts";
import type { Reader } from "./cursor.ts";
import type { Field } from "./fields.ts";
import { Name } from "./name.ts";
import { type RRType, typeFromText, typeToText } from "./registry.ts";

export interface A6 {
  readonly prefixLength: number;
  /** The address with zeros where the prefix goes. */
  readonly address: string;
  /** Null if there is no prefix, that is if its length is 0. */
  readonly prefix: Name | null;
}

/** RFC 2874 §3.1: a prefix length, as many octets of address as it leaves, and the prefix's name unless it is 0. */
export const a6: Field<A6> = {
  read(reader) {
    const prefixLength = readPrefixLength(reader);
    const octets = new Uint8Array(16);
    const suffix = reader.take(suffixOctets(prefixLength));
    octets.set(suffix, 16 - suffix.length);
    const prefix = prefixLength === 0 ? null : Name.readUncompressed(reader);
    return { prefixLength, address: octetsToAddress(octets), prefix };
  },
  write(writer, { prefixLength, address, prefix }) {
    const octets = addressToOctets(address);
    if (octets?.length !== 16) throw new RangeError(`"${address}" is no IPv6 address`);
    if (!(prefixLength >= 0 && prefixLength <= 128) || (prefixLength === 0) !== (prefix === null))
      throw new RangeError(`a prefix length of ${prefixLength} with ${prefix === null ? "no" : "a"} prefix name`);
    writer.u8(prefixLength);
    writer.bytes(octets.subarray(16 - suffixOctets(prefixLength)));
    if (prefix !== null) writer.bytes(prefix.wire);
  },
  print({ prefixLength, address, prefix }) {
    const parts = [String(prefixLength), address];
    return (prefix === null ? parts : [...parts, String(prefix)]).join(" ");
  },
  parse(tokens) {
    const prefixLength = tokens.integer(128);
    const address = tokens.address(16);
    return { prefixLength, address, prefix: prefixLength === 0 ? null : tokens.name() };
  },
  name: {
    compressible: false,
    canonical: true,
    pointers: false,
    at: (octets, start) => start + 1 + suffixOctets(octets[start]!),
  },
};

function readPrefixLength(reader: Reader): number {
  const length = reader.u8();
  return length > 128 ? reader.fail(`prefix of ${length} bits`) : length;
}

const suffixOctets = (prefixLength: number): number => Math.ceil((128 - prefixLength) / 8);

/** RFC 2535 §5.2: one bitmap for the types 0 to 127, ending with its last octet that is not zero. */
export const nxtTypes: Field<ReadonlySet<RRType>> = {
  read(reader) {
    const bits = reader.rest();
    if (bits.length > 16) reader.fail(`NXT bitmap of ${bits.length} octets`);
    const types = new Set<RRType>();
    for (let type = 0; type < 8 * bits.length; type++) if (bits[type >> 3]! & (0x80 >> (type & 7))) types.add(type);
    return types;
  },
  write(writer, types) {
    const highest = Math.max(-1, ...types);
    if (highest > 127) throw new RangeError(`type ${highest} in an NXT bitmap: at most 127`);
    const bits = new Uint8Array(Math.ceil((highest + 1) / 8));
    for (const type of types) bits[type >> 3]! |= 0x80 >> (type & 7);
    writer.bytes(bits);
  },
  print: (types) => [...types].map(typeToText).join(" "),
  parse(tokens) {
    const types = new Set<RRType>();
    while (!tokens.done) {
      const text = tokens.next("an RR type");
      types.add(typeFromText(text) ?? tokens.fail(`"${text}" is no RR type`));
    }
    return types;
  },
};
