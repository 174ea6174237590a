/** `rootwalk dane check` from DNS to certificates, with servers on loopback. */
import { afterEach, describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import type { DomainReport } from "../../src/mail/check-report.ts";
import { tlsaLine } from "../dane/harness.ts";
import { commandIo } from "./command-io.ts";
import { type MailHostPlan, type MailWorld, mailWorld } from "./mail-world.ts";

const worlds: MailWorld[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.close();
});

type Zone = Parameters<typeof mailWorld>[1];

async function worldOf(hosts: readonly MailHostPlan[], zone?: Zone, extra?: (port: number) => string) {
  const world = await mailWorld(hosts, zone, extra);
  worlds.push(world);
  return world;
}

async function command(world: MailWorld, ...argv: string[]) {
  const io = commandIo(world);
  const code = await run(["dane", "check", ...argv], io);
  return { code, out: io.out(), err: io.err() };
}

async function check(world: MailWorld, ...options: string[]) {
  const { code, out, err } = await command(
    world,
    "--json",
    "-p",
    `${world.port}`,
    "--timeout",
    "60",
    ...options,
    "ta.lab",
  );
  expect(err).toBe("");
  const [report] = (JSON.parse(out) as { domains: DomainReport[] }).domains as [DomainReport];
  const warnings = report.warnings.map((one) => `${one.severity}: ${one.code}`);
  return { code, report, warnings };
}

const ecdsa = "leaf intermediate";
const rsa = "leaf-rsa intermediate";
const one = (tlsa: readonly string[], server: MailHostPlan["servers"][number] = {}): readonly MailHostPlan[] => [
  { name: "mx", servers: [server], tlsa },
];

