/** Policies found, fetched, kept and renewed, in virtual time; and all the ways in which somebody could take one away. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Sts, StsState } from "../../src/mail/sts.ts";
import { stsFolder } from "../../src/mail/sts-store.ts";
import { DAY, policyText, type StsLab, stsLab } from "./sts-lab.ts";

const URL = "https://mta-sts.ta.lab/.well-known/mta-sts.txt";
const fails = { kind: "failed", reason: `${URL}: connect ECONNREFUSED` } as const;

/** "enforce id 1", or why there is none. */
async function stateIn({ clock, sts }: StsLab, domain = "ta.lab", by: Sts = sts): Promise<string> {
  return text(await clock.run(() => by.policyFor(domain)));
}

function text(state: StsState): string {
  switch (state.kind) {
    case "policy":
      return `${state.policy.mode} ${/id \w+/.exec(state.reason)![0]}${state.problem === null ? "" : `, ${state.problem.code}`}`;
    case "none":
      return `none${state.problem === null ? "" : `, ${state.problem.code}`}: ${state.reason}`;
    case "unknown":
      return `unknown: ${state.reason}`;
  }
}

describe("a policy", () => {
  it("is fetched once, and then known", async () => {
    const lab = stsLab();
    expect(await stateIn(lab)).toBe("enforce id 1");
    expect(await stateIn(lab, "TA.lab.")).toBe("enforce id 1");
    expect(lab.fetches).toEqual(["ta.lab"]);
  });

  it("is fetched once for all who ask at the same time", async () => {
    const lab = stsLab();
    const states = await lab.clock.run(() =>
      Promise.all(Array.from({ length: 50 }, () => lab.sts.policyFor("ta.lab"))),
    );
    expect(new Set(states.map(text))).toEqual(new Set(["enforce id 1"]));
    expect(lab.fetches).toHaveLength(1);
  });

  it("is fetched anew when its id changes", async () => {
    const lab = stsLab();
    await stateIn(lab);
    Object.assign(lab, { txt: ["v=STSv1; id=2"], web: policyText("testing") });
    expect(await stateIn(lab)).toBe("testing id 2");
  });

  it("that is withdrawn (mode none) is none, and the withdrawal is kept", async () => {
    const lab = stsLab();
    await stateIn(lab);
    Object.assign(lab, { txt: ["v=STSv1; id=2"], web: policyText("none") });
    expect(await stateIn(lab)).toBe("none: the MTA-STS policy of ta.lab (id 2) has mode none");
    lab.txt = [];
    expect(await stateIn(lab)).toBe("none: the MTA-STS policy of ta.lab (id 2) has mode none");
    expect(lab.fetches).toHaveLength(2);
  });

  it("with max_age 0 applies to the mail for which it was fetched", async () => {
    const lab = stsLab();
    lab.web = policyText("enforce", { maxAge: 0 });
    expect(await stateIn(lab)).toBe("enforce id 1");
    lab.web = fails;
    expect(await stateIn(lab)).toMatch(/^none, sts policy not fetched/);
  });

  it("tells until when it may be used without asking: the record's TTL, or its own end", async () => {
    const lab = stsLab();
    lab.web = policyText("enforce", { maxAge: 30 });
    const { expires } = await lab.clock.run(() => lab.sts.policyFor("ta.lab"));
    expect(expires).toBeCloseTo(lab.clock.unixSeconds() + 30, 0);
  });

  it("cannot be had for names that no certificate can show", async () => {
    const lab = stsLab();
    expect(await stateIn(lab, "a\\.b.lab")).toMatch(/^none: a\\\.b\.lab\. is no name that could have/);
    expect(await stateIn(lab, ".")).toMatch(/^none/);
    expect(await stateIn(lab, `${`${"a".repeat(60)}.`.repeat(4)}bcdef`)).toMatch(/^none/);
    expect(lab.fetches).toEqual([]);
  });
});

