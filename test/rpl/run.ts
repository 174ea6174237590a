/** Replays a scenario: walks its steps, and says where what came differs from what it expects. FORMAT.md §4, §5, §8. */

import type { ResolutionEvent } from "../../src/env/events.ts";
import type { Client } from "../../src/server/responder.ts";
import { decodeMessage, type Message } from "../../src/wire/message.ts";
import { RCODE } from "../../src/wire/registry.ts";
import { AutotrustStore } from "./autotrust.ts";
import { clientQuery } from "./build.ts";
import { type ScriptClock, scriptClock } from "./clock.ts";
import { type Comparison, compareAnswer } from "./compare.ts";
import { type Deviation, deviationFor } from "./deviations.ts";
import { type Environment, environmentOf } from "./environment.ts";
import { withLocalData } from "./local-data.ts";
import { expandMacros } from "./macros.ts";
import type { Missing } from "./options.ts";
import type { Scenario, Step } from "./scenario.ts";
import { type SecondOpinionParts, secondOpinion } from "./second-opinion.ts";
import { messageLines, questionText } from "./show.ts";
import { type Algorithms, type MakeSubject, productSubject, type Subject } from "./subject.ts";
import { createWorld, sameQuestion, type Transmission, type World } from "./world.ts";

export interface Result {
  readonly file: string;
  readonly title: string;
  readonly outcome: "pass" | "fail" | "skip";
  readonly failures: readonly StepFailure[];
  /** The named deviation that covers all failures: then it is a pass. */
  readonly deviation: Deviation | null;
  /** What was tolerated, and by which rule. */
  readonly notes: readonly string[];
  readonly missing: readonly Missing[];
  readonly runs: readonly Run[];
}

export interface StepFailure {
  readonly step: number;
  readonly line: number;
  readonly differences: readonly string[];
  /** The answer, as lines. */
  readonly got: readonly string[];
}

/** One pass over the steps; Deckard files without a word on it are run with shortened names and without. */
export interface Run {
  readonly minimise: boolean;
  readonly failures: readonly StepFailure[];
  readonly notes: readonly string[];
  /** The answer to each checked step. */
  readonly answers: ReadonlyMap<number, Message>;
  readonly transcript: readonly Transmission[];
  readonly unscripted: readonly string[];
  readonly story: readonly string[];
}

export interface RunOptions {
  readonly algorithms: Algorithms;
  readonly makeSubject?: MakeSubject;
}

/** Virtual time after which a lookup that is still pending counts as failed. FORMAT.md §8. */
const PATIENCE_MS = 60_000;

export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Result> {
  const { file, title } = scenario;
  const environment = environmentOf(scenario);
  const runs: Run[] = [];
  for (const minimise of environment.minimise) {
    const walk = new Walk(scenario, environment, { ...options, minimise });
    runs.push(await walk.run());
  }
  const failures = runs.flatMap((run) => run.failures);
  const { missing } = environment;
  const deviation = deviationFor(file, failures);
  const outcome = failures.length === 0 || deviation !== null ? "pass" : missing.length > 0 ? "skip" : "fail";
  const notes = [...new Set(runs.flatMap((run) => run.notes))];
  return { file, title, outcome, failures, deviation, notes, missing, runs };
}

interface Pending {
  readonly step: Step & { readonly kind: "query" };
  readonly octets: Uint8Array;
  answer: Message | "none" | null;
  collected: boolean;
}

class Walk {
  readonly #scenario: Scenario;
  readonly #clock: ScriptClock;
  readonly #world: World;
  readonly #subject: Subject;
  readonly #opinionParts: SecondOpinionParts;
  readonly #minimise: boolean;
  readonly #pending: Pending[] = [];
  readonly #failures: StepFailure[] = [];
  readonly #notes: string[] = [];
  readonly #answers = new Map<number, Message>();
  readonly #story: string[] = [];
  readonly #variables = new Map<string, string>();
  readonly #epoch: number;
  readonly #autotrust: AutotrustStore | null;
  #nextProbeMs: number | null = null;
  #told = 0;

