/** The long run: every target in turn, a slice at a time with a new seed, until the time is over. Prints how many inputs were tried. */
import fc from "fast-check";
import { targets } from "./targets.ts";

const SLICE_MS = 5000;

interface Asked {
  readonly seconds: number;
  readonly only: string | null;
  readonly seed: number | null;
}

export async function main(args: readonly string[]): Promise<number> {
  const asked = askedFor(args);
  const chosen = targets.filter(({ name }) => asked.only === null || name.includes(asked.only));
  if (chosen.length === 0)
    throw new TypeError(`no target is called "${asked.only}": ${targets.map(({ name }) => name).join(", ")}`);
  const inputs = new Map(chosen.map(({ name }) => [name, 0]));
  const until = performance.now() + asked.seconds * 1000;
  const sliceMs = Math.min(SLICE_MS, (asked.seconds * 1000) / chosen.length);
  let failures = 0;
  do {
    for (const { name, property } of chosen) {
      const details = await fc.check(property as fc.IAsyncProperty<unknown>, {
        numRuns: Number.MAX_SAFE_INTEGER,
        interruptAfterTimeLimit: sliceMs,
        markInterruptAsFailure: false,
        ...(asked.seed === null ? {} : { seed: asked.seed }),
      });
      inputs.set(name, inputs.get(name)! + details.numRuns);
      if (!details.failed) continue;
      failures += 1;
      console.log(`${name} failed with --seed ${details.seed}\n${fc.defaultReportMessage(details)}`);
      console.log(`${details.errorInstance instanceof Error ? details.errorInstance.stack : details.errorInstance}\n`);
    }
  } while (performance.now() < until);
  for (const [name, count] of inputs) console.log(`${String(count).padStart(12)}  ${name}`);
  const all = [...inputs.values()].reduce((sum, count) => sum + count, 0);
  console.log(`${String(all).padStart(12)}  inputs in ${asked.seconds} s, ${failures} failures`);
  return failures === 0 ? 0 : 1;
}

function askedFor(args: readonly string[]): Asked {
  const given = (flag: string): string | null => {
    const at = args.indexOf(flag);
    return at < 0 ? null : (args[at + 1] ?? null);
  };
  const seconds = Number(given("--seconds") ?? 60);
  if (!(seconds > 0)) throw new RangeError(`--seconds is ${given("--seconds")}: a number of seconds expected`);
  const seed = given("--seed");
  return { seconds, only: given("--only"), seed: seed === null ? null : Number(seed) };
}
