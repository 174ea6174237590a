/** Presentation form: tokens of one record, and the encodings that RDATA uses in text. RFC 1035 §5.1, RFC 4648. */
import { addressToOctets, octetsToAddress } from "./address.ts";
import { Name } from "./name.ts";

export interface Token {
  /** As written, escapes and all, without quotes. */
  readonly text: string;
  readonly quoted: boolean;
}

export class TextError extends Error {
  override readonly name = "TextError";
}

/** The rest of a record, token by token. Every method throws TextError that says what was expected. */
export class Tokens {
  readonly #tokens: readonly Token[];
  readonly #origin: Name;
  #at = 0;

  constructor(tokens: readonly Token[], origin: Name = Name.root) {
    this.#tokens = tokens;
    this.#origin = origin;
  }

  get done(): boolean {
    return this.#at >= this.#tokens.length;
  }

  peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  fail(reason: string): never {
    throw new TextError(reason);
  }

  next(what: string): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) this.fail(`${what} is missing`);
    this.#at += 1;
    return token.text;
  }

  integer(max: number): number {
    const text = this.next("a number");
    if (!/^\d+$/.test(text) || Number(text) > max) this.fail(`"${text}" is no whole number up to ${max}`);
    return Number(text);
  }

  /** Seconds: 3600, 1h, 1w2d. */
  ttl(): number {
    const text = this.next("a TTL");
    return ttlFromText(text) ?? this.fail(`"${text}" is no TTL`);
  }

  name(): Name {
    const text = this.next("a name");
    return nameFromText(text, this.#origin);
  }

  address(octets: 4 | 16): string {
    const text = this.next("an address");
    const value = addressToOctets(text);
    if (value?.length !== octets) this.fail(`"${text}" is no IPv${octets === 4 ? 4 : 6} address`);
    return octetsToAddress(value);
  }

  characterString(max = 255): Uint8Array {
    const octets = unescaped(this.next("a text"));
    return octets.length <= max ? octets : this.fail(`a text of ${octets.length} octets: at most ${max} allowed`);
  }

  rest(): string {
    let text = "";
    while (!this.done) text += this.next("");
    return text;
  }

  restHex(): Uint8Array {
    const text = this.rest();
    return hexToOctets(text) ?? this.fail(`"${short(text)}" is not hexadecimal`);
  }

  restBase64(): Uint8Array {
    const text = this.rest();
    return base64ToOctets(text) ?? this.fail(`"${short(text)}" is not base64`);
  }
}

/** Words and parentheses, without white space and comments. */
export function* tokensOf(line: string): Iterable<Token | "(" | ")"> {
  const pattern = /[ \t\r\n]+|(;[^\n]*)|([()])|((?:[^ \t\r\n;()"\\]|\\.)+)?(?:"((?:[^"\\]|\\.)*)")?/gsy;
  while (pattern.lastIndex < line.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(line);
    if (match === null || match[0] === "")
      throw new TextError(
        line[at] === '"' ? "a quote is never closed" : `"${short(line.slice(at))}" ends within an escape`,
      );
    const [, comment, parenthesis, word, quoted] = match;
    if (comment !== undefined) continue;
    if (parenthesis !== undefined) yield parenthesis as "(" | ")";
    else if (word !== undefined)
      yield { text: word + (quoted ?? ""), quoted: false }; // key="value" of SVCB
    else if (quoted !== undefined) yield { text: quoted, quoted: true };
  }
}

export function nameFromText(text: string, origin: Name): Name {
  if (text === "@") return origin;
  try {
    const name = Name.parse(text);
    if (origin.isRoot || endsWithDot(text)) return name;
    return Name.fromLabels([...name.labels(), ...origin.labels()]);
  } catch (error) {
    throw new TextError((error as Error).message);
  }
}

function endsWithDot(text: string): boolean {
  if (!text.endsWith(".")) return false;
  let slashes = 0;
  for (let i = text.length - 2; text[i] === "\\"; i--) slashes += 1;
  return slashes % 2 === 0;
}

export function ttlFromText(text: string): number | null {
  if (/^\d{1,10}$/.test(text)) return Number(text) < 2 ** 32 ? Number(text) : null;
  if (!/^(\d{1,10}[smhdw])+$/i.test(text)) return null;
  const units = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
  let seconds = 0;
  for (const [, count, unit] of text.toLowerCase().matchAll(/(\d+)([smhdw])/g))
    seconds += Number(count) * units[unit as keyof typeof units];
  return seconds < 2 ** 32 ? seconds : null;
}

/** Octets of a text with `\X` and `\DDD` escapes (RFC 1035 §5.1); TextError for others than ASCII. */
export function unescaped(text: string): Uint8Array {
  const octets: number[] = [];
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code === 0x5c) {
      const digits = text.slice(i + 1, i + 4);
      if (/^[0-9]/.test(digits) ? !/^(?:[01][0-9]{2}|2[0-4][0-9]|25[0-5])$/.test(digits) : digits === "")
        throw new TextError(`"${short(text)}" has an escape that is none`);
      if (/^[0-9]/.test(digits)) {
        octets.push(Number(digits));
        i += 3;
        continue;
      }
      i += 1;
      code = text.charCodeAt(i);
    }
    // A file's octets above 127 have become characters in one way or another: nobody knows which they were.
    if (code > 0x7e) throw new TextError(`"${short(text)}" has a character outside ASCII: write \\DDD`);
    octets.push(code);
  }
  return Uint8Array.from(octets);
}

/** A quoted text. */
export function escapedText(octets: Uint8Array): string {
  let text = '"';
  for (const octet of octets) {
    if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else text += octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, "0")}`;
  }
  return `${text}"`;
}

export function hex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("hex").toUpperCase();
}

export function hexToOctets(text: string): Uint8Array | null {
  return text.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(text) ? Uint8Array.from(Buffer.from(text, "hex")) : null;
}

export function base64(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("base64");
}

/** The padding may be missing. */
export function base64ToOctets(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.replace(/=+$/, "").length % 4 === 1) return null;
  return Uint8Array.from(Buffer.from(text, "base64"));
}

const digits32 = "0123456789abcdefghijklmnopqrstuv";

/** RFC 4648 §7, lower case, no padding: the labels of NSEC3. */
export function base32hex(octets: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const octet of octets) {
    held = (held << 8) | octet;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += digits32[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + digits32[(held << (5 - bits)) & 31];
}

export function base32hexToOctets(text: string): Uint8Array | null {
  const octets = new Uint8Array(Math.floor((text.length * 5) / 8));
  let at = 0;
  let bits = 0;
  let held = 0;
  for (const character of text.toLowerCase()) {
    const value = digits32.indexOf(character);
    if (value < 0) return null;
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      octets[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return held === 0 && bits < 5 ? octets : null;
}

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 37)}…` : text);
