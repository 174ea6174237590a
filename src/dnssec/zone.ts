/**
 * From a proven parent, or an anchor, to the next zone. RFC 4035 §5.2, RFC 6840 §5.2, §5.11.
 *
 * A zone becomes insecure only by proof: a signed denial of its DS, a signed DS RRset of which nothing is usable, or the
 * operator's word. Whatever else goes wrong is bogus.
 */
import { equalOctets } from "../rrset/canonical.ts";
import type { Cut } from "../rrset/findings.ts";
import { type RRset, rdataOf } from "../rrset/rrset.ts";
import type { Name } from "../wire/name.ts";
import type { TYPE } from "../wire/registry.ts";
import type { Break, ZoneAccount } from "./account.ts";
import { accountOf, brokenAt, dsAccounts, keyAccounts, shown, signatureAccount } from "./accounting.ts";
import { proveNoDs } from "./denial.ts";
import { chooseDs, matchDs } from "./ds.ts";
import type { Judge } from "./judge.ts";
import { type Denial, type Failure, failure, type SignedBy } from "./proof.ts";
import { algorithmCounts, endOf, findSignature, lifetime, proofFrom, verifyRRset } from "./signature.ts";
import type { TrustAnchor } from "./trust-anchor.ts";
import { bogus, mintSecure, type Secure, type WhyInsecure } from "./verdict.ts";
import { KeyRing, type ZoneKey } from "./zone-keys.ts";
import { type InsecureZone, mintInsecureZone, mintSecureZone, type SecureZone, type ZoneTrust } from "./zone-trust.ts";

export { InsecureZone, SecureZone, type ZoneTrust } from "./zone-trust.ts";

/** What the parent's side says about a delegation. */
export type CutVerdict =
  | { readonly kind: "signed"; readonly ds: Secure<RRset<typeof TYPE.DS>> }
  | { readonly kind: "insecure"; readonly why: WhyInsecure; readonly zone: InsecureZone }
  | NoCut
  | { readonly kind: "failed"; readonly failure: Failure };

/** There is no delegation at this name: it lies in the parent's zone, or does not exist. The walk was misled. */
export interface NoCut {
  readonly kind: "no cut";
  readonly status: "no cut";
  readonly denial: Secure<Denial>;
}

/** Is the zone below `cut` signed? Its DS proven by the parent, or the denial of one. */
export function judgeCut(parent: SecureZone, cut: Cut, by: Judge): CutVerdict {
  const { zone, ds } = cut;
  if (!zone.isStrictlyWithin(parent.name)) throw new TypeError(`${zone} is not below ${parent.name}`);
  if (ds === null) return judgeDenial(parent, cut, by);
  if (!ds.name.equals(zone)) throw new TypeError(`DS of ${ds.name} given for the delegation of ${zone}`);
  const verified = verifyRRset(ds, parent, by);
  if (verified.kind === "failed") return failedCut(parent, cut, verified.failure);
  if (verified.wildcard !== null) {
    // A DS stands beside the NS RRs of its delegation (RFC 4035 §2.4); at a wildcard it means nothing (RFC 4592 §4.6).
    const detail = `DS of ${zone} is an expansion of *.${verified.wildcard.isRoot ? "" : verified.wildcard}`;
    return failedCut(parent, cut, failure("signature labels wrong", zone, detail));
  }
  const proven = mintSecure(ds, proofFrom(parent, [verified.part], by));
  const choice = chooseDs(rdataOf(ds), by);
  return choice.kind === "usable"
    ? { kind: "signed", ds: proven }
    : insecure(zone, { kind: choice.kind, cut: zone, ds: proven });
}

function failedCut(parent: SecureZone, { zone, ds }: Cut, why: Failure): CutVerdict {
  const above = accountOf(parent.proof);
  return {
    kind: "failed",
    failure: brokenAt(why, "delegation", { zone, above, shown: ds === null ? null : shown(ds) }),
  };
}

