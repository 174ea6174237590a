/** RFC 8460: where reports go, what is counted, what they look like, and the same as datagrams. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { told } from "../../src/dane/codes.ts";
import { seededRandom, virtualClock } from "../../src/env/virtual.ts";
import { LAB_NOW } from "../../src/lab/wounds.ts";
import { type MailPlan, planMail } from "../../src/mail/plan-mail.ts";
import type { StsState } from "../../src/mail/sts.ts";
import { parseStsPolicy } from "../../src/mail/sts-policy.ts";
import { createTlsrptCollector, dayOf, type SessionEnds } from "../../src/mail/tlsrpt-collector.ts";
import { perlDatagramSender, tlsrptDatagram } from "../../src/mail/tlsrpt-datagram.ts";
import { lookUpTlsrpt, parseTlsrptRecord } from "../../src/mail/tlsrpt-record.ts";
import { tlsrptMail, tlsrptReport } from "../../src/mail/tlsrpt-report.ts";
import { type PolicyResult, policyResults, type ReportedPolicy } from "../../src/mail/tlsrpt-results.ts";
import { inWorld, record, tlsaLine } from "../dane/harness.ts";
import { reportFaults } from "./tlsrpt-schema.ts";

describe("the record", () => {
  it.each([
    ["v=TLSRPTv1;rua=mailto:reports@example.com", ["mailto:reports@example.com"]],
    ["v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt", ["https://reporting.example.com/v1/tlsrpt"]],
    ["v=TLSRPTv1; rua=mailto:a@b.example , https://c.example/?x=y;", ["mailto:a@b.example", "https://c.example/?x=y"]],
    ["v=TLSRPTv1; ext=1; rua=mailto:a@b.example; rua=mailto:c@d.example", ["mailto:a@b.example", "mailto:c@d.example"]],
  ])("%s", (text, rua) => expect(parseTlsrptRecord([text, "v=spf1 -all"])).toEqual({ kind: "record", text, rua }));

  it.each([
    [[], 'no TXT begins with "v=TLSRPTv1;"'],
    [
      ["v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:a@b.example"],
      '2 TXT begin with "v=TLSRPTv1;": one expected',
    ],
    [["v=TLSRPTv1;"], '"v=TLSRPTv1;" has no rua'],
    [["v=TLSRPTv1; rua="], 'rua "": mailto: or https: expected'],
    [["v=TLSRPTv1; rua=mailto:nobody"], 'rua "mailto:nobody": mailto: or https: expected'],
    [["v=TLSRPTv1; rua=http://a.example/"], 'rua "http://a.example/": mailto: or https: expected'],
    [["v=TLSRPTv1; rua=mailto:a@b.example!10m"], 'rua "mailto:a@b.example!10m": mailto: or https: expected'],
    [["v=TLSRPTv1; rua=https://"], 'rua "https://": mailto: or https: expected'],
  ])("%j is none", (texts, reason) => expect(parseTlsrptRecord(texts)).toEqual({ kind: "none", reason }));

  it("may name ten destinations, not more", () => {
    const many = Array.from({ length: 30 }, (_, i) => `mailto:r${i}@b.example`).join(",");
    expect(parseTlsrptRecord([`v=TLSRPTv1; rua=${many}`])).toMatchObject({ rua: { length: 10 } });
  });

  it("stands at _smtp._tls, in as many strings as it likes, behind an alias or not", async () => {
    const zones = [
      { apex: "ta.lab.", records: '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:" "r@ta.lab"\n@ A 192.0.2.1' },
      { apex: "too.lab.", records: "_smtp._tls CNAME _smtp._tls.ta.lab.\n@ A 192.0.2.1" },
    ];
    await inWorld(zones, async ({ resolver, clock }) => {
      for (const domain of ["ta.lab", "too.lab"])
        expect(await lookUpTlsrpt(resolver, domain, { clock })).toMatchObject({
          kind: "record",
          rua: ["mailto:r@ta.lab"],
        });
      expect(await lookUpTlsrpt(resolver, "lab", { clock })).toMatchObject({ kind: "none" });
      expect(await lookUpTlsrpt(resolver, `${`${"a".repeat(60)}.`.repeat(4)}lab`, { clock })).toMatchObject({
        kind: "none",
      });
    });
  });
});

const stsPolicy = parseStsPolicy("version: STSv1\nmode: enforce\nmx: *.ta.lab\nmax_age: 86400\n");

function sts(mode: "enforce" | "testing", problem: StsState extends { problem: infer P } ? P : null = null): StsState {
  if (stsPolicy.kind === "invalid") throw new Error(stsPolicy.reason);
  return {
    kind: "policy",
    domain: "ta.lab",
    policy: { ...stsPolicy.policy, mode },
    reason: "",
    problem,
    expires: LAB_NOW + 60,
  };
}

const noSts: StsState = { kind: "none", domain: "ta.lab", reason: "", problem: null, expires: LAB_NOW + 60 };

async function plan(records: string, state: StsState): Promise<MailPlan> {
  const zone = { apex: "ta.lab.", records: `@ MX 10 mx\nmx A 192.0.2.25\n${records}` };
  return inWorld([zone], ({ resolver, clock }) =>
    planMail(resolver, { policyFor: async () => state }, "ta.lab", { clock }),
  );
}

/** "tlsa mx.ta.lab failure: validation-failure" */
function line({ policy, final, failures }: PolicyResult): string {
  const types = failures.map(({ result }) => ` ${result}`).join("");
  return `${policy.type} ${policy.domain} ${final}${types === "" ? "" : `:${types}`}`;
}

