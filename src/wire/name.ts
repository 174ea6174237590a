/** Domain names: any octets, at most 63 a label and 255 a name. RFC 1035 §3.1, §4.1.4; order RFC 4034 §6.1. */
import { type Reader, WireError } from "./cursor.ts";
import { keyIsWithin, keyOf, type NameKey, sharedLength } from "./name-key.ts";

export { keyIsWithin, type NameKey, parentKey, sharedLength, wildcardKey } from "./name-key.ts";

/** Pointers followed in one name. Each must point strictly backward, so the walk ends anyway. */
const MAX_POINTERS = 64;
const MAX_OCTETS = 255;

export class Name {
  /** Uncompressed wire form with its final zero octet, letters as they came. */
  readonly wire: Uint8Array;
  /** Labels without the root: 0 for ".", 2 for "example.com.". */
  readonly labelCount: number;
  #key: NameKey | null = null;
  #canonical: Uint8Array | null = null;

  static readonly root: Name = new Name(new Uint8Array(1), 0);

  private constructor(wire: Uint8Array, labelCount: number) {
    this.wire = wire;
    this.labelCount = labelCount;
  }

  /** Reads a possibly compressed name and leaves the reader behind it. Throws WireError. */
  static read(reader: Reader): Name {
    const { octets, end } = reader;
    const start = reader.offset;
    let at = start;
    let labels = 0;
    for (;;) {
      if (at >= end) throw new WireError("name runs past its end", at);
      const octet = octets[at]!;
      if (octet === 0) break;
      if (octet >= 0x40) return Name.#readCompressed(reader, at, labels);
      at += 1 + octet;
      labels += 1;
      if (at - start >= MAX_OCTETS) throw new WireError("name longer than 255 octets", start);
    }
    reader.offset = at + 1;
    return labels === 0 ? Name.root : Name.#read(new Name(octets.slice(start, at + 1), labels), reader, start, 0);
  }