function judgeDenial(parent: SecureZone, cut: Cut, by: Judge): CutVerdict {
  const denied = proveNoDs(parent, cut, by);
  if (!("status" in denied)) return failedCut(parent, cut, denied);
  if (denied.status === "insecure") return insecure(cut.zone, denied.why);
  if (denied.value.kind === "no delegation") return { kind: "no cut", status: "no cut", denial: denied };
  const kind = denied.value.optOut ? "opt-out" : "unsigned delegation";
  return insecure(cut.zone, { kind, cut: cut.zone, denial: denied });
}

function insecure(zone: Name, why: WhyInsecure): CutVerdict {
  return { kind: "insecure", why, zone: mintInsecureZone(zone, why) };
}

/** The zone's keys against a proven DS RRset. `dnskey` is null if the zone has answered that there is none. */
export function judgeKeys(
  parent: SecureZone,
  ds: Secure<RRset<typeof TYPE.DS>>,
  dnskey: RRset<typeof TYPE.DNSKEY> | null,
  by: Judge,
): ZoneTrust {
  const zone = ds.value.name;
  const signedDs = ds.proof.parts[0];
  if (signedDs === undefined || signedDs.rrset !== ds.value || signedDs.zone.zone.key !== parent.name.key) {
    throw new TypeError(`DS of ${zone} was not proven by ${parent.name}`);
  }
  const choice = chooseDs(rdataOf(ds.value), by);
  if (choice.kind !== "usable") return mintInsecureZone(zone, { kind: choice.kind, cut: zone, ds });
  const broken = (why: Failure): ZoneTrust =>
    brokenKeys(why, {
      zone,
      dnskey,
      above: accountOf(parent.proof),
      ds: { records: dsAccounts(rdataOf(ds.value)), signature: signatureAccount(signedDs.signature) },
    });
  const ring = ringOf(zone, dnskey);
  if ("code" in ring) return broken(ring);
  const match = matchDs(choice.ds, zone, ring, by);
  if (match.kind === "failed") return broken(match.failure);
  const signed = signedByOneOf(match.keys, { zone, dnskey: dnskey!, pointer: "a DS" }, by);
  if ("code" in signed) return broken(signed);
  const dsBy: SignedBy = { rrset: signedDs.rrset, signature: signedDs.signature, key: signedDs.key };
  return mintSecureZone({
    name: zone,
    ring,
    proof: { zone, parent: parent.proof, ds: dsBy, dnskey: signed },
    validUntil: Math.min(ds.proof.validUntil, parent.validUntil, endOf(signed.signature, by)),
    ttl: Math.min(lifetime(dsBy.rrset, dsBy.signature, by), lifetime(signed.rrset, signed.signature, by)),
  });
}

/** The start of every chain. Any one valid path suffices (RFC 6840 §5.11): old and new anchors stand side by side. */
export function anchorZone(anchor: TrustAnchor, dnskey: RRset<typeof TYPE.DNSKEY> | null, by: Judge): ZoneTrust {
  const { zone } = anchor;
  // Nothing is not "nothing supported": an empty anchor must not turn the tree below it insecure.
  if (anchor.ds.length + anchor.keys.length === 0) {
    throw new TypeError(`trust anchor of ${zone} from ${anchor.source} holds neither DS nor DNSKEY`);
  }
  const choice = chooseDs(anchor.ds, by);
  const anchorKeys = anchor.keys.filter((key) => algorithmCounts(key.algorithm, by));
  if (choice.kind !== "usable" && anchorKeys.length === 0) {
    return mintInsecureZone(zone, { kind: "unsupported anchor", cut: zone });
  }
  const broken = (why: Failure): ZoneTrust =>
    brokenKeys(why, { zone, dnskey, above: null, ds: { records: dsAccounts(anchor.ds), signature: null } });
  const ring = ringOf(zone, dnskey);
  if ("code" in ring) return broken(ring);
  const entries = new Set<ZoneKey>();
  for (const key of ring.keys) if (key.usable && anchorKeys.some((known) => sameKey(known, key))) entries.add(key);
  const match = choice.kind === "usable" ? matchDs(choice.ds, zone, ring, by) : null;
  if (match?.kind === "matched") for (const key of match.keys) entries.add(key);
  if (entries.size === 0) {
    const why = match?.kind === "failed" ? `: ${match.failure.detail}` : "";
    const detail = `No DNSKEY of ${zone} matches the trust anchor from ${anchor.source}${why}`;
    return broken(failure("anchor does not match", zone, detail));
  }
  const signed = signedByOneOf([...entries], { zone, dnskey: dnskey!, pointer: "the trust anchor" }, by);
  if ("code" in signed) return broken(signed);
  return mintSecureZone({
    name: zone,
    ring,
    proof: { zone, anchor, dnskey: signed },
    validUntil: endOf(signed.signature, by),
    ttl: lifetime(signed.rrset, signed.signature, by),
  });
}

