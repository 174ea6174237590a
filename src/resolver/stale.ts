/**
 * Data past its TTL, where a refresh fails or takes longer than a client should wait. RFC 8767 §5. What is stale keeps the
 * verdict it was given: a proof holds until its signatures expire and not a second longer, so nothing is served as secure
 * that a validator would refuse, and nothing bogus is served at all.
 */
import type { Answer } from "../dnssec/answer.ts";
import { Ending } from "../env/abort.ts";
import type { Clock } from "../env/env.ts";
import type { ExtendedError } from "../wire/edns.ts";
import { EDE, RCODE } from "../wire/registry.ts";

export interface Refreshing {
  readonly clock: Clock;
  /** How long the client waits for fresh data (RFC 8767 §5, client response timer); 0: not at all. */
  readonly waitMs: number;
  readonly caller: AbortSignal | undefined;
  /** Goes on after the client has been answered, so that the next one finds fresh data. Must not reject. */
  readonly refresh: () => Promise<Answer>;
  /** What is known from before, read anew: time has passed. `because`: the failure, if it has failed already. */
  readonly stale: (because: Answer | null) => Answer | null;
  readonly aborted: () => Answer;
}

export async function freshOrStale(parts: Refreshing): Promise<Answer> {
  const { clock, waitMs, caller, refresh, stale, aborted } = parts;
  const refreshed = refresh();
  if (waitMs === 0) return stale(null) ?? refreshed;
  const timer = new Ending();
  let onAbort = (): void => {};
  const gone = new Promise<"gone">((resolve) => {
    onAbort = () => resolve("gone");
    caller?.addEventListener("abort", onAbort, { once: true });
  });
  try {
    const slow = clock.sleep(waitMs, timer.signal).then(() => "slow" as const);
    const first = await Promise.race([refreshed, slow, gone]);
    if (first === "gone") return aborted();
    if (first !== "slow") return hasData(first) ? first : (stale(first) ?? first);
    const old = stale(null);
    if (old !== null) return old;
    const late = await Promise.race([refreshed, gone]);
    return late === "gone" ? aborted() : late;
  } finally {
    timer.abort();
    caller?.removeEventListener("abort", onAbort);
  }
}

export function hasData({ verdict }: Answer): boolean {
  return verdict.status === "secure" || verdict.status === "insecure";
}

/** RFC 8914 §4.4, §4.20; and why there is nothing better. */
export function staleNotes(rcode: number, because: Answer | null): readonly ExtendedError[] {
  const code = rcode === RCODE.NXDOMAIN ? EDE.STALE_NXDOMAIN : EDE.STALE_ANSWER;
  const text = because === null ? "the refresh takes long" : "it could not be refreshed";
  return [{ code, text }, ...(because?.ede ?? [])];
}
