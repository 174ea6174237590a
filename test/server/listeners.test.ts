import { createSocket } from "node:dgram";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import { listen } from "../../src/server/listeners.ts";
import type { Respond } from "../../src/server/responder.ts";
import { AT_ONCE, closeAll, dial, framed, LATER, listenerBench, NEVER_ANSWERED, open, until } from "./sockets.ts";

afterEach(closeAll);

describe("UDP", () => {
  it("answers at once, later, or not at all, and knows who asked", async () => {
    const { port, clients, release } = await listenerBench();
    const socket = createSocket("udp4");
    const got: number[] = [];
    socket.on("message", (message) => got.push(message[0]!));
    for (const [first, behaviour] of [
      [1, LATER],
      [2, NEVER_ANSWERED],
      [3, AT_ONCE],
    ]) {
      socket.send(Uint8Array.of(first!, behaviour!), port, "127.0.0.1");
    }
    await until(() => got.length === 1 && clients.length === 3);
    release(1);
    await until(() => got.length === 2);
    expect(got).toEqual([3, 1]);
    expect(clients[0]).toEqual({ address: "127.0.0.1", port: socket.address().port, transport: "udp" });
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  });

  it("IPv6 too, where the machine has it", async (context) => {
    const respond: Respond = (request) => request;
    const listening = await listen(
      { respond },
      [
        { address: "127.0.0.1", port: 0 },
        { address: "::1", port: 0, optional: true },
      ],
      {
        clock: systemClock,
      },
    );
    open.push(listening);
    const v6 = listening.addresses.find((address) => address.address === "::1");
    if (v6 === undefined) {
      expect(listening.leftOut).toHaveLength(1);
      context.skip("no ::1 here");
      return;
    }
    const socket = createSocket("udp6");
    const answer = new Promise((resolve) => socket.once("message", resolve));
    socket.send(Uint8Array.of(7), v6.port, "::1");
    expect(await answer).toEqual(Buffer.of(7));
    socket.close();
  });
});

describe("other limits while it runs", () => {
  it("count for connections that stand, and for the next ones", async () => {
    const { listening, port } = await listenerBench({ connections: 3 });
    const [first, second, third] = [await dial(port), await dial(port), await dial(port)];
    for (const [i, { socket, answers }] of [first, second, third].entries()) {
      socket.write(framed(i + 1));
      await until(() => answers.length === 1);
    }
    listening.useLimits({ connections: 1 });
    await Promise.all([first.closed, second.closed]);
    third.socket.write(framed(4));
    await until(() => third.answers.length === 2);
    const fourth = await dial(port);
    await third.closed;
    listening.useLimits({ connections: 3, idleMs: 50 });
    await fourth.closed; // the default is 10 s
  });

  it("out of range change nothing; those of sockets stay", async () => {
    const { listening, port } = await listenerBench({ idleMs: 600_000 });
    const wire = await dial(port);
    expect(() => listening.useLimits({ connections: 0, idleMs: 50 })).toThrow(RangeError);
    listening.useLimits({ idleMs: 600_000, handshakeMs: 50, udpReceiveOctets: 4096 });
    wire.socket.write(framed(1));
    await until(() => wire.answers.length === 1);
  });
});

describe("TCP", () => {
  it("several queries of one segment are answered in one write", async () => {
    const { port } = await listenerBench();
    const wire = await dial(port);
    wire.socket.write(Buffer.concat([framed(1), framed(2), framed(3)]));
    await until(() => wire.answers.length === 3);
    expect(wire.answers).toEqual([1, 2, 3]);
    expect(wire.reads).toEqual([48]);
  });

  it("a slow question does not hold back a quick one behind it (RFC 7766 §7)", async () => {
    const { port, release } = await listenerBench();
    const wire = await dial(port);
    wire.socket.write(Buffer.concat([framed(1, LATER), framed(2, LATER), framed(3)]));
    await until(() => wire.answers.length === 1);
    release(2);
    await until(() => wire.answers.length === 2);
    release(1);
    await until(() => wire.answers.length === 3);
    expect(wire.answers).toEqual([3, 2, 1]);
  });

  it("a query may come octet by octet, and empty frames mean nothing", async () => {
    const { port } = await listenerBench();
    const wire = await dial(port);
    for (const octet of [0, 0, ...framed(5), 0, 0, ...framed(6)]) {
      wire.socket.write(Uint8Array.of(octet));
      await systemClock.sleep(1);
    }
    await until(() => wire.answers.length === 2);
    expect(wire.answers).toEqual([5, 6]);
  });

  it("who asks and closes his side still gets the answers", async () => {
    const { port, release } = await listenerBench();
    const wire = await dial(port);
    wire.socket.end(Buffer.concat([framed(1, LATER), framed(2)]));
    await until(() => wire.answers.length === 1);
    release(1);
    await wire.closed;
    expect(wire.answers).toEqual([2, 1]);
  });

  it("a dropped question gets no answer and the connection lives on", async () => {
    const { port } = await listenerBench();
    const wire = await dial(port);
    wire.socket.write(Buffer.concat([framed(1, NEVER_ANSWERED), framed(2)]));
    await until(() => wire.answers.length === 1);
    expect(wire.answers).toEqual([2]);
  });

  it("a client that goes away aborts what was done for it", async () => {
    const { port, clients, release } = await listenerBench();
    const wire = await dial(port);
    wire.socket.write(framed(1, LATER));
    await until(() => clients.length === 1);
    expect(clients[0]!.signal?.aborted).toBe(false);
    wire.socket.resetAndDestroy();
    await until(() => clients[0]!.signal?.aborted === true);
    release(1); // too late, and nobody minds
    await systemClock.sleep(20);
  });
});

