/** `rootwalk tlsa generate`: TLSA records from certificates, requests, keys, or a server that runs. */
import { hostname } from "node:os";
import { lookUpAddresses } from "../dane/address-security.ts";
import { publicKeyInfoOf } from "../dane/certificate.ts";
import type { Asker } from "../dane/lookups.ts";
import { anyUsagePolicy, type UsableRecord } from "../dane/records.ts";
import { lookupTlsa, type TransportLabel, tlsaOwner } from "../dane/tlsa-lookup.ts";
import { starttlsProtocols } from "../mail/dialogs.ts";
import type { KeyMaterial } from "../mail/key-material.ts";
import { lookAtServers } from "../mail/live.ts";
import {
  comparePublished,
  dataText,
  doubtsAbout,
  isSame,
  makeRecord,
  type Placed,
  type RecordForm,
  type RecordPlan,
  recordForms,
  recordsAs,
} from "../mail/tlsa-make.ts";
import { rdataOf } from "../rrset/rrset.ts";
import { addressToOctets } from "../wire/address.ts";
import type { Name } from "../wire/name.ts";
import { hex } from "../wire/text.ts";
import { type Command, type Given, type Io, UsageError } from "./command.ts";
import { nameFrom } from "./names.ts";
import { materialFrom, portFrom, starttlsOption } from "./server-options.ts";
import { resolverFrom, resolverRows } from "./setup.ts";

const EXIT_NOT_PUBLISHED = 3;
const EXIT_NONE_PUBLISHED = 4;
const EXIT_UNKNOWN = 5;
const EXIT_UNREACHABLE = 7;

export const tlsaGenerateCommand: Command = {
  name: "tlsa generate",
  summary: "TLSA records from certificates, requests, keys, or a server that runs",
  usage: "[options] FILE… | --live HOST[:PORT]",
  about: [
    "Reads PEM or DER: a certificate with or without its chain, a request (CSR), a public or a private key; each FILE gives a record. The default, 3 1 1, is the key's digest: it survives renewals that keep the key. Of a chain, usages 3 and 1 take the first certificate, 2 and 0 the last.",
    "Before a key changes, give the current and the next certificate's files together, and publish both records for two TTLs: see rootwalk tlsa rollover.",
  ],
  options: {
    name: {
      value: "HOST",
      repeatable: true,
      short: "n",
      why: "the host in front of which the record stands: the MX host's name, not the domain's",
    },
    port: { value: "N", short: "p", why: "of the service; default 25" },
    protocol: { value: "PROTOCOL", why: "tcp, udp or sctp; default tcp" },
    usage: {
      value: "N",
      short: "u",
      why: "0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA (an issuer), 3 DANE-EE (the server's own); default 3",
    },
    selector: { value: "N", short: "s", why: "0 the certificate, 1 its public key; default 1" },
    "matching-type": { value: "N", short: "m", why: "0 everything, 1 SHA-256, 2 SHA-512; default 1" },
    format: {
      value: "FORM",
      short: "o",
      repeatable: true,
      why: `${recordForms.join(", ")} or json: RFC 6698's line, RFC 3597's for old servers, a zone's line with TTL (BIND, NSD, Knot), commands for nsupdate, tinydns data, the data alone; default rfc`,
    },
    ttl: { value: "SECONDS", why: "for forms that have one; default 3600: short TTLs make rollovers short" },
    live: {
      value: "HOST[:PORT]",
      why: "what this server shows now, at every address, RSA and ECDSA; nobody vouches for it but your eyes",
    },
    starttls: { value: "PROTOCOL", why: `for --live: ${starttlsProtocols.join(", ")}; default: by port` },
    tls: { value: null, why: "for --live: TLS from the first octet" },
    verify: { value: null, why: "compare with what is published, by DNSSEC, and print the difference" },
    ...resolverRows,
  },
  examples: [
    { line: "rootwalk tlsa generate --name mx.example.com fullchain.pem", says: "3 1 1, to be put into the zone" },
    {
      line: "rootwalk tlsa generate -n mx.example.com -u 2 fullchain.pem",
      says: "2 1 1 of the issuer that the chain ends with",
    },
    {
      line: "rootwalk tlsa generate -n mx.example.com -o nsupdate now.pem next.csr | nsupdate -l",
      says: "current and next",
    },
    { line: "rootwalk tlsa generate --live mx.example.com:25 --verify", says: "are the keys in use all published?" },
  ],
  exitCodes: [
    [0, "made; with --verify: every record is published"],
    [1, "an error that should not happen"],
    [2, "the command line or a file is wrong"],
    [EXIT_NOT_PUBLISHED, "--verify: at least one is not published"],
    [EXIT_NONE_PUBLISHED, "--verify: none is published that counts (proven)"],
    [EXIT_UNKNOWN, "--verify: bogus or undetermined"],
    [EXIT_UNREACHABLE, "--live: no server could be spoken to"],
  ],
  run: tlsaGenerate,
};

