/** The commands, in the order in which help lists them. Each is loaded when it is needed: `query` starts without the lab. */
import type { Command } from "./command.ts";

export const commandLoaders: Readonly<Record<string, () => Promise<Command>>> = {
  query: async () => (await import("./query.ts")).queryCommand,
  explain: async () => (await import("./explain.ts")).explainCommand,
  serve: async () => (await import("./serve.ts")).serveCommand,
  "dane check": async () => (await import("./dane-check.ts")).daneCheckCommand,
  ctl: async () => (await import("./ctl.ts")).ctlCommand,
  "config check": async () => (await import("./config.ts")).configCheckCommand,
  "config show": async () => (await import("./config.ts")).configShowCommand,
  "tlsa generate": async () => (await import("./tlsa-generate.ts")).tlsaGenerateCommand,
  "tlsa rollover": async () => (await import("./tlsa-rollover.ts")).tlsaRolloverCommand,
  doctor: async () => (await import("./doctor.ts")).doctorCommand,
  policy: async () => (await import("./policy.ts")).policyCommand,
  lab: async () => (await import("./lab.ts")).labCommand,
};

export function allCommands(): Promise<readonly Command[]> {
  return Promise.all(Object.values(commandLoaders).map((load) => load()));
}
