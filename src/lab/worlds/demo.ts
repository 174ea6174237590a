/**
 * The demo Internet of `rootwalk lab`: a root with two key signing keys like the real one, TLDs with NSEC, NSEC3, opt-out
 * and without keys, zones in every algorithm, and mail domains that are well, unsigned, or attacked.
 */
import { createHash } from "node:crypto";
import { RCODE, TYPE } from "../../wire/registry.ts";
import { alter, strangeDs } from "../injure.ts";
import { keyTrap } from "../key-trap.ts";
import { fails, forType, silent } from "../quirks.ts";
import type { WorldDescription, ZoneDescription } from "../world.ts";

export interface TellingQuestion {
  readonly name: string;
  readonly type: string;
  /** "denied": proven not to exist; "no answer": it could not be found out. */
  readonly expect: "secure" | "insecure" | "denied" | "bogus" | "no answer";
  readonly note: string;
}

// biome-ignore format: a table reads better packed
export const tellingQuestions: readonly TellingQuestion[] = [
  { name: "good.lab", type: "MX", expect: "secure", note: "a mail domain as it should be" },
  { name: "mx.good.lab", type: "A", expect: "secure", note: "the address of its MX host" },
  { name: "_25._tcp.mx.good.lab", type: "TLSA", expect: "secure", note: "3 1 1: DANE pins the host's key" },
  { name: "_25._tcp.big.good.lab", type: "TLSA", expect: "secure", note: "3 0 0, a whole certificate: too big for UDP, comes over TCP" },
  { name: "_25._tcp.pkix.good.lab", type: "TLSA", expect: "secure", note: "1 1 1, unusable for SMTP: encryption without authentication" },
  { name: "_25._tcp.none.good.lab", type: "TLSA", expect: "denied", note: "proven: this host has no TLSA" },
  { name: "customer.lab", type: "MX", expect: "secure", note: "the MX host lies in another signed domain" },
  { name: "mail.moved.lab", type: "A", expect: "secure", note: "an MX host that is a signed alias" },
  { name: "any.wild.good.lab", type: "A", expect: "secure", note: "from a wildcard, with proof of no closer name" },
  { name: "www.old.good.lab", type: "A", expect: "secure", note: "through a DNAME; the CNAME is made up by the server" },
  { name: "empty.good.lab", type: "A", expect: "denied", note: "empty non-terminal: only leaf.empty.good.lab has data" },
  { name: "nobody.good.lab", type: "A", expect: "denied", note: "NXDOMAIN proven by NSEC" },
  { name: "nobody.good.nsec3", type: "A", expect: "denied", note: "NXDOMAIN proven by NSEC3" },
  { name: "mx.good.nsec3", type: "TLSA", expect: "denied", note: "NODATA proven by NSEC3" },
  { name: "nobody.rounds.nsec3", type: "A", expect: "insecure", note: "500 NSEC3 iterations: nobody hashes that much (RFC 9276)" },
  { name: "www.rsasha256.algo", type: "A", expect: "secure", note: "algorithm 8" },
  { name: "www.rsasha512.algo", type: "A", expect: "secure", note: "algorithm 10" },
  { name: "www.ecdsap384.algo", type: "A", expect: "secure", note: "algorithm 14" },
  { name: "www.ed25519.algo", type: "A", expect: "secure", note: "algorithm 15" },
  { name: "www.ed448.algo", type: "A", expect: "secure", note: "algorithm 16" },
  { name: "www.rsasha1.algo", type: "A", expect: "insecure", note: "algorithm 5, out of use by default (RFC 9905)" },
  { name: "www.gost.algo", type: "A", expect: "insecure", note: "algorithm 12, which nobody here can check" },
  { name: "www.signed.optout", type: "A", expect: "secure", note: "a signed zone below an opt-out TLD" },
  { name: "www.child.optout", type: "A", expect: "insecure", note: "an unsigned zone in an opt-out span" },
  { name: "www.unsigned.lab", type: "A", expect: "insecure", note: "its parent proves that it has no DS" },
  { name: "shop.plain", type: "MX", expect: "insecure", note: "below a TLD without keys" },
  { name: "away.good.lab", type: "A", expect: "insecure", note: "a signed alias to an unsigned name" },
  { name: "www.expired.broken", type: "A", expect: "bogus", note: "signatures expired two days ago" },
  { name: "www.future.broken", type: "A", expect: "bogus", note: "signatures begin next week" },
  { name: "www.stripped.broken", type: "A", expect: "bogus", note: "somebody took the signature away" },
  { name: "www.digest.broken", type: "A", expect: "bogus", note: "the DS does not fit the key" },
  { name: "_25._tcp.mx.forged.broken", type: "TLSA", expect: "bogus", note: "somebody put another key into the TLSA RR" },
  { name: "nobody.nodenial.broken", type: "A", expect: "bogus", note: "NXDOMAIN without proof" },
  { name: "www.keytrap.broken", type: "A", expect: "bogus", note: "20 keys of one tag, 20 wrong signatures (KeyTrap)" },
  { name: "_25._tcp.mx.refused.broken", type: "TLSA", expect: "no answer", note: "the server answers all but TLSA: mail must wait" },
  { name: "www.silent.broken", type: "A", expect: "no answer", note: "the zone's server never answers" },
];

const DIGEST = createHash("sha256").update("rootwalk lab").digest("hex");
const HOST = "ns.hosting.lab.";
const DAY = 86400;
/** What an attacker would like to see pinned. */
const otherTlsa = Uint8Array.from([3, 1, 1, ...createHash("sha256").update("not the rootwalk lab").digest()]);