  /** Kept, if names of this message are: a message of pointers costs its octets then, not their square. */
  static #read(name: Name, reader: Reader, start: number, pointers: number): Name {
    reader.names?.set(start, { wire: name.wire, labelCount: name.labelCount, end: reader.offset, pointers });
    return name;
  }

  /** Goes on where a label is no plain one: at a pointer, after `labels` labels from the reader's offset. */
  static #readCompressed(reader: Reader, pointerAt: number, plainLabels: number): Name {
    const { octets } = reader;
    let length = 0;
    for (let i = reader.offset; i < pointerAt; i++) scratch[length++] = octets[i]!;
    let labels = plainLabels;
    let at = pointerAt;
    let bound = reader.end;
    let after = -1;
    let pointers = 0;
    for (;;) {
      if (at >= bound) throw new WireError("name runs past its end", at);
      const octet = octets[at]!;
      if (octet === 0) break;
      if (octet < 0x40) {
        // 2: this label's length octet and the final zero
        if (length + octet + 2 > MAX_OCTETS) throw new WireError("name longer than 255 octets", at);
        if (at + 1 + octet > bound) throw new WireError("label runs past its end", at);
        for (const next = at + 1 + octet; at < next; at++) scratch[length++] = octets[at]!;
        labels += 1;
      } else if (octet >= 0xc0) {
        if (at + 1 >= bound) throw new WireError("compression pointer cut off", at);
        const target = ((octet & 0x3f) << 8) | octets[at + 1]!;
        if (after < 0) after = at + 2;
        if (target >= at) throw new WireError("compression pointer does not point backward", at);
        if (target < 12) throw new WireError("compression pointer into the header", at);
        pointers += 1;
        if (pointers > MAX_POINTERS) throw new WireError(`more than ${MAX_POINTERS} compression pointers`, at);
        const known = reader.names?.get(target);
        if (known !== undefined && known.end <= at && pointers + known.pointers <= MAX_POINTERS) {
          if (length + known.wire.length > MAX_OCTETS) throw new WireError("name longer than 255 octets", target);
          scratch.set(known.wire, length);
          length += known.wire.length - 1;
          labels += known.labelCount;
          pointers += known.pointers;
          break;
        }
        bound = at; // strictly backward: nothing at or after this pointer may be read again
        at = target;
      } else {
        throw new WireError(`label type 0x${octet.toString(16)} is not defined`, at);
      }
    }
    const start = reader.offset;
    reader.offset = after;
    scratch[length] = 0;
    return labels === 0
      ? Name.root
      : Name.#read(new Name(scratch.slice(0, length + 1), labels), reader, start, pointers);
  }

  /** Reads a name in which pointers are not allowed (RFC 3597 §4, RFC 4034 §6.2). Throws WireError. */
  static readUncompressed(reader: Reader): Name {
    const start = reader.offset;
    const labels = Name.skipUncompressed(reader);
    return labels === 0 ? Name.root : new Name(reader.octets.slice(start, reader.offset), labels);
  }

  /** Leaves the reader behind such a name and says how many labels it has. Throws WireError. */
  static skipUncompressed(reader: Reader): number {
    const { octets, end } = reader;
    const start = reader.offset;
    let at = start;
    let labels = 0;
    for (;;) {
      if (at >= end) throw new WireError("name runs past its end", at);
      const octet = octets[at]!;
      if (octet >= 0x40) throw new WireError("compression pointer or unknown label type where none is allowed", at);
      at += 1 + octet;
      if (at - start > MAX_OCTETS) throw new WireError("name longer than 255 octets", start);
      if (octet === 0) break;
      labels += 1;
    }
    reader.offset = at;
    return labels;
  }

  /** Labels from left to right, each 1 to 63 octets. Throws TypeError. */
  static fromLabels(labels: readonly Uint8Array[]): Name {
    let length = 1;
    for (const label of labels) {
      if (label.length === 0 || label.length > 63)
        throw new TypeError(`label of ${label.length} octets: 1 to 63 allowed`);
      length += label.length + 1;
    }
    if (length > MAX_OCTETS) throw new TypeError(`name of ${length} octets: 255 allowed`);
    if (labels.length === 0) return Name.root;
    const wire = new Uint8Array(length);
    let at = 0;
    for (const label of labels) {
      wire[at] = label.length;
      wire.set(label, at + 1);
      at += label.length + 1;
    }
    return new Name(wire, labels.length);
  }

  /**
   * Reads presentation form: `\.` and `\DDD` escapes (RFC 1035 §5.1), the final dot optional, "." the root. Every name is
   * absolute. Octets above 127 must be escaped. Throws TypeError that quotes the text.
   */
  static parse(text: string): Name {
    return Name.#parsePlain(text) ?? Name.#parseEscaped(text);
  }

  /**
   * Printable ASCII without escapes, as nearly all names are: four times as fast as the long way (measured 2026-11, Node 20). Null for the
   * rest, and for what is wrong, so that it is said in one place.
   */
  static #parsePlain(text: string): Name | null {
    const { length } = text;
    if (length > MAX_OCTETS) return null;
    let labels = 0;
    let start = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code === 0x2e) {
        const size = i - start;
        if (size === 0 || size > 63) return null;
        scratch[start] = size;
        start = i + 1;
        labels += 1;
      } else if (code === 0x5c || code > 0x7e) {
        return null;
      } else {
        scratch[i + 1] = code;
      }
    }
    const size = length - start;
    if (size > 63 || labels + size === 0) return null;
    let end = length;
    if (size > 0) {
      scratch[start] = size;
      end += 1;
      labels += 1;
    }
    if (end >= MAX_OCTETS) return null;
    scratch[end] = 0;
    return new Name(scratch.slice(0, end + 1), labels);
  }

  static #parseEscaped(text: string): Name {
    if (text === "." || text === "") return Name.root;
    const labels: Uint8Array[] = [];
    let label: number[] = [];
    for (let i = 0; i < text.length; i++) {
      let code = text.charCodeAt(i);
      if (code === 0x2e) {
        if (label.length === 0) throw new TypeError(`"${text}" has an empty label`);
        labels.push(Uint8Array.from(label));
        label = [];
        continue;
      }
      if (code === 0x5c) {
        const digits = text.slice(i + 1, i + 4);
        if (/^[0-9]{3}$/.test(digits)) {
          code = Number(digits);
          if (code > 255) throw new TypeError(`"${text}" has the escape \\${digits}: at most \\255`);
          i += 3;
        } else {
          i += 1;
          code = text.charCodeAt(i);
          if (Number.isNaN(code) || (code >= 0x30 && code <= 0x39))
            throw new TypeError(`"${text}" has an unfinished escape`);
        }
      }
      if (code > 0xff || (code > 0x7e && text[i] !== undefined && text.charCodeAt(i) > 0x7e)) {
        throw new TypeError(
          `"${text}" has a character outside ASCII: write IDNs as A-labels (xn--…) and octets as \\DDD`,
        );
      }
      label.push(code);
    }
    if (label.length > 0) labels.push(Uint8Array.from(label));
    try {
      return Name.fromLabels(labels);
    } catch (error) {
      throw new TypeError(`"${text}" is not a domain name: ${(error as Error).message}`);
    }
  }

  get key(): NameKey {
    this.#key ??= keyOf(this.wire);
    return this.#key;
  }

  /** Uncompressed, A to Z in lower case: the form that is signed and hashed. RFC 4034 §6.2. */
  get canonicalWire(): Uint8Array {
    this.#canonical ??= lowerCase(this.wire);
    return this.#canonical;
  }

  get isRoot(): boolean {
    return this.labelCount === 0;
  }

  /** The leftmost label is a lone asterisk. RFC 4592 §2.1.1. */
  get isWildcard(): boolean {
    return this.wire[0] === 1 && this.wire[1] === 0x2a;
  }

  equals(other: Name): boolean {
    return this === other || (this.wire.length === other.wire.length && this.key === other.key);
  }

  /** Is this name the zone's apex or below it? */
  isWithin(zone: Name): boolean {
    return keyIsWithin(this.key, zone.key);
  }

  isStrictlyWithin(zone: Name): boolean {
    return this.labelCount > zone.labelCount && keyIsWithin(this.key, zone.key);
  }

  /** The name without its leftmost label; null for the root. */
  parent(): Name | null {
    return this.labelCount === 0 ? null : this.ancestor(this.labelCount - 1);
  }

  /** The name's last `labels` labels: ancestor(0) is the root. RangeError if it has fewer. */
  ancestor(labels: number): Name {
    if (labels === this.labelCount) return this;
    if (labels < 0 || labels > this.labelCount) throw new RangeError(`${this} has no ancestor of ${labels} labels`);
    if (labels === 0) return Name.root;
    let at = 0;
    for (let skip = this.labelCount - labels; skip > 0; skip--) at += this.wire[at]! + 1;
    return new Name(this.wire.subarray(at), labels);
  }

  /** The leftmost label's octets; empty for the root. */
  get firstLabel(): Uint8Array {
    return this.wire.subarray(1, 1 + this.wire[0]!);
  }

  labels(): Uint8Array[] {
    const labels: Uint8Array[] = [];
    for (let at = 0; this.wire[at] !== 0; at += this.wire[at]! + 1)
      labels.push(this.wire.subarray(at + 1, at + 1 + this.wire[at]!));
    return labels;
  }

  /** `label` in front of this name; null if that is longer than 255 octets. */
  child(label: Uint8Array | string): Name | null {
    const octets = typeof label === "string" ? asciiOctets(label) : label;
    if (octets.length === 0 || octets.length > 63)
      throw new TypeError(`label of ${octets.length} octets: 1 to 63 allowed`);
    if (this.wire.length + octets.length + 1 > MAX_OCTETS) return null;
    const wire = new Uint8Array(this.wire.length + octets.length + 1);
    wire[0] = octets.length;
    wire.set(octets, 1);
    wire.set(this.wire, octets.length + 1);
    return new Name(wire, this.labelCount + 1);
  }

  /** The source of synthesis below this closest encloser, `*.<this>`; null if too long. RFC 4592 §2.2. */
  wildcard(): Name | null {
    return this.child(asterisk);
  }

  /** The longest name that both are within. */
  commonAncestor(other: Name): Name {
    const length = sharedLength(this.key, other.key);
    let labels = 0;
    for (let at = 0; at < length; at++) if (this.key.charCodeAt(at) === 0) labels += 1;
    return this.ancestor(labels);
  }

  /** DNAME substitution: `owner` at the end replaced by `target`; null if longer than 255 octets. RFC 6672 §2.2. */
  replaceSuffix(owner: Name, target: Name): Name | null {
    const kept = this.wire.length - owner.wire.length;
    if (kept + target.wire.length > MAX_OCTETS) return null;
    if (kept === 0) return target;
    const wire = new Uint8Array(kept + target.wire.length);
    wire.set(this.wire.subarray(0, kept));
    wire.set(target.wire, kept);
    return new Name(wire, this.labelCount - owner.labelCount + target.labelCount);
  }

  /** The same name with A to Z in lower case. */
  lowerCased(): Name {
    return new Name(this.canonicalWire, this.labelCount);
  }

  /** Presentation form with the final dot; octets that mean something or are not printable are escaped. */
  toString(): string {
    if (this.labelCount === 0) return ".";
    let text = "";
    for (const label of this.labels()) {
      for (const octet of label) text += escapedOctet(octet);
      text += ".";
    }
    return text;
  }

  toJSON(): string {
    return this.toString();
  }
}

