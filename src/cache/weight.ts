/**
 * What values weigh in memory, in octets: what an attacker can choose is counted, the rest is a constant that was measured
 * (Node 20, 2026-11: `npm run soak` compares what is counted with what is alive). Without this, "64 MiB" would be the
 * number of entries times what each of them drags along: an NSEC with a bitmap of all types, a view of one record that
 * keeps its whole message, sixty keys of a zone behind one address.
 */
import type { ZoneAccount } from "../dnssec/account.ts";
import type { PackedAnswer } from "../dnssec/packed.ts";
import type { Failure, Proof, SignedBy, ZoneProof } from "../dnssec/proof.ts";
import type { Verdict, WhyInsecure } from "../dnssec/verdict.ts";
import type { RRset } from "../rrset/rrset.ts";
import type { Rrsig } from "../wire/rdata.ts";
import { TYPE } from "../wire/registry.ts";

/** Kept once, however many entries lead to it: the chain of trust of a zone, the proof that another one is insecure. */
export interface Shared {
  /** What it is known by. */
  readonly value: object;
  /** Without what is `below`. */
  readonly weigh: () => number;
  readonly below: () => readonly Shared[];
}

const OBJECT = 64;
/** A Uint8Array of at most 64 octets lies in V8's heap; a longer one is a view of memory outside. */
const ARRAY = 130;
const NAME = 2 * OBJECT + ARRAY;
/** Types whose RDATA is decoded on the way to a verdict: then both forms are kept. */
const decoded: ReadonlySet<number> = new Set([
  TYPE.NS,
  TYPE.SOA,
  TYPE.CNAME,
  TYPE.DNAME,
  TYPE.DS,
  TYPE.DNSKEY,
  TYPE.NSEC,
  TYPE.NSEC3,
]);

export function rrsetsWeight(rrsets: readonly RRset[]): number {
  const scale = new Scale();
  for (const rrset of rrsets) scale.rrset(rrset);
  return scale.total;
}

/** What is shared by those who rest on the same zone. */
export function sharedIn(verdict: Verdict<unknown>): readonly Shared[] {
  switch (verdict.status) {
    case "secure":
      return chainsOf(verdict.proof);
    case "insecure":
      return reasonOf(verdict.why);
    case "bogus":
    case "indeterminate":
      return brokenBelow(verdict.failure);
  }
}

/** A failure's own: its sentence, its names, and what came and did not count. */
export function failureWeight({ detail, at, broken }: Failure): number {
  const words = 2 * detail.length + 2 * at.wire.length;
  if (broken === undefined) return words;
  const { ds, shown } = broken;
  const signature = 2 * OBJECT + NAME + 2 * 255;
  const keys = (ds?.records.length ?? 0) + (shown?.keys.length ?? 0);
  const signatures = (ds?.signature == null ? 0 : 1) + (shown?.signatures.length ?? 0);
  return words + 6 * OBJECT + 2 * NAME + 4 * 255 + keys * OBJECT + signatures * signature;
}

/** The account of the chain above a failure, kept once for all that fail below the same zone. */
export function brokenBelow({ broken }: Failure): readonly Shared[] {
  return broken?.above == null ? [] : [accountIn(broken.above)];
}

function accountIn(account: ZoneAccount): Shared {
  const { keys, entry, parent, zone } = account;
  const entries = entry.kind === "ds" ? entry.ds.length : entry.keyTags.length;
  return {
    value: account,
    weigh: () => 10 * OBJECT + 3 * NAME + 6 * zone.wire.length + (keys.length + entries) * OBJECT,
    below: () => (parent === null ? [] : [accountIn(parent)]),
  };
}

export function reasonOf(why: WhyInsecure): readonly Shared[] {
  if ("denial" in why) {
    const { denial } = why;
    return [
      {
        value: denial,
        weigh: () => 6 * OBJECT + rrsetsWeight(denial.value.records),
        below: () => chainsOf(denial.proof),
      },
    ];
  }
  if (why.kind === "too many iterations") return why.account === undefined ? [] : [accountIn(why.account)];
  if (!("ds" in why)) return [];
  const { ds } = why;
  return [{ value: ds, weigh: () => 4 * OBJECT + rrsetsWeight([ds.value]), below: () => chainsOf(ds.proof) }];
}

export function chainOf(proof: ZoneProof): Shared {
  return {
    value: proof,
    weigh: () => {
      const signed: readonly SignedBy[] = "anchor" in proof ? [proof.dnskey] : [proof.dnskey, proof.ds];
      // The key that verified is imported, and OpenSSL's own copy of it stands outside of V8's heap.
      return 1500 + rrsetsWeight(signed.map(({ rrset }) => rrset));
    },
    below: () => ("anchor" in proof ? [] : [chainOf(proof.parent)]),
  };
}

/** The same for an answer at rest. */
export function sharedByPacked({ grounds }: PackedAnswer): readonly Shared[] {
  return "kind" in grounds ? reasonOf(grounds) : [...new Set(grounds)].map(chainOf);
}

/**
 * An answer at rest: a string, and around it objects and places in lists, some 260 octets; the rest is for what V8 has not
 * collected yet.
 */
export function packedWeight(packed: PackedAnswer): number {
  return 6 * OBJECT + packed.length;
}

function chainsOf({ parts }: Proof): readonly Shared[] {
  const zones = new Set(parts.map(({ zone }) => zone));
  return [...zones].map(chainOf);
}

class Scale {
  total = 0;
  #counted: ArrayBufferLike | null = null;

  rrset(rrset: RRset): void {
    this.total += 2 * OBJECT + NAME + 2 * rrset.name.wire.length;
    const values = decoded.has(rrset.type);
    for (const data of rrset.data) {
      this.#octets(data);
      if (values) this.total += NAME + ARRAY + data.length;
    }
    for (const signature of rrset.signatures) this.#signature(signature);
  }

  /** With the key that it verified by, which it keeps. */
  #signature({ signer, signature }: Rrsig): void {
    this.total += 6 * OBJECT + NAME + 2 * signer.wire.length;
    this.#octets(signature);
  }

  /** Views of one message keep it once, and whole. */
  #octets(octets: Uint8Array): void {
    this.total += ARRAY;
    if (octets.length <= 64) {
      this.total += octets.length;
      return;
    }
    const { buffer } = octets;
    if (buffer === this.#counted) return;
    this.#counted = buffer;
    this.total += ARRAY + buffer.byteLength;
  }
}
