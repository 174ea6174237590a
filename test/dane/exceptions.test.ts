/** DANE suspended by the operator: for some domains and days, or altogether while only reporting. */
import { describe, expect, it } from "vitest";
import { type DaneException, daneExceptions, parseDaneExceptions } from "../../src/dane/exceptions.ts";
import { type DeliveryOptions, type DeliveryPlan, planDelivery, withoutTls } from "../../src/dane/smtp-plan.ts";
import { alter } from "../../src/lab/injure.ts";
import type { ZoneDescription } from "../../src/lab/world.ts";
import { planMail } from "../../src/mail/plan-mail.ts";
import { policyResults } from "../../src/mail/tlsrpt-results.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { inWorld, LAB_NOW, tlsaLine } from "./harness.ts";

const DAY = 86_400;
const TLSA = tlsaLine("_25._tcp.mx", "3 1 1 leaf");
const zone = (records: string, rest: Partial<ZoneDescription> = {}): ZoneDescription => ({
  apex: "ta.lab.",
  records: `@ MX 10 mx\nmx A 192.0.2.25\n${records}`,
  ...rest,
});
const bogus = (owner: string, type: number): Partial<ZoneDescription> => ({
  edit: (signed) => alter(signed, [owner, type], () => ({ signatures: [] })),
});

function exceptions(list: readonly Partial<DaneException>[], report: (use: string) => void = () => {}) {
  const full = list.map((each) => ({ name: "ta.lab", reason: "ticket 4711", until: LAB_NOW + DAY, ...each }));
  return daneExceptions(full, { now: LAB_NOW, report });
}

function plan(zones: readonly ZoneDescription[], options: DeliveryOptions): Promise<DeliveryPlan> {
  return inWorld(zones, ({ resolver, clock }) => planDelivery(resolver, "ta.lab", { clock, ...options }));
}

const short = ({ do: what, code, hosts }: DeliveryPlan): string =>
  `${what} ${code}: ${hosts.map(({ action }) => `${action.do}${"suspended" in action ? ` (not ${action.suspended?.do})` : ""}`).join(", ")}`;

describe("an exception", () => {
  it.each([
    ["the mail domain", "ta.lab"],
    ["the MX host", "MX.ta.lab."],
  ])("for %s makes what DANE asks for advice", async (_what, name) => {
    const by = { exceptions: exceptions([{ name }]) };
    expect(short(await plan([zone(TLSA)], by))).toBe("deliver dane suspended: opportunistic (not authenticate)");
    expect(short(await plan([zone(TLSA, bogus("_25._tcp.mx.ta.lab.", TYPE.TLSA))], by))).toBe(
      "deliver dane suspended: opportunistic (not skip)",
    );
    expect(short(await plan([zone(tlsaLine("_25._tcp.mx", "1 1 1 leaf"))], by))).toBe(
      "deliver dane suspended: opportunistic (not encrypt)",
    );
  });

  it.each(["lab", "x.ta.lab", "mx2.ta.lab", "_25._tcp.mx.ta.lab", "."])("for %s is none for it", async (name) => {
    expect(short(await plan([zone(TLSA)], { exceptions: exceptions([{ name }]) }))).toBe(
      "deliver tlsa usable: authenticate",
    );
  });

  it("ends on its day, and the plan with it", async () => {
    const by = (until: number) => ({ exceptions: exceptions([{ until }]) });
    expect(short(await plan([zone(TLSA)], by(LAB_NOW - 1)))).toBe("deliver tlsa usable: authenticate");
    const soon = await plan([zone(TLSA)], by(LAB_NOW + 60));
    expect(soon.expires).toBe(LAB_NOW + 60);
    expect(soon.hosts[0]!.action.expires).toBe(LAB_NOW + 60);
  });

  it("is told at every use, remembered plan or not, with what DANE would have had", async () => {
    const uses: string[] = [];
    const by = { exceptions: exceptions([{}], (use) => uses.push(use)) };
    await inWorld([zone(TLSA)], async ({ resolver, clock }) => {
      for (let i = 0; i < 3; i++) await planDelivery(resolver, "ta.lab", { clock, ...by });
      expect(short(await planDelivery(resolver, "ta.lab", { clock }))).toBe("deliver tlsa usable: authenticate");
    });
    expect(uses).toHaveLength(3);
    expect(uses[0]).toMatch(
      /^ta\.lab\., mx\.ta\.lab\.: DANE is suspended with ta\.lab\. until 2026-11-0\dT\S+Z \(ticket 4711\); DANE says authenticate: _25\._tcp\.mx\.ta\.lab\. TLSA: 3 1 1 /,
    );
  });

  it("makes nothing of bogus MX RRs or addresses", async () => {
    const by = { exceptions: exceptions([{}, { name: "mx.ta.lab" }]) };
    expect(short(await plan([zone(TLSA, bogus("ta.lab.", TYPE.MX))], by))).toBe("defer mx bogus: ");
    expect(short(await plan([zone(TLSA, bogus("mx.ta.lab.", TYPE.A))], by))).toBe("defer address bogus: skip");
    expect(short(await plan([{ apex: "ta.lab.", records: "@ MX 0 ." }], by))).toBe("bounce null mx: ");
  });

  it("says nothing where DANE asks for nothing", async () => {
    const uses: string[] = [];
    const by = { exceptions: exceptions([{}], (use) => uses.push(use)) };
    expect(short(await plan([zone("")], by))).toBe("deliver tlsa absent: opportunistic");
    expect(uses).toEqual([]);
  });

  it("allows the clear, leaves room for MTA-STS, and is reported as what DANE asked for", async () => {
    const by = { exceptions: exceptions([{}]) };
    const lax = await plan([zone(TLSA)], by);
    expect(withoutTls(lax.hosts[0]!.action, "mx.ta.lab.")).toBeNull();
    const policy = { mode: "enforce", mx: ["mx.ta.lab"], maxAge: DAY, lines: [] } as const;
    const expires = LAB_NOW + 60;
    const sts = { kind: "policy", domain: "ta.lab", policy, reason: "", problem: null, expires } as const;
    await inWorld([zone(TLSA)], async ({ resolver, clock }) => {
      const strict = await planMail(resolver, { policyFor: async () => sts }, "ta.lab", { clock, ...by });
      expect(strict.hosts[0]!.action.do).toBe("webpki");
      const none = { kind: "none", domain: "ta.lab", reason: "", problem: null, expires } as const;
      const made = await planMail(resolver, { policyFor: async () => none }, "ta.lab", { clock, ...by });
      expect(policyResults(made, made.hosts[0]!, { failure: null })).toMatchObject([
        { policy: { type: "tlsa", domain: "mx.ta.lab" }, final: "success", failures: [] },
      ]);
    });
    await inWorld([zone(TLSA, bogus("_25._tcp.mx.ta.lab.", TYPE.TLSA))], async ({ resolver, clock }) => {
      const none = { kind: "none", domain: "ta.lab", reason: "", problem: null, expires } as const;
      const made = await planMail(resolver, { policyFor: async () => none }, "ta.lab", { clock, ...by });
      expect(policyResults(made, made.hosts[0]!, { failure: null })).toMatchObject([
        { policy: { type: "tlsa", domain: "mx.ta.lab" }, final: "success", failures: [{ result: "dnssec-invalid" }] },
      ]);
    });
  });
});

