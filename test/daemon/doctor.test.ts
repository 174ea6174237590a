/** The doctor in the lab: a healthy machine, and then one fault after the other. */
import { describe, expect, it } from "vitest";
import { nativeEngine } from "../../src/crypto/native.ts";
import { type Department, departments, examine, reportText, worstOf } from "../../src/daemon/doctor/doctor.ts";
import type { Examined, Finding } from "../../src/daemon/doctor/finding.ts";
import { anchorsFromZoneText } from "../../src/dnssec/anchors.ts";
import type { Ask, Exchange, ExchangeResult } from "../../src/env/env.ts";
import { virtualClock } from "../../src/env/virtual.ts";
import { buildWorld } from "../../src/lab/world.ts";
import { demoWorld } from "../../src/lab/worlds/demo.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import { createResponder } from "../../src/server/responder.ts";
import { decodeMessage, encodeQuery, type Message } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { RCODE, TYPE } from "../../src/wire/registry.ts";
import { resolverIn } from "../lab/resolver.ts";

const HERE = "127.0.0.1";
const RIGHT = "# written by hand\nnameserver 127.0.0.1\noptions trust-ad edns0\n";

type Change = (message: Message, ask: Ask) => Message | null;

interface Faults {
  /** Paths and texts; null takes a file away. */
  readonly files?: Readonly<Record<string, string | null>>;
  /** "exim4 -bV" and what it prints. */
  readonly programs?: Readonly<Record<string, string>>;
  /** What comes from the resolver, or from the root's servers; null: nothing does. */
  readonly resolver?: Change;
  readonly outside?: Change;
  readonly clockSeconds?: number;
  readonly anchors?: (text: string) => string;
  readonly rest?: Partial<Examined>;
}

const postfixFiles = {
  "/etc/postfix/main.cf": "smtp_tls_security_level = dane\nsmtp_dns_support_level = dnssec\n",
  "/etc/postfix/master.cf":
    "smtp      inet  n       -       y       -       -       smtpd\nsmtp      unix  -       -       y       -       -       smtp\n",
  "/var/spool/postfix/etc/resolv.conf": "nameserver 127.0.0.1\noptions trust-ad edns0\n",
};
const eximPrograms = {
  "exim4 -bV": "Exim version 4.96\nSupport for: crypteq IPv6 GnuTLS DANE DNSSEC\n",
  "exim4 -bP dns_dnssec_ok": "dns_dnssec_ok = 1\n",
  "exim4 -bP transports": "remote_smtp transport:\ndnssec_request_domains = *\nhosts_try_dane = *\n",
};

async function found(faults: Faults, wanted: readonly Department[] = ["system", "mail", "resolver", "outside"]) {
  const clock = virtualClock({ unixSeconds: LAB_NOW });
  const world = buildWorld(demoWorld, LAB_NOW, { clock });
  const resolver = resolverIn(world, clock, { settings: { totalTimeoutMs: 3000 } });
  const responder = createResponder({ resolver, clock, version: "rootwalk 0.1.0" });
  const resolve: Exchange = async (ask) => {
    const client = { address: HERE, port: 1, transport: ask.transport };
    const octets = await responder.respond(encodeQuery({ ...ask, id: 1 }), client);
    if (octets === null) return { kind: "timeout", discarded: 0 };
    return { kind: "reply", message: decodeMessage(octets), octets: octets.length, rttMs: 1 };
  };
  const changed =
    (exchange: Exchange, change: Change | undefined): Exchange =>
    async (ask, signal) => {
      const result: ExchangeResult = await exchange(ask, signal);
      if (change === undefined || result.kind !== "reply") return result;
      const message = change(result.message, ask);
      return message === null ? { kind: "timeout", discarded: 0 } : { ...result, message };
    };
  const [inside, outside] = [changed(resolve, faults.resolver), changed(world.exchange, faults.outside)];
  const files: Readonly<Record<string, string | null>> = {
    "/etc/resolv.conf": RIGHT,
    "/etc/nsswitch.conf": "passwd: files\nhosts: files dns\n",
    "/proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
    ...postfixFiles,
    ...faults.files,
  };
  const programs: Readonly<Record<string, string>> = faults.programs ?? eximPrograms;
  const examined: Examined = {
    exchange: (ask, signal) => (ask.server.address === HERE ? inside(ask, signal) : outside(ask, signal)),
    clock: { ...clock, unixSeconds: () => clock.unixSeconds() + (faults.clockSeconds ?? 0) },
    engine: nativeEngine(),
    files: {
      read: (path) => {
        const text = files[path];
        return text === undefined || text === null ? { kind: "missing" } : { kind: "text", text };
      },
    },
    run: (program, args) => Promise.resolve(programs[[program, ...args].join(" ")] ?? null),
    server: { address: HERE, port: 53 },
    bogusName: Name.parse("www.expired.broken"),
    unsignedName: Name.parse("www.unsigned.lab"),
    hints: world.hints,
    anchors: anchorsFromZoneText((faults.anchors ?? ((text) => text))(world.anchors), "lab"),
    ipv6: "has none",
    ...faults.rest,
  };
  try {
    const reports = await clock.run(() => examine(examined, wanted));
    return {
      reports,
      findings: reports.flatMap(({ findings }) => findings),
      text: reportText(reports),
      worst: worstOf(reports),
    };
  } finally {
    await resolver.close();
  }
}

