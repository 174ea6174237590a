/** The whole run, inside its own namespaces: a signed Internet, mail servers in it, rootwalk, and mail by Postfix and Exim. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import packet from "dns-packet";
import { createResolver } from "../../src/resolver/create.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { askServer, type Query } from "../peers/client.ts";
import { type Daemon, startDaemon, stopDaemons } from "../peers/daemon.ts";
import { inParallel } from "../peers/run-tool.ts";
import { differences, disagreements, inWords, type Pair, seenOfPostfix } from "./agreement.ts";
import { makeCertificates } from "./certificates.ts";
import { checkDomains, differencesFrom, opensslDiffers } from "./dane-check.ts";
import { examineHere } from "./doctor.ts";
import { deliverWithExim, eximVersion } from "./exim.ts";
import { faultsIn } from "./judge.ts";
import type { Outcome } from "./mail.ts";
import { startMailServers } from "./mail-server.ts";
import { deliverOurselves } from "./ours.ts";
import { levels, type Postfix, startPostfix } from "./postfix.ts";
import { startRelay } from "./relay.ts";
import { type Expectation, issuedNames, type Row, rowsWith } from "./rows.ts";
import { POLICY_PORT, startPolicy, startWebServer, stsNames, stsRows } from "./sts.ts";
import { type LabInternet, mailServersOf, startInternet } from "./world.ts";

const [folder, programs] = process.argv.slice(2) as [string, string];
const RESOLVER = "127.0.0.1";
const RELAY = "127.0.0.2";
const OURS_AT_ONCE = 4;

const policyLevels = [
  ["sts.lab", "secure match=mx.sts.lab servername=hostname"],
  ["sts-name.lab", "secure match=mx.sts-name.lab servername=hostname"],
  ["sts-unlisted.lab", "try later"],
  ["sts-testing.lab", "none"],
  ["sts-dane.lab", "dane-only"],
  ["sts-dane-wrong.lab", "dane-only"],
] as const;

let faults = 0;
const started = performance.now();

function tell(line: string): void {
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${line}`);
}

/** One line per row; where it is wrong, what was wrong and what was logged. */
function report(title: string, wrong: readonly string[], outcome?: Outcome): void {
  console.log(`${wrong.length === 0 ? "ok   " : "WRONG"}  ${title}`);
  if (wrong.length === 0) return;
  faults++;
  for (const line of [...wrong, ...(outcome?.lines ?? []).map((each) => `log: ${each}`)])
    console.log(`         ${line}`);
}

try {
  await run();
  tell(faults === 0 ? "all rows as they should be" : `${faults} rows are wrong`);
  process.exitCode = faults === 0 ? 0 : 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await stopDaemons();
  process.exit();
}

