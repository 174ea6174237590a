import { describe, expect, it } from "vitest";
import { Slots } from "../../src/net/slots.ts";

const never = new AbortController().signal;

describe("slots", () => {
  it("serve those in line in the order in which they came", async () => {
    const slots = new Slots(1);
    expect(slots.tryTake()).toBe(true);
    const served: number[] = [];
    const waits = [1, 2, 3].map((n) =>
      slots.take(never).then((got) => {
        expect(got).toBe(true);
        served.push(n);
        slots.give();
      }),
    );
    expect(slots.waiting).toBe(3);
    slots.give();
    await Promise.all(waits);
    expect(served).toEqual([1, 2, 3]);
    expect(slots.free).toBe(1);
  });

  it("let nobody jump the line while a slot changes hands", async () => {
    const slots = new Slots(1);
    slots.tryTake();
    const waiting = slots.take(never);
    slots.give();
    expect(slots.tryTake()).toBe(false);
    expect(await waiting).toBe(true);
  });

  it("skip those who gave up, and lose no slot by it", async () => {
    const slots = new Slots(1);
    slots.tryTake();
    const controller = new AbortController();
    const gaveUp = slots.take(controller.signal);
    const patient = slots.take(never);
    controller.abort();
    expect(await gaveUp).toBe(false);
    slots.give();
    expect(await patient).toBe(true);
    slots.give();
    expect(slots.free).toBe(1);
    expect(await slots.take(AbortSignal.abort())).toBe(false);
    expect(slots.free).toBe(1);
  });

  it("turn everybody away once closed", async () => {
    const slots = new Slots(1);
    slots.tryTake();
    const waiting = slots.take(never);
    slots.close();
    expect(await waiting).toBe(false);
    expect(slots.tryTake()).toBe(false);
    expect(await slots.take(never)).toBe(false);
  });
});
