/**
 * What comes in other clothes than a message: frames of a stream, certificates, cookies, the state of anchors, configuration,
 * policies and reports of mail, snapshots, heads of HTTP requests. Broken pieces of sound ones, in any order.
 */

import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { configFrom } from "../../src/daemon/config-file.ts";
import { UsageError } from "../../src/daemon/usage-error.ts";
import { publicKeyFromDer } from "../../src/dane/certificate.ts";
import { parseDaneExceptions } from "../../src/dane/exceptions.ts";
import { anyUsagePolicy, sortRecords } from "../../src/dane/records.ts";
import {
  alternativeNames,
  certificateParts,
  extendedKeyUsage,
  mayServeTls,
  nameConstraints,
  pathLength,
  rdnsOf,
} from "../../src/dane/x509.ts";
import { stateFromText, stateToText } from "../../src/dnssec/rollover-state.ts";
import { AnchorError } from "../../src/dnssec/trust-anchor.ts";
import { readNetstring } from "../../src/mail/socketmap.ts";
import { parseStsPolicy, parseStsRecord } from "../../src/mail/sts-policy.ts";
import { parseTlsrptRecord } from "../../src/mail/tlsrpt-record.ts";
import { FrameDecoder, frame } from "../../src/net/frames.ts";
import { Snapshot } from "../../src/resolver/snapshot.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import { ServerCookies } from "../../src/server/cookies.ts";
import { readHead } from "../../src/server/doh.ts";
import { cookieOf } from "../../src/wire/edns.ts";
import { Name } from "../../src/wire/name.ts";
import { OPTION, TYPE } from "../../src/wire/registry.ts";
import type { Target } from "./targets.ts";

function mustBe(holds: boolean, why: string): void {
  if (!holds) throw new Error(why);
}

/** Null where one of `kinds` was thrown. */
function unless<T>(kinds: readonly (abstract new (...args: never[]) => Error)[], act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (kinds.some((kind) => error instanceof kind)) return null;
    throw error;
  }
}

/** A sound text or file with pieces of itself moved, doubled, lost or changed. */
function broken(sound: Uint8Array): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({
    how: fc.constantFrom("flip", "cut", "double", "insert", "number"),
    at: fc.nat(Math.max(0, sound.length - 1)),
    length: fc.nat(20),
    value: fc.nat(255),
  });
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    let octets = [...sound];
    for (const { how, at, length, value } of edits) {
      const here = octets.slice(at, at + length);
      if (how === "flip" && at < octets.length) octets[at] = octets[at]! ^ (value || 1);
      else if (how === "cut") octets.splice(at, length);
      else if (how === "double") octets.splice(at, 0, ...here);
      else if (how === "insert") octets.splice(at, 0, value);
      else if (at < octets.length) octets[at] = [0, 0xff, 0x80, 0x7f, 0x30][value % 5]!;
      octets = octets.slice(0, 100_000);
    }
    return Uint8Array.from(octets);
  });
}

const latin1 = (octets: Uint8Array): string => Buffer.from(octets).toString("latin1");
const brokenText = (sound: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: broken(Buffer.from(sound, "latin1")).map(latin1) },
    { weight: 1, arbitrary: fc.string({ maxLength: 120 }) },
  );

