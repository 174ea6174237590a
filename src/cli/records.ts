/** RRsets as lines of a zone file. RFC 1035 §5.1. */
import type { RRset } from "../rrset/rrset.ts";
import { encodeRdata, rdataToText } from "../wire/rdata.ts";
import { TYPE, typeToText } from "../wire/registry.ts";

export interface RecordText {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly data: string;
}

/** One entry per record; `signatures`: RRSIGs follow their RRset. */
export function recordTexts(
  rrsets: readonly RRset[],
  signatures: "with signatures" | "data only",
): readonly RecordText[] {
  const texts: RecordText[] = [];
  for (const rrset of rrsets) {
    const common = { name: rrset.name.toString(), ttl: rrset.ttl };
    for (const rdata of rrset.data) {
      texts.push({ ...common, type: typeToText(rrset.type), data: rdataToText(rrset.type, rdata) });
    }
    if (signatures === "data only") continue;
    for (const signature of rrset.signatures) {
      texts.push({ ...common, type: "RRSIG", data: rdataToText(TYPE.RRSIG, encodeRdata(TYPE.RRSIG, signature)) });
    }
  }
  return texts;
}

/** Columns aligned as far as names allow. */
export function recordLines(texts: readonly RecordText[]): readonly string[] {
  const nameWidth = Math.min(40, Math.max(0, ...texts.map((text) => text.name.length)));
  const ttlWidth = Math.max(0, ...texts.map((text) => String(text.ttl).length));
  return texts.map(
    (text) => `${text.name.padEnd(nameWidth)}  ${String(text.ttl).padStart(ttlWidth)}  IN  ${text.type}  ${text.data}`,
  );
}