describe("a session", () => {
  const pinned = tlsaLine("_25._tcp.mx", "3 1 1 leaf");
  const bad = told("no record matches", "");

  it("with DANE is about the TLSA base domain and its records", async () => {
    const made = await plan(pinned, noSts);
    const [verified] = policyResults(made, made.hosts[0]!, { failure: null });
    expect(verified!.policy).toEqual({
      type: "tlsa",
      domain: "mx.ta.lab",
      strings: [`3 1 1 ${Buffer.from(record("3 1 1 leaf").subarray(3)).toString("hex")}`],
      mx: [],
    });
    expect(line(verified!)).toBe("tlsa mx.ta.lab success");
    expect(policyResults(made, made.hosts[0]!, { failure: bad }).map(line)).toEqual([
      "tlsa mx.ta.lab failure: validation-failure",
    ]);
  });

  it("with records none of which is usable tells so, though mail goes out", async () => {
    const made = await plan(tlsaLine("_25._tcp.mx", "1 1 1 leaf"), noSts);
    expect(policyResults(made, made.hosts[0]!, { failure: null }).map(line)).toEqual([
      "tlsa mx.ta.lab success: tlsa-invalid",
    ]);
  });

  it("with MTA-STS is about the domain and the policy as published", async () => {
    const made = await plan("", sts("enforce"));
    const failure = told("sts name mismatch", "");
    const [failed] = policyResults(made, made.hosts[0]!, { failure });
    expect(failed!.policy).toEqual({
      type: "sts",
      domain: "ta.lab",
      strings: ["version: STSv1", "mode: enforce", "mx: *.ta.lab", "max_age: 86400"],
      mx: ["*.ta.lab"],
    });
    expect(line(failed!)).toBe("sts ta.lab failure: certificate-host-mismatch");
  });

  it("with a policy in testing tells what would have failed, though mail goes out", async () => {
    const made = await plan("", sts("testing"));
    const [host] = made.hosts;
    const test = told("sts starttls missing", "");
    expect(policyResults(made, host!, { failure: null, test }).map(line)).toEqual([
      "sts ta.lab success: starttls-not-supported",
    ]);
    expect(policyResults(made, host!, { failure: null }).map(line)).toEqual(["sts ta.lab success"]);
  });

  it("without any policy counts as well", async () => {
    const made = await plan("", noSts);
    expect(policyResults(made, made.hosts[0]!, { failure: null }).map(line)).toEqual([
      "no-policy-found ta.lab success",
    ]);
  });

  it("whose policy could not be fetched tells that", async () => {
    const problem = told("sts policy not fetched", "");
    const made = await plan("", { ...noSts, problem } as StsState);
    expect(policyResults(made, made.hosts[0]!, { failure: null }).map(line)).toEqual([
      "sts ta.lab success: sts-policy-fetch-error",
    ]);
  });

  it("that was never begun, for the plan says skip, tells why", async () => {
    if (stsPolicy.kind === "invalid") throw new Error();
    const elsewhere = {
      ...sts("enforce"),
      policy: { ...stsPolicy.policy, mode: "enforce", mx: ["x.lab"] },
    } as StsState;
    const made = await plan("", elsewhere);
    expect(policyResults(made, made.hosts[0]!, { failure: null }).map(line)).toEqual([
      "sts ta.lab failure: validation-failure",
    ]);
  });
});

