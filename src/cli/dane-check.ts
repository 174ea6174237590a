/** `rootwalk dane check DOMAIN…`: is every server what its TLSA records say, and will it stay so? */
import { hostname } from "node:os";
import { atMost } from "../mail/at-most.ts";
import { type Checked, checkDomain } from "../mail/check.ts";
import type { DomainReport, Outcome } from "../mail/check-report.ts";
import type { StarttlsProtocol } from "../mail/dialogs.ts";
import type { KeyKind } from "../mail/probe.ts";
import { defaultPatience } from "../mail/tls-client.ts";
import { addressToOctets } from "../wire/address.ts";
import { type Command, type Given, type Io, UsageError } from "./command.ts";
import { checkText, nagiosCode, nagiosLine, worstOutcome } from "./dane-check-text.ts";
import { secondsFrom } from "./duration.ts";
import { asciiName } from "./names.ts";
import { portFrom, starttlsOption, starttlsRows } from "./server-options.ts";
import { resolverFrom, resolverRows } from "./setup.ts";

const exitCodes: Readonly<Record<Outcome, number>> = {
  verified: 0,
  mismatch: 3,
  "no tlsa": 4,
  bogus: 5,
  undetermined: 5,
  partial: 6,
  unreachable: 7,
  "no host": 8,
};

export const daneCheckCommand: Command = {
  name: "dane check",
  summary: "is every mail server of a domain what its TLSA records say, and will it stay so?",
  usage: "[options] DOMAIN…",
  about: [
    "Walks DNS from the root as a mail server would (MX, addresses, TLSA, all proven), connects to every address of every host with STARTTLS, once for RSA and once for ECDSA certificates, and matches what is shown by RFC 7671 and RFC 7672. Warns before certificates expire, before a rollover would break mail, and about records that do not count.",
    "Without --host or --service, DOMAIN is what stands behind the @ in an address. No mail is sent. A server that one kind of client cannot verify is a mismatch, even if another kind can.",
  ],
  options: {
    host: { value: null, why: "DOMAIN is the name of a host, not of a mail domain: no MX" },
    service: { value: "NAME", why: "hosts from SRV records: --service imaps asks for _imaps._tcp.DOMAIN (RFC 7673)" },
    port: { value: "N", short: "p", why: "of the servers, and of their TLSA records; default 25" },
    starttls: starttlsRows.starttls,
    tls: { value: null, why: "TLS from the first octet; the default for ports that are not known for STARTTLS" },
    algorithm: { value: "KIND", why: "certificates of one kind only: rsa or ecdsa" },
    address: {
      value: "ADDR",
      short: "n",
      why: "connect to this address instead of those in DNS, before it is published",
    },
    aka: {
      value: "NAME",
      repeatable: true,
      why: "one more name that certificates by a CA of the domain (usage 2) may show",
    },
    "only-ipv4": { value: null, short: "4", why: "connect to IPv4 addresses only" },
    "only-ipv6": { value: null, short: "6", why: "connect to IPv6 addresses only" },
    "warn-expiry": {
      value: "TIME",
      why: "warn about certificates that expire within this time: 14d, 48h; default 14d",
    },
    ehlo: { value: "NAME", why: "our name, for EHLO; default: this machine's" },
    timeout: {
      value: "SECONDS",
      why: "for each step of a connection; the defaults are 10 to connect, 30 for the greeting, 15 for each reply",
    },
    concurrency: { value: "N", why: "domains, and servers of one domain, at the same time; 1 to 64, default 8" },
    json: {
      value: null,
      why: "one JSON object; its fields stay as they are from version to version (docs/operators.md)",
    },
    nagios: { value: null, why: "one line with performance data; exit codes 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN" },
    quiet: { value: null, short: "q", why: "print nothing: the exit code says it" },
    ...resolverRows,
  },
  examples: [
    { line: "rootwalk dane check example.com", says: "all mail servers of example.com" },
    { line: "rootwalk dane check --nagios --warn-expiry 21d example.com", says: "for monitoring" },
    { line: "rootwalk dane check --host --port 443 www.example.com", says: "a web server" },
    { line: "rootwalk dane check --service imaps example.com", says: "the IMAP servers that SRV records name" },
    { line: "rootwalk dane check --host -n 192.0.2.7 mx2.example.com", says: "a server that is not in DNS yet" },
  ],
  exitCodes: [
    [0, "every server of every domain is verified (or, with --nagios, OK)"],
    [1, "an error that should not happen"],
    [2, "the command line, the hints or the trust anchors are wrong"],
    [3, "a mismatch: a server is not what its TLSA records say, or offers no TLS"],
    [4, "no TLSA records that count: proven, so mail goes out without DANE"],
    [5, "bogus or undetermined: DNS cannot be believed, or did not answer; mail waits"],
    [6, "partial: some servers are verified, the others have no records or were not reached"],
    [7, "unreachable: no server could be spoken to"],
    [8, "the domain takes no mail, or does not exist"],
  ],
  run: daneCheck,
};

