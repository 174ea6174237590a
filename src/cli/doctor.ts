/** `rootwalk doctor`: what stands between this machine's mail server and DANE. */
import { execFile } from "node:child_process";
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { engineAtStart } from "../crypto/startup.ts";
import { type Department, departments, examine, reportText, worstOf } from "../daemon/doctor/doctor.ts";
import type { Examined, Files, FileText } from "../daemon/doctor/finding.ts";
import { anchorsFrom, hintsFrom, reasonFor } from "../daemon/trust-files.ts";
import type { ServerAddress } from "../env/env.ts";
import { hasGlobalIpv6, systemClock, systemRandom } from "../env/system.ts";
import { systemExchange } from "../net/exchange.ts";
import { builtInAnchors, builtInHints } from "../resolver/create.ts";
import { serverAddressFrom } from "../server/addresses.ts";
import { Name } from "../wire/name.ts";
import { type Command, type Io, UsageError } from "./command.ts";
import type { Given } from "./options.ts";

const EXIT_PROBLEMS = 3;
const EXIT_WARNINGS = 4;

const names = Object.keys(departments) as Department[];

export const doctorCommand: Command = {
  name: "doctor",
  summary: "look at everything between this machine's mail server and proven answers, and say what to do",
  usage: "[options]",
  about: [
    "Looks the way a mail server does: whom resolv.conf has programs ask and whether AD reaches them, whether Postfix's chroot knows the same, whether Postfix and Exim are set to do DANE; whether the resolver answers over UDP and TCP, validates, and is right about AD; whether clock and trust anchors agree with the root; whether large and signed answers come in from the outside. Each finding says what it means and what to do.",
    "It changes nothing. Some twenty questions are asked: of the resolver, and of three root servers.",
  ],
  options: {
    server: { value: "ADDR:PORT", why: "the resolver to examine; default 127.0.0.1:53" },
    root: { value: "DIR", why: "look for /etc and /var below this directory: a container, a chroot, another disk" },
    skip: {
      value: "DEPARTMENT",
      repeatable: true,
      why: `leave out: ${names.map((name) => `${name} (${departments[name]})`).join(", ")}`,
    },
    "bogus-name": { value: "NAME", why: "a name that must fail, its A record asked; default dnssec-failed.org" },
    "unsigned-name": { value: "NAME", why: "a name whose A record must come without AD; default google.com" },
    "root-hints": { value: "FILE", why: "root servers, as in rootwalk serve; default: IANA's, built in" },
    "trust-anchor-file": {
      value: "FILE",
      repeatable: true,
      why: "trust anchors, as in rootwalk serve; default: IANA's, built in",
    },
    json: { value: null, why: "one JSON object instead of text; its fields stay as they are" },
  },
  examples: [
    { line: "rootwalk doctor", says: "after installing, and when mail does strange things" },
    { line: "rootwalk doctor --skip outside", says: "where rootwalk forwards, and root servers need not be reached" },
    {
      line: "rootwalk doctor --json | jq '.findings[] | select(.level == \"problem\")'",
      says: "for monitoring; the exit code says it too",
    },
  ],
  exitCodes: [
    [0, "all is well"],
    [1, "an error that should not happen"],
    [2, "the command line, the hints or the trust anchors are wrong"],
    [EXIT_PROBLEMS, "at least one problem: DANE does not work, or not for all"],
    [EXIT_WARNINGS, "warnings and no problem"],
  ],
  run: doctor,
};

async function doctor(given: Given, io: Io): Promise<number> {
  if (given.operands.length > 0) throw new UsageError(`doctor takes options only, and "${given.operands[0]}" is none`);
  const skip = given.texts("skip");
  for (const name of skip) {
    if (!names.some((known) => known === name))
      throw new UsageError(`--skip: there is no "${name}"; write ${names.join(", ")}`);
  }
  const hints = given.text("root-hints");
  const anchors = given.texts("trust-anchor-file");
  const network = systemExchange({ clock: systemClock, random: systemRandom, settings: { randomCase: false } });
  const examined: Examined = {
    exchange: network.exchange,
    clock: io.clock,
    engine: await engineAtStart(),
    files: filesBelow(given.text("root") ?? "/"),
    run: given.text("root") === undefined ? run : () => Promise.resolve(null),
    server: serverFrom(given.text("server")),
    bogusName: nameFrom(given, "bogus-name", "dnssec-failed.org"),
    unsignedName: nameFrom(given, "unsigned-name", "google.com"),
    hints: hints === undefined ? builtInHints() : hintsFrom(hints),
    anchors: anchors.length === 0 ? builtInAnchors() : anchorsFrom(anchors, io.clock.unixSeconds()),
    ipv6: hasGlobalIpv6() ? "has a global address" : "has none",
  };
  try {
    const wanted = names.filter((name) => !skip.includes(name));
    const reports = await examine(examined, wanted);
    const findings = reports.flatMap(({ department, findings: found }) => found.map((one) => ({ department, ...one })));
    const worst = worstOf(reports);
    io.stdout(given.on("json") ? `${JSON.stringify({ worst, findings }, null, 2)}\n` : reportText(reports));
    return worst === "problem" ? EXIT_PROBLEMS : worst === "warning" ? EXIT_WARNINGS : 0;
  } finally {
    await network.close();
  }
}

function serverFrom(text = "127.0.0.1:53"): ServerAddress {
  try {
    return serverAddressFrom(text, 53);
  } catch (error) {
    throw new UsageError(`--server: ${(error as Error).message}`);
  }
}

function nameFrom(given: Given, option: string, otherwise: string): Name {
  const text = given.text(option) ?? otherwise;
  try {
    return Name.parse(text);
  } catch (error) {
    throw new UsageError(`--${option}: "${text}" is no name: ${(error as Error).message}`);
  }
}

/** Links are followed below the same root: that of resolv.conf often leads to /run. */
function filesBelow(root: string): Files {
  const read = (path: string, hops: number): FileText => {
    try {
      const target = hops === 0 ? null : linkAt(join(root, path));
      if (target !== null) return read(isAbsolute(target) ? target : join(dirname(path), target), hops - 1);
      return { kind: "text", text: readFileSync(join(root, path), "utf8") };
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
      return { kind: "unreadable", why: code === "" ? message : reasonFor(code) };
    }
  };
  return { read: (path) => read(path, MOST_LINKS) };
}

const MOST_LINKS = 8;

function linkAt(path: string): string | null {
  return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
}

const PROGRAM_MS = 10_000;
/** Where a service's search path need not lead. */
const SBIN = "/usr/local/sbin:/usr/sbin:/sbin";

function run(program: string, args: readonly string[]): Promise<string | null> {
  const env = { ...process.env, PATH: `${process.env["PATH"] ?? "/usr/bin:/bin"}:${SBIN}` };
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: PROGRAM_MS, env, maxBuffer: 2 ** 20 }, (error, stdout) =>
      resolve(error === null ? stdout : null),
    );
  });
}
