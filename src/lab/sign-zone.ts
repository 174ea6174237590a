/** Signs a whole lab zone: keys at the apex, a chain of denials, one signature per RRset and key. RFC 4035 §2. */
import type { UnixSeconds } from "../env/env.ts";
import { TYPE } from "../wire/registry.ts";
import { nsec3Chain, nsec3ParamRdata, nsecChain } from "./chains.ts";
import { type SigningKey, signersOf, signRRset } from "./signer.ts";
import type { DenialStyle, LabRRset, Zone } from "./zone.ts";

export interface ZoneSigning {
  readonly keys: readonly SigningKey[];
  readonly denial: DenialStyle;
  readonly inception: UnixSeconds;
  readonly expiration: UnixSeconds;
}

const DNSKEY_TTL = 3600;

export function signZone(zone: Zone, signing: ZoneSigning): void {
  const { keys, denial, inception, expiration } = signing;
  const { apex } = zone;
  for (const key of keys) zone.add({ name: apex, type: TYPE.DNSKEY, ttl: DNSKEY_TTL, rdata: key.rdata });
  if (denial.kind === "nsec3") {
    // RFC 5155 §4: only for the zone's own servers, with a TTL of 0 by custom.
    zone.add({ name: apex, type: TYPE.NSEC3PARAM, ttl: 0, rdata: nsec3ParamRdata(denial) });
  }
  zone.denialStyle = denial;
  zone.signedWith = { keys, inception, expiration };
  chainAndSign(zone);
}

/** Makes chain and signatures anew, after the zone's records were changed. */
export function chainAndSign(zone: Zone): void {
  const { denialStyle } = zone;
  if (denialStyle === null) return;
  for (const { name, rrsets } of zone.nodes.values()) {
    const standing = zone.standing(name);
    for (const rrset of rrsets.values()) {
      // RFC 4035 §2.2: neither glue nor the NS RRset of a delegation is signed.
      const signed = standing === "authoritative" || (standing === "cut" && rrset.type === TYPE.DS);
      rrsets.set(rrset.type, signed ? withSignatures(zone, rrset) : { ...rrset, signatures: [] });
    }
  }
  const chain = denialStyle.kind === "nsec" ? nsecChain(zone) : nsec3Chain(zone, denialStyle);
  zone.denials = chain.map((rrset) => withSignatures(zone, rrset));
}

/** The RRset with the signatures of the zone's own keys over what it is now. */
export function withSignatures(
  zone: Zone,
  rrset: LabRRset,
  validity?: { inception: UnixSeconds; expiration: UnixSeconds },
): LabRRset {
  const { signedWith } = zone;
  if (signedWith === null) return { ...rrset, signatures: [] };
  const signatures = signersOf(signedWith.keys, rrset.type).map((key) => signRRset(rrset, key, validity ?? signedWith));
  return { ...rrset, signatures };
}
