/** What stands in the boxes of a picture. */
import type { Break } from "../dnssec/account.ts";
import type { WhyInsecure } from "../dnssec/verdict.ts";
import type { ResolutionEvent } from "../env/events.ts";
import type { RRset } from "../rrset/rrset.ts";
import { rdataToText } from "../wire/rdata.ts";
import { type RRType, TYPE, typeToText } from "../wire/registry.ts";
import { dayText, keyText } from "./canvas.ts";

const DATA_LINES = 4;
const NOTES = 12;

export const isAlias = (type: RRType): boolean => type === TYPE.CNAME || type === TYPE.DNAME;

export function dataText(rrset: RRset): { readonly title: string; readonly lines: readonly string[] } {
  const all = rrset.data.map((rdata) => rdataToText(rrset.type, rdata));
  const more = all.length - DATA_LINES;
  const lines = all.slice(0, DATA_LINES).map((text) => (isAlias(rrset.type) ? `leads to ${text}` : text));
  return {
    title: `${rrset.name} ${typeToText(rrset.type)}`,
    lines: more > 0 ? [...lines, `and ${more} more`] : lines,
  };
}

export function titleOfUnsigned({ kind, cut }: WhyInsecure): string {
  switch (kind) {
    case "unsigned delegation":
      return `${cut} is not signed`;
    case "opt-out":
      return `${cut} may be unsigned`;
    case "unsupported algorithm":
    case "unsupported digest":
    case "unsupported anchor":
      return `${cut} cannot be checked`;
    case "too many iterations":
      return `denials of ${cut} are not checked`;
    case "negative trust anchor":
      return `${cut} is not validated`;
    case "no trust anchor":
      return `no trust anchor above ${cut}`;
    case "unsigned type":
      return "signatures are not signed";
    case "local":
      return `${cut} is answered here`;
  }
}

export function titleOfBreak({ link, zone }: Break, asked: string): string {
  switch (link) {
    case "delegation":
      return `DS ${zone}`;
    case "keys":
      return `DNSKEY ${zone}`;
    case "response":
      return asked;
  }
}

export function shownLines({ shown }: Break, title: string): readonly string[] {
  if (shown === null) return [];
  const what = `${shown.name} ${typeToText(shown.type)}`;
  const isSaid = title === what || title === `${typeToText(shown.type)} ${shown.name}`;
  const subject = isSaid ? "" : shown.type === TYPE.NSEC3 ? " of NSEC3" : ` of ${what}`;
  const signatures = shown.signatures.map(
    (one) => `came: RRSIG${subject} by ${one.keyTag}, ${dayText(one.inception)} to ${dayText(one.expiration)}`,
  );
  return [
    ...shown.keys.map((key) => `came: key ${key.tag}, ${keyText(key)}`),
    ...new Set(signatures.flatMap((line) => wrapped(line))),
    ...(shown.signatures.length === 0 ? [`came: ${what} without RRSIG`] : []),
  ];
}

/** Lines of a box: words are never cut. */
export function wrapped(text: string, width = 46): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

export function notesFrom(events: readonly ResolutionEvent[]): readonly string[] {
  const notes = new Set<string>();
  for (const event of events) {
    if (event.kind === "refused") notes.add(`left out: ${event.what} ${event.name}: ${event.why}`);
    if (event.kind === "no reply")
      notes.add(
        `no reply from ${event.server.address} to ${event.question.name} ${typeToText(event.question.type)}: ${event.why}`,
      );
    if (event.kind === "limit") notes.add(`limit reached: ${event.limit}`);
  }
  const all = [...notes];
  return all.length > NOTES ? [...all.slice(0, NOTES), `and ${all.length - NOTES} more of this kind`] : all;
}
