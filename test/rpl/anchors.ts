/** Trust anchors as scenarios write them: DS and DNSKEY RRs of any zone, one path of which suffices. FORMAT.md §6.2. */
import type { TrustAnchor } from "../../src/dnssec/anchors.ts";
import type { Name } from "../../src/wire/name.ts";
import type { Dnskey, Ds } from "../../src/wire/rdata.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { recordFromLine } from "./records.ts";
import type { TemplateRecord } from "./scenario.ts";

/** Repeated options for one owner form one set. Lines of other types, and comments, are passed over. */
export function anchorsFromLines(lines: readonly string[]): TrustAnchor[] {
  const zones = new Map<string, { zone: Name; ds: Ds[]; keys: Dnskey[] }>();
  for (const text of lines) {
    if (text.trim() === "" || text.trim().startsWith(";")) continue;
    const record = recordFromLine(text, 0);
    const set = zones.get(record.name.key) ?? { zone: record.name, ds: [], keys: [] };
    zones.set(record.name.key, set);
    if (record.type === TYPE.DS) set.ds.push(dsOf(record));
    else if (record.type === TYPE.DNSKEY) set.keys.push(dnskeyOf(record));
  }
  return [...zones.values()].map((set) => ({ ...set, source: "the scenario" }));
}

export function dsOf({ rdata }: TemplateRecord): Ds {
  return {
    keyTag: (rdata[0]! << 8) | rdata[1]!,
    algorithm: rdata[2]!,
    digestType: rdata[3]!,
    digest: rdata.subarray(4),
  };
}

export function dnskeyOf({ rdata }: TemplateRecord): Dnskey {
  return {
    flags: (rdata[0]! << 8) | rdata[1]!,
    protocol: rdata[2]!,
    algorithm: rdata[3]!,
    publicKey: rdata.subarray(4),
  };
}
