/**
 * Laws that hold whatever the network does. Seeded, so that what fails can be played again: the seed stands in the message.
 *
 *   1  what is signed is secure with the data that was signed, or it is an error; it is never insecure
 *   2  a wounded world is never secure, and what is bogus there is never insecure either
 *   3  every question ends by its deadline, and after close nothing runs (the bench sees to that)
 *   4  when the network is well again, so are the answers
 */
import { describe, expect, test } from "vitest";
import type { Random } from "../../src/env/env.ts";
import { soundWorld } from "../../src/lab/worlds/sound.ts";
import { wounds } from "../../src/lab/wounds.ts";
import { type Fault, type FaultPlan, onlyAt, randomFaults } from "../net/faults.ts";
import { DEADLINE_MS, openBench, type Question, reasonOf, saying } from "./bench.ts";

const signed: readonly Question[] = [
  { name: "www.good.lab", type: "A" },
  { name: "_25._tcp.mx.good.lab", type: "TLSA" },
  { name: "nobody.good.lab", type: "A" },
  { name: "mx2.good.lab", type: "TLSA" },
  { name: "a.wild.good.lab", type: "A" },
  { name: "far.good.lab", type: "A" },
  { name: "www.old.good.lab", type: "A" },
  { name: "big.good.lab", type: "TXT" },
  { name: "www.good.hash", type: "A" },
  { name: "nobody.good.hash", type: "A" },
  { name: "a.wild.good.hash", type: "A" },
  { name: "www.good.optout", type: "A" },
];
const kinds = ["drop", "delay", "duplicate", "truncate", "corrupt", "reorder", "unreachable"] as const;

function faultOf(kind: (typeof kinds)[number]): Fault {
  switch (kind) {
    case "delay":
      return { kind, ms: 700 };
    case "unreachable":
      return { kind, code: "EMFILE" };
    default:
      return { kind };
  }
}

/** From a quiet network to one in which hardly anything arrives. */
function storm(random: Random): FaultPlan {
  const chances: Partial<Record<Fault["kind"], number>> = {};
  let left = random.integer(90) / 100;
  for (const kind of kinds) {
    const chance = Math.min(left, random.integer(40) / 100);
    chances[kind] = chance;
    left -= chance;
  }
  return randomFaults(random, chances);
}

const calm: FaultPlan = () => null;

