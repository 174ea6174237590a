/** What a command is, and what it may touch: its arguments and an Io, so that tests run commands without a process. */
import type { DaemonIo as Io } from "../daemon/io.ts";

export interface Command {
  /** One word, or two: "dane check". */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows `rootwalk NAME`. */
  readonly usage: string;
  /** Paragraphs that teach. */
  readonly about: readonly string[];
  readonly options: OptionRows;
  readonly examples: readonly Example[];
  readonly exitCodes: readonly (readonly [code: number, meaning: string])[];
  /** Resolves to the exit code. UsageError for what the user can put right. */
  run(given: Given, io: Io): Promise<number>;
}

export interface Example {
  readonly line: string;
  readonly says: string;
}

export type OptionRows = Readonly<Record<string, OptionRow>>;

export interface OptionRow {
  /** Null: a switch. Else the word that stands for the value in the help: FILE, N, ADDR:PORT. */
  readonly value: string | null;
  readonly short?: string;
  readonly repeatable?: boolean;
  readonly why: string;
  /** Stand on pages of their own: `rootwalk help settings`, `rootwalk help limits`. */
  readonly page?: "settings" | "limits";
  /** Understood, but left out of the help: `--no-trace` says what is so anyway. */
  readonly hidden?: "hidden";
}

/** What the user wrote, checked against the table. */
export interface Given {
  readonly operands: readonly string[];
  on(switchName: string): boolean;
  /** The last one wins where an option is given twice. */
  text(option: string): string | undefined;
  texts(option: string): readonly string[];
  /** A number in [min, max]; UsageError that names option, value and range. */
  number(option: string, range: { readonly min: number; readonly max: number }): number | undefined;
}

export type { DaemonIo as Io } from "../daemon/io.ts";
export { UsageError } from "../daemon/usage-error.ts";
