/** `rootwalk serve`: the daemon, in the foreground. */
import { type Configuration, configurationFrom, DEFAULT_FILE } from "../daemon/configuration.ts";
import { runDaemon } from "../daemon/run.ts";
import { type Command, type Io, type OptionRows, UsageError } from "./command.ts";
import type { Given } from "./options.ts";
import { configurationRows, flagsFrom } from "./serve-flags.ts";

/** Options of `serve` and of `config`. */
export const serveRows: OptionRows = {
  config: {
    value: "FILE",
    why: `options, settings and limits in TOML (docs/daemon.md); default: ${DEFAULT_FILE}, if it exists. Flags come before ROOTWALK_… variables, and these before the file`,
  },
  ...configurationRows,
};

export const serveCommand: Command = {
  name: "serve",
  summary: "answer DNS questions on 127.0.0.1 and ::1, validated, with AD, for the mail server beside it",
  usage: "[options]",
  about: [
    "A validating resolver for this machine, by UDP and TCP, in the foreground until SIGTERM or SIGINT. When it listens it prints one line: rootwalk VERSION ready on ADDRESSES. Answers that are proven carry AD; what fails validation is SERVFAIL with an extended error that says why.",
    "glibc hides AD from programs unless /etc/resolv.conf says: options trust-ad",
    'Each option may stand in the configuration file (listen = ["127.0.0.1:53"]) or in the environment (ROOTWALK_LISTEN) as well; rootwalk config show tells what is in effect, and why.',
  ],
  options: serveRows,
  examples: [
    { line: "sudo rootwalk serve", says: "then, in /etc/resolv.conf: nameserver 127.0.0.1 and options trust-ad" },
    {
      line: "rootwalk serve --listen 127.0.0.1:5300",
      says: "without root; dig @127.0.0.1 -p 5300 example.com +dnssec",
    },
    {
      line: "rootwalk serve --listen 127.0.0.1:5300 --root-hints lab.hints --trust-anchor-file lab.ds --query-private",
      says: "in a lab: another root, other anchors, name servers on private addresses",
    },
  ],
  exitCodes: [
    [0, "stopped by SIGTERM or SIGINT"],
    [1, "an address could not be opened, or an error that should not happen"],
    [2, "the command line, the configuration, the hints or the trust anchors are wrong"],
  ],
  async run(given, io) {
    if (given.operands.length > 0) throw new UsageError(`serve takes options only, and "${given.operands[0]}" is none`);
    return await runDaemon(() => configurationOf(given, io), io);
  },
};

/** UsageError. */
export function configurationOf(given: Given, io: Io): Configuration {
  return configurationFrom({
    flags: flagsFrom(given),
    env: io.env ?? {},
    file: given.text("config"),
    now: io.clock.unixSeconds(),
  });
}
