/** The resolver algorithm of RFC 1034 §5.3.3, names minimised per RFC 9156: from a delegation down to a response. */
import type { ServerAddress } from "../env/env.ts";
import type { Conclusive } from "../rrset/findings.ts";
import type { Message, Question } from "../wire/message.ts";
import { TYPE } from "../wire/registry.ts";
import type { ZoneContext, ZoneReply } from "./ask-zone.ts";
import type { Delegation } from "./delegation.ts";
import { type Minimisation, minimise } from "./minimise.ts";

export interface WalkContext extends ZoneContext {
  readonly minimisation: Minimisation;
  readonly referrals: number;
  /** Asks a zone's servers; the same question of two walks is asked once (RFC 5452 §5: never two of a kind under way). */
  readonly ask: (asked: Question, zone: Delegation, signal: AbortSignal) => Promise<ZoneReply>;
  /** Called for each delegation as soon as it is known, so that its keys can be fetched meanwhile. */
  readonly onCut: (to: Delegation) => void;
}

export type Fetched =
  | {
      readonly kind: "found";
      /** For a name error its question may be an ancestor's: a minimised name (RFC 8020). */
      readonly response: Conclusive;
      /** The zone whose servers gave it. */
      readonly zone: Delegation;
      readonly message: Message;
      readonly from: ServerAddress;
    }
  | {
      readonly kind: "failed";
      readonly why: Extract<ZoneReply, { kind: "failed" }>["why"] | "too many referrals";
      readonly zone: Delegation;
      readonly detail: string;
    };

export async function iterate(
  question: Question,
  start: Delegation,
  context: WalkContext,
  signal: AbortSignal,
): Promise<Fetched> {
  let zone = start;
  let labels = zone.zone.labelCount + 1;
  let steps = zone.mode === "recursive" ? Number.POSITIVE_INFINITY : 0;
  let referrals = 0;
  for (;;) {
    const asked = minimise(question, zone.zone, labels, steps, context.minimisation);
    const whole = asked === question;
    const reply = await context.ask(asked, zone, signal);
    if (reply.kind === "failed") {
      if (whole || reply.why === "aborted" || reply.why === "spent")
        return { kind: "failed", why: reply.why, zone, detail: reply.detail };
      steps = Number.POSITIVE_INFINITY; // a server that stumbles over the shortened name may know the whole one
      continue;
    }
    const { response, message, from } = reply;
    switch (response.kind) {
      case "referral":
        referrals += 1;
        if (referrals > context.referrals)
          return { kind: "failed", why: "too many referrals", zone, detail: `more than ${context.referrals}` };
        zone = response.to; // strictly deeper: classifyResponse refuses anything else, so the loop ends
        labels = zone.zone.labelCount + 1;
        steps += 1;
        context.onCut(zone);
        break;
      case "name error":
        return { kind: "found", response, zone, message, from };
      case "answer":
      case "no data":
      case "alias":
        if (whole) return { kind: "found", response, zone, message, from };
        // An alias here may be a DNAME: the whole name will tell.
        if (response.kind === "alias" && response.alias.type === TYPE.DNAME) steps = Number.POSITIVE_INFINITY;
        labels = asked.name.labelCount + 1; // an empty non-terminal, or still inside the zone: show one label more
        steps += 1;
        break;
    }
  }
}
