/** Wounds that somebody inflicts on purpose: records from outside, proofs from the wrong place, work without end. */
import { Name } from "../../wire/name.ts";
import { RCODE, TYPE } from "../../wire/registry.ts";
import { nsec3Hash, nsec3Owner, nsec3Rdata, nsecRdata } from "../chains.ts";
import { denialOf } from "../denial.ts";
import { addZone, edit, type Injury, reserver, rezone, rrsetOf, together } from "../injure.ts";
import { changes, fails, isDenial, upwardReferral } from "../quirks.ts";
import { withSignatures } from "../sign-zone.ts";
import { keyFor, signRRset } from "../signer.ts";
import type { LabRRset, Zone } from "../zone.ts";
import type { Wound } from "./wound.ts";

const www = { name: "www.good.lab", type: "A" } as const;
const nobody = { name: "nobody.good.lab", type: "A" } as const;
const UNREACHABLE = "no reachable authority";
const goodLab = Name.parse("good.lab");
const evil = Name.parse("ns.evil.lab");

export const attackWounds: readonly Wound[] = [
  {
    name: "NSEC reaches out of its zone",
    what: "the next name of a properly signed NSEC lies outside the zone, so that it would cover its neighbours (CVE-2026-13321)",
    question: nobody,
    status: "bogus",
    reason: "denial malformed",
    inflict: edit("good.lab.", (zone) => {
      const [over] = denialOf(zone, "wildcard answer", Name.parse("nobody.good.lab"));
      const reaching = nsecRdata(Name.parse("zzz.lab"), [TYPE.A, TYPE.RRSIG, TYPE.NSEC]);
      zone.denials = zone.denials.map((rrset) =>
        rrset === over ? withSignatures(zone, { ...rrset, data: [reaching] }) : rrset,
      );
    }),
  },
  {
    name: "NSEC3 impersonation",
    what: "a child named like the hash of its parent's apex signs an NSEC3 there that denies all of the parent (CVE-2026-10723)",
    question: { name: "www.good.hash", type: "A" },
    status: "bogus",
    reason: "signature by wrong zone",
    inflict: impersonation,
  },
  {
    name: "DS denied by the child",
    what: "in place of the DS the parent's server shows the child's own NODATA, whose NSEC has the SOA bit",
    question: www,
    status: "bogus",
    reason: "signature by wrong zone",
    inflict: childDeniesDs,
  },
  {
    name: "CNAME bit ignored",
    what: "NODATA comes with an NSEC whose bitmap says that there is a CNAME (RFC 6840 §4.3)",
    question: { name: "mx2.good.lab", type: "TLSA" },
    status: "bogus",
    reason: "denial does not prove it",
    inflict: edit("good.lab.", (zone) => {
      const [at] = denialOf(zone, "no data", Name.parse("mx2.good.lab"));
      const rdata = nsecRdata(Name.parse("www.new.good.lab"), [TYPE.CNAME, TYPE.RRSIG, TYPE.NSEC]);
      zone.denials = zone.denials.map((rrset) =>
        rrset === at ? withSignatures(zone, { ...rrset, data: [rdata] }) : rrset,
      );
    }),
  },
  {
    name: "compact denial",
    what: "nothing is wrong: a signer on the fly says that the name has no data but NXNAME (RFC 9824)",
    question: nobody,
    status: "secure",
    reason: null,
    inflict: compactDenial,
  },
  {
    name: "stuffed denial",
    what: "NXDOMAIN comes with every NSEC3 of the zone (CVE-2026-11605)",
    question: { name: "nobody.good.hash", type: "A" },
    status: "bogus",
    reason: "too much validation work",
    inflict: stuffedDenial,
  },
  {
    name: "iterations at an unsigned delegation",
    what: "the NSEC3 that denies the DS wants 2500 rounds of hashing (CVE-2026-1519)",
    question: { name: "host.plain.hash", type: "A" },
    status: "insecure",
    reason: "too many iterations",
    inflict: rezone("hash.", { signing: { denial: { iterations: 2500 } } }),
  },
  {
    name: "NS beside an answer",
    what: "beside a good answer stand an NS RRset for the parent and an address for it, unsigned (CVE-2025-11411)",
    question: www,
    status: "secure",
    reason: null,
    inflict: reserver(
      "ns.good.lab.",
      changes(({ authority, additional }) => ({
        authority: [...authority, record("lab", TYPE.NS, evil.wire)],
        additional: [...additional, record("ns.evil.lab", TYPE.A, Uint8Array.of(127, 53, 99, 99))],
      })),
    ),
  },
  {
    name: "sibling in a referral",
    what: "a referral to one zone also brings an NS RRset for its neighbour",
    question: www,
    status: "secure",
    reason: null,
    inflict: reserver(
      "ns.lab.",
      changes(
        ({ authority, additional }) => ({
          authority: [...authority, record("plain.lab", TYPE.NS, evil.wire)],
          additional: [...additional, record("ns.evil.lab", TYPE.A, Uint8Array.of(127, 53, 99, 99))],
        }),
        ({ question }) => question.name.isWithin(goodLab) && question.type !== TYPE.DS,
      ),
    ),
  },
  {
    name: "upward referral",
    what: "the zone's only server sends everybody back to the root",
    question: www,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: reserver("ns.good.lab.", upwardReferral([record(".", TYPE.NS, Name.parse("ns").wire)])),
  },
  {
    name: "data with an error",
    what: "the answer stands in a message whose rcode is REFUSED",
    question: www,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: reserver(
      "ns.good.lab.",
      changes(() => ({ rcode: RCODE.REFUSED })),
    ),
  },
  {
    name: "always BADCOOKIE",
    what: "no cookie is ever good enough for the zone's only server (CVE-2026-5950)",
    question: www,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: reserver("ns.good.lab.", fails(RCODE.BADCOOKIE)),
  },
  {
    name: "name error at an empty non-terminal",
    what: "the unsigned zone's server says NXDOMAIN to _tcp.host, though _25._tcp.host exists",
    question: { name: "_25._tcp.host.plain.lab", type: "TLSA" },
    status: "insecure",
    reason: "unsigned delegation",
    inflict: together(
      rezone("plain.lab.", { records: `host A 192.0.2.90\n_25._tcp.host TLSA 3 1 1 ${"ab".repeat(32)}` }),
      reserver(
        "ns.plain.lab.",
        changes(
          () => ({ rcode: RCODE.NXDOMAIN }),
          ({ question }) => question.name.equals(Name.parse("_tcp.host.plain.lab")),
        ),
      ),
    ),
  },
  {
    name: "delegation to nobody",
    what: "40 name servers of another zone, without addresses anywhere (NXNSAttack)",
    question: { name: "www.trigger.lab", type: "A" },
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: rezone("lab.", { records: Array.from({ length: 40 }, (_, i) => `trigger NS n${i}.good.lab.`).join("\n") }),
  },
  {
    name: "delegations in a circle",
    what: "each of two zones has its only name server in the other, without glue (TsuNAME)",
    question: { name: "www.a.lab", type: "A" },
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: rezone("lab.", { records: "a NS ns.b.lab.\nb NS ns.a.lab." }),
  },
  {
    name: "long chain of aliases",
    what: "nothing is wrong with the signatures: 20 CNAMEs, one after the other",
    question: { name: "c0.chain.lab", type: "A" },
    status: "indeterminate",
    reason: "too many aliases",
    inflict: addZone({
      apex: "chain.lab.",
      records: Array.from({ length: 20 }, (_, i) => `c${i} CNAME c${i + 1}`).join("\n"),
    }),
  },
];

