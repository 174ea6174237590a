/** TXT RRs that begin with a version and go on with fields: `v=STSv1; id=…`, `v=TLSRPTv1; rua=…`. RFC 8461 §3.1, RFC 8460 §3. */
import type { Answer } from "../dnssec/answer.ts";
import { isOfType, rdataOf } from "../rrset/rrset.ts";
import { TYPE } from "../wire/registry.ts";

export type VersionedTxt =
  | { readonly kind: "record"; readonly text: string; readonly fields: readonly Field[] }
  /** There is none, or not exactly one, or it is malformed: all the same to a sender. */
  | { readonly kind: "none"; readonly reason: string };

export interface Field {
  readonly name: string;
  readonly value: string;
}

/** The one RR of that version among others (SPF, verification tokens). */
export function versionedTxt(texts: readonly string[], version: string): VersionedTxt {
  // Erratum 6285 of RFC 8461: the grammar has space before the semicolon, the prose has not. Both count.
  const begins = new RegExp(`^v=${version}[ \\t]*;`);
  const found = texts.filter((text) => begins.test(text));
  const [text] = found;
  if (text === undefined) return { kind: "none", reason: `no TXT begins with "v=${version};"` };
  if (found.length > 1) return { kind: "none", reason: `${found.length} TXT begin with "v=${version};": one expected` };
  const parts = text.split(";").map((part) => part.replace(/^[ \t]+|[ \t]+$/g, ""));
  if (parts.at(-1) === "") parts.pop();
  const fields: Field[] = [];
  for (const part of parts.slice(1)) {
    const equals = part.indexOf("=");
    const name = part.slice(0, Math.max(0, equals));
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/.test(name))
      return { kind: "none", reason: `"${shortened(part)}" is no field of "${shortened(text)}"` };
    fields.push({ name, value: part.slice(equals + 1) });
  }
  return { kind: "record", text, fields };
}

/** What fields that we do not know may hold: printable, without blanks, "=" and ";". */
export function isExtensionValue(value: string): boolean {
  return /^[\x21-\x3a\x3c\x3e-\x7e]+$/.test(value);
}

/** One string for each TXT RR; its character-strings are joined without anything between them. RFC 7208 §3.3. */
export function textsIn({ verdict }: Answer): readonly string[] {
  if (!("value" in verdict)) return [];
  return verdict.value.rrsets.flatMap((rrset) =>
    isOfType(rrset, TYPE.TXT)
      ? rdataOf(rrset).map(({ strings }) => Buffer.concat([...strings]).toString("latin1"))
      : [],
  );
}

/** For sentences about what others wrote: bounded, and without what a terminal would obey. */
export function shortened(text: string, most = 60): string {
  const plain = text.replace(/[^\x20-\x7e]/g, "?");
  return plain.length > most ? `${plain.slice(0, most)}…` : plain;
}
