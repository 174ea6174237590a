import { describe, expect, it } from "vitest";
import type { ResolutionEvent } from "../../src/env/events.ts";
import { createFold, mergeCounts, quantile } from "../../src/page/fold.ts";
import { Name } from "../../src/wire/name.ts";
import { a, answer, broken, data, insecure, question, secure, signed } from "../server/answers.ts";

const asked = question("www.example.", 1);
const good = answer(asked, secure(data("www.example.", [signed(a("www.example.", 1))])));
const plain = answer(asked, insecure(data("www.example.", [a("www.example.", 1)])));
const bad = (name: string) =>
  answer(question(name, 1), broken("bogus", "signature wrong", name, `RRSIG of ${name} does not verify`));
const server = { address: "192.0.2.53", port: 53 };
const upstream = (kind: "asked" | "no reply" | "replied", address = server.address): ResolutionEvent => {
  const common = { question: asked, server: { ...server, address }, transport: "udp" as const };
  switch (kind) {
    case "asked":
      return { kind, ...common, zone: Name.root };
    case "no reply":
      return { kind, ...common, why: "no answer" };
    case "replied":
      return { kind, ...common, rcode: 0, octets: 100, rttMs: 20, meaning: "answer" };
  }
};

function clockAt(start: number) {
  let now = start;
  return { unixSeconds: () => now, pass: (seconds: number) => (now += seconds) };
}

describe("what the dashboard counts", () => {
  it("is what came of answers, and from where", () => {
    const fold = createFold(clockAt(1000));
    fold.answered(good, { ms: 30, fromCache: false });
    fold.answered(plain, { ms: 0.05, fromCache: true });
    fold.answered(bad("bad.example."), { ms: 700, fromCache: false });
    fold.repeated("secure", 0.02);
    const counts = fold.counts();
    expect(counts.outcomes).toEqual({ secure: 2, insecure: 1, bogus: 1, indeterminate: 0 });
    expect(counts.fromCache).toBe(2);
    expect(counts.latency.counts.reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(quantile(counts.latency, 0.5)).toBe(0.1);
    expect(quantile(counts.latency, 0.75)).toBe(50);
    expect(quantile(counts.latency, 1)).toBe(1000);
  });

  it("keeps ten minutes in slots, and forgets what is older", () => {
    const clock = clockAt(1000);
    const fold = createFold(clock);
    fold.answered(good, { ms: 1, fromCache: false });
    clock.pass(5);
    fold.answered(bad("bad.example."), { ms: 1, fromCache: false });
    expect(fold.counts().history.answered.slice(-2)).toEqual([1, 1]);
    expect(fold.counts().history.failed.slice(-2)).toEqual([0, 1]);
    clock.pass(600);
    expect(fold.counts().history.answered.filter((count) => count > 0)).toEqual([]);
    clock.pass(-4000); // a calendar that was put right
    fold.answered(good, { ms: 1, fromCache: false });
    expect(fold.counts().history.answered.at(-1)).toBe(1);
  });

  it("lists failures, the newest first, the same one once, fifty at most", () => {
    const clock = clockAt(1000);
    const fold = createFold(clock);
    fold.answered(bad("bad.example."), { ms: 1, fromCache: false });
    fold.answered(bad("worse.example."), { ms: 1, fromCache: false });
    clock.pass(7);
    fold.answered(bad("bad.example."), { ms: 1, fromCache: true });
    const [first, second, ...others] = fold.counts().failures;
    expect(first).toEqual({
      at: 1007,
      name: "bad.example.",
      type: "A",
      status: "bogus",
      code: "signature wrong",
      detail: "RRSIG of bad.example. does not verify",
      times: 2,
    });
    expect(second!.name).toBe("worse.example.");
    expect(others).toEqual([]);
    for (let i = 0; i < 200; i++) fold.answered(bad(`bad${i}.example.`), { ms: 1, fromCache: false });
    expect(fold.counts().failures).toHaveLength(50);
    expect(fold.counts().failures[0]!.name).toBe("bad199.example.");
  });

  it("knows the servers that were asked, and stays bounded", () => {
    const fold = createFold(clockAt(1000));
    for (const kind of ["asked", "replied", "asked", "no reply"] as const) fold.hear(upstream(kind));
    for (let i = 0; i < 5000; i++) fold.hear(upstream("asked", `10.0.${i >> 8}.${i & 255}`));
    for (const kind of ["asked", "asked", "asked", "replied"] as const) fold.hear(upstream(kind));
    const { asked: all, silent, servers } = fold.counts().upstream;
    expect([all, silent]).toEqual([5005, 1]);
    expect(servers).toHaveLength(40);
    expect(servers[0]).toEqual({ server: "192.0.2.53:53", asked: 3, silent: 0, rttMs: 20 });
  });
});

describe("the counts of several workers", () => {
  it("are added up, slot by slot though their clocks differ by one", () => {
    const [early, late] = [createFold(clockAt(1000)), createFold(clockAt(1005))];
    early.answered(good, { ms: 2, fromCache: false });
    late.answered(good, { ms: 2, fromCache: true });
    late.answered(bad("bad.example."), { ms: 2, fromCache: false });
    early.hear(upstream("asked"));
    early.hear(upstream("replied"));
    late.hear(upstream("asked"));
    const merged = mergeCounts([early.counts(), late.counts()]);
    expect(merged.outcomes).toEqual({ secure: 2, insecure: 0, bogus: 1, indeterminate: 0 });
    expect(merged.history.answered.slice(-2)).toEqual([1, 2]);
    expect(merged.upstream).toEqual({
      asked: 2,
      silent: 0,
      servers: [{ server: "192.0.2.53:53", asked: 2, silent: 0, rttMs: 20 }],
    });
    expect(merged.fromCache).toBe(1);
    expect(merged.failures.map(({ name }) => name)).toEqual(["bad.example."]);
    expect(quantile(merged.latency, 0.99)).toBe(3);
  });

  it("of none are zeros", () => {
    const none = mergeCounts([]);
    expect(none.outcomes.secure).toBe(0);
    expect(quantile(none.latency, 0.5)).toBeNull();
  });
});
