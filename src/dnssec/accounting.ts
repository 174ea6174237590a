/** From proofs and failures to the accounts of them. */
import { equalOctets } from "../rrset/canonical.ts";
import { type RRset, rdataOf } from "../rrset/rrset.ts";
import { keyTag } from "../wire/key-tag.ts";
import type { Ds, Rrsig } from "../wire/rdata.ts";
import type { TYPE } from "../wire/registry.ts";
import type { Break, DsAccount, KeyAccount, ShownRRset, SignatureAccount, ZoneAccount } from "./account.ts";
import type { Failure, SignedBy, ZoneProof } from "./proof.ts";
import type { SecureZone } from "./zone-trust.ts";

/** The most of one kind that an account lists. */
const LISTED = 6;

const accounts = new WeakMap<ZoneProof, ZoneAccount>();

export function accountOf(proof: ZoneProof): ZoneAccount {
  const known = accounts.get(proof);
  if (known !== undefined) return known;
  const account = makeAccount(proof);
  accounts.set(proof, account);
  return account;
}

function makeAccount(proof: ZoneProof): ZoneAccount {
  const signature = signatureAccount(proof.dnskey.signature);
  const all = keyAccounts(proof.dnskey.rrset);
  const signing = signature.keyTag;
  const keys = [...all.filter(({ tag }) => tag === signing), ...all.filter(({ tag }) => tag !== signing)];
  const entry = entryOf(proof);
  const entries = "parent" in proof ? proof.ds.rrset.data.length : entry.kind === "anchor" ? entry.keyTags.length : 0;
  return {
    zone: proof.zone,
    parent: "parent" in proof ? accountOf(proof.parent) : null,
    entry,
    keys: keys.slice(0, LISTED),
    unlisted: Math.max(0, keys.length - LISTED) + Math.max(0, entries - LISTED),
    signature,
  };
}

function entryOf(proof: ZoneProof): ZoneAccount["entry"] {
  if ("parent" in proof) {
    return {
      kind: "ds",
      ds: dsAccounts(rdataOf(proof.ds.rrset as RRset<typeof TYPE.DS>)),
      signature: signatureAccount(proof.ds.signature),
    };
  }
  const { ds, keys, source } = proof.anchor;
  const listed = new Set(keyAccounts(proof.dnskey.rrset).map(({ tag }) => tag));
  const named = [...ds.map((one) => one.keyTag), ...keys.map((key) => tagAmong(proof.dnskey, key.publicKey))];
  const tags = [...new Set(named)].filter((tag) => tag !== null);
  return {
    kind: "anchor",
    source,
    keyTags: [...tags.filter((tag) => listed.has(tag)), ...tags.filter((tag) => !listed.has(tag))].slice(0, LISTED),
  };
}

function tagAmong({ rrset }: SignedBy, publicKey: Uint8Array): number | null {
  for (const rdata of rrset.data) {
    if (equalOctets(rdata.subarray(4), publicKey)) return keyTag(rdata);
  }
  return null;
}

export function keyAccounts(rrset: RRset): readonly KeyAccount[] {
  const dnskey = rrset as RRset<typeof TYPE.DNSKEY>;
  return rdataOf(dnskey).map(({ flags, algorithm }, i) => ({ tag: keyTag(rrset.data[i]!), algorithm, flags }));
}

export function dsAccounts(all: readonly Ds[]): readonly DsAccount[] {
  return all.slice(0, LISTED).map(({ keyTag: tag, algorithm, digestType }) => ({ keyTag: tag, algorithm, digestType }));
}

export function signatureAccount({ keyTag: tag, algorithm, signer, inception, expiration }: Rrsig): SignatureAccount {
  return { keyTag: tag, algorithm, signer, inception, expiration };
}

/** What came and did not count. */
export function shown(rrset: RRset, keys: readonly KeyAccount[] = []): ShownRRset {
  return {
    name: rrset.name,
    type: rrset.type,
    signatures: rrset.signatures.slice(0, LISTED).map(signatureAccount),
    keys: keys.slice(0, LISTED),
  };
}

/** The same failure, with its place in the chain. A place that is known already is the better one. */
export function brokenAt(
  failure: Failure,
  link: Break["link"],
  at: Omit<Break, "link" | "ds" | "shown"> & Partial<Break>,
): Failure {
  return failure.broken === undefined ? { ...failure, broken: { ds: null, shown: null, ...at, link } } : failure;
}

/** The place of a response that fails below a proven zone. */
export function brokenResponse(failure: Failure, zone: SecureZone, rrset: RRset | null): Failure {
  return brokenAt(failure, "response", {
    zone: zone.name,
    above: accountOf(zone.proof),
    shown: rrset === null ? null : shown(rrset),
  });
}
