/** Wounds of denials of existence, and of wildcards. RFC 4035 §5.4, RFC 5155 §8, RFC 9276 §3.2. */
import { Name } from "../../wire/name.ts";
import { RCODE, TYPE } from "../../wire/registry.ts";
import { denialOf } from "../denial.ts";
import { corrupted, edit, type Injury, reserver, rezone, together } from "../injure.ts";
import { changes, isDenial, withoutSignatures } from "../quirks.ts";
import { withSignatures } from "../sign-zone.ts";
import type { LabRRset, Zone } from "../zone.ts";
import type { Wound } from "./wound.ts";

const nobody = { name: "nobody.good.lab", type: "A" } as const;
const hashedNobody = { name: "nobody.good.hash", type: "A" } as const;
const wild = { name: "any.wild.good.lab", type: "A" } as const;
const hashedWild = { name: "any.wild.good.hash", type: "A" } as const;
const noTlsa = { name: "mx2.good.lab", type: "TLSA" } as const;
const noHashedTlsa = { name: "mx.good.hash", type: "TLSA" } as const;
const goodLab = Name.parse("good.lab");
const TOO_MANY = 500;

export const denialWounds: readonly Wound[] = [
  {
    name: "missing denial",
    what: "NXDOMAIN comes without any NSEC",
    question: nobody,
    status: "bogus",
    reason: "denial missing",
    inflict: withoutDenials("ns.good.lab."),
  },
  {
    name: "missing denial of a type",
    what: "NODATA comes without any NSEC",
    question: noTlsa,
    status: "bogus",
    reason: "denial missing",
    inflict: withoutDenials("ns.good.lab."),
  },
  {
    name: "unsigned denial",
    what: "the NSEC RRs of an NXDOMAIN have no RRSIGs",
    question: nobody,
    status: "bogus",
    reason: "signatures missing",
    inflict: eachDenial("good.lab.", withoutSignatures),
  },
  {
    name: "corrupted denial",
    what: "the signatures of an NXDOMAIN's NSEC RRs are wrong",
    question: nobody,
    status: "bogus",
    reason: "signature wrong",
    inflict: eachDenial("good.lab.", (rrset) => ({ ...rrset, signatures: rrset.signatures.map(corrupted) })),
  },
  {
    name: "denial of another name",
    what: "NXDOMAIN comes with a genuine NSEC that covers other names",
    question: nobody,
    status: "bogus",
    reason: "denial does not prove it",
    inflict: onlyDenials("good.lab.", (rrset) => rrset.name.labelCount === 2),
  },
  {
    name: "existing name denied",
    what: "the server says NXDOMAIN to a name that exists, with the genuine NSEC at it",
    question: { name: "www.good.lab", type: "A" },
    status: "bogus",
    reason: "denial does not prove it",
    inflict: edit("good.lab.", (zone) => zone.nodes.delete(Name.parse("www.good.lab").key)),
  },
  {
    name: "existing type denied",
    what: "the server says NODATA to a TLSA RRset that exists: an attempt to switch DANE off",
    question: { name: "_25._tcp.mx.good.lab", type: "TLSA" },
    status: "bogus",
    reason: "denial does not prove it",
    inflict: edit("good.lab.", (zone) => zone.remove(Name.parse("_25._tcp.mx.good.lab"), TYPE.TLSA)),
  },
  {
    name: "no proof of no wildcard",
    what: "NXDOMAIN comes with the NSEC that covers the name, without the one that covers the wildcard",
    question: nobody,
    status: "bogus",
    reason: "denial does not prove it",
    inflict: onlyDenials("good.lab.", (rrset) => rrset.name.labelCount > 2),
  },
  {
    name: "parent's NSEC denies the child's data",
    what: "NODATA below a cut comes with the parent's NSEC at the cut, where NS is set and SOA is not (RFC 6840 §4.1)",
    question: { name: "mx2.good.lab", type: "TLSA" },
    status: "bogus",
    reason: "signature by wrong zone",
    inflict: parentDenies,
  },
  {
    name: "delegation hidden by its own NSEC",
    what: "the parent's server denies all at and below a cut, with the genuine NSEC of that cut (RFC 6840 §4.1)",
    question: { name: "www.good.lab", type: "A" },
    status: "bogus",
    reason: "denial does not prove it",
    inflict: hiddenCut,
  },
  {
    name: "wildcard without proof",
    what: "an answer from a wildcard comes without the proof that no closer name exists",
    question: wild,
    status: "bogus",
    reason: "wildcard without proof",
    inflict: withoutDenials("ns.good.lab."),
  },
  {
    name: "wildcard with wrong proof",
    what: "an answer from a wildcard comes with a genuine NSEC that covers other names",
    question: wild,
    status: "bogus",
    reason: "wildcard without proof",
    inflict: onlyDenials("good.lab.", (rrset) => rrset.name.labelCount === 2),
  },
  {
    name: "wildcard replayed for an existing name",
    what: "the wildcard's RRset and RRSIG are served for a name that exists beside the wildcard",
    question: { name: "closer.wild.good.lab", type: "A" },
    status: "bogus",
    reason: "wildcard without proof",
    inflict: edit("good.lab.", (zone) => {
      const expanded = zone.get(Name.parse("*.wild.good.lab"), TYPE.A)!;
      zone.set({ ...expanded, name: Name.parse("closer.wild.good.lab") });
    }),
  },
  {
    name: "NSEC3 missing denial",
    what: "NXDOMAIN in a zone with NSEC3 comes without any",
    question: hashedNobody,
    status: "bogus",
    reason: "denial missing",
    inflict: withoutDenials("ns.good.hash."),
  },
  {
    name: "NSEC3 missing denial of a type",
    what: "NODATA in a zone with NSEC3 comes without any",
    question: noHashedTlsa,
    status: "bogus",
    reason: "denial missing",
    inflict: withoutDenials("ns.good.hash."),
  },
  {
    name: "NSEC3 existing type denied",
    what: "NODATA to a type that the NSEC3's bitmap holds",
    question: { name: "mx.good.hash", type: "A" },
    status: "bogus",
    reason: "denial does not prove it",
    inflict: edit("good.hash.", (zone) => zone.remove(Name.parse("mx.good.hash"), TYPE.A)),
  },
  {
    name: "NSEC3 wildcard without proof",
    what: "an answer from a wildcard comes without the NSEC3 that covers the next closer name",
    question: hashedWild,
    status: "bogus",
    reason: "wildcard without proof",
    inflict: withoutDenials("ns.good.hash."),
  },
  {
    name: "NSEC3 of other parameters",
    what: "one NSEC3 of a proof has another salt than the rest, though properly signed",
    question: hashedNobody,
    status: "bogus",
    reason: "denial malformed",
    inflict: edit("good.hash.", (zone) => {
      const [apex] = denialOf(zone, "no data", zone.apex);
      zone.denials = zone.denials.map((rrset) =>
        rrset === apex ? withSignatures(zone, { ...rrset, data: [otherSalt(rrset.data[0])] }) : rrset,
      );
    }),
  },
  {
    name: "NSEC3 unknown hash",
    what: "the NSEC3 RRs have hash algorithm 7, so they count as absent (RFC 5155 §8.1)",
    question: hashedNobody,
    status: "bogus",
    reason: "denial malformed",
    inflict: edit("good.hash.", (zone) => {
      zone.denials = zone.denials.map((rrset) =>
        withSignatures(zone, { ...rrset, data: [withFirstOctet(rrset.data[0], 7)] }),
      );
    }),
  },
  {
    name: "500 iterations",
    what: "the zone's NSEC3 RRs, properly signed, want 500 rounds of hashing",
    question: hashedNobody,
    status: "insecure",
    reason: "too many iterations",
    inflict: iterated,
  },
  {
    name: "500 iterations, positive answer",
    what: "the same zone, asked for what it has: no hashing needed",
    question: { name: "www.good.hash", type: "A" },
    status: "secure",
    reason: null,
    inflict: iterated,
  },
  {
    name: "500 iterations, bad signature",
    what: "the NSEC3 RRs want 500 rounds, and their signatures are wrong: forged, not insecure",
    question: hashedNobody,
    status: "bogus",
    reason: "signature wrong",
    inflict: together(
      iterated,
      eachDenial("good.hash.", (rrset) => ({ ...rrset, signatures: rrset.signatures.map(corrupted) })),
    ),
  },
  {
    name: "opt-out delegation",
    what: "nothing is wrong: the unsigned zone lies in an opt-out span",
    question: { name: "host.plain.optout", type: "A" },
    status: "insecure",
    reason: "opt-out",
    inflict: unharmed,
  },
  {
    name: "opt-out name error",
    what: "nothing is wrong: NXDOMAIN in an opt-out span proves that there is no signed name, no more (RFC 5155 §9.2)",
    question: { name: "nobody.optout", type: "A" },
    status: "insecure",
    reason: "opt-out",
    inflict: unharmed,
  },
];

