/** The long form: as many questions as are asked for, one line for each step. */

import { soak, weigh } from "./soak.ts";
import { type KindName, kinds, mixture } from "./world.ts";

const USAGE = `node test/soak/run.mjs [--questions N] [--only KIND,KIND] [--cache-octets N] [--every N]
kinds: ${Object.keys(kinds).join(", ")}`;

export async function main(args: readonly string[]): Promise<number> {
  const given = (flag: string): string | null => {
    const at = args.indexOf(flag);
    return at < 0 ? null : (args[at + 1] ?? null);
  };
  const questions = Number(given("--questions") ?? 1_000_000);
  const cacheOctets = Number(given("--cache-octets") ?? 64 * 1048576);
  const every = Number(given("--every") ?? Math.max(1, Math.floor(questions / 20)));
  const only = (given("--only")?.split(",") ?? mixture()) as KindName[];
  if (!(questions > 0 && cacheOctets > 0 && every > 0) || only.some((name) => !Object.hasOwn(kinds, name))) {
    console.error(USAGE);
    return 2;
  }
  const before = weigh();
  console.log(
    `${[...new Set(only)].join(", ")}; cache of ${cacheOctets / 1048576} MiB; before: RSS ${before.rssMb} MB, alive ${before.aliveMb} MB`,
  );
  let most = 0;
  await soak({
    questions,
    kinds: only,
    every,
    settings: { cacheOctets },
    onWeight: (weight) => {
      most = Math.max(most, weight.rssMb);
      console.log(
        `${String(weight.questions).padStart(9)} questions  RSS ${String(weight.rssMb).padStart(5)} MB  alive ${String(weight.aliveMb).padStart(5)} MB  ${String(weight.perSecond).padStart(6)} a processor second  ${weight.sent} sent`,
      );
    },
  });
  console.log(`most: RSS ${most} MB`);
  return 0;
}
