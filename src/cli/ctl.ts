/** `rootwalk ctl`: asks a running daemon over its control socket. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Told, WorkerStatus } from "../daemon/commands.ts";
import { DEFAULT_FILE } from "../daemon/configuration.ts";
import { controlPath, type Request, requestFrom, requestOver } from "../daemon/control.ts";
import { mergeCounts, quantile } from "../page/fold.ts";
import { type Command, type Given, type Io, UsageError } from "./command.ts";
import { configurationOf } from "./serve.ts";

const EXIT_REFUSED = 1;
const RUNTIME_SOCKET = "/run/rootwalk/control.sock";

export const ctlCommand: Command = {
  name: "ctl",
  summary: "ask a running daemon: status, what it remembers of a name, forget a name, log level, reload, stop",
  usage: "[options] status | lookup NAME [TYPE] | flush NAME | log-level LEVEL | reload | stop",
  about: [
    "status: what was answered, from which memory, since when. lookup: what every process remembers of a name. flush: forgets a name, and with --below all names below it, so that the next question asks its servers. log-level: error, warn, info, debug or trace, until the daemon ends or is reloaded with another. reload: reads the configuration again, as SIGHUP does, and prints what changed. stop: as SIGTERM.",
    `The daemon's socket is --control-socket, or the one that the configuration names (${DEFAULT_FILE}), or ${RUNTIME_SOCKET}. Who may open that file may do all of this.`,
  ],
  options: {
    "control-socket": { value: "PATH", why: "the daemon's control socket" },
    config: { value: "FILE", why: "the daemon's configuration, to find its socket" },
    below: { value: null, why: "flush: names below as well" },
    json: { value: null, why: "the daemon's answer as one JSON object" },
  },
  examples: [
    { line: "rootwalk ctl status", says: "how it is going" },
    { line: "rootwalk ctl flush --below example.com", says: "after example.com repaired its signatures" },
    { line: "rootwalk ctl lookup _25._tcp.mx.example.com TLSA", says: "is it known, with which status, for how long" },
  ],
  exitCodes: [
    [0, "done"],
    [EXIT_REFUSED, "the daemon refused, and says why"],
    [2, "the command line is wrong, or no daemon answers"],
  ],
  run: ctl,
};

async function ctl(given: Given, io: Io): Promise<number> {
  const request = requestOf(given);
  const { told } = await requestOver(socketOf(given, io), request);
  if (given.on("json")) io.stdout(`${JSON.stringify({ told })}\n`);
  const refused = told.find((each) => each.do === "refused");
  if (refused !== undefined) {
    if (!given.on("json")) io.stderr(`rootwalk: ${refused.why}\n`);
    return EXIT_REFUSED;
  }
  if (!given.on("json")) io.stdout(inWords(request, told));
  return 0;
}

function requestOf({ operands, on }: Given): Request {
  const [what, first, second, ...more] = operands;
  const allowed = new Map([
    ["status", 1],
    ["lookup", 3],
    ["flush", 2],
    ["log-level", 2],
    ["reload", 1],
    ["stop", 1],
  ]);
  if (what === undefined) throw new UsageError(`ctl needs a request: ${[...allowed.keys()].join(", ")}`);
  if (!allowed.has(what)) throw new UsageError(`there is no request "${what}": ${[...allowed.keys()].join(", ")}`);
  if (operands.length > allowed.get(what)! || more.length > 0)
    throw new UsageError(`ctl ${what}: "${operands[allowed.get(what)!]}" is one word too many`);
  const request = requestFrom(
    JSON.stringify({ do: what, name: first, type: second, level: first, scope: on("below") ? "below" : "name" }),
  );
  if (typeof request === "string") throw new UsageError(request);
  return request;
}

function socketOf(given: Given, io: Io): string {
  const named = given.text("control-socket");
  if (named !== undefined) return named;
  // Of the configuration's flags, ctl knows --config alone.
  const only: Given = {
    ...given,
    text: (name) => (name === "config" ? given.text(name) : undefined),
    texts: () => [],
    on: () => false,
  };
  const configured = controlPath(configurationOf(only, io), {});
  if (configured !== null && (existsSync(configured) || !existsSync(RUNTIME_SOCKET))) return configured;
  const runtime = io.env?.["RUNTIME_DIRECTORY"]?.split(":")[0];
  return runtime === undefined || runtime === "" ? RUNTIME_SOCKET : join(runtime, "control.sock");
}

function inWords(request: Request, told: readonly Told[]): string {
  const lines = told.flatMap(linesOf);
  if (request.do === "status")
    lines.push(...statusLines(told.flatMap((each) => (each.do === "status" ? [each.status] : []))));
  if (request.do === "lookup" && lines.length === 0) lines.push("nothing is remembered of this name");
  return lines.length === 0 ? "done\n" : `${lines.join("\n")}\n`;
}

function linesOf(each: Told, i: number, told: readonly Told[]): readonly string[] {
  switch (each.do) {
    case "status":
    case "log-level":
    case "refused":
      return [];
    case "reload":
      return each.changes.length === 0 ? ["nothing changed"] : each.changes;
    case "flush":
      return [`${told.length === 1 ? "" : `worker ${i + 1}: `}${each.dropped} forgotten`];
    case "lookup":
      return each.found.map(({ what, type, status, detail, secondsLeft }) =>
        [
          ...(told.length === 1 ? [] : [`worker ${i + 1}:`]),
          what,
          ...(type === null ? [] : [type]),
          ...(status === null ? [] : [status]),
          `(${detail})`,
          ...(secondsLeft === null ? [] : [`${secondsLeft} s left`]),
        ].join(" "),
      );
  }
}

function statusLines(all: readonly WorkerStatus[]): readonly string[] {
  const counts = mergeCounts(all.map((each) => each.counts));
  const { secure, insecure, bogus, indeterminate } = counts.outcomes;
  const sum = secure + insecure + bogus + indeterminate;
  const ms = (share: number): string => `${quantile(counts.latency, share) ?? 0} ms`;
  const ago = all.flatMap(({ rootSecureSecondsAgo }) => rootSecureSecondsAgo ?? []);
  return [
    `listening on ${all[0]?.listening ?? "nothing"}`,
    `. NS ${ago.length === 0 ? "was not proven yet" : `was proven ${Math.round(Math.min(...ago))} s ago`}`,
    `answers ${sum}: ${secure} secure, ${insecure} insecure, ${bogus} bogus, ${indeterminate} indeterminate; ${counts.fromCache} from the cache`,
    `half of them within ${ms(0.5)}, 99 of 100 within ${ms(0.99)}`,
    `upstream ${counts.upstream.asked} questions, ${counts.upstream.silent} without a reply`,
    ...all.map(
      ({ worker, pid, sizes, residentOctets, eventLoopDelayMs, logLevel }) =>
        `worker ${worker} (process ${pid}): ${sizes.answers} answers in ${Math.round(sizes.answerOctets / 1024)} KiB, ${sizes.delegations} delegations, ${sizes.failures} failures; ${Math.round(residentOctets / 1_048_576)} MiB, event loop ${eventLoopDelayMs.toFixed(0)} ms late, log level ${logLevel}`,
    ),
  ];
}
