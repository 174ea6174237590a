/** `rootwalk tlsa rollover HOST`: changing keys under TLSA records: what is safe now, and what when. */
import { hostname } from "node:os";
import { octetsOf } from "../daemon/trust-files.ts";
import { anyUsagePolicy, smtpPolicy } from "../dane/records.ts";
import { type HostPlan, planHost } from "../dane/service-plan.ts";
import type { KeyMaterial } from "../mail/key-material.ts";
import { type LiveFindings, lookAtServers, type Served } from "../mail/live.ts";
import { planRollover } from "../mail/rollover.ts";
import type { RolloverReport, RolloverState, RolloverStep } from "../mail/rollover-report.ts";
import { kindOfMaterial } from "../mail/rollover-situation.ts";
import type { RRset } from "../rrset/rrset.ts";
import { addressToOctets } from "../wire/address.ts";
import { TYPE } from "../wire/registry.ts";
import { parseZone, ZoneFileError } from "../wire/zonefile.ts";
import { type Command, type Given, type Io, UsageError } from "./command.ts";
import { durationText, secondsFrom } from "./duration.ts";
import { asciiName } from "./names.ts";
import { materialFrom, portFrom, starttlsOption, starttlsRows } from "./server-options.ts";
import { resolverFrom, resolverRows } from "./setup.ts";

const exitCodes: Readonly<Record<RolloverState, number>> = {
  install: 0,
  remove: 0,
  done: 0,
  "nothing planned": 0,
  broken: 3,
  publish: 4,
  wait: 4,
  published: 4,
  installing: 6,
};
const EXIT_UNKNOWN = 5;
const EXIT_UNREACHABLE = 7;
const DEFAULT_TTL = 3600;

export const tlsaRolloverCommand: Command = {
  name: "tlsa rollover",
  summary: "changing keys under TLSA records: what is safe now, and what when",
  usage: "[options] --next FILE HOST",
  about: [
    "Looks at the TLSA records of HOST (by DNSSEC), at what its servers show at every address, RSA and ECDSA, and at the certificate or key that is to come. Prints what to do, in order and with times: publish the next record, wait for two TTLs, install, check, remove the former record. The exit code answers the question of a renewal script: may the next certificate be installed now?",
    "Nobody can see in DNS since when a record has been there: say it with --published-since, or keep the next key's record published all the time.",
  ],
  options: {
    next: {
      value: "FILE",
      repeatable: true,
      why: "certificate (with its chain), request, or key that is to be served next; one for each kind of key",
    },
    "published-since": {
      value: "TIME",
      why: "since when the present TLSA records have been on every name server: 2026-11-27T12:00Z, or 36h for an age",
    },
    port: { value: "N", short: "p", why: "of the service; default 25" },
    ...starttlsRows,
    address: { value: "ADDR", short: "n", repeatable: true, why: "look at these servers instead of those in DNS" },
    served: { value: "FILE", repeatable: true, why: "a chain that is served (PEM), instead of looking at servers" },
    published: { value: "FILE", why: "TLSA records in zone-file form, instead of asking DNS" },
    "warn-expiry": { value: "TIME", why: "warn about issuers that end within this time; default 30d" },
    json: {
      value: null,
      why: "one JSON object; its fields stay as they are from version to version (docs/operators.md)",
    },
    ...resolverRows,
  },
  examples: [
    {
      line: "rootwalk tlsa rollover --next next.pem mx.example.com",
      says: "what to do before next.pem may be installed",
    },
    {
      line: "rootwalk tlsa rollover --next next.pem --published-since 36h mx.example.com && systemctl reload postfix",
      says: "for a renewal script",
    },
    { line: "rootwalk tlsa rollover mx.example.com", says: "is what is served and what is published one thing?" },
  ],
  exitCodes: [
    [0, "safe: install, or remove what is named; or nothing is left to do"],
    [1, "an error that should not happen"],
    [2, "the command line or a file is wrong"],
    [3, "broken: a server shows what no record speaks of"],
    [4, "not yet: publish first, or wait"],
    [EXIT_UNKNOWN, "bogus or undetermined: DNS cannot be believed, or did not answer"],
    [6, "under way: some servers show what is planned, others do not yet"],
    [EXIT_UNREACHABLE, "no server could be spoken to"],
  ],
  run: tlsaRollover,
};

