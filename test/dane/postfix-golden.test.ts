/**
 * What Postfix 3.7.11 was seen to do, row by row (smtp_tls_security_level=dane, then dane-only), against what our plan and
 * our matcher come to in the same situation. All in memory.
 */
import { describe, expect, it } from "vitest";
import { type DeliveryOptions, planDelivery } from "../../src/dane/smtp-plan.ts";
import { alter } from "../../src/lab/injure.ts";
import type { ZoneDescription } from "../../src/lab/world.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { deliver, type Shown } from "./deliver.ts";
import { inWorld, tlsaLine } from "./harness.ts";

interface Row {
  readonly title: string;
  /** The domain's zone; its apex is what mail is sent to. */
  readonly zone: ZoneDescription;
  readonly others?: readonly ZoneDescription[];
  readonly shown?: Shown;
  readonly expect: string;
}

/** Mail for ta.lab goes to mx.ta.lab unless told otherwise. */
const zone = (records: string, rest: Partial<ZoneDescription> = {}): ZoneDescription => ({
  apex: "ta.lab.",
  records: `@ MX 10 mx\nmx A 192.0.2.25\n${records}`,
  ...rest,
});
const tlsa = (...records: string[]): string => records.map((record) => tlsaLine("_25._tcp.mx", record)).join("");
const unsigned: ZoneDescription = { apex: "plain.lab.", signing: null, records: "mx A 192.0.2.90" };
const GOOD = "Verified to mx.ta.lab.";

const rows: readonly Row[] = [
  {
    title: "good 3 1 1, certificate expired and for another name",
    zone: zone(tlsa("3 1 1 self-expired")),
    shown: { "mx.ta.lab.": "self-expired" },
    expect: GOOD,
  },
  {
    title: "wrong 3 1 1",
    zone: zone(tlsa("3 1 1 !self-expired")),
    shown: { "mx.ta.lab.": "self-expired" },
    expect: "defer 4.7.5 no record matches",
  },
  {
    title: "unusable 1 1 1: TLS is mandatory, nobody is authenticated",
    zone: zone(tlsa("1 1 1 leaf")),
    expect: "Untrusted to mx.ta.lab., encrypt",
  },
  {
    title: "usable TLSA, no STARTTLS",
    zone: zone(tlsa("3 1 1 leaf")),
    shown: { "mx.ta.lab.": "no starttls" },
    expect: "defer 4.7.4 starttls missing",
  },
  {
    title: "unusable TLSA, no STARTTLS",
    zone: zone(tlsa("1 1 1 leaf")),
    shown: { "mx.ta.lab.": "no starttls" },
    expect: "defer 4.7.4 starttls missing",
  },
  {
    title: "2 1 1, name matches",
    zone: zone(tlsa("2 1 1 root")),
    shown: { "mx.ta.lab.": "leaf intermediate root" },
    expect: GOOD,
  },
  {
    title: "2 1 1, wrong name",
    zone: zone(tlsa("2 1 1 root")),
    shown: { "mx.ta.lab.": "leaf-elsewhere intermediate root" },
    expect: "defer 4.7.5 name mismatch",
  },
  {
    title: "2 1 1, certificate for the next-hop domain only",
    zone: zone(tlsa("2 1 1 root")),
    shown: { "mx.ta.lab.": "leaf-domain intermediate root" },
    expect: GOOD,
  },
  { title: "no TLSA, secure NXDOMAIN", zone: zone(""), expect: "Untrusted to mx.ta.lab., opportunistic" },
  {
    title: "bogus TLSA",
    zone: zone(tlsa("3 1 1 leaf"), {
      edit: (signed) => alter(signed, ["_25._tcp.mx.ta.lab.", TYPE.TLSA], () => ({ signatures: [] })),
    }),
    shown: { "mx.ta.lab.": "leaf" },
    expect: "defer 4.7.5 tlsa failed",
  },
  {
    title: "MX host in an unsigned zone",
    zone: { apex: "ta.lab.", records: "@ MX 10 mx.plain.lab." },
    others: [{ ...unsigned, records: `mx A 192.0.2.90\n${tlsa("3 1 1 !leaf")}` }],
    expect: "Untrusted to mx.plain.lab., opportunistic",
  },
  {
    title: "MX is a secure alias: TLSA at the expanded name",
    zone: {
      apex: "ta.lab.",
      records: `@ MX 10 mx\nmx CNAME real\nreal A 192.0.2.1\n${tlsaLine("_25._tcp.real", "3 1 1 leaf")}`,
    },
    shown: { "mx.ta.lab.": "leaf" },
    expect: GOOD,
  },
  {
    title: "secure alias to an unsigned host, TLSA at the original",
    zone: { apex: "ta.lab.", records: `@ MX 10 mx\nmx CNAME mx.plain.lab.\n${tlsa("3 1 1 leaf")}` },
    others: [unsigned],
    shown: { "mx.ta.lab.": "leaf" },
    expect: GOOD,
  },
  {
    title: "3 1 1 right, 3 1 2 wrong: digest agility",
    zone: zone(tlsa("3 1 1 leaf", "3 1 2 !leaf")),
    shown: { "mx.ta.lab.": "leaf" },
    expect: "defer 4.7.5 no record matches",
  },
  {
    title: "3 1 1 right, 2 0 1 wrong",
    zone: zone(tlsa("3 1 1 leaf", "2 0 1 !root")),
    shown: { "mx.ta.lab.": "leaf intermediate root" },
    expect: GOOD,
  },
  {
    title: "the TLSA owner is a secure alias",
    zone: zone(`_25._tcp.mx CNAME _tlsa\n${tlsaLine("_tlsa", "3 1 1 leaf")}`),
    shown: { "mx.ta.lab.": "leaf" },
    expect: GOOD,
  },
  {
    title: "the TLSA owner is an alias to something insecure",
    zone: zone("_25._tcp.mx CNAME _25._tcp.mx.plain.lab."),
    others: [{ ...unsigned, records: `mx A 192.0.2.90\n${tlsa("3 1 1 !leaf")}` }],
    expect: "Untrusted to mx.ta.lab., opportunistic",
  },
  {
    title: "MX 10 wrong, MX 20 good",
    zone: {
      apex: "ta.lab.",
      records: `
        @ MX 10 bad\n@ MX 20 mx\nbad A 192.0.2.24\nmx A 192.0.2.25
        ${tlsaLine("_25._tcp.bad", "3 1 1 !leaf")}${tlsa("3 1 1 leaf")}`,
    },
    shown: { "bad.ta.lab.": "leaf", "mx.ta.lab.": "leaf" },
    expect: GOOD,
  },
  {
    title: "no MX, A and TLSA",
    zone: { apex: "ta.lab.", records: `@ A 192.0.2.1\n${tlsaLine("_25._tcp", "3 1 1 leaf")}` },
    shown: { "ta.lab.": "leaf" },
    expect: "Verified to ta.lab.",
  },
  {
    title: "unsigned domain, signed MX host with a right TLSA",
    zone: { apex: "ta.lab.", signing: null, records: "@ MX 10 mx.host.lab." },
    others: [{ apex: "host.lab.", records: `mx A 192.0.2.1\n${tlsa("3 1 1 leaf")}` }],
    shown: { "mx.host.lab.": "leaf" },
    expect: "Trusted to mx.host.lab.",
  },
  {
    title: "unsigned domain, signed MX host with a wrong TLSA",
    zone: { apex: "ta.lab.", signing: null, records: "@ MX 10 mx.host.lab." },
    others: [{ apex: "host.lab.", records: `mx A 192.0.2.1\n${tlsa("3 1 1 !leaf")}` }],
    shown: { "mx.host.lab.": "leaf" },
    expect: "defer 4.7.5 no record matches",
  },
];

