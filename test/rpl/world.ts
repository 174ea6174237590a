/**
 * The simulated servers: an Exchange that answers from ranges, one-shot replies and the fall-back, at the step the clock
 * shows. What it sends are octets, and what the resolver gets went through the product's own decoder and its own check
 * whether the answer fits the question. FORMAT.md §3, §4.
 */
import type { Ask, Exchange, ExchangeResult } from "../../src/env/env.ts";
import { matchAnswer } from "../../src/net/match.ts";
import type { Question } from "../../src/wire/message.ts";
import { typeToText } from "../../src/wire/registry.ts";
import { buildMessage, type Parts, upstreamQuery } from "./build.ts";
import type { ScriptClock } from "./clock.ts";
import { improvise, type Roots } from "./fallback.ts";
import { matchesAsk } from "./match.ts";
import { addressKey } from "./octets.ts";
import type { Entry, Range, Scenario, Step, TemplateQuestion } from "./scenario.ts";

/** One upstream question and what came of it, for `--explain` and for reports. */
export interface Transmission {
  readonly stepClock: number;
  readonly ms: number;
  readonly ask: Ask;
  readonly by: string;
  readonly result: ExchangeResult;
}

export interface World {
  readonly exchange: Exchange;
  /** The step that decides which ranges live and which one-shot replies are within reach. */
  moveTo(stepNumber: number): void;
  /** While muted nobody answers: a client that may only look into the cache is asking. */
  mute(silent: boolean): void;
  readonly transcript: readonly Transmission[];
  /** Questions that no template of the file answered, as "address name type". */
  readonly unscripted: ReadonlySet<string>;
  readonly used: ReadonlySet<Entry>;
}

/** What is to happen with a question now; null: nobody knows yet, a later step will tell. */
type Fate =
  | { readonly kind: "send"; readonly octets: Uint8Array; readonly by: string }
  | { readonly kind: "silence" | "failure"; readonly by: string };

interface Waiting {
  readonly ask: Ask;
  readonly decide: (fate: Fate) => void;
}

const ID = 0x2a2a;

