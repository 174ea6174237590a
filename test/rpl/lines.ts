/** A cursor over a file's lines: what every part of the reader shares. */
import { ScenarioError } from "./scenario.ts";

export class Lines {
  readonly file: string;
  readonly #lines: readonly string[];
  #at = 0;

  constructor(file: string, text: string) {
    this.file = file;
    this.#lines = text.split(/\r?\n/);
  }

  /** Number of the line that was read last, from 1. */
  get line(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at >= this.#lines.length;
  }

  /** The next line as it stands; an error that says what it was to be at the end. */
  raw(what: string): string {
    const line = this.#lines[this.#at];
    if (line === undefined) this.fail(`the file ends before ${what}`);
    this.#at += 1;
    return line;
  }

  /** The next line that is neither empty nor a comment (`;` or `#`), trimmed. */
  meaningful(what: string): string {
    for (;;) {
      const line = this.raw(what).trim();
      if (line !== "" && !line.startsWith(";") && !line.startsWith("#")) return line;
    }
  }

  /** Lines up to the one that begins with `end`, which is consumed. */
  until(end: string): string[] {
    const lines: string[] = [];
    for (;;) {
      const line = this.raw(end);
      if (line.trim().startsWith(end)) return lines;
      lines.push(line);
    }
  }

  /** Runs `read`, and gives a reason it throws file and line. */
  here<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof ScenarioError) throw error;
      if (error instanceof TypeError || error instanceof RangeError) this.fail(error.message);
      throw error;
    }
  }

  fail(reason: string): never {
    throw new ScenarioError(this.file, this.#at, reason);
  }
}
