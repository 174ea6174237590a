/** The mail domains of the lab, one per row, and what Postfix and Exim make of each. */
import { X509Certificate } from "node:crypto";
import { alter, corrupted } from "../../src/lab/injure.ts";
import { forType, silent } from "../../src/lab/quirks.ts";
import type { ServerDescription, ZoneDescription } from "../../src/lab/world.ts";
import { type RRType, TYPE } from "../../src/wire/registry.ts";
import { association, type Certificates, type Identity } from "./certificates.ts";

export interface Row {
  /** The part after the @. */
  readonly domain: string;
  readonly what: string;
  readonly zones: readonly ZoneDescription[];
  readonly servers?: readonly ServerDescription[];
  readonly hosts: Readonly<Record<string, Identity | "no STARTTLS">>;
  /** Postfix with smtp_tls_security_level=dane. */
  readonly dane?: Expectation;
  /** Postfix with smtp_tls_security_level=dane-only. */
  readonly daneOnly?: Expectation;
  /** Postfix, told by `rootwalk policy`. */
  readonly policy?: Expectation;
  readonly exim?: Expectation;
  /** Exim with a resolv.conf that does not say trust-ad. */
  readonly eximUntrusting?: Expectation;
  /** A host about whose TLSA RRs nobody may ask: its address is not proven. RFC 7672 §2.2. */
  readonly noTlsaQuestion?: string;
}

export type Expectation = Sent | Deferred;

interface Logged {
  readonly logs: readonly RegExp[];
  readonly never: readonly RegExp[];
}

export interface Sent extends Logged {
  readonly status: "sent";
  /** The host that receives the message, encrypted. */
  readonly to: string;
  readonly indicated?: string;
}

export interface Deferred extends Logged {
  readonly status: "deferred";
}

/** Names for which the CA must issue. */
export const issuedNames = ["mx.ta.lab", "elsewhere.invalid", "ta-next-hop.lab", "mx.held.lab", "mx.held-key.lab"];

