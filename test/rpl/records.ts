/** Records and questions, one on each line. FORMAT.md §2. */
import { Name } from "../../src/wire/name.ts";
import { CLASS, classFromText, typeFromText } from "../../src/wire/registry.ts";
import { rdataFromTokens, ttlFromText } from "./rdata-text.ts";
import type { TemplateQuestion, TemplateRecord } from "./scenario.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** TTL where none is written. */
const DEFAULT_TTL = 3600;

/** `name [ttl] [class] type rdata`, TTL and class in either order. Throws with the reason. */
export function recordFromLine(text: string, line: number): TemplateRecord {
  const tokens = tokensOf(text);
  const { name, ttl, rrClass, type, rest } = front(tokens);
  return { name, ttl: ttl ?? DEFAULT_TTL, class: rrClass ?? CLASS.IN, type, rdata: rdataFromTokens(type, rest), line };
}

/** `name [class] type`. */
export function questionFromLine(text: string): TemplateQuestion {
  const { name, rrClass, type, rest } = front(tokensOf(text));
  if (rest.length > 0) throw new RangeError(`"${rest[0]?.text}" is more than a question takes`);
  return { name, type, class: rrClass ?? CLASS.IN };
}

function front(tokens: readonly Token[]) {
  const [owner, ...words] = tokens;
  if (owner === undefined) throw new RangeError("the line holds no record");
  let ttl: number | null = null;
  let rrClass: number | null = null;
  let at = 0;
  for (; at < words.length; at++) {
    const { text } = words[at]!;
    const asClass = classFromText(text);
    if (ttl === null && /^\d/.test(text)) ttl = ttlFromText(text);
    // ANY is a class and a type: the last word before the data is the type
    else if (rrClass === null && asClass !== null && at + 1 < words.length && !/^ANY$/i.test(text)) rrClass = asClass;
    else break;
  }
  const word = words[at];
  const type = word === undefined ? null : typeFromText(word.text);
  if (type === null) throw new RangeError(`"${word?.text ?? ""}" is no RR type`);
  return { name: Name.parse(owner.text), ttl, rrClass, type, rest: words.slice(at + 1) };
}