interface Made {
  readonly record: UsableRecord;
  readonly about: string;
}

async function tlsaGenerate(given: Given, io: Io): Promise<number> {
  const port = portFrom(given, liveTarget(given)?.port);
  const plan = planFrom(given);
  const forms = formsFrom(given);
  const live = liveTarget(given);
  if (live === null && given.operands.length === 0)
    throw new UsageError(
      "tlsa generate needs a file, or --live HOST: rootwalk tlsa generate -n mx.example.com cert.pem",
    );
  const names = given.texts("name").map(nameFrom);
  if (names.length === 0 && live !== null && addressToOctets(live.host) === null) names.push(nameFrom(live.host));
  if (names.length === 0 && (given.on("verify") || !forms.every((form) => form === "data")))
    throw new UsageError("--name HOST is missing: the record stands in front of the host's name (or ask for -o data)");
  const protocol = protocolFrom(given);
  const resolver = live !== null || given.on("verify") ? resolverFrom(given, io) : null;
  try {
    const materials = await Promise.all(given.operands.map(materialFrom));
    if (live !== null) {
      const found = await materialsOf(live, { given, io, resolver: resolver! });
      for (const failure of found.failures) io.stderr(`rootwalk: ${failure}\n`);
      if (found.materials.length === 0) return EXIT_UNREACHABLE;
      materials.push(...found.materials);
    }
    const made = distinct(materials.map((material) => madeOf(plan, material)));
    const meant = { names, port, now: io.clock.unixSeconds() };
    const doubts = new Set(materials.flatMap((material) => doubtsAbout(plan, material, meant)));
    for (const doubt of doubts) io.stderr(`rootwalk: ${doubt}\n`);
    const ttl = given.number("ttl", { min: 0, max: 2 ** 31 - 1 }) ?? 3600;
    const placed = names.flatMap((name) => {
      const owner = tlsaOwner(name, port, protocol);
      if (owner === null) throw new UsageError(`the name _${port}._${protocol}.${name} would be too long`);
      return made.map(({ record, about }) => ({ owner, ttl, record, about }));
    });
    print(placed, { made, forms, io, doubts: [...doubts] });
    return given.on("verify") ? await verify(made, { names, port, protocol, resolver: resolver!, io }) : 0;
  } finally {
    await resolver?.close();
  }
}

function madeOf(plan: RecordPlan, material: KeyMaterial): Made {
  const made = makeRecord(plan, material);
  if (made.kind === "not made") throw new UsageError(made.why);
  return made;
}

function distinct(made: readonly Made[]): readonly Made[] {
  return made.filter(({ record }, i) => made.findIndex((other) => isSame(record, other.record)) === i);
}

interface Printing {
  readonly made: readonly Made[];
  readonly forms: readonly (RecordForm | "json")[];
  readonly io: Io;
  readonly doubts: readonly string[];
}

function print(placed: readonly (Placed & { readonly about: string })[], { made, forms, io, doubts }: Printing): void {
  for (const form of forms) {
    if (form === "json") {
      const records = placed.map(({ owner, ttl, record, about }) => ({
        owner: `${owner}`,
        ttl,
        usage: record.usage,
        selector: record.selector,
        matchingType: record.matchingType,
        data: hex(record.data).toLowerCase(),
        about,
      }));
      io.stdout(`${JSON.stringify({ records, warnings: doubts }, null, 2)}\n`);
      continue;
    }
    const lines = form === "data" ? made.map(({ record }) => dataText(record)) : recordsAs(form, placed);
    io.stdout(`${lines.join("\n")}\n`);
  }
}

interface Verifying {
  readonly names: readonly Name[];
  readonly port: number;
  readonly protocol: TransportLabel;
  readonly resolver: Asker;
  readonly io: Io;
}

