/** `${…}` in steps: variables, the clock, arithmetic from left to right. FORMAT.md §4.1. */

export interface MacroWorld {
  readonly variables: ReadonlyMap<string, string>;
  /** The scenario's clock, in seconds. */
  readonly time: number;
  /** Seconds until the next timer. */
  readonly timeout: () => number;
}

/** Replaces every `${…}`, the innermost first. RangeError for what has no value. */
export function expandMacros(text: string, world: MacroWorld): string {
  let expanded = text;
  for (;;) {
    const next = expanded.replace(/\$\{([^${}]*(?:\$\w+[^${}]*)*)\}/, (_, inside: string) =>
      macroValue(inside.trim(), world),
    );
    if (next === expanded) break;
    expanded = next;
  }
  if (expanded.includes("${")) throw new RangeError(`"${expanded}" holds a macro that cannot be read`);
  return expanded;
}

function macroValue(expression: string, world: MacroWorld): string {
  const [first = "", ...rest] = expression.split(/\s+/);
  if (first === "ctime") return dateLine(evaluate(rest, world));
  if (first !== "range") return evaluate(expression.split(/\s+/), world).toString();
  const [low, value, high] = [
    evaluate(rest.slice(0, 1), world),
    evaluate(rest.slice(1, -1), world),
    evaluate(rest.slice(-1), world),
  ];
  if (value < low || value > high) throw new RangeError(`${value} lies outside ${low} to ${high}`);
  return String(value);
}

/** Strictly from left to right. */
function evaluate(words: readonly string[], world: MacroWorld): number {
  const tokens = words.join(" ").match(/\$\w+|\d+(?:\.\d+)?|[a-z]+|[-+*/]/g) ?? [];
  let value: number | null = null;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (value === null) value = operand(token, world);
    else value = applied(value, token, operand(tokens[++i] ?? "", world));
  }
  if (value === null) throw new RangeError("an expression is empty");
  return Number(value.toPrecision(12));
}

function applied(left: number, operator: string, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    default:
      throw new RangeError(`"${operator}" is no operator`);
  }
}

function operand(token: string, world: MacroWorld): number {
  if (token === "time") return world.time;
  if (token === "timeout") return world.timeout();
  const text = token.startsWith("$") ? world.variables.get(token.slice(1)) : token;
  if (text === undefined || Number.isNaN(Number(text)) || text === "") throw new RangeError(`"${token}" has no value`);
  return Number(text);
}

/** "Mon Aug 24 07:46:40 2009", in UTC. */
function dateLine(seconds: number): string {
  const [day, date, month, year, time] = new Date(seconds * 1000).toUTCString().replace(",", "").split(" ");
  return `${day} ${month} ${String(Number(date)).padStart(2, " ")} ${time} ${year}`;
}