async function run(): Promise<void> {
  const certificateFolder = made("certificates");
  const certificates = await makeCertificates(certificateFolder, [...issuedNames, ...stsNames]);
  const rows = [...rowsWith(certificates), ...stsRows(certificates)];
  const hosts = mailServersOf(rows);
  const internet = await startInternet(rows, hosts, folder);
  const mail = await startMailServers(hosts);
  tell(`${internet.world.zones.size} zones, ${hosts.length} mail servers`);
  const first = await startRootwalk(internet.hintsFile, internet.anchorsFile);
  tell("rootwalk answers . NS with AD on 127.0.0.1:53");

  const judge = (row: Row, expected: Expectation, recipient: string, outcome: Outcome | undefined) =>
    faultsIn(expected, outcome, {
      received: mail.received.filter((each) => each.recipient === recipient),
      tlsaAsked:
        row.noTlsaQuestion !== undefined &&
        internet.world.asked.some(
          ({ question: { name, type } }) =>
            type === TYPE.TLSA && `${name}`.startsWith(`_25._tcp.${row.noTlsaQuestion}`),
        ),
    });

  // ---- Postfix, DANE.md 1.2
  resolveBy(RESOLVER, "trust-ad");
  const caFile = join(certificateFolder, "ca.pem");
  const domains = rows.map(({ domain }) => domain);
  const postfix = await startPostfix({ programs, folder: made("postfix"), domains, caFile, policyPort: POLICY_PORT });
  // Every row at both levels; where a row says what to expect, that is looked for, and in all of them agreement with us.
  const cases = rows.flatMap((row) => [
    { row, level: "dane" as const, expected: row.dane },
    { row, level: "daneOnly" as const, expected: row.daneOnly },
  ]);
  const recipientOf = ({ row, level }: (typeof cases)[number]): string => `${levels[level]}@${row.domain}`;
  const outcomes = await postfix.deliver(cases.map(recipientOf));
  tell(`Postfix ${postfix.version}`);
  for (const each of cases) {
    if (each.expected === undefined) continue;
    const recipient = recipientOf(each);
    const outcome = outcomes.get(recipient);
    const title = each.level === "dane" ? "dane     " : "dane-only";
    report(
      `Postfix ${title} ${told(each.row, each.expected)}`,
      judge(each.row, each.expected, recipient, outcome),
      outcome,
    );
  }

  // ---- the library's own planner and matcher, on the same rows, same servers, from an empty cache
  const { hints, anchors } = internet.world;
  const resolver = createResolver({ rootHints: hints, trustAnchors: anchors, settings: { queryPrivate: true } });
  const pairs: (readonly [Pair, Outcome | undefined])[] = [];
  await inParallel(cases, OURS_AT_ONCE, async (each) => {
    const recipient = `ours-${recipientOf(each)}`;
    const level = each.level === "dane" ? "dane" : "dane-only";
    const ours = await deliverOurselves(resolver, recipient, { level });
    const outcome = outcomes.get(recipientOf(each));
    const to = (address: string) => mail.received.filter((one) => one.recipient === address);
    const received = { postfix: to(recipientOf(each)), ours: to(recipient) };
    const postfix = outcome === undefined ? ({ status: "unknown" } as const) : seenOfPostfix(outcome);
    pairs[cases.indexOf(each)] = [{ domain: each.row.domain, level, postfix, ours, received }, outcome];
  });
  for (const [pair, outcome] of pairs) {
    const what = `${pair.level.padEnd(9)} ${pair.domain.padEnd(19)} ${inWords(pair.ours, pair.received.ours)}`;
    report(`agreed  ${what}`, disagreements(pair, differences), outcome);
  }
  // What it would look like if they did not: a planner without digest agility.
  const [agility] = pairs.find(([{ domain, level }]) => domain === "agility.lab" && level === "dane")!;
  const lax = { level: "dane", policy: { digests: [2, 1], agility: "all" } } as const;
  const ours = await deliverOurselves(resolver, "lax@agility.lab", lax);
  report("a planner that errs is noticed", [
    ...(disagreements({ ...agility, ours }, differences).length > 0 ? [] : ["it was not"]),
  ]);
  await resolver.close();
  tell("the planner beside Postfix");

  // ---- rootwalk dane check, by itself, on the same domains and servers
  const reports = await checkDomains([...new Set(rows.map(({ domain }) => domain))], internet);
  for (const one of reports) {
    const outcome = outcomes.get(
      recipientOf({ row: { domain: one.domain } as Row, level: "dane", expected: undefined }),
    );
    const wrong = outcome === undefined ? ["Postfix was not asked"] : differencesFrom(seenOfPostfix(outcome), one);
    const apart = await inParallel(
      one.hosts.flatMap((host) => host.servers.map((server) => ({ host, server }))),
      OURS_AT_ONCE,
      ({ host, server }) => opensslDiffers(host, server),
    );
    const said = apart.filter((each) => each !== null);
    report(`dane check ${one.domain.padEnd(19)} ${one.outcome}`, [...wrong, ...said], outcome);
  }
  tell("dane check beside Postfix and openssl s_client");

  // ---- Postfix, told by `rootwalk policy` what each domain wants: DANE before MTA-STS
  await startWebServer(certificates);
  const { hintsFile, anchorsFile } = internet;
  const policies = await startPolicy({ hintsFile, anchorsFile, caFile, folder: made("policy") });
  const toldRows = rows.filter(({ policy }) => policy !== undefined);
  const byPolicy = await postfix.deliver(toldRows.map(({ domain }) => `${levels.policy}@${domain}`));
  tell("Postfix by rootwalk policy");
  for (const row of toldRows) {
    const recipient = `${levels.policy}@${row.domain}`;
    const outcome = byPolicy.get(recipient);
    report(`Postfix policy    ${told(row, row.policy!)}`, judge(row, row.policy!, recipient, outcome), outcome);
  }
  const answers = readFileSync(join(folder, "policy/rootwalk-policy.log"), "utf8");
  const untold = policyLevels.filter(([domain, level]) => !answers.includes(`\n${domain}.: ${level}: `));
  report(
    "rootwalk policy told each domain's level",
    untold.map(([domain, level]) => `${domain} was not told ${level}`),
    { status: "unknown", lines: answers.split("\n") },
  );
  await policies.stop();

  const examined = await examineHere(join(folder, "postfix/config"), internet);
  report("doctor   finds Postfix well", [
    ...examined.ill,
    ...examined.skipped.filter((line) => !/^(?:exim|server bogus):/.test(line)),
  ]);
  await watchPostfix(postfix, mail.received, internet);

  // ---- Exim, DANE.md 1.3, with a resolver that remembers nothing of what Postfix asked
  await first.stop();
  await startRootwalk(internet.hintsFile, internet.anchorsFile);
  resolveBy(RESOLVER, "trust-ad");
  await exim("trust-ad   ", "exim", rows);
  const beside = await examineHere(join(folder, "postfix/config"), internet);
  report("doctor   finds Exim well", [
    // Postfix is not started again, and so its copy is that of the run before.
    ...beside.ill.filter((line) => !line.startsWith("problem postfix chroot:")),
    ...beside.skipped.filter((line) => !line.startsWith("server bogus:")),
  ]);
  // glibc asks with AD then, and that is enough for an answer with AD (RFC 6840 §5.7)
  await exim("trust-ad, no dns_dnssec_ok", "exim", rows.filter(isTelling), null);
  resolveBy(RESOLVER, null);
  await exim("no trust-ad", "eximUntrusting", rows);
  const complaints = readFileSync(join(folder, "rootwalk/rootwalk.log"), "utf8").trim().split("\n");
  report(
    "rootwalk complained of nothing",
    // What failed validation is told by design; the rows judge whether it should have.
    complaints.filter((line) => !/ ready on | is (?:bogus|indeterminate): /.test(line)),
  );

  async function exim(
    title: string,
    column: "exim" | "eximUntrusting",
    among: readonly Row[],
    dnssecOk: 1 | null = 1,
  ): Promise<void> {
    const rowsHere = among.filter((row) => row[column] !== undefined);
    const run = `${column}-${dnssecOk ?? "unset"}`;
    const to = (row: Row): string => `${run}@${row.domain}`;
    const done = await deliverWithExim({ programs, folder: made(run), dnssecOk }, rowsHere.map(to));
    tell(`Exim ${await eximVersion(programs)}, ${title}`);
    for (const row of rowsHere) {
      const outcome = done.get(to(row));
      report(`Exim    ${title} ${told(row, row[column]!)}`, judge(row, row[column]!, to(row), outcome), outcome);
    }
  }
}