describe("whoever cuts off", () => {
  it.each([
    ["the record's answers", { txt: "lost" }],
    ["the record", { txt: [] }],
    ["the record by another of the kind", { txt: ["v=STSv1; id=1", "v=STSv1; id=2"] }],
    ["the web server", { web: fails }],
    ["both", { txt: [], web: fails }],
  ] as const)("%s takes nothing away before max_age", async (_what, wound) => {
    const lab = stsLab();
    await stateIn(lab);
    Object.assign(lab, wound);
    await lab.clock.advance((7 * DAY - 60) * 1000);
    expect(await stateIn(lab)).toMatch(/^enforce id 1/);
  });

  it("all of it for longer than max_age is back at the first contact", async () => {
    const lab = stsLab();
    await stateIn(lab);
    Object.assign(lab, { txt: "lost", web: fails });
    await lab.clock.advance(7 * DAY * 1000);
    expect(await stateIn(lab)).toBe("unknown: _mta-sts.ta.lab. TXT is indeterminate: no server of ta.lab. answers");
  });

  it("the web server, and changes the id, leaves the old policy in force and a problem to report", async () => {
    const lab = stsLab();
    await stateIn(lab);
    Object.assign(lab, { txt: ["v=STSv1; id=2"], web: fails });
    expect(await stateIn(lab)).toBe("enforce id 1, sts policy not fetched");
    expect(lab.alerts).toEqual([`ta.lab: ${URL}: connect ECONNREFUSED`]);
  });

  it.each([
    [{ kind: "text", text: "<html>" }, "sts policy invalid"],
    [{ kind: "untrusted", reason: "certificate has expired" }, "sts policy host not trusted"],
    [fails, "sts policy not fetched"],
  ] as const)("a first policy with %j leaves none, and says why", async (web, code) => {
    const lab = stsLab();
    lab.web = web;
    expect(await stateIn(lab)).toMatch(new RegExp(`^none, ${code}: `));
  });

  it("makes nobody ask for the same policy more often than every five minutes", async () => {
    const lab = stsLab();
    lab.web = fails;
    for (let i = 0; i < 10; i++) await stateIn(lab);
    expect(lab.fetches).toHaveLength(1);
    await lab.clock.advance(301_000);
    lab.web = policyText("enforce");
    expect(await stateIn(lab)).toBe("enforce id 1");
    expect(lab.fetches).toHaveLength(2);
  });

  it("answers for a minute is no longer waited for", async () => {
    const lab = stsLab();
    lab.web = "hangs";
    const before = lab.clock.monotonicMs();
    expect(await stateIn(lab)).toBe(
      "none, sts policy not fetched: the MTA-STS policy of ta.lab was not there after 60 s",
    );
    expect(lab.clock.monotonicMs() - before).toBe(60_000);
  });

  it("answers is waited for as long as the caller likes, and others go on waiting", async () => {
    const lab = stsLab();
    const impatient = new AbortController();
    const states = await lab.clock.run(async () => {
      const both = [lab.sts.policyFor("ta.lab", { signal: impatient.signal }), lab.sts.policyFor("ta.lab")];
      await lab.clock.sleep(1);
      impatient.abort();
      return Promise.all(both);
    });
    expect(states.map(text)).toEqual([
      "none, sts policy not fetched: the MTA-STS policy of ta.lab was not waited for any longer",
      "enforce id 1",
    ]);
    expect(await stateIn(lab)).toBe("enforce id 1");
  });
});

describe("renewal", () => {
  it("happens behind the scenes once a policy is a day old, and gives it its whole life again", async () => {
    const lab = stsLab();
    await stateIn(lab);
    await lab.clock.advance(DAY * 1000);
    expect(await stateIn(lab)).toBe("enforce id 1");
    await lab.clock.advance(1000);
    expect(lab.fetches).toHaveLength(2);
    Object.assign(lab, { txt: "lost", web: fails });
    await lab.clock.advance((7 * DAY - 60) * 1000);
    expect(await stateIn(lab)).toMatch(/^enforce id 1/);
  });

  it("goes on where the record has vanished: only a policy of mode none ends one early", async () => {
    const lab = stsLab();
    await stateIn(lab);
    lab.txt = [];
    for (let day = 0; day < 20; day++) {
      await lab.clock.advance(DAY * 1000);
      expect(await stateIn(lab)).toBe("enforce id 1");
    }
  });

  it("fails aloud, and quietly for a policy that was withdrawn", async () => {
    const lab = stsLab();
    await stateIn(lab);
    lab.web = fails;
    await lab.clock.advance(2 * DAY * 1000);
    await stateIn(lab);
    await lab.clock.advance(1000);
    expect(await stateIn(lab)).toBe("enforce id 1, sts policy not fetched");
    expect(lab.alerts).toHaveLength(1);
    Object.assign(lab, { txt: ["v=STSv1; id=2"], web: policyText("none") });
    await stateIn(lab);
    lab.web = fails;
    await lab.clock.advance(2 * DAY * 1000);
    await stateIn(lab);
    await lab.clock.advance(1000);
    expect(lab.alerts).toHaveLength(1);
  });

  it("of all that is known happens every hour or so while kept fresh, until close", async () => {
    const lab = stsLab();
    await stateIn(lab);
    await stateIn(lab, "second.lab");
    const loop = lab.sts.keepFresh();
    await lab.clock.advance((DAY + 2 * 3600) * 1000);
    expect(lab.fetches).toEqual(["ta.lab", "second.lab", "second.lab", "ta.lab"]);
    await lab.sts.close();
    await loop;
    await lab.clock.advance(10 * DAY * 1000);
    expect(lab.fetches).toHaveLength(4);
  });

  it("drops what has expired", async () => {
    const lab = stsLab();
    await stateIn(lab);
    lab.web = fails;
    await lab.clock.advance(8 * DAY * 1000);
    await lab.clock.run(() => lab.sts.renew());
    expect(lab.fetches).toHaveLength(1);
  });
});