async function tlsaRollover(given: Given, io: Io): Promise<number> {
  const [hostText, ...more] = given.operands;
  if (hostText === undefined || more.length > 0)
    throw new UsageError("tlsa rollover needs one host: rootwalk tlsa rollover --next next.pem mx.example.com");
  const host = asciiName(hostText);
  const port = portFrom(given);
  const policy = port === 25 ? smtpPolicy : anyUsagePolicy;
  const warnExpirySeconds = secondsFrom(given.text("warn-expiry") ?? "30d", "--warn-expiry");
  const since = sinceFrom(given, io);
  const next = await nextFrom(given);
  const starttls = starttlsOption(given, port);
  const addresses = addressesFrom(given);
  const servedFiles = await Promise.all(given.texts("served").map(servedFrom));
  const publishedFile = publishedFrom(given);
  const needsDns = publishedFile === null || (servedFiles.length === 0 && addresses.length === 0);
  const resolver = needsDns ? resolverFrom(given, io) : null;
  try {
    const plan =
      resolver === null ? null : await planHost(resolver, host, port, { policy, clock: io.clock, signal: io.stop });
    const published = publishedFile ?? publishedIn(plan!, io);
    if ("unknown" in published) {
      io.stderr(`rootwalk: ${published.unknown}\n`);
      return EXIT_UNKNOWN;
    }
    const live: LiveFindings =
      servedFiles.length > 0
        ? { served: servedFiles, failures: [] }
        : await lookAtServers(
            addresses.length > 0 ? addresses : (plan?.addresses ?? []),
            { port, starttls, sni: plan !== null && "sni" in plan.action ? plan.action.sni : host, client: hostname() },
            { clock: io.clock, signal: io.stop },
          );
    if (live.served.length === 0) {
      for (const failure of live.failures) io.stderr(`rootwalk: ${failure}\n`);
      io.stderr(`rootwalk: no server of ${host} could be looked at${plan === null ? "" : `; ${plan.action.reason}`}\n`);
      return EXIT_UNREACHABLE;
    }
    const { rrset, ttl } = published;
    const now = io.clock.unixSeconds();
    const report = planRollover({
      published: rrset,
      ttl,
      since,
      served: live.served,
      next,
      policy,
      now,
      warnExpirySeconds,
    });
    const whole = { host, port, ...report, failures: live.failures };
    io.stdout(given.on("json") ? `${JSON.stringify(whole, null, 2)}\n` : rolloverText(whole, now));
    return exitCodes[report.state];
  } finally {
    await resolver?.close();
  }
}

type Published = { readonly rrset: RRset<typeof TYPE.TLSA> | null; readonly ttl: number };

/** Two TTLs count from what caches were told to keep: the records' TTL as their zone has it, or that of their absence. */
function publishedIn({ action }: HostPlan, io: Io): Published | { readonly unknown: string } {
  switch (action.do) {
    case "authenticate": {
      const rrset = action.tlsa.value;
      return { rrset, ttl: Math.max(rrset.ttl, ...rrset.signatures.map(({ originalTtl }) => originalTtl)) };
    }
    case "pkix":
      return { rrset: null, ttl: Math.max(DEFAULT_TTL, Math.ceil(action.expires - io.clock.unixSeconds())) };
    case "skip":
      return action.code === "no address" ? { rrset: null, ttl: DEFAULT_TTL } : { unknown: action.reason };
  }
}

