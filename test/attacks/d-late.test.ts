/** ATTACKS A-75: answers saved up for one moment. Strangers' addresses may be forged, so the kernel is a stand-in that lets us be asked by one. */
import type { EventEmitter } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import { type Listening, listen } from "../../src/server/listeners.ts";

const kernel = vi.hoisted(() => ({ socket: null as unknown, sent: [] as { to: string; octets: Uint8Array }[] }));

vi.mock("node:dgram", async () => {
  const { EventEmitter: Emitter } = await import("node:events");
  class Paper extends Emitter {
    bind(_options: unknown, done: () => void): void {
      kernel.socket = this;
      queueMicrotask(done);
    }
    send(octets: Uint8Array, _port: number, address: string): void {
      kernel.sent.push({ to: address, octets });
    }
    close(done: () => void): void {
      queueMicrotask(done);
    }
  }
  return { createSocket: () => new Paper() };
});

let listening: Listening | null = null;
afterEach(async () => {
  await listening?.close();
});

test("A-75: what took longer than lateMs is not sent to a stranger; to this machine it is, and what is quick to everybody", async () => {
  const waits: (() => void)[] = [];
  const respond = (request: Uint8Array): Promise<Uint8Array> =>
    new Promise((resolve) => waits.push(() => resolve(request)));
  listening = await listen({ respond }, [{ address: "127.0.0.1", port: 0 }], {
    clock: systemClock,
    limits: { lateMs: 100 },
  });
  const ask = (address: string, octet: number): void => {
    (kernel.socket as EventEmitter).emit("message", Buffer.alloc(20, octet), { address, port: 4000 });
  };
  const release = async (): Promise<void> => {
    for (const wake of waits.splice(0)) wake();
    await systemClock.sleep(5);
  };
  for (const [i, address] of ["203.0.113.9", "2001:db8::9", "127.0.0.5", "::1"].entries()) ask(address, i);
  await systemClock.sleep(150);
  await release();
  expect(kernel.sent.map(({ to }) => to)).toEqual(["127.0.0.5", "::1"]);
  kernel.sent.length = 0;
  ask("203.0.113.9", 9);
  await systemClock.sleep(10);
  await release();
  expect(kernel.sent.map(({ to }) => to)).toEqual(["203.0.113.9"]);
});
