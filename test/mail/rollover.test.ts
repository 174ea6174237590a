/** Changing keys: what is safe now, and what when. RFC 7671 §8. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { smtpPolicy } from "../../src/dane/records.ts";
import { type KeyMaterial, readKeyMaterial } from "../../src/mail/key-material.ts";
import { planRollover } from "../../src/mail/rollover.ts";
import type { RolloverReport } from "../../src/mail/rollover-report.ts";
import { chain, LAB_NOW, pem, privateKey, record, rrsetOf, tlsaLine } from "../dane/harness.ts";
import { commandIo } from "./command-io.ts";
import { type MailHostPlan, type MailWorld, mailWorld } from "./mail-world.ts";

const TTL = 3600;

interface Case {
  readonly published?: readonly string[];
  /** One chain for each address: "leaf intermediate". */
  readonly served?: readonly string[];
  /** A chain, or "key other" for a bare key. */
  readonly next?: readonly string[];
  readonly sinceAgo?: number;
  readonly warnExpirySeconds?: number;
}

const material = (text: string): Promise<KeyMaterial> => {
  const [first, ...rest] = text.split(" ");
  const content = first === "key" ? privateKey(rest[0]!) : text.split(" ").map(pem).join("");
  return readKeyMaterial(Buffer.from(content), text);
};

async function plan({ published = ["3 1 1 leaf"], served = ["leaf intermediate"], next = ["other"], ...more }: Case) {
  const report = planRollover({
    published: published.length === 0 ? null : rrsetOf(...published),
    ttl: TTL,
    since: more.sinceAgo === undefined ? null : LAB_NOW - more.sinceAgo,
    served: served.map((names, i) => ({ address: `192.0.2.${i + 1}`, algorithm: "any", chain: chain(names) })),
    next: await Promise.all(next.map(material)),
    policy: smtpPolicy,
    now: LAB_NOW,
    warnExpirySeconds: more.warnExpirySeconds ?? 30 * 86400,
  });
  return {
    ...report,
    codes: report.findings.map(({ severity, code }) => `${severity}: ${code}`),
    does: report.steps.map((step) => step.do).join(" "),
  };
}

const text = (of: string): string => `${of.slice(0, 5)} ${Buffer.from(record(of).subarray(3)).toString("hex")}`;
const at = (seconds: number): string => new Date((LAB_NOW + seconds) * 1000).toISOString().replace(".000Z", "Z");
const both = ["3 1 1 leaf", "3 1 1 other"];

describe("a rollover", () => {
  it("begins with the next record beside the present one", async () => {
    const { state, does, steps } = await plan({});
    expect(state).toBe("publish");
    expect(does).toBe("publish wait install check remove");
    expect(steps[0]).toMatchObject({ from: at(0), records: [text("3 1 1 other")] });
    expect(steps[2]).toMatchObject({ from: at(2 * TTL), after: "the records are on every name server" });
    expect(steps[4]).toMatchObject({ from: null, records: [text("3 1 1 leaf")] });
  });
  it("waits for two TTLs", async () => {
    const early = await plan({ published: both, sinceAgo: 2 * TTL - 1 });
    expect(early).toMatchObject({ state: "wait", does: "wait install check remove" });
    expect(early.steps[1]!.from).toBe(at(1));
    expect(await plan({ published: both, sinceAgo: 2 * TTL })).toMatchObject({
      state: "install",
      does: "install check remove",
    });
  });
  it("does not believe that records are old if nobody says so", async () => {
    const { state, reason, steps } = await plan({ published: both });
    expect(state).toBe("published");
    expect(reason).toContain(at(-2 * TTL));
    expect(steps[1]!.from).toBe(at(2 * TTL));
  });
  it("goes on until every server shows the next, and says which do not", async () => {
    const { state, steps } = await plan({ published: both, served: ["other", "leaf intermediate"], sinceAgo: 9 * TTL });
    expect(state).toBe("installing");
    expect(steps[0]).toMatchObject({ do: "install", from: at(0), text: "the certificate in other on 192.0.2.2" });
  });
  it("ends with the removal of the former record", async () => {
    const over = await plan({ published: both, served: ["other"], sinceAgo: 9 * TTL });
    expect(over).toMatchObject({ state: "remove", does: "remove" });
    expect(over.steps[0]).toMatchObject({ from: at(0), records: [text("3 1 1 leaf")] });
    expect(await plan({ published: ["3 1 1 other"], served: ["other"], sinceAgo: 9 * TTL })).toMatchObject({
      state: "done",
      does: "",
    });
  });
  it("can be planned with a key that has no certificate yet", async () => {
    expect(await plan({ next: ["key other"] })).toMatchObject({ state: "publish" });
    expect(await plan({ published: both, next: ["key other"], sinceAgo: 3 * TTL })).toMatchObject({ state: "install" });
    expect(await plan({ published: both, served: ["other"], next: ["key other"], sinceAgo: 3 * TTL })).toMatchObject({
      state: "remove",
    });
  });
  it("is none where the key stays: the certificate can be installed at once", async () => {
    const same = await plan({ next: ["leaf-by-root root"] });
    expect(same).toMatchObject({ state: "install", does: "install check" });
    expect(same.codes).toContain("note: same key");
    // but selector 0 speaks of the certificate
    expect((await plan({ published: ["3 0 1 leaf"], next: ["leaf-by-root root"] })).state).toBe("publish");
  });
  it("is none under an issuer that stays", async () => {
    const renewed = await plan({ published: ["2 1 1 intermediate"], next: ["leaf-wildcard intermediate"] });
    expect(renewed.state).toBe("install");
    expect(renewed.codes).toEqual([]);
  });
  it("of one kind of key leaves the other kind alone", async () => {
    const published = ["3 1 1 leaf", "3 1 1 leaf-rsa"];
    const served = ["leaf intermediate", "leaf-rsa intermediate"];
    const { state, steps } = await plan({ published, served });
    expect(state).toBe("publish");
    expect(steps.at(-1)).toMatchObject({ do: "remove", records: [text("3 1 1 leaf")] });
    const after = await plan({
      published: [...published, "3 1 1 other"],
      served: ["other", "leaf-rsa intermediate"],
      sinceAgo: 3 * TTL,
    });
    expect(after).toMatchObject({ state: "remove" });
    expect(after.steps[0]!.records).toEqual([text("3 1 1 leaf")]);
  });
  it("asks for a record of each combination that is published", async () => {
    const { steps, codes } = await plan({ published: ["3 1 1 leaf", "3 1 2 leaf", "3 0 1 leaf"] });
    expect(new Set(steps[0]!.records)).toEqual(new Set(["3 1 1 other", "3 1 2 other", "3 0 1 other"].map(text)));
    expect(codes).toEqual([]);
    const half = await plan({ published: ["3 1 1 leaf", "3 0 1 leaf", "3 1 1 other"], sinceAgo: 9 * TTL });
    expect(half.state).toBe("install");
    expect(half.codes).toContain("warning: unmatched combination");
  });
  it("into DANE for the first time waits until the absence is forgotten", async () => {
    const first = await plan({ published: [], next: ["leaf intermediate"] });
    // What is served now is refused by nobody.
    expect(first.state).toBe("publish");
    expect(first.steps.at(0)!.records).toEqual([text("3 1 1 leaf")]);
  });
});

