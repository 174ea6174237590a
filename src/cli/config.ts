/** `rootwalk config check` and `rootwalk config show`: what the daemon would make of its options, without starting it. */
import { type Configuration, originText } from "../daemon/configuration.ts";
import type { Section } from "../daemon/keys.ts";
import { listenAddresses } from "../daemon/listening.ts";
import { nsidOf, planOf } from "../daemon/plan.ts";
import type { Value } from "../daemon/values.ts";
import { type Command, type Given, type Io, UsageError } from "./command.ts";
import { configurationOf, serveRows } from "./serve.ts";

export const configCheckCommand: Command = {
  name: "config check",
  summary: "would rootwalk serve start with this configuration?",
  usage: "[options] [FILE]",
  about: [
    "Reads the configuration file, the environment and the flags as rootwalk serve would, and every file that they name: hints, trust anchors, cookie secrets.",
  ],
  options: serveRows,
  examples: [{ line: "rootwalk config check /etc/rootwalk/rootwalk.toml", says: "before systemctl reload rootwalk" }],
  exitCodes: [
    [0, "the configuration can be used"],
    [2, "it cannot, and one line says why"],
  ],
  async run(given, io) {
    const configuration = configurationFor(given, io);
    readAllFiles(configuration, io.clock.unixSeconds());
    io.stdout(`${configuration.file ?? "no configuration file, flags and environment"}: can be used\n`);
    return 0;
  },
};

export const configShowCommand: Command = {
  name: "config show",
  summary: "the daemon's configuration in effect, and where each value comes from",
  usage: "[options] [FILE]",
  about: [
    "Prints each value with its origin: a flag, a variable, a line of the file, or the default. Values at their defaults are left out unless --all is given.",
  ],
  options: {
    json: { value: null, why: "one JSON object instead of lines, values at their defaults included" },
    all: { value: null, why: "values that are at their defaults, too" },
    ...serveRows,
  },
  examples: [{ line: "rootwalk config show --all", says: "every key with its value and where that comes from" }],
  exitCodes: [
    [0, "shown"],
    [2, "the configuration cannot be used, and one line says why"],
  ],
  async run(given, io) {
    const configuration = configurationFor(given, io);
    io.stdout(given.on("json") ? asJson(configuration) : asLines(configuration, given.on("all")));
    return 0;
  },
};

function configurationFor(given: Given, io: Io): Configuration {
  const [file, ...more] = given.operands;
  if (more.length > 0) throw new UsageError(`one file is enough, and "${more[0]}" stands behind it`);
  const configuration = configurationOf(file === undefined ? given : withFile(given, file), io);
  for (const warning of configuration.warnings) io.stderr(`rootwalk: ${warning}\n`);
  return configuration;
}

function withFile(given: Given, file: string): Given {
  return { ...given, text: (option) => (option === "config" ? file : given.text(option)) };
}

/** UsageError for hints, anchors, secrets and addresses that the daemon would stumble over. */
function readAllFiles(configuration: Configuration, now: number): void {
  listenAddresses(configuration);
  planOf(configuration, now);
  nsidOf(configuration);
}

function asLines({ values, file, zones }: Configuration, all: boolean): string {
  const lines = [`# file: ${file ?? "none"}`];
  let section: Section = "options";
  for (const [key, { value, origin }] of values) {
    if (origin.from === "default" && !all) continue;
    if (key.section !== section) lines.push("", `[${key.section}]`);
    section = key.section;
    lines.push(`${`${key.name} = ${tomlOf(value)}`.padEnd(48)} # ${originText(key, origin)}`);
  }
  for (const { zone, servers } of zones.forwards)
    lines.push("", `# forwarded: ${zone} to ${servers.length} ${servers.length === 1 ? "server" : "servers"}`);
  for (const { zone, servers } of zones.stubs)
    lines.push("", `# stub: ${zone} at ${servers.length} ${servers.length === 1 ? "server" : "servers"}`);
  for (const { name, why } of zones.negativeAnchors)
    lines.push("", `# not validated: ${name}${why === "" ? "" : ` (${why})`}`);
  return `${lines.join("\n")}\n`;
}

function tomlOf(value: Value): string {
  return value === null ? '""' : JSON.stringify(value);
}

function asJson({ values, file, zones }: Configuration): string {
  const sections: Record<Section, Record<string, unknown>> = { options: {}, settings: {}, limits: {} };
  for (const [key, { value, origin }] of values)
    sections[key.section][key.name] = { value, origin: originText(key, origin) };
  const servers = (of: readonly { readonly address: string; readonly port: number }[]) =>
    of.map(({ address, port }) => ({ address, port }));
  return `${JSON.stringify(
    {
      file,
      ...sections,
      forwards: zones.forwards.map((each) => ({
        zone: `${each.zone}`,
        servers: servers(each.servers),
        otherwise: each.otherwise,
      })),
      stubs: zones.stubs.map((each) => ({ zone: `${each.zone}`, servers: servers(each.servers) })),
      negativeAnchors: zones.negativeAnchors.map((each) => ({ ...each, name: `${each.name}` })),
    },
    null,
    2,
  )}\n`;
}
