/** How long a question may take: the deadline, the caller's patience and the resolver's life, whichever ends first. */
import { Ending, expectMany } from "../env/abort.ts";
import type { Clock } from "../env/env.ts";

export type Impatience = "too late" | "aborted" | "closed";

export interface Patience {
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly caller: AbortSignal | undefined;
  readonly closing: AbortSignal;
}

/** Runs `work`; when patience ends, its signal aborts and `late` gives the result. `work` must not reject. */
export async function within<T>(
  patience: Patience,
  work: (signal: AbortSignal) => Promise<T>,
  late: (why: Impatience) => T,
): Promise<T> {
  const { clock, deadlineMs, caller, closing } = patience;
  if (closing.aborted) return late("closed");
  if (caller?.aborted) return late("aborted");
  if (caller !== undefined) expectMany(caller);
  const controller = new Ending();
  const timer = new Ending();
  let onCaller = (): void => {};
  let onClosing = (): void => {};
  const ended = new Promise<Impatience>((resolve) => {
    onCaller = () => resolve("aborted");
    onClosing = () => resolve("closed");
    caller?.addEventListener("abort", onCaller, { once: true });
    closing.addEventListener("abort", onClosing, { once: true });
    void clock.sleep(deadlineMs, timer.signal).then(() => resolve("too late"));
  });
  try {
    const outcome = await Promise.race([work(controller.signal).then((value) => ({ value })), ended]);
    return typeof outcome === "string" ? late(outcome) : outcome.value;
  } finally {
    timer.abort();
    controller.abort();
    caller?.removeEventListener("abort", onCaller);
    closing.removeEventListener("abort", onClosing);
  }
}