function isTelling({ domain }: Row): boolean {
  return ["good.lab", "wrong.lab", "big.lab", "to-plain.lab"].includes(domain);
}

function told(row: Row, expected: Expectation): string {
  return `${expected.status.padEnd(8)} ${row.domain.padEnd(18)} ${row.what}`;
}

/** Through a relay that writes down what Postfix asks, without trust-ad, which Postfix sets itself. */
async function watchPostfix(
  postfix: Postfix,
  received: readonly { readonly recipient: string }[],
  internet: LabInternet,
): Promise<void> {
  const relay = await startRelay(RELAY, RESOLVER);
  resolveBy(RELAY, null);
  const { ill, code } = await examineHere(join(folder, "postfix/config"), internet);
  const expected = [/^problem resolv\.conf nameserver:/, /^problem resolv\.conf trust-ad:/, /^problem postfix chroot:/];
  report("doctor   sees another nameserver, no trust-ad, and an old copy in the chroot", [
    ...(code === 3 && ill.length === 3 && expected.every((word, i) => word.test(ill[i]!))
      ? []
      : [`exit code ${code}`, ...ill]),
  ]);
  await postfix.deliver(["stale@none.lab"]);
  report("Postfix  until it is copied into the chroot, a new resolv.conf is not heeded", [
    ...(relay.passed.length === 0 ? [] : ["it was heeded"]),
  ]);
  postfix.copyResolverFiles();
  const watched = await postfix.deliver(["watched@big.lab", "watched@wrong.lab", "watched@customer.plain"]);
  const of = (name: string, type: string) => relay.passed.filter((each) => each.name === name && each.type === type);
  const lines = (recipient: string): string => (watched.get(recipient)?.lines ?? []).join("\n");

  const big = of("_25._tcp.mx.big.lab", "TLSA");
  const overUdp = big.find(({ transport }) => transport === "udp");
  const overTcp = big.find(({ transport }) => transport === "tcp");
  report("Postfix  3 0 0: TC with AD over UDP, then the whole with AD over TCP", [
    ...(overUdp?.truncated === true && overUdp.authenticated ? [] : [`over UDP came ${JSON.stringify(overUdp)}`]),
    ...(overTcp?.truncated === false && overTcp.authenticated && overTcp.answers > 0
      ? []
      : [`over TCP came ${JSON.stringify(overTcp)}`]),
    ...(lines("watched@big.lab").includes("Verified TLS") ? [] : ["the connection was not Verified"]),
  ]);
  report("Postfix  wrong.lab is deferred without trust-ad in resolv.conf too", [
    ...(watched.get("watched@wrong.lab")?.status === "deferred" ? [] : ["it was not deferred"]),
  ]);
  const probes = of(".", "NS").concat(of("", "NS"));
  report("Postfix  the probe . NS was asked and answered with AD", [
    ...(probes.length > 0 ? [] : ["it was not asked"]),
    ...(probes.every(({ authenticated }) => authenticated) ? [] : ["an answer had no AD"]),
    ...(lines("watched@customer.plain").includes("may be unavailable") ? ["Postfix warned all the same"] : []),
  ]);

  // What the rows above would look like if rootwalk did not set AD: they can fail.
  relay.hideAuthenticity();
  const blind = await postfix.deliver(["blind@wrong.lab"]);
  const log = (blind.get("blind@wrong.lab")?.lines ?? []).join("\n");
  report("Postfix  with AD taken away it warns, and wrong.lab gets its mail", [
    ...(log.includes("DNSSEC validation may be unavailable") ? [] : ["it did not warn"]),
    ...(received.some(({ recipient }) => recipient === "blind@wrong.lab") ? [] : ["wrong.lab got none"]),
  ]);
  await relay.close();
}

