/** A resolver as the page asks it: one question to the picture of its chain of trust. */
import type { Answer } from "../dnssec/answer.ts";
import type { Clock } from "../env/env.ts";
import type { ResolutionEvent } from "../env/events.ts";
import { pictureOf } from "../picture/build.ts";
import type { Resolver } from "../resolver/api.ts";
import { Name } from "../wire/name.ts";
import { rdataToText } from "../wire/rdata.ts";
import { isMetaType, TYPE, typeFromText, typeToText } from "../wire/registry.ts";
import type { Asked } from "./status.ts";

/** Lines shown of an answer, and characters of a line: a page is no zone transfer. */
const RECORDS = 40;
const LINE = 400;

export async function askFor(
  { name, type }: { readonly name: string; readonly type: string },
  {
    resolver,
    clock,
    signal,
  }: { readonly resolver: Pick<Resolver, "resolve">; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Asked> {
  const question = parseQuestion(name, type);
  const events: ResolutionEvent[] = [];
  const startMs = clock.monotonicMs();
  const answer = await resolver.resolve(question.name, question.type, {
    signal,
    onEvent: (event) => events.push(event),
  });
  return { picture: pictureOf(answer, events), records: recordsOf(answer), elapsedMs: clock.monotonicMs() - startMs };
}

/** TypeError, for people. */
function parseQuestion(name: string, type: string): { readonly name: Name; readonly type: number } {
  const known = typeFromText(type.trim());
  if (known === null || (isMetaType(known) && known !== TYPE.ANY))
    throw new TypeError(`"${type}" is no record type: A, MX, TLSA… or TYPE65280`);
  if (name.trim() === "") throw new TypeError("a name is needed: example.com");
  return { name: Name.parse(name.trim()), type: known };
}

function recordsOf({ verdict, aliases }: Answer): readonly string[] {
  if (verdict.status !== "secure" && verdict.status !== "insecure") return [];
  const links = aliases.flatMap((link) => ("value" in link.verdict ? [link.verdict.value.alias] : []));
  const lines = [...links, ...verdict.value.rrsets].flatMap(({ name, ttl, type, data }) =>
    data.map((rdata) => `${name} ${ttl} IN ${typeToText(type)} ${rdataToText(type, rdata)}`),
  );
  const shown = lines.slice(0, RECORDS).map((line) => (line.length > LINE ? `${line.slice(0, LINE)}…` : line));
  return lines.length > RECORDS ? [...shown, `; and ${lines.length - RECORDS} more`] : shown;
}
