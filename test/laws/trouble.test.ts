/** The same laws where it is not the network that fails but the machine: sockets that are not to be had, an event loop that stalls. */
import { describe, expect, test } from "vitest";
import type { ResolutionEvent } from "../../src/env/events.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { wounds } from "../../src/lab/wounds.ts";
import { Name } from "../../src/wire/name.ts";
import { onlyAt } from "../net/faults.ts";
import { DEADLINE_MS, openBench, type Question, reasonOf, saying } from "./bench.ts";

const questions: readonly Question[] = [
  { name: "_25._tcp.mx.good.lab", type: "TLSA" },
  { name: "nobody.good.hash", type: "A" },
  { name: "far.good.lab", type: "A" },
  { name: "www.good.optout", type: "A" },
];
const codes = ["ENOBUFS", "ENFILE", "ENOMEM", "EADDRINUSE", "ENETUNREACH", "EHOSTUNREACH", "ECONNREFUSED", "EPERM"];

describe("the sound world", async () => {
  const bench = openBench(soundWorld);
  const told = new Map<Question, string>();
  const packets = new Map<Question, number>();
  for (const question of questions)
    await bench.run(
      1,
      () => () => null,
      async (run) => {
        told.set(question, saying((await run.ask(question)).answer));
        packets.set(question, run.packets());
      },
    );

  test.each(codes)("one %s, wherever it strikes: the answer is what it was", async (code) => {
    for (const question of questions)
      for (let at = 0; at < packets.get(question)!; at++)
        await bench.run(
          at,
          () => onlyAt(at, { kind: "unreachable", code }),
          async (run) => {
            const { answer } = await run.ask(question);
            expect(saying(answer), `${question.name}, packet ${at}: ${reasonOf(answer)}`).toBe(told.get(question));
          },
        );
  });

  test("sockets that are hardly ever to be had: what was signed, or an error, and all is well when there are some", async () => {
    for (let seed = 0; seed < 160; seed++) {
      const question = questions[seed % questions.length]!;
      await bench.run(
        seed,
        (random) => {
          const chance = random.integer(100);
          return () =>
            random.integer(100) < chance ? { kind: "unreachable", code: codes[random.integer(codes.length)]! } : null;
        },
        async (run) => {
          const { answer, tookMs } = await run.ask(question);
          const where = `seed ${seed}, ${question.name}: ${reasonOf(answer)}`;
          expect(tookMs, where).toBeLessThanOrEqual(DEADLINE_MS);
          expect(["secure", "bogus", "indeterminate"], where).toContain(answer.verdict.status);
          if (answer.verdict.status === "secure") expect(saying(answer), where).toBe(told.get(question));
          run.heal();
          await run.clock.advance(400_000);
          expect(saying((await run.ask(question)).answer), `${where}, and later`).toBe(told.get(question));
        },
      );
    }
  });

  test("an event loop that stands still for up to six seconds, again and again: never insecure, never other data", async () => {
    for (let seed = 0; seed < 160; seed++) {
      const question = questions[seed % questions.length]!;
      await bench.run(
        seed,
        (random, clock) => () => {
          if (random.integer(4) === 0) void clock.advance(random.integer(6000));
          return null;
        },
        async (run) => {
          const { answer } = await run.ask(question);
          const where = `seed ${seed}, ${question.name}: ${reasonOf(answer)}`;
          expect(["secure", "indeterminate"], where).toContain(answer.verdict.status);
          if (answer.verdict.status === "secure") expect(saying(answer), where).toBe(told.get(question));
        },
      );
    }
  });
});

describe("what a log can hold", () => {
  const bogus = wounds.filter(({ status }) => status === "bogus");
  test(`no event of ${bogus.length} wounded worlds carries data, bogus or not: names, numbers and sentences only`, async () => {
    for (const { name, question, inflict } of bogus) {
      const bench = openBench(inflict(soundWorld));
      const events: ResolutionEvent[] = [];
      await bench.run(
        1,
        () => () => null,
        async ({ resolver, clock }) => {
          const onEvent = (event: ResolutionEvent): void => void events.push(event);
          const answer = await clock.run(() => resolver.resolve(question.name, question.type, { onEvent }));
          expect(answer.verdict.status, name).toBe("bogus");
          expect("value" in answer.verdict, name).toBe(false);
        },
      );
      expect(events.length, name).toBeGreaterThan(0);
      for (const event of events) expect(octetsIn(event), `${name}: ${event.kind}`).toBe(0);
    }
  });
});

/** Arrays of octets in a value, those of names apart. */
function octetsIn(value: unknown): number {
  if (value instanceof Name || value === null || typeof value !== "object") return 0;
  if (ArrayBuffer.isView(value)) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + octetsIn(inner), 0);
}
