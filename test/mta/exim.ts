/** Exim, one process per message, in the foreground. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inParallel, runTool } from "../peers/run-tool.ts";
import { messageTo, type Outcome, SENDER } from "./mail.ts";

const AT_ONCE = 4;
const TRIED_WITHIN_MS = 40_000;

export async function eximVersion(programs: string): Promise<string> {
  const { stdout } = await runTool(binary(programs), ["-bV"]);
  const version = /^Exim version (\S+)/m.exec(stdout)?.[1];
  const library = /GnuTLS|OpenSSL/.exec(stdout)?.[0];
  return `${version} (${library})`;
}

export interface EximSetup {
  readonly programs: string;
  /** A new one: what Exim remembers of hosts that failed must not outlive a run. */
  readonly folder: string;
  /** Null: it is not set, and glibc asks without EDNS. */
  readonly dnssecOk: 1 | null;
}

export async function deliverWithExim(
  { programs, folder, dnssecOk }: EximSetup,
  recipients: readonly string[],
): Promise<ReadonlyMap<string, Outcome>> {
  mkdirSync(join(folder, "spool"), { recursive: true });
  mkdirSync(join(folder, "log"));
  await runTool("chown", ["-R", "Debian-exim:Debian-exim", folder]);
  // where Debian's Exim looks for it: any other file costs it its privileges
  writeFileSync("/etc/exim4/exim4.conf", configuration({ programs, folder, dnssecOk }), { mode: 0o644 });
  await inParallel(recipients, AT_ONCE, (recipient) => inject(binary(programs), recipient));
  const log = join(folder, "log/mainlog");
  const lines = existsSync(log) ? readFileSync(log, "utf8").split("\n") : [];
  return new Map(recipients.map((recipient) => [recipient, outcomeIn(lines, recipient)]));
}

const binary = (programs: string): string => join(programs, "usr/sbin/exim4");

function outcomeIn(lines: readonly string[], recipient: string): Outcome {
  const arrival = lines.find((line) => line.includes(" <= ") && line.endsWith(` for ${recipient}`));
  const id = arrival === undefined ? undefined : /\S+-\S+-\S+(?= <= )/.exec(arrival)?.[0];
  const own = id === undefined ? [] : lines.filter((line) => line.includes(` ${id} `));
  const has = (mark: string): boolean => own.some((line) => line.includes(` ${mark} `));
  const status = has("=>") ? "sent" : has("**") ? "bounced" : has("==") ? "deferred" : "unknown";
  return { status, lines: own };
}

function inject(command: string, recipient: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, ["-odf", "-oi", "-f", SENDER, recipient], {
      stdio: ["pipe", "inherit", "inherit"],
      timeout: TRIED_WITHIN_MS,
    });
    child.on("error", reject);
    child.on("exit", () => resolve());
    child.stdin.end(messageTo(recipient).replaceAll("\r\n", "\n"));
  });
}

/** The defaults of hosts_try_dane and dnssec_request_domains are what is wanted: all. */
function configuration({ programs, folder, dnssecOk }: EximSetup): string {
  return `exim_path = ${binary(programs)}
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%slog
log_selector = +dnssec +received_recipients +tls_certificate_verified +tls_sni
primary_hostname = client.invalid
local_interfaces = 127.0.0.1
trusted_users = root
${dnssecOk === null ? "" : `dns_dnssec_ok = ${dnssecOk}\n`}keep_environment =

begin routers
everywhere:
  driver = dnslookup
  transport = by_dane

begin transports
by_dane:
  driver = smtp

begin retry
* * F,1h,10m
`;
}
