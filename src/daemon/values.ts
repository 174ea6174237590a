/** From what was written (words of a command line or the environment, values of a file) to values of a key's kind. */
import type { Key } from "./keys.ts";
import { UsageError } from "./usage-error.ts";

export type Value = string | number | boolean | readonly string[] | null;

/** `label` names the key where it was written: `--listen`, `ROOTWALK_LISTEN`, `rootwalk.toml:3: listen`. UsageError. */
export function valueFromTexts({ row }: Key, texts: readonly string[], label: string): Value {
  const last = texts.at(-1) ?? "";
  switch (row.kind) {
    case "list":
      return checkedList(row.check, texts, label);
    case "text":
      return checked(row.check, last, label);
    case "choice":
      return chosen(row.choices, last, label);
    case "switch": {
      const value = switchWords.get(last.toLowerCase());
      if (value === undefined) throw new UsageError(`${label} is "${last}": true or false expected`);
      return value;
    }
    case "number":
      return inRange(row, /^[0-9]+$/.test(last) ? Number(last) : Number.NaN, { label, shown: `"${last}"` });
  }
}

/** `value` as a TOML parser gives it. UsageError. */
export function valueFromFile({ row }: Key, value: unknown, label: string): Value {
  const expected = (what: string): UsageError => new UsageError(`${label} is ${shown(value)}: ${what} expected`);
  switch (row.kind) {
    case "list": {
      const items = typeof value === "string" ? [value] : value;
      if (!Array.isArray(items) || !items.every((item) => typeof item === "string"))
        throw expected(`a list of texts, ["${row.shape}"],`);
      return checkedList(row.check, items, label);
    }
    case "text":
      if (typeof value !== "string") throw expected(`a text, "${row.shape}",`);
      return checked(row.check, value, label);
    case "choice":
      if (typeof value !== "string") throw expected(oneOf(row.choices));
      return chosen(row.choices, value, label);
    case "switch":
      if (typeof value !== "boolean") throw expected("true or false");
      return value;
    case "number":
      return inRange(row, value, { label, shown: shown(value) });
  }
}

const switchWords: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "on", "1"].map((word) => [word, true] as const),
  ...["false", "no", "off", "0"].map((word) => [word, false] as const),
]);

function checkedList(check: ((text: string) => unknown) | null, texts: readonly string[], label: string) {
  for (const text of texts) checked(check, text, label);
  return texts;
}

/** What a parser says of a user's text becomes a line for the user. */
function checked(check: ((text: string) => unknown) | null, text: string, label: string): string {
  try {
    check?.(text);
    return text;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${label} ${error.message}`);
    if (error instanceof TypeError) throw new UsageError(`${label}: ${error.message}`);
    throw error;
  }
}

function chosen(choices: readonly string[], text: string, label: string): string {
  if (!choices.includes(text)) throw new UsageError(`${label} is "${text}": ${oneOf(choices)} expected`);
  return text;
}

const oneOf = (choices: readonly string[]): string => `one of ${choices.join(", ")}`;

function inRange(
  row: { readonly min: number; readonly max: number; readonly unit: string },
  value: unknown,
  told: { readonly label: string; readonly shown: string },
): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= row.min && value <= row.max) return value;
  const unit = row.unit === "count" ? "" : ` ${row.unit}`;
  throw new UsageError(`${told.label} is ${told.shown}: a whole number from ${row.min} to ${row.max}${unit} expected`);
}

const LONGEST_SHOWN = 60;

function shown(value: unknown): string {
  const text = typeof value === "string" ? `"${value}"` : (JSON.stringify(value) ?? String(value));
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
