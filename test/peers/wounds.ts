/** What can be wrong with a zone: one row per defect, made by editing sound text or by signing at another time. */
import type { Denial, Signer } from "./plan.ts";
import { covered, withRdata, type ZoneLine } from "./zone-text.ts";

export interface Wound {
  readonly denial: Denial;
  /** What validators should find at www of this zone. */
  readonly www: "secure" | "insecure" | "bogus" | "unanswered";
  /** The extended error that should come with it (RFC 8914). */
  readonly ede?: number;
  readonly signer?: Signer;
  readonly algorithm?: number;
  readonly iterations?: number;
  readonly signedAt?: "past" | "future";
  readonly zone?: (lines: readonly ZoneLine[], apex: string) => readonly ZoneLine[];
  /** RDATA of the DS RRs in the parent. */
  readonly ds?: (rdata: readonly string[]) => readonly string[];
  /** Delegated to servers that do not hold it: to all, or to one of two. */
  readonly lame?: "all" | "half";
}

const rows = {
  expired: { denial: "nsec", www: "bogus", ede: 7, signedAt: "past", signer: "bind" },
  future: { denial: "nsec3", www: "bogus", ede: 8, signedAt: "future", signer: "ldns" },
  "expired-knot": { denial: "nsec", www: "bogus", ede: 7, signedAt: "past", signer: "knot" },
  stripped: {
    denial: "nsec",
    www: "bogus",
    ede: 10,
    zone: (lines, apex) => without(lines, (line) => at(line, apex, "www", "_25._tcp.mx") && line.type === "RRSIG"),
  },
  "forged-tlsa": {
    denial: "nsec3",
    www: "secure",
    zone: (lines) => lines.map((line) => (line.type === "TLSA" ? withRdata(line, flipLastHex(line.rdata)) : line)),
  },
  "corrupt-signature": {
    denial: "nsec",
    www: "bogus",
    ede: 6,
    zone: (lines, apex) =>
      lines.map((line) => (at(line, apex, "www", "mx") && line.type === "RRSIG" ? corrupted(line) : line)),
  },
  "added-record": {
    denial: "nsec",
    www: "bogus",
    ede: 6,
    zone: (lines, apex) => [...lines, added(`www.${apex}`, "A", "203.0.113.251")],
  },
  "wrong-digest": { denial: "nsec", www: "bogus", ede: 9, ds: (all) => all.map(flipLastHex) },
  "wrong-tag": {
    denial: "nsec",
    www: "bogus",
    ede: 9,
    ds: (all) => all.map((ds) => replaceWord(ds, 0, (tag) => `${(Number(tag) + 1) % 65536}`)),
  },
  "unknown-algorithm": {
    denial: "nsec",
    www: "insecure",
    ede: 1,
    ds: (all) => all.map((ds) => replaceWord(ds, 1, () => "200")),
  },
  "unknown-digest": {
    denial: "nsec",
    www: "insecure",
    ede: 2,
    ds: (all) => all.map((ds) => replaceWord(ds, 2, () => "200")),
  },
  "unknown-beside-wrong": {
    denial: "nsec",
    www: "bogus",
    ede: 9,
    ds: (all) => [...all.map(flipLastHex), ...all.map((ds) => replaceWord(ds, 2, () => "200"))],
  },
  "no-nsec": { denial: "nsec", www: "secure", zone: (lines) => without(lines, (line) => concerns(line, "NSEC")) },
  "no-nsec3": { denial: "nsec3", www: "secure", zone: (lines) => without(lines, (line) => concerns(line, "NSEC3")) },
  "unsigned-nsec": {
    denial: "nsec",
    www: "secure",
    zone: (lines) => without(lines, (line) => covered(line) === "NSEC"),
  },
  "corrupt-nsec3": {
    denial: "nsec3",
    www: "secure",
    zone: (lines) => lines.map((line) => (covered(line) === "NSEC3" ? corrupted(line) : line)),
  },
  "wildcard-unproven": {
    denial: "nsec",
    www: "secure",
    zone: (lines, apex) => without(lines, (line) => at(line, apex, "*.wild", "exists.wild") && concerns(line, "NSEC")),
  },
  "unsigned-dnskey": {
    denial: "nsec",
    www: "bogus",
    ede: 10,
    zone: (lines) => without(lines, (line) => covered(line) === "DNSKEY"),
  },
  "missing-dnskey": {
    denial: "nsec",
    www: "bogus",
    ede: 6,
    zone: (lines) => without(lines, (line) => line.type === "DNSKEY" && line.rdata.startsWith("256 ")),
  },
  "not-signed-at-all": {
    denial: "nsec",
    www: "bogus",
    ede: 9,
    zone: (lines) => without(lines, ({ type }) => ["RRSIG", "NSEC", "DNSKEY"].includes(type)),
  },
  "expired-beside-good": {
    denial: "nsec",
    www: "secure",
    zone: (lines) => lines.flatMap((line) => (covered(line) === "A" ? [line, expiredCopy(line)] : [line])),
  },
  rsasha1: { denial: "nsec", www: "insecure", ede: 1, signer: "bind", algorithm: 5 },
  "rsasha1-nsec3": { denial: "nsec3", www: "insecure", ede: 1, signer: "ldns", algorithm: 7 },
  "many-iterations": { denial: "nsec3", www: "secure", signer: "bind", iterations: 100 },
  lame: { denial: "nsec", www: "unanswered", ede: 22, lame: "all", ds: () => [] },
  "half-lame": { denial: "nsec", www: "secure", lame: "half" },
} as const satisfies Record<string, Wound>;

export type WoundName = keyof typeof rows;

export const wounds: Readonly<Record<WoundName, Wound>> = rows;

export function woundNames(): (Wound & { readonly name: WoundName })[] {
  return (Object.keys(rows) as WoundName[]).map((name) => ({ ...wounds[name], name }));
}

function at(line: ZoneLine, apex: string, ...labels: readonly string[]): boolean {
  return labels.some((label) => line.owner === `${label}.${apex}`);
}

const concerns = (line: ZoneLine, type: string): boolean => line.type === type || covered(line) === type;

function without(lines: readonly ZoneLine[], unwanted: (line: ZoneLine) => boolean): readonly ZoneLine[] {
  const kept = lines.filter((line) => !unwanted(line));
  if (kept.length === lines.length)
    throw new TypeError("this wound took nothing away: the zone's text is not as expected");
  return kept;
}

function added(owner: string, type: string, rdata: string): ZoneLine {
  return { owner, type, rdata, text: `${owner} 300 IN ${type} ${rdata}` };
}

function replaceWord(rdata: string, index: number, by: (word: string) => string): string {
  return rdata
    .split(" ")
    .map((word, i) => (i === index ? by(word) : word))
    .join(" ");
}

function flipLastHex(rdata: string): string {
  return rdata.replace(/([0-9a-f])$/i, (digit) => (Number.parseInt(digit, 16) ^ 1).toString(16));
}

/** The middle of the signature: neither padding nor its first octets. */
function corrupted(line: ZoneLine): ZoneLine {
  const words = line.rdata.split(" ");
  const signature = words.slice(8).join("");
  const middle = signature.length >> 1;
  const other = signature[middle] === "A" ? "B" : "A";
  return withRdata(
    line,
    [...words.slice(0, 8), signature.slice(0, middle) + other + signature.slice(middle + 1)].join(" "),
  );
}

function expiredCopy(line: ZoneLine): ZoneLine {
  const words = line.rdata.split(" ");
  return withRdata(line, [...words.slice(0, 4), "20200201000000", "20200101000000", ...words.slice(6)].join(" "));
}
