/** Why a peer may answer otherwise: one row per reason, with the RFC. A difference without a row fails the run. */
import type { Aspect, Outcome } from "./compare.ts";
import type { Question } from "./questions.ts";
import type { ValidatorName } from "./validators.ts";

export interface Difference {
  readonly question: Question;
  readonly aspects: readonly Aspect[];
  readonly peer: ValidatorName;
  readonly ours: Outcome | null;
  readonly theirs: Outcome | null;
}

export interface Explanation {
  readonly id: string;
  readonly rfc: string;
  readonly why: string;
  readonly applies: (difference: Difference) => boolean;
}

export const explanations: readonly Explanation[] = [
  {
    id: "no AD for what CD kept unjudged",
    rfc: "RFC 4035 §3.2.2, §3.2.3; RFC 6840 §5.9",
    why: "CD=1 says that the client validates: rootwalk hands out data unjudged, so without AD. Peers set AD when they had validated before.",
    applies: (difference) => difference.question.checkingDisabled && lacksOnlyAd(difference),
  },
  {
    id: "SHA-1 signatures prove nothing",
    rfc: "RFC 9905 §2",
    why: "A zone signed with algorithm 5 or 7 only is insecure. Peers of Debian 12 still validate these.",
    applies: (difference) => isWound(difference.question, "rsasha1", "rsasha1-nsec3") && lacksOnlyAd(difference),
  },
  {
    id: "more than 50 NSEC3 iterations",
    rfc: "RFC 9276 §3.2",
    why: "The denial is insecure. BIND 9.18 goes up to 150, and cannot be told otherwise.",
    applies: (difference) =>
      difference.peer === "named" && isWound(difference.question, "many-iterations") && lacksOnlyAd(difference),
  },
  {
    id: "unbound goes on after the CNAME or DNAME that was asked for",
    rfc: "RFC 1034 §3.6.2, RFC 6672 §3.2",
    why: "QTYPE CNAME is answered by the CNAME itself. Unbound 1.17.1 goes on to its target, or fails to validate what it took from there.",
    applies: ({ question, peer, ours, theirs }) =>
      peer === "unbound" &&
      (question.type === "CNAME" || question.type === "DNAME") &&
      isAliased(question, ours) &&
      (theirs?.rcode === "SERVFAIL" || (theirs !== null && theirs.answer.length >= (ours?.answer.length ?? 0))),
  },
  {
    id: "unbound takes the end of an alias for the end of what is below its owner",
    rfc: "RFC 8020 §2",
    why: "NXDOMAIN is said of the name that the alias leads to. Unbound 1.17.1 repeats it, with the alias, for names below the alias's owner.",
    applies: ({ question, peer, theirs }) =>
      peer === "unbound" && theirs?.rcode === "NXDOMAIN" && isBelowAlias(question, theirs),
  },
  {
    id: "named stops at a DNAME above the name when DNAME is asked for",
    rfc: "RFC 6672 §3.2",
    why: "The DNAME of an ancestor is not the name's own: the CNAME made from it is followed, as for any other type. BIND 9.18 takes it for the answer.",
    applies: ({ question, peer, ours, theirs }) =>
      peer === "named" &&
      question.type === "DNAME" &&
      isBelowDname(question, theirs) &&
      // Where it leads, a wounded zone may not be able to say that there is nothing.
      (isAliased(question, ours) || (ours?.rcode === "SERVFAIL" && question.zone.wound !== null)),
  },
  {
    id: "one good signature is enough",
    rfc: "RFC 4035 §5.3.3",
    why: "BIND 9.18 may give up at the expired RRSIG before it comes to the good one; REQUIREMENTS R-4035-10.",
    applies: ({ question, peer, theirs }) =>
      peer === "named" && isWound(question, "expired-beside-good") && theirs?.rcode === "SERVFAIL",
  },
];

function lacksOnlyAd({ aspects, ours, theirs }: Difference): boolean {
  return aspects.length === 1 && aspects[0] === "AD" && ours?.ad === false && theirs?.ad === true;
}

function isWound({ zone }: Question, ...names: readonly string[]): boolean {
  return zone.wound !== null && names.includes(zone.wound);
}

/** Does the answer begin with an alias of the name asked for? */
function isAliased({ name }: Question, seen: Outcome | null): boolean {
  return seen?.answer.some((line) => line.startsWith(`${name.toLowerCase()} CNAME `)) ?? false;
}

export function explain(difference: Difference): Explanation | null {
  return explanations.find(({ applies }) => applies(difference)) ?? null;
}

function isBelowDname(question: Question, seen: Outcome | null): boolean {
  return isBelow(question, seen, " DNAME ");
}

/** Does the answer begin with the alias of an ancestor? */
function isBelowAlias(question: Question, seen: Outcome): boolean {
  return isBelow(question, { ...seen, answer: seen.answer.slice(0, 1) }, " CNAME ");
}

function isBelow({ name }: Question, seen: Outcome | null, type: string): boolean {
  const owners = (seen?.answer ?? []).filter((line) => line.includes(type)).map((line) => line.split(" ")[0]!);
  return owners.some((owner) => name.toLowerCase().endsWith(`.${owner}`));
}
