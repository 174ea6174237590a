/** Every key of the configuration, from the three tables: its names as a flag, in the environment and in the file. */
import { optionTable, type Settings } from "../resolver/options.ts";
import { limitsOfSockets, type ServerLimits, servedWithinMs, serverLimits } from "../server/limits.ts";
import { type DaemonRow, daemonOptions } from "./options.ts";

export type Section = "options" | "settings" | "limits";

export interface Key {
  readonly section: Section;
  /** In its table: `listen`, `totalTimeoutMs`. */
  readonly field: string;
  /** In the file, below `[settings]` or `[limits]` or above all sections; and `--name`: `total-timeout-ms`. */
  readonly name: string;
  /** `ROOTWALK_TOTAL_TIMEOUT_MS`. */
  readonly variable: string;
  readonly row: DaemonRow;
}

/** What `rootwalk serve` does unless told otherwise, and a library does not. */
const daemonDefaults: Partial<Settings> = {
  trustAnchorSignal: true,
  rootKeySentinel: true,
  totalTimeoutMs: servedWithinMs,
};

export const keys: readonly Key[] = [
  ...Object.entries(daemonOptions).map(([field, row]) => keyOf("options", field, row)),
  ...Object.entries(optionTable).map(([field, row]) =>
    keyOf("settings", field, withDefault({ ...row, applies: "resolver" }, daemonDefaults[field as keyof Settings])),
  ),
  ...Object.entries(serverLimits).map(([field, row]) =>
    keyOf("limits", field, {
      ...row,
      kind: "number",
      unit: unitOf(field),
      applies: limitsOfSockets.includes(field as keyof ServerLimits) ? "restart" : "live",
    }),
  ),
];

function keyOf(section: Section, field: string, row: DaemonRow): Key {
  const name = field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { section, field, name, variable: `ROOTWALK_${name.replaceAll("-", "_").toUpperCase()}`, row };
}

function withDefault(row: DaemonRow, value: boolean | number | undefined): DaemonRow {
  return value === undefined ? row : ({ ...row, value } as DaemonRow);
}

/** The limits' names end in their unit. */
function unitOf(limit: string): "ms" | "octets" | "count" {
  return limit.endsWith("Ms") ? "ms" : /(?:Octets|Payload)$/.test(limit) ? "octets" : "count";
}