/** What is not well, by its word. */
const ill = (findings: readonly Finding[]): string[] =>
  findings
    .filter(({ level }) => level !== "fine" && level !== "skipped")
    .map(({ check, level }) => `${level} ${check}`);

describe("a healthy machine", () => {
  it("is found well in everything", async () => {
    const { findings, worst, text } = await found({});
    expect(ill(findings)).toEqual([]);
    expect(findings.filter(({ level }) => level === "skipped")).toEqual([]);
    expect(worst).toBe("fine");
    expect(text).toMatch(
      /^resolv\.conf and nsswitch\.conf of this machine\n {2}ok {7}programs ask 127\.0\.0\.1, and nobody else\n/,
    );
    expect(text).toMatch(/\nall is well\n$/);
    const said = findings.map(({ found: sentence }) => sentence).join("\n");
    expect(said).toMatch(
      /www\.expired\.broken\., which is broken on purpose, is refused with SERVFAIL \(EDE 7, Signature Expired: /,
    );
    expect(said).toMatch(/trusted and in use: key [0-9]+, key [0-9]+ of the root/);
    expect(said).toMatch(/come truncated over UDP, and whole over TCP \([0-9]{4} octets\)/);
  });

  it("may have no mail server", async () => {
    const none = Object.fromEntries(Object.keys(postfixFiles).map((path) => [path, null]));
    const { findings } = await found({ files: none, programs: {} }, ["mail"]);
    expect(findings.map(({ level, found: sentence }) => `${level}: ${sentence}`)).toEqual([
      "skipped: there is no Postfix here",
      "skipped: there is no Exim here",
    ]);
  });
});

const resolvConf = (text: string | null): Faults => ({
  files: { "/etc/resolv.conf": text, "/var/spool/postfix/etc/resolv.conf": text },
});

describe("a fault of resolv.conf", () => {
  it.each<[string, Faults, string[], RegExp]>([
    ["no file", resolvConf(null), ["problem resolv.conf"], /there is no \/etc\/resolv\.conf/],
    [
      "no trust-ad",
      resolvConf("nameserver 127.0.0.1\n"),
      ["problem resolv.conf trust-ad"],
      /glibc takes AD out of every answer/,
    ],
    [
      "trust-ad in a comment",
      resolvConf("nameserver 127.0.0.1\n# options trust-ad\n"),
      ["problem resolv.conf trust-ad"],
      /options trust-ad is missing/,
    ],
    [
      "systemd-resolved's stub",
      resolvConf("nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch lan\n"),
      ["problem resolv.conf nameserver"],
      /the stub of systemd-resolved.*systemctl disable --now systemd-resolved/,
    ],
    [
      "another resolver",
      resolvConf("nameserver 192.0.2.1\nnameserver 127.0.0.1\noptions trust-ad\n"),
      ["problem resolv.conf nameserver"],
      /the first nameserver is 192\.0\.2\.1, and not 127\.0\.0\.1/,
    ],
    [
      "a second resolver",
      resolvConf("nameserver 127.0.0.1\nnameserver 192.0.2.1\noptions trust-ad\n"),
      ["problem resolv.conf nameserver order"],
      /who can delay answers chooses the resolver/,
    ],
    [
      "little patience",
      resolvConf("nameserver 127.0.0.1\noptions trust-ad timeout:1\n"),
      ["warning resolv.conf options"],
      /timeout:1 is less than glibc's 5 s/,
    ],
    [
      "search before the name",
      resolvConf("nameserver 127.0.0.1\nsearch a.example b.example\noptions trust-ad ndots:5\n"),
      ["warning resolv.conf options"],
      /ndots:5 with search a\.example b\.example/,
    ],
    [
      "systemd-resolved in nsswitch.conf",
      { files: { "/etc/nsswitch.conf": "hosts: files resolve [!UNAVAIL=return] dns\n" } },
      ["warning nsswitch.conf"],
      /asks systemd-resolved before DNS/,
    ],
  ])("%s", async (_what, faults, expected, words) => {
    const { findings, text } = await found(faults, ["system"]);
    expect(ill(findings)).toEqual(expected);
    expect(text.replaceAll(/\s+/g, " ")).toMatch(words);
  });

  it("none is a file without nameservers: then glibc asks 127.0.0.1", async () => {
    expect(ill((await found(resolvConf("options trust-ad\n"), ["system"])).findings)).toEqual([]);
  });

  it("a trial on another port is told from a fault", async () => {
    const rest = { server: { address: HERE, port: 5300 } };
    expect(ill((await found({ rest }, ["system"])).findings)).toEqual(["note resolv.conf nameserver"]);
  });
});

describe("a fault of a mail server", () => {
  const postfix = (settings: string): Faults => ({ files: { "/etc/postfix/main.cf": settings } });
  const exim = (program: string, prints: string): Faults => ({ programs: { ...eximPrograms, [program]: prints } });
  it.each<[string, Faults, string[], RegExp]>([
    [
      "an old copy in Postfix's chroot",
      { files: { "/var/spool/postfix/etc/resolv.conf": "nameserver 192.0.2.1\n" } },
      ["problem postfix chroot"],
      /differs from \/etc\/resolv\.conf.*systemctl restart postfix/,
    ],
    [
      "no copy in Postfix's chroot",
      { files: { "/var/spool/postfix/etc/resolv.conf": null } },
      ["problem postfix chroot"],
      /there is no \/var\/spool\/postfix\/etc\/resolv\.conf/,
    ],
    ["Postfix without DANE", postfix("smtp_tls_security_level = may\n"), ["warning postfix dane"], /is may/],
    ["Postfix without TLS", postfix("\n"), ["warning postfix dane"], /is not set/],
    [
      "Postfix without DNSSEC",
      postfix("smtp_tls_security_level = dane-only\n"),
      ["problem postfix dane"],
      /smtp_dns_support_level is not set/,
    ],
    [
      "Postfix that looks hosts up elsewhere",
      postfix("smtp_tls_security_level=dane\nsmtp_dns_support_level=dnssec\nsmtp_host_lookup=native\n"),
      ["problem postfix host lookup"],
      /smtp_host_lookup is native/,
    ],
    [
      "Postfix, as postconf knows it better than main.cf",
      {
        programs: {
          "postconf smtp_dns_support_level smtp_tls_security_level smtp_host_lookup queue_directory":
            "smtp_tls_security_level = none\n",
        },
      },
      ["warning postfix dane"],
      /smtp_tls_security_level is none/,
    ],
    [
      "Exim without DNSSEC",
      exim("exim4 -bP dns_dnssec_ok", "dns_dnssec_ok = 0\n"),
      ["problem exim dns_dnssec_ok"],
      /asks without DNSSEC/,
    ],
    [
      "Exim undecided",
      exim("exim4 -bP dns_dnssec_ok", "dns_dnssec_ok = -1\n"),
      ["warning exim dns_dnssec_ok"],
      /is -1/,
    ],
    [
      "Exim built without DANE",
      exim("exim4 -bV", "Support for: IPv6 GnuTLS\n"),
      ["problem exim dane"],
      /built without DANE/,
    ],
    [
      "Exim with a narrow transport",
      exim(
        "exim4 -bP transports",
        "a transport:\ndnssec_request_domains = *\nhosts_try_dane = \nb transport:\nhosts_try_dane = *\n",
      ),
      ["warning exim hosts_try_dane"],
      /hosts_try_dane is empty in a transport/,
    ],
  ])("%s", async (_what, faults, expected, words) => {
    const { findings, text } = await found(faults, ["mail"]);
    expect(ill(findings)).toEqual(expected);
    expect(text.replaceAll(/\s+/g, " ")).toMatch(words);
  });
});

describe("a fault of the resolver", () => {
  it.each<[string, Faults, string[], RegExp]>([
    ["silence", { resolver: () => null }, ["problem server udp", "problem server tcp"], /no name can be looked up/],
    [
      "no UDP",
      { resolver: (message, { transport }) => (transport === "udp" ? null : message) },
      ["problem server udp"],
      /over UDP: no answer/,
    ],
    [
      "no TCP",
      { resolver: (message, { transport }) => (transport === "tcp" ? null : message) },
      ["problem server tcp"],
      /large answers are lost/,
    ],
    [
      "no AD",
      { resolver: (message) => ({ ...message, ad: false }) },
      ["problem server root ad"],
      /takes DNSSEC for unavailable/,
    ],
    [
      "AD on everything",
      { resolver: (message) => ({ ...message, ad: true }) },
      ["problem server unsigned"],
      /comes with AD/,
    ],
    [
      "no validation",
      {
        resolver: (message) =>
          message.rcode === RCODE.SERVFAIL ? { ...message, rcode: 0, answer: [rootNs] } : message,
      },
      ["problem server bogus"],
      /forged TLSA records and addresses pass/,
    ],
    [
      "another program",
      {
        resolver: (message) =>
          message.question[0]!.type === TYPE.TXT
            ? {
                ...message,
                answer: [
                  {
                    ...rootNs,
                    type: TYPE.TXT,
                    rdata: Uint8Array.from(
                      [8, ..."dnsmasq\u001b"].map((c) => (typeof c === "string" ? c.charCodeAt(0) : c)),
                    ),
                  },
                ],
              }
            : message,
      },
      ["warning server version"],
      /says that it is dnsmasq\?/,
    ],
    ["a clock that is behind", { clockSeconds: -90 * 86400 }, ["problem clock"], /the clock is behind/],
    ["a clock that is ahead", { clockSeconds: 90 * 86400 }, ["problem clock"], /the clock is ahead/],
    [
      "anchors of another root",
      { anchors: (text) => text.replace(/[0-9A-F]{64}/gi, "0".repeat(64)) },
      ["problem trust anchors"],
      /none of them is a trust anchor here/,
    ],
    [
      "a new key of the root",
      { anchors: (text) => text.trim().split("\n")[0]! },
      ["note trust anchors next"],
      /a rollover is near/,
    ],
  ])("%s", async (_what, faults, expected, words) => {
    const { findings, text } = await found(faults, ["resolver"]);
    expect(ill(findings)).toEqual(expected);
    expect(text.replaceAll(/\s+/g, " ")).toMatch(words);
  });

  it("is not what an unreachable name is", async () => {
    const rest = { bogusName: Name.parse("www.silent.broken"), unsignedName: Name.parse("www.silent.broken") };
    const { findings } = await found({ rest }, ["resolver"]);
    expect(ill(findings)).toEqual([]);
    const skipped = findings.filter(({ level }) => level === "skipped").map(({ check }) => check);
    expect(skipped).toEqual(["server bogus", "server unsigned"]);
  });
});

const rootNs = { name: Name.root, type: TYPE.NS, class: 1, ttl: 60, rdata: Name.parse("ns.example").wire };

describe("a fault on the way out", () => {
  const without =
    (type: number): Change =>
    (message) => ({ ...message, answer: message.answer.filter((record) => record.type !== type) });
  it.each<[string, Faults, string[], RegExp]>([
    [
      "no UDP",
      { outside: (message, { transport }) => (transport === "udp" ? null : message) },
      ["problem outside udp"],
      /rootwalk cannot walk/,
    ],
    [
      "no TCP",
      { outside: (message, { transport }) => (transport === "tcp" ? null : message) },
      ["problem outside tcp", "warning outside large"],
      /let TCP out to port 53/,
    ],
    [
      "stripped signatures",
      { outside: without(TYPE.RRSIG) },
      ["problem outside signatures"],
      /takes RRSIG records out/,
    ],
    [
      "somebody in between",
      { outside: (message) => ({ ...message, ra: true, aa: false }) },
      ["problem outside middleman"],
      /it offers recursion/,
    ],
    [
      "few ports",
      { files: { "/proc/sys/net/ipv4/ip_local_port_range": "60000 60999\n" } },
      ["warning outside ports"],
      /only 1000 local ports/,
    ],
    [
      "IPv6 that leads nowhere",
      { rest: { ipv6: "has a global address", hints: [{ name: Name.parse("a.root"), addresses: ["2001:db8::53"] }] } },
      ["warning outside ipv6"],
      /--no-ipv6/,
    ],
  ])("%s", async (_what, faults, expected, words) => {
    const { findings, text } = await found(faults, ["outside"]);
    expect(ill(findings)).toEqual(expected);
    expect(text.replaceAll(/\s+/g, " ")).toMatch(words);
  });
});

describe("every finding that is not well", () => {
  it("says what it means and what to do", async () => {
    const { findings } = await found({
      ...resolvConf("nameserver 127.0.0.53\n"),
      resolver: () => null,
      outside: () => null,
      clockSeconds: 1,
    });
    const bad = findings.filter(({ level }) => level === "problem" || level === "warning" || level === "note");
    expect(bad.length).toBeGreaterThan(5);
    for (const { found: sentence, means, todo } of bad)
      for (const text of [sentence, means, todo]) expect(text).toMatch(/^.{10,}$/);
  });

  it("counts in the order of gravity", async () => {
    expect((await found(resolvConf("nameserver 127.0.0.1\n"))).worst).toBe("problem");
    expect((await found(resolvConf("nameserver 127.0.0.1\noptions trust-ad timeout:1\n"))).worst).toBe("warning");
    expect(Object.keys(departments)).toEqual(["system", "mail", "resolver", "outside"]);
  });
});
