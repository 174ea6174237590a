/** Which command is meant: its name is one word, or two where several belong together (`dane check`). */
import { UsageError } from "./command.ts";
import { closest } from "./options.ts";

export type Meant =
  | { readonly kind: "command"; readonly name: string; readonly rest: readonly string[] }
  /** The first word alone, or with a request for help: all commands that begin with it. */
  | { readonly kind: "group"; readonly word: string; readonly names: readonly string[]; readonly asked: boolean };

const HELP = new Set(["--help", "-h"]);

/** `argv` begins with a command's name. UsageError, with what is near, if it does not. */
export function commandMeant(argv: readonly [string, ...string[]], names: readonly string[]): Meant {
  const [first, second, ...rest] = argv;
  if (names.includes(first)) return { kind: "command", name: first, rest: argv.slice(1) };
  const group = names.filter((name) => name.startsWith(`${first} `));
  if (group.length === 0) throw new UsageError(unknown(first, [...new Set(names.map((name) => name.split(" ")[0]!))]));
  if (second === undefined || HELP.has(second))
    return { kind: "group", word: first, names: group, asked: second !== undefined };
  const name = `${first} ${second}`;
  if (group.includes(name)) return { kind: "command", name, rest };
  throw new UsageError(unknown(name, group));
}

function unknown(name: string, names: readonly string[]): string {
  const near = closest(name, names);
  const hint = near === null ? `the commands are ${names.join(", ")} (rootwalk --help)` : `${near} perhaps`;
  return `there is no ${name.startsWith("-") ? `option ${name}` : `command "${name}"`}; ${hint}`;
}