const dane: ReportedPolicy = { type: "tlsa", domain: "mx.ta.lab", strings: ["3 1 1 ab"], mx: [] };
const good: PolicyResult = { policy: dane, final: "success", failures: [] };
const failing = (reason: string): PolicyResult => ({
  policy: dane,
  final: "failure",
  failures: [{ result: "validation-failure", reason }],
});
const ends: SessionEnds = { sendingMtaIp: "192.0.2.1", receivingMxHostname: "mx.ta.lab", receivingIp: "192.0.2.25" };
const reporter = { organizationName: "Example Inc.", contactInfo: "tls@example.org", submitter: "mail.example.org" };

describe("the collector", () => {
  it("counts by domain, day and policy, and gives a day away once", async () => {
    const clock = virtualClock({ unixSeconds: LAB_NOW });
    const collector = createTlsrptCollector({ clock });
    const today = dayOf(LAB_NOW);
    for (let i = 0; i < 3; i++) collector.add("ta.lab", [good], ends);
    collector.add("TA.lab.", [failing("no record matches")], ends);
    collector.add("ta.lab", [failing("no record matches")], ends);
    collector.add("ta.lab", [failing("handshake failed")], ends);
    collector.add("other.lab", [good], ends);
    expect(collector.finishedDays()).toEqual([]);
    await clock.advance(86_400_000);
    collector.add("ta.lab", [good], ends);
    expect(collector.finishedDays()).toEqual([today]);
    const taken = collector.take(today);
    expect(taken.map(({ domain }) => domain)).toEqual(["ta.lab", "other.lab"]);
    expect(taken[0]!.policies).toEqual([
      {
        policy: dane,
        successful: 3,
        failed: 3,
        failures: [
          { result: "validation-failure", reasonCode: "no record matches", ...ends, sessions: 2 },
          { result: "validation-failure", reasonCode: "handshake failed", ...ends, sessions: 1 },
        ],
      },
    ]);
    expect(collector.take(today)).toEqual([]);
  });

  it("stays bounded whatever hosts call themselves, and counts every failure all the same", () => {
    const limits = { domains: 3, policies: 2, failures: 5, days: 2 };
    const collector = createTlsrptCollector({ clock: virtualClock({ unixSeconds: LAB_NOW }), limits });
    for (let i = 0; i < 1000; i++)
      collector.add("ta.lab", [failing("x")], { ...ends, receivingMxHelo: `${"z".repeat(1000)}${i}\r\n${i}` });
    for (let i = 0; i < 1000; i++) collector.add(`d${i}.lab`, [good]);
    for (let i = 0; i < 10; i++) collector.add("d0.lab", [{ ...good, policy: { ...dane, domain: `p${i}` } }]);
    const [first, second, ...rest] = collector.take(dayOf(LAB_NOW));
    expect(rest).toHaveLength(1);
    expect(first!.policies[0]!.failed).toBe(1000);
    const { failures } = first!.policies[0]!;
    expect(failures.reduce((sum, { sessions }) => sum + sessions, 0)).toBe(1000);
    expect(failures.length).toBeLessThanOrEqual(6);
    expect(Math.max(...failures.map(({ receivingMxHelo = "" }) => receivingMxHelo.length))).toBeLessThanOrEqual(255);
    expect(second!.policies).toHaveLength(2);
    expect(collector.lost).toBe(998 + 9);
  });

  it("keeps no more days than told", async () => {
    const clock = virtualClock({ unixSeconds: LAB_NOW });
    const collector = createTlsrptCollector({ clock, limits: { days: 2 } });
    for (let i = 0; i < 5; i++) {
      collector.add("ta.lab", [good]);
      await clock.advance(86_400_000);
    }
    expect(collector.finishedDays()).toHaveLength(2);
  });
});