describe("dane check", () => {
  it("verifies a server that is what its record says", async () => {
    const world = await worldOf(one(["3 1 1 leaf"]));
    const { code, report } = await check(world);
    expect(code).toBe(0);
    expect(report).toMatchObject({ outcome: "verified", reason: "1 of 1 hosts verified", nextHop: "secure" });
    const [host] = report.hosts;
    expect(host).toMatchObject({ name: "mx.ta.lab.", preference: 10, action: "authenticate", sni: "mx.ta.lab" });
    const [server] = host!.servers;
    expect(server!.attempts.map(({ algorithm, outcome }) => `${algorithm} ${outcome}`)).toEqual([
      "RSA not served",
      "ECDSA verified",
    ]);
    const attempt = server!.attempts[1]!;
    expect(attempt.matched).toMatchObject({ depth: 0, name: null });
    expect(attempt.tls).toMatchObject({ version: "TLSv1.3" });
    expect(attempt.certificates.map(({ subject, names, key }) => ({ subject, names, key }))).toEqual([
      { subject: "CN=Leaf", names: ["DNS:mx.ta.lab"], key: "EC prime256v1" },
      { subject: "CN=Intermediate", names: [], key: "EC prime256v1" },
    ]);
    // selector 1, matching type 1 is this digest
    expect(attempt.matched!.record).toBe(`3 1 1 ${attempt.certificates[0]!.spkiSha256}`);
    expect(new Set(world.servers[0]!.indicated)).toEqual(new Set(["mx.ta.lab"]));
    await expect.poll(() => world.servers[0]!.heard.filter((line) => line === "QUIT").length).toBe(1);
  });

  it("verifies by an issuer, at its depth and by name", async () => {
    const { code, report } = await check(await worldOf(one(["2 1 1 intermediate"])));
    expect(code).toBe(0);
    const matched = report.hosts[0]!.servers[0]!.attempts[1]!.matched;
    expect(matched).toMatchObject({ depth: 1, name: "mx.ta.lab" });
    expect(report.warnings).toEqual([]);
  });

  it("looks at both kinds of keys, and needs a record for each", async () => {
    const both = { chains: [rsa, ecdsa] };
    const right = await check(await worldOf(one(["3 1 1 leaf", "3 1 1 leaf-rsa"], both)));
    expect(right.code).toBe(0);
    expect(right.report.hosts[0]!.servers[0]!.attempts.map(({ outcome }) => outcome)).toEqual(["verified", "verified"]);
    const half = await check(await worldOf(one(["3 1 1 leaf"], both)));
    expect(half.code).toBe(3);
    expect(half.warnings).toContain("critical: no record for this key");
    expect((await check(await worldOf(one(["3 1 1 leaf"], both)), "--algorithm", "ecdsa")).code).toBe(0);
  });

  it("looks at every address of every host", async () => {
    const world = await worldOf([
      { name: "mx1", preference: 10, servers: [{}, {}], tlsa: ["3 1 1 leaf"] },
      { name: "mx2", preference: 20, servers: [{}, { chains: ["leaf-rsa"] }], tlsa: ["3 1 1 leaf"] },
    ]);
    const { code, report, warnings } = await check(world);
    expect(code).toBe(3);
    expect(report.hosts.map(({ outcome }) => outcome)).toEqual(["verified", "mismatch"]);
    expect(report.hosts[1]!.servers.map(({ outcome }) => outcome)).toEqual(["verified", "mismatch"]);
    expect(warnings).toContain("critical: mismatch");
  });

  it.each<[string, readonly MailHostPlan[], number, string, string[]]>([
    ["a wrong record", one(["3 1 1 !leaf"]), 3, "mismatch", ["critical: mismatch"]],
    [
      "no STARTTLS",
      one(["3 1 1 leaf"], { script: (line) => (line.startsWith("EHLO") ? "250 mx\r\n" : null) }),
      3,
      "mismatch",
      ["critical: starttls missing"],
    ],
    [
      "no STARTTLS, no record",
      one([], { script: (line) => (line.startsWith("EHLO") ? "250 mx\r\n" : null) }),
      4,
      "no tlsa",
      ["warning: starttls missing", "warning: host without tlsa"],
    ],
    [
      "text put behind STARTTLS",
      one(["3 1 1 leaf"], { behind: "220 x\r\n" }),
      3,
      "mismatch",
      ["critical: server unreachable"],
    ],
    ["no records", one([]), 4, "no tlsa", ["warning: host without tlsa"]],
    [
      "only records that do not count",
      one(["1 1 1 leaf", "3 1 3 leaf"]),
      4,
      "no tlsa",
      ["warning: usage does not count", "warning: record unusable"],
    ],
    [
      "only records that do not count, no STARTTLS",
      one(["1 1 1 leaf"], { script: (line) => (line.startsWith("EHLO") ? "250 mx\r\n" : null) }),
      3,
      "mismatch",
      ["critical: starttls missing"],
    ],
    [
      "a busy server",
      one(["3 1 1 leaf"], { greeting: "421 busy\r\n" }),
      7,
      "unreachable",
      ["warning: server unreachable"],
    ],
    [
      "nobody",
      [{ name: "mx", servers: ["nobody"], tlsa: ["3 1 1 leaf"] }],
      7,
      "unreachable",
      ["warning: server unreachable"],
    ],
    [
      "one of two addresses",
      [{ name: "mx", servers: [{}, "nobody"], tlsa: ["3 1 1 leaf"] }],
      6,
      "partial",
      ["warning: server unreachable"],
    ],
    [
      "one of two hosts with records",
      [
        { name: "mx1", servers: [{}], tlsa: ["3 1 1 leaf"] },
        { name: "mx2", servers: [{}] },
      ],
      6,
      "partial",
      ["warning: host without tlsa"],
    ],
    [
      "a stronger digest that is wrong",
      one(["3 1 1 leaf", "3 1 2 !leaf"]),
      3,
      "mismatch",
      ["note: record outranked", "critical: mismatch"],
    ],
    [
      "a name that differs, by usage 2",
      one(["2 1 1 intermediate"], { chains: ["leaf-elsewhere intermediate"] }),
      3,
      "mismatch",
      ["critical: mismatch"],
    ],
    [
      "an issuer that is not sent",
      one(["2 1 1 intermediate"], { chains: ["leaf"] }),
      3,
      "mismatch",
      ["critical: mismatch"],
    ],
    [
      "an expired certificate by usage 3",
      one(["3 1 1 leaf"], { chains: ["self-expired"] }),
      0,
      "verified",
      ["note: certificate expired"],
    ],
    [
      "an expired certificate by usage 2",
      one(["2 1 1 intermediate"], { chains: ["leaf-expired intermediate"] }),
      3,
      "mismatch",
      ["warning: certificate expired"],
    ],
    ["one record for the key in use", one(["3 1 1 leaf"]), 0, "verified", ["note: no next key"]],
    [
      "two, for the next key too",
      one(["3 1 1 leaf", "3 1 1 leaf-rsa"]),
      0,
      "verified",
      ["note: record matches nothing"],
    ],
    [
      "old TLS",
      one(["3 1 1 leaf"], { tls: { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" } }),
      0,
      "verified",
      ["warning: old tls"],
    ],
  ])("%s", async (_, hosts, code, outcome, warnings) => {
    const found = await check(await worldOf(hosts));
    expect({ code: found.code, outcome: found.report.outcome }).toEqual({ code, outcome });
    for (const warning of warnings) expect(found.warnings).toContain(warning);
  });

  it("without a next key and with one, says so only where it is so", async () => {
    const found = async (tlsa: string[], server = {}) => (await check(await worldOf(one(tlsa, server)))).warnings;
    expect(await found(["3 1 1 leaf", "2 1 1 intermediate"])).not.toContain("note: no next key");
    expect(await found(["3 1 1 leaf", "3 1 1 leaf-rsa"])).not.toContain("note: no next key");
    expect(await found(["3 1 1 leaf", "3 1 1 leaf-rsa"], { chains: [rsa, ecdsa] })).toContain("note: no next key");
  });

  it("warns before a certificate expires", async () => {
    // The lab's certificates are good until 2119.
    const world = await worldOf(one(["3 1 1 leaf"]));
    expect((await check(world, "--warn-expiry", "10000w")).warnings).toContain("warning: certificate expires soon");
    expect((await check(world, "--warn-expiry", "52w")).warnings).not.toContain("warning: certificate expires soon");
  });

  it("says what is wrong with DNS, with its extended error", async () => {
    const bogus = await worldOf(one(["3 1 1 leaf"]), {
      signing: { validity: (now) => ({ inception: now - 86400 * 9, expiration: now - 86400 }) },
    });
    const { code, report } = await check(bogus);
    expect(code).toBe(5);
    expect(report.outcome).toBe("bogus");
    expect(report.hosts).toEqual([]);
    const mx = report.dns.find(({ type }) => type === "MX")!;
    expect(mx).toMatchObject({ status: "bogus", rcode: "SERVFAIL" });
    expect(mx.ede.map(({ code: ede }) => ede)).toContain(7);
    expect(bogus.servers[0]!.heard).toEqual([]);
  });

  it("does no DANE without DNSSEC", async () => {
    const { code, report, warnings } = await check(await worldOf(one(["3 1 1 leaf"]), { signing: null }));
    expect(code).toBe(4);
    expect(report.nextHop).toBe("insecure");
    expect(warnings).toContain("warning: mx insecure");
    expect(warnings).toContain("warning: address insecure");
  });

  it("tells aliases", async () => {
    const alias = await worldOf([], {}, () => "@ MX 10 alias\nalias CNAME mx\nmx A 127.25.0.1\n");
    expect((await check(alias)).warnings).toContain("note: secure alias");
  });

  it("knows domains that take no mail", async () => {
    const world = await worldOf([], {}, () => "@ MX 0 .\n");
    expect(await check(world)).toMatchObject({ code: 8, report: { outcome: "no host" } });
  });

  it("checks a host that is in no MX, at an address that is not in DNS", async () => {
    const world = await worldOf(
      one(["3 1 1 leaf"]),
      {},
      (port) => `new A 192.0.2.9\n${tlsaLine(`_${port}._tcp.new`, "3 1 1 leaf")}`,
    );
    const host = ["--json", "--host", "--starttls", "smtp", "-p", `${world.port}`];
    expect((await command(world, ...host, "mx.ta.lab")).code).toBe(0);
    const { code, out } = await command(world, ...host, "-n", "127.25.0.1", "new.ta.lab");
    const [report] = (JSON.parse(out) as { domains: DomainReport[] }).domains;
    expect(code).toBe(0);
    expect(report!.hosts[0]!.servers.map(({ address }) => address)).toEqual(["127.25.0.1"]);
    // It has neither addresses nor records.
    expect((await command(world, ...host, "ta.lab")).code).toBe(8);
  });

  it("checks services by SRV, and TLS without STARTTLS", async () => {
    const world = await worldOf(
      one(["3 1 1 leaf"], { greeting: "TLS" }),
      {},
      (port) => `_imaps._tcp SRV 0 0 ${port} mx\n`,
    );
    const { code, out } = await command(world, "--json", "--service", "imaps", "ta.lab");
    const [report] = (JSON.parse(out) as { domains: DomainReport[] }).domains;
    expect({ code, outcome: report!.outcome, reason: report!.reason }).toEqual({
      code: 0,
      outcome: "verified",
      reason: "1 of 1 hosts verified",
    });
    expect((await command(world, "--service", "nothing", "ta.lab")).code).toBe(8);
  });

  it("takes several domains, and the worst decides", async () => {
    const world = await worldOf(one(["3 1 1 leaf"]));
    const { code, out } = await command(world, "-p", `${world.port}`, "ta.lab", "nothing.ta.lab");
    expect(code).toBe(8);
    expect(out).toContain("ta.lab: verified");
    expect(out).toContain("nothing.ta.lab: no host");
  });

  it("speaks to Nagios in one line", async () => {
    const nagios = async (hosts: readonly MailHostPlan[], ...more: string[]) => {
      const world = await worldOf(hosts);
      const { code, out } = await command(world, "--nagios", "-p", `${world.port}`, ...more, "ta.lab");
      expect(out.split("\n")).toHaveLength(2);
      return `${code} ${out}`;
    };
    expect(await nagios(one(["3 1 1 leaf"]))).toMatch(
      /^0 DANE OK - ta\.lab: verified, 1 of 1 hosts verified \| verified=1;;;0;1 domains=1;;;0 expires=[0-9]+s;1209600:;0: time=[0-9.]+s;;;0\n$/,
    );
    expect(await nagios(one(["3 1 1 leaf"]), "--warn-expiry", "10000w")).toMatch(/^1 DANE WARNING - .*expires on 2119/);
    expect(await nagios(one(["3 1 1 !leaf"]))).toMatch(/^2 DANE CRITICAL - ta\.lab: mismatch, mx\.ta\.lab\.: /);
    expect(await nagios(one([]))).toMatch(/^2 DANE CRITICAL - ta\.lab: no tlsa/);
  });

  it.each([
    [[], "dane check needs a domain"],
    [["--warn-expiry", "soon", "ta.lab"], '--warn-expiry is "soon"'],
    [["--starttls", "nntp", "ta.lab"], '--starttls is "nntp": one of smtp, lmtp, imap, pop3, sieve expected'],
    [["--tls", "--starttls", "smtp", "ta.lab"], "contradict"],
    [["--service", "a.b.c", "ta.lab"], "--service"],
    [["--address", "mx", "ta.lab"], '"mx" is no IPv4 or IPv6 address'],
    [["a..b"], "a..b"],
    [["-4", "-6", "ta.lab"], "no address"],
    [["--ehlo", "a b", "ta.lab"], "--ehlo"],
  ])("%j is wrong", async (argv, text) => {
    const { code, out, err } = await command(await worldOf([]), ...argv);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(text);
  });
});
