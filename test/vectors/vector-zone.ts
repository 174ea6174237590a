/** The zone of an RFC's appendix as RRsets, proven by its own key signing key. Read by the scenarios' reader, not ours. */
import { nativeEngine } from "../../src/crypto/native.ts";
import type { Judge, Policy } from "../../src/dnssec/judge.ts";
import { WorkBudget } from "../../src/dnssec/work.ts";
import { anchorZone, type SecureZone } from "../../src/dnssec/zone.ts";
import { groupRRsets, isOfType, type RRset, rdataOf } from "../../src/rrset/rrset.ts";
import { Name } from "../../src/wire/name.ts";
import { CLASS, type RRType, TYPE, typeFromText } from "../../src/wire/registry.ts";
import { limits, policy } from "../dnssec/signing.ts";
import { recordFromLine } from "../rpl/records.ts";

export class VectorZone {
  readonly rrsets: readonly RRset[];
  readonly apex: Name;
  readonly now: number;

  constructor({ zone, VALID_AT }: { readonly zone: string; readonly VALID_AT: number }) {
    const lines = zone.split("\n").filter((line) => line !== "");
    this.rrsets = groupRRsets(lines.map((line, i) => recordFromLine(line, i + 1))).rrsets;
    this.apex = this.rrsets[0]!.name;
    this.now = VALID_AT;
  }

  rrset(owner: string, type: RRType): RRset {
    const name = Name.parse(owner);
    const found = this.rrsets.find((rrset) => rrset.type === type && rrset.name.equals(name));
    if (found === undefined) throw new Error(`the appendix has no ${owner} of type ${type}`);
    return found;
  }

  /** Several by "owner TYPE". */
  all(...texts: readonly string[]): RRset[] {
    return texts.map((text) => {
      const [owner, type] = text.split(" ");
      return this.rrset(owner!, typeFromText(type!)!);
    });
  }

  /** Old algorithms and short keys count here, at the time of the signatures. */
  judge(changes: Partial<Policy> = {}): Judge {
    return {
      now: this.now,
      engine: nativeEngine({ rsaMinBits: 512 }),
      work: new WorkBudget(limits),
      policy: { ...policy, algorithms: new Set([5, 7, ...policy.algorithms]), ...changes },
    };
  }

  secure(): SecureZone {
    const dnskey = this.rrset(this.apex.toString(), TYPE.DNSKEY);
    if (!isOfType(dnskey, TYPE.DNSKEY)) throw new Error("no DNSKEY");
    const keys = rdataOf(dnskey).filter((key) => key.flags === 257);
    const trust = anchorZone({ zone: this.apex, ds: [], keys, source: "the RFC" }, dnskey, this.judge());
    if (trust.status !== "secure") throw new Error(`the appendix is ${trust.status}`);
    return trust;
  }
}

export function question(owner: string, type: RRType) {
  return { name: Name.parse(owner), type, class: CLASS.IN };
}

/** What a server makes of a wildcard. */
export function expandedTo<T extends RRset>(rrset: T, owner: string): T {
  return { ...rrset, name: Name.parse(owner) };
}