describe("the report", () => {
  /** RFC 8460 appendix B */
  const example = {
    domain: "company-y.example",
    day: "2016-04-01",
    policies: [
      {
        policy: {
          type: "sts",
          domain: "company-y.example",
          strings: ["version: STSv1", "mode: testing", "mx: *.mail.company-y.example", "max_age: 86400"],
          mx: ["*.mail.company-y.example"],
        },
        successful: 5326,
        failed: 303,
        failures: [
          {
            result: "certificate-expired",
            sendingMtaIp: "2001:db8:abcd:0012::1",
            receivingMxHostname: "mx1.mail.company-y.example",
            sessions: 100,
            reasonCode: "",
          },
          {
            result: "starttls-not-supported",
            sendingMtaIp: "2001:db8:abcd:0013::1",
            receivingMxHostname: "mx2.mail.company-y.example",
            receivingIp: "203.0.113.56",
            sessions: 200,
            additionalInformation:
              "https://reports.company-x.example/report_info?id=5065427c-23d3#StarttlsNotSupported",
            reasonCode: "",
          },
          {
            result: "validation-failure",
            sendingMtaIp: "198.51.100.62",
            receivingIp: "203.0.113.58",
            receivingMxHostname: "mx-backup.mail.company-y.example",
            sessions: 3,
            reasonCode: "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED",
          },
        ],
      },
    ],
  } as const;
  const company = {
    organizationName: "Company-X",
    contactInfo: "sts-reporting@company-x.example",
    submitter: "mail.company-x.example",
  };

  it("is that of RFC 8460 appendix B, field by field", () => {
    const { json, id } = tlsrptReport(example, company, { random: seededRandom(1) });
    expect(JSON.parse(json)).toEqual({
      "organization-name": "Company-X",
      "date-range": { "start-datetime": "2016-04-01T00:00:00Z", "end-datetime": "2016-04-01T23:59:59Z" },
      "contact-info": "sts-reporting@company-x.example",
      "report-id": id,
      policies: [
        {
          policy: {
            "policy-type": "sts",
            "policy-string": ["version: STSv1", "mode: testing", "mx: *.mail.company-y.example", "max_age: 86400"],
            "policy-domain": "company-y.example",
            "mx-host": ["*.mail.company-y.example"],
          },
          summary: { "total-successful-session-count": 5326, "total-failure-session-count": 303 },
          "failure-details": [
            {
              "result-type": "certificate-expired",
              "sending-mta-ip": "2001:db8:abcd:0012::1",
              "receiving-mx-hostname": "mx1.mail.company-y.example",
              "failed-session-count": 100,
            },
            {
              "result-type": "starttls-not-supported",
              "sending-mta-ip": "2001:db8:abcd:0013::1",
              "receiving-mx-hostname": "mx2.mail.company-y.example",
              "receiving-ip": "203.0.113.56",
              "failed-session-count": 200,
              "additional-information":
                "https://reports.company-x.example/report_info?id=5065427c-23d3#StarttlsNotSupported",
            },
            {
              "result-type": "validation-failure",
              "sending-mta-ip": "198.51.100.62",
              "receiving-ip": "203.0.113.58",
              "receiving-mx-hostname": "mx-backup.mail.company-y.example",
              "failed-session-count": 3,
              "failure-reason-code": "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED",
            },
          ],
        },
      ],
    });
    expect(reportFaults(JSON.parse(json))).toEqual([]);
  });

  it("has the file name of RFC 8460 §5.1, and gzip holds the same", () => {
    const { fileName, gzip, json } = tlsrptReport(example, company, { random: seededRandom(1) });
    expect(fileName).toMatch(
      /^mail\.company-x\.example!company-y\.example!1459468800!1459555199![0-9a-f]{16}\.json\.gz$/,
    );
    expect(gunzipSync(gzip).toString()).toBe(json);
    expect(() => tlsrptReport({ ...example, day: "yesterday" }, company)).toThrow(
      'day "yesterday": YYYY-MM-DD expected',
    );
  });

  it("keeps to the schema whatever was collected", () => {
    const results = fc.record({
      type: fc.constantFrom("tlsa" as const, "sts" as const, "no-policy-found" as const),
      final: fc.constantFrom("success" as const, "failure" as const),
      reason: fc.string({ minLength: 1 }),
      helo: fc.string({ unit: "binary" }),
    });
    fc.assert(
      fc.property(fc.array(results, { maxLength: 20 }), (sessions) => {
        const collector = createTlsrptCollector({ clock: virtualClock({ unixSeconds: LAB_NOW }) });
        for (const { type, final, reason, helo } of sessions)
          collector.add(
            "ta.lab",
            [
              {
                policy: { ...dane, type },
                final,
                failures: final === "success" ? [] : [{ result: "validation-failure", reason }],
              },
            ],
            { ...ends, receivingMxHelo: helo },
          );
        return collector
          .take(dayOf(LAB_NOW))
          .every((day) => reportFaults(JSON.parse(tlsrptReport(day, reporter).json)).length === 0);
      }),
    );
    expect(reportFaults({ policies: [{}] })).not.toEqual([]); // the check can fail
  });

  it("goes out as the mail of RFC 8460 §5.3", () => {
    const report = tlsrptReport(example, company, { random: seededRandom(1) });
    const rua = ["https://x.example/", "mailto:a%2Bb@company-y.example?subject=x", "mailto:x%0d%0aBcc:y@z.example"];
    const date = new Date(Date.UTC(2016, 3, 2, 3, 4, 5));
    const mail = tlsrptMail(report, company, { rua, from: "noreply@company-x.example", date })!;
    expect(mail.to).toEqual(["a+b@company-y.example"]);
    const [head = "", ...parts] = mail.message.split(/\r\n--=_[0-9a-f]+(?:--)?\r\n/);
    const messageId = "<2016-04-01T00.00.00Z_company-y.example_";
    expect(head.replaceAll("\r\n ", " ").split("\r\n")).toEqual([
      "From: <noreply@company-x.example>",
      "To: <a+b@company-y.example>",
      "Date: Sat, 02 Apr 2016 03:04:05 +0000",
      expect.stringContaining(`Message-ID: ${messageId}`),
      expect.stringContaining(
        `Subject: Report Domain: company-y.example Submitter: mail.company-x.example Report-ID: ${messageId}`,
      ),
      "TLS-Report-Domain: company-y.example",
      "TLS-Report-Submitter: mail.company-x.example",
      "TLS-Required: No",
      "Auto-Submitted: auto-generated",
      "MIME-Version: 1.0",
      expect.stringMatching(/^Content-Type: multipart\/report; report-type="tlsrpt"; boundary="=_[0-9a-f]+"$/),
      "",
    ]);
    const [partHead, body] = parts[1]!.split("\r\n\r\n");
    expect(partHead).toContain("Content-Type: application/tlsrpt+gzip");
    expect(partHead).toContain(`filename="${report.fileName}"`);
    expect(gunzipSync(Buffer.from(body!, "base64")).toString()).toBe(report.json);
    expect(mail.message.split("\r\n").every((text) => text.length <= 998 && !text.includes("\n"))).toBe(true);
    expect(tlsrptMail(report, company, { rua: ["https://x.example/"], from: "a@b.example", date })).toBeNull();
  });
});

