/**
 * IANA's root-anchors.xml. RFC 7958 §2, RFC 9718 §2. A scanner for exactly this schema: whatever it does not understand it
 * refuses, for a trust anchor read half is worse than none.
 */
import { digestTypes } from "../crypto/digests.ts";
import { nativeEngine } from "../crypto/native.ts";
import type { UnixSeconds } from "../env/env.ts";
import { equalOctets } from "../rrset/canonical.ts";
import { keyTag } from "../wire/key-tag.ts";
import { Name } from "../wire/name.ts";
import { type Dnskey, type Ds, encodeRdata } from "../wire/rdata.ts";
import { TYPE } from "../wire/registry.ts";
import { digestInput } from "./ds.ts";
import { dateText } from "./proof.ts";
import { AnchorError, type TrustAnchor } from "./trust-anchor.ts";
import { FLAG } from "./zone-keys.ts";

/** The anchor that holds at `now`: key digests not yet or no longer valid are left out. Throws AnchorError. */
export function anchorsFromXml(text: string, now: UnixSeconds, source: string): readonly TrustAnchor[] {
  const root = new XmlReader(text, source).read();
  const zone = nameIn(only(root, "Zone", source), source);
  const ds: Ds[] = [];
  const keys: Dnskey[] = [];
  for (const element of root.children) {
    if (element.name !== "KeyDigest") continue;
    const entry = keyDigest(element, zone, source);
    if (now < entry.validFrom || (entry.validUntil !== null && now >= entry.validUntil)) continue;
    ds.push(entry.ds);
    if (entry.key !== null) keys.push(entry.key);
  }
  if (ds.length === 0) throw new AnchorError(source, null, `no key digest is valid on ${dateText(now)}`);
  return [{ zone, ds, keys, source }];
}

interface KeyDigest {
  readonly ds: Ds;
  readonly key: Dnskey | null;
  readonly validFrom: UnixSeconds;
  readonly validUntil: UnixSeconds | null;
}

function keyDigest(element: Element, zone: Name, source: string): KeyDigest {
  const fail = (reason: string): never => {
    throw new AnchorError(source, element.line, reason);
  };
  const ds: Ds = {
    keyTag: integerIn(only(element, "KeyTag", source), 65535, source),
    algorithm: integerIn(only(element, "Algorithm", source), 255, source),
    digestType: integerIn(only(element, "DigestType", source), 255, source),
    digest: hexIn(only(element, "Digest", source), source),
  };
  const octets = digestTypes.get(ds.digestType)?.octets ?? ds.digest.length;
  if (ds.digest.length !== octets) {
    fail(`Digest has ${ds.digest.length} octets: ${octets} expected for type ${ds.digestType}`);
  }
  const publicKey = element.children.find((child) => child.name === "PublicKey");
  const flags = element.children.find((child) => child.name === "Flags");
  if ((publicKey === undefined) !== (flags === undefined)) fail("PublicKey and Flags come together or not at all");
  let key: Dnskey | null = null;
  if (publicKey !== undefined && flags !== undefined) {
    key = {
      flags: integerIn(flags, 65535, source),
      protocol: 3,
      algorithm: ds.algorithm,
      publicKey: base64In(publicKey, source),
    };
    const mismatch = whyNotSame(key, ds, zone);
    if (mismatch !== null) fail(mismatch);
  }
  const from = element.attributes.get("validFrom") ?? fail("validFrom is missing");
  const until = element.attributes.get("validUntil");
  return {
    ds,
    key,
    validFrom: dateTime(from) ?? fail(`validFrom "${from}" is no date and time`),
    validUntil: until === undefined ? null : (dateTime(until) ?? fail(`validUntil "${until}" is no date and time`)),
  };
}

function whyNotSame(key: Dnskey, ds: Ds, zone: Name): string | null {
  if ((key.flags & FLAG.ZONE) === 0) return `Flags ${key.flags} lack the zone key flag`;
  if ((key.flags & FLAG.REVOKE) !== 0) return `Flags ${key.flags} say that the key is revoked`;
  const rdata = encodeRdata(TYPE.DNSKEY, key);
  const tag = keyTag(rdata);
  if (tag !== ds.keyTag) return `KeyTag is ${ds.keyTag}, but the tag of PublicKey is ${tag}`;
  const digest = nativeEngine().digest(ds.digestType, digestInput(zone, rdata));
  if (digest !== null && !equalOctets(digest, ds.digest)) return `Digest is not that of PublicKey (key ${tag})`;
  return null;
}

// Values.

function only(parent: Element, name: string, source: string): Element {
  const found = parent.children.filter((child) => child.name === name);
  const [element] = found;
  if (element === undefined || found.length > 1) {
    throw new AnchorError(source, parent.line, `${parent.name} has ${found.length} of ${name}: one expected`);
  }
  return element;
}

function nameIn(element: Element, source: string): Name {
  try {
    if (element.text === "") throw new TypeError("it is empty");
    return Name.parse(element.text);
  } catch (error) {
    throw new AnchorError(source, element.line, `${element.name} is no name: ${(error as Error).message}`);
  }
}

