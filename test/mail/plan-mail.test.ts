/** DANE and MTA-STS together: who decides, host by host. DANE always wins; what it leaves open is the policy's. RFC 8461 §2. */
import { describe, expect, it } from "vitest";
import { alter } from "../../src/lab/injure.ts";
import type { ZoneDescription } from "../../src/lab/world.ts";
import {
  type MailOptions,
  type MailPlan,
  type PlannedAction,
  planMail,
  planWithoutTls,
} from "../../src/mail/plan-mail.ts";
import type { Sts, StsState } from "../../src/mail/sts.ts";
import { parseStsPolicy, type StsMode, type StsPolicy } from "../../src/mail/sts-policy.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { inWorld, LAB_NOW, tlsaLine } from "../dane/harness.ts";

function policy(mode: StsMode, ...mx: string[]): StsPolicy {
  const lines = mx.map((host) => `mx: ${host}`).join("\n");
  const parsed = parseStsPolicy(`version: STSv1\nmode: ${mode}\nmax_age: 86400\n${lines}`);
  if (parsed.kind === "invalid") throw new Error(parsed.reason);
  return parsed.policy;
}

const expires = LAB_NOW + 1800;

function state(mode: "enforce" | "testing", ...mx: string[]): StsState {
  const { mode: _mode, ...rest } = policy(mode, ...mx);
  return {
    kind: "policy",
    domain: "ta.lab",
    policy: { ...rest, mode },
    reason: `mode is ${mode}`,
    problem: null,
    expires,
  };
}

const none: StsState = { kind: "none", domain: "ta.lab", reason: "no TXT", problem: null, expires };
const unknown: StsState = { kind: "unknown", domain: "ta.lab", reason: "no answer", expires };

interface Case {
  readonly zones: readonly ZoneDescription[];
  readonly sts: StsState;
  readonly options?: MailOptions;
}

async function planned({ zones, sts, options = {} }: Case): Promise<{ plan: MailPlan; asked: number }> {
  let asked = 0;
  const policies: Pick<Sts, "policyFor"> = {
    policyFor: async () => {
      asked += 1;
      return sts;
    },
  };
  const plan = await inWorld(zones, ({ resolver, clock }) =>
    planMail(resolver, policies, "ta.lab", { clock, ...options }),
  );
  return { plan, asked };
}

/** "deliver: webpki mx1.ta.lab., skip mx2.ta.lab. (sts mx not listed)" */
async function outcome(zones: readonly ZoneDescription[], sts: StsState, options: MailOptions = {}): Promise<string> {
  const { plan } = await planned({ zones, sts, options });
  const hosts = plan.hosts.map(({ name, action }) => `${text(action)} ${name}`).join(", ");
  return `${plan.do}${plan.do === "deliver" ? "" : ` ${plan.status} ${plan.code}`}: ${hosts}`;
}

function text(action: PlannedAction): string {
  if (action.do === "skip") return `skip (${action.code})`;
  const test = "test" in action ? action.test : null;
  const tested = test === null ? "" : test.kind === "verify" ? " testing" : ` testing (${test.failure.code})`;
  return `${action.do}${tested}`;
}

const zone = (records: string, rest: Partial<ZoneDescription> = {}): ZoneDescription => ({
  apex: "ta.lab.",
  records: `@ MX 10 mx\nmx A 192.0.2.25\n${records}`,
  ...rest,
});
const tlsa = (record: string): string => tlsaLine("_25._tcp.mx", record);
const listed = state("enforce", "mx.ta.lab");
const unlisted = state("enforce", "elsewhere.lab");
const plain = { signing: null } as const;
const bogus = (type: number, owner: string): Partial<ZoneDescription> => ({
  edit: (signed) => alter(signed, [owner, type], () => ({ signatures: [] })),
});