function publishedFrom(given: Given): Published | null {
  const file = given.text("published");
  if (file === undefined) return null;
  try {
    const zone = parseZone(octetsOf(file).toString("latin1"), { source: file });
    const records = zone.filter(({ type }) => type === TYPE.TLSA);
    const [first] = records;
    if (first === undefined) return { rrset: null, ttl: DEFAULT_TTL };
    if (records.some(({ name }) => !name.equals(first.name)))
      throw new UsageError(`${file}: TLSA records of several names; those of one host and port expected`);
    const ttl = Math.max(...records.map((record) => record.ttl));
    const data = records.map(({ rdata }) => rdata) as [Uint8Array, ...Uint8Array[]];
    return { rrset: { name: first.name, type: TYPE.TLSA, ttl, data, signatures: [] }, ttl };
  } catch (error) {
    if (error instanceof ZoneFileError) throw new UsageError(error.message);
    throw error;
  }
}

async function servedFrom(file: string): Promise<Served> {
  const { certificate, issuers } = await materialFrom(file);
  if (certificate === null) throw new UsageError(`${file}: a server shows certificates, and there is none in it`);
  return { address: file, algorithm: "any", chain: [certificate, ...issuers] };
}

async function nextFrom(given: Given): Promise<readonly KeyMaterial[]> {
  const next = await Promise.all(given.texts("next").map(materialFrom));
  for (const [i, material] of next.entries()) {
    const same = next.slice(0, i).find((other) => kindOfMaterial(other) === kindOfMaterial(material));
    if (same !== undefined)
      throw new UsageError(
        `${same.source} and ${material.source} are of one kind (${kindOfMaterial(material)}): a server shows one`,
      );
  }
  return next;
}

function addressesFrom(given: Given): readonly string[] {
  const wanted = given.texts("address");
  for (const address of wanted)
    if (addressToOctets(address) === null) throw new UsageError(`--address: "${address}" is no IPv4 or IPv6 address`);
  return wanted;
}

function sinceFrom(given: Given, io: Io): number | null {
  const text = given.text("published-since");
  if (text === undefined) return null;
  if (/^[0-9.]+[smhdw]$/.test(text)) return io.clock.unixSeconds() - secondsFrom(text, "--published-since");
  const isDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const at = isDate ? Date.parse(text) / 1000 : Number.NaN;
  if (Number.isNaN(at))
    throw new UsageError(
      `--published-since is "${text}": a time as in 2026-11-27T12:00Z, or an age as in 36h, expected`,
    );
  if (at > io.clock.unixSeconds()) throw new UsageError(`--published-since is "${text}": that is yet to come`);
  return at;
}

interface Whole extends RolloverReport {
  readonly host: string;
  readonly port: number;
  readonly failures: readonly string[];
}

function rolloverText(
  { host, port, state, reason, ttl, records, findings, steps, failures }: Whole,
  now: number,
): string {
  const lines = [`${host} port ${port}: ${state}`, `  ${reason}`, "", `  published, TTL ${ttl} s:`];
  if (records.length === 0) lines.push("    nothing that counts");
  for (const { record, speaksOf } of records)
    lines.push(
      `    ${record}`,
      ...(speaksOf.length === 0 ? ["nothing known here"] : speaksOf).map((of) => `      ${of}`),
    );
  for (const failure of failures) lines.push(`  not looked at: ${failure}`);
  if (findings.length > 0) lines.push("");
  for (const { severity, code, text } of findings) lines.push(`  ${severity}: ${text} [${code}]`);
  if (steps.length > 0) lines.push("");
  for (const [i, step] of steps.entries()) lines.push(...stepLines(step, i + 1, now));
  return `${lines.join("\n")}\n`;
}

function stepLines({ do: what, from, after, text, records }: RolloverStep, number: number, now: number): string[] {
  const wait = from === null ? null : Date.parse(from) / 1000 - now;
  const when = wait === null ? null : wait < 2 ? "now" : `from ${from} (in ${durationText(wait)})`;
  const condition = [when, after === null ? null : `when ${after}`].filter((part) => part !== null).join(", ");
  return [`  ${number}. ${what} ${condition}`, `     ${text}`, ...records.map((record) => `       ${record}`)];
}