  constructor(scenario: Scenario, environment: Environment, options: RunOptions & { readonly minimise: boolean }) {
    this.#scenario = scenario;
    this.#minimise = options.minimise;
    this.#epoch = environment.date ?? 0;
    // Deckard has one clock for everything; testbound judges signatures at a date that stands still. FORMAT.md §6.1.
    const stands = scenario.dialect === "testbound" && environment.date !== null;
    const startMs = stands ? 0 : startOf(scenario) * 1000;
    this.#clock = scriptClock({ unixSeconds: this.#epoch, calendar: stands ? "stands" : "moves", startMs });
    const { autotrust } = scenario.config;
    this.#autotrust = autotrust.length > 0 ? new AutotrustStore(autotrust, this.#clock) : null;
    this.#world = createWorld(withLocalData(scenario), this.#clock, environment.roots);
    const emit = (event: ResolutionEvent): void => this.#hear(event);
    const { algorithms } = options;
    this.#subject = (options.makeSubject ?? productSubject)({
      environment,
      world: this.#world,
      clock: this.#clock,
      algorithms,
      minimise: options.minimise,
      emit,
      anchorStore: this.#autotrust,
    });
    this.#opinionParts = { environment, clock: this.#clock, algorithms, subject: this.#subject };
  }

  async run(): Promise<Run> {
    try {
      const { steps } = this.#scenario;
      for (const [i, step] of steps.entries()) await this.#take(step, steps[i + 1]?.number ?? step.number + 1);
      await this.#clock.settle();
      this.#checkMandatory();
    } finally {
      await this.#subject.close();
    }
    for (const fault of this.#subject.faults) this.#fail(null, [`the program threw: ${fault}`]);
    this.#tellTraffic();
    return {
      minimise: this.#minimise,
      failures: this.#failures,
      notes: this.#notes,
      answers: this.#answers,
      transcript: this.#world.transcript,
      unscripted: [...this.#world.unscripted],
      story: this.#story,
    };
  }

  async #take(step: Step, next: number): Promise<void> {
    // testbound's step clock shows the step that comes next; Deckard's stays at the question. FORMAT.md §3.
    const testbound = this.#scenario.dialect === "testbound";
    if (testbound || step.kind === "query") this.#world.moveTo(step.number);
    await this.#clock.settle();
    this.#tellTraffic();
    this.#story.push(
      `STEP ${step.number} ${step.kind}${"entry" in step ? ` ${step.entry.question.map(questionText).join()}` : ""}`,
    );
    if (testbound && (step.kind === "query" || step.kind === "time passes")) this.#world.moveTo(next);
    switch (step.kind) {
      case "query":
        return this.#ask(step);
      case "check answer":
        return this.#check(step);
      case "check out query":
        return this.#checkOutQuery(step);
      case "time passes": {
        if (step === leadingTime(this.#scenario)) return; // the clock has begun there
        const seconds = step.by.kind === "elapse" ? step.by.seconds : Number(this.#expand(step.by.macro, step));
        return this.#autotrust === null ? this.#clock.advance(seconds * 1000) : this.#clock.leap(seconds * 1000);
      }
      case "assign":
        this.#variables.set(step.variable, this.#expand(step.macro, step));
        return;
      case "check autotrust":
        return this.#checkAutotrust(step);
      case "check tempfile":
      case "flush message":
      case "expire message":
      case "infra rtt":
        this.#fail(step, [`${step.kind} is not offered by this runner`]);
        return;
      case "reply": // the world gives it to the question it fits
      case "timeout":
      case "error":
      case "nothing":
      case "traffic":
        return;
    }
  }

  #ask(step: Step & { readonly kind: "query" }): void {
    const octets = clientQuery(step.entry, this.#scenario.dialect);
    const pending: Pending = { step, octets, answer: null, collected: false };
    this.#pending.push(pending);
    void this.#converse(pending);
  }

  /** RFC 1035 §4.2.1, RFC 7766 §5: a client that gets TC=1 asks again over TCP. */
  async #converse(pending: Pending): Promise<void> {
    const { client, entry } = pending.step;
    const from = (transport: Client["transport"]): Client => ({ address: client, port: 53000, transport });
    let octets = await this.#subject.respond(pending.octets, from(entry.match.words.has("tcp") ? "tcp" : "udp"));
    // TC with REFUSED is what a scenario about cookies is about: it is compared as it came.
    if (octets !== null && octets.length > 3 && (octets[2]! & 2) !== 0 && (octets[3]! & 15) !== RCODE.REFUSED)
      octets = await this.#subject.respond(pending.octets, from("tcp"));
    pending.answer = octets === null ? "none" : decodeMessage(octets);
    this.#clock.stir();
  }

  async #check(step: Step & { readonly kind: "check answer" }): Promise<void> {
    const answered = await this.#waitForAnswer();
    if (answered.length === 0) {
      const open = this.#pending.some((pending) => pending.answer === null && !pending.collected);
      this.#fail(step, [open ? `no answer after ${PATIENCE_MS / 1000} s` : "no question is open to be answered"]);
      return;
    }
    // with several questions open, any answer that fits will do
    let closest: { readonly pending: Pending; readonly differences: readonly string[] } | null = null;
    for (const pending of answered) {
      const { differences, notes } = await this.#judge(pending, step);
      if (differences.length === 0) {
        this.#collect(pending, step);
        this.#notes.push(...notes.map((note) => `step ${step.number}: ${note}`));
        return;
      }
      const sameQuery = step.entry.question.some((own) =>
        pending.step.entry.question.some((question) => sameQuestion(own, question)),
      );
      if (closest === null || sameQuery) closest = { pending, differences };
    }
    this.#collect(closest!.pending, step);
    this.#fail(step, closest!.differences, closest!.pending.answer as Message);
  }

  #collect(pending: Pending, step: Step): void {
    pending.collected = true;
    const { answer } = pending;
    if (answer === null || answer === "none") return;
    this.#answers.set(step.number, answer);
    this.#story.push(...messageLines(answer).map((line) => `  < ${line}`));
  }

  async #judge(pending: Pending, step: Step & { readonly kind: "check answer" }) {
    const { differences, notes, fewerDenials } = this.#compare(pending, step);
    const { answer } = pending;
    if (fewerDenials.length === 0 || answer === null || answer === "none") return { differences, notes };
    const objection = await secondOpinion(answer.question[0]!, answer.ad, this.#opinionParts);
    return objection === null
      ? { differences, notes: [...notes, "fewer denial records than listed, and they suffice"] }
      : { differences: [...differences, ...fewerDenials, objection], notes };
  }

  #compare(pending: Pending, step: Step & { readonly kind: "check answer" }): Comparison {
    const { answer, step: query } = pending;
    if (answer === null || answer === "none")
      return { differences: ["the client is not answered"], notes: [], fewerDenials: [] };
    // Looking into the cache with RD=0 is a privilege that a resolver need not give. Only where the file
    // is about that (allow_snoop). FORMAT.md §5.2 rule 8.
    if (
      this.#opinionParts.environment.snoopers.length > 0 &&
      !query.entry.flags.has("RD") &&
      query.entry.octets === null &&
      answer.rcode === RCODE.REFUSED &&
      step.entry.rcode !== RCODE.REFUSED
    )
      return this.#notInCache();
    return compareAnswer({ dialect: this.#scenario.dialect, query: query.entry, expected: step.entry }, answer);
  }

  /** Tolerated, unless what should keep it there is a feature that we do not offer. */
  #notInCache(): Comparison {
    const { missing } = this.#opinionParts.environment;
    const refusal = "a question with RD=0 was refused: not in the cache";
    return missing.length > 0
      ? { differences: [refusal], notes: [], fewerDenials: [] }
      : { differences: [], notes: [refusal], fewerDenials: [] };
  }

  /** Lets traffic flow, and time pass when only a timer can bring an answer. */
  async #waitForAnswer(): Promise<Pending[]> {
    const end = this.#clock.monotonicMs() + PATIENCE_MS;
    for (;;) {
      await this.#clock.settle();
      const answered = this.#pending.filter((pending) => pending.answer !== null && !pending.collected);
      if (answered.length > 0) return answered;
      const next = this.#clock.untilNext();
      const open = this.#pending.some((pending) => pending.answer === null);
      if (!open || next === null || this.#clock.monotonicMs() + next > end) return [];
      await this.#clock.advance(next);
    }
  }

  /** Which questions are asked in which order is the resolver's own affair: said, not demanded. FORMAT.md §6.3. */
  #checkOutQuery(step: Step & { readonly kind: "check out query" }): void {
    if (step.entry.adjust.has("copy_id")) return;
    const [wanted] = step.entry.question;
    if (wanted === undefined || this.#world.transcript.some(({ ask }) => sameQuestion(wanted, ask.question))) return;
    this.#notes.push(`step ${step.number}: ${questionText(wanted)} was not asked`);
  }

  #checkAutotrust(step: Extract<Step, { readonly lines: readonly string[] }>): void {
    const lines = step.lines.map((line) => this.#expand(line, step));
    const differences = this.#autotrust?.differences(step.id, lines) ?? ["no trust anchor is managed here"];
    if (differences.length > 0) this.#fail(step, differences);
  }

  #checkMandatory(): void {
    for (const entry of this.#scenario.ranges.flatMap((range) => range.entries))
      if (entry.mandatory && !this.#world.used.has(entry))
        this.#fail(null, [`the MANDATORY entry at line ${entry.line} was never used`]);
  }

  #expand(text: string, step: Step): string {
    try {
      const timeout = (): number => Math.round(this.#untilTimer() / 1000);
      return expandMacros(text, {
        variables: this.#variables,
        time: Math.round(this.#clock.monotonicMs() / 1000),
        timeout,
      });
    } catch (error) {
      this.#fail(step, [(error as Error).message]);
      return "0";
    }
  }

  /** testbound's only timers are those of the next probe. FORMAT.md §6.4. */
  #untilTimer(): number {
    if (this.#autotrust === null) return this.#clock.untilNext() ?? 0;
    return this.#nextProbeMs === null ? 0 : this.#nextProbeMs - this.#clock.monotonicMs();
  }

  #fail(step: Step | null, differences: readonly string[], answer?: Message): void {
    const got = answer === undefined || typeof answer === "string" ? [] : messageLines(answer);
    this.#failures.push({ step: step?.number ?? 0, line: step?.line ?? 0, differences, got });
    this.#story.push(...differences.map((difference) => `  ! ${difference}`));
  }

  #hear(event: ResolutionEvent): void {
    if (event.kind === "anchor probed") {
      const { nextProbeSeconds } = event;
      this.#nextProbeMs = nextProbeSeconds === null ? null : this.#clock.monotonicMs() + nextProbeSeconds * 1000;
    }
    if (event.kind === "asked" || event.kind === "replied" || event.kind === "no reply") return;
    this.#story.push(`    . ${eventText(event)}`);
  }

  #tellTraffic(): void {
    for (const sent of this.#world.transcript.slice(this.#told)) this.#story.push(...transmissionLines(sent));
    this.#told = this.#world.transcript.length;
  }
}

/** A scenario with state files begins with a step that says which day it is. FORMAT.md §6.1. */
function leadingTime({ config, steps }: Scenario): (Step & { readonly kind: "time passes" }) | null {
  const [first] = steps;
  return config.autotrust.length > 0 && first?.kind === "time passes" ? first : null;
}

/** Seconds at which the scenario's clock begins. */
function startOf(scenario: Scenario): number {
  const by = leadingTime(scenario)?.by;
  if (by === undefined) return 0;
  if (by.kind === "elapse") return by.seconds;
  return Number(expandMacros(by.macro, { variables: new Map(), time: 0, timeout: () => 0 }));
}

function transmissionLines({ ask, by, result, stepClock }: Transmission): string[] {
  const head = `  > [${stepClock}] ${ask.server.address} ${ask.transport} ${questionText(ask.question)}: ${by}`;
  if (result.kind !== "reply") return [`${head}: ${result.kind}`];
  return [head, ...messageLines(result.message).map((line) => `      ${line}`)];
}

function eventText(event: ResolutionEvent): string {
  return JSON.stringify(event, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
  );
}