/** The worst of all names. On stderr, so that records on stdout can go on to a zone. */
async function verify(made: readonly Made[], { names, port, protocol, resolver, io }: Verifying): Promise<number> {
  let worst = 0;
  const rank = [0, EXIT_NOT_PUBLISHED, EXIT_NONE_PUBLISHED, EXIT_UNKNOWN];
  const say = (name: Name, text: string, code: number): void => {
    io.stderr(`${tlsaOwner(name, port, protocol)} TLSA: ${text}\n`);
    if (rank.indexOf(code) > rank.indexOf(worst)) worst = code;
  };
  for (const name of names) {
    const found = await lookupTlsa(resolver, name, port, protocol, {
      clock: io.clock,
      signal: io.stop,
      policy: { ...anyUsagePolicy, agility: "all" },
    });
    switch (found.kind) {
      case "unknown":
        say(name, found.reason, EXIT_UNKNOWN);
        break;
      case "absent":
        say(name, found.reason, EXIT_NONE_PUBLISHED);
        break;
      case "usable":
      case "unusable": {
        const { kind, reason } = comparePublished(
          made.map(({ record }) => record),
          rdataOf(found.tlsa.value),
        );
        say(name, reason, kind === "all" ? 0 : EXIT_NOT_PUBLISHED);
      }
    }
  }
  return worst;
}

interface LiveTarget {
  readonly host: string;
  readonly port: number | null;
}

function liveTarget(given: Given): LiveTarget | null {
  const text = given.text("live");
  if (text === undefined) return null;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]+)|([0-9a-fA-F:]+))(?::([0-9]{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? match?.[3];
  const port = match?.[4] === undefined ? null : Number(match[4]);
  if (host === undefined || (port !== null && (port < 1 || port > 65535)))
    throw new UsageError(`--live is "${text}": HOST or HOST:PORT expected, [ADDR]:PORT for IPv6`);
  return { host, port };
}

async function materialsOf(
  { host }: LiveTarget,
  { given, io, resolver }: { readonly given: Given; readonly io: Io; readonly resolver: Asker },
): Promise<{ readonly materials: readonly KeyMaterial[]; readonly failures: readonly string[] }> {
  const port = portFrom(given, liveTarget(given)?.port);
  const isAddress = addressToOctets(host) !== null;
  let addresses: readonly string[] = [host];
  if (!isAddress) {
    const found = await lookUpAddresses(resolver, nameFrom(host), { clock: io.clock, signal: io.stop });
    if (found.kind !== "found") return { materials: [], failures: [found.reason] };
    addresses = found.addresses;
  }
  const target = { port, starttls: starttlsOption(given, port), sni: isAddress ? null : host, client: hostname() };
  const { served, failures } = await lookAtServers(addresses, target, { clock: io.clock, signal: io.stop });
  const materials = served.flatMap(({ address, chain }): KeyMaterial[] => {
    const [certificate, ...issuers] = chain;
    const publicKeyInfo = publicKeyInfoOf(certificate!);
    if (publicKeyInfo === null) return [];
    return [
      { source: `what ${address} shows`, what: "certificate", certificate: certificate!, publicKeyInfo, issuers },
    ];
  });
  return { materials, failures };
}

function planFrom(given: Given): RecordPlan {
  const number = (option: string, max: number, otherwise: number): number => {
    const value = given.number(option, { min: 0, max }) ?? otherwise;
    if (!Number.isInteger(value)) throw new UsageError(`--${option} is ${value}: a whole number expected`);
    return value;
  };
  return {
    usage: number("usage", 3, 3) as RecordPlan["usage"],
    selector: number("selector", 1, 1) as RecordPlan["selector"],
    matchingType: number("matching-type", 2, 1) as RecordPlan["matchingType"],
  };
}

function formsFrom(given: Given): readonly (RecordForm | "json")[] {
  const wanted = given.texts("format").flatMap((text) => text.split(","));
  return (wanted.length === 0 ? ["rfc"] : wanted).map((text) => {
    const form = ([...recordForms, "json"] as const).find((one) => one === text);
    if (form === undefined)
      throw new UsageError(`--format is "${text}": one of ${recordForms.join(", ")}, json expected`);
    return form;
  });
}

function protocolFrom(given: Given): TransportLabel {
  const text = given.text("protocol") ?? "tcp";
  if (text !== "tcp" && text !== "udp" && text !== "sctp")
    throw new UsageError(`--protocol is "${text}": tcp, udp or sctp expected`);
  return text;
}