describe("where DANE decides, no policy is asked for", () => {
  it.each([
    ["usable records", zone(tlsa("3 1 1 leaf")), "deliver: authenticate mx.ta.lab."],
    [
      "bogus records",
      zone(tlsa("3 1 1 leaf"), bogus(TYPE.TLSA, "_25._tcp.mx.ta.lab.")),
      "defer 4.7.5 tlsa failed: skip (tlsa failed) mx.ta.lab.",
    ],
    [
      "bogus addresses",
      zone(tlsa("3 1 1 leaf"), bogus(TYPE.A, "mx.ta.lab.")),
      "defer 4.4.3 address bogus: skip (address bogus) mx.ta.lab.",
    ],
    ["a bogus MX", zone("", bogus(TYPE.MX, "ta.lab.")), "defer 4.4.3 mx bogus: "],
    ["a null MX", { apex: "ta.lab.", records: "@ MX 0 ." }, "bounce 5.1.10 null mx: "],
  ])("%s", async (_what, description, expected) => {
    for (const sts of [listed, unlisted, none, unknown, state("testing", "elsewhere.lab")]) {
      expect(await outcome([description], sts)).toBe(expected);
      expect((await planned({ zones: [description], sts })).asked).toBe(0);
    }
  });

  it("an address literal has no policy", async () => {
    const plan = await inWorld([], ({ resolver }) =>
      planMail(resolver, { policyFor: () => Promise.reject(new Error("asked")) }, "[192.0.2.1]"),
    );
    expect(plan).toMatchObject({ do: "deliver", sts: null, hosts: [{ action: { do: "opportunistic", test: null } }] });
  });
});

describe("where DANE has nothing to say", () => {
  it.each([
    ["proven absent", zone("")],
    ["unsigned", zone("", plain)],
    ["records in an unsigned zone", zone(tlsa("3 1 1 !leaf"), plain)],
  ])("%s: the policy decides", async (_what, description) => {
    expect(await outcome([description], listed)).toBe("deliver: webpki mx.ta.lab.");
    expect(await outcome([description], state("enforce", "*.ta.lab"))).toBe("deliver: webpki mx.ta.lab.");
    expect(await outcome([description], unlisted)).toBe(
      "defer 4.7.5 sts mx not listed: skip (sts mx not listed) mx.ta.lab.",
    );
    expect(await outcome([description], state("testing", "mx.ta.lab"))).toBe(
      "deliver: opportunistic testing mx.ta.lab.",
    );
    expect(await outcome([description], state("testing", "elsewhere.lab"))).toBe(
      "deliver: opportunistic testing (sts mx not listed) mx.ta.lab.",
    );
    expect(await outcome([description], none)).toBe("deliver: opportunistic mx.ta.lab.");
    expect(await outcome([description], unknown)).toBe("deliver: opportunistic mx.ta.lab.");
    expect(await outcome([description], unknown, { lostSts: "defer" })).toBe(
      "defer 4.4.3 sts unknown: skip (sts unknown) mx.ta.lab.",
    );
  });

  it("DANE only stays DANE only", async () => {
    expect(await outcome([zone("")], listed, { level: "dane-only" })).toBe(
      "defer 4.7.5 dane required: skip (dane required) mx.ta.lab.",
    );
  });

  it("no MX: the domain's own name must be listed", async () => {
    const own = { apex: "ta.lab.", records: "@ A 192.0.2.25" };
    expect(await outcome([own], state("enforce", "ta.lab"))).toBe("deliver: webpki ta.lab.");
    expect(await outcome([own], listed)).toBe("defer 4.7.5 sts mx not listed: skip (sts mx not listed) ta.lab.");
  });

  it("the name in the MX is what must be listed and shown, not what it is an alias of", async () => {
    const alias = { apex: "ta.lab.", records: "@ MX 10 mx\nmx CNAME real\nreal A 192.0.2.1" };
    const { plan } = await planned({ zones: [alias], sts: listed });
    expect(plan.hosts[0]!.action).toMatchObject({ do: "webpki", sni: "mx.ta.lab" });
    expect(await outcome([alias], state("enforce", "real.ta.lab"))).toMatch(/^defer 4\.7\.5 sts mx not listed/);
  });
});