const asterisk = Uint8Array.of(0x2a);

/** Reused: a Uint8Array of 255 octets for each name was the greatest cost of decoding (measured 2026-11, Node 20). */
const scratch = new Uint8Array(MAX_OCTETS);

function asciiOctets(label: string): Uint8Array {
  return Uint8Array.from(label, (character) => {
    const code = character.codePointAt(0)!;
    if (code > 0x7f) throw new TypeError(`label "${label}" has a character outside ASCII`);
    return code;
  });
}

function escapedOctet(octet: number): string {
  switch (octet) {
    case 0x22: // "
    case 0x24: // $
    case 0x28: // (
    case 0x29: // )
    case 0x2e: // .
    case 0x3b: // ;
    case 0x40: // @
    case 0x5c: // \
      return `\\${String.fromCharCode(octet)}`;
    default:
      return octet > 0x20 && octet < 0x7f ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, "0")}`;
  }
}

/** Length octets are at most 63, below "A", so a plain pass over the wire form is safe. */
function lowerCase(wire: Uint8Array): Uint8Array {
  for (let i = 0; i < wire.length; i++) {
    const octet = wire[i]!;
    if (octet >= 0x41 && octet <= 0x5a) {
      const lower = wire.slice();
      for (let j = i; j < lower.length; j++) {
        const upper = lower[j]!;
        if (upper >= 0x41 && upper <= 0x5a) lower[j] = upper + 32;
      }
      return lower;
    }
  }
  return wire;
}
