/** What does a name cost: to read, to print, to compare, to use as a key? Against dns-packet, which has names as text. */
import dnsPacket from "dns-packet";
import { Reader } from "../src/wire/cursor.ts";
import { Name } from "../src/wire/name.ts";
import { type Comparison, compare, keep } from "./harness.ts";

const codec = (
  dnsPacket as unknown as {
    readonly name: { decode(octets: Buffer, at: number): string; encode(text: string): Buffer };
  }
).name;

const text = "_25._tcp.mx1.mail.example-organisation.com";
const name = Name.parse(text);
const wire = Buffer.from(name.wire);
/** The same behind a compression pointer, as in most messages. */
const message = Buffer.concat([Buffer.alloc(12), wire, Buffer.of(3, 0x66, 0x6f, 0x6f, 0xc0, 12)]);
const at = 12 + wire.length;
const other = Name.parse("_25._tcp.MX1.mail.example-organisation.com");
const zone = Name.parse("example-organisation.com");
const texts = new Map([[text, 1]]);
const keys = new Map([[name.key, 1]]);

const comparisons: Comparison[] = [
  await compare("read a name from the wire", {
    "dns-packet": () => codec.decode(wire, 0),
    "Name.read": () => Name.read(new Reader(wire)),
    "Name.read, then its key": () => Name.read(new Reader(wire)).key,
  }),
  await compare("read a compressed name", {
    "dns-packet": () => codec.decode(message, at),
    "Name.read": () => Name.read(new Reader(message, at)),
  }),
  await compare("from text to the wire", {
    "dns-packet": () => codec.encode(text),
    "Name.parse": () => Name.parse(text).wire,
  }),
  await compare("look it up", {
    "dns-packet: lower-cased text in a Map": () => texts.get(text.toLowerCase()),
    "Name.key in a Map": () => keys.get(name.key),
    "read, then its key in a Map": () => keys.get(Name.read(new Reader(wire)).key),
  }),
  await compare("is it within a zone", {
    "text: lower case, endsWith (wrong for a\\.b)": () => text.toLowerCase().endsWith(".example-organisation.com"),
    isWithin: () => name.isWithin(zone),
    equals: () => name.equals(other),
  }),
];
keep("names", comparisons);
