/** Plans in Postfix's words: whatever the hosts of a domain are like, none gets mail by less than the plan asks for. */
import { describe, expect, it } from "vitest";
import { alter } from "../../src/lab/injure.ts";
import type { ZoneDescription } from "../../src/lab/world.ts";
import { planMail } from "../../src/mail/plan-mail.ts";
import { domainIn, postfixPolicy } from "../../src/mail/postfix-policy.ts";
import type { StsState } from "../../src/mail/sts.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { inWorld, LAB_NOW, tlsaLine } from "../dane/harness.ts";

const expires = LAB_NOW + 60;
const none: StsState = { kind: "none", domain: "ta.lab", reason: "", problem: null, expires };
const sts = (mode: "enforce" | "testing"): StsState => {
  const policy = { mode, mx: ["a.ta.lab", "b.ta.lab", "mx.host.lab"], maxAge: 1, lines: [] } as const;
  return { kind: "policy", domain: "ta.lab", policy, reason: "", problem: null, expires };
};

async function told(zones: readonly ZoneDescription[], state: StsState): Promise<string> {
  const plan = await inWorld(zones, ({ resolver, clock }) =>
    planMail(resolver, { policyFor: async () => state }, "ta.lab", { clock }),
  );
  const policy = postfixPolicy(plan);
  return policy.kind === "level" ? policy.text : policy.kind;
}

const zone = (records: string, rest: Partial<ZoneDescription> = {}): ZoneDescription => ({
  apex: "ta.lab.",
  records: `@ MX 10 a\n@ MX 20 b\na A 192.0.2.1\nb A 192.0.2.2\n${records}`,
  ...rest,
});
const [a, b] = ["a", "b"].map((host) => tlsaLine(`_25._tcp.${host}`, "3 1 1 leaf")) as [string, string];
const unusable = tlsaLine("_25._tcp.b", "1 1 1 leaf");
const bogusB: Partial<ZoneDescription> = {
  edit: (signed) => alter(signed, ["_25._tcp.b.ta.lab.", TYPE.TLSA], () => ({ signatures: [] })),
};
const half: readonly ZoneDescription[] = [
  { apex: "ta.lab.", signing: null, records: "@ MX 10 mx.host.lab." },
  { apex: "host.lab.", records: `mx A 192.0.2.1\n${tlsaLine("_25._tcp.mx", "3 1 1 leaf")}` },
];
const SECURE = "secure match=a.ta.lab:b.ta.lab servername=hostname";

describe("a domain with", () => {
  it.each<[string, readonly ZoneDescription[], string, string, string]>([
    // no MTA-STS, testing, enforced
    ["DANE at all hosts", [zone(a + b)], "dane-only", "dane-only", "dane-only"],
    ["DANE at one", [zone(a)], "dane", "dane", "dane-only"],
    ["DANE at one, bogus at the other", [zone(a + b, bogusB)], "dane-only", "dane-only", "dane-only"],
    ["DANE at one, unusable at the other", [zone(a + unusable)], "dane", "dane", "dane-only"],
    ["unusable records", [zone(unusable)], "dane", "dane", SECURE],
    ["no records", [zone("")], "none", "none", SECURE],
    ["no signature", [zone(a, { signing: null })], "none", "none", SECURE],
    ["no signature, and hosts with DANE", half, "dane", "dane", "secure match=mx.host.lab servername=hostname"],
    ["a null MX", [{ apex: "ta.lab.", records: "@ MX 0 ." }], "none", "none", "none"],
    [
      "a bogus MX",
      [zone(a, { edit: (signed) => alter(signed, ["ta.lab.", TYPE.MX], () => ({ signatures: [] })) })],
      "try later",
      "try later",
      "try later",
    ],
  ])("%s", async (_what, zones, without, testing, enforced) => {
    expect(await told(zones, none)).toBe(without);
    expect(await told(zones, sts("testing"))).toBe(testing);
    expect(await told(zones, sts("enforce"))).toBe(enforced);
  });

  it("hosts of which an enforced policy lists one: the others are not to be matched", async () => {
    const policy = { mode: "enforce", mx: ["b.ta.lab"], maxAge: 1, lines: [] } as const;
    const one: StsState = { kind: "policy", domain: "ta.lab", policy, reason: "", problem: null, expires };
    expect(await told([zone("")], one)).toBe("secure match=b.ta.lab servername=hostname");
  });
});

it("asks for domains alone", () => {
  expect(["ta.lab", "TA.lab.", "xn--a._b"].map((key) => `${domainIn(key)}`)).toEqual([
    "ta.lab.",
    "TA.lab.",
    "xn--a._b.",
  ]);
  for (const key of [
    "",
    ".lab",
    "[mx.ta.lab]",
    "[192.0.2.1]:25",
    "ta.lab:587",
    "192.0.2.1",
    "a..b",
    `${"a".repeat(64)}.b`,
    "a b",
    "ä.lab",
  ])
    expect(domainIn(key)).toBeNull();
});