/** The checkout, wherever this file was compiled to. */
const root = import.meta.url.split(/\/(?:node_modules\/\.cache|test)\//)[0]!;
const pem = (name: string): Uint8Array =>
  new X509Certificate(readFileSync(new URL(`${root}/test/dane/certificates/${name}.pem`))).raw;
const der = fc
  .constantFrom("leaf", "intermediate-narrow", "leaf-rsa", "leaf-pss", "authority-rsa")
  .map(pem)
  .chain(broken);

const state = [
  "; rootwalk trust anchor state 1",
  "zone .",
  "seen 1790000000 172800 1791000000 ; x",
  `ds 20326 8 2 ${"ab".repeat(32)}`,
  "key valid 1780000000 - - 257 3 13 AAAA ; since",
  "key addpend 1780000000 1790000000 20326,1 257 3 8 AwEAAQ== ; since",
];

const config = `listen = ["127.0.0.1:53"]
state-dir = "/var/lib/rootwalk"
[settings]
cache-octets = 134217728
serve-stale = true
[limits]
connections = 300
[[forward]]
zone = "corp.example"
servers = ["192.0.2.53"]
[[stub]]
zone = "lab.example"
servers = ["192.0.2.54:5353"]
[[negative-anchor]]
name = "broken.example"
lifetime = 7200
why = "ticket 4711"
`;

const cookies = new ServerCookies([new Uint8Array(16).fill(7), new Uint8Array(16).fill(9)]);
const plainEdns = { version: 0, udpSize: 1232, dnssecOk: false, compactOk: false };
const client = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const NOW = 1_790_000_000;
const good = cookies.standingOf({ client, server: null }, "192.0.2.1", NOW).option.data;

export const fileProperties: readonly Target[] = [
  {
    name: "frames",
    holds: "a stream gives the same messages however it is cut, and never more than came",
    property: fc.property(
      fc.oneof(
        fc
          .array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 })
          .map((all) => Buffer.concat(all.map((one) => frame(one)))),
        fc.uint8Array({ maxLength: 200 }),
      ),
      fc.array(fc.nat(200), { maxLength: 12 }),
      (stream, cuts) => {
        const whole = new FrameDecoder().push(Uint8Array.from(stream)).map(latin1);
        const decoder = new FrameDecoder();
        const pieces: string[] = [];
        const ends = [...cuts.filter((cut) => cut < stream.length), stream.length].sort((a, b) => a - b);
        let at = 0;
        for (const end of ends) {
          pieces.push(...decoder.push(Uint8Array.from(stream.subarray(at, end))).map(latin1));
          at = end;
        }
        mustBe(pieces.join("|") === whole.join("|"), "cut otherwise, the stream says something else");
        mustBe(pieces.join("").length <= stream.length, "more came out than went in");
      },
    ),
  },
  {
    name: "certificates",
    holds: "DER is read to the octet, or it is null",
    property: fc.property(der, (octets) => {
      const parts = certificateParts(octets);
      publicKeyFromDer(octets);
      for (const read of [alternativeNames, extendedKeyUsage, nameConstraints, pathLength, rdnsOf, mayServeTls]) {
        read(octets);
        for (const { value } of parts?.extensions ?? []) read(value);
      }
      if (parts !== null)
        mustBe(latin1(octets).includes(latin1(parts.publicKeyInfo)), "a key that does not stand in the certificate");
    }),
  },
  {
    name: "TLSA records",
    holds: "every record is usable, unusable with a reason, or outranked; none is lost",
    property: fc.property(
      fc.array(fc.tuple(fc.nat(5), fc.nat(3), fc.nat(4), fc.uint8Array({ minLength: 1, maxLength: 70 })), {
        minLength: 1,
        maxLength: 8,
      }),
      (rows) => {
        const data = rows.map(([usage, selector, matching, octets]) =>
          Uint8Array.of(usage, selector, matching, ...octets),
        );
        const rrset = { name: Name.parse("_25._tcp.mx"), type: TYPE.TLSA, ttl: 60, data, signatures: [] };
        const sorted = sortRecords(rrset as unknown as RRset<typeof TYPE.TLSA>, anyUsagePolicy);
        const count = sorted.usable.length + sorted.unusable.length + sorted.outranked.length;
        mustBe(count === rows.length, `${rows.length} records became ${count}`);
        mustBe(
          sorted.usable.every(({ usage }) => usage <= 3),
          "a usage that nobody knows is usable",
        );
      },
    ),
  },
  {
    name: "cookies",
    holds: "a cookie that is not to the octet ours, for this client and this hour, proves nothing",
    property: fc.property(broken(good), fc.constantFrom("192.0.2.1", "192.0.2.2", "2001:db8::1"), (octets, address) => {
      const cookie = cookieOf({ ...plainEdns, options: [{ code: OPTION.COOKIE, data: octets }] });
      if (cookie === null) return;
      const { proven } = cookies.standingOf(cookie, address, NOW);
      if (proven) mustBe(latin1(octets) === latin1(good) && address === "192.0.2.1", "a forged cookie counts");
    }),
  },
  {
    name: "anchor states",
    holds: "a state is what was written, or an AnchorError; what was read can be written and read again",
    property: fc.property(
      fc.oneof(
        brokenText(`${[...state, `end ${state.length - 1}`].join("\n")}\n`),
        fc
          .array(fc.oneof(fc.constantFrom(...state.slice(1)), fc.string({ maxLength: 30 })), { maxLength: 6 })
          .map((lines) => `${[state[0]!, ...lines, `end ${lines.length}`].join("\n")}\n`),
      ),
      (text) => {
        const read = unless([AnchorError], () => stateFromText(text, "the fuzzer"));
        if (read === null) return;
        const written = stateToText(read);
        mustBe(stateToText(stateFromText(written, "again")) === written, "a state that does not come back");
      },
    ),
  },
  {
    name: "configuration",
    holds: "a file is a configuration or a UsageError that names it",
    property: fc.property(
      fc.oneof(
        brokenText(config),
        fc
          .array(fc.oneof(fc.constantFrom(...config.split("\n")), fc.string({ maxLength: 30 })), { maxLength: 12 })
          .map((lines) => lines.join("\n")),
      ),
      (text) => {
        try {
          configFrom(text, "fuzz.toml", NOW);
        } catch (error) {
          mustBe(
            error instanceof UsageError && error.message.startsWith("fuzz.toml"),
            `no error for users: ${(error as Error).stack}`,
          );
        }
      },
    ),
  },
  {
    name: "policies of mail",
    holds: "MTA-STS and TLSRPT records and policies, exceptions and netstrings are read, or refused with a reason",
    property: fc.property(
      brokenText("version: STSv1\r\nmode: enforce\r\nmx: *.example.com\r\nmx: mail.example.com\r\nmax_age: 604800\r\n"),
      fc.array(brokenText("v=STSv1; id=20260101T000000; x=y;"), { maxLength: 3 }),
      fc.array(brokenText("v=TLSRPTv1; rua=mailto:a@example.com,https://example.com/r"), { maxLength: 3 }),
      brokenText("example.com 2026-12-01 told them\n# why\nexample.net 2026-12-01T00:00:00Z ticket"),
      brokenText("19:dane smtp.example.co,"),
      (policy, records, reports, exceptions, request) => {
        const parsed = parseStsPolicy(policy);
        if (parsed.kind === "policy") mustBe(parsed.policy.maxAge <= 31_557_600, "a policy for longer than a year");
        else mustBe(parsed.reason !== "", "refused without a reason");
        const record = parseStsRecord(records);
        if (record.kind === "record") mustBe(/^[A-Za-z0-9]{1,32}$/.test(record.id), `id ${record.id}`);
        parseTlsrptRecord(reports);
        unless([RangeError], () => parseDaneExceptions(exceptions));
        const netstring = readNetstring(Buffer.from(request, "latin1"));
        if (typeof netstring === "object") mustBe(netstring.end <= request.length, "a netstring beyond its end");
      },
    ),
  },
  {
    name: "snapshots",
    holds: "octets are a snapshot or a reason; nothing of a broken one is left",
    property: fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
      const snapshot = new Snapshot();
      const why = snapshot.load(body, NOW, NOW);
      if (why !== null) mustBe(snapshot.size === 0 && why !== "", "something is left of a broken snapshot");
    }),
  },
  {
    name: "heads of HTTP requests",
    holds: "a request holds a question, asks for its body, or is refused",
    property: fc.property(
      fc.constantFrom("GET", "POST", "HEAD", "x"),
      brokenText("/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB"),
      fc.oneof(fc.constantFrom("application/dns-message", "text/plain"), fc.string({ maxLength: 20 })),
      (method, target, contentType) => {
        const meaning = readHead({ method, target, contentType, contentLength: undefined }, 4096);
        mustBe(["question", "question in the body", "refusal"].includes(meaning.kind), meaning.kind);
      },
    ),
  },
];
