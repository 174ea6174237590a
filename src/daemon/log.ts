/**
 * The daemon's log, on stderr: lines for people, or JSON for programs. pino makes the records; here are their form and their
 * bound, for what clients cause must not fill a disk. Nothing that came from a network gets through unescaped.
 */
import { createRequire } from "node:module";
import type { Logger, pino as Pino } from "pino";
import type { Clock } from "../env/env.ts";

export const logLevels = ["error", "warn", "info", "debug", "trace"] as const;
export type LogLevel = (typeof logLevels)[number];
const logFormats = ["human", "json"] as const;

export type Fields = Readonly<Record<string, string | number | boolean | null>>;

export interface Log {
  error(sentence: string, fields?: Fields): void;
  warn(sentence: string, fields?: Fields): void;
  info(sentence: string, fields?: Fields): void;
  debug(sentence: string, fields?: Fields): void;
  setLevel(level: LogLevel): void;
  readonly level: LogLevel;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: (typeof logFormats)[number];
  /** Lines in a second, above which lines are counted instead of written; ten times as many at once. Not at debug and trace. */
  readonly linesPerSecond: number;
  readonly clock: Clock;
  readonly write: (text: string) => void;
  /** systemd's journal reads "<4>" at the beginning of a line as its level. */
  readonly isJournal: boolean;
  /** Which of the workers speaks; null: there is one process. */
  readonly worker: number | null;
}

export function createLog(options: LogOptions): Log {
  const { clock, linesPerSecond, worker } = options;
  const burst = linesPerSecond * 10;
  let tokens = burst;
  let atMs = clock.monotonicMs();
  let leftOut = 0;
  const write = options.format === "json" ? options.write : humanWriter(options);
  let { level } = options;
  let made: Logger | null = null;
  /** pino is loaded for the first line: a daemon that has nothing to say starts 20 ms sooner. */
  const logger = (): Logger => {
    made ??= pino()({ level, base: worker === null ? {} : { worker }, customLevels: {} }, { write });
    return made;
  };

  function mayWrite(): boolean {
    if (isEnabled("debug", level)) return true;
    const nowMs = clock.monotonicMs();
    tokens = Math.min(burst, tokens + ((nowMs - atMs) / 1000) * linesPerSecond);
    atMs = nowMs;
    if (tokens < 1) {
      leftOut += 1;
      return false;
    }
    tokens -= 1;
    if (leftOut > 0) {
      logger().warn({ leftOut }, `${leftOut} lines were left out: more than ${linesPerSecond} in a second`);
      leftOut = 0;
    }
    return true;
  }

  const at =
    (of: "error" | "warn" | "info" | "debug") =>
    (sentence: string, fields: Fields = {}): void => {
      if (isEnabled(of, level) && mayWrite()) logger()[of](fields, sentence);
    };
  return {
    error: at("error"),
    warn: at("warn"),
    info: at("info"),
    debug: at("debug"),
    setLevel(wanted) {
      level = wanted;
      if (made !== null) made.level = wanted;
    },
    get level() {
      return level;
    },
  };
}

const require = createRequire(import.meta.url);
const pino = (): typeof Pino => (require("pino") as typeof import("pino")).pino;

const isEnabled = (of: LogLevel, level: LogLevel): boolean => logLevels.indexOf(of) <= logLevels.indexOf(level);

const journalLevels: Readonly<Record<number, number>> = { 50: 3, 40: 4, 30: 6, 20: 7, 10: 7 };

/** `rootwalk: SENTENCE`, from pino's JSON. */
function humanWriter({ write, isJournal, worker }: LogOptions): (line: string) => void {
  return (line) => {
    const { msg, level } = JSON.parse(line) as { readonly msg?: string; readonly level: number };
    const priority = isJournal ? `<${journalLevels[level] ?? 6}>` : "";
    write(`${priority}rootwalk${worker === null ? "" : `[${worker}]`}: ${printable(msg ?? "")}\n`);
  };
}

/** Control characters, line ends of every kind and what turns the direction of text become \uXXXX. */
export function printable(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