const daneOnly: readonly Row[] = [
  { title: "unusable", zone: zone(tlsa("1 1 1 leaf")), expect: "defer 4.7.5 required but unusable" },
  { title: "none", zone: zone(""), expect: "defer 4.7.5 dane required" },
  {
    title: "insecure host",
    zone: { apex: "ta.lab.", records: "@ MX 10 mx.plain.lab." },
    others: [unsigned],
    expect: "defer 4.7.5 dane required",
  },
  {
    title: "unsigned domain, whatever its hosts have",
    zone: zone(tlsa("3 1 1 leaf"), { signing: null }),
    shown: { "mx.ta.lab.": "leaf" },
    expect: "defer 4.7.5 dane required",
  },
  { title: "good", zone: zone(tlsa("3 1 1 leaf")), shown: { "mx.ta.lab.": "leaf" }, expect: GOOD },
];

function delivered({ zone: own, others = [], shown = {} }: Row, options: DeliveryOptions): Promise<string> {
  return inWorld([own, ...others], async ({ resolver, clock }) =>
    deliver(await planDelivery(resolver, "ta.lab", { clock, ...options }), shown),
  );
}

describe("as Postfix does it, at level dane", () => {
  for (const row of rows) it(row.title, async () => expect(await delivered(row, {})).toBe(row.expect));
});

describe("as Postfix does it, at level dane-only", () => {
  for (const row of daneOnly)
    it(row.title, async () => expect(await delivered(row, { level: "dane-only" })).toBe(row.expect));
});