describe("what is wrong", () => {
  it.each<[string, Case, string, string]>([
    ["early retirement", { published: ["3 1 1 other"] }, "broken", "critical: early retirement"],
    [
      "no introduction",
      { published: ["3 1 1 leaf"], served: ["leaf intermediate", "other"] },
      "broken",
      "critical: no introduction",
    ],
    ["no introduction of anything", { published: ["3 1 1 root"], next: [] }, "broken", "critical: no introduction"],
    [
      "late introduction",
      { published: both, served: ["leaf intermediate", "other"], sinceAgo: TTL },
      "installing",
      "critical: late introduction",
    ],
    [
      "a digest that outranks the right one",
      { published: ["3 1 1 leaf", "3 1 2 root"], next: [] },
      "broken",
      "critical: no introduction",
    ],
    [
      "a combination that fits nothing",
      { published: ["3 1 1 leaf", "2 1 1 root"], next: [] },
      "nothing planned",
      "warning: unmatched combination",
    ],
    [
      "another issuer",
      { published: ["2 1 1 intermediate"], next: ["leaf-by-root root"] },
      "publish",
      "warning: issuer rotates",
    ],
    [
      "an issuer that ends",
      { published: ["2 1 1 intermediate"], next: [], warnExpirySeconds: 200 * 365 * 86400 },
      "nothing planned",
      "warning: issuer rotates",
    ],
    [
      "a forgotten record",
      { published: ["3 1 1 leaf", "3 1 1 root"], next: [] },
      "nothing planned",
      "note: forgotten record",
    ],
    [
      "a request under an issuer's record",
      { published: ["2 1 1 intermediate"], next: ["key other"] },
      "publish",
      "note: record cannot be made",
    ],
    [
      "an issuer that is not sent",
      { published: ["2 1 1 intermediate"], served: ["leaf"], next: [] },
      "broken",
      "critical: no introduction",
    ],
    [
      "an issuer that did not sign",
      { published: ["2 1 1 root"], served: ["leaf root"], next: [] },
      "broken",
      "critical: no introduction",
    ],
  ])("%s", async (_, one, state, code) => {
    const found = await plan(one);
    expect(found.state).toBe(state);
    expect(found.codes).toContain(code);
  });

  it("and what would put it right at once", async () => {
    const { steps } = await plan({ published: ["3 1 1 other"] });
    expect(steps[0]).toMatchObject({ do: "publish", records: [text("3 1 1 leaf")] });
  });
});

