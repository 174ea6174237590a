/** The entries of ../shared/rpl/vectors, grouped into RRsets. VECTORS.md there says what each file is for. */
import { readFileSync } from "node:fs";
import type { RRset } from "../../src/rrset/rrset.ts";
import { Reader } from "../../src/wire/cursor.ts";
import { Name } from "../../src/wire/name.ts";
import type { Rrsig } from "../../src/wire/rdata.ts";
import { TYPE } from "../../src/wire/registry.ts";
import { Lines } from "../rpl/lines.ts";
import { entryAfterBegin } from "../rpl/parse-entry.ts";
import type { Entry, TemplateRecord } from "../rpl/scenario.ts";
import { typeCovered } from "../rpl/show.ts";

export const vectorFolder = new URL("../../../shared/rpl/vectors/", import.meta.url).pathname;

export function entriesOf(file: string): Entry[] {
  const lines = new Lines(file, readFileSync(vectorFolder + file, "latin1"));
  const entries: Entry[] = [];
  while (!lines.done) if (lines.raw("an entry").trim().startsWith("ENTRY_BEGIN")) entries.push(entryAfterBegin(lines));
  return entries;
}

/** RRsets of one section, in the order of their first records; RRSIGs go to what they cover. */
export function rrsetsOf(records: readonly TemplateRecord[]): RRset[] {
  const groups = new Map<string, TemplateRecord[]>();
  const signatures = new Map<string, Rrsig[]>();
  for (const record of records) {
    const type = record.type === TYPE.RRSIG ? typeCovered(record.rdata) : record.type;
    const key = `${record.name.key} ${type}`;
    if (record.type === TYPE.RRSIG) signatures.set(key, [...(signatures.get(key) ?? []), rrsigOf(record.rdata)]);
    else groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups].map(([key, [first, ...rest]]) => ({
    name: first!.name,
    type: first!.type,
    ttl: first!.ttl,
    data: [first!.rdata, ...rest.map((record) => record.rdata)],
    signatures: signatures.get(key) ?? [],
  }));
}

function rrsigOf(rdata: Uint8Array): Rrsig {
  const reader = new Reader(rdata);
  return {
    typeCovered: reader.u16(),
    algorithm: reader.u8(),
    labels: reader.u8(),
    originalTtl: reader.u32(),
    expiration: reader.u32(),
    inception: reader.u32(),
    keyTag: reader.u16(),
    signer: Name.readUncompressed(reader),
    signature: reader.rest(),
  };
}
