/** Help that teaches: what a command is for, its options with their reasons, and lines to copy. */
import type { Command, OptionRow, OptionRows } from "./command.ts";

const WIDTH = 100;

export function overview(commands: readonly Command[], version: string): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return `${[
    `rootwalk ${version}: a DNSSEC-validating resolver that walks from the root itself, for mail servers that do DANE`,
    "",
    "usage: rootwalk COMMAND [options] [arguments]",
    "",
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    "",
    ...commands.flatMap((command) => command.examples.slice(0, 1).map((example) => `  $ ${example.line}`)),
    "",
    "rootwalk help COMMAND    what a command does, its options, examples, exit codes",
    "rootwalk help settings   limits and switches of the resolver, with their reasons",
    "rootwalk help limits     what the daemon grants its clients, with the reasons",
    "rootwalk --version",
  ].join("\n")}\n`;
}

/** `rootwalk dane`: the commands whose names begin with that word. */
export function groupHelp(word: string, commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return `${[
    `usage: rootwalk ${word} COMMAND [options] [arguments]`,
    "",
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    "",
    ...commands.flatMap((command) => command.examples.slice(0, 1).map((example) => `  $ ${example.line}`)),
    "",
    `rootwalk help ${word} COMMAND    what a command does, its options, examples, exit codes`,
  ].join("\n")}\n`;
}

export function helpFor(command: Command): string {
  const lines = [
    `rootwalk ${command.name}: ${command.summary}`,
    "",
    `usage: rootwalk ${command.name} ${command.usage}`,
    "",
  ];
  for (const paragraph of command.about) lines.push(...wrapped(paragraph, ""), "");
  lines.push("options:", ...optionLines(command.options, undefined));
  if (Object.values(command.options).some((row) => row.page === "settings")) {
    lines.push(...wrapped("Every setting of the resolver is an option too: rootwalk help settings", "  "));
  }
  if (Object.values(command.options).some((row) => row.page === "limits")) {
    lines.push(...wrapped("So are the limits for clients: rootwalk help limits", "  "));
  }
  lines.push("", "examples:");
  for (const example of command.examples) lines.push(`  $ ${example.line}`, ...wrapped(example.says, "      "));
  lines.push("", "exit codes:", ...command.exitCodes.map(([code, meaning]) => `  ${code}  ${meaning}`));
  return `${lines.join("\n")}\n`;
}

export function settingsHelp(rows: OptionRows): string {
  return `${[
    ...wrapped("Settings of the resolver, for every command that resolves. Each default has its reason.", ""),
    "",
    ...optionLines(rows, "settings"),
  ].join("\n")}\n`;
}

export function limitsHelp(rows: OptionRows): string {
  return `${[
    ...wrapped("What `rootwalk serve` grants its clients. Each default has its reason.", ""),
    "",
    ...optionLines(rows, "limits"),
  ].join("\n")}\n`;
}

function optionLines(rows: OptionRows, page: OptionRow["page"]): string[] {
  const lines: string[] = [];
  for (const [name, row] of Object.entries(rows)) {
    if (row.page !== page || row.hidden !== undefined) continue;
    const short = row.short === undefined ? "" : `-${row.short}, `;
    lines.push(
      `  ${short}--${name}${row.value === null ? "" : ` ${row.value}`}${row.repeatable ? " (repeatable)" : ""}`,
    );
    lines.push(...wrapped(row.why, "      "));
  }
  return lines;
}

function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.length > indent.length && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line.length > indent.length ? ` ${word}` : word;
  }
  lines.push(line);
  return lines;
}