describe("the sound world", async () => {
  const bench = openBench(soundWorld);
  const told = new Map<Question, string>();
  const packets = new Map<Question, number>();
  for (const question of signed) {
    await bench.run(
      1,
      () => calm,
      async (run) => {
        const { answer } = await run.ask(question);
        expect(answer.verdict.status, `${question.name}: ${reasonOf(answer)}`).toBe("secure");
        told.set(question, saying(answer));
        packets.set(question, run.packets());
      },
    );
  }

  for (const kind of kinds) {
    test(`one ${kind}, wherever it strikes: the answer is what it was`, async () => {
      for (const question of signed) {
        for (let at = 0; at < packets.get(question)!; at++) {
          await bench.run(
            at,
            () => onlyAt(at, faultOf(kind)),
            async (run) => {
              const { answer, tookMs } = await run.ask(question);
              const where = `${question.name} ${question.type}, packet ${at}: ${reasonOf(answer)}`;
              expect(tookMs).toBeLessThanOrEqual(DEADLINE_MS);
              expect(answer.verdict.status, where).not.toBe("insecure");
              // A corrupted packet may be all that a lone server says about something; then it is an error for a while.
              if (kind !== "corrupt" || answer.verdict.status === "secure")
                expect(saying(answer), where).toBe(told.get(question));
            },
          );
        }
      }
    });
  }

  test("storms of all strengths: what was signed, or an error; and all is well when they are over", async () => {
    for (let seed = 0; seed < 240; seed++) {
      const question = signed[seed % signed.length]!;
      await bench.run(seed, storm, async (run) => {
        const { answer, tookMs } = await run.ask(question);
        const where = `seed ${seed}, ${question.name} ${question.type}: ${reasonOf(answer)}`;
        expect(tookMs, where).toBeLessThanOrEqual(DEADLINE_MS);
        expect(["secure", "bogus", "indeterminate"], where).toContain(answer.verdict.status);
        if (answer.verdict.status === "secure") expect(saying(answer), where).toBe(told.get(question));
        else expect("value" in answer.verdict, where).toBe(false);
        run.heal();
        await run.clock.advance(400_000);
        expect(saying((await run.ask(question)).answer), `${where}, and after the storm`).toBe(told.get(question));
      });
    }
  });

  test("many questions at once in a storm: each gets its own answer or an error", async () => {
    for (let seed = 0; seed < 20; seed++) {
      await bench.run(seed, storm, async (run) => {
        const answers = await run.clock.run(() =>
          Promise.all(signed.map(({ name, type }) => run.resolver.resolve(name, type))),
        );
        for (const [i, answer] of answers.entries()) {
          const where = `seed ${seed}, ${signed[i]!.name}: ${reasonOf(answer)}`;
          expect(answer.verdict.status, where).not.toBe("insecure");
          if (answer.verdict.status === "secure") expect(saying(answer), where).toBe(told.get(signed[i]!));
        }
      });
    }
  });

  test("clocks that jump in the middle, back and forth: never insecure, never other data", async () => {
    for (let seed = 0; seed < 120; seed++) {
      const question = signed[seed % signed.length]!;
      const before = bench.clock.unixSeconds();
      await bench.run(
        seed,
        (random, clock) => {
          const at = random.integer(10);
          const years = (random.integer(200) - 100) / 10;
          return (_ask, index) => {
            if (index === at) clock.setUnixSeconds(clock.unixSeconds() + years * 31_557_600);
            return null;
          };
        },
        async (run) => {
          const { answer } = await run.ask(question);
          const where = `seed ${seed}, ${question.name}: ${reasonOf(answer)}`;
          expect(answer.verdict.status, where).not.toBe("insecure");
          if (answer.verdict.status === "secure") expect(saying(answer), where).toBe(told.get(question));
        },
      );
      bench.clock.setUnixSeconds(before + 1);
    }
  });

  test("callers that lose patience, and a close in the middle: everybody is told, nothing is left", async () => {
    for (let seed = 0; seed < 80; seed++) {
      await bench.run(seed, storm, async (run) => {
        const patience = new AbortController();
        const waits = signed
          .slice(0, 4)
          .map(({ name, type }) => run.resolver.resolve(name, type, { signal: patience.signal }));
        await run.clock.advance(run.random.integer(3000));
        if (seed % 2 === 0) patience.abort();
        else void run.resolver.close();
        const answers = await run.clock.run(() => Promise.all(waits));
        for (const answer of answers) expect(answer.verdict.status, `seed ${seed}`).not.toBe("insecure");
      });
    }
  });
});

describe("wounded worlds in a storm", () => {
  const RUNS = 4;
  const lies = wounds.filter(({ status }) => status !== "secure");
  for (const { name, question, status, inflict } of lies) {
    test(`${name} (${status}): no packet lost, late or changed makes it better`, async () => {
      const bench = openBench(inflict(soundWorld));
      for (let seed = 0; seed < RUNS; seed++) {
        await bench.run(seed, seed === 0 ? () => calm : storm, async (run) => {
          for (const round of [1, 2]) {
            const { answer, tookMs } = await run.ask(question);
            const where = `seed ${seed}, round ${round}: ${reasonOf(answer)}`;
            expect(tookMs, where).toBeLessThanOrEqual(DEADLINE_MS);
            expect(answer.verdict.status, where).not.toBe("secure");
            if (status === "bogus") {
              expect(answer.verdict.status, where).not.toBe("insecure");
              expect("value" in answer.verdict, where).toBe(false);
            }
          }
        });
      }
    });
  }
});