function record(name: string, type: number, rdata: Uint8Array): LabRRset {
  return { name: Name.parse(name), type, ttl: 3600, data: [rdata], signatures: [] };
}

/** The child is signed and delegated like any other; what it says about its parent is the lie. */
function impersonation(world: Parameters<Injury>[0]): ReturnType<Injury> {
  const parent = Name.parse("good.hash");
  const victim = Name.parse("www.good.hash");
  const salt = Uint8Array.of(0xab, 0xcd);
  const hash = nsec3Hash(parent, salt, 1);
  const child = nsec3Owner(hash, parent);
  let forged: LabRRset | null = null;
  const apexData = [TYPE.NS, TYPE.SOA, TYPE.RRSIG, TYPE.DNSKEY, TYPE.NSEC3PARAM];
  return together(
    addZone({
      apex: `${child}`,
      edit(zone) {
        const rdata = nsec3Rdata({ iterations: 1, salt, optOut: false, next: hash, types: apexData });
        const rrset: LabRRset = { name: child, type: TYPE.NSEC3, ttl: 300, data: [rdata], signatures: [] };
        const key = keyFor({ zone: child, role: "csk", algorithm: 13 });
        forged = { ...rrset, signatures: [signRRset(rrset, key, zone.signedWith!)] };
      },
    }),
    reserver(
      "ns.good.hash.",
      changes(
        ({ authority }) => ({
          authority: [...authority.filter((rrset) => !isDenial(rrset)), ...(forged === null ? [] : [forged])],
        }),
        ({ question }) => question.name.equals(victim),
      ),
    ),
    // So that the server itself says NXDOMAIN.
    edit("good.hash.", (zone) => zone.nodes.delete(victim.key)),
  )(world);
}

