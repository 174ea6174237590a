/** Ends as AbortController does, and worlds of others are given the platform's own signals. */
import { describe, expect, it } from "vitest";
import { Ending, withGenuineSignals } from "../../src/env/abort.ts";
import { seededRandom, virtualClock } from "../../src/env/virtual.ts";

interface Controller {
  readonly signal: AbortSignal;
  abort(): void;
}

/** What a story tells, in order. */
function told(controller: Controller, story: (say: (what: string) => () => void) => void): readonly string[] {
  const heard: string[] = [];
  story((what) => () => {
    heard.push(`${what}, aborted: ${controller.signal.aborted}`);
  });
  return heard;
}

const stories: Readonly<Record<string, (by: Controller, say: (what: string) => () => void) => void>> = {
  "tells each listener once, in order": (by, say) => {
    for (const name of ["one", "two", "three"]) by.signal.addEventListener("abort", say(name), { once: true });
    by.abort();
    by.abort();
  },
  "tells the same listener once": (by, say) => {
    const same = say("same");
    for (let i = 0; i < 3; i++) by.signal.addEventListener("abort", same);
    by.abort();
  },
  "does not tell who has left": (by, say) => {
    const [one, two] = [say("one"), say("two")];
    by.signal.addEventListener("abort", one);
    by.signal.removeEventListener("abort", one);
    by.signal.addEventListener("abort", two);
    by.signal.addEventListener("abort", one);
    by.signal.removeEventListener("abort", two);
    by.abort();
  },
  "does not tell who is taken out by an earlier listener": (by, say) => {
    const last = say("last");
    by.signal.addEventListener("abort", () => by.signal.removeEventListener("abort", last));
    by.signal.addEventListener("abort", last);
    by.abort();
  },
  "does not tell who comes afterwards, or meanwhile": (by, say) => {
    by.signal.addEventListener("abort", () => by.signal.addEventListener("abort", say("meanwhile")));
    by.abort();
    by.signal.addEventListener("abort", say("afterwards"));
  },
  "tells the others when a listener aborts again": (by, say) => {
    by.signal.addEventListener("abort", () => by.abort());
    by.signal.addEventListener("abort", say("other"));
    by.abort();
  },
};

describe("an ending beside an AbortController", () => {
  for (const [name, story] of Object.entries(stories))
    it(name, () => {
      const [ours, platform] = [new Ending(), new AbortController()];
      const heard = told(ours, (say) => story(ours, say));
      expect(heard).toEqual(told(platform, (say) => story(platform, say)));
      expect(ours.aborted).toBe(platform.signal.aborted);
    });

  it("has a reason and throws it once it has ended", () => {
    const ending = new Ending();
    expect(ending.reason).toBeUndefined();
    ending.throwIfAborted();
    ending.abort();
    expect(() => ending.throwIfAborted()).toThrow("no longer needed");
  });
});

describe("an ending with an outer signal", () => {
  for (const [name, outer] of [
    ["one of ours", () => new Ending()],
    ["the platform's", () => new AbortController()],
  ] as const)
    describe(name, () => {
      it("ends with it, and has ended where that has", () => {
        const controller = outer();
        const [before, heard] = [Ending.with(controller.signal), [] as string[]];
        before.addEventListener("abort", () => heard.push("told"));
        expect(before.aborted).toBe(false);
        controller.abort();
        expect([before.aborted, Ending.with(controller.signal).aborted, heard]).toEqual([true, true, ["told"]]);
      });

      it("ends alone, and is then no longer listened for", () => {
        const { signal } = outer();
        const listeners = new Set<unknown>();
        const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
        signal.addEventListener = (type: "abort", listener: () => void) => {
          listeners.add(listener);
          add(type, listener);
        };
        signal.removeEventListener = (type: "abort", listener: () => void) => {
          listeners.delete(listener);
          remove(type, listener);
        };
        const inner = Ending.with(signal);
        expect(listeners.size).toBe(1);
        inner.abort();
        expect([signal.aborted, listeners.size]).toEqual([false, 0]);
      });
    });
});

describe("a world of somebody else's", () => {
  const world = (seen: AbortSignal[]) =>
    withGenuineSignals({
      clock: {
        ...virtualClock({ unixSeconds: 0 }),
        sleep: async (_ms, signal) => {
          if (signal !== undefined) seen.push(signal);
        },
      },
      random: seededRandom(1),
      emit() {},
      exchange: async (_ask, signal) => {
        seen.push(signal);
        return { kind: "timeout", discarded: 0 };
      },
    });

  it("is given one signal of the platform for each of ours, and it ends when ours does", async () => {
    const seen: AbortSignal[] = [];
    const { clock, exchange } = world(seen);
    const ending = new Ending();
    await exchange({} as never, ending);
    await clock.sleep(1, ending);
    expect(seen[1]).toBe(seen[0]);
    const any = AbortSignal.any([seen[0]!]); // throws for what only looks like one
    ending.abort();
    expect([seen[0]!.aborted, any.aborted]).toEqual([true, true]);
    const late = new Ending();
    late.abort();
    await exchange({} as never, late);
    expect(seen[2]!.aborted).toBe(true);
  });

  it("is given the signal of a caller as it is", async () => {
    const seen: AbortSignal[] = [];
    const { signal } = new AbortController();
    await world(seen).exchange({} as never, signal);
    expect(seen).toEqual([signal]);
  });
});
