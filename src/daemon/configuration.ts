/** What the daemon is told, in order of precedence: flag, environment, file, default; and where each value comes from. */
import { existsSync } from "node:fs";
import { defaultSettings, type Settings } from "../resolver/options.ts";
import type { ServerLimits } from "../server/limits.ts";
import { closest } from "./closest.ts";
import { type ConfigFile, noFile, readConfigFile } from "./config-file.ts";
import { type Key, keys } from "./keys.ts";
import type { DaemonOption, DaemonOptions } from "./options.ts";
import { UsageError } from "./usage-error.ts";
import { type Value, valueFromTexts } from "./values.ts";
import type { ConfiguredZones } from "./zone-tables.ts";

export const DEFAULT_FILE = "/etc/rootwalk/rootwalk.toml";

export type Origin =
  | { readonly from: "flag" }
  | { readonly from: "environment" }
  | { readonly from: "file"; readonly path: string; readonly line: number | null }
  | { readonly from: "default" };

export interface Configuration {
  readonly options: DaemonOptions;
  /** Of the resolver: what differs from its defaults. */
  readonly settings: Partial<Settings>;
  readonly limits: ServerLimits;
  readonly zones: ConfiguredZones;
  /** The file that was read; null: none. */
  readonly file: string | null;
  readonly values: ReadonlyMap<Key, { readonly value: Value; readonly origin: Origin }>;
  /** How the operator wrote the option: `--listen`, `ROOTWALK_LISTEN`, `FILE:3: listen`. */
  label(option: DaemonOption): string;
  /** Sentences about what was ignored. */
  readonly warnings: readonly string[];
}

/** Words given for a key on the command line; undefined: none. */
export type Flags = (key: Key) => readonly string[] | undefined;

export interface Sources {
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From `--config`. Without it `ROOTWALK_CONFIG`, then the default file, if it exists. */
  readonly file: string | undefined;
  /** Unix seconds. */
  readonly now: number;
}

/** UsageError for whatever is wrong with it. */
export function configurationFrom(sources: Sources): Configuration {
  const path = fileOf(sources);
  const file = path === null ? noFile : readConfigFile(path, sources.now);
  const values = new Map<Key, { value: Value; origin: Origin }>();
  for (const key of keys) values.set(key, valueFor(key, sources, { ...file, path: path ?? "" }));
  const of = (section: Key["section"]): Record<string, Value> =>
    Object.fromEntries(keys.filter((key) => key.section === section).map((key) => [key.field, values.get(key)!.value]));
  const changed = keys.filter((key) => key.section === "settings" && !isLibraryDefault(key, values.get(key)!));
  return {
    options: of("options") as unknown as DaemonOptions,
    settings: Object.fromEntries(changed.map((key) => [key.field, values.get(key)!.value])) as Partial<Settings>,
    limits: of("limits") as unknown as ServerLimits,
    zones: file.zones,
    file: path,
    values,
    label(option) {
      const key = keys.find((each) => each.section === "options" && each.field === option)!;
      return labelOf(key, values.get(key)!.origin);
    },
    warnings: strangeVariables(sources.env),
  };
}

export function originText(key: Key, origin: Origin): string {
  switch (origin.from) {
    case "flag":
      return `--${key.name}`;
    case "environment":
      return key.variable;
    case "file":
      return origin.line === null ? origin.path : `${origin.path}:${origin.line}`;
    case "default":
      return "default";
  }
}

/** Other options in the spelling in which `option` was given: flags, variables, or keys of the file. */
export function alike({ label }: Configuration, option: DaemonOption): (other: DaemonOption) => string {
  const written = label(option);
  if (written.startsWith("--")) return (other) => `--${other}`;
  if (written.startsWith("ROOTWALK_")) return (other) => keys.find((key) => key.name === other)!.variable;
  return (other) => other;
}

function labelOf(key: Key, origin: Origin): string {
  return origin.from === "file"
    ? `${originText(key, origin)}: ${key.name}`
    : origin.from === "default"
      ? key.name
      : originText(key, origin);
}

/** What was not touched stays out, so that a library's own choice (no IPv6 on this machine) still counts. */
function isLibraryDefault(key: Key, { value, origin }: { readonly value: Value; readonly origin: Origin }): boolean {
  return origin.from === "default" && value === defaultSettings[key.field as keyof Settings];
}

function valueFor(key: Key, { flags, env }: Sources, file: ConfigFile): { value: Value; origin: Origin } {
  const words = flags(key);
  if (words !== undefined) {
    return { value: valueFromTexts(key, words, `--${key.name}`), origin: { from: "flag" } };
  }
  const written = env[key.variable];
  if (written !== undefined) {
    const texts = key.row.kind === "list" ? written.split(/[\s,]+/).filter((text) => text !== "") : [written];
    return { value: valueFromTexts(key, texts, key.variable), origin: { from: "environment" } };
  }
  const found = file.values.get(key);
  if (found !== undefined) return { value: found.value, origin: { from: "file", path: file.path, line: found.line } };
  return { value: key.row.value, origin: { from: "default" } };
}

function fileOf({ file, env }: Sources): string | null {
  const named = file ?? env["ROOTWALK_CONFIG"];
  if (named === "") throw new UsageError("--config is empty: the path of a file expected");
  if (named !== undefined) return named;
  return existsSync(DEFAULT_FILE) ? DEFAULT_FILE : null;
}

/** A warning only: Kubernetes sets ROOTWALK_PORT and more for a service of our name. */
function strangeVariables(env: Sources["env"]): readonly string[] {
  const known = ["ROOTWALK_CONFIG", "ROOTWALK_DEBUG", ...keys.map((key) => key.variable)];
  return Object.keys(env)
    .filter((name) => name.startsWith("ROOTWALK_") && !known.includes(name))
    .map((name) => {
      const near = closest(name, known);
      return `the environment variable ${name} is none of ours${near === null ? "" : `; ${near} perhaps`}`;
    });
}
