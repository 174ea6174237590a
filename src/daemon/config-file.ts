/** The configuration file: TOML to values, every complaint with file and line. Forwards, stubs and negative anchors live here only. */
import { createRequire } from "node:module";
import { closest } from "./closest.ts";
import { type Key, keys, type Section } from "./keys.ts";
import { textOf } from "./trust-files.ts";
import { UsageError } from "./usage-error.ts";
import { type Value, valueFromFile } from "./values.ts";
import { type ConfiguredZones, noZones, zonesFrom, zoneTables } from "./zone-tables.ts";

export interface ConfigFile {
  readonly path: string;
  readonly values: ReadonlyMap<Key, { readonly value: Value; readonly line: number | null }>;
  readonly zones: ConfiguredZones;
}

export const noFile: Omit<ConfigFile, "path"> = { values: new Map(), zones: noZones };

/** `now`: negative anchors have an end. UsageError for whatever is wrong with it. */
export function readConfigFile(path: string, now: number): ConfigFile {
  return configFrom(textOf(path, "the configuration"), path, now);
}

export function configFrom(text: string, path: string, now: number): ConfigFile {
  const table = parsed(text, path);
  const lines = linesOf(text);
  const values = new Map<Key, { value: Value; line: number | null }>();
  const place = (line: number | null): string => (line === null ? path : `${path}:${line}`);
  const take = (section: Section, name: string, value: unknown): void => {
    const path = section === "options" ? name : `${section}.${name}`;
    const line = lines.get(path) ?? null;
    const key = keys.find((candidate) => candidate.section === section && candidate.name === name);
    if (key === undefined) throw new UsageError(`${place(line)}: ${unknownKey(section, name)}`);
    values.set(key, { value: valueFromFile(key, value, `${place(line)}: ${name}`), line });
  };
  for (const [name, value] of Object.entries(table)) {
    if (Object.hasOwn(zoneTables, name)) continue;
    if (name === "settings" || name === "limits") {
      if (!isTable(value)) throw new UsageError(`${place(lines.get(name) ?? null)}: ${name} is a section: [${name}]`);
      for (const [inner, innerValue] of Object.entries(value)) take(name, inner, innerValue);
    } else take("options", name, value);
  }
  const zones = zonesFrom(table, { now, place: (name) => place(lines.get(name) ?? null) });
  return { path, values, zones };
}

const require = createRequire(import.meta.url);

/** The parser is loaded when there is a file: most daemons have none, and start sooner. */
function parsed(text: string, path: string): Record<string, unknown> {
  const { parse, TomlError } = require("smol-toml") as typeof import("smol-toml");
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [, reason = error.message] = /^Invalid TOML document: (.*)/.exec(error.message) ?? [];
    throw new UsageError(`${path}:${error.line}:${error.column}: ${reason}`);
  }
}

/** The section it belongs to, or the nearest name. */
function unknownKey(section: Section, name: string): string {
  const where = section === "options" ? "" : ` in [${section}]`;
  const elsewhere = keys.find((key) => key.name === name);
  if (elsewhere !== undefined) {
    const home = elsewhere.section === "options" ? "above all sections" : `in [${elsewhere.section}]`;
    return `there is no key "${name}"${where}: it belongs ${home}`;
  }
  const names = keys.filter((key) => key.section === section).map((key) => key.name);
  const near = closest(
    name,
    section === "options" ? [...names, "settings", "limits", ...Object.keys(zoneTables)] : names,
  );
  return `there is no key "${name}"${where}${near === null ? "" : `; ${near} perhaps`}`;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/**
 * Lines by path: `listen`, `settings.sha1`, `forward[1].servers`; the parser tells lines of what it cannot read only. A
 * line inside a text of several lines may be taken for a key: then a message names the wrong line, and nothing else.
 */
export function linesOf(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const counts = new Map<string, number>();
  let section = "";
  for (const [i, line] of text.split("\n").entries()) {
    const header = /^\s*(\[\[?)\s*([A-Za-z0-9_."' -]+?)\s*\]/.exec(line);
    if (header !== null) {
      const name = header[2]!.replace(/["']/g, "");
      const count = counts.get(name) ?? 0;
      counts.set(name, count + 1);
      section = header[1] === "[[" ? `${name}[${count}]` : name;
      if (!lines.has(section)) lines.set(section, i + 1);
      continue;
    }
    const [, name] = /^\s*([A-Za-z0-9_."'-]+(?:\s*\.\s*[A-Za-z0-9_."'-]+)*)\s*=/.exec(line) ?? [];
    if (name === undefined) continue;
    const bare = name.replace(/["'\s]/g, "");
    const path = section === "" ? bare : `${section}.${bare}`;
    if (!lines.has(path)) lines.set(path, i + 1);
  }
  return lines;
}
