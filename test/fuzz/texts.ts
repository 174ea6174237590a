/** Text from operators and from files: zone files, hints, anchors, addresses, networks, command lines. Errors are the kinds that callers expect. */
import fc from "fast-check";
import { UsageError } from "../../src/cli/command.ts";
import { parseOptions, settingRows, settingsFrom } from "../../src/cli/options.ts";
import { anchorsFromXml, anchorsFromZoneText } from "../../src/dnssec/anchors.ts";
import { hintsFromText } from "../../src/resolver/create.ts";
import { parsePrefix, serverAddressFrom } from "../../src/server/addresses.ts";
import { addressToOctets, octetsToAddress, parseNetwork, parseServerAddress } from "../../src/wire/address.ts";
import { WireError } from "../../src/wire/cursor.ts";
import { Name } from "../../src/wire/name.ts";
import { rdataFromText } from "../../src/wire/rdata.ts";
import { typeToText } from "../../src/wire/registry.ts";
import { TextError } from "../../src/wire/text.ts";
import { parseZone, recordToText, ZoneFileError } from "../../src/wire/zonefile.ts";
import type { Target } from "./targets.ts";
import { types } from "./wire.ts";

const word = fc.oneof(
  fc.constantFrom(
    "@",
    "www",
    "a.b.",
    "IN",
    "CH",
    "3600",
    "1h30m",
    "A",
    "AAAA",
    "NS",
    "DS",
    "TLSA",
    "TYPE65280",
    "\\#",
    "4",
    "c0000201",
    "192.0.2.1",
    "2001:db8::1",
    "(",
    ")",
    ";x",
    '"q s"',
    '"',
    "\\",
    "\\300",
    "$TTL",
    "$ORIGIN",
    "20326",
    "8",
    "2",
  ),
  fc.string({ maxLength: 8 }),
  fc.stringMatching(/^[0-9a-f]{0,64}$/),
);
const line = fc.array(word, { maxLength: 10 }).map((words) => words.join(" "));
const lines = fc
  .array(
    fc.tuple(fc.constantFrom("", " ", "\t"), line).map(([indent, text]) => indent + text),
    { maxLength: 8 },
  )
  .map((all) => all.join("\n"));

const xmlPiece = fc.oneof(
  fc.constantFrom(
    "<TrustAnchor>",
    "</TrustAnchor>",
    '<KeyDigest id="K" validFrom="2017-02-02T00:00:00+00:00">',
    "</KeyDigest>",
    "<Zone>.</Zone>",
    "<KeyTag>20326</KeyTag>",
    "<Algorithm>8</Algorithm>",
    "<DigestType>2</DigestType>",
    "<Digest>",
    "</Digest>",
    "&lt;",
    "<!--",
    "-->",
    "<![CDATA[",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "&b;",
  ),
  fc.string({ maxLength: 10 }),
);
const xml = fc.array(xmlPiece, { maxLength: 14 }).map((pieces) => pieces.join(""));

function only<T>(kinds: readonly (abstract new (...args: never[]) => Error)[], act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (kinds.some((kind) => error instanceof kind)) return null;
    throw error;
  }
}

function mustBe(holds: boolean, why: string): void {
  if (!holds) throw new Error(why);
}

export const textProperties: readonly Target[] = [
  {
    name: "zone files",
    holds: "a zone file is records or a ZoneFileError with its line; records print and parse back",
    property: fc.property(lines, (text) => {
      const records = only([ZoneFileError], () =>
        parseZone(text, { origin: Name.parse("example"), defaultTtl: 60, source: "fuzz" }),
      );
      for (const record of records ?? []) {
        const [again] = parseZone(recordToText(record), { source: "again" });
        mustBe(
          again?.name.equals(record.name) === true && Buffer.compare(again.rdata, record.rdata) === 0,
          `"${recordToText(record)}" is another record`,
        );
      }
    }),
  },
  {
    name: "RDATA as text",
    holds: "the text of any type's RDATA is octets or an error that says why",
    property: fc.property(types, line, (type, text) => {
      only([TextError, WireError], () => rdataFromText(type, text));
      mustBe(typeToText(type).length > 0, "a type without a name");
    }),
  },
  {
    name: "names as text",
    holds: "a name's text is a name or a WireError or TypeError, and prints back",
    property: fc.property(fc.string({ maxLength: 80 }), (text) => {
      const name = only([WireError, TextError, TypeError, RangeError], () => Name.parse(text));
      if (name !== null) mustBe(Name.parse(`${name}`).equals(name), `${name} parses to another name`);
    }),
  },
  {
    name: "anchors and hints",
    holds: "anchors and hints are read or refused with a sentence that names their source",
    property: fc.property(fc.oneof(lines, xml), (text) => {
      for (const read of [
        anchorsFromZoneText,
        hintsFromText,
        (all: string, source: string) => anchorsFromXml(all, 1_790_000_000, source),
      ]) {
        try {
          read(text, "the fuzzer's file");
        } catch (error) {
          mustBe(
            error instanceof Error && error.message.includes("the fuzzer's file"),
            `an error that names no source: ${String(error)}`,
          );
        }
      }
    }),
  },
  {
    name: "addresses and networks",
    holds: "an address or network is read or refused, and prints in one form",
    property: fc.property(
      fc.oneof(fc.string({ maxLength: 50 }), fc.stringMatching(/^[0-9a-f:.]{0,40}(\/[0-9]{0,4})?(@[0-9]{0,6})?$/)),
      (text) => {
        const octets = addressToOctets(text);
        if (octets !== null) {
          const again = addressToOctets(octetsToAddress(octets));
          mustBe(again !== null && Buffer.compare(again, octets) === 0, `${text} prints as another address`);
        }
        parseNetwork(text);
        parseServerAddress(text, 53);
        only([TypeError, RangeError, UsageError], () => parsePrefix(text));
        only([TypeError, RangeError, UsageError], () => serverAddressFrom(text, 53));
      },
    ),
  },
  {
    name: "command lines",
    holds: "arguments are settings or a usage error",
    property: fc.property(
      fc.array(
        fc.oneof(
          fc.constantFrom(
            ...Object.keys(settingRows).map((key) => `--${key.replace(/^--/, "")}`),
            "--no-ipv6",
            "--",
            "-h",
          ),
          fc.string({ maxLength: 12 }),
          fc.integer().map(String),
        ),
        { maxLength: 6 },
      ),
      (args) => {
        only([UsageError, TypeError, RangeError], () => settingsFrom(parseOptions(args, settingRows)));
      },
    ),
  },
];
