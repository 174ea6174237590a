/** Events as lines: the walk, and what was proven at each step, as it happens. */
import type { Clock } from "../env/env.ts";
import type { ResolutionEvent } from "../env/events.ts";
import { serverAddressText } from "../server/addresses.ts";
import type { Question } from "../wire/message.ts";
import { rcodeToText, typeToText } from "../wire/registry.ts";

/** A listener that writes one line per event, with milliseconds since its making in front. */
export function tracer(clock: Clock, write: (text: string) => void): (event: ResolutionEvent) => void {
  const startMs = clock.monotonicMs();
  return (event) => {
    const ms = String(Math.round(clock.monotonicMs() - startMs)).padStart(5);
    write(`${ms} ms  ${eventText(event)}\n`);
  };
}

export function eventText(event: ResolutionEvent): string {
  switch (event.kind) {
    case "asked":
      return `ask     ${serverAddressText(event.server)} of ${event.zone}: ${questionText(event.question)} (${event.transport})`;
    case "replied":
      return `reply   ${serverAddressText(event.server)}: ${questionText(event.question)}: ${rcodeToText(event.rcode)}, ${event.meaning}, ${event.octets} octets in ${event.rttMs.toFixed(1)} ms (${event.transport})`;
    case "no reply":
      return `silent  ${serverAddressText(event.server)}: ${questionText(event.question)}: ${event.why} (${event.transport})`;
    case "cut":
      return `cut     ${event.zone} ${event.signed ? "is delegated with DS" : "is delegated without DS"}, ${event.servers} ${event.servers === 1 ? "server" : "servers"}`;
    case "zone":
      return `zone    ${event.zone} is ${event.status}: ${event.detail}`;
    case "judged":
      return `judged  ${questionText(event.question)} is ${event.status}: ${event.detail}`;
    case "alias":
      return `alias   ${event.from} ${typeToText(event.type)} ${event.to}`;
    case "refused":
      return `refuse  ${event.what} ${event.name}: ${event.why}`;
    case "cached":
      return `cached  ${questionText(event.question)} is ${event.status}`;
    case "limit":
      return `limit   ${event.limit} reached at ${questionText(event.question)}`;
    case "anchor probed":
      return `anchor  ${event.zone} ${event.outcome}: ${event.detail}; ${event.nextProbeSeconds === null ? "no more probes" : `next probe in ${event.nextProbeSeconds} s`}`;
    case "anchor key":
      return `anchor  ${event.zone} key ${event.keyTag}: ${event.from}, now ${event.to}`;
    case "anchor lost":
      return `anchor  ${event.zone} lost: ${event.detail}`;
    case "anchor state":
      return `anchor  ${event.zone}: ${event.trouble}`;
  }
}

function questionText(question: Question): string {
  return `${question.name} ${typeToText(question.type)}`;
}