async function startRootwalk(hintsFile: string, anchorsFile: string): Promise<Daemon> {
  const query: Query = {
    name: ".",
    type: "NS",
    dnssecOk: true,
    checkingDisabled: false,
    authenticData: true,
    edns: true,
  };
  return await startDaemon({
    name: "rootwalk",
    command: process.execPath,
    args: [
      ...[join(process.cwd(), "dist/main.js"), "serve", "--listen", `${RESOLVER}:53`, "--query-private"],
      ...["--root-hints", hintsFile, "--trust-anchor-file", anchorsFile],
      ...["--workers", process.env["MTA_WORKERS"] ?? "1"],
    ],
    folder: made("rootwalk"),
    isReady: async () => {
      const reply = await askServer({ address: RESOLVER, port: 53 }, query, 1000);
      return reply !== null && hasAd(reply.message.flags) && (reply.message.answers?.length ?? 0) > 0;
    },
  });
}

function hasAd(flags: number | undefined): boolean {
  return ((flags ?? 0) & packet.AUTHENTIC_DATA) !== 0;
}

/** resolv.conf of this namespace alone. */
function resolveBy(address: string, option: "trust-ad" | null): void {
  writeFileSync("/etc/resolv.conf", `nameserver ${address}\n${option === null ? "" : `options ${option}\n`}`);
}

function made(name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
}