it("report-only obeys nothing and tells all", async () => {
  const by = { mode: "report-only" } as const;
  const made = await plan([zone(TLSA)], by);
  expect(short(made)).toBe("deliver dane report only: opportunistic (not authenticate)");
  expect(made.reason).toMatch(/^DANE only reports; DANE says authenticate: /);
  expect(short(await plan([zone(TLSA, bogus("ta.lab.", TYPE.MX))], by))).toBe("defer mx bogus: ");
  expect(short(await plan([zone("")], { ...by, level: "dane-only" }))).toBe(
    "deliver dane report only: opportunistic (not skip)",
  );
});

describe("a list of exceptions is refused", () => {
  it.each([
    [{ until: LAB_NOW + 8 * DAY }, "within 7 days expected"],
    [{ until: Number.POSITIVE_INFINITY }, "the exception for ta.lab. ends on no date: within 7 days expected"],
    [{ until: Number.NaN }, "within 7 days expected"],
    [{ reason: " " }, "the exception for ta.lab. has no reason"],
    [{ name: "a..b" }, '"a..b" has an empty label'],
  ])("%j", (wrong, message) => expect(() => exceptions([wrong])).toThrow(message));

  it("but for longer ones, if that is said", () => {
    const list = [{ name: "ta.lab", reason: "x", until: LAB_NOW + 20 * DAY }];
    expect(() => daneExceptions(list, { now: LAB_NOW, report: () => {}, mostDays: 30 })).not.toThrow();
  });
});

describe("a text of exceptions", () => {
  it("has a line for each, with date and reason", () => {
    const text =
      "# neighbours\nexample.com 2026-12-01 told their postmaster, ticket 4711\n\n  mx.b.example\t2026-12-02T10:00:00Z  x # y\r\n";
    expect(parseDaneExceptions(text)).toEqual([
      { name: "example.com", until: Date.UTC(2026, 11, 1) / 1000, reason: "told their postmaster, ticket 4711" },
      { name: "mx.b.example", until: Date.UTC(2026, 11, 2, 10) / 1000, reason: "x" },
    ]);
  });

  it.each(["example.com", "example.com 2026-12-01", "example.com soon because", "a 2026-13-45 b", "domain may"])(
    "%j is wrong in line 2",
    (line) => expect(() => parseDaneExceptions(`\n${line}`)).toThrow(/^line 2: "name, date, reason" expected/),
  );
});
