/**
 * How much of a name to show to whom. RFC 9156.
 *
 * The root and the registries see one label more than their own zone. A zone's own servers see the whole question at
 * once: the answer that they will give reveals it anyway, and each label shown alone would cost a round trip
 * (RFC 9156 §2.3 leaves the choice; `strictMinimise` takes the other side).
 */
import type { Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";
import { TYPE } from "../wire/registry.ts";

export interface Minimisation {
  /** Questions with a shortened name; 0 is off. */
  readonly steps: number;
  /** Of these, how many add a single label; later ones share what is left. */
  readonly single: number;
  readonly strict: boolean;
}

/** The question to put to `zone`'s servers, showing at least `labels` labels, `step` shortened questions after the start. */
export function minimise(question: Question, zone: Name, labels: number, step: number, by: Minimisation): Question {
  const whole = question.name.labelCount;
  if (step >= by.steps || labels >= whole || !(by.strict || isRegistry(zone))) return question;
  let shown = labels;
  if (step >= by.single) shown += Math.ceil((whole - labels) / (by.steps - step)) - 1;
  // Service labels tell nothing that the host would not: _25._tcp.mx in one question. RFC 8552.
  while (shown < whole && startsWithUnderscore(question.name.ancestor(shown))) shown += 1;
  if (shown >= whole) return question;
  return { name: question.name.ancestor(shown), type: TYPE.A, class: question.class };
}

/** The root, a TLD, or what looks like a registry's second level below a country code: co.uk., com.au., ac.nz. */
function isRegistry(zone: Name): boolean {
  if (zone.labelCount <= 1) return true;
  if (zone.labelCount > 2) return false;
  const [second, top] = zone.labels();
  return top!.length === 2 && second!.length <= 3;
}

function startsWithUnderscore(name: Name): boolean {
  return name.firstLabel[0] === 0x5f;
}
