/** What a monitor reads: Prometheus' text form, whose rules a monitor relies on, and sums over workers. */
import { describe, expect, it } from "vitest";
import type { WorkerStatus } from "../../src/daemon/commands.ts";
import { metricsText } from "../../src/daemon/metrics.ts";
import { Tally } from "../../src/daemon/tally.ts";
import { createFold } from "../../src/page/fold.ts";
import { answer, data, insecure, question, a as record } from "../server/answers.ts";

/** Lines `name{labels} value` as a map, and the type of each family. */
function read(text: string) {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of text.trim().split("\n")) {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== undefined) types.set(name, type!);
    const [, key, value] = /^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
    if (key !== undefined) {
      expect(samples.has(key), `${key} twice`).toBe(false);
      samples.set(key, Number(value));
    } else expect(line, "neither a sample nor a comment").toMatch(/^(#.*)?$/);
  }
  return { samples, types };
}

const asked = question("www.example.", 1);
const plain = answer(asked, insecure(data("www.example.", [record("www.example.", 1)])));

function statusOf(worker: number, tookMs: readonly number[], tally = new Tally()): WorkerStatus {
  const fold = createFold({ unixSeconds: () => 1000 });
  for (const ms of tookMs) fold.answered(plain, { ms, fromCache: false });
  const tallied = tally.read();
  tally.close();
  return {
    worker,
    pid: 1,
    listening: "",
    counts: fold.counts(),
    tallied,
    sizes: { answers: 0, answerOctets: 0, delegations: 0, zones: 0, failures: 0 },
    residentOctets: 0,
    heapOctets: 0,
    eventLoopDelayMs: 0,
    rootSecureSecondsAgo: null,
    logLevel: "info",
  };
}

const NAME = "rootwalk_answer_seconds";

describe("the time that answers take is a histogram", () => {
  it.each([
    ["of one process", [[0.05, 0.1, 30, 30, 700, 9000]]],
    [
      "summed over workers",
      [
        [0.05, 30, 9000],
        [0.1, 30, 700],
      ],
    ],
    ["of nothing yet", [[]]],
  ])("%s: buckets that grow, their last one is the count, and the sum of seconds", async (_, tookMs) => {
    const { samples, types } = read(await metricsText(tookMs.map((each, i) => statusOf(i + 1, each))));
    expect(types.get(NAME)).toBe("histogram");
    const all = tookMs.flat();
    const buckets = [...samples].filter(([key]) => key.startsWith(`${NAME}_bucket`));
    const bounds = buckets.map(([key]) => Number(/le="([^"]+)"/.exec(key)![1]!.replace("+Inf", "Infinity")));
    expect(bounds).toEqual([...bounds].sort((one, other) => one - other));
    expect(bounds.at(-1)).toBe(Number.POSITIVE_INFINITY);
    for (const [i, [, count]] of buckets.entries())
      expect(count, `up to ${bounds[i]}`).toBe(all.filter((ms) => ms / 1000 <= bounds[i]!).length);
    expect(samples.get(`${NAME}_count`)).toBe(all.length);
    expect(samples.get(`${NAME}_sum`)).toBeCloseTo(all.reduce((sum, ms) => sum + ms, 0) / 1000, 9);
  });
});