function childDeniesDs(world: Parameters<Injury>[0]): ReturnType<Injury> {
  let child: Zone | null = null;
  const denial = (): LabRRset[] =>
    child === null ? [] : [rrsetOf(child, "good.lab", TYPE.SOA), ...denialOf(child, "no data", goodLab)];
  return together(
    edit("good.lab.", (zone) => {
      child = zone;
    }),
    reserver(
      "ns.lab.",
      changes(
        ({ answer, authority }, { question }) => ({
          answer: answer.filter(({ type }) => type !== TYPE.DS),
          authority: question.type === TYPE.DS ? denial() : authority.filter(({ type }) => type !== TYPE.DS),
        }),
        ({ question }) => question.name.isWithin(goodLab),
      ),
    ),
  )(world);
}

/** RFC 9824 §2: the name itself owns the NSEC, whose next name is the very next one there can be. */
function compactDenial(world: Parameters<Injury>[0]): ReturnType<Injury> {
  let signer: Zone | null = null;
  const denied = Name.parse("nobody.good.lab");
  return together(
    edit("good.lab.", (zone) => {
      signer = zone;
    }),
    reserver(
      "ns.good.lab.",
      changes(
        ({ authority }) => {
          const rdata = nsecRdata(denied.child(Uint8Array.of(0))!, [TYPE.RRSIG, TYPE.NSEC, TYPE.NXNAME]);
          const nsec: LabRRset = { name: denied, type: TYPE.NSEC, ttl: 300, data: [rdata], signatures: [] };
          const signed = signer === null ? [] : [withSignatures(signer, nsec)];
          return { rcode: RCODE.NOERROR, authority: [...authority.filter((rrset) => !isDenial(rrset)), ...signed] };
        },
        ({ question }) => question.name.equals(denied),
      ),
    ),
  )(world);
}

function stuffedDenial(world: Parameters<Injury>[0]): ReturnType<Injury> {
  let all: readonly LabRRset[] = [];
  return together(
    rezone("good.hash.", ({ records }) => ({
      records: `${records}\n${Array.from({ length: 12 }, (_, i) => `h${i} A 192.0.2.1`).join("\n")}`,
    })),
    edit("good.hash.", (zone) => {
      all = zone.denials;
    }),
    reserver(
      "ns.good.hash.",
      changes(
        ({ authority }) => ({ authority: [...authority.filter((rrset) => !isDenial(rrset)), ...all] }),
        (query) => query.question.name.equals(Name.parse("nobody.good.hash")),
      ),
    ),
  )(world);
}