function integerIn(element: Element, most: number, source: string): number {
  const value = /^[0-9]{1,5}$/.test(element.text) ? Number(element.text) : Number.NaN;
  if (!(value <= most)) {
    throw new AnchorError(source, element.line, `${element.name} is "${element.text}": 0 to ${most} expected`);
  }
  return value;
}

function hexIn(element: Element, source: string): Uint8Array {
  if (!/^(?:[0-9A-Fa-f]{2})+$/.test(element.text)) {
    throw new AnchorError(source, element.line, `${element.name} is not hexadecimal`);
  }
  return Uint8Array.from(Buffer.from(element.text, "hex"));
}

function base64In(element: Element, source: string): Uint8Array {
  const text = element.text.replace(/\s+/g, "");
  if (text === "" || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw new AnchorError(source, element.line, `${element.name} is not base64`);
  }
  return Uint8Array.from(Buffer.from(text, "base64"));
}

/** xsd:dateTime with its offset; null if it is none. */
function dateTime(text: string): UnixSeconds | null {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})$/.test(text)) {
    return null;
  }
  const at = Date.parse(text) / 1000;
  return Number.isNaN(at) ? null : at;
}

// Elements.

interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
  /** Trimmed; empty where there are children. */
  text: string;
  readonly line: number;
}

interface Shape {
  readonly attributes: readonly string[];
  readonly children: readonly string[];
}

const leaf: Shape = { attributes: [], children: [] };

/** RFC 9718 §2.1, as a table. */
const schema: ReadonlyMap<string, Shape> = new Map([
  ["TrustAnchor", { attributes: ["id", "source"], children: ["Zone", "KeyDigest"] }],
  ["Zone", leaf],
  [
    "KeyDigest",
    {
      attributes: ["id", "validFrom", "validUntil"],
      children: ["KeyTag", "Algorithm", "DigestType", "Digest", "PublicKey", "Flags"],
    },
  ],
  ["KeyTag", leaf],
  ["Algorithm", leaf],
  ["DigestType", leaf],
  ["Digest", leaf],
  ["PublicKey", leaf],
  ["Flags", leaf],
]);

const declaration = /^\uFEFF?<\?xml\s[^?<>]*\?>/;
const comment = /<!--(?:(?!--)[\s\S])*-->/y;
const closing = /<\/([A-Za-z]+)\s*>/y;
const opening = /<([A-Za-z]+)((?:\s+[A-Za-z]+\s*=\s*(?:"[^"<&]*"|'[^'<&]*'))*)\s*(\/?)>/y;
const characters = /[^<&]+/y;
const attribute = /([A-Za-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

class XmlReader {
  readonly #text: string;
  readonly #source: string;
  #at = 0;

  constructor(text: string, source: string) {
    this.#text = text;
    this.#source = source;
    this.#at = declaration.exec(text)?.[0].length ?? (text.startsWith("\uFEFF") ? 1 : 0);
  }

  read(): Element {
    const open: Element[] = [];
    let root: Element | null = null;
    while (this.#at < this.#text.length) {
      if (this.#match(comment) !== null) continue;
      const close = this.#match(closing);
      if (close !== null) {
        const element = open.pop();
        if (element?.name !== close[1]) this.#fail(`</${close[1]}> closes ${element?.name ?? "nothing"}`);
        continue;
      }
      const start = this.#match(opening);
      if (start !== null) {
        const parent = open.at(-1);
        const element = this.#element(start, parent);
        if (parent !== undefined) parent.children.push(element);
        else if (root !== null) this.#fail("a second root element");
        else root = element;
        if (start[3] === "") open.push(element);
        continue;
      }
      const run = this.#match(characters)?.[0].trim();
      if (run === undefined) this.#fail("what follows is no part of a trust anchor file (RFC 9718)");
      const inner = open.at(-1);
      if (run !== "" && inner !== undefined && schema.get(inner.name)!.children.length === 0) inner.text += run;
      else if (run !== "") this.#fail(`text "${run.slice(0, 20)}" where none is expected`);
    }
    const [unclosed] = open;
    if (unclosed !== undefined) this.#fail(`${unclosed.name} is not closed`);
    return root ?? this.#fail("there is no TrustAnchor element");
  }

  #element(start: RegExpExecArray, parent: Element | undefined): Element {
    const name = start[1]!;
    const allowed = parent === undefined ? ["TrustAnchor"] : schema.get(parent.name)!.children;
    if (!allowed.includes(name)) this.#fail(`${name} is not expected ${parent ? `in ${parent.name}` : "here"}`);
    const attributes = new Map<string, string>();
    for (const [, key, quoted, apostrophed] of start[2]!.matchAll(attribute)) {
      if (!schema.get(name)!.attributes.includes(key!)) this.#fail(`${name} has an attribute ${key}`);
      if (attributes.has(key!)) this.#fail(`${name} has two attributes ${key}`);
      attributes.set(key!, quoted ?? apostrophed ?? "");
    }
    return { name, attributes, children: [], text: "", line: this.#line() };
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }

  #line(): number {
    return this.#text.slice(0, this.#at).split("\n").length;
  }

  #fail(reason: string): never {
    throw new AnchorError(this.#source, this.#line(), reason);
  }
}