function unharmed<T>(world: T): T {
  return world;
}

function iterated(world: Parameters<Injury>[0]): ReturnType<Injury> {
  return rezone("good.hash.", { signing: { denial: { iterations: TOO_MANY } } })(world);
}

function withoutDenials(server: string): Injury {
  return reserver(
    server,
    changes(({ authority }) => ({ authority: authority.filter((rrset) => !isDenial(rrset)) })),
  );
}

function eachDenial(apex: string, change: (rrset: LabRRset) => LabRRset): Injury {
  return edit(apex, (zone) => {
    zone.denials = zone.denials.map(change);
  });
}

function onlyDenials(apex: string, keep: (rrset: LabRRset) => boolean): Injury {
  return edit(apex, (zone) => {
    zone.denials = zone.denials.filter(keep);
  });
}

/** The denial that the server of good.lab. shows is its parent's NSEC at the cut. */
function parentDenies(world: Parameters<Injury>[0]): ReturnType<Injury> {
  return withNsecAtCut((nsec) =>
    reserver(
      "ns.good.lab.",
      changes(({ authority }) => ({ authority: authority.flatMap((rrset) => (isDenial(rrset) ? nsec() : [rrset])) })),
    ),
  )(world);
}

/** The server of lab. speaks for what it delegated. */
function hiddenCut(world: Parameters<Injury>[0]): ReturnType<Injury> {
  return withNsecAtCut((nsec, soa) =>
    reserver(
      "ns.lab.",
      changes(
        ({ question }) => ({
          aa: true,
          rcode: question?.name.equals(goodLab) ? RCODE.NOERROR : RCODE.NXDOMAIN,
          answer: [],
          authority: [...soa(), ...nsec()],
          additional: [],
        }),
        ({ question }) => question.name.isWithin(goodLab) && question.type !== TYPE.DS,
      ),
    ),
  )(world);
}

/** Wounds that need what the zone lab. signed: its NSEC at the cut good.lab., and its SOA. */
function withNsecAtCut(inflict: (nsec: () => LabRRset[], soa: () => LabRRset[]) => Injury): Injury {
  let lab: Zone | null = null;
  return together(
    edit("lab.", (zone) => {
      lab = zone;
    }),
    inflict(
      () => (lab === null ? [] : denialOf(lab, "no data", goodLab)),
      () => [lab?.get(lab.apex, TYPE.SOA)].filter((rrset) => rrset !== undefined),
    ),
  );
}

function otherSalt(rdata: Uint8Array): Uint8Array {
  const changed = rdata.slice();
  changed[5]! ^= 0xff;
  return changed;
}

function withFirstOctet(rdata: Uint8Array, value: number): Uint8Array {
  const changed = rdata.slice();
  changed[0] = value;
  return changed;
}
