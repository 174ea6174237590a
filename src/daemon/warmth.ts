/** The snapshot in the daemon's life: loaded before the resolver is made, saved now and then and at the end. */
import { join } from "node:path";
import type { Clock } from "../env/env.ts";
import { Snapshot } from "../resolver/snapshot.ts";
import type { Configuration } from "./configuration.ts";
import { loadSnapshot, saveSnapshot } from "./snapshot-file.ts";

/** A kill -9 costs the warmth of so long. */
const SAVED_EVERY_MS = 900_000;

export interface Warmth {
  /** For the resolver that it warms: what was loaded. */
  readonly snapshot: Snapshot;
  /** Another resolver has taken over, and this is where it tells what it knows. */
  use(snapshot: Snapshot): void;
  /** Saves every now and then until `signal` aborts; never rejects. */
  saveUntil(signal: AbortSignal): Promise<void>;
  /** Never rejects: a disk that is full is told, and costs nothing but time at the next start. */
  save(): Promise<void>;
}

/** Null: nothing is to be saved. `tell` hears one sentence about whatever goes wrong. */
export function warmthOf(
  { options }: Pick<Configuration, "options">,
  { clock, tell }: { readonly clock: Clock; readonly tell: (sentence: string) => void },
): Warmth | null {
  const dir = options["state-dir"];
  const path = options.snapshot ?? (dir === null ? null : join(dir, "cache.snapshot"));
  if (path === null) return null;
  const snapshot = new Snapshot();
  let current = snapshot;
  const loading = loadSnapshot(path, snapshot, clock);
  if (loading.kind === "ignored") tell(loading.why);
  const save = async (): Promise<void> => {
    try {
      await saveSnapshot(path, current, clock);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      tell(`the cache cannot be saved to ${path}: ${code ?? message}`);
    }
  };
  return {
    snapshot,
    use(successor) {
      current = successor;
    },
    save,
    async saveUntil(signal) {
      while (!signal.aborted) {
        await (clock.doze ?? clock.sleep)(SAVED_EVERY_MS, signal);
        if (!signal.aborted) await save();
      }
    },
  };
}

/** What one resolver knows, for its successor: unjudged, to be proven again under the new settings. */
export function heirOf(snapshot: Snapshot, now: number): Snapshot {
  const heir = new Snapshot();
  heir.load(Buffer.concat([...snapshot.entries(now)]), now, now);
  return heir;
}