describe("the datagram", () => {
  const session = {
    domain: "company-y.example",
    record: "v=TLSRPTv1;rua=mailto:reports@company-y.example",
    results: [
      {
        policy: {
          type: "sts",
          domain: "company-y.example",
          strings: ["version: STSv1"],
          mx: ["*.mail.company-y.example"],
        },
        final: "success",
        failures: [{ result: "sts-policy-invalid", reason: "sts policy invalid" }],
      },
      good,
    ],
    ends: { ...ends, receivingMxHelo: "mx\u2028\n" },
  } as const;

  it("has libtlsrpt's keys and numbers, and no line end", () => {
    const octets = tlsrptDatagram(session);
    expect(Buffer.from(octets).includes(0x0a)).toBe(false);
    expect(JSON.parse(Buffer.from(octets).toString())).toEqual({
      dpv: "1",
      d: "company-y.example",
      pr: "v=TLSRPTv1;rua=mailto:reports@company-y.example",
      policies: [
        {
          "policy-type": 2,
          "policy-domain": "company-y.example",
          "policy-string": ["version: STSv1"],
          "mx-host": ["*.mail.company-y.example"],
          "failure-details": [
            { c: 302, s: "192.0.2.1", n: "mx.ta.lab", h: "mx\u2028\n", r: "192.0.2.25", f: "sts policy invalid" },
          ],
          t: 1,
          f: 0,
        },
        { "policy-type": 1, "policy-domain": "mx.ta.lab", "policy-string": ["3 1 1 ab"], t: 0, f: 0 },
      ],
    });
  });

  it("too big for one is refused", () => {
    const strings = ["3 0 0 ".padEnd(70_000, "a")];
    expect(() => tlsrptDatagram({ ...session, results: [{ ...good, policy: { ...dane, strings } }] })).toThrow(
      /octets: at most 65000 expected/,
    );
  });

  const perl = ["/usr/bin/perl", "/bin/perl", "/usr/local/bin/perl"].find((path) => existsSync(path));

  describe.skipIf(perl === undefined)("sent by a helper (needs Perl)", () => {
    it("arrives at a Unix datagram socket as it was, each for itself", async () => {
      const folder = mkdtempSync(join(tmpdir(), "rootwalk-tlsrpt-"));
      const path = join(folder, "collectd.sock");
      // prints a dot when it listens, then each datagram as a line of hexadecimal, until three have come
      const program = `use Socket; socket(my $s, AF_UNIX, SOCK_DGRAM, 0); bind($s, sockaddr_un($ARGV[0])) or die; $| = 1;
        print ".\\n"; for (1 .. 3) { recv($s, my $d, 100000, 0); print unpack("H*", $d), "\\n"; }`;
      const collector = spawn(perl!, ["-e", program, path], { stdio: ["ignore", "pipe", "inherit"] });
      const lines: string[] = [];
      const sender = perlDatagramSender(path, { command: perl! });
      try {
        const done = new Promise((resolve) => collector.on("exit", resolve));
        let text = "";
        await new Promise<void>((resolve) => {
          collector.stdout.on("data", (chunk) => {
            text += chunk;
            lines.splice(0, lines.length, ...text.split("\n").slice(1, -1));
            resolve();
          });
        });
        const big = { ...session, results: [{ ...good, policy: { ...dane, strings: ["x".repeat(60_000)] } }] };
        const sent = [session, big, { ...session, domain: "z.example" }].map(tlsrptDatagram);
        for (const octets of sent) sender.send(octets);
        await done;
        await sender.close();
        expect(lines).toEqual(sent.map((octets) => Buffer.from(octets).toString("hex")));
        expect(sender.lost).toBe(0);
      } finally {
        collector.kill();
        rmSync(folder, { recursive: true, force: true });
      }
    });

    it("to nobody is lost, counted, and no error", async () => {
      const sender = perlDatagramSender("/nonexistent/collectd.sock", { command: perl! });
      sender.send(tlsrptDatagram(session));
      sender.send(tlsrptDatagram(session));
      await sender.close();
      expect(sender.lost).toBe(2);
    });
  });

  it("without the helper's program is lost, counted, and no error", async () => {
    const sender = perlDatagramSender("/nonexistent/collectd.sock", { command: "/nonexistent/perl" });
    sender.send(tlsrptDatagram(session));
    await sender.close();
    expect(sender.lost).toBe(1);
  });
});
