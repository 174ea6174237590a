/**
 * ATTACKS A-81: whoever fills all sockets with slow questions must not keep a quick one waiting. The real client on the
 * virtual clock; only the kernel is a stand-in, which hands datagrams to the lab.
 */
import { expect, test, vi } from "vitest";

const kernel = vi.hoisted(() => ({
  deliver: (_address: string, _octets: Uint8Array): Uint8Array | null => null,
  open: 0,
  mostOpen: 0,
}));

vi.mock("node:dgram", async () => {
  const { EventEmitter } = await import("node:events");
  class Paper extends EventEmitter {
    #port = 0;
    #address = "";
    bind(): void {
      kernel.open += 1;
      kernel.mostOpen = Math.max(kernel.mostOpen, kernel.open);
    }
    connect(port: number, address: string, done: () => void): void {
      this.#port = port;
      this.#address = address;
      done();
    }
    send(octets: Uint8Array): void {
      const reply = kernel.deliver(this.#address, octets);
      const from = { address: this.#address, port: this.#port };
      if (reply !== null) queueMicrotask(() => this.emit("message", Buffer.from(reply), from));
    }
    close(): void {
      kernel.open -= 1;
      queueMicrotask(() => this.emit("close"));
    }
    remoteAddress(): { address: string } {
      return { address: this.#address };
    }
  }
  return { createSocket: () => new Paper() };
});

const { virtualClock, seededRandom } = await import("../../src/env/virtual.ts");
const { addZone } = await import("../../src/lab/injure.ts");
const { buildWorld } = await import("../../src/lab/world.ts");
const { soundWorld } = await import("../../src/lab/worlds/sound.ts");
const { LAB_NOW } = await import("../../src/lab/wounds.ts");
const { systemExchange } = await import("../../src/net/exchange.ts");
const { createResolver } = await import("../../src/resolver/create.ts");
const { addressOf } = await import("./fixture.ts");

const SOCKETS = 100;

test("A-81: 600 questions to a silent server hold all sockets; a quick question gets one all the same", async () => {
  const clock = virtualClock({ unixSeconds: LAB_NOW });
  const records = "h A 192.0.2.1\nquick A 192.0.2.2";
  const world = buildWorld(addZone({ apex: "valid.", records })(soundWorld), LAB_NOW, { network: "193.53" });
  const silent = addressOf(world, "ns.plain.lab");
  kernel.deliver = (address, octets) => (address === silent ? null : world.answer(octets, address, "udp"));
  const random = seededRandom(3);
  const network = systemExchange({ clock, random, settings: { randomCase: false }, udp: { socketsAtOnce: SOCKETS } });
  const resolver = createResolver({
    env: {
      clock,
      random,
      emit: () => {},
      // No way out by TCP: what counts is the wait for a socket.
      exchange: (ask, signal) =>
        ask.transport === "udp"
          ? network.exchange(ask, signal)
          : Promise.resolve({ kind: "unreachable", code: "ECONNREFUSED" }),
    },
    rootHints: world.hints,
    trustAnchors: world.anchors,
  });
  await clock.run(() => resolver.resolve("h.valid", "A"));
  await clock.run(() => resolver.resolve("plain.lab", "DS"));

  await clock.run(async () => {
    const slow = Array.from({ length: 600 }, (_, i) => resolver.resolve(`r${i}.plain.lab`, "A"));
    await clock.sleep(100);
    expect(kernel.open).toBe(SOCKETS);
    const startMs = clock.monotonicMs();
    const quick = await resolver.resolve("quick.valid", "A");
    expect(quick.verdict.status).toBe("secure");
    expect(clock.monotonicMs() - startMs, "virtual milliseconds").toBeLessThanOrEqual(250);
    expect(new Set((await Promise.all(slow)).map(({ verdict }) => verdict.status))).toEqual(new Set(["indeterminate"]));
  });
  await clock.run(() => resolver.close());
  await clock.run(() => network.close());
  expect(kernel).toMatchObject({ open: 0, mostOpen: SOCKETS });
});