async function daneCheck(given: Given, io: Io): Promise<number> {
  const domains = given.operands.map(asciiName);
  if (domains.length === 0) throw new UsageError("dane check needs a domain: rootwalk dane check example.com");
  const concurrency = given.number("concurrency", { min: 1, max: 64 }) ?? 8;
  const options = { ...optionsFrom(given), concurrency, clock: io.clock, signal: io.stop };
  const resolver = resolverFrom(given, io);
  const startMs = io.clock.monotonicMs();
  try {
    const reports = await atMost(concurrency, domains, async (domain) => {
      const report = await checkDomain(resolver, domain, options);
      if (domains.length > 1 && given.on("json")) io.stderr(`${domain}: ${report.outcome}\n`);
      // With one domain after the other on the screen, progress needs no words of its own.
      if (!["json", "nagios", "quiet"].some((form) => given.on(form)))
        io.stdout(`${checkText(report)}${domains.length > 1 ? "\n" : ""}`);
      return report;
    });
    return tell(reports, given, { io, elapsedMs: io.clock.monotonicMs() - startMs, options });
  } finally {
    await resolver.close();
  }
}

function tell(
  reports: readonly DomainReport[],
  given: Given,
  { io, elapsedMs, options }: { io: Io; elapsedMs: number; options: { readonly warnExpirySeconds: number } },
): number {
  const outcome = worstOutcome(reports);
  if (given.on("json")) io.stdout(`${JSON.stringify({ outcome, domains: reports }, null, 2)}\n`);
  if (!given.on("nagios")) return exitCodes[outcome];
  const { warnExpirySeconds } = options;
  if (!given.on("quiet")) io.stdout(nagiosLine(reports, { now: io.clock.unixSeconds(), elapsedMs, warnExpirySeconds }));
  const codes = reports.map(nagiosCode);
  return ([2, 3, 1, 0] as const).find((code) => codes.includes(code)) ?? 3;
}

function optionsFrom(given: Given) {
  const checked = checkedFrom(given);
  const algorithm = given.text("algorithm")?.toLowerCase();
  if (algorithm !== undefined && algorithm !== "rsa" && algorithm !== "ecdsa")
    throw new UsageError(`--algorithm is "${algorithm}": rsa or ecdsa expected`);
  const kinds: readonly KeyKind[] =
    algorithm === undefined ? ["RSA", "ECDSA"] : algorithm === "rsa" ? ["RSA"] : ["ECDSA"];
  const address = given.text("address") ?? null;
  if (address !== null && addressToOctets(address) === null)
    throw new UsageError(`--address: "${address}" is no IPv4 or IPv6 address`);
  const client = given.text("ehlo") ?? hostname();
  if (!/^[\w.:[\]-]{1,255}$/.test(client)) throw new UsageError(`--ehlo: "${client}" is no name for EHLO`);
  const seconds = given.number("timeout", { min: 0.1, max: 600 });
  const ms = seconds === undefined ? null : Math.round(seconds * 1000);
  if (given.on("only-ipv4") && given.on("only-ipv6")) throw new UsageError("-4 and -6 together leave no address");
  return {
    checked,
    starttls: starttlsFrom(given, checked),
    client,
    kinds,
    address,
    aka: given.texts("aka").map(asciiName),
    families: given.on("only-ipv4") ? ("IPv4" as const) : given.on("only-ipv6") ? ("IPv6" as const) : ("both" as const),
    warnExpirySeconds: secondsFrom(given.text("warn-expiry") ?? "14d", "--warn-expiry"),
    patience: ms === null ? defaultPatience : { connectMs: ms, greetingMs: ms, replyMs: ms, handshakeMs: ms },
  };
}

function checkedFrom(given: Given): Checked {
  const service = given.text("service");
  if (service === undefined) return { what: given.on("host") ? "host" : "mail", port: portFrom(given) };
  if (given.on("host") || given.on("port"))
    throw new UsageError("--service takes hosts and ports from SRV records: neither --host nor --port goes with it");
  const labels = service.split(".").map((label) => (label.startsWith("_") ? label : `_${label}`));
  const [name, protocol = "_tcp", ...more] = labels;
  if (more.length > 0 || protocol !== "_tcp")
    throw new UsageError(`--service is "${service}": a service over TCP expected, as in imaps or _imaps._tcp`);
  return { what: "service", service: `${name}.${protocol}` };
}

const byService: ReadonlyMap<string, StarttlsProtocol> = new Map([
  ["_imap._tcp", "imap"],
  ["_pop3._tcp", "pop3"],
  ["_sieve._tcp", "sieve"],
  ["_submission._tcp", "smtp"],
]);

function starttlsFrom(given: Given, checked: Checked): StarttlsProtocol | "none" {
  switch (checked.what) {
    case "mail":
      return starttlsOption(given, checked.port, "smtp");
    case "host":
      return starttlsOption(given, checked.port);
    case "service":
      return starttlsOption(given, 0, byService.get(checked.service) ?? "none");
  }
}