export function createWorld(scenario: Scenario, clock: ScriptClock, roots: Roots): World {
  const { dialect, steps } = scenario;
  const transcript: Transmission[] = [];
  const unscripted = new Set<string>();
  const used = new Set<Entry>();
  const spent = new Set<Step>();
  let waiting: Waiting[] = [];
  let stepClock = steps[0]?.number ?? 0;
  let muted = false;

  const isLive = (range: Range): boolean => range.first <= stepClock && stepClock <= range.last;

  const exchange: Exchange = async (ask, signal) => {
    const before = { stepClock, ms: clock.monotonicMs() };
    clock.stir();
    const fate = fateOf(ask) ?? (await laterFate(ask, signal));
    const result = await carryOut(fate, ask, signal);
    transcript.push({ ...before, ask, by: fate.by, result });
    return result;
  };

  function fateOf(ask: Ask): Fate | null {
    if (muted) return { kind: "silence", by: "muted" };
    const template = liveTemplate(ask);
    if (template !== null) return send(template, ask, `template at line ${template.line}`);
    const oneShot = replyFor(ask);
    if (oneShot !== null) {
      spent.add(oneShot);
      return send(oneShot.entry, ask, `step ${oneShot.number}`);
    }
    const failing = scriptedFailure(ask);
    if (failing !== null)
      return { kind: failing.kind === "error" ? "failure" : "silence", by: `step ${failing.number} ${failing.kind}` };
    return answeredLater(ask) ? null : improvised(ask);
  }

  /** FORMAT.md §3: testbound tries the last range first and falls through, Deckard uses the first that is eligible. */
  function liveTemplate(ask: Ask): Entry | null {
    const eligible = rangesOf(ask.server.address).filter(isLive);
    for (const range of dialect === "testbound" ? eligible.reverse() : eligible.slice(0, 1)) {
      const found = range.entries.find((entry) => matchesAsk(entry, ask, dialect));
      if (found !== undefined) return found;
    }
    return null;
  }

  function rangesOf(address: string): Range[] {
    const key = addressKey(address);
    return scenario.ranges.filter(
      (range) => range.addresses.length === 0 || range.addresses.some((own) => addressKey(own) === key),
    );
  }

  /** Steps that testbound would come to while this question is open: up to a check, or to time that must pass first. */
  function stepsWithinReach(): readonly Step[] {
    const from = steps.findIndex((step) => step.number >= stepClock);
    const rest = from < 0 ? [] : steps.slice(from);
    if (dialect === "deckard") return rest;
    const end = rest.findIndex((step) => step.kind === "check answer" || step.kind === "time passes");
    return end < 0 ? rest : rest.slice(0, end);
  }

  /** One-shot answers by name and type instead of "the latest question": another resolver asks in another order. */
  function replyFor(ask: Ask): (Step & { readonly entry: Entry }) | null {
    for (const step of stepsWithinReach()) if (isReply(step) && fits(step.entry, ask)) return step;
    return null;
  }

  function fits(entry: Entry, ask: Ask): boolean {
    return dialect === "deckard" ? matchesAsk(entry, ask, dialect) : sameQuestion(entry.question[0], ask.question);
  }

  function isReply(step: Step): step is Step & { readonly entry: Entry } {
    if (spent.has(step)) return false;
    return step.kind === "reply" || (step.kind === "check out query" && step.entry.adjust.has("copy_id"));
  }

  /** TIMEOUT and ERROR count the tries of another program: here every try of the question they follow fails. */
  function scriptedFailure(ask: Ask): (Step & { readonly kind: "timeout" | "error" }) | null {
    let about: TemplateQuestion | undefined;
    for (const step of stepsWithinReach()) {
      if (step.kind === "check out query") about = step.entry.question[0];
      else if (step.kind !== "timeout" && step.kind !== "error") about = undefined;
      else if (about === undefined || sameQuestion(about, ask.question))
        return step as Step & { readonly kind: "timeout" | "error" };
    }
    return null;
  }

  /** In testbound a question without an answer waits, and a later step or range may still answer it. */
  function answeredLater(ask: Ask): boolean {
    if (dialect === "deckard") return false;
    if (steps.some((step) => step.number >= stepClock && isReply(step) && fits(step.entry, ask))) return true;
    const check = steps.find((step) => step.number >= stepClock && step.kind === "check answer")?.number ?? Infinity;
    return rangesOf(ask.server.address).some(
      (range) =>
        range.first > stepClock &&
        range.first <= check &&
        range.entries.some((entry) => matchesAsk(entry, ask, dialect)),
    );
  }

  function laterFate(ask: Ask, signal: AbortSignal): Promise<Fate> {
    return new Promise((resolve) => {
      const settled = new AbortController();
      const decide = (fate: Fate): void => {
        waiting = waiting.filter((other) => other !== entry);
        settled.abort();
        resolve(fate);
      };
      const entry: Waiting = { ask, decide };
      waiting.push(entry);
      const giveUp = (): void => decide({ kind: "silence", by: "a later step" });
      clock.sleep(ask.timeoutMs, settled.signal).then(() => waiting.includes(entry) && giveUp());
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  function improvised(ask: Ask): Fate {
    const live = scenario.ranges.filter(isLive);
    const own = rangesOf(ask.server.address).filter((range) => live.includes(range));
    const said = improvise(ask, {
      roots,
      own: own.flatMap((range) => range.entries),
      all: live.flatMap((range) => range.entries),
    });
    unscripted.add(`${ask.server.address} ${questionText(ask.question)}`);
    const parts = { ...said, id: ID, opcode: 0, question: [ask.question], edns: echoedEdns(ask) };
    return { kind: "send", octets: buildMessage(parts), by: `fall-back: ${said.rule}` };
  }

  function send(entry: Entry, ask: Ask, by: string): Fate {
    used.add(entry);
    if (entry.adjust.has("do_not_answer")) return { kind: "silence", by };
    return { kind: "send", octets: octetsFrom(entry, ask), by };
  }

  function octetsFrom(entry: Entry, ask: Ask): Uint8Array {
    if (entry.octets !== null) {
      const octets = entry.octets.slice();
      if (octets.length >= 2) [octets[0], octets[1]] = [ID >> 8, ID & 0xff];
      return octets;
    }
    const { opcode, rcode, flags, answer, authority, additional } = entry;
    const question = entry.adjust.has("copy_query")
      ? [ask.question]
      : entry.question.map((own) => inCaseOf(own, ask.question));
    const written = entry.edns === null ? null : { ...entry.edns, udpSize: 1232 };
    const edns = dialect === "testbound" ? written : echoedEdns(ask);
    return buildMessage({ id: ID, opcode, rcode, flags, question, answer, authority, additional, edns });
  }

  return {
    exchange,
    moveTo(stepNumber) {
      stepClock = stepNumber;
      for (const { ask, decide } of [...waiting]) {
        const fate = fateOf(ask);
        if (fate === null) continue;
        clock.stir();
        decide(fate);
      }
    },
    mute(silent) {
      muted = silent;
    },
    transcript,
    unscripted,
    used,
  };

  async function carryOut(fate: Fate, ask: Ask, signal: AbortSignal): Promise<ExchangeResult> {
    switch (fate.kind) {
      case "silence":
        if (fate.by !== "a later step") await clock.sleep(ask.timeoutMs, signal);
        return { kind: "timeout", discarded: 0 };
      case "failure":
        return { kind: "unreachable", code: "ECONNREFUSED" };
      case "send":
        return received(fate.octets, ask, signal);
    }
  }

  /** As net/ would: over UDP what is foreign or malformed is passed over, and the wait goes on. */
  async function received(octets: Uint8Array, ask: Ask, signal: AbortSignal): Promise<ExchangeResult> {
    const { transport, question } = ask;
    const match = matchAnswer(octets, { query: upstreamQuery(question, ID), transport, letters: "any case" });
    switch (match.kind) {
      case "ours":
        return { kind: "reply", message: match.message, octets: octets.length, rttMs: 0 };
      case "near miss":
        return { kind: "near miss" };
      case "foreign":
        if (transport === "tcp") return { kind: "garbled", why: match.why };
        await clock.sleep(ask.timeoutMs, signal);
        return { kind: "timeout", discarded: 1 };
    }
  }
}

export function sameQuestion(template: TemplateQuestion | undefined, question: Question): boolean {
  return template !== undefined && template.type === question.type && template.name.equals(question.name);
}

/** The letters of the query, whatever the template says: a resolver may have chosen them at random. */
function inCaseOf(own: TemplateQuestion, asked: Question): TemplateQuestion {
  return own.name.equals(asked.name) ? { ...own, name: asked.name } : own;
}

function echoedEdns(ask: Ask): Parts["edns"] {
  return ask.edns === null ? null : { dnssecOk: true, compactOk: false, options: new Uint8Array(), udpSize: 4096 };
}

export function questionText(question: Question): string {
  return `${question.name} ${typeToText(question.type)}`;
}
