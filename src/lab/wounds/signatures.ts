/** Wounds of signatures and of the keys that made them. RFC 4035 §5.3; KeyTrap: CVE-2023-50387. */
import { TYPE } from "../../wire/registry.ts";
import { alter, corrupted, edit, type Injury, replaceData, resign, rezone, rrsetOf, together } from "../injure.ts";
import { decoyKey, keyTrap } from "../key-trap.ts";
import { keyFor } from "../signer.ts";
import type { LabRRset, Zone } from "../zone.ts";
import type { Wound } from "./wound.ts";

const DAY = 86400;
const www = { name: "www.good.lab", type: "A" } as const;

export const signatureWounds: readonly Wound[] = [
  {
    name: "expired signature",
    what: "the RRSIG of the answer expired two days ago",
    question: www,
    status: "bogus",
    reason: "signature expired",
    inflict: onWww((rrset, zone) => resign(zone, rrset, { validity: shifted(zone, -16 * DAY) })),
  },
  {
    name: "signature not yet valid",
    what: "the RRSIG of the answer begins next week",
    question: www,
    status: "bogus",
    reason: "signature not yet valid",
    inflict: onWww((rrset, zone) => resign(zone, rrset, { validity: shifted(zone, 7 * DAY) })),
  },
  {
    name: "expiration before inception",
    what: "the RRSIG of the answer ends before it begins",
    question: www,
    status: "bogus",
    reason: "signature expires before inception",
    inflict: onWww((rrset, zone) => {
      const { inception, expiration } = zone.signedWith!;
      return resign(zone, rrset, { validity: { inception: expiration, expiration: inception } });
    }),
  },
  {
    name: "expired zone",
    what: "all RRSIGs of the zone expired two days ago",
    question: www,
    status: "bogus",
    reason: "signature expired",
    inflict: rezone("good.lab.", {
      signing: { validity: (now) => ({ inception: now - 16 * DAY, expiration: now - 2 * DAY }) },
    }),
  },
  {
    name: "stripped signature",
    what: "the answer comes without its RRSIG",
    question: www,
    status: "bogus",
    reason: "signatures missing",
    inflict: onWww((rrset) => ({ ...rrset, signatures: [] })),
  },
  {
    name: "corrupted signature",
    what: "one octet of the answer's signature is wrong",
    question: www,
    status: "bogus",
    reason: "signature wrong",
    inflict: onWww((rrset) => ({ ...rrset, signatures: rrset.signatures.map(corrupted) })),
  },
  {
    name: "changed data",
    what: "the address is not the one that was signed",
    question: www,
    status: "bogus",
    reason: "signature wrong",
    inflict: onWww((rrset) => ({ ...rrset, data: [Uint8Array.of(203, 0, 113, 66)] })),
  },
  {
    name: "added record",
    what: "an unsigned record was put beside the signed one of the same type",
    question: www,
    status: "bogus",
    reason: "signature wrong",
    inflict: onWww((rrset) => ({ ...rrset, data: [...rrset.data, Uint8Array.of(203, 0, 113, 66)] })),
  },
  {
    name: "one good signature of two",
    what: "a corrupted RRSIG stands before the good one",
    question: www,
    status: "secure",
    reason: null,
    inflict: onWww((rrset) => ({ ...rrset, signatures: [...rrset.signatures.map(corrupted), ...rrset.signatures] })),
  },
  {
    name: "expired beside good signature",
    what: "an expired RRSIG stands before the good one",
    question: www,
    status: "secure",
    reason: null,
    inflict: onWww((rrset, zone) => {
      const expired = resign(zone, rrset, { validity: shifted(zone, -16 * DAY) });
      return { ...rrset, signatures: [...expired.signatures, ...rrset.signatures] };
    }),
  },
  {
    name: "unpublished key",
    what: "the answer was signed by a key that the zone does not publish",
    question: www,
    status: "bogus",
    reason: "no key for signature",
    inflict: onWww((rrset, zone) =>
      resign(zone, rrset, { keys: [keyFor({ zone: zone.apex, role: "zsk", algorithm: 13, ordinal: 9 })] }),
    ),
  },
  {
    name: "signed by the parent",
    what: "the answer was signed, correctly, by the keys of lab.",
    question: www,
    status: "bogus",
    reason: "signature by wrong zone",
    inflict: onWww((rrset, zone) =>
      resign(zone, rrset, { keys: [keyFor({ zone: zone.apex.ancestor(1), role: "zsk", algorithm: 13 })] }),
    ),
  },
  {
    name: "labels above owner",
    what: "the RRSIG counts more labels than its owner has",
    question: www,
    status: "bogus",
    reason: "signature labels wrong",
    inflict: onWww((rrset) => ({ ...rrset, signatures: rrset.signatures.map((rrsig) => withOctet(rrsig, 3, 7)) })),
  },
  {
    name: "labels below signer",
    what: "the RRSIG, cryptographically right, claims an expansion of *.lab., above its signer (CVE-2026-44690)",
    question: www,
    status: "bogus",
    reason: "signature labels wrong",
    inflict: onWww((rrset, zone) => resign(zone, rrset, { labels: 1 })),
  },
  {
    name: "TTL raised",
    what: "the TTL is higher than the one that was signed: the signature holds, the TTL must not",
    question: www,
    status: "secure",
    reason: null,
    inflict: onWww((rrset) => ({ ...rrset, ttl: rrset.ttl * 20 })),
  },
  {
    name: "stripped DNSKEY signature",
    what: "the DNSKEY RRset comes without its RRSIG",
    question: www,
    status: "bogus",
    reason: "signatures missing",
    inflict: edit("good.lab.", (zone) => alter(zone, ["good.lab", TYPE.DNSKEY], () => ({ signatures: [] }))),
  },
  {
    name: "corrupted DNSKEY signature",
    what: "the signature of the DNSKEY RRset is wrong",
    question: www,
    status: "bogus",
    reason: "signature wrong",
    inflict: edit("good.lab.", (zone) =>
      alter(zone, ["good.lab", TYPE.DNSKEY], ({ signatures }) => ({ signatures: signatures.map(corrupted) })),
    ),
  },
  {
    name: "TLSA changed",
    what: "the TLSA RR names another key than was signed: what DANE is there to notice",
    question: { name: "_25._tcp.mx.good.lab", type: "TLSA" },
    status: "bogus",
    reason: "signature wrong",
    inflict: edit("good.lab.", (zone) =>
      alter(zone, ["_25._tcp.mx.good.lab", TYPE.TLSA], ({ data }) => ({ data: [withOctet(data[0], 10, 0)] })),
    ),
  },
  {
    name: "key tag collision",
    what: "a key that nobody holds has the tag of the right one and comes before it",
    question: www,
    status: "secure",
    reason: null,
    inflict: together(
      rsaZone,
      edit("good.lab.", (zone) => {
        const [real] = zone.signedWith!.keys;
        const { data } = rrsetOf(zone, "good.lab", TYPE.DNSKEY);
        replaceData(zone, ["good.lab", TYPE.DNSKEY], [decoyKey(real!.tag, 0), ...data]);
      }),
    ),
  },
  {
    name: "key trap",
    what: "20 keys of one tag and 20 wrong signatures by that tag: 400 verifications if nobody counts (CVE-2023-50387)",
    question: www,
    status: "bogus",
    reason: "too much validation work",
    inflict: together(
      rsaZone,
      edit("good.lab.", (zone) => keyTrap(zone, { keys: 20, signatures: 20 })),
    ),
  },
  {
    name: "signature jam",
    what: "one key and 60 wrong signatures by it (SigJam); all but a few are dropped before anybody judges",
    question: www,
    status: "bogus",
    reason: "signature wrong",
    inflict: together(
      rsaZone,
      edit("good.lab.", (zone) => keyTrap(zone, { keys: 1, signatures: 60 })),
    ),
  },
  {
    name: "lock cram",
    what: "60 keys of one tag and one wrong signature by that tag (LockCram)",
    question: www,
    status: "bogus",
    reason: "too much validation work",
    inflict: together(
      rsaZone,
      edit("good.lab.", (zone) => keyTrap(zone, { keys: 60, signatures: 1 })),
    ),
  },
];

function onWww(change: (rrset: LabRRset, zone: Zone) => LabRRset): Injury {
  return edit("good.lab.", (zone) => zone.set(change(rrsetOf(zone, "www.good.lab", TYPE.A), zone)));
}

function shifted(zone: Zone, seconds: number) {
  const { inception, expiration } = zone.signedWith!;
  return { inception: inception + seconds, expiration: expiration + seconds };
}

function withOctet(octets: Uint8Array, at: number, value: number): Uint8Array {
  const changed = octets.slice();
  changed[at] = value;
  return changed;
}

/** good.lab. with RSASHA256, whose keys may be any odd number, so that tags can be chosen. */
function rsaZone(world: Parameters<Injury>[0]): ReturnType<Injury> {
  return rezone("good.lab.", { signing: { keys: [{ role: "csk", algorithm: 8 }] } })(world);
}