const folder = mkdtempSync(join(tmpdir(), "rootwalk-rollover-"));
const worlds: MailWorld[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("tlsa rollover", () => {
  const file = (names: string): string => {
    const path = join(folder, `${names.replaceAll(" ", "-")}.pem`);
    writeFileSync(path, names.split(" ").map(pem).join(""));
    return path;
  };
  async function rollover(hosts: readonly MailHostPlan[], argv: readonly string[]) {
    const world = await mailWorld(hosts);
    worlds.push(world);
    const io = commandIo(world);
    const code = await run(["tlsa", "rollover", "--starttls", "smtp", "-p", `${world.port}`, ...argv], io);
    return { code, out: io.out(), err: io.err() };
  }
  const host = (tlsa: readonly string[], ...chains: string[]): readonly MailHostPlan[] => [
    {
      name: "mx",
      servers: (chains.length === 0 ? ["leaf intermediate"] : chains).map((one) => ({ chains: [one] })),
      tlsa,
    },
  ];

  it("answers a renewal script by its exit code", async () => {
    const next = ["--next", file("leaf-rsa intermediate"), "mx.ta.lab"];
    const published = ["3 1 1 leaf", "3 1 1 leaf-rsa"];
    expect((await rollover(host(["3 1 1 leaf"]), next)).code).toBe(4);
    expect((await rollover(host(published), next)).code).toBe(4);
    expect((await rollover(host(published), ["--published-since", "1h", ...next])).code).toBe(4);
    expect((await rollover(host(published), ["--published-since", "3h", ...next])).code).toBe(0);
    expect((await rollover(host(["3 1 1 leaf-rsa"]), next)).code).toBe(3);
    expect((await rollover(host(["3 1 1 leaf"]), ["mx.ta.lab"])).code).toBe(0);
    expect((await rollover([{ name: "mx", servers: ["nobody"], tlsa: ["3 1 1 leaf"] }], next)).code).toBe(7);
    expect((await rollover(host([]), ["none.ta.lab"])).code).toBe(7);
  });

  it("prints a timetable", async () => {
    const { out } = await rollover(host(["3 1 1 leaf"]), ["--next", file("other"), "mx.ta.lab"]);
    expect(out).toMatch(/^mx\.ta\.lab port [0-9]+: publish\n {2}no published record speaks of the certificate in /);
    expect(out).toContain(
      "1. publish now\n     add these records beside those that are there; remove none\n       3 1 1 ",
    );
    expect(out).toMatch(/3\. install from 20\S+Z \(in [12] h[^)]*\), when the records are on every name server\n/);
    expect(out).toMatch(/5\. remove when no server shows the former chain any more\n/);
  });

  it("prints JSON", async () => {
    const { out } = await rollover(host(["3 1 1 leaf"]), ["--json", "--next", file("other"), "mx.ta.lab"]);
    const report = JSON.parse(out) as RolloverReport;
    expect(report).toMatchObject({ host: "mx.ta.lab", state: "publish", ttl: 3600, failures: [], findings: [] });
    expect(report.records[0]!.speaksOf).toEqual(["127.25.0.1 (ECDSA: CN=Leaf)"]);
    expect(Object.keys(report.steps[0]!)).toEqual(["do", "from", "after", "text", "records"]);
  });

  it("takes files for what is published and served, and then needs no network", async () => {
    const zone = join(folder, "zone");
    writeFileSync(
      zone,
      `$TTL 600\n${tlsaLine("_25._tcp.mx.ta.lab.", "3 1 1 leaf")}${tlsaLine("_25._tcp.mx.ta.lab.", "3 1 1 other")}`,
    );
    const io = commandIo();
    const offline = { ...io, createResolver: () => expect.fail("nothing is to be asked") };
    const argv = [
      "tlsa",
      "rollover",
      "--published",
      zone,
      "--served",
      file("leaf intermediate"),
      "--next",
      file("other"),
    ];
    expect(await run([...argv, "--published-since", "21m", "mx.ta.lab"], offline)).toBe(0);
    expect(await run([...argv, "--published-since", "19m", "mx.ta.lab"], offline)).toBe(4);
    expect(io.err()).toBe("");
  });

  it.each([
    [[], "needs one host"],
    [["a", "b"], "needs one host"],
    [["--next", "/nowhere.pem", "a"], "there is no such file"],
    [["--published-since", "yesterday", "a"], "--published-since"],
    [["--published-since", "2999-01-01", "a"], "yet to come"],
    [["--next", file("leaf"), "--next", file("other"), "a"], "are of one kind (ec)"],
    [["--served", file("leaf"), "--published", "/nowhere", "a"], "cannot read /nowhere: there is no such file"],
    [["--next", "/", "a"], "cannot read /: it is a directory"],
    [["-n", "mx", "a"], "is no IPv4 or IPv6 address"],
  ])("%j is wrong", async (argv, why) => {
    const io = commandIo();
    expect(await run(["tlsa", "rollover", ...argv], io)).toBe(2);
    expect(io.err()).toContain(why);
  });
});