describe("TCP limits (ATTACKS A-95)", () => {
  it("an idle connection is closed, one that waits for its answer is not", async () => {
    const { port, release } = await listenerBench({ idleMs: 100 });
    const [idle, waiting] = [await dial(port), await dial(port)];
    waiting.socket.write(framed(1, LATER));
    await idle.closed;
    await systemClock.sleep(200);
    expect(waiting.answers).toEqual([]);
    release(1);
    await until(() => waiting.answers.length === 1);
    await waiting.closed;
  });

  it("a length of 65535 and an octet now and then ends with the time for one message", async () => {
    const { port } = await listenerBench({ idleMs: 10000, messageMs: 200 });
    const wire = await dial(port);
    const start = performance.now();
    wire.socket.write(Uint8Array.of(0xff, 0xff));
    const dribble = setInterval(() => wire.socket.write(Uint8Array.of(0)), 20);
    await wire.closed;
    clearInterval(dribble);
    expect(performance.now() - start).toBeGreaterThan(150);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it("reads no further while too many questions of the connection wait", async () => {
    const { port, clients, release } = await listenerBench({ pipelined: 10 });
    const wire = await dial(port);
    wire.socket.write(Buffer.concat(Array.from({ length: 35 }, () => framed(1, LATER))));
    await until(() => clients.length === 10);
    await systemClock.sleep(50);
    expect(clients.length).toBe(10);
    for (const handled of [20, 30, 35]) {
      release(1);
      await until(() => clients.length === handled);
    }
    release(1);
    await until(() => wire.answers.length === 35);
  });

  it("a client that asks and does not read stops being read, and is cut off when nothing moves", async () => {
    const { port, clients } = await listenerBench({ idleMs: 300, unwrittenOctets: 65536 }, 60000);
    const wire = await dial(port);
    wire.socket.pause();
    const many = Buffer.concat(Array.from({ length: 10000 }, () => framed(1)));
    wire.socket.write(many);
    await until(() => clients.length > 10);
    await until(() => clients[0]!.signal?.aborted === true, 5000);
    expect(clients.length).toBeLessThan(1000); // 60 kB each: kernel buffers hold some, the rest was never computed
  });

  it("a client that reads slowly gets all of it", async () => {
    const { port } = await listenerBench({ unwrittenOctets: 65536 }, 60000);
    const wire = await dial(port);
    wire.socket.pause();
    wire.socket.write(Buffer.concat(Array.from({ length: 400 }, () => framed(1))));
    await systemClock.sleep(100);
    wire.socket.resume();
    await until(() => wire.answers.length === 400, 10000);
  });

  it("when connections run out, the longest idle one makes room", async () => {
    const { port, clients, release } = await listenerBench({ connections: 3 });
    const busy = await dial(port);
    busy.socket.write(framed(1, LATER));
    await until(() => clients.length === 1);
    const older = await dial(port);
    await systemClock.sleep(20);
    const newer = await dial(port);
    newer.socket.write(framed(2));
    await until(() => newer.answers.length === 1);
    const late = await dial(port);
    late.socket.write(framed(3));
    await until(() => late.answers.length === 1);
    await older.closed;
    expect(newer.socket.closed).toBe(false);
    release(1);
    await until(() => busy.answers.length === 1);
  });

  it("when every connection is busy, a new one is turned away", async () => {
    const { port, clients, release } = await listenerBench({ connections: 1 });
    const busy = await dial(port);
    busy.socket.write(framed(1, LATER));
    await until(() => clients.length === 1);
    const late = await dial(port);
    await late.closed;
    release(1);
    await until(() => busy.answers.length === 1);
  });

  it("a thousand idle connections do not lock out the one that asks", async () => {
    const { port } = await listenerBench({ connections: 20 });
    for (let i = 0; i < 200; i++) await dial(port);
    const wire = await dial(port);
    wire.socket.write(framed(9));
    await until(() => wire.answers.length === 1);
  });
});
