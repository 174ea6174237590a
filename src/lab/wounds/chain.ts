/** Wounds of the chain of trust: DS, DNSKEY, algorithms, anchors, and the ways it ends properly. RFC 4035 §5.2, RFC 6840 §5. */
import { Name } from "../../wire/name.ts";
import { TYPE } from "../../wire/registry.ts";
import { edit, type Injury, replaceData, reserver, resign, rezone, rrsetOf, strangeDs, together } from "../injure.ts";
import { changes, isDenial, withoutSignatures } from "../quirks.ts";
import { dsRdata, type KeyRole, keyFor } from "../signer.ts";
import type { Wound } from "./wound.ts";

const www = { name: "www.good.lab", type: "A" } as const;
const plain = { name: "host.plain.lab", type: "A" } as const;
const goodKey = (algorithm = 13) => keyFor({ zone: Name.parse("good.lab"), role: "csk", algorithm });

export const chainWounds: readonly Wound[] = [
  {
    name: "wrong DS digest",
    what: "the DS names the zone's key, but its digest does not fit",
    question: www,
    status: "bogus",
    reason: "no key for DS",
    inflict: rezone("good.lab.", { ds: ([key]) => [strangeDs(key!)] }),
  },
  {
    name: "DS of another key",
    what: "the DS names a key that the zone does not publish",
    question: www,
    status: "bogus",
    reason: "no key for DS",
    inflict: rezone("good.lab.", {
      ds: () => [dsRdata(keyFor({ zone: Name.parse("good.lab"), role: "csk", algorithm: 13, ordinal: 7 }))],
    }),
  },
  {
    name: "DS without DNSKEY",
    what: "the parent publishes a DS, the zone is not signed",
    question: www,
    status: "bogus",
    reason: "DNSKEY missing",
    inflict: rezone("good.lab.", { signing: null, ds: () => [dsRdata(goodKey())] }),
  },
  {
    name: "corrupted DS signature",
    what: "the DS was changed after the parent signed it",
    question: www,
    status: "bogus",
    reason: "signature wrong",
    inflict: edit("lab.", (zone) => {
      const ds = rrsetOf(zone, "good.lab", TYPE.DS);
      zone.set({ ...ds, data: [strangeDs(goodKey())] });
    }),
  },
  {
    name: "stripped DS signature",
    what: "the DS comes without its RRSIG",
    question: www,
    status: "bogus",
    reason: "signatures missing",
    inflict: edit("lab.", (zone) => zone.set(withoutSignatures(rrsetOf(zone, "good.lab", TYPE.DS)))),
  },
  {
    name: "stripped DS",
    what: "the parent shows neither DS nor a proof that there is none",
    question: www,
    status: "bogus",
    reason: "denial missing",
    inflict: reserver("ns.lab.", withoutDs("everywhere")),
  },
  {
    name: "referral without DS",
    what: "the referral leaves out DS and proof; asked for it, the parent gives the DS",
    question: www,
    status: "secure",
    reason: null,
    inflict: reserver("ns.lab.", withoutDs("in referrals")),
  },
  {
    name: "stripped denial of DS",
    what: "the parent refers to an unsigned zone without any proof that it is unsigned: the classic downgrade",
    question: plain,
    status: "bogus",
    reason: "denial missing",
    inflict: reserver(
      "ns.lab.",
      changes(({ authority }) => ({ authority: authority.filter((rrset) => !isDenial(rrset)) })),
    ),
  },
  {
    name: "unsigned denial of DS",
    what: "the NSEC that denies the DS has no RRSIG",
    question: plain,
    status: "bogus",
    reason: "signatures missing",
    inflict: edit("lab.", (zone) => {
      zone.denials = zone.denials.map(withoutSignatures);
    }),
  },
  {
    name: "signed zone passed off as unsigned",
    what: "the referral to a signed zone shows the unsigned neighbour's NSEC in place of the DS",
    question: www,
    status: "bogus",
    reason: "denial does not prove it",
    inflict: together(
      edit("lab.", (zone) => {
        const neighbour = zone.denials.find((rrset) => rrset.name.equals(Name.parse("plain.lab")))!;
        zone.remove(Name.parse("good.lab"), TYPE.DS);
        zone.denials = [neighbour];
      }),
    ),
  },
  {
    name: "unsigned zone",
    what: "the zone is not signed, and its parent proves it",
    question: www,
    status: "insecure",
    reason: "unsigned delegation",
    inflict: rezone("good.lab.", { signing: null }),
  },
  {
    name: "unsigned TLD",
    what: "the TLD is not signed; the zone below it is, for nobody",
    question: www,
    status: "insecure",
    reason: "unsigned delegation",
    inflict: rezone("lab.", { signing: null }),
  },
  {
    name: "unsupported algorithm",
    what: "the zone is signed with algorithm 12 (ECC-GOST), which nobody has",
    question: www,
    status: "insecure",
    reason: "unsupported algorithm",
    inflict: signedWith(12),
  },
  {
    name: "unknown algorithm",
    what: "the zone is signed with algorithm 200, which nobody has assigned",
    question: www,
    status: "insecure",
    reason: "unsupported algorithm",
    inflict: signedWith(200),
  },
  {
    name: "SHA-1 algorithm",
    what: "the zone is signed with RSASHA1, which counts as unsupported (RFC 9905)",
    question: www,
    status: "insecure",
    reason: "unsupported algorithm",
    inflict: signedWith(5),
  },
  {
    name: "unsupported digest",
    what: "the only DS has digest type 3 (GOST R 34.11-94)",
    question: www,
    status: "insecure",
    reason: "unsupported digest",
    inflict: rezone("good.lab.", { ds: ([key]) => [strangeDs(key!, { digestType: 3 })] }),
  },
  {
    name: "unsupported beside good DS",
    what: "a DS of unknown algorithm and one of unknown digest stand beside the good one",
    question: www,
    status: "secure",
    reason: null,
    inflict: rezone("good.lab.", {
      ds: ([key]) => [strangeDs(key!, { algorithm: 200 }), strangeDs(key!, { digestType: 200 }), dsRdata(key!)],
    }),
  },
  {
    name: "unsupported beside wrong DS",
    what: "a DS of unknown algorithm stands beside a usable one that fits no key: not a way to become insecure",
    question: www,
    status: "bogus",
    reason: "no key for DS",
    inflict: rezone("good.lab.", { ds: ([key]) => [strangeDs(key!, { algorithm: 200 }), strangeDs(key!)] }),
  },
  {
    name: "SHA-1 DS beside wrong SHA-256 DS",
    what: "the SHA-1 digest fits, the SHA-256 digest does not: the weaker one must not help (RFC 4509 §3)",
    question: www,
    status: "bogus",
    reason: "no key for DS",
    inflict: rezone("good.lab.", { ds: ([key]) => [dsRdata(key!, 1), strangeDs(key!)] }),
  },
  {
    name: "SHA-1 DS alone",
    what: "the only DS is a SHA-1 digest",
    question: www,
    status: "secure",
    reason: null,
    inflict: rezone("good.lab.", { ds: ([key]) => [dsRdata(key!, 1)] }),
  },
  {
    name: "SHA-384 DS",
    what: "the only DS is a SHA-384 digest",
    question: www,
    status: "secure",
    reason: null,
    inflict: rezone("good.lab.", { ds: ([key]) => [dsRdata(key!, 4)] }),
  },
  {
    name: "DS trap",
    what: "60 DS RRs name the zone's key, none fits (HashTrap)",
    question: www,
    status: "bogus",
    reason: "too much validation work",
    inflict: rezone("good.lab.", { ds: ([key]) => Array.from({ length: 60 }, (_, i) => manyDs(strangeDs(key!), i)) }),
  },
  {
    name: "revoked key",
    what: "the key that the DS names is revoked (RFC 5011)",
    question: www,
    status: "bogus",
    reason: "no key for DS",
    inflict: withFlags("csk", 257 | 128),
  },
  {
    name: "no zone key flag",
    what: "the key that the DS names is not a zone key",
    question: www,
    status: "bogus",
    reason: "no zone key",
    inflict: withFlags("csk", 1),
  },
  {
    name: "DNSKEY RRset signed by the wrong key",
    what: "the key that the DS names did not sign the DNSKEY RRset; another zone key did",
    question: www,
    status: "bogus",
    reason: "signatures missing",
    inflict: together(
      rezone("good.lab.", {
        signing: {
          keys: [
            { role: "ksk", algorithm: 13 },
            { role: "zsk", algorithm: 13 },
          ],
        },
      }),
      edit("good.lab.", (zone) => {
        const zsk = zone.signedWith!.keys.filter((key) => key.role === "zsk");
        zone.set(resign(zone, rrsetOf(zone, "good.lab", TYPE.DNSKEY), { keys: zsk }));
      }),
    ),
  },
  {
    name: "wrong anchor",
    what: "the trust anchor names a key that the root does not have",
    question: www,
    status: "bogus",
    reason: "anchor does not match",
    inflict: rezone(".", { ds: () => [dsRdata(keyFor({ zone: Name.root, role: "ksk", algorithm: 13, ordinal: 7 }))] }),
  },
  {
    name: "forged synthesis",
    what: "the CNAME that comes with a DNAME points elsewhere than the DNAME says",
    question: { name: "www.old.good.lab", type: "A" },
    status: "bogus",
    reason: "alias wrong",
    inflict: reserver(
      "ns.good.lab.",
      changes(({ answer }) => ({
        answer: answer.map((rrset) =>
          rrset.type === TYPE.CNAME && rrset.signatures.length === 0
            ? { ...rrset, data: [Name.parse("evil.lab").wire] }
            : rrset,
        ),
      })),
    ),
  },
  {
    name: "alias to unsigned zone",
    what: "nothing is wrong: a signed CNAME leads to a zone that is not signed, and the least trusted link decides",
    question: { name: "away.good.lab", type: "A" },
    status: "insecure",
    reason: "unsigned delegation",
    inflict: (world) => world,
  },
  {
    name: "alias loop",
    what: "nothing is wrong with the signatures: two signed CNAMEs point at each other",
    question: { name: "round.good.lab", type: "A" },
    status: "indeterminate",
    reason: "too many aliases",
    inflict: (world) => world,
  },
  {
    name: "changed TLSA, signed again",
    what: "nothing is wrong: the holder of the zone's key may publish what he likes",
    question: { name: "_25._tcp.mx.good.lab", type: "TLSA" },
    status: "secure",
    reason: null,
    inflict: edit("good.lab.", (zone) =>
      replaceData(
        zone,
        ["_25._tcp.mx.good.lab", TYPE.TLSA],
        [Uint8Array.from([3, 1, 1, ...new Uint8Array(32).fill(7)])],
      ),
    ),
  },
];

function signedWith(algorithm: number): Injury {
  return rezone("good.lab.", { signing: { keys: [{ role: "csk", algorithm }] } });
}

function withFlags(role: KeyRole, flags: number): Injury {
  return rezone("good.lab.", { signing: { keys: [{ role, algorithm: 13, flags }] }, ds: ([key]) => [dsRdata(key!)] });
}

/** Referrals of the parent, or all of its replies, without DS and without proof that there is none. */
function withoutDs(where: "in referrals" | "everywhere") {
  return changes(
    ({ answer, authority }) => ({
      answer: where === "everywhere" ? answer.filter(({ type }) => type !== TYPE.DS) : answer,
      authority: authority.filter((rrset) => rrset.type !== TYPE.DS && !isDenial(rrset)),
    }),
    ({ question }) => where === "everywhere" || question.type !== TYPE.DS,
  );
}

function manyDs(rdata: Uint8Array, ordinal: number): Uint8Array {
  const other = rdata.slice();
  other[other.length - 1] = ordinal;
  return other;
}
