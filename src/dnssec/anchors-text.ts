/**
 * Trust anchors as DS and DNSKEY RRs in zone-file form: what `dig`, `dnssec-dsfromkey`, Unbound and Knot write. RFC 1035 §5,
 * RFC 4034 §2.2, §5.3.
 */
import { digestTypes } from "../crypto/digests.ts";
import { keyTag } from "../wire/key-tag.ts";
import type { ResourceRecord } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { type Dnskey, type Ds, decodeRdata } from "../wire/rdata.ts";
import { TYPE, typeToText } from "../wire/registry.ts";
import { parseZone, ZoneFileError } from "../wire/zonefile.ts";
import { AnchorError, type TrustAnchor } from "./trust-anchor.ts";
import { ZoneKey } from "./zone-keys.ts";

/** Throws AnchorError with source, line and reason. */
export function anchorsFromZoneText(text: string, source: string): readonly TrustAnchor[] {
  const anchors = new Map<string, { readonly zone: Name; readonly ds: Ds[]; readonly keys: Dnskey[] }>();
  for (const { record, line } of recordsIn(text, source)) {
    const known = anchors.get(record.name.key);
    const anchor = known ?? { zone: record.name, ds: [], keys: [] };
    if (known === undefined) anchors.set(record.name.key, anchor);
    const fail = (reason: string): never => {
      throw new AnchorError(source, line, `${record.name} ${typeToText(record.type)} ${reason}`);
    };
    switch (record.type) {
      case TYPE.DS:
        anchor.ds.push(dsIn(record, fail));
        break;
      case TYPE.DNSKEY:
        anchor.keys.push(keyIn(record, fail));
        break;
      default:
        fail("is no trust anchor: DS or DNSKEY expected");
    }
  }
  if (anchors.size === 0) throw new AnchorError(source, null, "there is neither DS nor DNSKEY");
  return [...anchors.values()].map((anchor) => ({ ...anchor, source }));
}

type Fail = (reason: string) => never;

function dsIn(record: ResourceRecord, fail: Fail): Ds {
  const ds = decodeRdata(TYPE.DS, record.rdata);
  const octets = digestTypes.get(ds.digestType)?.octets ?? ds.digest.length;
  if (ds.digest.length !== octets) {
    fail(
      `for key ${ds.keyTag} has a digest of ${ds.digest.length} octets: ${octets} expected for type ${ds.digestType}`,
    );
  }
  return ds;
}

function keyIn(record: ResourceRecord, fail: Fail): Dnskey {
  const key = decodeRdata(TYPE.DNSKEY, record.rdata);
  const tag = keyTag(record.rdata);
  switch (ZoneKey.of(key, record.rdata).fault) {
    case "no zone key":
      return fail(`${tag} lacks the zone key flag`);
    case "wrong protocol":
      return fail(`${tag} has protocol ${key.protocol}: 3 expected`);
    case "revoked":
      return fail(`${tag} is revoked`);
    case null:
      return key;
  }
}

/** Lines that begin like comments of BIND or of a shell. */
const foreignComment = /^\s*(?:#|\/\/)/;
/** Unbound notes the RFC 5011 state of each key behind its record; 2 is VALID, 3 MISSING, and no other is trusted. */
const untrusted = /;;state=(?![23]\b)/;

interface Line {
  readonly record: ResourceRecord;
  readonly line: number;
}

function recordsIn(text: string, source: string): readonly Line[] {
  const lines = text.split("\n").map((line) => (foreignComment.test(line) || untrusted.test(line) ? "" : line));
  const records: Line[] = [];
  try {
    parseZone(lines.join("\n"), { source, onRecord: (record, line) => records.push({ record, line }) });
  } catch (error) {
    if (error instanceof ZoneFileError) throw new AnchorError(source, error.line, error.reason);
    throw error;
  }
  return records;
}
