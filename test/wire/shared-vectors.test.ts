/** Records and messages of Unbound's unit tests, where ../shared is there: text against octets, and messages read whole. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { groupRRsets } from "../../src/rrset/rrset.ts";
import { Reader } from "../../src/wire/cursor.ts";
import { decodeMessage, encodeMessage, type Message, type ResourceRecord } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { canonicalRdata, decodeRdata, encodeRdata, readRdata } from "../../src/wire/rdata.ts";
import { typeFromText } from "../../src/wire/registry.ts";
import { parseZone, recordToText } from "../../src/wire/zonefile.ts";
import { hex, octets, u16 } from "./octets.ts";

const folder = new URL("../../../shared/rpl/vectors/", import.meta.url);
const lines = (file: string): string[] => readFileSync(new URL(file, folder), "latin1").split("\n");

/** The file has octets above 127 as they are; ours must be escaped. */
const escaped = (text: string): string =>
  text.replace(/[\x80-\xff]/g, (letter) => `\\${String(letter.charCodeAt(0)).padStart(3, "0")}`);

/** Mnemonics of types without text form here: the text cannot be read, the octets can. */
const textless = /\sIN\s+(?:ATMA|IPSECKEY|HIP|NSAP)\s/;

interface Vector {
  readonly text: string;
  readonly wire: Uint8Array;
}

function vectors(number: string): Vector[] {
  const texts = lines(`test_ldnsrr.${number}`).filter((line) => line.trim() !== "" && !line.startsWith(";"));
  const wires = lines(`test_ldnsrr.c${number}`).filter((line) => /^[0-9A-F]{20,}$/.test(line));
  expect(wires.length).toBe(texts.length);
  return texts.map((text, i) => ({ text: escaped(text), wire: octets(wires[i]!) }));
}

/** Owner, type, class, TTL, RDLENGTH and RDATA without compression. */
function uncompressed({ name, type, class: rrClass, ttl, rdata }: ResourceRecord): string {
  const fields = [...u16(type), ...u16(rrClass), ...u16(ttl >>> 16), ...u16(ttl & 0xffff), ...u16(rdata.length)];
  return hex(Uint8Array.from([...name.wire, ...fields, ...rdata]));
}

describe.skipIf(!existsSync(folder))("records (test_ldnsrr)", () => {
  test.each([
    ["1", 5_000],
    ["2", 1_000],
    ["4", 36],
  ])("file %s: text gives the octets, and what is printed gives them too", (number, least) => {
    let compared = 0;
    for (const { text, wire } of vectors(number)) {
      if (textless.test(text)) continue;
      // The file's first record is written with "@", and Unbound reads it below the root.
      const [record] = parseZone(text, { origin: Name.root, defaultTtl: 3600 });
      expect(`${text}\n${uncompressed(record!)}`).toBe(`${text}\n${hex(wire)}`);
      const [again] = parseZone(recordToText(record!));
      expect(`${text}\n${uncompressed(again!)}`).toBe(`${text}\n${hex(wire)}`);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(least);
  });

  test.each(["1", "2", "4"])("file %s: octets give values, and these the octets", (number) => {
    for (const { text, wire } of vectors(number)) {
      const reader = new Reader(wire);
      Name.read(reader);
      const type = reader.u16();
      reader.skip(6);
      const length = reader.u16();
      const rdata = readRdata(type, reader, length);
      expect(`${text}\n${hex(rdata)}`).toBe(`${text}\n${hex(wire.subarray(wire.length - length))}`);
      expect(`${text}\n${hex(encodeRdata(type, decodeRdata(type, rdata)))}`).toBe(`${text}\n${hex(rdata)}`);
      expect(hex(canonicalRdata(type, rdata)).length).toBe(2 * length);
    }
  });
});

/** Lines of hexadecimal, or octets with comments between lines that begin with ";--". */
function messages(file: string): Uint8Array[] {
  const all = lines(file);
  if (!all.some((line) => line.startsWith(";--")))
    return all.filter((line) => line.length >= 10 && !line.startsWith(";")).map(octets);
  const found: Uint8Array[] = [];
  let text = "";
  for (const line of [...all, ";--"]) {
    text += line.replace(/;.*/, "");
    if (!line.startsWith(";--")) continue;
    if (text.trim() !== "") found.push(octets(text));
    text = "";
  }
  return found;
}

const plain = (message: Message): string =>
  JSON.stringify(message, (_key, value) => (value instanceof Uint8Array ? hex(value) : value));

describe.skipIf(!existsSync(folder))("messages (test_packets)", () => {
  test.each([
    ["2", 17],
    ["3", 196],
    ["4", 16],
    ["5", 3],
    ["6", 2],
  ])("file %s: read, written and read again, they say the same", (number, good) => {
    let read = 0;
    // The others in 2 and 3 are TCP headers that were captured along; those in 5 point forward, or have two OPT records.
    for (const wire of messages(`test_packets.${number}`)) {
      let message: Message;
      try {
        message = decodeMessage(wire);
      } catch (error) {
        expect(`${(error as Error).name}: ${(error as Error).message}`).toMatch(/^WireError: /);
        continue;
      }
      read += 1;
      expect(plain(decodeMessage(encodeMessage(message)))).toBe(plain(message));
    }
    expect(read).toBe(good);
  });

  test("file 6: RRSIGs away from what they cover are matched up", () => {
    for (const wire of messages("test_packets.6")) {
      const { answer, authority, additional } = decodeMessage(wire);
      for (const section of [answer, authority, additional]) {
        const { rrsets } = groupRRsets(section);
        const covered = section.filter(({ type }) => type === typeFromText("RRSIG"));
        const attached = rrsets.reduce((sum, { signatures }) => sum + signatures.length, 0);
        expect(attached).toBeLessThanOrEqual(covered.length);
        if (section === answer && covered.length > 0) expect(attached).toBe(covered.length);
      }
    }
  });
});