it("ends with close: what is under way, and what comes later", async () => {
  const lab = stsLab();
  lab.web = "hangs";
  const state = await lab.clock.run(async () => {
    const asked = lab.sts.policyFor("ta.lab");
    await lab.clock.sleep(5);
    await lab.sts.close();
    return asked;
  });
  expect(text(state)).toMatch(/^none, sts policy not fetched/);
  expect(await stateIn(lab)).toBe("none, sts policy not fetched: no MTA-STS policies are fetched after close");
});

describe("on disk", () => {
  let folder = "";
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "rootwalk-sts-")), "policies");
  });
  afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));
  /** The clock does not know of real input and output, so nobody may wait for it to stand still. */
  const stateIn = async ({ sts }: StsLab, domain = "ta.lab", by: Sts = sts): Promise<string> =>
    text(await by.policyFor(domain));
  const files = (): string[] => readdirSync(folder).map((name) => join(folder, name));

  it("policies survive a restart, with the life that they had left", async () => {
    const lab = stsLab({ store: stsFolder(folder) });
    await stateIn(lab);
    Object.assign(lab, { txt: "lost", web: fails });
    expect(await stateIn(lab, "ta.lab", lab.again())).toBe("enforce id 1");
    await lab.clock.advance(7 * DAY * 1000);
    expect(await stateIn(lab, "ta.lab", lab.again())).toMatch(/^unknown/);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it.each([
    ["torn", (path: string) => truncateSync(path, statSync(path).size - 5)],
    ["empty", (path: string) => truncateSync(path, 0)],
    ["altered", (path: string) => writeFileSync(path, readFileSync(path, "utf8").replace("enforce", "testing"))],
    ["somebody else's", (path: string) => writeFileSync(path, "hello\n")],
    ["immense", (path: string) => truncateSync(path, 1 << 24)],
  ])("a file that is %s is as good as none", async (_what, damage) => {
    const lab = stsLab({ store: stsFolder(folder) });
    await stateIn(lab);
    damage(files()[0]!);
    lab.txt = "lost";
    expect(await stateIn(lab, "ta.lab", lab.again())).toMatch(/^unknown/);
    expect(files()).toEqual([]);
  });

  it("a file under another domain's name does not count", async () => {
    const lab = stsLab({ store: stsFolder(folder) });
    await stateIn(lab);
    await stateIn(lab, "second.lab");
    const [one, two] = files();
    const [first, second] = [readFileSync(one!), readFileSync(two!)];
    writeFileSync(one!, second);
    writeFileSync(two!, first);
    lab.txt = "lost";
    expect(await stateIn(lab, "ta.lab", lab.again())).toMatch(/^unknown/);
  });

  it("there are no more than the limit: what was not needed for the longest time makes room", async () => {
    const lab = stsLab({ store: stsFolder(folder), limits: { policies: 3 } });
    for (const domain of ["a.lab", "b.lab", "c.lab", "a.lab", "d.lab"]) await stateIn(lab, domain);
    expect(files()).toHaveLength(3);
    Object.assign(lab, { txt: "lost", web: fails });
    expect(await stateIn(lab, "b.lab")).toMatch(/^unknown/);
    for (const domain of ["a.lab", "c.lab", "d.lab"]) expect(await stateIn(lab, domain)).toMatch(/^enforce/);
  });

  it("there is no more text than the limit", async () => {
    const lab = stsLab({ store: stsFolder(folder), limits: { octets: 7_000 } });
    lab.web = policyText("enforce", { mx: Array.from({ length: 100 }, (_, i) => `mx${i}.ta.lab`) });
    for (const domain of ["a.lab", "b.lab", "c.lab", "d.lab", "e.lab"]) await stateIn(lab, domain);
    expect(files()).toHaveLength(2);
    expect(await stateIn(lab, "e.lab", lab.again())).toBe("enforce id 1");
  });

  it("a clock that was set back gives no policy a longer life", async () => {
    const lab = stsLab({ store: stsFolder(folder) });
    await stateIn(lab);
    lab.clock.setUnixSeconds(lab.clock.unixSeconds() - 400 * DAY);
    Object.assign(lab, { txt: "lost", web: fails });
    expect(await stateIn(lab)).toBe("enforce id 1");
    const state = await lab.sts.policyFor("ta.lab");
    expect(state.expires - lab.clock.unixSeconds()).toBeLessThanOrEqual(7 * DAY);
  });

  it("a disk that cannot be written to holds up no mail, and is told of", async () => {
    writeFileSync(join(folder, "../file"), "");
    const lab = stsLab({ store: stsFolder(join(folder, "../file/policies")) });
    expect(await stateIn(lab)).toBe("enforce id 1");
    expect(lab.alerts).toEqual([
      expect.stringMatching(/^: kept MTA-STS policies cannot be read: ENOTDIR/),
      expect.stringMatching(/^ta\.lab: the MTA-STS policy of ta\.lab cannot be kept: ENOTDIR/),
    ]);
  });
});
