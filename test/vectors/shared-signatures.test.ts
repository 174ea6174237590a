/** Signatures, DS digests and NSEC3 hashes from Unbound's unit tests (../shared/rpl/vectors), on both engines. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { CryptoEngine } from "../../src/crypto/engine.ts";
import { nativeEngine } from "../../src/crypto/native.ts";
import { portableEngine } from "../../src/crypto/portable.ts";
import { matchDs } from "../../src/dnssec/ds.ts";
import type { Judge } from "../../src/dnssec/judge.ts";
import { findSignature } from "../../src/dnssec/signature.ts";
import { WorkBudget } from "../../src/dnssec/work.ts";
import { KeyRing } from "../../src/dnssec/zone-keys.ts";
import type { RRset } from "../../src/rrset/rrset.ts";
import { TYPE, typeToText } from "../../src/wire/registry.ts";
import { dsOf } from "../rpl/anchors.ts";
import { toBase32Hex } from "../rpl/octets.ts";
import { dateFromText } from "../rpl/rdata-text.ts";
import { unsafeTestEngine } from "../rpl/unsafe-algorithms.ts";
import { entriesOf, rrsetsOf, vectorFolder } from "./shared-entries.ts";

interface VectorFile {
  readonly file: string;
  readonly kind: "rrsig" | "ds" | "nsec3-hash" | "rr-text-wire" | "wire-messages";
  readonly validation_date?: string;
  readonly rrsets?: readonly ExpectedVerdict[];
}

interface ExpectedVerdict {
  readonly entry_line: number;
  readonly owner: string;
  readonly type: string;
  readonly section: "ANSWER" | "AUTHORITY" | "ADDITIONAL";
  /** When one valid signature suffices. RFC 6840 §5.11. */
  readonly any_path: "secure" | "bogus";
}

const engines: readonly (readonly [string, () => CryptoEngine])[] = [
  ["native", () => nativeEngine({ rsaMinBits: 512 })],
  ["portable", () => portableEngine({ rsaMinBits: 512 })],
];

const manifestFile = `${vectorFolder}manifest.json`;
const present = existsSync(manifestFile);
const files: readonly VectorFile[] = present ? JSON.parse(readFileSync(manifestFile, "utf8")).files : [];
const ofKind = (kind: VectorFile["kind"]): readonly VectorFile[] => files.filter((file) => file.kind === kind);

const plenty = 100_000;

function judgeWith(engine: CryptoEngine, date: number): Judge {
  return {
    now: date,
    engine,
    work: new WorkBudget({
      signatures: plenty,
      failedSignatures: plenty,
      hashes: plenty,
      digests: plenty,
      queries: plenty,
      octets: plenty,
      nsLookups: plenty,
    }),
    policy: {
      algorithms: engine.algorithms,
      digests: engine.digests,
      inceptionSkew: 0,
      expirationSkew: 0,
      nsec3Iterations: 150,
      nsec3PerResponse: 64,
      signaturesPerRRset: 32,
      keysPerTag: 4,
      dsPerZone: 8,
    },
  };
}

describe.skipIf(!present).each(engines)("vectors of ../shared/rpl on the %s engine", (_, make) => {
  const engine = unsafeTestEngine(make());

  describe.each(ofKind("rrsig"))("$file", ({ file, validation_date, rrsets }) => {
    const [keys, ...entries] = entriesOf(file);
    const dnskey = rrsetsOf(keys!.answer).find((rrset) => rrset.type === TYPE.DNSKEY) as RRset<typeof TYPE.DNSKEY>;
    const ring = KeyRing.of(dnskey);
    test.each(rrsets!)("line $entry_line $section: $owner $type is $any_path", (expected) => {
      const entry = entries.find(({ line }) => line === expected.entry_line)!;
      const section = expected.section.toLowerCase() as "answer" | "authority" | "additional";
      const rrset = rrsetsOf(entry[section]).find(
        ({ name, type }) => name.toString() === expected.owner && typeToText(type) === expected.type,
      );
      const by = judgeWith(engine, dateFromText(validation_date!));
      const found = findSignature(rrset!, dnskey.name, ring, by);
      expect(found.kind === "found" ? "secure" : "bogus", found.kind === "failed" ? found.failure.detail : "").toBe(
        expected.any_path,
      );
    });
  });

  describe.each(ofKind("ds"))("$file", ({ file }) => {
    test.each(entriesOf(file))("DS at line $line", ({ question, answer }) => {
      const ds = answer.find((record) => record.type === TYPE.DS)!;
      const [dnskey] = rrsetsOf(answer.filter((record) => record.type === TYPE.DNSKEY));
      const match = matchDs([dsOf(ds)], ds.name, KeyRing.of(dnskey as RRset<typeof TYPE.DNSKEY>), judgeWith(engine, 0));
      expect(match.kind === "matched").toBe(question[0]!.name.toString().startsWith("yes"));
    });
  });

  describe.each(ofKind("nsec3-hash"))("$file", ({ file }) => {
    test.each(entriesOf(file))("hash at line $line", ({ question, answer, authority }) => {
      const { rdata } = authority[0]!;
      const iterations = (rdata[2]! << 8) | rdata[3]!;
      const salt = rdata.subarray(5, 5 + rdata[4]!);
      const hash = engine.nsec3Hash(question[0]!.name.canonicalWire, salt, iterations);
      expect(toBase32Hex(hash)).toBe(Buffer.from(answer[0]!.name.firstLabel).toString());
    });
  });
});

test.skipIf(present)("the vectors of ../shared/rpl are absent, so none were checked", () => {});

describe.skipIf(!present)("a vector file of each kind", () => {
  test.each(["rrsig", "ds", "nsec3-hash"] as const)("%s is there", (kind) => {
    expect(ofKind(kind).length).toBeGreaterThan(0);
  });
});
