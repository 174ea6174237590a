/** argv to a command, its outcome to an exit code. */

import { packageVersion } from "../daemon/package.ts";
import { type Command, type Io, UsageError } from "./command.ts";
import { commandMeant } from "./command-names.ts";
import { allCommands, commandLoaders } from "./commands.ts";
import { groupHelp, helpFor, limitsHelp, overview, settingsHelp } from "./help.ts";
import { parseOptions, settingRows } from "./options.ts";

const EXIT_FAULT = 1;
const EXIT_USAGE = 2;

/** Never rejects. `debug`: stacks of unexpected errors are shown. */
export async function run(argv: readonly string[], io: Io, debug = false): Promise<number> {
  const [first, ...rest] = argv;
  try {
    switch (first) {
      case undefined:
      case "--help":
      case "-h":
        io.stdout(overview(await allCommands(), packageVersion()));
        return first === undefined ? EXIT_USAGE : 0;
      case "help":
        io.stdout(await helpOn(rest));
        return 0;
      case "--version":
      case "-V":
      case "version":
        io.stdout(`rootwalk ${packageVersion()}\n`);
        return 0;
      default:
        return await runMeant([first, ...rest], io);
    }
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr(`rootwalk: ${oneLine(error.message)}\n`);
      return EXIT_USAGE;
    }
    io.stderr(`rootwalk: ${oneLine(error instanceof Error ? error.message : String(error))}\n`);
    if (debug && error instanceof Error && error.stack !== undefined) io.stderr(`${error.stack}\n`);
    return EXIT_FAULT;
  }
}

async function runMeant(argv: readonly [string, ...string[]], io: Io): Promise<number> {
  const meant = commandMeant(argv, Object.keys(commandLoaders));
  if (meant.kind === "command") return runCommand(await commandLoaders[meant.name]!(), meant.rest, io);
  io.stdout(groupHelp(meant.word, await loaded(meant.names)));
  return meant.asked ? 0 : EXIT_USAGE;
}

async function runCommand(command: Command, args: readonly string[], io: Io): Promise<number> {
  const rows = { ...command.options, help: { value: null, short: "h", why: "this page" } };
  const given = parseOptions(args, rows);
  if (given.on("help")) {
    io.stdout(helpFor(command));
    return 0;
  }
  return command.run(given, io);
}

async function helpOn(topics: readonly string[]): Promise<string> {
  const [topic] = topics;
  if (topic === undefined) return overview(await allCommands(), packageVersion());
  if (topic === "settings") return settingsHelp(settingRows);
  if (topic === "limits") return limitsHelp((await import("./serve-flags.ts")).limitRows);
  const meant = commandMeant([topic, ...topics.slice(1)], Object.keys(commandLoaders));
  if (meant.kind === "group") return groupHelp(meant.word, await loaded(meant.names));
  return helpFor(await commandLoaders[meant.name]!());
}

function loaded(names: readonly string[]): Promise<readonly Command[]> {
  return Promise.all(names.map((name) => commandLoaders[name]!()));
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ");
}
