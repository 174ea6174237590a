/** The configuration's keys as flags of `serve`. Every switch can be turned on and off: `--trace`, `--no-trace`. */
import type { Flags } from "../daemon/configuration.ts";
import { type Key, keys } from "../daemon/keys.ts";
import { type Given, type OptionRow, type OptionRows, UsageError } from "./command.ts";

export const configurationRows: OptionRows = Object.fromEntries(keys.flatMap(rowsOf));

/** The limits alone, for their page of help. */
export const limitRows: OptionRows = Object.fromEntries(keys.filter((key) => key.section === "limits").flatMap(rowsOf));

function rowsOf(key: Key): [string, OptionRow][] {
  const { row, name } = key;
  const page = key.section === "options" ? {} : { page: key.section };
  switch (row.kind) {
    case "switch":
      return [
        [name, { value: null, why: row.why, ...page, ...(row.value ? { hidden: "hidden" } : {}) }],
        [`no-${name}`, { value: null, why: `not: ${row.why}`, ...page, ...(row.value ? {} : { hidden: "hidden" }) }],
      ];
    case "number": {
      const unit = row.unit === "count" ? "" : ` ${row.unit}`;
      return [
        [name, { value: "N", why: `${row.why}; ${row.min} to ${row.max}${unit}, default ${row.value}`, ...page }],
      ];
    }
    case "choice":
      return [[name, { value: row.choices.join("|"), why: `${row.why}; default ${row.value}`, ...page }]];
    case "list":
      return [[name, { value: row.shape, repeatable: true, why: row.why, ...page }]];
    case "text":
      return [[name, { value: row.shape, why: row.why, ...page }]];
  }
}

/** UsageError where a switch is turned on and off at once. */
export function flagsFrom(given: Given): Flags {
  return ({ name, row }) => {
    if (row.kind !== "switch") {
      const texts = given.texts(name);
      return texts.length === 0 ? undefined : texts;
    }
    const [on, off] = [given.on(name), given.on(`no-${name}`)];
    if (on && off) throw new UsageError(`--${name} and --no-${name} contradict each other`);
    return on ? ["true"] : off ? ["false"] : undefined;
  };
}
