/** What a domain holds: mail with TLSA, wildcards, empty non-terminals, aliases that leave the zone, odd types. */
import { createHash } from "node:crypto";
import type { Dice } from "./random.ts";

export interface Domain {
  readonly index: number;
  /** Where aliases lead to. */
  readonly next: string;
  readonly unsigned: string;
}

/** Zone-file lines relative to the apex. */
export function domainRecords({ index, next, unsigned }: Domain, chance: Dice): string[] {
  const a = (): string => `A 203.0.113.${1 + chance.below(250)}`;
  const aaaa = (): string => `AAAA 2001:db8:${chance.below(65536).toString(16)}::${1 + chance.below(9999)}`;
  const records = [
    "@ MX 10 mx",
    `@ MX 20 mx.${next}`,
    `@ ${a()}`,
    `@ ${aaaa()}`,
    '@ TXT "v=spf1 mx -all" "second string"',
    '@ CAA 0 issue "ca.alpha"',
    `www ${a()}`,
    `www ${a()}`,
    `www ${aaaa()}`,
    `mx ${a()}`,
    `mx ${aaaa()}`,
    `_25._tcp.mx TLSA 3 1 1 ${sha256(`mx ${index}`)}`,
    `_25._tcp.mx TLSA 2 1 1 ${sha256(`ca ${index}`)}`,
    "_25._tcp.mail CNAME _25._tcp.mx",
    `mail ${a()}`,
    `*.wild ${a()}`,
    '*.wild TXT "from a wildcard"',
    `exists.wild ${aaaa()}`,
    `*.elsewhere CNAME www.${next}`,
    'leaf.of.ent TXT "its ancestors are empty"',
    `hop0 CNAME hop1.${next}`,
    `hop1 CNAME hop2.${next}`,
    `hop2 CNAME hop3.${next}`,
    `hop3 ${a()}`,
    `leaving CNAME www.${unsigned}`,
    `dangling CNAME nowhere.${next}`,
    "nodata CNAME leaf.of.ent",
    "old DNAME archive",
    `www.archive ${a()}`,
    `away DNAME ${next}`,
    "_imaps._tcp SRV 0 1 993 mx",
    `host SSHFP 4 2 ${sha256("host key")}`,
    `host ${a()}`,
    'naptr NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@alpha!" .',
    "odd TYPE65280 \\# 4 0a0b0c0d",
    "MiXeD CNAME WwW",
  ];
  if (index % 3 === 0) records.push(...bigTlsa(index));
  if (index % 4 === 0) records.push("@ HTTPS 1 . alpn=h2", "_8443._https SVCB 1 www port=8443");
  return records;
}

/** 3 0 0 carries whole certificates: more than the 1232 octets that fit a datagram (RFC 9715 §3). */
function bigTlsa(index: number): string[] {
  return [0, 1].map((turn) => `_25._tcp.big TLSA 3 0 0 ${octets(`certificate ${index} ${turn}`, 800)}`);
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

function octets(seed: string, count: number): string {
  return Array.from({ length: Math.ceil(count / 32) }, (_, i) => sha256(`${seed} ${i}`))
    .join("")
    .slice(0, 2 * count);
}
