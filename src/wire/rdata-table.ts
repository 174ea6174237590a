/** THE table of RR types: one row each, built from fields; the value types follow from it. Types without a row are opaque (RFC 3597). */

import { a6, nxtTypes } from "./bygone.ts";
import type { Field } from "./fields.ts";
import * as f from "./fields.ts";
import { location } from "./loc.ts";
import type { Name } from "./name.ts";
import { TYPE } from "./registry.ts";
import { svcbParams } from "./svcb.ts";

export type Row = Readonly<Record<string, Field<never>>>;
type ValueOf<F> = F extends Field<infer V> ? V : never;
export type RowValue<R> = { readonly [K in keyof R]: ValueOf<R[K]> };

const target = { target: f.compressedName };
const ds = { keyTag: f.u16, algorithm: f.algorithm, digestType: f.u8, digest: f.restHex };
const dnskey = { flags: f.u16, protocol: f.u8, algorithm: f.algorithm, publicKey: f.restBase64 };
const tlsa = { usage: f.u8, selector: f.u8, matchingType: f.u8, data: f.restHex };
const svcb = { priority: f.u16, target: f.plainName, params: svcbParams };
// biome-ignore format: a table reads better packed
const signature = (signer: Field<Name>) => ({
  typeCovered: f.rrType, algorithm: f.algorithm, labels: f.u8, originalTtl: f.period, expiration: f.time, inception: f.time,
  keyTag: f.u16, signer, signature: f.signatureOctets,
});

// biome-ignore format: a table reads better packed
export const rows = {
  [TYPE.A]: { address: f.ipv4 },
  [TYPE.NS]: target,
  [TYPE.MD]: target,
  [TYPE.MF]: target,
  [TYPE.CNAME]: target,
  [TYPE.SOA]: { mname: f.compressedName, rname: f.compressedName, serial: f.u32, refresh: f.period, retry: f.period, expire: f.period, minimum: f.period },
  [TYPE.MB]: target,
  [TYPE.MG]: target,
  [TYPE.MR]: target,
  [TYPE.PTR]: target,
  [TYPE.HINFO]: { cpu: f.string, os: f.string },
  [TYPE.MINFO]: { mailbox: f.compressedName, errors: f.compressedName },
  [TYPE.MX]: { preference: f.u16, exchange: f.compressedName },
  [TYPE.TXT]: { strings: f.strings },
  [TYPE.RP]: { mailbox: f.canonicalName, text: f.canonicalName },
  [TYPE.AFSDB]: { subtype: f.u16, host: f.canonicalName },
  [TYPE.X25]: { address: f.string },
  [TYPE.ISDN]: { address: f.string, subaddress: f.optionalString },
  [TYPE.RT]: { preference: f.u16, host: f.canonicalName },
  [TYPE.SIG]: signature(f.canonicalName),
  [TYPE.KEY]: dnskey,
  [TYPE.PX]: { preference: f.u16, map822: f.canonicalName, mapx400: f.canonicalName },
  [TYPE.GPOS]: { longitude: f.string, latitude: f.string, altitude: f.string },
  [TYPE.AAAA]: { address: f.ipv6 },
  [TYPE.NXT]: { next: f.canonicalName, types: nxtTypes },
  [TYPE.LOC]: { location },
  [TYPE.SRV]: { priority: f.u16, weight: f.u16, port: f.u16, target: f.canonicalName },
  [TYPE.NAPTR]: { order: f.u16, preference: f.u16, flags: f.string, services: f.string, regexp: f.string, replacement: f.canonicalName },
  [TYPE.KX]: { preference: f.u16, exchanger: f.canonicalName },
  [TYPE.CERT]: { certificateType: f.u16, keyTag: f.u16, algorithm: f.algorithm, certificate: f.restBase64 },
  [TYPE.A6]: { suffix: a6 },
  [TYPE.DNAME]: { target: f.canonicalName },
  [TYPE.DS]: ds,
  [TYPE.SSHFP]: { algorithm: f.u8, fingerprintType: f.u8, fingerprint: f.restHex },
  [TYPE.RRSIG]: signature(f.signerName),
  [TYPE.NSEC]: { next: f.plainName, types: f.bitmap },
  [TYPE.DNSKEY]: dnskey,
  [TYPE.DHCID]: { data: f.restBase64 },
  [TYPE.NSEC3]: { hashAlgorithm: f.u8, flags: f.u8, iterations: f.u16, salt: f.salt, nextHashed: f.hashed, types: f.bitmap },
  [TYPE.NSEC3PARAM]: { hashAlgorithm: f.u8, flags: f.u8, iterations: f.u16, salt: f.salt },
  [TYPE.TLSA]: tlsa,
  [TYPE.SMIMEA]: tlsa,
  [TYPE.CDS]: ds,
  [TYPE.CDNSKEY]: dnskey,
  [TYPE.OPENPGPKEY]: { key: f.restBase64 },
  [TYPE.CSYNC]: { serial: f.u32, flags: f.u16, types: f.bitmap },
  [TYPE.ZONEMD]: { serial: f.u32, scheme: f.u8, hashAlgorithm: f.u8, digest: f.restHex },
  [TYPE.SVCB]: svcb,
  [TYPE.HTTPS]: svcb,
  [TYPE.SPF]: { strings: f.strings },
  [TYPE.NID]: { preference: f.u16, nodeId: f.grouped(4, 4, ":") },
  [TYPE.L32]: { preference: f.u16, locator: f.ipv4 },
  [TYPE.L64]: { preference: f.u16, locator: f.grouped(4, 4, ":") },
  [TYPE.LP]: { preference: f.u16, fqdn: f.plainName },
  [TYPE.EUI48]: { address: f.grouped(6, 2, "-") },
  [TYPE.EUI64]: { address: f.grouped(8, 2, "-") },
  [TYPE.URI]: { priority: f.u16, weight: f.u16, target: f.restText },
  [TYPE.CAA]: { flags: f.u8, tag: f.tag, value: f.restText },
  [TYPE.DLV]: ds,
} as const;
