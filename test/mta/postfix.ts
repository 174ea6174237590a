/** Postfix, with its smtp client in a chroot as Debian has it, and one process per message so that the log can be told apart. */
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Daemon, startDaemon } from "../peers/daemon.ts";
import { runTool } from "../peers/run-tool.ts";
import { messageTo, type Outcome, SENDER } from "./mail.ts";

export interface Postfix {
  readonly version: string;
  /** Sends to each and waits until each was tried once. */
  deliver(recipients: readonly string[]): Promise<ReadonlyMap<string, Outcome>>;
  /** The chroot's copies of what the system's resolver reads. */
  copyResolverFiles(): void;
  stop(): Promise<void>;
}

/** Local parts of recipients choose the security level. */
export const levels = { dane: "dane", daneOnly: "only", policy: "policy" } as const;

const SUBMISSION = { host: "127.0.0.1", port: 2525 };
const TRIED_WITHIN_MS = 60_000;

export interface PostfixSetup {
  readonly programs: string;
  readonly folder: string;
  readonly domains: readonly string[];
  /** For the level "secure". */
  readonly caFile: string;
  /** Of the socketmap. */
  readonly policyPort: number;
}

export async function startPostfix({ programs, folder, domains, caFile, policyPort }: PostfixSetup): Promise<Postfix> {
  const queue = join(folder, "queue");
  const log = join(folder, "maillog");
  makeFolders(folder, queue);
  const config = join(folder, "config");
  mkdirSync(config);
  writeFileSync(join(config, "main.cf"), mainConfig({ programs, folder, queue, log }));
  const byPolicy = `-o smtp_tls_policy_maps=socketmap:inet:127.0.0.1:${policyPort}:policy -o smtp_tls_CAfile=${caFile}`;
  writeFileSync(join(config, "master.cf"), `${MASTER}by-policy unix - - y - 6 smtp -o max_use=1 ${byPolicy}\n`);
  writeFileSync(
    join(config, "transport"),
    domains
      .map((domain) => `${levels.daneOnly}@${domain} dane-only:\n${levels.policy}@${domain} by-policy:\n`)
      .join(""),
  );
  const copyResolverFiles = (): void => {
    for (const name of ["resolv.conf", "hosts", "nsswitch.conf", "services"])
      if (existsSync(`/etc/${name}`)) copyFileSync(`/etc/${name}`, join(queue, "etc", name));
  };
  copyResolverFiles();
  const { stdout } = await runTool(join(programs, "usr/sbin/postconf"), ["-c", config, "-h", "mail_version"]);
  const daemon: Daemon = await startDaemon({
    name: "postfix-master",
    command: join(programs, "usr/lib/postfix/sbin/master"),
    args: ["-d", "-c", config],
    folder,
    isReady: async () => {
      try {
        (await converse([])).at(-1);
        return true;
      } catch {
        return false;
      }
    },
  });
  const lines = (): string[] => (existsSync(log) ? readFileSync(log, "utf8").split("\n") : []);
  return {
    version: stdout.trim(),
    copyResolverFiles,
    stop: daemon.stop,
    async deliver(recipients) {
      const before = lines().length - 1;
      await converse(recipients);
      const deadline = performance.now() + TRIED_WITHIN_MS;
      for (;;) {
        const outcomes = outcomesIn(lines().slice(Math.max(before, 0)), recipients);
        const isDone = [...outcomes.values()].every(({ status }) => status !== "unknown");
        if (isDone || performance.now() > deadline) return outcomes;
        await sleep(200);
      }
    },
  };
}

/** The smtp process ends after one message: all lines with its number are about that. */
function outcomesIn(lines: readonly string[], recipients: readonly string[]): Map<string, Outcome> {
  return new Map(
    recipients.map((recipient) => {
      const last = lines.find((line) => line.includes(` to=<${recipient}>,`) && line.includes(" status="));
      const status = /status=(sent|deferred|bounced)/.exec(last ?? "")?.[1] as Outcome["status"] | undefined;
      const process = /\[\d+\]: /.exec(last ?? "")?.[0];
      const own = process === undefined ? [] : lines.filter((line) => line.includes(process));
      return [recipient, { status: status ?? "unknown", lines: own }];
    }),
  );
}

/** Hands the messages over, all in one connection; resolves with the replies. */
function converse(recipients: readonly string[]): Promise<readonly string[]> {
  const commands = ["EHLO localhost"];
  for (const recipient of recipients) {
    commands.push(`MAIL FROM:<${SENDER}>`, `RCPT TO:<${recipient}>`, "DATA", `${messageTo(recipient)}.`);
  }
  commands.push("QUIT");
  return new Promise((resolve, reject) => {
    const replies: string[] = [];
    const socket = connect(SUBMISSION);
    let unread = "";
    socket.setTimeout(20_000, () => socket.destroy(new Error("smtpd of Postfix does not answer")));
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      const lines = (unread + chunk).split("\r\n");
      unread = lines.pop()!;
      for (const line of lines) {
        if (line[3] === "-") continue;
        replies.push(line);
        if (!/^[23]/.test(line)) socket.destroy(new Error(`smtpd of Postfix says: ${line}`));
        else if (commands.length > 0) socket.write(`${commands.shift()}\r\n`);
        else socket.end(() => resolve(replies));
      }
    });
  });
}

function makeFolders(folder: string, queue: string): void {
  const postfix = idOf("passwd", "postfix");
  const postdrop = idOf("group", "postdrop");
  mkdirSync(queue, { recursive: true });
  mkdirSync(join(queue, "etc"));
  mkdirSync(join(queue, "pid"));
  for (const name of ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private"])
    own(join(queue, name), postfix, 0, 0o700);
  for (const name of ["saved", "trace"]) own(join(queue, name), postfix, 0, 0o700);
  own(join(queue, "maildrop"), postfix, postdrop, 0o1730);
  own(join(queue, "public"), postfix, postdrop, 0o2710);
  own(join(folder, "data"), postfix, 0, 0o700);
}

function own(folder: string, user: number, group: number, mode: number): void {
  mkdirSync(folder);
  chownSync(folder, user, group);
  chmodSync(folder, mode);
}

function idOf(file: "passwd" | "group", name: string): number {
  const line = readFileSync(`/etc/${file}`, "utf8")
    .split("\n")
    .find((each) => each.startsWith(`${name}:`));
  if (line === undefined) throw new Error(`/etc/${file} does not know ${name}`);
  return Number(line.split(":")[2]);
}

interface Places {
  readonly programs: string;
  readonly folder: string;
  readonly queue: string;
  readonly log: string;
}

function mainConfig({ programs, folder, queue, log }: Places): string {
  return `compatibility_level = 3.6
queue_directory = ${queue}
data_directory = ${folder}/data
daemon_directory = ${programs}/usr/lib/postfix/sbin
command_directory = ${programs}/usr/sbin
shlib_directory = ${programs}/usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = ${log}
maillog_file_prefixes = ${folder}
myhostname = client.invalid
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
transport_maps = texthash:${folder}/config/transport
smtp_host_lookup = dns
smtp_dns_support_level = dnssec
smtp_tls_security_level = dane
smtp_tls_loglevel = 1
smtp_connection_cache_on_demand = no
notify_classes =
`;
}

// max_use=1: one process, one message, and each looks for AD anew
const MASTER = `127.0.0.1:${SUBMISSION.port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - y - 6 smtp -o max_use=1
dane-only unix - - y - 6 smtp -o max_use=1 -o smtp_tls_security_level=dane-only
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