interface BrokenKeys {
  readonly zone: Name;
  readonly dnskey: RRset<typeof TYPE.DNSKEY> | null;
  readonly above: ZoneAccount | null;
  readonly ds: Break["ds"];
}

function brokenKeys(why: Failure, { zone, dnskey, above, ds }: BrokenKeys): ZoneTrust {
  const came = dnskey === null ? null : shown(dnskey, keyAccounts(dnskey));
  return bogus(brokenAt(why, "keys", { zone, above, ds, shown: came }));
}

const sameKey = (known: { algorithm: number; publicKey: Uint8Array }, key: ZoneKey): boolean =>
  known.algorithm === key.dnskey.algorithm && equalOctets(known.publicKey, key.dnskey.publicKey);

function ringOf(zone: Name, dnskey: RRset<typeof TYPE.DNSKEY> | null): KeyRing | Failure {
  if (dnskey === null) {
    return failure(
      "DNSKEY missing",
      zone,
      `${zone} has no DNSKEY RRset, although its keys are pointed to from outside`,
    );
  }
  if (!dnskey.name.equals(zone)) throw new TypeError(`DNSKEY RRset of ${dnskey.name} given for zone ${zone}`);
  return KeyRing.of(dnskey);
}

interface Apex {
  readonly zone: Name;
  readonly dnskey: RRset<typeof TYPE.DNSKEY>;
  /** What points to the entry keys, for sentences. */
  readonly pointer: string;
}

/**
 * The DNSKEY RRset, signed by one of the keys that the outside points to. If all of these are malformed or of a size
 * that we refuse (RSA below 1024 or above 4096 bits), the failure says so: the parent did promise a supported
 * algorithm, so calling the zone insecure would let whoever can replace a DNSKEY RRset switch validation off.
 */
function signedByOneOf(entries: readonly ZoneKey[], apex: Apex, by: Judge): SignedBy | Failure {
  const { zone, dnskey, pointer } = apex;
  const found = findSignature(dnskey, zone, new KeyRing(entries), by);
  if (found.kind === "found") return { rrset: dnskey, signature: found.signature, key: found.key.dnskey };
  if (found.failure.code !== "no key for signature") return found.failure;
  const tags = [...new Set(dnskey.signatures.map((signature) => signature.keyTag))].slice(0, 8).join(", ");
  const detail = `DNSKEY RRset of ${zone} is signed by key ${tags}, and ${pointer} names ${entries.map((key) => key.tag).join(", ")}`;
  return failure("signatures missing", zone, detail);
}

/** No anchor at or above: the operator's choice. */
export function unanchored(name: Name): InsecureZone {
  return mintInsecureZone(name, { kind: "no trust anchor", cut: name });
}

/** RFC 7646 §2: at and below a negative trust anchor nothing is validated. */
export function negativelyAnchored(name: Name): InsecureZone {
  return mintInsecureZone(name, { kind: "negative trust anchor", cut: name });
}

/** What lies below the end of a chain inherits its reason. */
export function insecureBelow(zone: InsecureZone, name: Name): InsecureZone {
  if (!name.isWithin(zone.name)) throw new TypeError(`${name} is not within ${zone.name}`);
  return name.equals(zone.name) ? zone : mintInsecureZone(name, zone.why);
}
