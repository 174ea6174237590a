/**
 * The tables of the configuration file that speak of zones: `[[forward]]`, `[[stub]]`, `[[negative-anchor]]`. A negative
 * anchor ends by itself: after an hour unless told otherwise, after a week at most (RFC 7646 §2).
 */
import type { ForwardZone, StubZone } from "../resolver/api.ts";
import { serverAddressFrom } from "../server/addresses.ts";
import { Name } from "../wire/name.ts";
import { closest } from "./closest.ts";
import { UsageError } from "./usage-error.ts";

/** In seconds. RFC 7646 §2: short, so that it is not forgotten. */
const NEGATIVE_ANCHOR_SECONDS = 3600;
const LONGEST_NEGATIVE_ANCHOR_SECONDS = 7 * 86_400;

export interface NegativeAnchor {
  readonly name: Name;
  /** Unix seconds; null: `lifetime` after it was first read by this process. */
  readonly until: number | null;
  readonly lifetime: number;
  readonly why: string;
}

export interface ConfiguredZones {
  readonly forwards: readonly ForwardZone[];
  readonly stubs: readonly StubZone[];
  readonly negativeAnchors: readonly NegativeAnchor[];
}

export const noZones: ConfiguredZones = { forwards: [], stubs: [], negativeAnchors: [] };

/** Keys of each table, with what they mean: for checks, and for docs/options.md. */
export const zoneTables = {
  forward: {
    zone: 'the zone whose questions go to these servers; "." for all',
    servers: "addresses of recursive servers, asked with RD=1; what they answer is validated here all the same",
    otherwise: '"fail" (default), or "own-walk": if none of them helps, the zone\'s own servers are asked',
  },
  stub: {
    zone: "the zone",
    servers: "its authoritative servers, asked instead of those in its delegation",
  },
  "negative-anchor": {
    name: "nothing is validated at and below this name (RFC 7646)",
    until: "when that ends, 2026-12-31T12:00:00Z, a week from now at most; default: `lifetime`",
    lifetime:
      "in seconds from when the daemon first reads it, 3600 by default, 604800 at most; it ends sooner when the name validates again",
    why: "for the log: who decided, and which ticket",
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

type ZoneTable = keyof typeof zoneTables;

interface Reading {
  readonly now: number;
  /** `FILE:LINE` of a path such as `forward[0].servers`. */
  readonly place: (path: string) => string;
}

export function zonesFrom(table: Readonly<Record<string, unknown>>, reading: Reading): ConfiguredZones {
  return {
    forwards: rowsOf(table, "forward", reading).map((row) => ({
      zone: row.name("zone"),
      servers: row.servers(),
      otherwise: row.choice("otherwise", ["fail", "own-walk"]) === "own-walk" ? "own walk" : "fail",
    })),
    stubs: rowsOf(table, "stub", reading).map((row) => ({ zone: row.name("zone"), servers: row.servers() })),
    negativeAnchors: rowsOf(table, "negative-anchor", reading).map((row) => negativeAnchorFrom(row, reading.now)),
  };
}

function negativeAnchorFrom(row: Row, now: number): NegativeAnchor {
  const until = row.time("until");
  if (until !== null && until - now > LONGEST_NEGATIVE_ANCHOR_SECONDS)
    throw row.wrong(
      "until",
      `is more than a week from now: ${LONGEST_NEGATIVE_ANCHOR_SECONDS} s at most (RFC 7646 §2)`,
    );
  const lifetime = row.number("lifetime", { min: 60, max: LONGEST_NEGATIVE_ANCHOR_SECONDS }) ?? NEGATIVE_ANCHOR_SECONDS;
  return { name: row.name("name"), until, lifetime, why: row.text("why") ?? "" };
}

function rowsOf(table: Readonly<Record<string, unknown>>, kind: ZoneTable, reading: Reading): readonly Row[] {
  const found = table[kind] ?? [];
  if (!Array.isArray(found))
    throw new UsageError(`${reading.place(kind)}: ${kind} stands in double brackets: [[${kind}]]`);
  return found.map((fields: unknown, i) => {
    const path = `${kind}[${i}]`;
    if (typeof fields !== "object" || fields === null)
      throw new UsageError(`${reading.place(path)}: ${kind} is a table: [[${kind}]]`);
    const known = Object.keys(zoneTables[kind]);
    for (const name of Object.keys(fields)) {
      if (known.includes(name)) continue;
      const near = closest(name, known);
      throw new UsageError(
        `${reading.place(`${path}.${name}`)}: there is no key "${name}" in [[${kind}]]${near === null ? "" : `; ${near} perhaps`}`,
      );
    }
    return new Row(fields as Record<string, unknown>, path, { kind, place: reading.place });
  });
}

/** One table's fields, each asked for in its kind. */
class Row {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #told: { readonly kind: ZoneTable; readonly place: (path: string) => string };

  constructor(
    fields: Readonly<Record<string, unknown>>,
    path: string,
    told: { readonly kind: ZoneTable; readonly place: (path: string) => string },
  ) {
    this.#fields = fields;
    this.#path = path;
    this.#told = told;
  }

  wrong(field: string, why: string): UsageError {
    const path = `${this.#path}.${field}`;
    const place = Object.hasOwn(this.#fields, field) ? path : this.#path;
    return new UsageError(`${this.#told.place(place)}: ${field} of [[${this.#told.kind}]] ${why}`);
  }

  text(field: string): string | null {
    const value = this.#fields[field];
    if (value === undefined) return null;
    if (typeof value !== "string") throw this.wrong(field, `is ${JSON.stringify(value)}: a text expected`);
    return value;
  }

  name(field: string): Name {
    const text = this.text(field);
    if (text === null) throw this.wrong(field, "is missing");
    try {
      return Name.parse(text);
    } catch (error) {
      throw this.wrong(field, `is "${text}": ${(error as Error).message}`);
    }
  }

  choice(field: string, choices: readonly string[]): string | null {
    const text = this.text(field);
    if (text !== null && !choices.includes(text))
      throw this.wrong(field, `is "${text}": one of ${choices.join(", ")} expected`);
    return text;
  }

  number(field: string, { min, max }: { readonly min: number; readonly max: number }): number | null {
    const value = this.#fields[field];
    if (value === undefined) return null;
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max)
      throw this.wrong(field, `is ${JSON.stringify(value)}: a whole number from ${min} to ${max} expected`);
    return value;
  }

  /** Unix seconds. */
  time(field: string): number | null {
    const value = this.#fields[field];
    if (value === undefined) return null;
    if (!(value instanceof Date) || Number.isNaN(value.getTime()))
      throw this.wrong(field, `is ${JSON.stringify(value)}: a time expected, 2026-12-31T12:00:00Z`);
    return value.getTime() / 1000;
  }

  servers(): ForwardZone["servers"] {
    const value = this.#fields["servers"];
    const texts = typeof value === "string" ? [value] : value;
    if (!Array.isArray(texts) || texts.length === 0)
      throw this.wrong("servers", 'is a list of addresses: ["192.0.2.1", "[2001:db8::1]:5353"]');
    return texts.map((text) => {
      if (typeof text !== "string") throw this.wrong("servers", `holds ${JSON.stringify(text)}: a text expected`);
      try {
        return serverAddressFrom(text, 53);
      } catch (error) {
        throw this.wrong("servers", `: ${(error as Error).message}`);
      }
    });
  }
}
