/** Splitting lines of the presentation form into words. RFC 1035 §5.1. */

export interface Token {
  /** Escapes are kept, for the reader of a name or string to resolve; quotes around a whole word are removed. */
  readonly text: string;
  readonly quoted: boolean;
}

/** Words of one line; `;` outside quotes begins a comment, parentheses are dropped. RangeError for an open quote. */
export function tokensOf(line: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < line.length) {
    const char = line[at]!;
    if (char === ";") break;
    if (/[\s()]/.test(char)) {
      at += 1;
    } else if (char === '"') {
      const end = closingQuote(line, at);
      tokens.push({ text: line.slice(at + 1, end), quoted: true });
      at = end + 1;
    } else {
      const start = at;
      while (at < line.length && !/[\s();]/.test(line[at]!)) {
        if (line[at] === "\\") at += 2;
        else if (line[at] === '"') at = closingQuote(line, at) + 1;
        else at += 1;
      }
      tokens.push({ text: line.slice(start, at), quoted: false });
    }
  }
  return tokens;
}

function closingQuote(line: string, start: number): number {
  for (let at = start + 1; at < line.length; at++) {
    if (line[at] === "\\") at += 1;
    else if (line[at] === '"') return at;
  }
  throw new RangeError("a quote is not closed");
}
