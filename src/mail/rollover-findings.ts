/** What is wrong, or soon will be, with records and chains as they are. RFC 7671 §8. */
import { dateOf, subjectText } from "../dane/certificate.ts";
import { isNamedBy, recordText, type UsableRecord } from "../dane/records.ts";
import type { RolloverFinding } from "./rollover-report.ts";
import { fits, fitsChain, isShown, removable, type Situation } from "./rollover-situation.ts";

type Say = (code: RolloverFinding["code"], severity: RolloverFinding["severity"], text: string) => void;

export function findingsOf(situation: Situation): readonly RolloverFinding[] {
  const findings: RolloverFinding[] = [];
  const say: Say = (code, severity, text) => {
    if (!findings.some((one) => one.code === code && one.text === text)) findings.push({ code, severity, text });
  };
  refusedChains(situation, say);
  combinations(situation, say);
  issuers(situation, say);
  const { next, usable, served } = situation;
  for (const material of next) {
    const before = served.find(({ chain }) =>
      usable.some((record) => record.usage === 3 && fits(record, material) && fitsChain(record, chain)),
    );
    if (before !== undefined && !isShown(material, before.chain))
      say("same key", "note", `${material.source} has the key that ${before.address} shows: its record stays right`);
  }
  for (const record of removable(situation))
    say("forgotten record", "note", `${recordText(record)} speaks of nothing that is served or planned`);
  return findings;
}

function refusedChains({ broken, already, next, usable, knownFrom, now }: Situation, say: Say): void {
  for (const one of broken) {
    const where = `${one.address} (${one.algorithm}) shows ${subjectText(one.chain[0]!)}`;
    if (already.includes(one))
      say("no introduction", "critical", `${where}, and its record was never published: clients refuse it now`);
    else if (next.some((material) => usable.some((record) => fits(record, material))))
      say("early retirement", "critical", `${where}, and its record is gone while it is still served`);
    else say("no introduction", "critical", `${where}, and no published record speaks of it: clients refuse it now`);
  }
  if (knownFrom === null || now >= knownFrom) return;
  for (const one of already.filter((chain) => !broken.includes(chain)))
    say(
      "late introduction",
      "critical",
      `${one.address} (${one.algorithm}) shows what is planned, but caches may not know its record until ${date(knownFrom)}`,
    );
}

/** RFC 7671 §8: of every combination of numbers that is published, one record must fit what is served. */
function combinations({ usable, outranked, served, missing, uncovered, next }: Situation, say: Say): void {
  const all = [...usable, ...outranked];
  for (const combination of new Set(all.map(numbers))) {
    const records = all.filter((record) => numbers(record) === combination);
    for (const { address, algorithm, chain } of served)
      if (!records.some((record) => fitsChain(record, chain)))
        say(
          "unmatched combination",
          "warning",
          `no record ${combination} fits what ${address} (${algorithm}) shows: clients that know only such records refuse it (RFC 7671 §8)`,
        );
  }
  if (uncovered.length === 0)
    for (const record of missing)
      say(
        "unmatched combination",
        "warning",
        `of ${numbers(record)} no record fits what is planned: add ${recordText(record)} first (RFC 7671 §8)`,
      );
  for (const { certificate, issuers: above, source, what } of next) {
    if (!all.some(({ usage }) => usage === 2 || usage === 0)) continue;
    if (certificate === null || above.length === 0)
      say(
        "record cannot be made",
        "note",
        `${source} holds a ${what} without its chain: whether records of issuers fit it cannot be said`,
      );
  }
}

function issuers({ usable, served, next, now, warnExpirySeconds }: Situation, say: Say): void {
  for (const record of usable.filter(({ usage }) => usage === 2 || usage === 0)) {
    const anchors = served.flatMap(({ chain }) =>
      fitsChain(record, chain) ? chain.slice(1).filter((certificate) => isNamedBy(certificate, record)) : [],
    );
    for (const anchor of anchors) {
      const end = dateOf(anchor.validTo);
      if (end !== null && end - now <= warnExpirySeconds)
        say(
          "issuer rotates",
          "warning",
          `${subjectText(anchor)}, of which ${recordText(record)} speaks, ends on ${date(end)}`,
        );
    }
    const isInUse = served.some(({ chain }) => fitsChain(record, chain));
    for (const material of next) {
      if (!isInUse || material.certificate === null || material.issuers.length === 0 || fits(record, material))
        continue;
      say(
        "issuer rotates",
        "warning",
        `${material.source} is not issued by that of which ${recordText(record)} speaks`,
      );
    }
  }
}

const numbers = ({ usage, selector, matchingType }: UsableRecord): string => `${usage} ${selector} ${matchingType}`;

const date = (seconds: number): string => new Date(Math.ceil(seconds) * 1000).toISOString().replace(".000Z", "Z");
