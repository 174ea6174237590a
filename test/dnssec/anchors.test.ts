/** Trust anchors from texts, and which of them decides. RFC 7958, RFC 9718, RFC 7646. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  AnchorError,
  anchorageOf,
  anchorsFromXml,
  anchorsFromZoneText,
  closestAnchor,
  mergeAnchors,
  type TrustAnchor,
} from "../../src/dnssec/anchors.ts";
import { keyTag } from "../../src/wire/key-tag.ts";
import { Name } from "../../src/wire/name.ts";
import { dsOf, makeKey, NOW, name } from "./signing.ts";

const iana = readFileSync(new URL("../../trust-anchors/root-anchors.xml", import.meta.url), "utf8");
const at = (text: string) => Date.parse(text) / 1000;
const hex = (octets: Uint8Array) => Buffer.from(octets).toString("hex").toUpperCase();

function only(anchors: readonly TrustAnchor[]): TrustAnchor {
  expect(anchors).toHaveLength(1);
  return anchors[0]!;
}

describe("IANA's file, as it ships with us", () => {
  test("gives the root's two keys, as DS and as DNSKEY", () => {
    const anchor = only(anchorsFromXml(iana, NOW, "root-anchors.xml"));
    expect(anchor.zone).toBe(Name.root);
    expect(anchor.source).toBe("root-anchors.xml");
    expect(anchor.ds.map((ds) => [ds.keyTag, ds.algorithm, ds.digestType, hex(ds.digest)])).toEqual([
      [20326, 8, 2, "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"],
      [38696, 8, 2, "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16"],
    ]);
    expect(
      anchor.keys.map(({ flags, protocol, algorithm, publicKey }) => [flags, protocol, algorithm, publicKey.length]),
    ).toEqual([
      [257, 3, 8, 260],
      [257, 3, 8, 260],
    ]);
  });

  test.each([
    ["2012-01-01T00:00:00Z", [19036]],
    ["2018-01-01T00:00:00Z", [19036, 20326]],
    ["2019-01-10T23:59:59Z", [19036, 20326]],
    ["2019-01-11T00:00:00Z", [20326]],
    ["2024-07-17T23:59:59Z", [20326]],
    ["2024-07-18T00:00:00Z", [20326, 38696]],
    ["2040-01-01T00:00:00Z", [20326, 38696]],
  ])("on %s the keys %j hold", (when, tags) => {
    expect(only(anchorsFromXml(iana, at(when), "x")).ds.map((ds) => ds.keyTag)).toEqual(tags);
  });

  test("with a clock of 1970 holds nothing, and says so", () => {
    expect(() => anchorsFromXml(iana, 0, "root-anchors.xml")).toThrow(
      "root-anchors.xml: no key digest is valid on 1970-01-01 00:00:00 UTC",
    );
  });
});

describe("a text in IANA's schema", () => {
  const replaced = (from: string | RegExp, to: string) => {
    const text = iana.replace(from, to);
    expect(text).not.toBe(iana);
    return text;
  };

  test.each<[string, string | RegExp, string]>([
    ["comments", "<Zone>", "<!-- a comment - with a dash --><Zone>"],
    ["apostrophes", /validFrom="([^"]*)"/g, "validFrom='$1'"],
    ["no declaration", /^<\?xml.*\?>\n/, ""],
    ["a byte order mark", /^/, "\uFEFF"],
    ["lines broken inside base64", /(AwEAA\w{20})/g, "$1\n      "],
    ["space inside tags", /<Zone>\.<\/Zone>/, "<Zone >\n . </Zone\t>"],
    ["other offsets", "2024-07-18T00:00:00+00:00", "2024-07-18T02:00:00+02:00"],
    [
      "small hexadecimal digits",
      /<Digest>[0-9A-F]+/,
      "<Digest>49aac11d7b6f6446702e54a1607371607a1a41855200fd2ce1cdde32f24e8fb5",
    ],
  ])("may have %s", (_what, from, to) => {
    expect(anchorsFromXml(replaced(from, to), NOW, "x")).toEqual(anchorsFromXml(iana, NOW, "x"));
  });

  test("may anchor another zone, without public keys", () => {
    const ds = dsOf("example.com", makeKey(13), 4);
    const text = `<TrustAnchor id="1" source="here"><Zone>Example.COM.</Zone><KeyDigest id="a" validFrom="2020-01-01T00:00:00Z">
      <KeyTag>${(ds[0]! << 8) | ds[1]!}</KeyTag><Algorithm>13</Algorithm><DigestType>4</DigestType><Digest>${hex(ds.subarray(4))}</Digest>
      </KeyDigest></TrustAnchor>`;
    const anchor = only(anchorsFromXml(text, NOW, "own.xml"));
    expect(anchor.zone.toString()).toBe("Example.COM.");
    expect(anchor.keys).toEqual([]);
    expect(anchor.ds[0]!.digest).toEqual(ds.subarray(4));
  });

  test.each<[string, string | RegExp, string, string]>([
    ["a digest that is not its key's", "E06D44B8", "E06D44B9", "line 10: Digest is not that of PublicKey (key 20326)"],
    [
      "a tag that is not its key's",
      "<KeyTag>20326",
      "<KeyTag>20327",
      "KeyTag is 20327, but the tag of PublicKey is 20326",
    ],
    ["a changed key", "AwEAAaz/tAm8", "AwEAAaz/tAm9", "KeyTag is 20326, but the tag of PublicKey is"],
    ["flags of a revoked key", "<Flags>257", "<Flags>385", "say that the key is revoked"],
    ["flags without the zone key flag", "<Flags>257", "<Flags>1", "lack the zone key flag"],
    ["PublicKey without Flags", /<Flags>257<\/Flags>/, "", "PublicKey and Flags come together"],
    ["a digest of the wrong length", /(<Digest>49AA)[0-9A-F]+/, "$1", "Digest has 2 octets: 32 expected for type 2"],
    ["a digest that is no hexadecimal", "<Digest>49AA", "<Digest>49AG", "Digest is not hexadecimal"],
    ["half an octet", "<Digest>49AA", "<Digest>49A", "Digest is not hexadecimal"],
    ["base64 that is none", "AwEAAaz/tAm8", "AwEA*az/tAm8", "PublicKey is not base64"],
    ["a tag of 17 bits", "<KeyTag>20326", "<KeyTag>65536", 'KeyTag is "65536": 0 to 65535 expected'],
    ["a negative algorithm", "<Algorithm>8", "<Algorithm>-8", 'Algorithm is "-8"'],
    ["an empty tag", "<KeyTag>20326", "<KeyTag>", 'KeyTag is ""'],
    ["a date without its offset", "2017-02-02T00:00:00+00:00", "2017-02-02T00:00:00", "is no date and time"],
    ["the 32nd of a month", "2017-02-02T", "2017-02-32T", "is no date and time"],
    ["no validFrom", / validFrom="2017[^"]*"/, "", "validFrom is missing"],
    ["two tags", "<KeyTag>20326</KeyTag>", "<KeyTag>20326</KeyTag><KeyTag>20326</KeyTag>", "2 of KeyTag: one expected"],
    ["no algorithm", "<Algorithm>8</Algorithm>", "", "0 of Algorithm: one expected"],
    ["no zone", "<Zone>.</Zone>", "", "0 of Zone: one expected"],
    ["an empty zone", "<Zone>.</Zone>", "<Zone></Zone>", "Zone is no name"],
    ["a zone that is no name", "<Zone>.</Zone>", "<Zone>a..b</Zone>", "Zone is no name"],
    ["an unknown element", "<Zone>", "<Hint/><Zone>", "Hint is not expected in TrustAnchor"],
    [
      "an element in the wrong place",
      "<Zone>.</Zone>",
      "<Zone><KeyTag>1</KeyTag></Zone>",
      "KeyTag is not expected in Zone",
    ],
    ["an unknown attribute", "<KeyDigest id", '<KeyDigest trust="no" id', "KeyDigest has an attribute trust"],
    ["an attribute twice", "<KeyDigest id", '<KeyDigest id="x" id', "KeyDigest has two attributes id"],
    ["text between elements", "<Zone>", "trust me <Zone>", 'text "trust me"'],
    ["an entity", "<Zone>.", "<Zone>&#46;", "no part of a trust anchor file"],
    ["a document type", "<TrustAnchor", "<!DOCTYPE x><TrustAnchor", "no part of a trust anchor file"],
    ["CDATA", "<Zone>.", "<Zone><![CDATA[.]]>", "no part of a trust anchor file"],
    ["a comment that does not end", "<Zone>", "<!-- <Zone>", "no part of a trust anchor file"],
    ["elements that cross", "</KeyTag>", "</Algorithm>", "</Algorithm> closes KeyTag"],
    ["its end cut off", /<\/TrustAnchor>\s*$/, "", "TrustAnchor is not closed"],
    ["a second root", /$/, "<TrustAnchor/>", "a second root element"],
  ])("with %s is refused", (_what, from, to, reason) => {
    const text = replaced(from, to);
    expect(() => anchorsFromXml(text, NOW, "file.xml")).toThrow(AnchorError);
    expect(() => anchorsFromXml(text, NOW, "file.xml")).toThrow(reason);
    expect(() => anchorsFromXml(text, NOW, "file.xml")).toThrow(/^file\.xml, line \d+: /);
  });

  test("cut off anywhere is refused", () => {
    for (let length = 0; length < iana.trimEnd().length; length += 7) {
      expect(() => anchorsFromXml(iana.slice(0, length), NOW, "x"), `${length} characters`).toThrow(AnchorError);
    }
  });

  test.each(["", "not XML", "<html></html>", "<", "<TrustAnchor", "\u0000"])("%j is none", (text) => {
    expect(() => anchorsFromXml(text, NOW, "x")).toThrow(AnchorError);
  });
});

describe("zone text", () => {
  const key = makeKey(13);
  const other = makeKey(15);
  const base64 = (of: typeof key) => Buffer.from(of.dnskey.publicKey).toString("base64");
  const dsLine = (owner: string, of: typeof key) =>
    `${owner} IN DS ${of.tag} ${of.dnskey.algorithm} 2 ${hex(dsOf(owner, of).subarray(4))}`;

  test("has DS and DNSKEY lines, comments and empty lines, and as many zones as it likes", () => {
    const anchors = anchorsFromZoneText(
      [
        "; the usual comment",
        "# what shells call a comment",
        "// what BIND calls one",
        "",
        `. 172800 IN DNSKEY 257 3 13 ${base64(key)} ;{id = ${key.tag} (ksk), size = 256b}`,
        dsLine("example.com.", other),
        `example.com. 3600 IN DS ${key.tag} 13 2 ( ${hex(dsOf("example.com", key).subarray(4)).slice(0, 20)}`,
        `   ${hex(dsOf("example.com", key).subarray(4)).slice(20)} )`,
      ].join("\n"),
      "root.key",
    );
    expect(
      anchors.map((anchor) => [anchor.zone.toString(), anchor.ds.length, anchor.keys.length, anchor.source]),
    ).toEqual([
      [".", 0, 1, "root.key"],
      ["example.com.", 2, 0, "root.key"],
    ]);
    expect(anchors[0]!.keys[0]).toEqual(key.dnskey);
    expect(anchors[1]!.ds.map((ds) => ds.keyTag)).toEqual([other.tag, key.tag]);
  });

  test("of Unbound's own RFC 5011 file gives only the keys that Unbound trusts", () => {
    const line = (state: string, of: typeof key) =>
      `.\t172800\tIN\tDNSKEY\t257 3 ${of.dnskey.algorithm} ${base64(of)} ;{id = 1} ;;state=${state} ;;count=0`;
    const anchors = anchorsFromZoneText(
      ["; autotrust trust anchor file", ";;id: . 1", line("1 [ ADDPEND ]", key), line("2 [  VALID  ]", other)].join(
        "\n",
      ),
      "root.key",
    );
    expect(only(anchors).keys).toEqual([other.dnskey]);
  });

  test.each<[string, string, string]>([
    ["another type", ". IN NS a.root.", "line 2: . NS is no trust anchor"],
    ["a key without the zone key flag", `. IN DNSKEY 1 3 13 ${base64(key)}`, "lacks the zone key flag"],
    ["a revoked key", `. IN DNSKEY 385 3 13 ${base64(key)}`, "is revoked"],
    ["a key with protocol 4", `. IN DNSKEY 257 4 13 ${base64(key)}`, "has protocol 4: 3 expected"],
    ["a digest of the wrong length", ". IN DS 1 13 2 AABB", "2 octets: 32 expected"],
    ["a broken line", ". IN DS 1 13", "line 2"],
    ["what is no record at all", "trust me", "line 2"],
  ])("with %s is refused", (_what, line, reason) => {
    const text = `; first line\n${line}\n`;
    expect(() => anchorsFromZoneText(text, "own.key")).toThrow(AnchorError);
    expect(() => anchorsFromZoneText(text, "own.key")).toThrow(reason);
    expect(() => anchorsFromZoneText(text, "own.key")).toThrow(/^own\.key, line 2: /);
  });

  test.each(["", "; nothing but a comment\n"])("without any anchor is refused: %j", (text) => {
    expect(() => anchorsFromZoneText(text, "empty.key")).toThrow("empty.key: there is neither DS nor DNSKEY");
  });

  test("in DS form says what IANA's file says", () => {
    const text = [
      ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
      ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
    ].join("\n");
    expect(only(anchorsFromZoneText(text, "x")).ds).toEqual(only(anchorsFromXml(iana, NOW, "x")).ds);
  });
});

describe("which anchor decides", () => {
  const anchor = (zone: string, source = "x"): TrustAnchor => ({
    zone: name(zone),
    ds: [{ keyTag: keyTag(makeKey(15).rdata), algorithm: 15, digestType: 2, digest: new Uint8Array(32) }],
    keys: [],
    source,
  });
  const anchors = [anchor("."), anchor("example.com"), anchor("sub.corp.example")];
  const at = (of: string) => closestAnchor(anchors, name(of))?.zone.toString();

  test("is the closest at or above the name", () => {
    expect(at("example.com")).toBe("example.com.");
    expect(at("WWW.Example.Com")).toBe("example.com.");
    expect(at("notexample.com")).toBe(".");
    expect(at("com")).toBe(".");
    expect(closestAnchor(anchors.slice(1), name("com"))).toBeNull();
  });

  test("unless a negative one is closer, or as close (RFC 7646 §2)", () => {
    const negative = [name("corp.example"), name("example.com")];
    const say = (of: string) => {
      const word = anchorageOf(anchors, negative, name(of));
      return word.kind === "anchored"
        ? word.anchor.zone.toString()
        : word.kind === "negative"
          ? `not ${word.at}`
          : "none";
    };
    expect(say("www.corp.example")).toBe("not corp.example.");
    expect(say("corp.example")).toBe("not corp.example.");
    expect(say("a.sub.corp.example")).toBe("sub.corp.example."); // a positive anchor below a negative one wins
    expect(say("www.example.com")).toBe("not example.com.");
    expect(say("other.example")).toBe(".");
    expect(anchorageOf([], [], name("example"))).toEqual({ kind: "none" });
    expect(anchorageOf([], negative, name("corp.example")).kind).toBe("negative");
  });

  test("what several sources say of a zone counts together", () => {
    const merged = mergeAnchors([anchor(".", "a.xml"), anchor("example.com"), anchor(".", "b.key")]);
    expect(merged.map((one) => [one.zone.toString(), one.ds.length, one.source])).toEqual([
      [".", 2, "a.xml, b.key"],
      ["example.com.", 1, "x"],
    ]);
  });
});
