/** The faulty network: each fault does what its name says, the same way for the same seed, and nothing worse. */
import { setMaxListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { Ask, Exchange, ExchangeResult } from "../../src/env/env.ts";
import { seededRandom, virtualClock } from "../../src/env/virtual.ts";
import { encodeMessage } from "../../src/wire/message.ts";
import { Name } from "../../src/wire/name.ts";
import { scriptedExchange } from "../env/scripted.ts";
import { type Fault, type FaultPlan, onlyAt, randomFaults, withFaults } from "./faults.ts";
import { answerTo } from "./messages.ts";

const never = new AbortController().signal;
setMaxListeners(0, never); // Node 20 warns above 10

const ask: Ask = {
  server: { address: "192.0.2.1", port: 53 },
  transport: "udp",
  question: { name: Name.parse("a.example."), type: 1, class: 1 },
  rd: false,
  cd: false,
  edns: null,
  timeoutMs: 1000,
};

function world(plan: FaultPlan, seed = 1) {
  const clock = virtualClock({ unixSeconds: 0 });
  const heard: number[] = [];
  const done: string[] = [];
  const inner: Exchange = scriptedExchange({
    clock,
    handle(asked) {
      heard.push(clock.monotonicMs());
      return answerTo(asked.question);
    },
  });
  const exchange = withFaults({
    exchange: inner,
    clock,
    random: seededRandom(seed),
    plan,
    onFault: (fault, _ask, index) => done.push(`${fault.kind}@${index}`),
  });
  const one = (asked: Ask = ask, signal = never): Promise<ExchangeResult> => clock.run(() => exchange(asked, signal));
  return { clock, heard, done, exchange, one };
}

describe("a fault", () => {
  it("of one packet leaves the others alone", async () => {
    const { one, done } = world(onlyAt(1, { kind: "drop" }));
    expect((await one()).kind).toBe("reply");
    expect((await one()).kind).toBe("timeout");
    expect((await one()).kind).toBe("reply");
    expect(done).toEqual(["drop@1"]);
  });

  it("drop: nothing comes until the time is over", async () => {
    const { one, clock, heard } = world(onlyAt(0, { kind: "drop" }));
    expect(await one()).toEqual({ kind: "timeout", discarded: 0 });
    expect(clock.monotonicMs()).toBe(1000);
    expect(heard).toEqual([]);
  });

  it("delay: the answer comes later, or too late", async () => {
    const slow = world(onlyAt(0, { kind: "delay", ms: 300 }));
    expect(await slow.one()).toMatchObject({ kind: "reply", rttMs: 310 });
    expect(slow.clock.monotonicMs()).toBe(310);
    const tooSlow = world(onlyAt(0, { kind: "delay", ms: 995 }));
    expect(await tooSlow.one()).toEqual({ kind: "timeout", discarded: 0 });
    expect(tooSlow.clock.monotonicMs()).toBe(1000);
  });

  it("duplicate: the server hears the question twice, the asker once", async () => {
    const { one, heard } = world(onlyAt(0, { kind: "duplicate" }));
    expect(await one()).toMatchObject({ kind: "reply", rttMs: 10 });
    expect(heard).toEqual([0, 0]);
  });

  it("truncate: TC and fewer records over UDP; TCP is whole", async () => {
    const cut = await world(onlyAt(0, { kind: "truncate" })).one();
    expect(cut).toMatchObject({ kind: "reply", message: { tc: true, authority: [], additional: [] } });
    const whole = await world(onlyAt(0, { kind: "truncate" })).one({ ...ask, transport: "tcp" });
    expect(whole).toMatchObject({ kind: "reply", message: { tc: false } });
  });

  it("reorder: a later answer overtakes it, or it comes after half the time", async () => {
    const { clock, exchange } = world(onlyAt(0, { kind: "reorder" }));
    const order: string[] = [];
    await clock.run(() =>
      Promise.all([
        exchange(ask, never).then((result) => order.push(`first ${result.kind} ${clock.monotonicMs()}`)),
        clock
          .sleep(100)
          .then(() => exchange(ask, never))
          .then((result) => order.push(`second ${result.kind} ${clock.monotonicMs()}`)),
      ]),
    );
    expect(order).toEqual(["second reply 110", "first reply 110"]);
    const alone = world(onlyAt(0, { kind: "reorder" }));
    expect((await alone.one()).kind).toBe("reply");
    expect(alone.clock.monotonicMs()).toBe(510);
  });

  it("unreachable: with the code it was given", async () => {
    const { one } = world(onlyAt(0, { kind: "unreachable", code: "EHOSTUNREACH" }));
    expect(await one()).toEqual({ kind: "unreachable", code: "EHOSTUNREACH" });
  });

  it("corrupt: another message, or none, as the checks of a real socket decide; never the same one", async () => {
    const original = encodeMessage(answerTo(ask.question));
    const fates = { udp: new Set<string>(), tcp: new Set<string>() };
    for (const transport of ["udp", "tcp"] as const) {
      for (let seed = 0; seed < 300; seed++) {
        const { one, clock } = world(onlyAt(0, { kind: "corrupt" }), seed);
        const result = await one({ ...ask, transport });
        fates[transport].add(result.kind);
        if (result.kind === "reply") {
          const question = result.message.question[0]!;
          expect(question.name.equals(ask.question.name) && question.type === 1 && result.message.qr).toBe(true);
        }
        if (result.kind === "timeout") {
          expect(result.discarded).toBe(1);
          expect(clock.monotonicMs()).toBe(1000);
        }
      }
    }
    expect(fates.udp).toEqual(new Set(["reply", "timeout", "near miss"]));
    expect(fates.tcp).toEqual(new Set(["reply", "garbled"]));
    const changed = await world(onlyAt(0, { kind: "corrupt" }), 3).one();
    if (changed.kind === "reply") expect(encodeMessage(changed.message)).not.toEqual(original);
  });

  it("ends with the signal, whatever it is", async () => {
    const faults: Fault[] = [
      { kind: "drop" },
      { kind: "delay", ms: 900 },
      { kind: "duplicate" },
      { kind: "reorder" },
      { kind: "truncate" },
      { kind: "corrupt" },
    ];
    for (const fault of faults) {
      const { one, clock } = world(onlyAt(0, fault));
      const controller = new AbortController();
      clock.after(5, () => controller.abort());
      expect(await one(ask, controller.signal)).toEqual({ kind: "timeout", discarded: 0 });
      expect(clock.monotonicMs()).toBe(5);
    }
  });
});

describe("random faults", () => {
  const chances = {
    drop: 0.2,
    delay: 0.2,
    duplicate: 0.1,
    truncate: 0.1,
    corrupt: 0.1,
    reorder: 0.1,
    unreachable: 0.1,
  };

  async function story(seed: number): Promise<string> {
    const { clock, exchange, done } = world(randomFaults(seededRandom(seed), chances), seed);
    const results = await clock.run(() =>
      Promise.all(Array.from({ length: 100 }, (_, i) => clock.sleep(i * 7).then(() => exchange(ask, never)))),
    );
    return JSON.stringify([done, results.map((result) => result.kind), clock.monotonicMs()]);
  }

  it("are the same for the same seed, others for another, and of every kind", async () => {
    const first = await story(1);
    expect(await story(1)).toBe(first);
    expect(await story(2)).not.toBe(first);
    for (const kind of Object.keys(chances)) expect(first).toContain(`${kind}@`);
  });

  it("come about as often as told", () => {
    const plan = randomFaults(seededRandom(4), { drop: 0.3, corrupt: 0.1 });
    const counts = new Map<string, number>();
    for (let i = 0; i < 10_000; i++) {
      const kind = plan(ask, i)?.kind ?? "none";
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    expect(Math.abs(counts.get("drop")! - 3000)).toBeLessThan(200);
    expect(Math.abs(counts.get("corrupt")! - 1000)).toBeLessThan(150);
  });

  it("refuse chances that are none", () => {
    expect(() => randomFaults(seededRandom(1), { drop: 0.7, delay: 0.5 })).toThrow(RangeError);
    expect(() => randomFaults(seededRandom(1), { drop: -0.1 })).toThrow(RangeError);
  });
});
