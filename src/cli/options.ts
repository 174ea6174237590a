/** argv to options and operands, by one table per command; the resolver's settings are flags of the same names in kebab-case. */
import { parseArgs } from "node:util";
import { closest } from "../daemon/closest.ts";
import { defaultSettings, type NumberRow, optionTable, type Settings, type SwitchRow } from "../resolver/options.ts";
import { type Given, type OptionRow, type OptionRows, UsageError } from "./command.ts";

export { closest } from "../daemon/closest.ts";
export type { Given } from "./command.ts";

export function parseOptions(args: readonly string[], rows: OptionRows): Given {
  const { tokens } = parseArgs({ args: [...args], options: shapes(rows), strict: false, tokens: true });
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    switch (token.kind) {
      case "positional":
        operands.push(token.value);
        break;
      case "option": {
        const row = rows[token.name];
        if (row === undefined || !Object.hasOwn(rows, token.name)) throw unknownOption(token.rawName, rows);
        if (row.value === null && token.value !== undefined) {
          throw new UsageError(`--${token.name} takes no value, and "${token.value}" was given`);
        }
        if (row.value !== null && token.value === undefined) {
          throw new UsageError(`--${token.name} needs a value: --${token.name} ${row.value}`);
        }
        values.set(token.name, [...(values.get(token.name) ?? []), token.value ?? ""]);
        break;
      }
      case "option-terminator":
        break;
    }
  }
  return {
    operands,
    on: (name) => values.has(name),
    text: (name) => values.get(name)?.at(-1),
    texts: (name) => values.get(name) ?? [],
    number(name, range) {
      const text = values.get(name)?.at(-1);
      return text === undefined ? undefined : numberFrom(text, `--${name}`, range);
    },
  };
}

function shapes(rows: OptionRows): Record<string, { type: "string" | "boolean"; short?: string; multiple: true }> {
  return Object.fromEntries(
    Object.entries(rows).map(([name, row]) => [
      name,
      {
        type: row.value === null ? "boolean" : "string",
        multiple: true,
        ...(row.short === undefined ? {} : { short: row.short }),
      },
    ]),
  );
}

function numberFrom(text: string, what: string, range: { readonly min: number; readonly max: number }): number {
  const value = /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= range.min && value <= range.max)) {
    throw new UsageError(`${what} is "${text}": a number from ${range.min} to ${range.max} expected`);
  }
  return value;
}

function unknownOption(rawName: string, rows: OptionRows): UsageError {
  const near = closest(rawName.replace(/^-+/, ""), Object.keys(rows));
  return new UsageError(`there is no option ${rawName}${near === null ? "" : `; --${near} perhaps`}`);
}

/** `totalTimeoutMs` is `--total-timeout-ms`; a switch that is on by default, `ipv6`, is `--no-ipv6`. */
export function settingFlag(setting: keyof Settings): string {
  const kebab = setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return optionTable[setting].value === true ? `no-${kebab}` : kebab;
}

export const settingRows: OptionRows = Object.fromEntries(
  (Object.keys(optionTable) as (keyof Settings)[]).map((setting) => [settingFlag(setting), settingRow(setting)]),
);

function settingRow(setting: keyof Settings): OptionRow {
  const row: NumberRow | SwitchRow = optionTable[setting];
  switch (row.kind) {
    case "switch":
      return { value: null, page: "settings", why: row.value ? `not: ${row.why}` : row.why };
    case "number":
      return {
        value: "N",
        page: "settings",
        why: `${row.why}; ${row.min} to ${row.max} ${row.unit}, default ${row.value}`,
      };
  }
}

/** The settings that flags change; the rest keep their defaults. */
export function settingsFrom(given: Given): Partial<Settings> {
  const changes: Record<string, number | boolean> = {};
  for (const setting of Object.keys(optionTable) as (keyof Settings)[]) {
    const row: NumberRow | SwitchRow = optionTable[setting];
    const flag = settingFlag(setting);
    if (row.kind === "switch") {
      if (given.on(flag)) changes[setting] = !defaultSettings[setting];
      continue;
    }
    const text = given.text(flag);
    if (text === undefined) continue;
    const value = numberFrom(text, `--${flag}`, row);
    if (!Number.isInteger(value)) throw new UsageError(`--${flag} is "${text}": a whole number expected`);
    changes[setting] = value;
  }
  return changes as Partial<Settings>;
}