describe("in between", () => {
  const unusable = tlsa("1 1 1 leaf");

  it("unusable records force TLS; a policy that is enforced adds its own demand, and one in testing takes none away", async () => {
    expect(await outcome([zone(unusable)], none)).toBe("deliver: encrypt mx.ta.lab.");
    expect(await outcome([zone(unusable)], listed)).toBe("deliver: webpki mx.ta.lab.");
    expect(await outcome([zone(unusable)], unlisted)).toMatch(/^defer 4\.7\.5 sts mx not listed/);
    expect(await outcome([zone(unusable)], state("testing", "mx.ta.lab"))).toBe("deliver: encrypt testing mx.ta.lab.");
  });

  it("an unsigned domain with a DANE host: whoever forges the MX may have TLSA records, so the host must be listed", async () => {
    const customer = { apex: "ta.lab.", records: "@ MX 10 mx.host.lab.", ...plain };
    const host = { apex: "host.lab.", records: `mx A 192.0.2.1\n${tlsa("3 1 1 leaf")}` };
    expect(await outcome([customer, host], none)).toBe("deliver: authenticate mx.host.lab.");
    expect(await outcome([customer, host], state("enforce", "mx.host.lab"))).toBe("deliver: authenticate mx.host.lab.");
    expect(await outcome([customer, host], listed)).toBe(
      "defer 4.7.5 sts mx not listed: skip (sts mx not listed) mx.host.lab.",
    );
    expect(await outcome([customer, host], state("testing", "mx.ta.lab"))).toBe("deliver: authenticate mx.host.lab.");
    expect(await outcome([customer, host], unknown, { lostSts: "defer" })).toBe("deliver: authenticate mx.host.lab.");
  });

  it("hosts of several kinds stay in the order of preference", async () => {
    const several = {
      apex: "ta.lab.",
      records: `@ MX 10 a\n@ MX 20 b\n@ MX 30 c\na A 192.0.2.1\nb A 192.0.2.2\nc A 192.0.2.3\n${tlsaLine("_25._tcp.b", "3 1 1 leaf")}`,
    };
    expect(await outcome([several], state("enforce", "c.ta.lab"))).toBe(
      "deliver: skip (sts mx not listed) a.ta.lab., authenticate b.ta.lab., webpki c.ta.lab.",
    );
  });
});

it("a plan ends with what ends first, the policy or DNS", async () => {
  const early = { ...listed, expires: LAB_NOW + 5 };
  const { plan } = await planned({ zones: [zone("")], sts: early });
  expect(plan.expires).toBe(LAB_NOW + 5);
  expect(plan.hosts[0]!.action.expires).toBe(LAB_NOW + 5);
});

it("says in words who decided and why", async () => {
  const { plan } = await planned({ zones: [zone("")], sts: listed });
  expect(plan).toMatchObject({ code: "sts applies", tlsrptPolicy: "sts", tlsrpt: null });
  expect(plan.reason).toBe(
    "mode is enforce and lists mx.ta.lab; _25._tcp.mx.ta.lab. TLSA: it is proven that there is none",
  );
  const refused = await planned({ zones: [zone("")], sts: unlisted });
  expect(refused.plan.reason).toBe(
    "mx.ta.lab. is no MX host of the MTA-STS policy of ta.lab, which lists elsewhere.lab",
  );
});

describe("without TLS", () => {
  it.each([
    [zone(""), listed, "sts starttls missing 4.7.4", "sts handshake failed 4.7.5"],
    [zone(""), state("testing", "mx.ta.lab"), null, null],
    [zone(tlsa("1 1 1 leaf")), state("testing", "mx.ta.lab"), "starttls missing 4.7.4", "handshake failed 4.7.5"],
    [zone(tlsa("3 1 1 leaf")), listed, "starttls missing 4.7.4", "handshake failed 4.7.5"],
    [zone(""), none, null, null],
  ])("%#", async (description, sts, missing, failed) => {
    const { plan } = await planned({ zones: [description], sts });
    const { action } = plan.hosts[0]!;
    const told = (how: "not offered" | "failed"): string | null => {
      const skipped = planWithoutTls(action, "mx.ta.lab.", how);
      return skipped === null ? null : `${skipped.code} ${skipped.status}`;
    };
    expect([told("not offered"), told("failed")]).toEqual([missing, failed]);
  });
});
