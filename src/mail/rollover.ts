/**
 * Changing keys under TLSA records without a moment in which somebody's cache and a server disagree: what is safe now,
 * and what when. The two-TTL rule is that of RFC 7671 §8.1. Pure: what is published and served are arguments.
 */
import { subjectText } from "../dane/certificate.ts";
import type { UsableRecord } from "../dane/records.ts";
import type { UnixSeconds } from "../env/env.ts";
import { findingsOf } from "./rollover-findings.ts";
import type { RolloverReport, RolloverState, RolloverStep } from "./rollover-report.ts";
import {
  fits,
  fitsChain,
  type RolloverInput,
  recordsOfBroken,
  removable,
  type Situation,
  situationOf,
} from "./rollover-situation.ts";
import { dataText } from "./tlsa-make.ts";

export function planRollover(input: RolloverInput): RolloverReport {
  const situation = situationOf(input);
  const findings = findingsOf(situation);
  const state = stateOf(situation);
  const steps = stepsFor(situation, state);
  return {
    state,
    reason: reasonFor(situation, state),
    ttl: input.ttl,
    records: [...situation.usable, ...situation.outranked].map((record) => ({
      record: dataText(record),
      speaksOf: subjectsOf(record, situation),
    })),
    findings,
    steps,
  };
}

function stateOf(situation: Situation): RolloverState {
  const { broken, next, uncovered, knownFrom, already, old, now, usable, served } = situation;
  if (broken.length > 0) return "broken";
  if (next.length === 0) return "nothing planned";
  if (uncovered.length > 0) return "publish";
  if (already.length > 0 && old.length > 0) return "installing";
  if (already.length === 0) {
    // A renewal that keeps the key: the records have been right all along.
    const isSameForAll = next.every((material) =>
      usable.some((record) => fits(record, material) && served.some(({ chain }) => fitsChain(record, chain))),
    );
    if (isSameForAll) return "install";
    if (knownFrom === null) return "published";
    return now < knownFrom ? "wait" : "install";
  }
  return removable(situation).length > 0 ? "remove" : "done";
}

function reasonFor(situation: Situation, state: RolloverState): string {
  const { broken, uncovered, ttl, knownFrom, already, old, now } = situation;
  switch (state) {
    case "broken":
      return `${broken[0]!.address} shows what no published record speaks of: clients that do DANE refuse it now`;
    case "nothing planned":
      return "no next certificate or key was given; this is about what is served now";
    case "publish":
      return `no published record speaks of the ${uncovered[0]!.what} in ${uncovered[0]!.source}: publish it first`;
    case "published":
      return `records of what is planned are published; it is safe to install if they have been since ${iso(now - 2 * ttl)}`;
    case "wait":
      return `caches may know the former records until ${iso(knownFrom!)}`;
    case "install":
      return "every client that does DANE takes what is planned: install it";
    case "installing":
      return `${already.length} of ${already.length + old.length} chains are what was planned`;
    case "remove":
      return "every server shows what was planned: former records can go";
    case "done":
      return "every server shows what was planned, and nothing else is published";
  }
}

function stepsFor(situation: Situation, state: RolloverState): readonly RolloverStep[] {
  const { missing, now, ttl, knownFrom, old, served, next, usable, outranked } = situation;
  const steps: RolloverStep[] = [];
  const step = (one: RolloverStep): void => void steps.push(one);
  if (state === "broken")
    step({
      do: "publish",
      from: iso(now),
      after: null,
      text: "at once, records of what is served now; or put the former chains back",
      records: recordsOfBroken(situation).map(dataText),
    });
  if (next.length === 0 || state === "done") return steps;
  const isCovered = state !== "broken" && state !== "publish";
  if (!isCovered && missing.length > 0)
    step({
      do: "publish",
      from: iso(now),
      after: null,
      text: "add these records beside those that are there; remove none",
      records: missing.map(dataText),
    });
  const safeFrom = isCovered ? (state === "published" ? now + 2 * ttl : (knownFrom ?? now)) : now + 2 * ttl;
  if (state === "publish" || state === "published" || state === "wait" || state === "broken")
    step({
      do: "wait",
      from: iso(now),
      after: null,
      text: waitText(state, ttl, safeFrom),
      records: [],
    });
  if (state !== "remove") {
    const addresses = [...new Set((old.length > 0 ? old : served).map(({ address }) => address))];
    const isNow = state === "install" || state === "installing";
    step({
      do: "install",
      from: iso(isNow ? now : safeFrom),
      after: isCovered ? null : "the records are on every name server",
      text: `${next.map(({ what, source }) => `the ${what} in ${source}`).join(" and ")} on ${addresses.join(", ")}`,
      records: [],
    });
    step({
      do: "check",
      from: null,
      after: "every server was restarted",
      text: "rootwalk dane check: every address, every kind of key",
      records: [],
    });
  }
  const former = [...usable, ...outranked].filter(
    (record) =>
      !next.some((material) => fits(record, material)) &&
      !served.some((one) => !old.includes(one) && fitsChain(record, one.chain)),
  );
  if (former.length > 0)
    step({
      do: "remove",
      from: state === "remove" ? iso(now) : null,
      after: state === "remove" ? null : "no server shows the former chain any more",
      text: "these records; what caches still know of them does no harm",
      records: former.map(dataText),
    });
  return steps;
}

function subjectsOf(record: UsableRecord, { served, next }: Situation): readonly string[] {
  const now = served
    .filter(({ chain }) => fitsChain(record, chain))
    .map(({ address, algorithm, chain }) => `${address} (${algorithm}: ${subjectText(chain[0]!)})`);
  const later = next.filter((material) => fits(record, material)).map(({ source }) => `next: ${source}`);
  return [...now, ...later];
}

function waitText(state: RolloverState, ttl: number, until: UnixSeconds): string {
  const why = "one for secondaries and one for caches (RFC 7671 §8.1)";
  switch (state) {
    case "wait":
      return `until ${iso(until)}: two TTLs of ${ttl} s, ${why}`;
    case "published":
      return `until ${iso(until)}: two TTLs of ${ttl} s, ${why}, unless the records have stood there for so long already`;
    default:
      return `two TTLs of ${ttl} s from when they are on every name server, ${why}: not before ${iso(until)}`;
  }
}

function iso(seconds: UnixSeconds): string {
  return new Date(Math.ceil(seconds) * 1000).toISOString().replace(".000Z", "Z");
}