/** Octets that look like nothing, as long as a certificate with an RSA key of 4096 bits. */
function bigCertificate(): string {
  return Array.from({ length: 24 }, (_, i) => createHash("sha512").update(`${i}`).digest("hex")).join("");
}

/** A zone on the common hosting server with the hosts that most of the questions are about. */
function hosted(apex: string, rest: Partial<ZoneDescription> = {}): ZoneDescription {
  const records = `
    @            MX    10 mx
    www          A     192.0.2.80
    mx           A     192.0.2.25
    _25._tcp.mx  TLSA  3 1 1 ${DIGEST}
  `;
  return { apex, servers: [HOST], records, ...rest };
}

function withAlgorithm(apex: string, algorithm: number): ZoneDescription {
  return hosted(apex, { signing: { keys: [{ role: "csk", algorithm }] } });
}

const split = [
  { role: "ksk", algorithm: 13 },
  { role: "zsk", algorithm: 13 },
] as const;

export const demoWorld: WorldDescription = {
  zones: [
    {
      apex: ".",
      servers: ["a.root-servers.", "b.root-servers."],
      signing: {
        keys: [
          { role: "ksk", algorithm: 8, bits: 2048 },
          { role: "ksk", algorithm: 8, bits: 2048, ordinal: 1 },
          { role: "zsk", algorithm: 8, bits: 2048 },
        ],
      },
    },
    { apex: "lab.", servers: ["a.nic.lab.", "b.nic.lab."], signing: { keys: split } },
    { apex: "nsec3.", signing: { keys: split, denial: { iterations: 0 } } },
    { apex: "optout.", signing: { keys: split, denial: { optOut: true } } },
    { apex: "algo.", signing: { keys: split } },
    { apex: "broken.", signing: { keys: split } },
    { apex: "plain.", signing: null },
    { apex: "hosting.lab.", servers: [HOST] },
    {
      apex: "good.lab.",
      servers: ["ns1.good.lab.", "ns2.good.lab."],
      records: `
        @              MX     10 mx
        @              TXT    "v=spf1 mx -all"
        mx             A      192.0.2.25
        mx             AAAA   2001:db8::25
        big            A      192.0.2.26
        pkix           A      192.0.2.27
        none           A      192.0.2.28
        _25._tcp.mx    TLSA   3 1 1 ${DIGEST}
        _25._tcp.big   TLSA   3 0 0 ${bigCertificate()}
        _25._tcp.pkix  TLSA   1 1 1 ${DIGEST}
        www            A      192.0.2.80
        alias          CNAME  www
        away           CNAME  www.unsigned.lab.
        *.wild         A      192.0.2.99
        leaf.empty     A      192.0.2.97
        old            DNAME  new
        www.new        A      192.0.2.81
      `,
    },
    hosted("customer.lab.", { records: "@ MX 10 mx.good.lab." }),
    hosted("moved.lab.", { records: "@ MX 10 mail\nmail CNAME mx.good.lab." }),
    hosted("unsigned.lab.", { signing: null }),
    hosted("shop.plain.", { signing: null, records: "@ MX 10 mx.good.lab.\nwww A 192.0.2.82" }),
    hosted("good.nsec3.", { signing: { denial: { salt: Uint8Array.of(0xbe, 0xef) } } }),
    hosted("rounds.nsec3.", { signing: { denial: { iterations: 500 } } }),
    hosted("signed.optout."),
    hosted("child.optout.", { signing: null }),
    withAlgorithm("rsasha1.algo.", 5),
    withAlgorithm("rsasha1-nsec3.algo.", 7),
    withAlgorithm("rsasha256.algo.", 8),
    withAlgorithm("rsasha512.algo.", 10),
    withAlgorithm("gost.algo.", 12),
    withAlgorithm("ecdsap256.algo.", 13),
    withAlgorithm("ecdsap384.algo.", 14),
    withAlgorithm("ed25519.algo.", 15),
    withAlgorithm("ed448.algo.", 16),
    hosted("expired.broken.", {
      signing: { validity: (now) => ({ inception: now - 16 * DAY, expiration: now - 2 * DAY }) },
    }),
    hosted("future.broken.", {
      signing: { validity: (now) => ({ inception: now + 7 * DAY, expiration: now + 21 * DAY }) },
    }),
    hosted("stripped.broken.", {
      edit: (zone) => alter(zone, ["www.stripped.broken", TYPE.A], () => ({ signatures: [] })),
    }),
    hosted("digest.broken.", { ds: ([key]) => [strangeDs(key!)] }),
    hosted("forged.broken.", {
      edit: (zone) => alter(zone, ["_25._tcp.mx.forged.broken", TYPE.TLSA], () => ({ data: [otherTlsa] })),
    }),
    hosted("nodenial.broken.", {
      edit: (zone) => {
        zone.denials = [];
      },
    }),
    hosted("keytrap.broken.", {
      signing: { keys: [{ role: "csk", algorithm: 8 }] },
      edit: (zone) => keyTrap(zone, { keys: 20, signatures: 20 }),
    }),
    hosted("refused.broken.", { servers: ["ns.refused.broken."] }),
    hosted("silent.broken.", { servers: ["ns.silent.broken."] }),
  ],
  servers: [
    { name: "ns.refused.broken.", quirks: [fails(RCODE.REFUSED, forType(TYPE.TLSA))] },
    { name: "ns.silent.broken.", quirks: [silent()] },
  ],
};
