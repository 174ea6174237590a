/** Wounds of name servers: silence, errors, what old or broken ones do to EDNS and DNSSEC, lies about who speaks. */
import { Name } from "../../wire/name.ts";
import { RCODE, TYPE } from "../../wire/registry.ts";
import { type Injury, reserver, rezone, together } from "../injure.ts";
import {
  dropsEdns,
  fails,
  formErrToEdns,
  forType,
  ignoresDo,
  lame,
  noTcp,
  overUdp,
  sendsGarbage,
  silent,
  truncatesAlways,
  wrongId,
  wrongQuestion,
} from "../quirks.ts";
import type { Quirk } from "../server.ts";
import type { Wound } from "./wound.ts";

const www = { name: "www.good.lab", type: "A" } as const;
const tlsa = { name: "_25._tcp.mx.good.lab", type: "TLSA" } as const;
const UNREACHABLE = "no reachable authority";

export const serverWounds: readonly Wound[] = [
  {
    name: "server silent",
    what: "the zone's only server never answers",
    question: www,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: atGoodLab(silent()),
  },
  {
    name: "TLSA dropped",
    what: "the server answers everything but questions for TLSA: an attempt to switch DANE off, or a stupid firewall",
    question: tlsa,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: atGoodLab(silent(forType(TYPE.TLSA))),
  },
  {
    name: "TLSA refused",
    what: "the server answers questions for TLSA with REFUSED",
    question: tlsa,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: atGoodLab(fails(RCODE.REFUSED, forType(TYPE.TLSA))),
  },
  {
    name: "TLSA SERVFAIL",
    what: "the server answers questions for TLSA with SERVFAIL",
    question: tlsa,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: atGoodLab(fails(RCODE.SERVFAIL, forType(TYPE.TLSA))),
  },
  {
    name: "TLSA NOTIMP",
    what: "the server answers questions for TLSA with NOTIMP",
    question: tlsa,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: atGoodLab(fails(RCODE.NOTIMP, forType(TYPE.TLSA))),
  },
  {
    name: "server SERVFAIL",
    what: "the zone's only server answers everything with SERVFAIL",
    question: www,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: atGoodLab(fails(RCODE.SERVFAIL)),
  },
  {
    name: "lame delegation",
    what: "the zone's only server does not know the zone",
    question: www,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: atGoodLab(lame),
  },
  {
    name: "DNSKEY dropped",
    what: "the server answers everything but questions for DNSKEY",
    question: www,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: atGoodLab(silent(forType(TYPE.DNSKEY))),
  },
  {
    name: "FORMERR to EDNS",
    what: "the signed zone's only server cannot have EDNS, so that no signature can come",
    question: www,
    status: "bogus",
    reason: "signatures missing",
    inflict: atGoodLab(formErrToEdns),
  },
  {
    name: "FORMERR to EDNS, unsigned zone",
    what: "the unsigned zone's only server cannot have EDNS, and need not",
    question: { name: "host.plain.lab", type: "A" },
    status: "insecure",
    reason: "unsigned delegation",
    inflict: reserver("ns.plain.lab.", formErrToEdns),
  },
  {
    name: "EDNS dropped, unsigned zone",
    what: "nothing with EDNS reaches the unsigned zone's only server; since the flag day of 2019 nobody works around that",
    question: { name: "host.plain.lab", type: "A" },
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: reserver("ns.plain.lab.", dropsEdns),
  },
  {
    name: "DO ignored",
    what: "the signed zone's only server knows EDNS, but no DNSSEC",
    question: www,
    status: "bogus",
    reason: "signatures missing",
    inflict: atGoodLab(ignoresDo),
  },
  {
    name: "always truncated",
    what: "everything is truncated over UDP, and TCP works",
    question: www,
    status: "secure",
    reason: null,
    inflict: atGoodLab(truncatesAlways),
  },
  {
    name: "always truncated, no TCP",
    what: "everything is truncated over UDP, and nobody listens on TCP",
    question: www,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: atGoodLab(truncatesAlways, noTcp),
  },
  {
    name: "big answer, no TCP",
    what: "the answer does not fit into a datagram, and nobody listens on TCP",
    question: { name: "big.good.lab", type: "TXT" },
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: atGoodLab(noTcp),
  },
  {
    name: "garbage",
    what: "the server sends octets that are no DNS message",
    question: www,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: atGoodLab(sendsGarbage()),
  },
  {
    name: "wrong id over UDP",
    what: "replies over UDP have another id than the question, as a guesser's would; TCP works",
    question: www,
    status: "secure",
    reason: null,
    inflict: atGoodLab(wrongId(overUdp)),
  },
  {
    name: "wrong id",
    what: "all replies have another id than the question",
    question: www,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: atGoodLab(wrongId()),
  },
  {
    name: "wrong question",
    what: "all replies repeat another question than was asked",
    question: www,
    status: "indeterminate",
    reason: UNREACHABLE,
    inflict: atGoodLab(wrongQuestion(Name.parse("www.evil.lab"))),
  },
  {
    name: "one of two servers silent",
    what: "one server of the zone never answers, the other does",
    question: www,
    status: "secure",
    reason: null,
    inflict: withSecondServer(silent()),
  },
  {
    name: "one of two servers lame",
    what: "one server of the zone does not know it, the other does",
    question: www,
    status: "secure",
    reason: null,
    inflict: withSecondServer(lame),
  },
  {
    name: "one of two servers without DNSSEC",
    what: "one server of the zone strips all signatures, the other does not",
    question: www,
    status: "secure",
    reason: null,
    inflict: withSecondServer(ignoresDo),
  },
];

function atGoodLab(...quirks: readonly Quirk[]): Injury {
  return reserver("ns.good.lab.", ...quirks);
}

function withSecondServer(quirk: Quirk): Injury {
  return together(
    rezone("good.lab.", { servers: ["ns.good.lab.", "ns2.good.lab."] }),
    reserver("ns2.good.lab.", quirk),
  );
}