const verified = /: Verified TLS connection established to /;
const trusted = /: Trusted TLS connection established to /;
const untrusted = /: Untrusted TLS connection established to /;
const anyTls = /TLS connection established/;
const notVerified = /dsn=4\.7\.5, status=deferred \(Server certificate not verified\)/;
const notOffered = /dsn=4\.7\.4, status=deferred \(TLS is required, but was not offered by host /;
const noMatch = /num=65:no matching DANE TLSA records/;
/** DANE was on, yet Postfix saw no AD where it looked for it. */
const unavailable = /DNSSEC validation may be unavailable/;
const lookupProblem = /DANE TLSA lookup problem: .*Host not found, try again/;

const sent = (to: string, ...logs: readonly RegExp[]): Sent => ({
  status: "sent",
  to,
  logs,
  never: [unavailable, lookupProblem],
});
const deferred = (...logs: readonly RegExp[]): Deferred => ({ status: "deferred", logs, never: [unavailable] });

const eximDane = /=> .* DS .*CV=dane/;
const eximFailed = /DANE attempt failed; .*certificate (differs|verification failed)/;
const eximDeferred = (code: number): RegExp => new RegExp(`== .*defer \\(${code}\\)`);
/** Delivered encrypted, without any word about who is there. */
const eximPlain = /=> .*X=TLS.*CV=no/;

const only = {
  unusable: deferred(/dsn=4\.7\.5, status=deferred \(.*TLSA records unusable/),
  none: deferred(/dsn=4\.7\.5, status=deferred \(.*no TLSA records found/),
  unsigned: deferred(/dsn=4\.7\.5, status=deferred \(.*non DNSSEC destination/),
};

export function rowsWith(certificates: Certificates): readonly Row[] {
  const { careless, big, issuedTo, ca } = certificates;
  const leaf = new X509Certificate(careless.chain);
  const pinned = `TLSA 3 1 1 ${association(leaf, 1, 1)}`;
  const wrong = `TLSA 3 1 1 ${association(ca, 1, 1)}`;
  const anchored = `TLSA 2 1 1 ${association(ca, 1, 1)}`;
  const pkix = `TLSA 1 1 1 ${association(leaf, 1, 1)}`;

  /** A signed zone with one MX host of its own, mx. */
  const simple = (apex: string, tlsa: string | null, rest: Partial<ZoneDescription> = {}): ZoneDescription => ({
    apex: `${apex}.`,
    servers: [HOSTING],
    records: `@ MX 10 mx\n${tlsa === null ? "" : `_25._tcp.mx ${tlsa}`}`,
    ...rest,
  });
  const holding = (apex: string, records: string): ZoneDescription => ({
    apex: `${apex}.`,
    servers: [HOSTING],
    records,
  });

  return [
    {
      domain: "good.lab",
      what: "3 1 1; the certificate is expired and names somebody else",
      zones: [simple("good.lab", pinned)],
      hosts: { "mx.good.lab": careless },
      dane: { ...sent("mx.good.lab", verified), indicated: "mx.good.lab" },
      daneOnly: sent("mx.good.lab", verified),
      exim: { ...sent("mx.good.lab", eximDane), indicated: "mx.good.lab" },
      eximUntrusting: { ...sent("mx.good.lab", eximPlain), never: [/CV=dane/, / DS /] },
    },
    {
      domain: "wrong.lab",
      what: "3 1 1 of another key",
      zones: [simple("wrong.lab", wrong)],
      hosts: { "mx.wrong.lab": careless },
      dane: deferred(noMatch, untrusted, notVerified),
      daneOnly: deferred(noMatch, notVerified),
      exim: deferred(eximFailed, eximDeferred(-37)),
      eximUntrusting: sent("mx.wrong.lab", eximPlain),
    },
    {
      domain: "unusable.lab",
      what: "1 1 1: no usage for SMTP; encryption is mandatory, authentication is not",
      zones: [simple("unusable.lab", pkix)],
      hosts: { "mx.unusable.lab": careless },
      dane: sent("mx.unusable.lab", /warning: .*unsupported TLSA certificate usage/, untrusted),
      daneOnly: only.unusable,
      exim: sent("mx.unusable.lab", eximPlain),
    },
    {
      domain: "unusable-bare.lab",
      what: "1 1 1 and no STARTTLS",
      zones: [simple("unusable-bare.lab", pkix)],
      hosts: { "mx.unusable-bare.lab": "no STARTTLS" },
      dane: deferred(notOffered),
    },
    {
      domain: "bare.lab",
      what: "3 1 1 and no STARTTLS",
      zones: [simple("bare.lab", pinned)],
      hosts: { "mx.bare.lab": "no STARTTLS" },
      dane: deferred(notOffered),
      daneOnly: deferred(notOffered),
      exim: deferred(eximDeferred(-38)),
    },
    {
      domain: "ta.lab",
      what: "2 1 1 of the CA that issued the host's certificate",
      zones: [simple("ta.lab", anchored)],
      hosts: { "mx.ta.lab": issuedTo("mx.ta.lab") },
      dane: sent("mx.ta.lab", verified),
      daneOnly: sent("mx.ta.lab", verified),
      exim: sent("mx.ta.lab", eximDane),
    },
    {
      domain: "ta-wrong-name.lab",
      what: "2 1 1 of the CA, which issued to another host",
      zones: [simple("ta-wrong-name.lab", anchored)],
      hosts: { "mx.ta-wrong-name.lab": issuedTo("elsewhere.invalid") },
      dane: deferred(/num=62:hostname mismatch/i, notVerified),
      exim: deferred(eximDeferred(-37)),
    },
    {
      domain: "ta-next-hop.lab",
      what: "2 1 1 of the CA, which issued to the mail domain (RFC 7672 §3.2.2)",
      zones: [simple("ta-next-hop.lab", anchored)],
      hosts: { "mx.ta-next-hop.lab": issuedTo("ta-next-hop.lab") },
      dane: sent("mx.ta-next-hop.lab", verified),
      exim: deferred(/DANE attempt failed/, eximDeferred(-37)),
    },
    {
      domain: "none.lab",
      what: "no TLSA, proven",
      zones: [simple("none.lab", null)],
      hosts: { "mx.none.lab": careless },
      dane: sent("mx.none.lab", untrusted),
      daneOnly: only.none,
      exim: sent("mx.none.lab", /=> .* DS .*CV=no/),
    },
    {
      domain: "bogus.lab",
      what: "somebody tampered with the TLSA RR",
      zones: [
        simple("bogus.lab", pinned, {
          edit: (zone) =>
            alter(zone, ["_25._tcp.mx.bogus.lab", TYPE.TLSA], ({ signatures }) => ({
              signatures: signatures.map(corrupted),
            })),
        }),
      ],
      hosts: { "mx.bogus.lab": careless },
      dane: {
        ...deferred(lookupProblem, /dsn=4\.7\.5, status=deferred \(TLSA lookup error for mx\.bogus\.lab:25\)/),
        never: [anyTls],
      },
      daneOnly: deferred(/dsn=4\.7\.5, status=deferred \(TLSA lookup error for mx\.bogus\.lab:25\)/),
      exim: deferred(/DANE error: tlsa lookup DEFER/, eximDeferred(-36)),
    },
    {
      domain: "to-plain.lab",
      what: "the MX host lies in an unsigned zone",
      zones: [holding("to-plain.lab", "@ MX 10 mx.hosts.plain."), unsigned("hosts.plain", `_25._tcp.mx ${wrong}`)],
      hosts: { "mx.hosts.plain": careless },
      dane: sent("mx.hosts.plain", untrusted),
      daneOnly: only.none,
      exim: sent("mx.hosts.plain", eximPlain),
      noTlsaQuestion: "mx.hosts.plain",
    },
    {
      domain: "alias.lab",
      what: "the MX host is a secure alias; TLSA where it leads",
      zones: [holding("alias.lab", `@ MX 10 mx\nmx CNAME real\n_25._tcp.real ${pinned}`)],
      hosts: { "real.alias.lab": careless },
      dane: { ...sent("real.alias.lab", verified), indicated: "real.alias.lab" },
      exim: sent("real.alias.lab", eximDane),
    },
    {
      domain: "alias-out.lab",
      what: "the MX host is a secure alias to an unsigned host; TLSA at the alias",
      zones: [
        holding("alias-out.lab", `@ MX 10 mx\nmx CNAME mx.alias-target.plain.\n_25._tcp.mx ${pinned}`),
        unsigned("alias-target.plain", ""),
      ],
      hosts: { "mx.alias-target.plain": careless },
      dane: { ...sent("mx.alias-target.plain", verified), indicated: "mx.alias-out.lab" },
      exim: sent("mx.alias-target.plain", eximPlain),
      noTlsaQuestion: "mx.alias-target.plain",
    },
    {
      domain: "agility.lab",
      what: "3 1 1 right, 3 1 2 wrong: the stronger digest counts (RFC 7671 §9)",
      zones: [
        holding("agility.lab", `@ MX 10 mx\n_25._tcp.mx ${pinned}\n_25._tcp.mx TLSA 3 1 2 ${association(ca, 1, 2)}`),
      ],
      hosts: { "mx.agility.lab": careless },
      dane: deferred(noMatch, notVerified),
      exim: sent("mx.agility.lab", eximDane),
    },
    {
      domain: "either.lab",
      what: "3 1 1 right, 2 0 1 wrong: one match is enough",
      zones: [
        holding("either.lab", `@ MX 10 mx\n_25._tcp.mx ${pinned}\n_25._tcp.mx TLSA 2 0 1 ${association(ca, 0, 1)}`),
      ],
      hosts: { "mx.either.lab": careless },
      dane: sent("mx.either.lab", verified),
      exim: sent("mx.either.lab", eximDane),
    },
    {
      domain: "tlsa-alias.lab",
      what: "the TLSA owner is a secure alias",
      zones: [holding("tlsa-alias.lab", `@ MX 10 mx\n_25._tcp.mx CNAME ee.pins\nee.pins ${pinned}`)],
      hosts: { "mx.tlsa-alias.lab": careless },
      dane: { ...sent("mx.tlsa-alias.lab", verified), indicated: "mx.tlsa-alias.lab" },
      exim: sent("mx.tlsa-alias.lab", eximDane),
    },
    {
      domain: "tlsa-alias-out.lab",
      what: "the TLSA owner is an alias into an unsigned zone: as if there were none",
      zones: [
        holding("tlsa-alias-out.lab", "@ MX 10 mx\n_25._tcp.mx CNAME ee.pins.plain."),
        unsigned("pins.plain", `ee ${wrong}`),
      ],
      hosts: { "mx.tlsa-alias-out.lab": careless },
      dane: sent("mx.tlsa-alias-out.lab", untrusted),
      daneOnly: only.none,
      exim: sent("mx.tlsa-alias-out.lab", /DANE error: TLSA lookup .*not DNSSEC/, eximPlain),
    },
    {
      domain: "two.lab",
      what: "MX 10 wrong, MX 20 right",
      zones: [holding("two.lab", `@ MX 10 mx1\n@ MX 20 mx2\n_25._tcp.mx1 ${wrong}\n_25._tcp.mx2 ${pinned}`)],
      hosts: { "mx1.two.lab": careless, "mx2.two.lab": careless },
      dane: sent("mx2.two.lab", noMatch, verified),
      exim: sent("mx2.two.lab", eximFailed, eximDane),
    },
    {
      domain: "no-mx.lab",
      what: "no MX: the domain is its own host",
      zones: [holding("no-mx.lab", `_25._tcp ${pinned}`)],
      hosts: { "no-mx.lab": careless },
      dane: sent("no-mx.lab", verified),
      exim: sent("no-mx.lab", eximDane),
    },
    {
      domain: "customer.plain",
      what: "an unsigned domain, its MX host signed, with TLSA",
      zones: [unsigned("customer.plain", "@ MX 10 mx.provider.lab."), holding("provider.lab", `_25._tcp.mx ${pinned}`)],
      hosts: { "mx.provider.lab": careless },
      dane: sent("mx.provider.lab", trusted),
      daneOnly: only.unsigned,
    },
    {
      domain: "victim.plain",
      what: "an unsigned domain, its MX host signed, with TLSA of another key",
      zones: [unsigned("victim.plain", "@ MX 10 mx.impostor.lab."), holding("impostor.lab", `_25._tcp.mx ${wrong}`)],
      hosts: { "mx.impostor.lab": careless },
      dane: deferred(noMatch, untrusted, notVerified),
    },
    {
      domain: "big.lab",
      what: "3 0 0, a certificate that fits no datagram",
      zones: [simple("big.lab", `TLSA 3 0 0 ${association(new X509Certificate(big.chain), 0, 0)}`)],
      hosts: { "mx.big.lab": big },
      dane: sent("mx.big.lab", verified),
      exim: sent("mx.big.lab", eximDane),
    },
    {
      domain: "deaf.lab",
      what: "the name server drops TLSA questions; NXDOMAIN at _tcp proves that there is none",
      zones: [simple("deaf.lab", null, { servers: ["ns.deaf.lab."] })],
      servers: [{ name: "ns.deaf.lab.", quirks: [silent(forType(TYPE.TLSA))] }],
      hosts: { "mx.deaf.lab": careless },
      dane: sent("mx.deaf.lab", untrusted),
      exim: sent("mx.deaf.lab", eximPlain),
    },
    {
      domain: "mute.lab",
      what: "the name server drops TLSA questions, and there is something below _tcp: nobody knows",
      zones: [simple("mute.lab", pinned, { servers: ["ns.mute.lab."] })],
      servers: [{ name: "ns.mute.lab.", quirks: [silent(forType(TYPE.TLSA))] }],
      hosts: { "mx.mute.lab": careless },
      dane: { ...deferred(/dsn=4\.7\.5, status=deferred \(TLSA lookup error for mx\.mute\.lab:25\)/), never: [anyTls] },
      exim: deferred(/DANE error: tlsa lookup DEFER/, eximDeferred(-36)),
    },
    ...further(certificates, { simple, holding, pinned }),
  ];
}

interface Makers {
  readonly simple: (apex: string, tlsa: string | null, rest?: Partial<ZoneDescription>) => ZoneDescription;
  readonly holding: (apex: string, records: string) => ZoneDescription;
  readonly pinned: string;
}

/** Nothing is expected of these but that Postfix and we do the same (agreement.ts). */
function further({ careless, issuedTo, ca }: Certificates, { simple, holding, pinned }: Makers): readonly Row[] {
  const withoutCa = (name: string): Identity => {
    const { key, chain } = issuedTo(name);
    return { key, chain: chain.slice(0, chain.indexOf("-----END CERTIFICATE-----") + 26) };
  };
  const tampered = (apex: string, owner: string, type: RRType): Partial<ZoneDescription> => ({
    edit: (zone) =>
      alter(zone, [`${owner}${apex}`, type], ({ signatures }) => ({ signatures: signatures.map(corrupted) })),
  });
  return [
    {
      domain: "clear.lab",
      what: "no TLSA, proven, and no STARTTLS",
      zones: [simple("clear.lab", null)],
      hosts: { "mx.clear.lab": "no STARTTLS" },
    },
    {
      domain: "held.lab",
      what: "2 0 0: the CA is in DNS, and the host does not send it",
      zones: [simple("held.lab", `TLSA 2 0 0 ${association(ca, 0, 0)}`)],
      hosts: { "mx.held.lab": withoutCa("mx.held.lab") },
    },
    {
      domain: "held-key.lab",
      what: "2 1 0: the CA's key is in DNS, and the host does not send the CA",
      zones: [simple("held-key.lab", `TLSA 2 1 0 ${association(ca, 1, 0)}`)],
      hosts: { "mx.held-key.lab": withoutCa("mx.held-key.lab") },
    },
    {
      domain: "unsent.lab",
      what: "2 1 1: the host does not send the CA",
      zones: [simple("unsent.lab", `TLSA 2 1 1 ${association(ca, 1, 1)}`)],
      hosts: { "mx.unsent.lab": withoutCa("mx.ta.lab") },
    },
    {
      domain: "wild.lab",
      what: "the TLSA RR is a wildcard",
      zones: [holding("wild.lab", `@ MX 10 mx\n*._tcp.mx ${pinned}`)],
      hosts: { "mx.wild.lab": careless },
    },
    {
      domain: "mail.also.lab",
      what: "the mail domain is a secure alias of one whose host shows that one's name",
      zones: [holding("also.lab", "mail CNAME ta-next-hop.lab.")],
      hosts: {},
    },
    {
      domain: "short.lab",
      what: "3 1 1 with a digest that is too short: unusable",
      zones: [simple("short.lab", "TLSA 3 1 1 abcdef")],
      hosts: { "mx.short.lab": careless },
    },
    {
      domain: "mixed.lab",
      what: "3 1 1 wrong beside 1 1 1: what is unusable does not help",
      zones: [
        holding(
          "mixed.lab",
          `@ MX 10 mx\n_25._tcp.mx TLSA 3 1 1 ${association(ca, 1, 1)}\n_25._tcp.mx TLSA 1 1 1 ${association(new X509Certificate(careless.chain), 1, 1)}`,
        ),
      ],
      hosts: { "mx.mixed.lab": careless },
    },
    {
      domain: "bogus-mx.lab",
      what: "somebody tampered with the MX",
      zones: [simple("bogus-mx.lab", pinned, tampered("bogus-mx.lab", "", TYPE.MX))],
      hosts: { "mx.bogus-mx.lab": careless },
    },
    {
      domain: "bogus-address.lab",
      what: "somebody tampered with the address",
      zones: [simple("bogus-address.lab", pinned, tampered("bogus-address.lab", "mx.", TYPE.A))],
      hosts: { "mx.bogus-address.lab": careless },
    },
    {
      domain: "null-mx.lab",
      what: "null MX",
      zones: [holding("null-mx.lab", "@ MX 0 .")],
      hosts: {},
    },
    {
      domain: "homeless.lab",
      what: "the MX host has no address",
      zones: [holding("homeless.lab", '@ MX 10 mx\nmx TXT "nobody"')],
      hosts: {},
    },
    {
      domain: "nobody.homeless.lab",
      what: "there is no such domain",
      zones: [],
      hosts: {},
    },
  ];
}

/** The name server of most zones. */
export const HOSTING = "ns.hosting.lab.";

function unsigned(apex: string, records: string): ZoneDescription {
  return { apex: `${apex}.`, servers: [HOSTING], records, signing: null };
}
