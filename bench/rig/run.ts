/** Runs a bench before real name servers and clears up after it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AuthorityOptions, startAuthorities } from "./authorities.ts";
import { type ServedWorld, servedWorld } from "./zones.ts";

export interface Stage {
  readonly world: ServedWorld;
  readonly folder: string;
}

export async function withServers(
  options: Omit<AuthorityOptions, "folder">,
  bench: (stage: Stage) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "rootwalk-bench-"));
  const world = servedWorld();
  const authorities = await startAuthorities(world, { ...options, folder });
  try {
    await bench({ world, folder });
  } finally {
    await authorities.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
